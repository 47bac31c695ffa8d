//! The way to a machine, as ssh's configuration has it.

use std::ffi::OsString;
use std::path::PathBuf;

/// Everything needed to get to one host.
#[derive(Clone, Debug)]
pub struct Route {
    /// As the user would call it.
    pub name: String,
    pub address: String,
    pub port: u16,
    pub user: String,
    pub client: Client,
    /// The files of ssh's configuration.
    pub includes: Vec<PathBuf>,
    /// The arguments after `ssh` and its configuration that lead to this host, without a command.
    pub arguments: Vec<OsString>,
}

/// The client that carries scripts to a host.
#[derive(Clone, Debug)]
pub enum Client {
    /// libssh2: a plain connection, and keys that need nothing but themselves.
    Libssh2(Plain),
    /// The operator's own client.
    OpenSsh {
        /// The option, the key or the wish that asks for it.
        because: String,
    },
}

/// The facts that libssh2 needs beside the address.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The name by which `known_hosts` knows the host, with its port where that is not 22: as `ssh NAME` would look for it.
    pub known_as: String,
    pub identities: Vec<PathBuf>,
    pub identities_only: bool,
    pub known_hosts: Vec<PathBuf>,
}
