//! The services that a topology places on one platform.

use crate::platform::storage::Storage;
use crate::service;
use crate::service::spark::{self, Spark, Standalone};
use crate::service::zookeeper::{self, ZooKeeper};
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
        let spark = topology.services.get::<Spark>().filter(|_| topology.is_on(spark::KEY, platform));
        ServicesOn {
            topology,
            zookeeper: topology.services.get().filter(|_| topology.is_on(zookeeper::KEY, platform)),
            spark: spark.and_then(|spark| spark.standalone.as_ref()),
            storage: spark.and_then(|spark| spark.storage.as_ref()),
        }
    }

    pub fn has(&self, role: Role) -> bool {
        match role.service() {
            zookeeper::KEY => self.zookeeper.is_some(),
            _ => self.spark.is_some(),
        }
    }

    /// The number of a role's machines that have addresses of their own.
    pub fn count(&self, role: Role) -> u32 {
        let service = service::of(role);
        if !self.has(role) || service.fleet_role() == Some(role) {
            return 0;
        }
        let nodes = service.nodes(&self.topology.services);
        u32::try_from(nodes.iter().filter(|node| node.role == role).count()).expect("a few machines")
    }

    pub fn node(&self, role: Role, number: u32) -> String {
        node_name(&self.topology.name, role, number)
    }

    /// The zone that the topology pins a machine to.
    pub fn pinned(&self, role: Role, number: u32) -> Option<&'a str> {
        let zones = service::of(role).zones(role, &self.topology.services)?;
        zones.get(number as usize - 1).map(Zone::as_str)
    }
}
