//! Checks of Spark.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{GroupFile, GroupSettings, LOGS, MastersFile, SparkFile, WorkerSettings, WorkersFile};
use super::files::{self, GivenFiles};
use super::history::{check_event_log, check_history};
use super::places::DRAIN_SECONDS;
use super::properties::Refusal;
use super::{Group, Masters, Profile, RoleNodes, Spark, Standalone, Workers, managed, properties};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::Class;
use crate::platform::machine::{Autoscale, Machine, check_pins};
use crate::platform::nodes::declared::Hosts;
use crate::platform::storage::Storage;
use crate::platform::{Ground, PlatformKind};
use crate::service::archive::{self, Wanted};
use crate::service::data_directory;
use crate::service::process::{Process, Surroundings, Taken};
use crate::service::releases::{self, Line};
use crate::service::stages::PlatformView;
use crate::value::{ConfigKey, Duration, HostPath, Name, PropertyValue, SecretRef, ServicePort, Version, names_secret};
use crate::yaml::{Entries, Entry, Field, Span};

/// The version that the lab proves every day.
const DEFAULT_VERSION: &str = "4.3.0";
/// The variables of Spark's scripts and daemons that follow from the topology.
const OWN_VARIABLES: &[Taken] = &[
    ("SPARK_HOME", "it follows from the distribution"),
    ("SPARK_CONF_DIR", "it is /etc/spark"),
    ("SPARK_ENV_LOADED", "it follows from the unit"),
    ("SPARK_LOCAL_IP", "it is the host's address"),
    ("SPARK_PUBLIC_DNS", "it is the host's address"),
    ("SPARK_LOCAL_DIRS", "write workers: { localDirs: [...] }"),
    ("SPARK_DAEMON_MEMORY", "write heap"),
    ("SPARK_DAEMON_JAVA_OPTS", "write jvmOptions"),
    ("SPARK_DAEMON_CLASSPATH", "the classes are those of the distribution"),
    ("SPARK_MASTER_OPTS", "write masters: { jvmOptions: [...] }"),
    ("SPARK_MASTER_", "write it under `masters`"),
    ("SPARK_WORKER_OPTS", "write workers: { jvmOptions: [...] }"),
    ("SPARK_WORKER_", "write it under `workers`"),
    ("SPARK_HISTORY_OPTS", "write history: { jvmOptions: [...] }"),
    ("SPARK_SHUFFLE_OPTS", "write workers: { jvmOptions: [...] }"),
    ("SPARK_NO_DAEMONIZE", "it follows from the unit"),
];

/// The releases of November 2026.
const RELEASES: &[Line] = &[
    Line(&[3, 0], 3),
    Line(&[3, 1], 3),
    Line(&[3, 2], 4),
    Line(&[3, 3], 4),
    Line(&[3, 4], 4),
    Line(&[3, 5], 9),
    Line(&[4, 0], 5),
    Line(&[4, 1], 4),
    Line(&[4, 2], 1),
    Line(&[4, 3], 0),
];
/// More machines of one role than any network here has addresses for.
const NODES_MAX: u32 = 100_000;
const LONGEST_DRAIN_SECONDS: u32 = 3600;
/// More masters than this add elections, not availability.
const MASTERS_MAX: usize = 9;

/// Reports keys that are missing, and bounds that contradict each other, whatever the platform.
pub fn check_keys(file: &SparkFile, problems: &mut Diagnostics) {
    if let Some((at, operator)) = file.operator.spanned() {
        problems.need(at, "version", &operator.version);
    }
    let Some((at, scale)) = file.workers.ok().and_then(|workers| workers.autoscale.spanned()) else { return };
    problems.need(at, "min", &scale.min);
    problems.need(at, "max", &scale.max);
    if let (Some(min), Some(max)) = (scale.min.ok(), scale.max.ok()) {
        if *max == 0 {
            problems.add(Code::T012, at, "a maximum of 0 workers runs nothing");
        } else if min > max {
            problems.add(Code::T012, at, format!("the minimum of {min} workers is above the maximum of {max}"));
        }
    }
}

