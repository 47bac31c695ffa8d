//! A `ZooKeeper` ensemble.

mod answers;
mod check;
mod desire;
pub mod file;
mod health;
mod listeners;
mod made;
mod on_hosts;
mod quorum;
mod role;
mod settings;
mod wire;

use std::collections::BTreeMap;

use crate::cluster::{Cluster, Instance};
use crate::platform::machine::Machine;
use crate::service::archive::Archive;
use crate::value::{HostPath, JvmSize, MemberId, Name, Port, Version, Zone};

pub use answers::{MemberFacts, MemberMode, canary, member_facts};
pub use check::{check, warn_zones};
pub use file::KEY;
pub use listeners::listeners;
pub use on_hosts::OnHosts;
pub use role::MEMBER;
pub use wire::{canary_request, canary_succeeded, children, children_request, delete_request};

/// An ensemble, checked.
#[derive(Clone, Debug)]
pub struct ZooKeeper {
    pub version: Version,
    pub archive: Archive,
    pub members: Members,
    pub data_dir: HostPath,
    pub data_log_dir: Option<HostPath>,
    pub heap: JvmSize,
    pub ports: Ports,
    pub config: Config,
    /// Its machines, where they are made.
    pub machine: Machine,
    /// The zones of members 1 to N, where they are not to follow the platform's order.
    pub zones: Option<Vec<Zone>>,
    /// True if other clients get one address in front of the members.
    pub load_balancer: bool,
}

impl ZooKeeper {
    /// The jars of pyspark carry no Jetty.
    pub fn has_admin_server(&self) -> bool {
        !matches!(self.archive, Archive::Pypi { .. })
    }
}

/// Who the members are.
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

/// TCP ports of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub client: Port,
    pub peer: Port,
    pub election: Port,
    pub admin: Port,
}

/// Settings of `zoo.cfg`; times in milliseconds. Defaults are `ZooKeeper`'s own unless the field says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub tick_time: u32,
    pub init_limit: u32,
    pub sync_limit: u32,
    pub max_client_cnxns: u32,
    pub min_session_timeout: Option<u32>,
    pub max_session_timeout: Option<u32>,
    pub snap_count: Option<u32>,
    pub snap_retain_count: u32,
    /// Hours. `ZooKeeper`'s own default, 0, never purges.
    pub purge_interval: u32,
}

/// The members of a cluster's ensemble, in the order of their ids.
pub fn members(cluster: &Cluster) -> BTreeMap<MemberId, &Instance> {
    cluster.of_role(MEMBER).filter_map(|instance| Some((instance.id?, instance))).collect()
}

/// `m1:2181,m2:2181`, every member.
pub fn connect(cluster: &Cluster) -> Option<String> {
    let members = members(cluster);
    let all: Vec<_> = members.values().map(|member| cluster.endpoint(&member.host, MEMBER, "client")).collect();
    (!all.is_empty()).then(|| all.join(","))
}
