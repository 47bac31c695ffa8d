//! The facts about one host, as it says them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use super::unit::UnitFacts;
use crate::host::{Access, Birth, Claim, HostError, Reach, Settings, Stamp};
use crate::value::{HostPath, Identity, Name};

/// Everything seen of a host in one look. What was not asked is empty.
#[derive(Clone, Debug, Default)]
pub struct HostFacts {
    /// The identity of this machine and its kernel's life: equal for two names of one machine, and not for
    /// two machines cloned with one machine-id.
    pub machine: String,
    /// The milliseconds by which its clock is certainly ahead of the operator's; 0 if it lies between question and answer.
    pub clock_ahead_millis: i64,
    pub memory_mib: u64,
    /// Programs that the scripts need, as far as they are there.
    pub tools: BTreeSet<&'static str>,
    pub java: Option<Java>,
    /// The versions of Java in the directories that the topology names.
    pub java_homes: BTreeMap<HostPath, Java>,
    /// A package of apt that would bring a Java new enough.
    pub java_package: Option<String>,
    /// KiB free where a path is, or would be.
    pub free_kib: BTreeMap<HostPath, u64>,
    /// Their uids.
    pub users: BTreeMap<String, u32>,
    /// Users that share their UID with another, or whose primary group is another's, each with that one's name.
    pub shared_users: BTreeMap<String, String>,
    /// Variables that systemd gives every service on the host, and that ours read.
    pub inherited: BTreeSet<String>,
    /// The units of jobs whose drivers run on the host.
    pub jobs: BTreeSet<String>,
    /// The groups that have the name of a user.
    pub groups: BTreeSet<String>,
    pub paths: BTreeMap<HostPath, PathFacts>,
    /// True for each secret file that has the right content.
    pub secrets: BTreeMap<HostPath, bool>,
    pub units: BTreeMap<String, UnitFacts>,
    /// SHA-512 of the archive each distribution was unpacked from.
    pub origins: BTreeMap<HostPath, String>,
    /// A file of a distribution that is missing, or has another size or mode than when it was unpacked.
    pub lacks: BTreeMap<HostPath, String>,
    /// Archives that are on the host, by path; asked only while nothing is unpacked.
    pub archives: BTreeMap<HostPath, ArchiveFacts>,
    pub listening: Vec<Listening>,
    /// The UDP sockets that hear everybody: the address, where it is not every one, and the port.
    pub datagrams: BTreeSet<(Option<IpAddr>, u16)>,
    pub stamp: Option<Stamp>,
    /// The files of ours that cannot be read.
    pub wrong: Vec<Wrong>,
    /// The holder of this host's lease.
    pub holder: Option<Holder>,
    /// True if the host's `made` list is not empty; an entry is written before the thing itself.
    pub has_made: bool,
    pub epoch: u64,
    /// The cluster that it says it belongs to.
    pub claim: Option<Claim>,
    /// True if the kernel has no longer the rules that the firewall's unit loaded.
    pub has_lost_rules: bool,
    /// True if a firewall that is not ours has a table with the name of ours.
    pub has_foreign_table: bool,
    /// Directories in which several users can change names: root does nothing there.
    pub shared: BTreeSet<HostPath>,
    pub birth: Option<BirthRecord>,
    pub records: BTreeMap<RecordName, Record>,
    /// True if a member's data directory holds data.
    pub has_data: bool,
    /// A directory of a member's data that root owns.
    pub roots_data: Option<HostPath>,
    /// Data directories of a member that hold anything at all.
    pub filled: BTreeSet<HostPath>,
    /// Paths that were inspected as the user who owns their directory, where that user's command was killed or timed out.
    pub slow: BTreeSet<HostPath>,
    /// True if a one-shot `initialize` marker lies there.
    pub has_marker: bool,
    /// The answers of services, by the name of the question; their services read them.
    pub answers: BTreeMap<&'static str, Vec<u8>>,
    /// The remote ends of the connections that were asked for.
    pub connected: BTreeSet<(IpAddr, u16)>,
    /// Addresses and ports that did not answer.
    pub silent: Vec<(String, u16)>,
    /// Names among these that lead nowhere on the host.
    pub unresolved: BTreeSet<String>,
    /// The IP address that its own address leads to on the host itself, if any, and true if an interface has it.
    pub own_address: Option<(Option<Ipv4Addr>, bool)>,
    /// The last lines of a unit's output.
    pub log: Vec<String>,
}