/// The version of Spark, which is also that of the `pyspark` package that may contain `ZooKeeper`.
pub fn version(file: Option<&SparkFile>) -> Version {
    let default = || DEFAULT_VERSION.parse().expect("a version");
    file.map_or_else(default, |file| file.version.or(default()))
}

/// Checks Spark on a platform; `quorum` tells whether the topology has a `ZooKeeper`.
pub fn check(
    span: Span,
    file: &SparkFile,
    PlatformView { kind, hosts, downloads }: PlatformView<'_>,
    quorum: bool,
    problems: &mut Diagnostics,
) -> Option<Spark> {
    let version = version(Some(file));
    let on_hosts = matches!(kind.ground(), Ground::NamedHosts | Ground::CountedHosts);
    note_unused(file, kind, problems);
    let config = check_config(&file.config, Readers::All, problems);
    let mut standalone = if on_hosts { check_standalone(span, file, kind, hosts, quorum, problems) } else { None };
    if let (Some(standalone), Some(config)) = (&mut standalone, &config) {
        let at = file.config.span().unwrap_or(span);
        standalone.shuffle_service = shuffle_service(at, config, problems);
        if standalone.shuffle_service.is_some() && kind == PlatformKind::Local {
            problems
                .add(Code::T012, at, "`spark.shuffle.service.enabled` does not fit one machine: every worker would want the same port of it")
                .help("leave it out, or take hosts of their own");
        }
    }
    let surroundings = Surroundings::check(&file.java, &file.environment, OWN_VARIABLES, problems);
    let files = if on_hosts { files::check(&file.files, kind, problems) } else { Some(GivenFiles::new()) };
    // A cloud's own Spark has the cloud's versions.
    if kind.ground() != Ground::Managed {
        releases::warn_unknown(file.version.span().unwrap_or(span), "Spark", &version, RELEASES, problems);
    }
    let authenticate = check_authenticate(file, problems);
    if on_hosts && kind != PlatformKind::Local && file.authenticate.is_missing() {
        problems
            .add(
                Code::SEC01,
                span,
                "without `authenticate`, anyone who reaches a master's port can run code on every worker",
            )
            .help("add authenticate: { secret: { env: SPARK_SECRET } }");
    }
    let apache = format!("spark/spark-{version}/spark-{version}-bin-hadoop3.tgz");
    let wanted = Wanted { platform: kind, pyspark: &version, apache: &apache, downloads };
    let archive = archive::check(&file.archive, wanted, problems)?;
    if on_hosts && standalone.is_none() {
        return None;
    }
    let storage = Storage::check(&file.storage, problems);
    let namespace = file.namespace.or("spark".parse().expect("a name"));
    let managed = (kind.ground() == Ground::Managed).then(|| managed::check(file, problems));
    Some(Spark {
        version,
        archive,
        standalone,
        config: config?,
        surroundings: surroundings?,
        files: files?,
        authenticate: authenticate?,
        storage,
        namespace,
        managed,
    })
}

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

/// `None` where it is wrong, `Some(None)` where there is none.
fn check_authenticate(file: &SparkFile, problems: &mut Diagnostics) -> Option<Option<SecretRef>> {
    match &file.authenticate {
        Field::Missing => Some(None),
        Field::Bad(_) => None,
        Field::Ok(span, authenticate) => {
            if authenticate.secret.is_missing() {
                problems.add(Code::T003, *span, "`secret` is missing").help("write secret: { env: SPARK_SECRET }");
            }
            authenticate.secret.ok().map(|secret| Some(secret.0.clone()))
        }
    }
}

