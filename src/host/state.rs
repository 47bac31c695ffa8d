//! The state that a host must be in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::reach::Owner;
use super::{Content, Host, SETTINGS, SETTINGS_MARK, unit_word};
use crate::service::archive::Archive;
use crate::value::{HostPath, Role};

/// The state that one host must have.
#[derive(Clone, Debug)]
pub struct HostState {
    pub host: Host,
    pub users: BTreeMap<String, User>,
    pub directories: BTreeMap<HostPath, Directory>,
    pub files: BTreeMap<HostPath, File>,
    pub distributions: BTreeMap<HostPath, Distribution>,
    pub services: BTreeMap<String, ServiceUnit>,
    /// The oldest `java` on the path that its services run on.
    pub java: Option<u32>,
    /// The directories of Java that the topology names, each with the oldest version that does.
    pub java_homes: BTreeMap<HostPath, u32>,
    /// True if nftables must be there.
    pub nft: bool,
    /// The TCP ports that a firewall of ours leaves open, to whomever.
    pub open: Vec<RangeInclusive<u16>>,
    /// The UDP ports that it leaves open.
    pub open_to_udp: Vec<RangeInclusive<u16>>,
}

/// A system user with a group of its own name and no login.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct User {
    pub home: HostPath,
    pub nodes: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Access {
    pub owner: String,
    pub group: String,
    /// As chmod takes it, at most 0o7777.
    pub mode: u32,
}

impl Access {
    pub fn root(mode: u32) -> Access {
        Access { owner: "root".into(), group: "root".into(), mode }
    }

    pub fn of(user: &str, mode: u32) -> Access {
        Access { owner: user.into(), group: user.into(), mode }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    pub access: Access,
    /// True if what the service keeps in it is the user's data, which `destroy` leaves unless told otherwise.
    pub data: bool,
    pub nodes: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub content: Content,
    pub access: Access,
    pub nodes: BTreeSet<String>,
}

/// An archive unpacked under a folder of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// A file in it (as a pattern of sh) that only this version has: an archive of another one is refused.
    pub proof: String,
    pub archive: Archive,
    pub nodes: BTreeSet<String>,
}

/// In a data directory: whose it is. It stays with the data.
pub const MEMBER_FILE: &str = ".provision-member";
/// The file inside an unpacked distribution that says what it was unpacked from: one line, the SHA-512 of the archive.
pub const ORIGIN_FILE: &str = ".provision-origin";

/// A systemd unit that is enabled and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceUnit {
    pub role: Option<Role>,
    pub node: Option<String>,
    /// Files it reads at start: it must have started with what they are now. The unit itself is among them.
    pub inputs: Vec<HostPath>,
    /// Secret files it reads at start, told apart by inode and time, never by a digest.
    pub secret_inputs: Vec<HostPath>,
    /// The memory that it and what it starts may take, in MiB.
    pub memory_mib: u64,
    /// The way in which it takes up changed inputs.
    pub change: OnChange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    Restart,
    Reload,
}

/// The folder of units that a machine's administrator writes.
pub const UNIT_FOLDER: &str = "/etc/systemd/system";
/// The tool's own folder on every host.
pub const STATE_FOLDER: &str = "/var/lib/provision";
pub const STAMP_PATH: &str = "/var/lib/provision/stamp.json";
/// The claim of a host.
pub const CLAIM_PATH: &str = "/var/lib/provision/identity";
/// The highest epoch that a host has seen.
pub const EPOCH_PATH: &str = "/var/lib/provision/epoch";
/// The tool's own folder for the present life of a host.
pub const RUN_FOLDER: &str = "/run/provision";

pub fn unit_path(unit: &str) -> HostPath {
    HostPath::known(&format!("{UNIT_FOLDER}/{unit}.service"))
}

impl HostState {
    /// The file in which a unit records what it starts with, as a word of sh in the unit.
    pub fn started_word(&self) -> String {
        unit_word(&format!("{}{RUN_FOLDER}/%n.started", self.host.reach.root()))
    }

