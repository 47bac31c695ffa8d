//! Machines that exist already.

mod check;
pub mod declared;
pub mod file;

use std::collections::BTreeMap;

use crate::value::{Address, Label, Name, Port, UserName, Zone};

pub use check::check;
pub use file::Firewall;

/// Existing machines, checked.
#[derive(Clone, Debug)]
pub struct Nodes {
    pub ssh: Login,
    pub hosts: BTreeMap<Name, Machine>,
    pub firewall: Firewall,
}

/// The login as far as the topology says it; the rest is in `~/.ssh/config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub user: Option<UserName>,
    pub port: Option<Port>,
}

/// One machine, checked.
#[derive(Clone, Debug)]
pub struct Machine {
    pub address: Address,
    pub zone: Option<Zone>,
    pub ssh_name: Option<Label>,
}
