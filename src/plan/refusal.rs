//! The reasons why no plan can be made, each with its figures and a way out.

use serde::Serialize;

use crate::desired::Desired;
use crate::host::{BIRTH_PATH, Class, DataLabel, Reach, STATE_FOLDER};
use crate::value::{HostPath, Identity, MemberId, Name, listed};

/// A reason why no plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{host}: {because}; {}", because.instead())]
    Host { host: Name, because: HostRefusal },
    #[error("{setting} changes from `{from}` to `{to}`: {because}")]
    Setting { setting: String, from: String, to: String, class: Class, because: SettingRefusal },
    #[error("{because}; {}", because.instead())]
    Cluster { because: ClusterRefusal },
}

/// A reason that one host gives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostRefusal {
    #[error("it belongs to the cluster `{cluster}`, where it is called {host}")]
    OtherCluster { cluster: Name, host: Name },
    #[error("it belongs to the cluster `{}` (identity {}), and this is {ours}", theirs.0, theirs.1)]
    OtherIdentity { theirs: (Name, Identity), ours: Ours, adoptable: bool },
    #[error("its stamp says that it is {host}, and the topology has {host} at another address")]
    OtherHost { host: Name },
    #[error(
        "the data in {directory} is member {} of the cluster `{}` (identity {}), and this host is to be member {member} of {ours}",
        theirs.member, theirs.cluster, theirs.identity
    )]
    OtherData { directory: HostPath, theirs: DataLabel, member: MemberId, ours: Ours, adoptable: bool },
    #[error(
        "it remembers {} as part of this cluster; fewer than half of the hosts do, and the topology does not name them",
        listed(hosts)
    )]
    Unvouched { hosts: Vec<Name> },
    #[error("it is the same machine as {}, by another address", listed(others))]
    SameMachine { others: Vec<Name> },
    #[error("its old place {place} still carries this cluster's stamp")]
    OldPlace { place: Reach },
    #[error("it has an nftables table `inet provision` that provision did not make")]
    ForeignTable,
    #[error("it already has {}; no stamp says that provision created this", found.iter().take(4).cloned().collect::<Vec<_>>().join(", "))]
    InTheWay { found: Vec<String>, destroys: bool },
    #[error("{path} is to be a file, but it is a directory with files of the previous topology")]
    WasDirectory { path: HostPath },
    #[error("the archive {path} is not there")]
    NoArchive { path: HostPath },
    #[error("{home} {} the SHA-512 {}..., and {expected}", if *unpacked { "was unpacked from an archive with" } else { "comes from an archive with" }, short(sum))]
    OtherArchive { home: HostPath, sum: String, expected: Expected, unpacked: bool },
    #[error("it took part in the first start of {cluster} with other members ({members})")]
    OtherMembers { cluster: Name, members: String },
    #[error("it carries this cluster's stamp with other anchors ({})", listed(anchors))]
    OtherAnchors { anchors: Vec<Name> },
}

/// This cluster, as a refusal names it. Of an identity that was made for this run nobody has heard, so that it is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ours {
    cluster: Name,
    identity: Option<Identity>,
}

impl Ours {
    pub fn of(desired: &Desired) -> Ours {
        Ours { cluster: desired.cluster.clone(), identity: desired.identity.clone().filter(|_| !desired.is_new) }
    }
}

impl std::fmt::Display for Ours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.identity {
            Some(identity) => write!(f, "`{}` (identity {identity})", self.cluster),
            None => write!(f, "the new cluster `{}`", self.cluster),
        }
    }
}

/// The archive that a host should have, by its SHA-512.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    #[error("the topology says {}...", short(.0))]
    ByTopology(String),
    #[error("most hosts have {}...", short(.0))]
    ByMostHosts(String),
    #[error("there is no archive that more than half of the hosts have")]
    Unknown,
}