fn note_unused(file: &SparkFile, kind: PlatformKind, problems: &mut Diagnostics) {
    let kubernetes = [
        ("operator", file.operator.span()),
        ("native", file.native.span()),
        ("namespace", file.namespace.span()),
        ("image", file.image.span()),
        ("storageJars", file.storage_jars.span()),
    ];
    let managed = [("heads", file.heads.span()), ("zookeepers", file.zookeepers.span())];
    let hosts = [
        ("masters", file.masters.span()),
        ("archive", file.archive.span()),
        ("ports", file.ports.span()),
        ("history", file.history.span()),
    ];
    let processes =
        [("java", file.java.span()), ("environment", file.environment.span()), ("files", file.files.span())];
    let workers = file.workers.ok();
    // What the cloud's own Spark does not take.
    let by_ourselves = [
        ("config", file.config.span()),
        ("java", file.java.span()),
        ("environment", file.environment.span()),
        ("files", file.files.span()),
        ("authenticate", file.authenticate.span()),
        ("workers.hosts", workers.and_then(|workers| workers.hosts.span())),
        ("workers.cores", workers.and_then(|workers| workers.cores.span())),
        ("workers.memory", workers.and_then(|workers| workers.memory.span())),
        ("workers.heap", workers.and_then(|workers| workers.heap.span())),
        ("workers.port", workers.and_then(|workers| workers.port.span())),
        ("workers.webUiPort", workers.and_then(|workers| workers.web_ui_port.span())),
        ("workers.jvmOptions", workers.and_then(|workers| workers.jvm_options.span())),
        ("workers.unit", workers.and_then(|workers| workers.unit.span())),
        ("workers.groups", workers.and_then(|workers| workers.groups.span())),
        ("workers.localDirs", workers.and_then(|workers| workers.local_dirs.span())),
        ("workers.workDir", workers.and_then(|workers| workers.work_dir.span())),
        ("workers.drain", workers.and_then(|workers| workers.drain.span())),
    ];
    let unused: Vec<_> = match kind.ground() {
        Ground::NamedHosts | Ground::CountedHosts => kubernetes.into_iter().chain(managed).collect(),
        Ground::Kubernetes => {
            hosts.into_iter().chain(managed).chain(processes).chain([("workers", file.workers.span())]).collect()
        }
        Ground::Managed => hosts.into_iter().chain(kubernetes).chain(by_ourselves).collect(),
    };
    let machine = [
        ("masters.zones", file.masters.ok().and_then(|masters| masters.zones.span())),
        ("masters.size", file.masters.ok().and_then(|masters| masters.size.span())),
        ("workers.size", file.workers.ok().and_then(|workers| workers.size.span())),
        ("workers.disk", file.workers.ok().and_then(|workers| workers.disk.span())),
        ("workers.autoscale", file.workers.ok().and_then(|workers| workers.autoscale.span())),
        ("workers.spot", file.workers.ok().and_then(|workers| workers.spot.span())),
    ];
    let timed =
        file.workers.ok().and_then(|workers| workers.schedule.span()).filter(|_| kind.ground() != Ground::Managed);
    let timed = timed.map(|span| ("workers.schedule", Some(span)));
    let storage = file.storage.ok();
    let s3 = || ("storage.s3", storage.and_then(|storage| storage.s3.span()));
    let adls = || ("storage.adls", storage.and_then(|storage| storage.adls.span()));
    let volume = || ("storage.volume", storage.and_then(|storage| storage.volume.span()));
    let elsewhere = match kind {
        PlatformKind::AzureVms => vec![s3(), volume()],
        PlatformKind::AwsVms => vec![adls(), volume()],
        PlatformKind::Eks => vec![adls()],
        PlatformKind::Aks => vec![s3(), adls()],
        PlatformKind::Nodes | PlatformKind::Local | PlatformKind::Hdinsight => vec![("storage", file.storage.span())],
        PlatformKind::Kubernetes => Vec::new(),
    };
    let of_machines = matches!(kind, PlatformKind::Nodes | PlatformKind::Local);
    let is_unused = |name: &str| of_machines || name == "workers.spot" && kind == PlatformKind::Hdinsight;
    let machine = machine.into_iter().filter(|(name, _)| is_unused(name));
    for (name, span) in unused.into_iter().chain(machine).chain(timed).chain(elsewhere) {
        if let Some(span) = span {
            problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
        }
    }
}

