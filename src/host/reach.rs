//! The way to a host: an SSH login, or a folder of this machine.

use serde::{Deserialize, Deserializer, Serialize};

use crate::value::listener::Numbering;
use crate::value::{Address, FolderRoot, Label, Port, UserName};

/// The operator's way to a host. Remembered on the cluster, so that what has left the file can still be retired.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    Ssh(Login),
    Local(Folder),
}

/// A machine, over SSH.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Login {
    pub address: Address,
    /// The name by which `~/.ssh/config` and `known_hosts` know it.
    #[serde(deserialize_with = "one_word")]
    pub ssh_name: SshName,
    pub user: Option<UserName>,
    pub port: Option<Port>,
}

/// A folder of this machine that is all of a host to the services in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Folder {
    pub address: Address,
    /// The first of its own ports, where others share its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_ports: Option<u16>,
    pub root: FolderRoot,
}

/// A host's name or address as ssh is given it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SshName(pub String);

/// Parses the name that a host remembers of another, by the rules of a topology's names.
fn one_word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SshName, D::Error> {
    Label::deserialize(deserializer).map(|label| SshName(label.to_string()))
}

impl SshName {
    pub fn of(address: &Address, label: Option<&Label>) -> SshName {
        SshName(label.map_or_else(|| address.to_string(), Label::to_string))
    }
}

impl Reach {
    /// The address at which other hosts find its services.
    pub fn address(&self) -> &Address {
        match self {
            Reach::Ssh(login) => &login.address,
            Reach::Local(folder) => &folder.address,
        }
    }

    /// The numbering of its services' ports.
    pub fn numbering(&self) -> Numbering {
        match self {
            Reach::Ssh(_) => Numbering::Written,
            Reach::Local(folder) => folder.own_ports.map_or(Numbering::Written, Numbering::Own),
        }
    }

    /// The prefix of every path of the host on its machine: nothing for a whole machine.
    pub fn root(&self) -> &str {
        match self {
            Reach::Ssh(_) => "",
            Reach::Local(folder) => folder.root.as_str(),
        }
    }

    /// The port of its sshd, where it has one.
    pub fn ssh_port(&self) -> Option<u16> {
        match self {
            Reach::Ssh(login) => Some(login.port.map_or(22, Port::get)),
            Reach::Local(_) => None,
        }
    }

    /// Returns true if both lead to one host.
    pub fn is_same_place(&self, other: &Reach) -> bool {
        match (self, other) {
            (Reach::Ssh(this), Reach::Ssh(other)) => this.address == other.address,
            (Reach::Local(this), Reach::Local(other)) => this.root == other.root,
            (Reach::Ssh(_), Reach::Local(_)) | (Reach::Local(_), Reach::Ssh(_)) => false,
        }
    }
}

/// The place, for people.
impl std::fmt::Display for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reach::Ssh(login) => login.address.fmt(f),
            Reach::Local(folder) => f.write_str(folder.root.as_str()),
        }
    }
}

/// The owner of everything on a host where the services have no users of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub user: String,
    pub group: String,
}
