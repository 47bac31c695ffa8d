//! The settings of `ZooKeeper`, each with its class.

use super::{Config, Ports, ZooKeeper};
use crate::cluster::Cluster;
use crate::host::Class;
use crate::service::settings::{Writer, origin};

/// Every setting of an ensemble. One without a class does not compile.
pub fn settings(cluster: &Cluster, all: &mut Writer) {
    let Some(zookeeper) = cluster.services.get::<ZooKeeper>() else { return };
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
    all.put("zookeeper.version", Class::Migrate, version);
    all.put("zookeeper.archive", Class::Roll, origin(archive));
    all.put("zookeeper.dataDir", Class::Migrate, data_dir);
    all.maybe("zookeeper.dataLogDir", Class::Migrate, data_log_dir.as_ref());
    all.put("zookeeper.heap", Class::Roll, heap);
    // Every client knows the old port, and members know each other's: old and new lists do not talk.
    all.put("zookeeper.clientPort", Class::Outage, client);
    all.put("zookeeper.peerPort", Class::Outage, peer);
    all.put("zookeeper.electionPort", Class::Outage, election);
    all.put("zookeeper.adminPort", Class::Roll, admin);
    all.put("zookeeper.config.tickTime", Class::Roll, tick_time);
    all.put("zookeeper.config.initLimit", Class::Roll, init_limit);
    all.put("zookeeper.config.syncLimit", Class::Roll, sync_limit);
    all.put("zookeeper.config.maxClientCnxns", Class::Roll, max_client_cnxns);
    all.maybe("zookeeper.config.minSessionTimeout", Class::Roll, *min_session_timeout);
    all.maybe("zookeeper.config.maxSessionTimeout", Class::Roll, *max_session_timeout);
    all.maybe("zookeeper.config.snapCount", Class::Roll, *snap_count);
    all.put("zookeeper.config.snapRetainCount", Class::Roll, snap_retain_count);
    all.put("zookeeper.config.purgeInterval", Class::Roll, purge_interval);
    for (id, member) in super::members(cluster) {
        all.put(format!("zookeeper.members.{id}"), Class::Migrate, cluster.address(&member.host));
    }
}