fn check_standalone(
    span: Span,
    file: &SparkFile,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    quorum: bool,
    problems: &mut Diagnostics,
) -> Option<Standalone> {
    for (name, missing) in [("masters", file.masters.is_missing()), ("workers", file.workers.is_missing())] {
        if missing {
            problems.add(Code::T003, span, format!("`{name}` is missing")).help(match kind.ground() {
                Ground::NamedHosts => format!("say where: {name}: {{ hosts: [h1, h2] }}"),
                _ => format!("say how many: {name}: {{ nodes: 2 }}"),
            });
        }
    }
    let masters =
        file.masters.spanned().and_then(|(span, file)| check_masters(span, file, kind, hosts, quorum, problems));
    let workers = file.workers.spanned().and_then(|(span, file)| check_workers(span, file, kind, hosts, problems));
    let history = file
        .history
        .spanned()
        .map(|(span, history)| check_history(span, history, kind, hosts, masters.as_ref(), problems));
    check_event_log(file, problems);
    let job_ports = file.ports.or_default().settings(kind);
    let history = match history {
        Some(history) => Some(history?),
        None => None,
    };
    Some(Standalone { masters: masters?, workers: workers?, history, job_ports, shuffle_service: None })
}

fn check_masters(
    span: Span,
    file: &MastersFile,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    quorum: bool,
    problems: &mut Diagnostics,
) -> Option<Masters> {
    let process = Process::check(&file.jvm_options, &file.unit, kind, LOGS, problems);
    let place = check_place(span, &file.nodes, &file.hosts, kind, hosts, Some(2), problems)?;
    match place.count().unwrap_or(0) {
        0 => {
            problems.add(Code::T012, span, "a cluster has at least one master");
            return None;
        }
        1 => problems
            .add(Code::SP001, span, "one master: while it is down, no job can be submitted and no executor is replaced")
            .help("use 2, with `zookeeper`"),
        count if count > MASTERS_MAX => {
            problems.add(
                Code::T012,
                span,
                format!("{count} masters: one is ALIVE at a time, more than {MASTERS_MAX} help nobody"),
            );
            return None;
        }
        count if !quorum => {
            problems
                .add(Code::SP002, span, format!("{count} masters without `zookeeper`: each would act as the only one"))
                .help("add services: { zookeeper: ... }, or take one master");
            return None;
        }
        _ => {}
    }
    let count = place.count().unwrap_or(0);
    Some(Masters {
        place,
        settings: file.settings(kind),
        process: process?,
        machine: Machine::of(&file.size, &Field::Missing),
        zones: check_pins(&file.zones, count, problems)?,
    })
}

