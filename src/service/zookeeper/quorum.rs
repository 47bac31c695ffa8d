//! The ensemble as a quorum whose first start is recorded.

use crate::cluster::Cluster;
use crate::desired::Quorum;
use crate::host::Birth;
use crate::service::zookeeper::{MEMBER, ZooKeeper};

/// The quorum of a cluster's ensemble. `ZooKeeper` looks for the marker in `dataLogDir` if there is one.
pub fn quorum(cluster: &Cluster) -> Option<Quorum> {
    let ZooKeeper { settings, config, .. } = cluster.services.get::<ZooKeeper>()?;
    let members = super::members(cluster).into_iter().map(|(id, instance)| (id, instance.host.clone())).collect();
    Some(Quorum {
        role: MEMBER,
        birth: Birth { cluster: cluster.name.clone(), members },
        log_dir: settings.data_log_dir.clone().unwrap_or_else(|| settings.data_dir.clone()),
        data_dir: settings.data_dir.clone(),
        data_settings: &["zookeeper.dataDir", "zookeeper.dataLogDir"],
        join_millis: u64::from(config.init_limit.get()) * u64::from(config.tick_time.get()),
    })
}
