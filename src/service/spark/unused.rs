//! Keys of Spark that a kind of platform does not use.

use super::file::{SparkFile, WorkersFile};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::{Ground, PlatformKind};

pub(super) fn note_unused(file: &SparkFile, kind: PlatformKind, problems: &mut Diagnostics) {
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
        ("workers.localDisks", file.workers.ok().and_then(|workers| workers.local_disks.span())),
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
    let of_own_machines = ["workers.spot", "workers.localDisks"];
    let is_unused = |name: &str| of_machines || of_own_machines.contains(&name) && kind == PlatformKind::Hdinsight;
    let machine = machine.into_iter().filter(|(name, _)| is_unused(name));
    for (name, span) in unused.into_iter().chain(machine).chain(timed).chain(elsewhere) {
        if let Some(span) = span {
            problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
        }
    }
}

pub(super) fn note_unused_by_fleets(file: &WorkersFile, kind: PlatformKind, problems: &mut Diagnostics) {
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

/// Returns true where the machines of workers are made by their cloud.
pub(super) fn is_fleet(kind: PlatformKind) -> bool {
    matches!(kind, PlatformKind::AzureVms | PlatformKind::AwsVms)
}
