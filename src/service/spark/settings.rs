//! The settings of Spark on hosts, with its properties.

use super::{History, Masters, Spark, SparkOnHosts, Standalone, Workers, on_hosts, properties};
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
        surroundings,
        authenticate,
        storage: _,
        namespace: _,
        managed: _,
    } = service;
    let Standalone { masters, workers, history, job_ports, shuffle_service: _ } = standalone;
    let Masters { settings: masters, process: of_masters, place: _, machine: _, zones: _ } = masters;
    let Workers { settings: workers, process: of_workers, local_dirs, work_dir, place: _, machine: _, autoscale: _ } =
        workers;
    // Masters and workers of two versions do not talk.
    all.put("spark.version", Class::Outage, version);
    all.put("spark.archive", Class::Roll, origin(archive));
    all.each("spark.masters", masters.each());
    all.each("spark.workers", workers.each());
    let dirs: Vec<_> = local_dirs.iter().map(HostPath::as_str).collect();
    all.maybe("spark.workers.localDirs", Class::Roll, (!dirs.is_empty()).then(|| dirs.join(",")));
    all.maybe("spark.workers.workDir", Class::Roll, work_dir.as_ref());
    surroundings.settings("spark", all);
    of_masters.settings("spark.masters", all);
    of_workers.settings("spark.workers", all);
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
