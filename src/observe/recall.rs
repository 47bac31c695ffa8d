//! What the anchors agree on. A host alone is believed about itself and nothing else.

use std::collections::HashMap;

use super::memory::Memory;
use super::observed::Observed;
use crate::desired::Desired;
use crate::host::{Anchor, HostFacts, Record, RecordName, Seen};
use crate::value::{Identity, Name};

/// An epoch further above those of most anchors than applies can have raised it is a damaged or a forged one.
const FAR: u64 = 1_000_000;

/// The highest epoch that can be believed: the highest, unless it is far above the middle one.
pub fn credible_epoch(epochs: impl IntoIterator<Item = u64>) -> u64 {
    let mut all: Vec<u64> = epochs.into_iter().collect();
    all.sort_unstable();
    let Some(middle) = all.len().checked_sub(1).map(|last| all[last / 2]) else { return 0 };
    all.into_iter().rev().find(|epoch| *epoch <= middle + FAR).unwrap_or(middle)
}

/// The cluster's identity: what the topology says; else one that hosts carry whose stamps name anchors of which the topology still has a
/// majority, with that identity; else one that an anchor was claimed with for these very anchors, by an apply that was killed early.
/// `None` where there is none: hosts that carry one are another cluster's.
pub fn identity(desired: &Desired, observed: &Observed) -> Option<Identity> {
    if desired.identity.is_some() {
        return desired.identity.clone();
    }
    let named = |name: &Name| observed.facts(name).filter(|facts| is_ours(facts, desired));
    let mut electorates: HashMap<(&Identity, &Vec<Anchor>), usize> = HashMap::new();
    for facts in desired.hosts.keys().filter_map(named) {
        if let (Some(identity), Some(stamp)) = (facts.identity(), &facts.stamp) {
            *electorates.entry((identity, &stamp.anchors)).or_default() += 1;
        }
    }
    let here = |identity: &Identity, anchor: &Anchor| {
        let at = desired.hosts.iter().find(|(_, state)| state.host.reach.is_same_place(&anchor.reach));
        at.and_then(|(name, _)| named(name)).is_some_and(|facts| facts.identity() == Some(identity))
    };
    let elected = electorates.into_iter().filter(|((identity, anchors), _)| {
        anchors.iter().filter(|anchor| here(identity, anchor)).count() * 2 > anchors.len()
    });
    let elected = elected.max_by_key(|((identity, _), count)| (*count, *identity)).map(|((identity, _), _)| identity);
    let place = desired.anchors_digest();
    let mut claims = desired.anchors.iter().filter_map(|name| named(name)?.claim.as_ref());
    elected.or_else(|| claims.find(|claim| claim.anchors == place).map(|claim| &claim.identity)).cloned()
}

/// Says whether a host that only the memory knows claims itself that it is this host of this cluster: nothing is done to any other.
pub fn says_it_is_ours(name: &Name, facts: &HostFacts, desired: &Desired) -> bool {
    let stamped = facts.stamp.as_ref().is_some_and(|stamp| stamp.host == *name);
    (stamped || facts.claim.is_some()) && is_ours(facts, desired)
}

/// Computes the memory from the hosts observed so far. Hosts that only the memory knows may be asked next, and may add to it.
pub fn recall(desired: &Desired, observed: &Observed) -> Memory {
    let former = former_anchors(desired, observed);
    let own: Vec<Anchor> = desired
        .anchors
        .iter()
        .map(|host| Anchor { host: host.clone(), reach: desired.hosts[host].host.reach.clone() })
        .collect();
    let mut memory = Memory { former, ..Memory::default() };
    for name in RecordName::ALL {
        let (mut agreed, mut any) = (None, false);
        for anchors in [&own, &memory.former].into_iter().filter(|anchors| !anchors.is_empty()) {
            let there = records(name, anchors, desired, observed);
            any |= !there.is_empty();
            agreed = agreed.or_else(|| majority(&there, anchors.len()));
        }
        match agreed {
            Some(record) => drop(memory.records.insert(name, record)),
            None if any => memory.disputed.push(name),
            None => {}
        }
    }
    memory
}

/// The former anchors: those that more than half of the stamped hosts name, if they differ from the topology's. Anchors that the topology
/// does not name are contacted only if more than half of all hosts that answered name them.
fn former_anchors(desired: &Desired, observed: &Observed) -> Vec<Anchor> {
    let seen = || desired.hosts.keys().filter_map(|name| observed.facts(name));
    let stamps = || seen().filter(|facts| is_ours(facts, desired)).filter_map(|facts| facts.stamp.as_ref());
    let mut counts: HashMap<&Vec<Anchor>, usize> = HashMap::new();
    stamps().for_each(|stamp| *counts.entry(&stamp.anchors).or_default() += 1);
    let all = stamps().count();
    let most = counts.into_iter().find(|(_, count)| *count * 2 > all);
    let here = |anchor: &Anchor| {
        desired.hosts.get(&anchor.host).is_some_and(|state| state.host.reach.is_same_place(&anchor.reach))
    };
    let may_ask = |anchor: &Anchor| desired.may_remember(&anchor.host, &anchor.reach);
    let hosts = |anchors: &Vec<Anchor>| anchors.iter().map(|anchor| anchor.host.clone()).collect::<Vec<_>>();
    let believed = most.filter(|(anchors, count)| {
        anchors.iter().all(here) || (*count * 2 > seen().count() && anchors.iter().all(may_ask))
    });
    believed
        .map(|(anchors, _)| anchors)
        .filter(|anchors| hosts(anchors) != desired.anchors)
        .cloned()
        .unwrap_or_default()
}

/// Says whether nothing on a host names another cluster.
pub fn is_ours(facts: &HostFacts, desired: &Desired) -> bool {
    let named = facts.stamp.as_ref().is_none_or(|stamp| stamp.cluster == desired.cluster)
        && facts.claim.as_ref().is_none_or(|claim| claim.cluster == desired.cluster);
    named && !facts.identity().is_some_and(|theirs| desired.is_another(theirs))
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

/// The record that more than half of so many anchors have; the newest of those that agree but for the epoch.
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
