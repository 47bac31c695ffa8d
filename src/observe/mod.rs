//! What is there, asked in one round trip a host and never assumed: present, absent, or unknown with a reason.

mod answers;
mod facts;
mod query;
mod wire;

use std::collections::BTreeMap;

use crate::cluster::Reach;
use crate::desired::{Desired, Stamp};
use crate::topology::value::{HostPath, Name};
use crate::world::{HostError, Target, World};

pub use answers::{MasterFacts, MemberFacts, MemberMode, WorkerEntry, WorkerFacts};
pub use facts::{
    ArchiveFacts, BirthRecord, HostFacts, Java, Listening, PathFacts, PathKind, Record, RecordName, UnitFacts, Wrong,
};
pub use query::{
    Ask, AskName, HostQuery, MACHINE_TOOLS, NEEDED_TOOLS, PIP, SecretQuestion, for_election, for_gate, for_goal,
    for_memory, for_reach, nonce, secret_question, sha256,
};

pub use wire::{canary_request, canary_succeeded, children, children_request, delete_request};

/// What was seen of one host.
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

/// What was seen of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The hosts of the topology.
    pub hosts: BTreeMap<Name, Seen>,
    /// Hosts that the cluster remembers and the topology no longer names.
    pub departed: BTreeMap<Name, Departed>,
    /// What is at the former address of hosts that the cluster remembers at another one.
    pub moved: BTreeMap<Name, Departed>,
}

#[derive(Clone, Debug)]
pub struct Departed {
    pub reach: Reach,
    pub seen: Seen,
}

impl Departed {
    pub fn target(&self, name: &Name) -> Target {
        Target { name: name.clone(), reach: self.reach.clone() }
    }
}

impl Observed {
    pub fn facts(&self, host: &Name) -> Option<&HostFacts> {
        self.hosts.get(host).and_then(Seen::facts)
    }

    pub fn unknown(&self) -> impl Iterator<Item = (&Name, &HostError)> {
        self.hosts.iter().filter_map(|(name, seen)| match seen {
            Seen::Present(_) => None,
            Seen::Unknown(error) => Some((name, error)),
        })
    }

    /// The newest of what the anchors remember under this name.
    pub fn record(&self, name: RecordName) -> Option<&Record> {
        let departed = self.departed.values().map(|departed| &departed.seen);
        self.hosts
            .values()
            .chain(departed)
            .filter_map(|seen| seen.facts()?.records.get(&name))
            .max_by_key(|record| record.epoch)
    }
}

/// Looks at every host of the goal, then at those which only the cluster's memory knows.
pub async fn observe(desired: &Desired, secrets: &Secrets, world: &impl World) -> Observed {
    observe_again(desired, secrets, &Observed::default(), world).await
}

/// The same, a moment later: what is costly to read, and has not changed since `before`, is not read again.
pub async fn observe_again(desired: &Desired, secrets: &Secrets, before: &Observed, world: &impl World) -> Observed {
    let query = |(name, state): (&Name, _)| {
        let state: &crate::desired::HostState = state;
        (Target::of(&state.host), for_goal(state, desired, secrets, before.facts(name)))
    };
    let queries: Vec<_> = desired.hosts.iter().map(query).collect();
    let hosts = look_at_all(queries, world).await;
    let mut observed = Observed { hosts, ..Observed::default() };
    observed.hosts.values_mut().for_each(|seen| forget_others(&desired.cluster, seen));
    let moved = remembered(&desired.cluster, &observed)
        .into_iter()
        .filter(|(name, reach)| desired.hosts.get(name).is_some_and(|state| !state.host.reach.is_same_place(reach)))
        // Another host of the topology has taken the address: that one is asked already.
        .filter(|(_, reach)| !desired.hosts.values().any(|state| state.host.reach.is_same_place(reach)))
        .collect();
    observed.moved = look_at_memory(moved, world).await;
    // Anchors that have left may know of further hosts: ask until nothing new turns up.
    loop {
        let unseen: BTreeMap<Name, Reach> = remembered(&desired.cluster, &observed)
            .into_iter()
            .filter(|(name, _)| !desired.hosts.contains_key(name) && !observed.departed.contains_key(name))
            // A machine with a new name has not left.
            .filter(|(_, reach)| !desired.hosts.values().any(|state| state.host.reach.is_same_place(reach)))
            .collect();
        if unseen.is_empty() {
            return observed;
        }
        for (name, mut departed) in look_at_memory(unseen, world).await {
            forget_others(&desired.cluster, &mut departed.seen);
            observed.departed.insert(name, departed);
        }
    }
}

/// Asks hosts that only the cluster's memory knows what they remember.
async fn look_at_memory(hosts: BTreeMap<Name, Reach>, world: &impl World) -> BTreeMap<Name, Departed> {
    let queries =
        hosts.iter().map(|(name, reach)| (Target { name: name.clone(), reach: reach.clone() }, for_memory())).collect();
    let mut seen = look_at_all(queries, world).await;
    hosts
        .into_iter()
        .filter_map(|(name, reach)| Some((name.clone(), Departed { reach, seen: seen.remove(&name)? })))
        .collect()
}

/// What another cluster remembers on a host is not ours to go by.
fn forget_others(cluster: &Name, seen: &mut Seen) {
    if let Seen::Present(facts) = seen {
        facts.records.retain(|_, record| record.cluster == *cluster);
    }
}

/// Every host that a stamp or a record of this cluster names.
fn remembered(cluster: &Name, observed: &Observed) -> BTreeMap<Name, Reach> {
    let mut all = BTreeMap::new();
    let departed = observed.departed.values().map(|departed| &departed.seen);
    for facts in observed.hosts.values().chain(departed).filter_map(Seen::facts) {
        for anchor in
            facts.stamp.iter().filter(|stamp| stamp.cluster == *cluster).flat_map(|stamp: &Stamp| &stamp.anchors)
        {
            all.insert(anchor.host.clone(), anchor.reach.clone());
        }
        for record in facts.records.values() {
            all.extend(record.hosts.iter().map(|(name, reach)| (name.clone(), reach.clone())));
        }
    }
    all
}

/// All at once; the world bounds how many really are.
pub async fn look_at_all(queries: Vec<(Target, HostQuery)>, world: &impl World) -> BTreeMap<Name, Seen> {
    let looks = queries.into_iter().map(|(target, query)| async move {
        let seen = match world.look(&target, &query).await {
            Ok(facts) => Seen::Present(Box::new(facts)),
            Err(error) => Seen::Unknown(error),
        };
        (target.name, seen)
    });
    futures_util::future::join_all(looks).await.into_iter().collect()
}

/// The secrets of a topology, read once; by the path of the file that holds each.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<HostPath, String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
