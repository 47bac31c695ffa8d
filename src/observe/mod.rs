//! What is there, asked in one round trip a host and never assumed: present, absent, or unknown with a reason.

mod memory;
mod odd;
mod query;
mod wire;

use crate::host::{HostError, HostFacts, HostQuery, Reach, Record, RecordName, Secrets, Target, Wrong};
use std::collections::BTreeMap;

use crate::desired::Desired;
use crate::value::Name;
use crate::world::World;

pub use memory::{Memory, credible_epoch, identity, is_ours, says_it_is_ours};
pub use query::{MACHINE_TOOLS, NEEDED_TOOLS, PIP, for_election, for_gate, for_goal, for_memory, for_reach};

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
    /// What the anchors agree on.
    pub memory: Memory,
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

    /// Marks a host as unknown for the given reason.
    pub fn set_aside(&mut self, host: &Name, error: &HostError) {
        let departed = self.departed.get_mut(host).map(|departed| &mut departed.seen);
        if let Some(seen) = self.hosts.get_mut(host).or(departed) {
            *seen = Seen::Unknown(error.clone());
        }
    }

    /// Marks hosts as unknown whose own files contradict what a majority says about them.
    fn set_odd_aside(&mut self, desired: &Desired) {
        let highest = self.highest_epoch(desired);
        let ours = identity(desired, self);
        let mut odd: Vec<(Name, HostError)> = Vec::new();
        let departed = self.departed.iter().map(|(name, departed)| (name, &departed.reach, &departed.seen));
        let here = self.hosts.iter().map(|(name, seen)| (name, &desired.hosts[name].host.reach, seen));
        for (name, reach, seen) in here.chain(departed) {
            let Some(facts) = seen.facts() else { continue };
            let error =
                if self.memory.has(name, reach) { odd::disowns(name, facts, desired, ours.as_ref()) } else { None };
            // Somebody else's host is refused as that.
            let is_ours = facts.identity().is_none_or(|theirs| Some(theirs) == ours.as_ref());
            let error = error.or_else(|| {
                let ours = ours.as_ref().filter(|_| is_ours)?;
                odd::foreign_record(facts, ours)
            });
            let error = error.or_else(|| odd::ahead(name, facts, highest.filter(|_| is_ours)?));
            odd.extend(error.map(|error| (name.clone(), error)));
        }
        odd.extend(odd::births(desired, self));
        odd.iter().for_each(|(name, error)| self.set_aside(name, error));
    }

    /// The highest epoch that a lease of this cluster's has had. Only a majority of the anchors, and of those before them, can tell.
    fn highest_epoch(&self, desired: &Desired) -> Option<u64> {
        let former = self.memory.former.iter().map(|anchor| anchor.host.clone()).collect::<Vec<_>>();
        let at = |name: &Name| self.hosts.get(name).or_else(|| self.departed.get(name).map(|departed| &departed.seen));
        let epochs = |anchors: &[Name]| -> Vec<u64> {
            anchors.iter().filter_map(|name| at(name)?.facts().map(|facts| facts.epoch)).collect()
        };
        let (own, before) = (epochs(&desired.anchors), epochs(&former));
        let known = own.len() * 2 > desired.anchors.len() && (former.is_empty() || before.len() * 2 > former.len());
        known.then(|| credible_epoch(own.into_iter().chain(before)))
    }

    /// What a majority of the anchors remembers under this name.
    pub fn record(&self, name: RecordName) -> Option<&Record> {
        self.memory.records.get(&name)
    }
}

/// Looks at every host of the goal, then at those which only the cluster's memory knows.
pub async fn observe(desired: &Desired, secrets: &Secrets, world: &impl World) -> Observed {
    observe_again(desired, secrets, &Observed::default(), world).await
}

/// The same, a moment later: what is costly to read, and has not changed since `before`, is not read again.
pub async fn observe_again(desired: &Desired, secrets: &Secrets, before: &Observed, world: &impl World) -> Observed {
    let query = |(name, state): (&Name, _)| {
        let state: &crate::host::HostState = state;
        (Target::of(&state.host), for_goal(state, desired, secrets, before.facts(name)))
    };
    let queries: Vec<_> = desired.hosts.iter().map(query).collect();
    let hosts = look_at_all(queries, world).await;
    let mut observed = Observed { hosts, ..Observed::default() };
    observed.hosts.values_mut().for_each(set_aside);
    observed.memory = Memory::of(desired, &observed);
    // Anchors that have left may know of further hosts: ask until nothing new turns up.
    loop {
        let unseen: BTreeMap<Name, Reach> = remembered(desired, &observed)
            .filter(|(name, _)| !desired.hosts.contains_key(name) && !observed.departed.contains_key(name))
            .collect();
        if unseen.is_empty() {
            break;
        }
        let seen = look_at_memory(unseen, world).await;
        observed.departed.extend(seen.into_iter().map(|(name, mut departed)| {
            set_aside(&mut departed.seen);
            (name, departed)
        }));
        observed.memory = Memory::of(desired, &observed);
    }
    let moved = remembered(desired, &observed).filter(|(name, _)| desired.hosts.contains_key(name)).collect();
    observed.moved = look_at_memory(moved, world).await;
    observed.set_odd_aside(desired);
    observed
}

/// The hosts that the memory names and the topology has not, or not there, as far as they may be asked at all.
fn remembered<'a>(desired: &'a Desired, observed: &Observed) -> impl Iterator<Item = (Name, Reach)> + use<'a> {
    let hosts = observed.memory.hosts().into_iter();
    let is_there =
        |name: &Name, reach: &Reach| desired.hosts.get(name).is_some_and(|state| state.host.reach.is_same_place(reach));
    hosts
        .filter(move |(name, reach)| !is_there(name, reach) && desired.may_remember(name, reach))
        // A machine with a new name has not left, and another host of the topology that has taken the address is asked already.
        .filter(|(_, reach)| !desired.hosts.values().any(|state| state.host.reach.is_same_place(reach)))
}

/// A host whose own files cannot be read is not known, whatever else it says; the others are.
fn set_aside(seen: &mut Seen) {
    let wrong = seen.facts().and_then(|facts| facts.wrong.first().cloned());
    if let Some(Wrong { path, why }) = wrong {
        *seen = Seen::Unknown(HostError::Unreadable { path, why });
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
