//! The records that the anchors agree on. A host alone is believed about itself and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use super::memory::Memory;
use super::observed::Observed;
use crate::desired::Desired;
use crate::host::{Anchor, Claim, HostFacts, Reach, Record, RecordName, Seen};
use crate::value::{Identity, Name};

/// The largest credible lead of an epoch over those of most anchors; one further ahead is damaged or forged. Each apply that gets the lease of one
/// anchor and not of most raises that one alone, and two months of one each minute do not come this far. One forged anchor needs a hundred thousand
/// applies to reach the highest epoch that there is.
const FAR: u64 = 100_000;

/// The highest epoch that can be believed: the highest, unless it is far above the middle one.
pub fn credible_epoch(epochs: impl IntoIterator<Item = u64>) -> u64 {
    let mut all: Vec<u64> = epochs.into_iter().collect();
    all.sort_unstable();
    let Some(middle) = all.len().checked_sub(1).map(|last| all[last / 2]) else { return 0 };
    all.into_iter().rev().find(|epoch| *epoch <= middle + FAR).unwrap_or(middle)
}

/// The identity that a host is bound to. A claim for this cluster, by name and anchors, does not bind it while nothing is installed: it is
/// left by an apply that was killed early.
pub fn binding<'a>(facts: &'a HostFacts, desired: &Desired) -> Option<&'a Identity> {
    let laid = facts.stamp.is_some() || facts.has_made || facts.birth.is_some();
    let ours = |claim: &Claim| claim.cluster == desired.cluster && claim.anchors == desired.anchors_digest();
    facts.identity().filter(|_| laid || !facts.claim.as_ref().is_some_and(ours))
}

/// The cluster's identity: what the topology says; else the one that binds more than half of its hosts, or of its anchors, by stamps that name
/// anchors of which the topology has most; else the one that the records of more than half of its anchors have, or that these were claimed with. `None` without such a majority: hosts that carry an identity are another cluster's.
pub fn identity(desired: &Desired, observed: &Observed) -> Option<Identity> {
    if desired.identity.is_some() {
        return desired.identity.clone();
    }
    let named = |name: &Name| observed.facts(name).filter(|facts| is_ours(facts, desired));
    // Hosts that another cluster of the same name has lost do not vote: their anchors are elsewhere.
    let stamps = desired.hosts.keys().filter_map(|name| named(name)?.stamp.as_ref());
    let electorates: HashSet<&Vec<Anchor>> = stamps.map(|stamp| &stamp.anchors).collect();
    let are_here = |anchors: &&Vec<Anchor>| {
        anchors.iter().filter(|anchor| desired.has_place(&anchor.reach)).count() * 2 > anchors.len()
    };
    let here: HashSet<&Vec<Anchor>> = electorates.into_iter().filter(are_here).collect();
    let bound = |name: &Name| {
        let facts =
            named(name).filter(|facts| facts.stamp.as_ref().is_none_or(|stamp| here.contains(&stamp.anchors)))?;
        binding(facts, desired)
    };
    let place = desired.anchors_digest();
    let claimed =
        |name: &Name| named(name)?.claim.as_ref().filter(|claim| claim.anchors == place).map(|claim| &claim.identity);
    let recorded = |name: &Name| {
        let mut records = named(name)?.records.values().filter(|record| record.cluster == desired.cluster);
        records.find_map(|record| record.identity.as_ref())
    };
    most(desired.hosts.keys().map(bound))
        .or_else(|| most(desired.anchors.iter().map(bound)))
        .or_else(|| most(desired.anchors.iter().map(recorded)))
        .or_else(|| most(desired.anchors.iter().map(claimed)))
        .cloned()
}

/// For a destroy: the identity of what an earlier one has left, if no majority has any. All stamped hosts carry it, and the topology has most of the
/// anchors that they name. Only hosts that carry it are touched, so that one that lies speaks for nobody but itself.
pub fn identity_of_the_rest(desired: &Desired, observed: &Observed) -> Option<Identity> {
    let stamps = observed.hosts.values().filter_map(|seen| seen.facts()?.stamp.as_ref());
    let mut identities = BTreeSet::new();
    for stamp in stamps.filter(|stamp| stamp.cluster == desired.cluster) {
        let here = stamp.anchors.iter().filter(|anchor| desired.is_at(&anchor.host, &anchor.reach)).count();
        if here * 2 <= stamp.anchors.len() {
            return None;
        }
        identities.insert(stamp.identity.as_ref()?);
    }
    let mut all = identities.into_iter();
    all.next().filter(|_| all.next().is_none()).cloned()
}

