//! The recorded fact that an ensemble was born.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cluster::Cluster;
use crate::value::{HostPath, MemberId, Name};

/// Where a host keeps the record of the birth that it took part in.
pub const BIRTH_PATH: &str = "/var/lib/provision/birth.json";

/// Who took part. Written to all of them before the first data directory is marked as new, and never again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    pub cluster: Name,
    pub members: BTreeMap<MemberId, Name>,
}

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
