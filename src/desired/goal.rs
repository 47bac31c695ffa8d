//! The goal: the state of every host.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::{Election, Quorum};
use crate::host::{Claim, Content, DataLabel, Drain, HostState, MEMBER_FILE, Reach, Settings, Stamp};
use crate::value::listener::Listener;
use crate::value::{FolderRoot, Identity, Name, Role};

/// The goal: every host's state, and what the cluster must remember.
#[derive(Clone, Debug)]
pub struct Desired {
    pub cluster: Name,
    /// The topology's, or once hosts were asked what they carry, or a new one.
    pub identity: Option<Identity>,
    /// True if the identity was made for this run: nobody knows it yet.
    pub is_new: bool,
    pub hosts: BTreeMap<Name, HostState>,
    pub anchors: Vec<Name>,
    pub quorum: Option<Quorum>,
    pub election: Option<Election>,
    pub settings: Settings,
    /// The roles whose nodes finish their work before they stop.
    pub drains: BTreeMap<Role, Drain>,
    pub listeners: Vec<Listener>,
}

impl Desired {
    /// The claim that every host of this cluster carries.
    pub fn claim(&self) -> Claim {
        let identity = self.identity.clone().expect("a cluster has its identity before anything is planned");
        Claim { identity, cluster: self.cluster.clone(), anchors: self.anchors_digest() }
    }

    /// Returns true if an identity is certainly another cluster's. As long as this one has none, no identity is.
    pub fn is_another(&self, identity: &Identity) -> bool {
        self.identity.as_ref().is_some_and(|ours| ours != identity)
    }

    /// Returns true if the topology has this host at this place.
    pub fn is_at(&self, host: &Name, reach: &Reach) -> bool {
        self.hosts.get(host).is_some_and(|state| state.host.reach.is_same_place(reach))
    }

    /// Returns true if the topology has a host at this place, whatever its name.
    pub fn has_place(&self, reach: &Reach) -> bool {
        self.hosts.values().any(|state| state.host.reach.is_same_place(reach))
    }

    /// A digest of where the anchors are.
    pub fn anchors_digest(&self) -> String {
        let mut digest = Sha256::new();
        self.anchors.iter().for_each(|name| digest.update(format!("{}\n", self.hosts[name].host.reach)));
        digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keeps directories of data on record that a host's stamp has and the topology has no more, with their users: they stay until a destroy.
    pub fn keep_data(&mut self, host: &Name, stamp: &Stamp) {
        let Some(state) = self.hosts.get_mut(host) else { return };
        let mut goal = state.stamp();
        let left = stamp.owned.without(&goal.owned);
        let data: Vec<_> = left.directories.into_iter().filter(|(_, data)| *data).collect();
        if !data.is_empty() {
            goal.owned.directories.extend(data);
            goal.owned.users.extend(left.users);
            state.put_stamp(&goal);
        }
    }

    /// Gives the cluster its identity: it is written in the stamps, and with the data of members.
    pub fn identify(&mut self, identity: Identity) {
        for state in self.hosts.values_mut() {
            state.put_stamp(&Stamp { identity: Some(identity.clone()), ..state.stamp() });
        }
        for (id, host) in self.quorum.iter().flat_map(|quorum| &quorum.birth.members) {
            let files = &mut self.hosts.get_mut(host).expect("members are on hosts").files;
            for file in files.iter_mut().filter(|(path, _)| path.name() == MEMBER_FILE).map(|(_, file)| file) {
                let whose = DataLabel { identity: identity.clone(), cluster: self.cluster.clone(), member: *id };
                file.content = Content::Text(whose.to_string());
            }
        }
        self.identity = Some(identity);
    }

    /// Returns true if the cluster's memory may send an operator to a place: from machines to a machine, whose key ssh must know, and from folders
    /// of this machine to a folder of that host. Never from the one kind to the other.
    pub fn may_remember(&self, host: &Name, reach: &Reach) -> bool {
        self.hosts.values().any(|state| match (&state.host.reach, reach) {
            (Reach::Ssh(_), Reach::Ssh(_)) => true,
            (Reach::Local(_), Reach::Local(other)) => is_folder_of(host, &self.cluster, &other.root),
            (Reach::Ssh(_), Reach::Local(_)) | (Reach::Local(_), Reach::Ssh(_)) => false,
        })
    }
}

/// Returns true if a folder is one that this program gives a host: its path ends as each of them does.
fn is_folder_of(host: &Name, cluster: &Name, root: &FolderRoot) -> bool {
    root.as_str().ends_with(&format!("/provision/{cluster}/{host}"))
}
