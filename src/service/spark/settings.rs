//! The settings of Spark on hosts, with its properties.

use super::file::{GroupSettings, WorkerSettings};
use super::{Group, History, Masters, Profile, Spark, SparkOnHosts, Standalone, Workers, on_hosts, properties};
use crate::cluster::Cluster;
use crate::host::Class;
use crate::service::settings::{Writer, origin};
use crate::value::HostPath;

pub fn settings(cluster: &Cluster, all: &mut Writer) {
    let Some(SparkOnHosts { service, standalone }) = on_hosts(&cluster.services) else { return };
    let Spark {
        version,
        archive,
        standalone: _,
        config,
        runtime,
        files,
        authenticate,
        storage: _,
        namespace: _,
        managed: _,
    } = service;
    let Standalone { masters, workers, history, job_ports, shuffle_service: _ } = standalone;
    let Masters { settings: masters, process: of_masters, place: _, machine: _, zones: _ } = masters;
    let Workers { profile, groups, place: _, drain_seconds: _, machine: _, autoscale: _, spot: _, local_disks: _ } =
        workers;
    // Masters and workers of two versions do not talk.
    all.put("spark.version", Class::Outage, version);
    all.put("spark.archive", Class::Roll, origin(archive));
    all.each("spark.masters", masters.each());
    all.each("spark.workers", profile.settings.each());
    of_workers("spark.workers", profile, all);
    for (name, Group { hosts: _, profile }) in groups {
        let WorkerSettings { cores, memory, heap, port: _, web_ui_port: _ } = profile.settings;
        let own = GroupSettings { cores, memory, heap: Some(heap) };
        all.each(&format!("spark.workers.groups.{name}"), own.each());
        of_workers(&format!("spark.workers.groups.{name}"), profile, all);
    }
    runtime.settings("spark", all);
    super::files::settings(files, all);
    of_masters.settings("spark.masters", all);
    if let Some(History { settings, process, place: _ }) = history {
        all.each("spark.history", settings.each());
        process.settings("spark.history", all);
    }
    all.each("spark.ports", job_ports.each());
    // A master with the secret and a worker without it refuse each other.
    all.put("spark.authenticate", Class::Outage, authenticate.is_some());
    for (key, value) in config {
        all.put(format!("spark.config.{key}"), properties::class(key.as_str()), value);
    }
}

fn of_workers(path: &str, profile: &Profile, all: &mut Writer) {
    let Profile { settings: _, process, local_dirs, work_dir } = profile;
    process.settings(path, all);
    let dirs: Vec<_> = local_dirs.iter().map(HostPath::as_str).collect();
    all.maybe(&format!("{path}.localDirs"), Class::Roll, (!dirs.is_empty()).then(|| dirs.join(",")));
    all.maybe(&format!("{path}.workDir"), Class::Roll, work_dir.as_ref());
}
