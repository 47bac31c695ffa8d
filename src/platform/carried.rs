//! What of a topology is on one platform that makes its machines.

use std::collections::BTreeMap;

use hcl_edit::expr::Expression;
use sha2::{Digest as _, Sha256};

use crate::cluster::node_name;
use crate::hcl::{list, object};
use crate::service::ServiceKind;
use crate::service::spark::Standalone;
use crate::service::storage::Storage;
use crate::service::zookeeper::ZooKeeper;
use crate::topology::{Topology, listeners};
use crate::value::listener::{Bind, Listener, Role};
use crate::value::{Name, Zone};

/// The services on a platform.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    pub topology: &'a Topology,
    pub zookeeper: Option<&'a ZooKeeper>,
    pub spark: Option<&'a Standalone>,
    pub storage: Option<&'a Storage>,
}

impl<'a> Carried<'a> {
    pub fn by(platform: &Name, topology: &'a Topology) -> Carried<'a> {
        let is_here = |service| topology.placement.get(&service) == Some(platform);
        let spark = topology.spark.as_ref().filter(|_| is_here(ServiceKind::Spark));
        Carried {
            topology,
            zookeeper: topology.zookeeper.as_ref().filter(|_| is_here(ServiceKind::ZooKeeper)),
            spark: spark.and_then(|spark| spark.standalone.as_ref()),
            storage: spark.and_then(|spark| spark.storage.as_ref()),
        }
    }

    pub fn has(&self, role: Role) -> bool {
        match role {
            Role::ZooKeeper => self.zookeeper.is_some(),
            Role::Master | Role::Worker => self.spark.is_some(),
        }
    }

    /// How many machines of a role have addresses of their own.
    pub fn count(&self, role: Role) -> u32 {
        let count = match role {
            Role::ZooKeeper => self.zookeeper.map_or(0, |zookeeper| zookeeper.members.len()),
            Role::Master => self.spark.and_then(|spark| spark.masters.place.count()).unwrap_or(0),
            Role::Worker => 0,
        };
        u32::try_from(count).expect("a few machines")
    }

    pub fn node(&self, role: Role, number: u32) -> String {
        node_name(&self.topology.name, role, number)
    }

    /// What other machines must reach of a role, for as long as it is here.
    pub fn listeners(&self, role: Role) -> Vec<Listener> {
        let all = listeners::all(self.topology);
        all.into_iter().filter(|listener| listener.role == role && listener.bind == Bind::Host).collect()
    }

    /// The tiers on this platform that must reach a listener.
    pub fn from(&self, listener: &Listener) -> Vec<&'static str> {
        listener.from.iter().filter(|role| self.has(**role)).map(|role| tier(*role)).collect()
    }

    /// The zone that the topology pins a machine to.
    pub fn pinned(&self, role: Role, number: u32) -> Option<&'a str> {
        let zones = match role {
            Role::ZooKeeper => self.zookeeper?.zones.as_ref()?,
            Role::Master => self.spark?.masters.zones.as_ref()?,
            Role::Worker => return None,
        };
        zones.get(number as usize - 1).map(Zone::as_str)
    }

    /// Of the files that are no HCL, those for what is here.
    pub fn files(&self, all: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
        let is_wanted = |name: &str| match name {
            "cloud-init/zookeeper.yaml" => self.zookeeper.is_some(),
            "cloud-init/masters.yaml" | "cloud-init/workers.yaml" => self.spark.is_some(),
            _ => true,
        };
        all.iter().filter(|(name, _)| is_wanted(name)).map(|(name, text)| (*name, (*text).to_owned())).collect()
    }
}

/// The cluster's name as a cloud can take it in front of its resources' names: at most `max` letters, shortened with a digest of
/// the whole, so that it stays what it is and two clusters never share one.
pub fn cloud_name(cluster: &Name, max: usize) -> String {
    let name = cluster.as_str();
    if name.len() <= max {
        return name.to_owned();
    }
    let digest = Sha256::digest(name);
    let tail = format!("{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2]);
    format!("{}-{tail}", name[..max - tail.len() - 1].trim_end_matches('-'))
}

/// What the machines of a tier are called together.
pub fn tier(role: Role) -> &'static str {
    match role {
        Role::ZooKeeper => "zookeeper",
        Role::Master => "masters",
        Role::Worker => "workers",
    }
}

/// The topology's tags and the tool's own, one a line. What Terraform makes is there before the first apply makes an identity: it carries
/// the one that the topology says.
pub fn tags(tags: &BTreeMap<String, String>, topology: &Topology) -> Expression {
    let own = [("provision-cluster", topology.name.to_string()), ("managed-by", "provision".to_owned())];
    let identity = topology.identity.as_ref().map(|identity| ("provision-id", identity.to_string()));
    let own = own.into_iter().chain(identity).map(|(key, value)| (key.to_owned(), value));
    crate::hcl::on_lines(object(tags.clone().into_iter().chain(own)))
}

/// `["…", …]`.
pub fn texts<T: ToString>(values: impl IntoIterator<Item = T>) -> Expression {
    list(values.into_iter().map(|value| value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::cloud_name;

    #[test]
    fn long_names_are_cut_with_a_digest_of_the_whole() {
        let name = |text: &str| cloud_name(&text.parse().expect("a name"), 35);
        assert_eq!(name("analytics"), "analytics");
        let long = "analytics-of-the-north-and-of-the-south-1";
        assert_eq!(name(long), name(long));
        assert!(name(long).len() <= 35 && name(long).starts_with("analytics-of-the-north-"), "{}", name(long));
        assert_ne!(name(long), name("analytics-of-the-north-and-of-the-south-2"));
    }
}