/// The value that more than half of all have.
fn most<'a, T: Eq + Hash>(all: impl Iterator<Item = Option<&'a T>>) -> Option<&'a T> {
    let mut counts: HashMap<&T, usize> = HashMap::new();
    let mut total = 0;
    for value in all {
        total += 1;
        value.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
    }
    counts.into_iter().find(|(_, count)| *count * 2 > total).map(|(value, _)| value)
}

/// Returns true if a host that only the memory knows says itself that it is this host of this cluster. No other host is changed.
pub fn says_it_is_ours(name: &Name, facts: &HostFacts, desired: &Desired) -> bool {
    let stamped = facts.stamp.as_ref().is_some_and(|stamp| stamp.host == *name);
    (stamped || facts.claim.is_some()) && is_ours(facts, desired)
}

/// Computes the memory from the hosts observed so far. Hosts that only the memory knows may be asked next, and may add to it.
pub fn recall(desired: &Desired, observed: &Observed) -> Memory {
    let Former { anchors: former, backed } = former_anchors(desired, observed);
    let own: Vec<Anchor> = desired
        .anchors
        .iter()
        .map(|host| Anchor { host: host.clone(), reach: desired.hosts[host].host.reach.clone() })
        .collect();
    let mut memory = Memory { former, ..Memory::default() };
    for name in RecordName::ALL {
        let of = |anchors: &[Anchor]| {
            let there = records(name, anchors, desired, observed);
            (majority(&there, anchors.len()), !there.is_empty())
        };
        let (agreed, any) = of(&own);
        let (before, any_before) = if memory.former.is_empty() { (None, false) } else { of(&memory.former) };
        let agreed = agreed.or_else(|| {
            before.map(|record| if backed { record } else { confine(&mut memory, record, desired, observed) })
        });
        match agreed {
            Some(record) => drop(memory.records.insert(name, record)),
            None if any || any_before => memory.disputed.push(name),
            None => {}
        }
    }
    memory
}

/// Removes hosts that the topology does not name from a record, and notes which hosts remember them.
fn confine(memory: &mut Memory, record: Record, desired: &Desired, observed: &Observed) -> Record {
    let (hosts, others): (BTreeMap<Name, Reach>, BTreeMap<Name, Reach>) =
        record.hosts.into_iter().partition(|(name, reach)| desired.is_at(name, reach));
    for name in others.into_keys() {
        let remembers = |host: &&Name| {
            let mut records = observed.facts(host).into_iter().flat_map(|facts| facts.records.values());
            records.any(|record| record.hosts.contains_key(&name))
        };
        let by = desired.hosts.keys().filter(remembers).cloned().collect();
        memory.unvouched.insert(name, by);
    }
    Record { hosts, ..record }
}

/// The former anchors: those that more than half of the stamped hosts name, if they differ from the topology's. `backed` if more than half
/// of all hosts of the topology name them; otherwise they count only as far as the topology vouches for them.
fn former_anchors(desired: &Desired, observed: &Observed) -> Former {
    let seen = desired.hosts.keys().filter_map(|name| observed.facts(name));
    let stamps: Vec<_> =
        seen.filter(|facts| is_ours(facts, desired)).filter_map(|facts| facts.stamp.as_ref()).collect();
    let mut counts: HashMap<&Vec<Anchor>, usize> = HashMap::new();
    stamps.iter().for_each(|stamp| *counts.entry(&stamp.anchors).or_default() += 1);
    let hosts = |anchors: &Vec<Anchor>| anchors.iter().map(|anchor| anchor.host.clone()).collect::<Vec<_>>();
    let most = counts.into_iter().find(|(_, count)| *count * 2 > stamps.len());
    let Some((anchors, count)) = most.filter(|(anchors, _)| hosts(anchors) != desired.anchors) else {
        return Former { anchors: Vec::new(), backed: false };
    };
    let backed = count * 2 > desired.hosts.len();
    let may_ask = |anchor: &Anchor| desired.may_remember(&anchor.host, &anchor.reach);
    let believed = if backed { anchors.iter().all(may_ask) } else { is_vouched_for(anchors, desired, observed) };
    Former { anchors: if believed { anchors.clone() } else { Vec::new() }, backed }
}