    /// The commands of sh by which a unit records what it starts with, for the next plan: digests of its inputs, the identity of secret ones,
    /// which have no digests that anyone may read, and on a machine the digest of systemd's settings. `sha256sum --check` passes over the last two.
    pub fn record(&self, inputs: &[HostPath], secret_inputs: &[HostPath]) -> String {
        let mut commands = vec![format!("sha256sum {}", self.host.words(inputs))];
        if !secret_inputs.is_empty() {
            commands.push(format!("stat -c \"%%i:%%Y  %%n\" {}", self.host.words(secret_inputs)));
        }
        if self.host.reach.root().is_empty() {
            // Our units hide systemd's sockets, from this command too: it asks where systemd itself is.
            let settings = format!(
                "nsenter -t 1 -m systemctl show %n | sed -nE \"{SETTINGS}\" | sha256sum | sed \"s/^/{SETTINGS_MARK}/\""
            );
            commands.push(settings);
        }
        let folder = self.host.word(&HostPath::known(RUN_FOLDER));
        format!("umask 022; mkdir -p {folder} && {{ {}; }} >{}", commands.join(" && "), self.started_word())
    }

    pub fn bare(host: Host) -> HostState {
        HostState {
            host,
            users: BTreeMap::new(),
            directories: BTreeMap::new(),
            files: BTreeMap::new(),
            distributions: BTreeMap::new(),
            services: BTreeMap::new(),
            java: None,
            java_homes: BTreeMap::new(),
            nft: false,
            open: Vec::new(),
            open_to_udp: Vec::new(),
        }
    }

    /// A system user; where one owner has all of the host, there is none.
    pub fn user(&mut self, name: &str, home: &str, node: &str) {
        if self.host.owner.is_some() {
            return;
        }
        let user = User { home: HostPath::known(home), nodes: BTreeSet::new() };
        let entry = self.users.entry(name.to_owned()).or_insert_with(|| user.clone());
        assert!(entry.home == user.home, "two roles disagree on the user {name}");
        entry.nodes.insert(node.to_owned());
    }

    fn owned(&self, access: Access) -> Access {
        match &self.host.owner {
            Some(Owner { user, group }) => Access { owner: user.clone(), group: group.clone(), ..access },
            None => access,
        }
    }

    /// Adds a directory. Roles on one host may share it, as long as they agree on it; so it is with all that follows.
    pub fn directory(&mut self, path: &HostPath, access: Access, data: bool, node: &str) {
        let directory = Directory { access: self.owned(access), data, nodes: BTreeSet::new() };
        let entry = self.directories.entry(path.clone()).or_insert_with(|| directory.clone());
        assert!(entry.access == directory.access && entry.data == directory.data, "two roles disagree on {path}");
        entry.nodes.insert(node.to_owned());
    }

    /// Adds a file. Roles on one host may share it, as long as they agree on it.
    pub fn file(&mut self, path: &HostPath, access: Access, content: Content, node: &str) {
        let file = File { content, access: self.owned(access), nodes: BTreeSet::new() };
        let entry = self.files.entry(path.clone()).or_insert_with(|| file.clone());
        assert!(entry.content == file.content && entry.access == file.access, "two roles disagree on {path}");
        entry.nodes.insert(node.to_owned());
    }

    pub fn distribution(&mut self, home: &HostPath, archive: &Archive, proof: &str, node: &str) {
        let distribution = Distribution { proof: proof.to_owned(), archive: archive.clone(), nodes: BTreeSet::new() };
        let entry = self.distributions.entry(home.clone()).or_insert_with(|| distribution.clone());
        assert!(
            entry.proof == distribution.proof && entry.archive == distribution.archive,
            "two roles disagree on {home}"
        );
        entry.nodes.insert(node.to_owned());
    }

    /// Java in the directory that the topology names, or else on the path.
    pub fn needs_java(&mut self, home: Option<&HostPath>, oldest: u32) {
        match home {
            Some(home) => {
                let entry = self.java_homes.entry(home.clone()).or_default();
                *entry = oldest.max(*entry);
            }
            None => self.java = self.java.max(Some(oldest)),
        }
    }
}
