//! The machines that a cloud makes for Spark, and what they must fit.

use std::collections::BTreeSet;

use super::file::{SparkFile, WorkersFile};
use super::{MASTER, Scaling, Spark, Standalone, WORKER, standalone};
use crate::cluster::Fleet;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::hdinsight::{Node, OTHER_MACHINES};
use crate::platform::size::{self, LocalDisks};
use crate::platform::{Platform, provider, subnets};
use crate::service::file::ServicesFile;
use crate::service::services::Services;
use crate::service::stages::{Machines, NodeSpec, Whole};
use crate::service::{data_directory, zookeeper};
use crate::topology::Topology;
use crate::value::{HostPath, Label};
use crate::yaml::{Field, Span};

/// The machines of masters and workers.
pub fn machines<'t>(services: &'t Services, files: &'t ServicesFile) -> Vec<Machines<'t>> {
    let (Some(standalone), Some(file)) = (standalone(services), files.get::<SparkFile>()) else { return Vec::new() };
    let (masters, workers) = (&standalone.masters, &standalone.workers);
    let count = |count: Option<usize>| u64::try_from(count.unwrap_or(0)).unwrap_or(u64::MAX);
    let most = workers.autoscale.as_ref().map(|scale| u64::from(scale.max));
    let (masters_file, workers_file) = (file.masters.ok(), file.workers.ok());
    vec![
        Machines {
            role: MASTER,
            span: file.masters.span().unwrap_or_default(),
            count: count(masters.place.count()),
            machine: &masters.machine,
            size_span: masters_file.and_then(|file| file.size.span()),
            disk: &Field::Missing,
            zones: masters_file.map_or(&Field::Missing, |file| &file.zones),
            memory: masters.settings.heap.mebibytes(),
            is_fleet: false,
        },
        Machines {
            role: WORKER,
            span: workers_file
                .and_then(|file| file.autoscale.ok()?.max.span())
                .or(file.workers.span())
                .unwrap_or_default(),
            count: most.unwrap_or(count(workers.place.count())),
            machine: &workers.machine,
            size_span: workers_file.and_then(|file| file.size.span()),
            disk: workers_file.map_or(&Field::Missing, |file| &file.disk),
            zones: &Field::Missing,
            memory: workers.profile.settings.memory_mib(),
            is_fleet: true,
        },
    ]
}

/// The workers that nobody names.
pub fn fleet(standalone: &Standalone) -> Fleet {
    let workers = &standalone.workers;
    let fixed = u32::try_from(workers.place.count().unwrap_or(0)).unwrap_or(u32::MAX);
    let bounds = workers.autoscale.as_ref().map(|scale| (scale.min, scale.max));
    let (min, max) = bounds.unwrap_or((fixed, fixed));
    Fleet { role: WORKER, min, max }
}

/// The sizes that the file asks for.
pub fn sizes(file: &SparkFile) -> Vec<(Span, &Label, Node)> {
    let all = [
        (file.masters.ok().and_then(|masters| masters.size.spanned()), Node::Head),
        (file.workers.ok().and_then(|workers| workers.size.spanned()), Node::Worker),
        (file.heads.ok().and_then(|heads| heads.size.spanned()), Node::Head),
        (file.zookeepers.ok().and_then(|zookeepers| zookeepers.size.spanned()), Node::ZooKeeper),
    ];
    all.into_iter().filter_map(|(size, node)| size.map(|(at, size)| (at, size, node))).collect()
}

/// Every machine of the managed service is in its half of the network, whose place in the file is `at`.
pub fn check_managed_room(topology: &Topology, platform: &Platform, at: Span, problems: &mut Diagnostics) {
    let managed = topology.services.get::<Spark>().and_then(|spark| spark.managed.as_ref());
    let (Platform::Hdinsight(service), Some(managed)) = (platform, managed) else { return };
    let workers = match &managed.scaling {
        Scaling::Fixed => managed.count,
        Scaling::ByLoad(scale) => scale.max,
        Scaling::ByTime(schedule) => schedule.times.iter().map(|(_, _, count)| *count).max().unwrap_or(0),
    };
    let (wanted, block) = (u64::from(workers) + OTHER_MACHINES, service.subnet());
    let room = block.size().saturating_sub(subnets::RESERVED);
    if wanted > room {
        let message = format!(
            "{} leaves {block} for the cluster, which has {room} addresses, but {workers} workers and {OTHER_MACHINES} other machines need {wanted}",
            service.network
        );
        problems.add(Code::T012, at, message).help("use a wider range, for example 10.30.0.0/16");
    }
}