impl HostFacts {
    /// The answer to a question; empty without one.
    pub fn answer(&self, name: &str) -> &[u8] {
        self.answers.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// The cluster that the host says it belongs to.
    pub fn identity(&self) -> Option<&Identity> {
        let stamp = || self.stamp.as_ref()?.identity.as_ref();
        self.claim.as_ref().map(|claim| &claim.identity).or_else(stamp)
    }
}

/// The observation of one host.
#[derive(Clone, Debug)]
pub enum Seen {
    Present(Box<HostFacts>),
    Unknown(HostError),
}

impl Seen {
    pub fn facts(&self) -> Option<&HostFacts> {
        match self {
            Seen::Present(facts) => Some(facts),
            Seen::Unknown(_) => None,
        }
    }
}

/// An archive on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFacts {
    pub sha512: String,
    /// Inode, time of change and size: while it has these, it is the file that was read.
    pub identity: String,
}

/// The holder of a lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    pub who: String,
    /// As the anchor's clock had it.
    pub since: String,
}

/// A file of ours that is not what we write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub path: String,
    pub why: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Java {
    pub path: String,
    pub version: String,
    /// The number of the one user who can change its program; `None` if several can.
    pub owner: Option<u32>,
}

impl Java {
    /// 17 of `17.0.15`, 8 of `1.8.0_402`.
    pub fn major(&self) -> Option<u32> {
        Java::major_of(&self.version)
    }

    pub fn major_of(version: &str) -> Option<u32> {
        let mut parts = version.split(['.', '_', '-', '+']).map(str::parse::<u32>);
        match (parts.next()?.ok()?, parts.next()) {
            (1, Some(Ok(minor))) => Some(minor),
            (major, _) => Some(major),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathFacts {
    pub kind: PathKind,
    pub access: Access,
    /// Inode and time of change: what stands for a secret file in a service's record.
    pub identity: String,
    pub sha256: Option<String>,
    /// The text, where it is not what it should be.
    pub text: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    File,
    Directory,
    Link,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    /// `None` where it listens on every address of the machine.
    pub address: Option<IpAddr>,
    pub port: u16,
    /// Its owner, where the machine says so.
    pub uid: Option<u32>,
}

/// A birth on one host: begun before the first marker, complete once the ensemble served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthRecord {
    pub birth: Birth,
    pub complete: bool,
}

/// The two things that the anchors remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordName {
    /// Written before the first change.
    Intended,
    /// Written after the last.
    Applied,
}

impl RecordName {
    pub const ALL: [RecordName; 2] = [RecordName::Intended, RecordName::Applied];

    pub fn text(self) -> &'static str {
        match self {
            RecordName::Intended => "intended",
            RecordName::Applied => "applied",
        }
    }
}

/// A record of what the cluster was, or was to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub cluster: Name,
    /// The cluster's identity. Records from before clusters had identities have none.
    #[serde(default)]
    pub identity: Option<Identity>,
    /// Of the apply that wrote it: the newest record is the one that counts.
    pub epoch: u64,
    pub hosts: BTreeMap<Name, Reach>,
    pub anchors: Vec<Name>,
    pub settings: Settings,
}

impl Record {
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a record is plain JSON");
        text.push('\n');
        text
    }

    /// Returns true if it says the same but for the epoch.
    pub fn agrees(&self, other: &Record) -> bool {
        Record { epoch: 0, ..self.clone() } == Record { epoch: 0, ..other.clone() }
    }
}
