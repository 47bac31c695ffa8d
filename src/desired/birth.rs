//! The ensemble that must be there.

use crate::cluster::Cluster;
use crate::host::Birth;
use crate::value::HostPath;

/// The ensemble that must be there.
#[derive(Clone, Debug)]
pub struct Quorum {
    pub birth: Birth,
    /// Where `ZooKeeper` looks for the one-shot `initialize` marker: `dataLogDir` if there is one.
    pub log_dir: HostPath,
    pub data_dir: HostPath,
    /// `initLimit` × `tickTime`, in milliseconds: what a follower may take to join.
    pub join_millis: u64,
}

impl Quorum {
    pub fn of(cluster: &Cluster) -> Option<Quorum> {
        let zookeeper = cluster.zookeeper.as_ref()?;
        let members = cluster.members().into_iter().map(|(id, instance)| (id, instance.host.clone())).collect();
        Some(Quorum {
            birth: Birth { cluster: cluster.name.clone(), members },
            log_dir: zookeeper.data_log_dir.clone().unwrap_or_else(|| zookeeper.data_dir.clone()),
            data_dir: zookeeper.data_dir.clone(),
            join_millis: u64::from(zookeeper.config.init_limit) * u64::from(zookeeper.config.tick_time),
        })
    }

    /// The one-shot marker of a new data directory.
    pub fn marker(&self) -> HostPath {
        self.log_dir.join("initialize")
    }

    pub fn majority(&self) -> usize {
        self.birth.members.len() / 2 + 1
    }
}