fn check_workers(
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
    if let Some(at) = file.spot.span().filter(|_| kind == PlatformKind::AzureVms && file.spot.or(false)) {
        problems
            .add(Code::T012, at, "workers of a platform of kind azureVms cannot be spot machines yet")
            .help("leave `spot` out");
    }
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
        problems.add(Code::T003, span, "how many workers? neither `nodes` nor `autoscale` is given");
        return None;
    }
    if let Some(at) = file.nodes.span().filter(|_| scales) {
        problems.add(Code::T012, at, "how many workers? `nodes` and `autoscale` are both given").help("leave one out");
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

/// Returns true where the machines of workers are made by their cloud.
fn is_fleet(kind: PlatformKind) -> bool {
    matches!(kind, PlatformKind::AzureVms | PlatformKind::AwsVms)
}

fn note_unused_by_fleets(file: &WorkersFile, kind: PlatformKind, problems: &mut Diagnostics) {
    if !is_fleet(kind) {
        return;
    }
    let unused = [
        ("workers.localDirs", file.local_dirs.span()),
        ("workers.workDir", file.work_dir.span()),
        ("workers.jvmOptions", file.jvm_options.span()),
        ("workers.unit", file.unit.span()),
    ];
    for (name, at) in unused.into_iter().filter_map(|(name, at)| Some((name, at?))) {
        problems.add(Code::T090, at, format!("`{name}` is not used by a platform of kind {kind}"));
    }
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

/// The port of the shuffle service that properties ask for.
fn shuffle_service(
    at: Span,
    config: &BTreeMap<ConfigKey, PropertyValue>,
    problems: &mut Diagnostics,
) -> Option<ServicePort> {
    let value = |name: &str| config.iter().find(|(key, _)| key.as_str() == name).and_then(|(_, value)| value.plain());
    let enabled = value("spark.shuffle.service.enabled").map(|text| (text, properties::truth(text)));
    if let Some((text, None)) = enabled {
        let message = format!("`spark.shuffle.service.enabled` is `{}`", text.escape_default());
        problems.add(Code::T012, at, message).help("write \"true\" or \"false\"");
    }
    let port = value("spark.shuffle.service.port").unwrap_or("7337");
    let Ok(port) = port.trim().parse::<ServicePort>() else {
        let message = format!("`spark.shuffle.service.port` is `{}`, and not a port", port.escape_default());
        problems.add(Code::T012, at, message).help("write a number from 1024 to 65535");
        return None;
    };
    matches!(enabled, Some((_, Some(true)))).then_some(port)
}

fn check_place(
    span: Span,
    nodes: &Field<u32>,
    names: &Field<Vec<Field<Name>>>,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    default: Option<u32>,
    problems: &mut Diagnostics,
) -> Option<RoleNodes> {
    let named = kind.ground() == Ground::NamedHosts;
    let unused = if named { nodes.span().map(|s| (s, "nodes")) } else { names.span().map(|s| (s, "hosts")) };
    if let Some((span, name)) = unused {
        problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
    }
    if !named {
        if let Some((at, count)) = nodes.spanned().filter(|(_, count)| **count > NODES_MAX) {
            problems.add(
                Code::T012,
                at,
                format!("{count} machines are more than a cluster can have: at most {NODES_MAX}"),
            );
            return None;
        }
        return if matches!(nodes, Field::Bad(_)) {
            None
        } else {
            Some(RoleNodes::Counted(nodes.ok().copied().or(default)))
        };
    }
    if names.is_missing() {
        let help = "machines that exist are named: hosts: [h1, h2]";
        problems.add(Code::T003, span, "`hosts` is missing").help(help);
    }
    let mut place = Vec::new();
    let mut seen = BTreeSet::new();
    let mut complete = true;
    // All hosts of a range stand at one place: one of them is enough to say what is wrong.
    let mut reported = None;
    for host in names.ok()? {
        let Some((at, host)) = host.spanned().filter(|(at, _)| reported != Some(*at)) else {
            complete = false;
            continue;
        };
        if !hosts.check_declared(at, host, problems) {
            complete = false;
            reported = Some(at);
        }
        if !seen.insert(host) {
            problems.add(Code::T012, at, format!("`{host}` is named twice in one role"));
            complete = false;
        }
        place.push(host.clone());
    }
    if place.is_empty() {
        problems.add(Code::T012, span, "at least one host is needed");
        complete = false;
    }
    complete.then_some(RoleNodes::Named(place))
}

/// The processes that properties are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// The service's daemons, and all jobs.
    All,
    /// One job.
    OneJob,
}

/// Checks properties that the user sets, for the service or for one job.
pub fn check_config(
    config: &Field<Entries<PropertyValue>>,
    readers: Readers,
    problems: &mut Diagnostics,
) -> Option<BTreeMap<ConfigKey, PropertyValue>> {
    let mut properties = BTreeMap::new();
    let mut complete = !matches!(config, Field::Bad(_));
    for entry in config.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        let at = entry.key.span;
        if let Some((message, way_out)) = refused(key, readers) {
            problems.add(Code::SP005, at, message).help(way_out);
            complete = false;
        } else if matches!(entry.value.ok(), Some(PropertyValue::Secret(_))) && readers == Readers::OneJob {
            problems
                .add(
                    Code::T012,
                    at,
                    format!("`{key}` would show its secret: a job's properties are arguments of a process"),
                )
                .help("write it under services: spark: config:");
            complete = false;
        } else if let Some((why, way_out)) =
            matches!(entry.value.ok(), Some(PropertyValue::Secret(_))).then(|| no_secret(key)).flatten()
        {
            problems.add(Code::T012, at, format!("`{key}` cannot be a secret: {why}")).help(way_out);
            complete = false;
        } else if names_secret(key) && !matches!(entry.value.ok(), Some(PropertyValue::Secret(_))) {
            problems
                .add(Code::T020, at, format!("`{key}` holds a secret, and a topology is shared"))
                .help(match readers {
                    Readers::All => "write { env: NAME } or { file: path }, or let Spark get it from the machine's identity or from a credential provider",
                    Readers::OneJob => "write it under services: spark: config: as { env: NAME } or { file: path }",
                });
            complete = false;
        } else if readers == Readers::OneJob && properties::is_for_daemons_alone(key) {
            problems
                .add(Code::T090, at, format!("`{key}` has no effect in a job: only Spark's daemons read it"))
                .help("write it under services: spark: config:");
        } else if !key.starts_with("spark.") {
            let way_out = if key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
                format!("an environment variable goes under `environment`: {key}: ...")
            } else {
                format!("for Hadoop's own write spark.hadoop.{key}")
            };
            problems
                .add(Code::T012, at, format!("Spark ignores `{key}`: its properties begin with `spark.`"))
                .help(way_out);
            complete = false;
        } else if let Some(meant) = properties::slip(key) {
            problems
                .add(Code::SP006, at, format!("no version of Spark knows `{key}`"))
                .help(format!("did you mean `{meant}`?"));
        }
        match (key.parse::<ConfigKey>(), entry.value.ok()) {
            (Ok(key), Some(value)) => {
                properties.insert(key, value.clone());
            }
            (Err(message), _) => {
                problems.add(Code::T001, at, message);
                complete = false;
            }
            (Ok(_), None) => complete = false,
        }
    }
    complete.then_some(properties)
}

