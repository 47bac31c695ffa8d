//! Machines that exist already.

mod check;
pub mod declared;
pub mod file;

use std::collections::BTreeMap;

use crate::value::{Address, Cidr, Label, Name, Port, UserName, Zone};

pub use check::check;

/// Existing machines, checked.
#[derive(Clone, Debug)]
pub struct Nodes {
    pub ssh: Login,
    pub hosts: BTreeMap<Name, Machine>,
    pub firewall: Firewall,
}

/// The firewall on the machines, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Firewall {
    #[default]
    None,
    Nftables {
        /// More that is let in.
        allow: Vec<Allow>,
    },
}

/// A range that may reach listeners, or one port of every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allow {
    pub from: Cidr,
    pub to: AllowTo,
}

impl Firewall {
    /// Returns true if somebody outside of the cluster may reach a listener.
    pub fn lets_in(&self, listener: &str) -> bool {
        match self {
            Firewall::None => true,
            Firewall::Nftables { allow } => allow.iter().any(
                |allow| matches!(&allow.to, AllowTo::Listeners(names) if names.iter().any(|name| name.as_str() == listener)),
            ),
        }
    }
}

impl Allow {
    /// The port of this protocol that it opens on every host, if it is no listener's.
    pub fn port(&self, of: Protocol) -> Option<u16> {
        match &self.to {
            AllowTo::Port(protocol, port) => (*protocol == of).then_some(port.get()),
            AllowTo::Listeners(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowTo {
    /// By their names.
    Listeners(Vec<Label>),
    Port(Protocol, Port),
}

/// The protocol of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Tcp,
    Udp,
}

/// The login as far as the topology says it; the rest is in `~/.ssh/config`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    pub user: Option<UserName>,
    pub port: Option<Port>,
    /// Every host is reached by OpenSSH.
    pub openssh: bool,
}

/// One machine, checked.
#[derive(Clone, Debug)]
pub struct Machine {
    pub address: Address,
    pub zone: Option<Zone>,
    pub ssh_name: Option<Label>,
}
