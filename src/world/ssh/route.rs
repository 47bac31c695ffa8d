//! The way to a machine, as ssh's configuration has it.

use std::path::PathBuf;

/// Everything needed to get to one host.
#[derive(Clone, Debug)]
pub struct Route {
    /// As the user would call it.
    pub name: String,
    pub address: String,
    /// The name by which `known_hosts` knows it: as `ssh NAME` would look for it.
    pub known_as: String,
    pub port: u16,
    pub user: String,
    pub identities: Vec<PathBuf>,
    pub identities_only: bool,
    pub known_hosts: Vec<PathBuf>,
    /// The command that makes the connection instead of TCP.
    pub proxy: Option<Proxy>,
    /// The configuration that this route was read from, if there is one.
    pub config: Option<PathBuf>,
}

/// A way to a host that is not a connection of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// A jump host, as `ssh -J` takes it.
    Jump(String),
    /// A command whose input and output are the connection, as a cloud's bastion wants one.
    Command(String),
}