/// A reason why a setting cannot change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingRefusal {
    /// The service's own reason, with the way out.
    #[error("{0}")]
    Migrates(&'static str),
    #[error(
        "all hosts must change together, and {} cannot be reached or used: restore the connection, or take {} out of the topology first",
        listed(hosts),
        listed(hosts)
    )]
    SomeUnreachable { hosts: Vec<Name> },
    #[error("nodes would take each other's ports; choose a first port at least {0} away from the old one")]
    PortsOverlap(u16),
}

/// A reason that the cluster as a whole gives.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterRefusal {
    #[error("no host can be reached or used, and a plan needs at least one")]
    NoHost,
    #[error(
        "data is in {directory} on {} of {members} members ({}), and no record there says that it is this cluster's", with_data.len(), listed(with_data)
    )]
    UnknownData { with_data: Vec<Name>, members: usize, directory: HostPath },
    #[error("a new ensemble starts only with all its members, and {} cannot be reached or used", listed(members))]
    MembersUnseen { members: Vec<Name> },
    /// `served` are the members that record it.
    #[error(
        "the ensemble has served before (recorded on {}), and data was seen on only {with_data} of {members} members; with fewer than {majority} (a majority) it would lose what it had committed",
        listed(served)
    )]
    DataLost { with_data: usize, members: usize, majority: usize, served: Vec<Name>, unseen: Vec<Name> },
}

impl HostRefusal {
    /// Returns true if the host itself says that another cluster has it.
    pub fn is_of_another_cluster(&self) -> bool {
        matches!(self, HostRefusal::OtherCluster { .. } | HostRefusal::OtherIdentity { .. })
    }

    /// The way out.
    pub fn instead(&self) -> String {
        let fixed = match self {
            HostRefusal::OtherCluster { .. } => "use another host, or destroy that cluster with its own topology",
            HostRefusal::OtherIdentity { theirs, adoptable, .. } => {
                let way = "destroy that cluster with its own topology, or use another host";
                let adopt = format!("; if it is this very cluster's, write `id: {}` into the topology", theirs.1);
                return if *adoptable { way.to_owned() + &adopt } else { way.to_owned() };
            }
            HostRefusal::OtherHost { .. } => {
                "either two addresses are swapped or a disk was copied: correct the addresses"
            }
            HostRefusal::OtherData { theirs, adoptable, .. } => {
                let way = "attach the disk that belongs to this host; or inspect the data and move it away";
                let adopt =
                    format!("; or, if it is this very cluster's, write `id: {}` into the topology", theirs.identity);
                return if *adoptable { way.to_owned() + &adopt } else { way.to_owned() };
            }
            HostRefusal::Unvouched { .. } => {
                return format!(
                    "change fewer hosts in one step (put them back into the topology, apply, then take them out); or, if the record is wrong, remove {STATE_FOLDER}/{{intended,applied}}.json there"
                );
            }
            HostRefusal::SameMachine { .. } => "give each host of the topology a machine of its own",
            HostRefusal::OldPlace { .. } => {
                "put the old address (or folder) back; or give the new one a name of its own, and the old one is retired"
            }
            HostRefusal::ForeignTable => "rename that table, or set firewall: none",
            HostRefusal::InTheWay { destroys: false, .. } => {
                "remove what nobody needs; otherwise choose another host or path"
            }
            HostRefusal::InTheWay { destroys: true, .. } => {
                "no record says that it belongs to this cluster: inspect it, and remove it by hand"
            }
            HostRefusal::WasDirectory { .. } => {
                "apply once without this file: that removes the directory and the files in it"
            }
            HostRefusal::NoArchive { .. } => "put it there, or write `archive: { file: ... }` to have it copied",
            HostRefusal::OtherArchive { unpacked: true, .. } => {
                "another archive of the same version is not installed under running services: restore the old `archive` or `sha512` if the topology was changed; a worker's host can leave the topology and join again with the right archive; otherwise destroy the cluster and apply again"
            }
            HostRefusal::OtherArchive { unpacked: false, .. } => "put the same archive on every host",
            HostRefusal::OtherMembers { .. } => {
                "this version of provision cannot add, remove, move or replace members; restore the old list"
            }
            HostRefusal::OtherAnchors { .. } => {
                "destroy with the old topology first; or keep more than half of the old hosts, and replace the others step by step"
            }
        };
        fixed.to_owned()
    }