/// The reason why the value of a property cannot be a secret, with the way out.
fn no_secret(key: &str) -> Option<(&'static str, &'static str)> {
    if key.ends_with("JavaOptions") || key.ends_with("extraClassPath") {
        return Some((
            "its value is an argument of a process",
            "let the program read the secret from a file or from a variable of its environment",
        ));
    }
    // Spark hands these to executors as options of their JVM (SparkConf.isExecutorStartupConf), which everybody on a host can read.
    if ["spark.auth", "spark.rpc", "spark.network"].iter().any(|begin| key.starts_with(begin))
        || key.starts_with("spark.port.")
        || key.strip_suffix(".port").is_some()
    {
        return Some((
            "Spark puts its value into the arguments of executors",
            "let the program read the secret from a file or from a variable of its environment",
        ));
    }
    if properties::class(key) == Class::Outage {
        return Some((
            "a change of it needs an outage, and a plan could not tell that it changed",
            "use a key file without a password that Spark's user alone reads",
        ));
    }
    let is_judged = key.starts_with("spark.shuffle.service.") || key.starts_with("spark.eventLog.");
    is_judged.then_some(("provision must know its value", "write the value itself"))
}

/// The reason why a property cannot be set, with the way out.
fn refused(key: &str, readers: Readers) -> Option<(String, &'static str)> {
    match properties::refusal(key)? {
        Refusal::Derived(instead) => Some((format!("`{key}` is derived from the topology"), instead)),
        Refusal::Never(why) => Some((format!("`{key}` cannot be set"), why)),
        Refusal::NotForDaemons(why) if readers == Readers::All => {
            Some((format!("`{key}` is not supported for Spark's daemons"), why))
        }
        Refusal::NotForDaemons(_) => None,
    }
}
