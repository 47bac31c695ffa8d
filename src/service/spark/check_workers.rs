//! Checks of Spark's workers and their groups.

use std::collections::{BTreeMap, BTreeSet};

use super::check_place::check_place;
use super::file::{GroupFile, GroupSettings, LOGS, WorkerSettings, WorkersFile};
use super::places::DRAIN_SECONDS;
use super::unused::{is_fleet, note_unused_by_fleets};
use super::{Group, Profile, RoleNodes, Workers};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::machine::{Autoscale, Machine};
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Ground, PlatformKind};
use crate::service::data_directory;
use crate::service::process::Process;
use crate::value::{Duration, HostPath, Name};
use crate::yaml::{Entry, Field, Span};

const LONGEST_DRAIN_SECONDS: u32 = 3600;

/// The seconds of a drain: more than an hour would keep the lease for as long with each batch.
fn check_drain(drain: &Field<Duration>, problems: &mut Diagnostics) -> Option<u32> {
    let (at, seconds) = match drain {
        Field::Missing => return Some(DRAIN_SECONDS),
        Field::Bad(_) => return None,
        Field::Ok(at, drain) => (*at, drain.seconds()),
    };
    let fits = u32::try_from(seconds).ok().filter(|seconds| *seconds <= LONGEST_DRAIN_SECONDS);
    if fits.is_none() {
        problems.add(Code::T001, at, "a drain takes at most 1h");
    }
    fits
}

pub(super) fn check_workers(
    span: Span,
    file: &WorkersFile,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    problems: &mut Diagnostics,
) -> Option<Workers> {
    let drain_seconds = check_drain(&file.drain, problems);
    let process = Process::check(&file.jvm_options, &file.unit, kind, LOGS, problems);
    let directories = check_directories(&file.local_dirs, &file.work_dir, problems);
    note_unused_by_fleets(file, kind, problems);
    let named = kind.ground() == Ground::NamedHosts;
    if let Some(at) = file.groups.span().filter(|_| !named) {
        problems.add(Code::T090, at, format!("`groups` is not used by a platform of kind {kind}"));
    }
    // Groups may have all of them.
    let place = if named && file.hosts.is_missing() && !file.groups.is_missing() {
        RoleNodes::Named(Vec::new())
    } else {
        check_place(span, &file.nodes, &file.hosts, kind, hosts, None, problems)?
    };
    // This machine does not grow with the load.
    let scales = !file.autoscale.is_missing() && kind != PlatformKind::Local;
    if place == RoleNodes::Counted(None) && !scales {
        problems.add(Code::T003, span, "the number of workers is missing: neither `nodes` nor `autoscale` is given");
        return None;
    }
    if let Some(at) = file.nodes.span().filter(|_| scales) {
        problems.add(Code::T012, at, "`nodes` and `autoscale` both set the number of workers").help("leave one out");
    }
    let profile = if is_fleet(kind) {
        Profile { settings: file.settings(kind), process: Process::none(kind), local_dirs: Vec::new(), work_dir: None }
    } else {
        let (local_dirs, work_dir) = directories?;
        Profile { settings: file.settings(kind), process: process?, local_dirs, work_dir }
    };
    let mut workers = Workers {
        place,
        profile,
        groups: BTreeMap::new(),
        drain_seconds: drain_seconds?,
        machine: Machine::of(&file.size, &file.disk),
        autoscale: Autoscale::check(&file.autoscale, problems),
        spot: file.spot.or(false),
        local_disks: file.local_disks.or(false),
    };
    let mut complete = true;
    for group in file.groups.ok().into_iter().flatten().filter(|_| named) {
        complete &= check_group(group, &mut workers, kind, hosts, problems);
    }
    if complete && workers.place == RoleNodes::Named(Vec::new()) {
        problems.add(Code::T012, span, "at least one host is needed");
        complete = false;
    }
    complete.then_some(workers)
}

/// Checks a group of workers, and adds it to them. Returns false if it is wrong.
fn check_group(
    entry: &Entry<GroupFile>,
    workers: &mut Workers,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    problems: &mut Diagnostics,
) -> bool {
    let Some((at, file)) = entry.value.spanned() else { return false };
    let process = Process::check(&file.jvm_options, &file.unit, kind, LOGS, problems);
    let directories = check_directories(&file.local_dirs, &file.work_dir, problems);
    let place = check_place(at, &Field::Missing, &file.hosts, kind, hosts, None, problems);
    let name = entry.key.text.parse::<Name>().map_err(|why| {
        problems.add(Code::T001, entry.key.span, why);
    });
    let (Some(process), Some((local_dirs, work_dir)), Some(RoleNodes::Named(own)), Ok(name)) =
        (process, directories, place, name)
    else {
        return false;
    };
    let RoleNodes::Named(all) = &mut workers.place else { return false };
    let before: BTreeSet<&Name> = all.iter().collect();
    if let Some(host) = own.iter().find(|host| before.contains(host)) {
        problems
            .add(Code::T012, file.hosts.span().unwrap_or(at), format!("`{host}` is among the workers twice"))
            .help("a host is in one group, or in the workers' own `hosts`");
        return false;
    }
    all.extend(own.iter().cloned());
    let base = &workers.profile;
    let GroupSettings { cores, memory, heap } = file.settings(kind);
    let settings = WorkerSettings {
        cores: cores.or(base.settings.cores),
        memory: memory.or(base.settings.memory),
        heap: heap.unwrap_or(base.settings.heap),
        ..base.settings.clone()
    };
    let process = Process {
        jvm_options: if file.jvm_options.is_missing() { base.process.jvm_options.clone() } else { process.jvm_options },
        unit: if file.unit.is_missing() { base.process.unit.clone() } else { process.unit },
    };
    let profile = Profile {
        settings,
        process,
        local_dirs: if file.local_dirs.is_missing() { base.local_dirs.clone() } else { local_dirs },
        work_dir: work_dir.or_else(|| base.work_dir.clone()),
    };
    // What a group leaves out is as for all workers, and must fit what it has of its own.
    let mut taken: Vec<HostPath> = Vec::new();
    for path in profile.local_dirs.iter().chain(&profile.work_dir) {
        if file.local_dirs.is_missing() != file.work_dir.is_missing()
            && !data_directory::check_apart(at, path, &taken, problems)
        {
            return false;
        }
        taken.push(path.clone());
    }
    workers.groups.insert(name, Group { hosts: own.into_iter().collect(), profile });
    true
}

/// Checks the directories that the topology gives to workers.
fn check_directories(
    local_dirs: &Field<Vec<Field<HostPath>>>,
    work_dir: &Field<HostPath>,
    problems: &mut Diagnostics,
) -> Option<(Vec<HostPath>, Option<HostPath>)> {
    let mut taken: Vec<HostPath> = Vec::new();
    let mut complete = !matches!(local_dirs, Field::Bad(_)) && !matches!(work_dir, Field::Bad(_));
    for field in local_dirs.ok().into_iter().flatten().chain([work_dir]).filter(|field| !field.is_missing()) {
        let Some((at, path)) = field.spanned() else {
            complete = false;
            continue;
        };
        complete &=
            data_directory::check(at, path, problems) && data_directory::check_apart(at, path, &taken, problems);
        taken.push(path.clone());
    }
    let work_dir = work_dir.ok().cloned();
    let local = taken.len() - usize::from(work_dir.is_some());
    taken.truncate(local);
    complete.then_some((taken, work_dir))
}
