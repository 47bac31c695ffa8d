//! Checks of Spark.

use super::check_config::{Readers, check_config, shuffle_service};
use super::check_place::check_place;
use super::check_workers::check_workers;
use super::file::{LOGS, MastersFile, SparkFile};
use super::files::{self, GivenFiles};
use super::history::{check_event_log, check_history};
use super::unused::note_unused;
use super::{Masters, Spark, Standalone, managed};
use crate::diagnostic::{Code, Diagnostics, Reported};
use crate::platform::machine::{Machine, check_pins};
use crate::platform::nodes::declared::Hosts;
use crate::platform::storage::Storage;
use crate::platform::{Ground, PlatformKind};
use crate::service::archive::{self, Wanted};
use crate::service::process::{Process, Reserved, RuntimeEnvironment};
use crate::service::releases::{self, Line};
use crate::service::stages::PlatformView;
use crate::value::{SecretRef, Version};
use crate::yaml::{Field, Span};

/// The version that the lab proves every day.
const DEFAULT_VERSION: &str = "4.3.0";
/// The variables of Spark's scripts and daemons that follow from the topology.
const OWN_VARIABLES: &[Reserved] = &[
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

/// Variables that Spark's own scripts read, which no unit runs.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("SPARK_LOG_DIR", "logs are in the journal (`provision logs`)"),
    ("SPARK_LOG_MAX_FILES", "logs are in the journal (`provision logs`)"),
    ("SPARK_PID_DIR", "systemd keeps the processes"),
    ("SPARK_IDENT_STRING", "systemd keeps the processes"),
    ("SPARK_NICENESS", "write `unit: { Nice: ... }`"),
];

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
                .add(Code::T012, at, "`spark.shuffle.service.enabled` cannot be used on `local`: all workers on this machine would need the same port")
                .help("leave it out, or take hosts of their own");
        }
    }
    let runtime = RuntimeEnvironment::check(&file.java, &file.environment, OWN_VARIABLES, problems);
    for entry in file.environment.ok().into_iter().flatten() {
        if let Some((name, why)) = WITHOUT_EFFECT.iter().find(|(name, _)| *name == entry.key.text) {
            problems.add(Code::T090, entry.key.span, format!("`{name}` has no effect on Spark: {why}"));
        }
    }
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
        runtime: runtime?,
        files: files?,
        authenticate: authenticate.ok()?,
        storage,
        namespace,
        managed,
    })
}

/// The secret that all of Spark shares, if there is one.
fn check_authenticate(file: &SparkFile, problems: &mut Diagnostics) -> Result<Option<SecretRef>, Reported> {
    match &file.authenticate {
        Field::Missing => Ok(None),
        Field::Bad(_) => Err(Reported),
        Field::Ok(span, authenticate) => {
            if authenticate.secret.is_missing() {
                problems.add(Code::T003, *span, "`secret` is missing").help("write secret: { env: SPARK_SECRET }");
            }
            authenticate.secret.ok().map(|secret| Some(secret.0.clone())).ok_or(Reported)
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
        zones: check_pins(&file.zones, count, problems).ok()?,
    })
}
