//! Every setting of the services, with what a change of it asks for. One without a class does not compile.

use std::collections::BTreeMap;

use crate::cluster::{Cluster, SparkOnHosts};
use crate::host::{Class, Setting, Settings};
use crate::service::archive::Archive;
use crate::service::spark::{History, JobPorts, Masters, Spark, Standalone, Workers, is_daemon_key};
use crate::service::zookeeper::{Config, Ports, ZooKeeper};

/// The setting that says where the ports of nodes that share an address begin.
pub const FIRST_OWN_PORT: &str = "local.ports";

pub fn of(cluster: &Cluster) -> Settings {
    let mut all = Writer(BTreeMap::new());
    if let Some(zookeeper) = &cluster.zookeeper {
        all.zookeeper(zookeeper);
        for (id, member) in cluster.members() {
            all.put(format!("zookeeper.members.{id}"), Class::Migrate, cluster.address(&member.host));
        }
    }
    if let Some(spark) = &cluster.spark {
        all.spark(spark);
    }
    // Members, masters and workers know each other by their ports: old and new lists do not talk.
    all.maybe(FIRST_OWN_PORT, Class::Outage, cluster.own_ports);
    all.0
}

struct Writer(Settings);

impl Writer {
    fn put(&mut self, path: impl Into<String>, class: Class, value: impl std::fmt::Display) {
        self.0.insert(path.into(), Setting { class, value: value.to_string() });
    }

    fn maybe(&mut self, path: &str, class: Class, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.put(path, class, value);
        }
    }

    fn zookeeper(&mut self, zookeeper: &ZooKeeper) {
        // What the machines are is for whoever makes them.
        let ZooKeeper {
            version,
            archive,
            members: _,
            data_dir,
            data_log_dir,
            heap,
            ports,
            config,
            machine: _,
            zones: _,
            load_balancer: _,
        } = zookeeper;
        let Ports { client, peer, election, admin } = ports;
        let Config {
            tick_time,
            init_limit,
            sync_limit,
            max_client_cnxns,
            min_session_timeout,
            max_session_timeout,
            snap_count,
            snap_retain_count,
            purge_interval,
        } = config;
        self.put("zookeeper.version", Class::Migrate, version);
        self.put("zookeeper.archive", Class::Roll, origin(archive));
        self.put("zookeeper.dataDir", Class::Migrate, data_dir);
        self.maybe("zookeeper.dataLogDir", Class::Migrate, data_log_dir.as_ref());
        self.put("zookeeper.heap", Class::Roll, heap);
        // Every client knows the old port, and members know each other's: old and new lists do not talk.
        self.put("zookeeper.clientPort", Class::Outage, client);
        self.put("zookeeper.peerPort", Class::Outage, peer);
        self.put("zookeeper.electionPort", Class::Outage, election);
        self.put("zookeeper.adminPort", Class::Roll, admin);
        self.put("zookeeper.config.tickTime", Class::Roll, tick_time);
        self.put("zookeeper.config.initLimit", Class::Roll, init_limit);
        self.put("zookeeper.config.syncLimit", Class::Roll, sync_limit);
        self.put("zookeeper.config.maxClientCnxns", Class::Roll, max_client_cnxns);
        self.maybe("zookeeper.config.minSessionTimeout", Class::Roll, *min_session_timeout);
        self.maybe("zookeeper.config.maxSessionTimeout", Class::Roll, *max_session_timeout);
        self.maybe("zookeeper.config.snapCount", Class::Roll, *snap_count);
        self.put("zookeeper.config.snapRetainCount", Class::Roll, snap_retain_count);
        self.put("zookeeper.config.purgeInterval", Class::Roll, purge_interval);
    }

    fn spark(&mut self, spark: &SparkOnHosts) {
        let SparkOnHosts {
            service:
                Spark { version, archive, standalone: _, config, authenticate, storage: _, namespace: _, managed: _ },
            standalone,
        } = spark;
        let Standalone { masters, workers, history, job_ports } = standalone;
        let Masters { place: _, port: master_port, web_ui: master_ui, heap: master_heap, machine: _, zones: _ } =
            masters;
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
        self.put("spark.version", Class::Outage, version);
        self.put("spark.archive", Class::Roll, origin(archive));
        // Workers and running applications know the old port.
        self.put("spark.masters.port", Class::Outage, master_port);
        self.put("spark.masters.webUiPort", Class::Roll, master_ui);
        self.put("spark.masters.heap", Class::Roll, master_heap);
        self.maybe("spark.workers.cores", Class::Roll, *cores);
        self.maybe("spark.workers.memory", Class::Roll, *memory);
        self.put("spark.workers.port", Class::Roll, worker_port);
        self.put("spark.workers.webUiPort", Class::Roll, worker_ui);
        self.put("spark.workers.heap", Class::Roll, worker_heap);
        if let Some(History { place: _, events, web_ui, heap }) = history {
            self.maybe("spark.history.events", Class::Roll, events.as_ref());
            self.put("spark.history.webUiPort", Class::Roll, web_ui);
            self.put("spark.history.heap", Class::Roll, heap);
        }
        self.put("spark.ports.driver", Class::Live, driver);
        self.put("spark.ports.driverBlockManager", Class::Live, driver_block_manager);
        self.put("spark.ports.blockManager", Class::Live, block_manager);
        self.put("spark.ports.ui", Class::Live, ui);
        self.put("spark.ports.retries", Class::Live, retries);
        // A master with the secret and a worker without it refuse each other.
        self.put("spark.authenticate", Class::Outage, authenticate.is_some());
        for (key, value) in config {
            let class = if is_daemon_key(key.as_str()) { Class::Roll } else { Class::Live };
            self.put(format!("spark.config.{key}"), class, value);
        }
    }
}

fn origin(archive: &Archive) -> String {
    match archive {
        Archive::Url { url, .. } => url.clone(),
        Archive::File { path, .. } => format!("file {}", path.display()),
        Archive::OnHost { path, .. } => path.to_string(),
        Archive::Pypi { version } => format!("pyspark {version}"),
    }
}
