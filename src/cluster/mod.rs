//! Every node with its name, its host and its roles. Nothing of a name depends on a position that another edit can move.

mod resolve;
mod services_on;

use std::collections::{BTreeMap, BTreeSet};

use crate::host::Host;
use crate::platform::nodes::Firewall;
use crate::service::Services;
use crate::topology::Job;
use crate::value::listener::{Listener, ListenerName};
use crate::value::{Address, Identity, MemberId, Name, Redundancy, Role};

pub use resolve::{NotDelivered, resolve};
pub use services_on::ServicesOn;

/// A cluster on hosts: who is where.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub name: Name,
    /// The identity, where the topology names one.
    pub identity: Option<Identity>,
    pub hosts: BTreeMap<Name, Host>,
    /// By host, then role.
    pub instances: Vec<Instance>,
    /// The positions of each role's instances.
    pub(super) by_role: BTreeMap<Role, Vec<usize>>,
    /// The services, as the topology has them.
    pub services: Services,
    /// Machines that no file names.
    pub fleet: Option<Fleet>,
    pub listeners: Vec<Listener>,
    /// The first of the nodes' own ports, where they share one address.
    pub own_ports: Option<u16>,
    pub firewall: Firewall,
    /// The operator's own OpenSSH client reaches every host.
    pub openssh: bool,
    pub jobs: BTreeMap<Name, Job>,
}

/// Interchangeable machines that the cloud makes and takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    pub role: Role,
    pub min: u32,
    pub max: u32,
}

/// One role on one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    pub host: Name,
    pub role: Role,
    /// A member's id.
    pub id: Option<MemberId>,
    /// Its number among the nodes of its role, where each has a host of its own.
    pub number: Option<u32>,
    /// The node's name: `analytics-zk-1`, `analytics-worker-h2`.
    pub node: String,
}

impl Cluster {
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &Instance> {
        self.by_role.get(&role).into_iter().flatten().map(|at| &self.instances[*at])
    }

    pub fn on_host<'a>(&'a self, host: &'a Name) -> impl Iterator<Item = &'a Instance> {
        let first = self.instances.partition_point(|instance| instance.host < *host);
        self.instances[first..].iter().take_while(move |instance| instance.host == *host)
    }

    pub fn address(&self, host: &Name) -> &Address {
        &self.hosts.get(host).expect("instances are on declared hosts").address
    }

    /// The first port of a role's listener on a host.
    pub fn port(&self, host: &Name, name: ListenerName) -> u16 {
        self.hosts.get(host).expect("instances are on declared hosts").port(&self.listeners, name)
    }

    /// `10.0.0.1:2181`: where others reach a role's listener on a host.
    pub fn endpoint(&self, host: &Name, name: ListenerName) -> String {
        format!("{}:{}", self.address(host), self.port(host, name))
    }

    /// The hosts that remember: those of the quorum, else the first three by name. Of fewer than three it is one: two would both be needed.
    pub fn anchors(&self) -> Vec<Name> {
        let quorum = self.by_role.keys().find(|role| role.redundancy() == Redundancy::Majority);
        let quorum: BTreeSet<Name> =
            quorum.into_iter().flat_map(|role| self.of_role(*role)).map(|instance| instance.host.clone()).collect();
        let count = if self.hosts.len() < 3 { 1 } else { 3 };
        if quorum.is_empty() { self.hosts.keys().take(count).cloned().collect() } else { quorum.into_iter().collect() }
    }
}
