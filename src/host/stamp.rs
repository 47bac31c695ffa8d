//! The stamp of a managed host: whose it is, what of it is ours, and where the memory of the cluster is.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Content, Directory, HostState, Reach, STAMP_PATH, User};
use crate::value::{HostPath, Identity, Name, UserName, counted};

/// Depends on the topology, on the identity, and on data that left the topology and is still there, so that every way of delivering a host can lay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub cluster: Name,
    /// The identity of the cluster. Before the first apply it is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    pub host: Name,
    pub instances: Vec<Name>,
    /// The hosts of `intended` and `applied`, with the way there.
    pub anchors: Vec<Anchor>,
    pub owned: Owned,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Anchor {
    pub host: Name,
    pub reach: Reach,
}

/// The things on a host that are ours: what may be removed when it has left the topology.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SaidOwned")]
pub struct Owned {
    pub users: BTreeMap<String, HostPath>,
    /// Directories; `true` where they hold the user's data.
    pub directories: BTreeMap<HostPath, bool>,
    pub files: BTreeSet<HostPath>,
    pub distributions: BTreeSet<HostPath>,
    pub units: BTreeSet<String>,
}

/// The most users and the most things of all kinds on a host that are ours: some twenty times what any host has. All of them are written in plans and scripts,
/// some next to each other.
const MOST_USERS: usize = 20;
const MOST_OWNED: usize = 1000;

/// The things that a host says are ours: their names are names by the rules of a topology's, and they are not too many.
#[derive(Deserialize)]
struct SaidOwned {
    users: BTreeMap<UserName, HostPath>,
    directories: BTreeMap<HostPath, bool>,
    files: BTreeSet<HostPath>,
    distributions: BTreeSet<HostPath>,
    units: BTreeSet<Name>,
}

impl TryFrom<SaidOwned> for Owned {
    type Error = String;

    fn try_from(said: SaidOwned) -> Result<Owned, String> {
        let SaidOwned { users, directories, files, distributions, units } = said;
        let all = users.len() + directories.len() + files.len() + distributions.len() + units.len();
        if users.len() > MOST_USERS || all > MOST_OWNED {
            return Err(format!(
                "it names {} and {all} things in all: no host has more than {MOST_USERS} and {MOST_OWNED}",
                counted(users.len(), "user")
            ));
        }
        let users = users.into_iter().map(|(name, home)| (name.to_string(), home)).collect();
        let units = units.into_iter().map(|name| name.to_string()).collect();
        Ok(Owned { users, directories, files, distributions, units })
    }
}

impl Stamp {
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a stamp is plain JSON");
        text.push('\n');
        text
    }
}

impl Owned {
    pub fn of(state: &HostState) -> Owned {
        let home = |(name, user): (&String, &User)| (name.clone(), user.home.clone());
        let data = |(path, directory): (&HostPath, &Directory)| (path.clone(), directory.data);
        Owned {
            users: state.users.iter().map(home).collect(),
            directories: state.directories.iter().map(data).collect(),
            files: state.files.keys().cloned().collect(),
            distributions: state.distributions.keys().cloned().collect(),
            units: state.services.keys().cloned().collect(),
        }
    }

    /// The things in `self` that are no longer in `goal`.
    pub fn without(&self, goal: &Owned) -> Owned {
        let users = self.users.iter().filter(|(name, _)| !goal.users.contains_key(*name));
        let directories = self.directories.iter().filter(|(path, _)| !goal.directories.contains_key(*path));
        Owned {
            users: users.map(|(name, home)| (name.clone(), home.clone())).collect(),
            directories: directories.map(|(path, data)| (path.clone(), *data)).collect(),
            files: self.files.difference(&goal.files).cloned().collect(),
            distributions: self.distributions.difference(&goal.distributions).cloned().collect(),
            units: self.units.difference(&goal.units).cloned().collect(),
        }
    }

    /// The things that are in either.
    pub fn with(mut self, other: Owned) -> Owned {
        let Owned { users, directories, files, distributions, units } = other;
        self.users.extend(users);
        self.directories.extend(directories);
        self.files.extend(files);
        self.distributions.extend(distributions);
        self.units.extend(units);
        self
    }

    pub fn is_empty(&self) -> bool {
        let Owned { users, directories, files, distributions, units } = self;
        users.is_empty() && directories.is_empty() && files.is_empty() && distributions.is_empty() && units.is_empty()
    }
}

impl HostState {
    /// The stamp that this host must carry.
    pub fn stamp(&self) -> Stamp {
        match self.files.get(&HostPath::known(STAMP_PATH)).map(|file| &file.content) {
            Some(Content::Text(text)) => serde_json::from_str(text).expect("the stamp was written by `desire`"),
            _ => unreachable!("every host state has a stamp"),
        }
    }

    pub fn put_stamp(&mut self, stamp: &Stamp) {
        let file = self.files.get_mut(&HostPath::known(STAMP_PATH)).expect("every host state has a stamp");
        file.content = Content::Text(stamp.text());
    }
}
