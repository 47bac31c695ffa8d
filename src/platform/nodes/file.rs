//! Machines that exist already, reached over SSH.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::{Address, Label, Port, UserName, Zone};
use crate::yaml::{Entries, Field};

/// Existing machines, reached over SSH.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodesFile {
    /// The way to log in. Whatever is left out comes from `~/.ssh/config`.
    pub ssh: Field<SshFile>,
    /// The machines by name. A machine's name is used in the names of the nodes on it and must not change.
    #[schemars(required)]
    pub hosts: Field<Entries<HostFile>>,
    /// The firewall that closes every port that the topology does not declare. Default: `none`.
    pub firewall: Field<Firewall>,
}

/// The way to log in to the machines.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SshFile {
    /// The user to log in as; needs `sudo` without a password unless it is root. Default: as `~/.ssh/config` says, else the operator's own name.
    pub user: Field<UserName>,
    /// The TCP port of sshd. Default: as `~/.ssh/config` says, else 22.
    pub port: Field<Port>,
}

/// One machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostFile {
    /// The address at which the operator and the other machines reach it: IPv4 or a DNS name.
    #[schemars(required)]
    pub address: Field<Address>,
    /// The failure zone (rack, room, power feed) it stands in. Default: none known.
    pub zone: Field<Zone>,
    /// The name that `~/.ssh/config` and `known_hosts` know it by, where that is not its address. Default: its address.
    pub ssh_name: Field<Label>,
}

/// The firewall on the machines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Firewall {
    /// Nobody: the machines' own firewall, if any, is left alone.
    #[default]
    None,
    /// A table of its own in nftables: ssh and the declared listeners stay open, the rest is dropped.
    Nftables,
}