/// Returns true if the topology itself vouches for anchors that only a few of its hosts name: a small cluster has grown to more than twice its
/// size. It has all of them at these places, they carry the cluster's identity, and most of them name each other. One host alone that names itself
/// is believed only if it is an anchor of the topology too, or the topology says the identity itself.
fn is_vouched_for(anchors: &[Anchor], desired: &Desired, observed: &Observed) -> bool {
    let Some(ours) = identity(desired, observed) else { return false };
    let is_here = |anchor: &Anchor| desired.is_at(&anchor.host, &anchor.reach);
    let names_them = |anchor: &&Anchor| {
        let stamp = observed.facts(&anchor.host).and_then(|facts| facts.stamp.as_ref());
        stamp.is_some_and(|stamp| stamp.anchors == anchors && stamp.identity.as_ref() == Some(&ours))
    };
    let stays = |anchor: &Anchor| desired.anchors.contains(&anchor.host);
    anchors.iter().all(is_here)
        && anchors.iter().filter(names_them).count() * 2 > anchors.len()
        && (anchors.len() > 1 || anchors.iter().all(stays) || desired.identity.is_some())
}

/// Anchors that the cluster had before.
struct Former {
    anchors: Vec<Anchor>,
    backed: bool,
}

/// Returns true if nothing on a host names another cluster.
pub fn is_ours(facts: &HostFacts, desired: &Desired) -> bool {
    let named = facts.stamp.as_ref().is_none_or(|stamp| stamp.cluster == desired.cluster)
        && facts.claim.as_ref().is_none_or(|claim| claim.cluster == desired.cluster);
    named && !binding(facts, desired).is_some_and(|theirs| desired.is_another(theirs))
}

/// Collects what each of these anchors has under a name, as far as it is this cluster's.
fn records<'a>(name: RecordName, anchors: &[Anchor], desired: &Desired, observed: &'a Observed) -> Vec<&'a Record> {
    let ours = |record: &&Record| {
        record.cluster == desired.cluster && !record.identity.as_ref().is_some_and(|theirs| desired.is_another(theirs))
    };
    let at = |anchor: &Anchor| seen_at(anchor, desired, observed)?.facts();
    anchors.iter().filter_map(at).filter_map(|facts| facts.records.get(&name)).filter(ours).collect()
}

/// Finds what was seen at an anchor's place: a machine keeps its address when the topology renames it.
fn seen_at<'a>(anchor: &Anchor, desired: &Desired, observed: &'a Observed) -> Option<&'a Seen> {
    let here = desired.hosts.iter().find(|(_, state)| state.host.reach.is_same_place(&anchor.reach));
    let departed = || observed.departed.get(&anchor.host).filter(|there| there.reach.is_same_place(&anchor.reach));
    here.and_then(|(name, _)| observed.hosts.get(name)).or_else(|| departed().map(|departed| &departed.seen))
}

/// The record that more than half of `anchors` have; of records that differ only in the epoch, the newest.
fn majority(records: &[&Record], anchors: usize) -> Option<Record> {
    let agreeing = |one: &Record| records.iter().filter(|other| other.agrees(one)).count();
    let agreed = records.iter().filter(|record| agreeing(record) * 2 > anchors);
    agreed.max_by_key(|record| record.epoch).map(|record| (*record).clone())
}

#[cfg(test)]
mod tests {
    use super::credible_epoch;

    #[test]
    fn one_anchor_alone_raises_no_epoch_out_of_reach() {
        for (epochs, wanted) in [
            (vec![], 0),
            (vec![7], 7),
            (vec![7, 9], 9),
            (vec![0, 0, 58], 58),
            (vec![0, 58, 58], 58),
            (vec![58, 4_000_000_000], 58),
            (vec![57, 58, 4_000_000_000], 58),
            (vec![1, 4_000_000_000, 58, 57, 60], 60),
        ] {
            assert_eq!(credible_epoch(epochs.clone()), wanted, "{epochs:?}");
        }
    }
}
