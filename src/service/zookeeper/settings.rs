//! The settings of an ensemble, with its members.

use super::ZooKeeper;
use super::external::external;
use crate::cluster::Cluster;
use crate::host::Class;
use crate::service::settings::{Writer, origin};

pub fn settings(cluster: &Cluster, all: &mut Writer) {
    if let Some(connect) = external(cluster).and_then(|_| super::connect(cluster)) {
        all.put("zookeeper.external.connect", Class::Outage, connect);
    }
    let Some(zookeeper) = cluster.services.get::<ZooKeeper>() else { return };
    // Machines are the cloud module's concern, not settings.
    let ZooKeeper { settings, config, runtime, process, archive, members: _, machine: _, zones: _, load_balancer: _ } =
        zookeeper;
    all.each("zookeeper", settings.each());
    all.each("zookeeper.config", config.each());
    runtime.settings("zookeeper", all);
    process.settings("zookeeper", all);
    all.put("zookeeper.archive", Class::Roll, origin(archive));
    for (id, member) in super::members(cluster) {
        all.put(format!("zookeeper.members.{id}"), Class::Migrate, cluster.address(&member.host));
    }
}
