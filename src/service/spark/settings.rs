//! The settings of Spark, each with its class.

use super::keys::is_daemon_key;
use super::{History, JobPorts, Masters, Spark, SparkOnHosts, Standalone, Workers, on_hosts};
use crate::cluster::Cluster;
use crate::host::Class;
use crate::service::settings::{Writer, origin};

/// Every setting of Spark. One without a class does not compile.
pub fn settings(cluster: &Cluster, all: &mut Writer) {
    let Some(SparkOnHosts { service, standalone }) = on_hosts(&cluster.services) else { return };
    let Spark { version, archive, standalone: _, config, authenticate, storage: _, namespace: _, managed: _ } = service;
    let Standalone { masters, workers, history, job_ports } = standalone;
    let Masters { place: _, port: master_port, web_ui: master_ui, heap: master_heap, machine: _, zones: _ } = masters;
    let Workers {
        place: _,
        cores,
        memory,
        port: worker_port,
        web_ui: worker_ui,
        heap: worker_heap,
        machine: _,
        autoscale: _,
    } = workers;
    let JobPorts { driver, driver_block_manager, block_manager, ui, retries } = job_ports;
    // Masters and workers of two versions do not talk.
    all.put("spark.version", Class::Outage, version);
    all.put("spark.archive", Class::Roll, origin(archive));
    // Workers and running applications know the old port.
    all.put("spark.masters.port", Class::Outage, master_port);
    all.put("spark.masters.webUiPort", Class::Roll, master_ui);
    all.put("spark.masters.heap", Class::Roll, master_heap);
    all.maybe("spark.workers.cores", Class::Roll, *cores);
    all.maybe("spark.workers.memory", Class::Roll, *memory);
    all.put("spark.workers.port", Class::Roll, worker_port);
    all.put("spark.workers.webUiPort", Class::Roll, worker_ui);
    all.put("spark.workers.heap", Class::Roll, worker_heap);
    if let Some(History { place: _, events, web_ui, heap }) = history {
        all.maybe("spark.history.events", Class::Roll, events.as_ref());
        all.put("spark.history.webUiPort", Class::Roll, web_ui);
        all.put("spark.history.heap", Class::Roll, heap);
    }
    all.put("spark.ports.driver", Class::Live, driver);
    all.put("spark.ports.driverBlockManager", Class::Live, driver_block_manager);
    all.put("spark.ports.blockManager", Class::Live, block_manager);
    all.put("spark.ports.ui", Class::Live, ui);
    all.put("spark.ports.retries", Class::Live, retries);
    // A master with the secret and a worker without it refuse each other.
    all.put("spark.authenticate", Class::Outage, authenticate.is_some());
    for (key, value) in config {
        let class = if is_daemon_key(key.as_str()) { Class::Roll } else { Class::Live };
        all.put(format!("spark.config.{key}"), class, value);
    }
}
