//! Observation: one round trip a host, and nothing assumed. Everything is present, absent, or unknown with a reason.

mod memory;
mod observed;
mod odd;
mod query;
mod recall;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::desired::Desired;
use crate::host::{HostError, HostQuery, Reach, Secrets, Seen, Target, Wrong};
use crate::service::archive::Archive;
use crate::value::Name;
use crate::world::World;

pub use memory::Memory;
pub use observed::{Departed, Observed};
pub use query::{MACHINE_TOOLS, NEEDED_TOOLS, PIP, for_gate, for_goal, for_memory, for_reach};
pub use recall::{binding, credible_epoch, identity, identity_of_the_rest, is_ours, recall, says_it_is_ours};

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
    let slow = observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?)));
    observed.slow = slow.filter(|(_, facts)| !facts.slow.is_empty()).map(|(n, f)| (n.clone(), f.clone())).collect();
    observed.hosts.values_mut().for_each(set_unreadable_aside);
    observed.memory = recall::recall(desired, &observed);
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
            set_unreadable_aside(&mut departed.seen);
            (name, departed)
        }));
        observed.memory = recall::recall(desired, &observed);
    }
    let old = remembered(desired, &observed).filter(|(name, _)| desired.hosts.contains_key(name)).collect();
    observed.old_places = look_at_memory(old, world).await;
    odd::set_odd_aside(&mut observed, desired);
    observed.archives = digests(desired, &observed, world).await;
    observed
}

/// Reads the operator's archives that are about to be copied: a saved plan must mean their bytes, and all hosts must get the same.
async fn digests(desired: &Desired, observed: &Observed, world: &impl World) -> BTreeMap<PathBuf, String> {
    let mut digests = BTreeMap::new();
    for (host, state) in &desired.hosts {
        let Some(facts) = observed.facts(host) else { continue };
        for (home, distribution) in &state.distributions {
            if let Archive::File { path, sha512: None } = &distribution.archive
                && !facts.origins.contains_key(home)
                && !digests.contains_key(path)
                && let Some(digest) = world.digest(path).await
            {
                digests.insert(path.clone(), digest);
            }
        }
    }
    digests
}

/// The hosts that the memory names and the topology does not have at that place, if they may be asked at all.
fn remembered<'a>(desired: &'a Desired, observed: &Observed) -> impl Iterator<Item = (Name, Reach)> + use<'a> {
    let hosts = observed.memory.hosts().into_iter();
    hosts
        .filter(|(name, reach)| !desired.is_at(name, reach) && desired.may_remember(name, reach))
        // A machine with a new name has not left, and another host of the topology that has taken the address is asked already.
        .filter(|(_, reach)| !desired.has_place(reach))
}

/// Marks a host as unknown if one of our files on it cannot be read, or if it could not be inspected completely.
pub fn set_unreadable_aside(seen: &mut Seen) {
    if let Some(path) = seen.facts().and_then(|facts| facts.slow.first().cloned()) {
        *seen = Seen::Unknown(HostError::Stopped { path: path.to_string() });
    }
    // A backup that root restored, which nobody but root can change: root changes nothing by name below a directory of a service's.
    if let Some(path) = seen.facts().and_then(|facts| facts.roots_data.clone()) {
        *seen = Seen::Unknown(HostError::RootsData { path: path.to_string() });
    }
    let wrong = seen.facts().and_then(|facts| facts.wrong.first().cloned());
    if let Some(Wrong { path, why }) = wrong {
        *seen = Seen::Unknown(HostError::Unreadable { path, why });
    }
}

/// The hosts that must not be given a job, each with the reason: it cannot be asked, or does not itself say that it is this host of this cluster.
pub async fn not_ours(desired: &Desired, hosts: &[Name], world: &impl World) -> BTreeMap<Name, HostError> {
    let asked: BTreeSet<&Name> = desired.anchors.iter().chain(hosts).collect();
    let queries = asked.into_iter().map(|name| (Target::of(&desired.hosts[name].host), for_memory())).collect();
    let mut observed = Observed { hosts: look_at_all(queries, world).await, ..Observed::default() };
    observed.hosts.values_mut().for_each(set_unreadable_aside);
    let mut desired = desired.clone();
    if let Some(identity) = identity(&desired, &observed) {
        desired.identify(identity);
    }
    let refusal = |name: &Name| match &observed.hosts[name] {
        Seen::Unknown(error) => Some(error.clone()),
        Seen::Present(facts) => match &facts.stamp {
            None => {
                Some(HostError::Refused { why: "nothing of this cluster is on it: provision apply first".to_owned() })
            }
            Some(stamp) if stamp.host != *name || stamp.cluster != desired.cluster => {
                let why = format!("its stamp says that it is {} of the cluster `{}`", stamp.host, stamp.cluster);
                Some(HostError::Refused { why })
            }
            Some(_) if !is_ours(facts, &desired) => Some(HostError::Foreign { carries: facts.claim.clone() }),
            Some(_) => None,
        },
    };
    hosts.iter().filter_map(|name| Some((name.clone(), refusal(name)?))).collect()
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

/// Asks all hosts at once; the world limits how many run in parallel.
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