    /// The word for it in JSON.
    fn kind(&self) -> &'static str {
        match self {
            HostRefusal::OtherCluster { .. } => "otherCluster",
            HostRefusal::OtherIdentity { .. } => "otherIdentity",
            HostRefusal::OtherHost { .. } => "otherHost",
            HostRefusal::OtherData { .. } => "otherData",
            HostRefusal::Unvouched { .. } => "unvouched",
            HostRefusal::SameMachine { .. } => "sameMachine",
            HostRefusal::OldPlace { .. } => "oldPlace",
            HostRefusal::ForeignTable => "foreignTable",
            HostRefusal::InTheWay { .. } => "inTheWay",
            HostRefusal::WasDirectory { .. } => "wasDirectory",
            HostRefusal::NoArchive { .. } => "noArchive",
            HostRefusal::OtherArchive { .. } => "otherArchive",
            HostRefusal::OtherMembers { .. } => "otherMembers",
            HostRefusal::OtherAnchors { .. } => "otherAnchors",
        }
    }
}

/// The way out for an ensemble without a majority of its data.
const RESTORE: &str = "restore the data of a majority from a backup; or discard all data, including what is left: destroy with --delete-data, then apply";

impl ClusterRefusal {
    /// The way out.
    pub fn instead(&self) -> String {
        let fixed = match self {
            ClusterRefusal::NoHost => "repair at least one of them, as described above",
            ClusterRefusal::UnknownData { .. } => {
                "it may be the only copy of somebody's data: inspect it and move it away, or choose another dataDir"
            }
            ClusterRefusal::MembersUnseen { .. } => "restore the connection, then apply again",
            ClusterRefusal::DataLost { unseen, .. } if !unseen.is_empty() => {
                return format!("restore the connection to {}, which may have the data", listed(unseen));
            }
            ClusterRefusal::DataLost { served, majority, .. } if served.len() < *majority => {
                return format!(
                    "inspect {}; {RESTORE}; or, if that record is wrong, remove {BIRTH_PATH} there",
                    listed(served)
                );
            }
            ClusterRefusal::DataLost { .. } => RESTORE,
        };
        fixed.to_owned()
    }

    fn kind(&self) -> &'static str {
        match self {
            ClusterRefusal::NoHost => "noHost",
            ClusterRefusal::UnknownData { .. } => "unknownData",
            ClusterRefusal::MembersUnseen { .. } => "membersUnseen",
            ClusterRefusal::DataLost { .. } => "dataLost",
        }
    }
}

impl SettingRefusal {
    fn kind(&self) -> &'static str {
        match self {
            SettingRefusal::Migrates(_) => "migrates",
            SettingRefusal::SomeUnreachable { .. } => "someUnreachable",
            SettingRefusal::PortsOverlap(_) => "portsOverlap",
        }
    }
}

/// A refusal as JSON (`docs/json.md`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalJson {
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    pub text: String,
}

impl From<&Refusal> for RefusalJson {
    fn from(refusal: &Refusal) -> RefusalJson {
        let (kind, host, setting) = match refusal {
            Refusal::Host { host, because } => (because.kind(), Some(host.clone()), None),
            Refusal::Setting { setting, because, .. } => (because.kind(), None, Some(setting.clone())),
            Refusal::Cluster { because } => (because.kind(), None, None),
        };
        RefusalJson { kind, host, setting, text: refusal.to_string() }
    }
}

/// As much of a digest as tells two apart.
fn short(sum: &str) -> &str {
    sum.get(..16).unwrap_or(sum)
}
