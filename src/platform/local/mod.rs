//! This machine: each node is a host in a folder of its own, with a loopback address of its own.

mod check;
pub mod file;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::cluster::Owner;
use crate::service::listener::Role;
use crate::topology::value::{Address, Name};

pub use check::check;

/// Whose this machine is, as far as a cluster on it needs to know.
#[derive(Clone, Debug)]
pub struct Here {
    /// Where clusters keep their nodes.
    state: PathBuf,
    pub owner: Owner,
}

/// What a file of a service or a classpath would take for something else than part of a path.
const SPECIAL: &[char] = &['"', '\'', '\\', '$', '`', '%', ':', ',', ';', '*', '?', '[', '{', '#', '=', '\u{7f}'];

impl Here {
    /// `state`: the user's `$XDG_STATE_HOME`. Refuses a path that could not stand in the services' own files.
    pub fn new(state: &Path, owner: Owner) -> Result<Here, String> {
        let text = state.to_str().unwrap_or_default();
        let special = text.chars().find(|c| !c.is_ascii() || c.is_control() || SPECIAL.contains(c));
        match special {
            _ if !state.is_absolute() => Err(format!("{} is not an absolute path", state.display())),
            _ if text.is_empty() => Err(format!("{} is not UTF-8", state.display())),
            Some(c) => Err(format!(
                "{} has {c:?} in it, which cannot stand in a Java classpath or a unit: set XDG_STATE_HOME to another folder",
                state.display()
            )),
            None => Ok(Here { state: state.join("provision"), owner }),
        }
    }

    /// The folder of a node.
    pub fn root(&self, cluster: &Name, node: &Name) -> String {
        self.state.join(cluster.as_str()).join(node.as_str()).display().to_string()
    }

    /// The address of the so-many-th node of a role: a network of 127.0.0.0/8 for each user's cluster of a name. Two clusters
    /// in one are found by their ports.
    pub fn address(&self, cluster: &Name, role: Role, number: u8) -> Address {
        let digest = Sha256::digest(format!("{}/{cluster}", self.owner.user));
        // Not 127.0.x.x, where other programs are, nor the last.
        let (second, third) = (1 + digest[0] % 254, digest[1]);
        let address = Ipv4Addr::new(127, second, third, first(role) + number);
        address.to_string().parse().expect("an IPv4 address")
    }
}

/// The nodes of a role are behind this last part of their address.
fn first(role: Role) -> u8 {
    match role {
        Role::ZooKeeper => 0,
        Role::Master => 50,
        Role::Worker => 100,
    }
}

/// How many nodes of a role have an address.
pub fn most(role: Role) -> u8 {
    match role {
        Role::ZooKeeper | Role::Master => 49,
        Role::Worker => 150,
    }
}
