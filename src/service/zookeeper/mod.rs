//! A `ZooKeeper` ensemble.

mod answers;
mod check;
mod desire;
pub mod external;
pub mod file;
mod health;
mod leaders;
mod listeners;
mod machines;
mod on_hosts;
mod quorum;
mod role;
mod settings;
mod wire;

use std::collections::BTreeMap;

use crate::cluster::{Cluster, Instance};
use crate::platform::machine::Machine;
use crate::service::Services;
use crate::service::archive::Archive;
use crate::service::process::{Process, RuntimeEnvironment};
use crate::value::{HostPath, MemberId, Name, Zone};

pub use answers::{MemberFacts, MemberMode, canary, member_facts};
pub use check::{check, warn_zones};
pub use external::External;
pub use file::{KEY, ZooCfg, ZooKeeperSettings};
pub use listeners::{CLIENT, listeners};
pub use on_hosts::OnHosts;
pub use role::MEMBER;
pub use wire::{canary_request, canary_succeeded, children, children_request, delete_request};

/// An ensemble, checked.
#[derive(Clone, Debug)]
pub struct ZooKeeper {
    pub settings: ZooKeeperSettings,
    pub config: ZooCfg,
    pub runtime: RuntimeEnvironment,
    pub process: Process,
    pub archive: Archive,
    pub members: Members,
    /// Its machines, where they are made.
    pub machine: Machine,
    /// The zones of members 1 to N, where they are not to follow the platform's order.
    pub zones: Option<Vec<Zone>>,
    /// True if other clients get one address in front of the members.
    pub load_balancer: bool,
}

impl ZooKeeper {
    /// The jars of pyspark contain no Jetty.
    pub fn has_admin_server(&self) -> bool {
        !matches!(self.archive, Archive::Pypi { .. })
    }
}

/// The members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// On named hosts, ids fixed in the file.
    Named(BTreeMap<MemberId, Name>),
    /// On hosts that are made: ids 1 to N.
    Counted(u8),
}

impl Members {
    pub fn len(&self) -> usize {
        match self {
            Members::Named(members) => members.len(),
            Members::Counted(count) => usize::from(*count),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The members of a cluster's ensemble, in the order of their ids.
pub fn members(cluster: &Cluster) -> BTreeMap<MemberId, &Instance> {
    cluster.of_role(MEMBER).filter_map(|instance| Some((instance.id?, instance))).collect()
}

/// `m1:2181,m2:2181`, every member, whoever runs the ensemble.
pub fn connect(cluster: &Cluster) -> Option<String> {
    let members = clients(cluster);
    let all: Vec<_> = members.into_iter().map(|(address, port)| format!("{address}:{port}")).collect();
    (!all.is_empty()).then(|| all.join(","))
}

/// Address and client port of every member, whoever runs the ensemble.
pub fn clients(cluster: &Cluster) -> Vec<(String, u16)> {
    if let Some(external) = external::external(cluster) {
        return external.clients();
    }
    let client = |host| (cluster.address(host).to_string(), cluster.port(host, CLIENT));
    members(cluster).values().map(|member| client(&member.host)).collect()
}

/// The directories of members' data.
pub fn data_directories(services: &Services) -> Vec<HostPath> {
    let settings = services.get::<ZooKeeper>().map(|zookeeper| &zookeeper.settings);
    settings
        .into_iter()
        .flat_map(|settings| std::iter::once(&settings.data_dir).chain(&settings.data_log_dir))
        .cloned()
        .collect()
}
