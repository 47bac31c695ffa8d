//! The services that a topology places on one platform.

use crate::platform::storage::Storage;
use crate::service::ServiceKind;
use crate::service::spark::{MASTER, Standalone};
use crate::service::zookeeper::{MEMBER, ZooKeeper};
use crate::topology::Topology;
use crate::value::{Name, Role, Zone, node_name};

/// The services on a platform.
#[derive(Clone, Copy, Debug)]
pub struct ServicesOn<'a> {
    pub topology: &'a Topology,
    pub zookeeper: Option<&'a ZooKeeper>,
    pub spark: Option<&'a Standalone>,
    pub storage: Option<&'a Storage>,
}

impl<'a> ServicesOn<'a> {
    pub fn by(platform: &Name, topology: &'a Topology) -> ServicesOn<'a> {
        let is_here = |service| topology.placement.get(&service) == Some(platform);
        let spark = topology.spark.as_ref().filter(|_| is_here(ServiceKind::Spark));
        ServicesOn {
            topology,
            zookeeper: topology.zookeeper.as_ref().filter(|_| is_here(ServiceKind::ZooKeeper)),
            spark: spark.and_then(|spark| spark.standalone.as_ref()),
            storage: spark.and_then(|spark| spark.storage.as_ref()),
        }
    }

    pub fn has(&self, role: Role) -> bool {
        match role.service() {
            "zookeeper" => self.zookeeper.is_some(),
            _ => self.spark.is_some(),
        }
    }

    /// How many machines of a role have addresses of their own.
    pub fn count(&self, role: Role) -> u32 {
        let count = match role {
            MEMBER => self.zookeeper.map_or(0, |zookeeper| zookeeper.members.len()),
            MASTER => self.spark.and_then(|spark| spark.masters.place.count()).unwrap_or(0),
            _ => 0,
        };
        u32::try_from(count).expect("a few machines")
    }

    pub fn node(&self, role: Role, number: u32) -> String {
        node_name(&self.topology.name, role, number)
    }

    /// The zone that the topology pins a machine to.
    pub fn pinned(&self, role: Role, number: u32) -> Option<&'a str> {
        let zones = match role {
            MEMBER => self.zookeeper?.zones.as_ref()?,
            MASTER => self.spark?.masters.zones.as_ref()?,
            _ => return None,
        };
        zones.get(number as usize - 1).map(Zone::as_str)
    }
}