/// Warns of workers that offer all of a machine's memory less 1 GiB, as Spark's own default is, while other daemons run beside them; and reports
/// directories of workers that are another service's.
pub fn check_beside_others(all: &Whole<'_>, problems: &mut Diagnostics) {
    let Whole { topology, files, nodes, on, network: _ } = all;
    let Some(standalone) = standalone(&topology.services) else { return };
    let Some((at, workers)) = files.get::<SparkFile>().and_then(|file| file.workers.spanned()) else { return };
    let data = zookeeper::data_directories(&topology.services);
    let groups = workers.groups.ok().into_iter().flatten().filter_map(|group| group.value.ok());
    let of_groups = groups.flat_map(|group| group.local_dirs.ok().into_iter().flatten().chain([&group.work_dir]));
    let own = workers.local_dirs.ok().into_iter().flatten().chain([&workers.work_dir]).chain(of_groups);
    for (at, path) in own.filter_map(Field::spanned) {
        data_directory::check_apart(at, path, &data, problems);
    }
    check_files_beside(files, standalone, data, problems);
    check_spot(on, standalone, &workers.spot, problems);
    check_local_disks(on, standalone, workers, problems);
    let is_local = matches!(on, Platform::Local(_));
    if !(is_local || matches!(on, Platform::Nodes(_)))
        || standalone.workers.profiles().iter().all(|profile| profile.settings.memory.is_some())
    {
        return;
    }
    // On this machine all nodes share the memory.
    let shares = |one: &NodeSpec, other: &NodeSpec| is_local || one.place == other.place;
    let is_crowded =
        |worker: &NodeSpec| nodes.iter().any(|other| !std::ptr::eq(other, worker) && shares(worker, other));
    if nodes.iter().filter(|node| node.role == WORKER).any(is_crowded) {
        problems
            .add(
                Code::SP007,
                at,
                "without `memory` a worker offers all of the machine's memory except 1 GiB, and other daemons run beside it",
            )
            .help("set `memory` to what is left for executors, for example `memory: 4g`");
    }
}

/// Azure has no spot machines of the B series (learn.microsoft.com, "Use Azure Spot Virtual Machines").
fn check_spot(platform: &Platform, standalone: &Standalone, spot: &Field<bool>, problems: &mut Diagnostics) {
    let Platform::AzureVms(azure) = platform else { return };
    let size = provider::size(azure, WORKER, &standalone.workers.machine);
    let is_burstable = size::azure_series(&size).is_some_and(|(family, _, _)| family.starts_with('b'));
    if let Some(at) = spot.span().filter(|_| standalone.workers.spot && is_burstable) {
        let message = format!("{size} cannot be a spot machine: Azure has none of the B series");
        problems.add(Code::T012, at, message).help("use another size, for example Standard_E8s_v5");
    }
}

/// Checks that the machines of workers have the disks that are to be used, and that no other disk is asked for.
fn check_local_disks(platform: &Platform, standalone: &Standalone, file: &WorkersFile, problems: &mut Diagnostics) {
    let Some(at) = file.local_disks.span().filter(|_| standalone.workers.local_disks) else { return };
    let machine = &standalone.workers.machine;
    let (size, shape, example) = match platform {
        Platform::AzureVms(azure) => {
            let size = provider::size(azure, WORKER, machine);
            (size.clone(), size::azure(&size), "Standard_E8ads_v6")
        }
        Platform::AwsVms(aws) => {
            let size = provider::size(aws, WORKER, machine);
            (size.clone(), size::aws(&size), "r6id.2xlarge")
        }
        _ => return,
    };
    // A size that the cloud does not have is reported already.
    if shape.is_some_and(|shape| shape.local_disks != LocalDisks::Nvme) {
        let message = format!("{size} has no local NVMe disks, as far as is known");
        problems.add(Code::T012, at, message).help(format!("use a size that has them, for example {example}"));
    }
    if let Some(at) = file.disk.span().filter(|_| matches!(platform, Platform::AzureVms(_))) {
        problems.add(Code::T012, at, "`disk` and `localDisks` both say where a worker works").help("leave one out");
    }
}

/// Reports files of the user's own that are in a directory which belongs to a service, on whatever host: root never writes there.
fn check_files_beside(files: &ServicesFile, standalone: &Standalone, data: Vec<HostPath>, problems: &mut Diagnostics) {
    let Some(given) = files.get::<SparkFile>().and_then(|file| file.files.ok()) else { return };
    let profiles = standalone.workers.profiles();
    let of_workers = profiles.iter().flat_map(|profile| profile.local_dirs.iter().chain(&profile.work_dir));
    let of_services: BTreeSet<HostPath> = of_workers.cloned().chain(data).collect();
    for key in given.into_iter().map(|entry| &entry.key) {
        let Ok(path) = key.text.parse::<HostPath>() else { continue };
        if let Some(directory) = of_services.iter().find(|other| path.is_within(other) || other.is_within(&path)) {
            problems
                .add(
                    Code::T012,
                    key.span,
                    format!("{path} and {directory}, which is a directory of a service, are the same, or one is inside the other"),
                )
                .help("use a directory of its own, for example /etc/hadoop/conf");
        }
    }
}
