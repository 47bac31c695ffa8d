//! Contradictions between one host's own files and what a majority of the anchors or members say about it.

use super::observed::Observed;
use super::recall::{binding, credible_epoch, identity};
use crate::desired::Desired;
use crate::host::{BIRTH_PATH, HostError, HostFacts, STAMP_PATH, STATE_FOLDER};
use crate::service;
use crate::value::{Identity, Name};

/// Marks hosts as unknown whose own files contradict what a majority says about them.
pub(super) fn set_odd_aside(observed: &mut Observed, desired: &Desired) {
    let highest = highest_epoch(observed, desired);
    let ours = identity(desired, observed);
    let mut odd: Vec<(Name, HostError)> = Vec::new();
    let departed = observed.departed.iter().map(|(name, departed)| (name, &departed.reach, &departed.seen));
    let here = observed.hosts.iter().map(|(name, seen)| (name, &desired.hosts[name].host.reach, seen));
    for (name, reach, seen) in here.chain(departed) {
        let Some(facts) = seen.facts() else { continue };
        let error = if observed.memory.has(name, reach) { disowns(name, facts, desired, ours.as_ref()) } else { None };
        // A host of another cluster is refused as such.
        let is_ours = binding(facts, desired).is_none_or(|theirs| Some(theirs) == ours.as_ref());
        let error = error.or_else(|| {
            let ours = ours.as_ref().filter(|_| is_ours)?;
            foreign_record(facts, ours)
        });
        let error = error.or_else(|| ahead(name, facts, highest.filter(|_| is_ours)?));
        odd.extend(error.map(|error| (name.clone(), error)));
    }
    odd.extend(births(desired, observed));
    let contradictions = service::all().flat_map(|service| service.contradictions(desired, &observed.hosts));
    odd.extend(contradictions.map(|(name, why)| (name, HostError::Refused { why })));
    odd.iter().for_each(|(name, error)| observed.set_aside(name, error));
}

/// The highest epoch that a lease of this cluster's has had. Only a majority of the anchors, and of those before them, can tell.
fn highest_epoch(observed: &Observed, desired: &Desired) -> Option<u64> {
    let former = observed.memory.former.iter().map(|anchor| anchor.host.clone()).collect::<Vec<_>>();
    let at =
        |name: &Name| observed.hosts.get(name).or_else(|| observed.departed.get(name).map(|departed| &departed.seen));
    let epochs = |anchors: &[Name]| -> Vec<u64> {
        anchors.iter().filter_map(|name| at(name)?.facts().map(|facts| facts.epoch)).collect()
    };
    let (own, before) = (epochs(&desired.anchors), epochs(&former));
    let known = own.len() * 2 > desired.anchors.len() && (former.is_empty() || before.len() * 2 > former.len());
    known.then(|| credible_epoch(own.into_iter().chain(before)))
}

fn unreadable(path: impl Into<String>, why: impl Into<String>) -> HostError {
    HostError::Unreadable { path: path.into(), why: why.into() }
}

/// The error of a host that claims to be another cluster's, or another host, although the anchors have it on record as this one.
fn disowns(name: &Name, facts: &HostFacts, desired: &Desired, ours: Option<&Identity>) -> Option<HostError> {
    if binding(facts, desired).is_some_and(|theirs| ours.is_some_and(|ours| ours != theirs)) {
        return Some(HostError::Foreign { carries: facts.claim.clone() });
    }
    let stamp = facts.stamp.as_ref().filter(|stamp| stamp.cluster != desired.cluster || stamp.host != *name)?;
    let why = format!(
        "it says that the host is {} of the cluster `{}`, and the anchors have it on record as {name} of `{}`",
        stamp.host, stamp.cluster, desired.cluster
    );
    Some(unreadable(STAMP_PATH, why))
}

/// The error of a host that keeps a record of another cluster.
fn foreign_record(facts: &HostFacts, ours: &Identity) -> Option<HostError> {
    let (name, record, theirs) = facts.records.iter().find_map(|(name, record)| {
        let theirs = record.identity.as_ref().filter(|theirs| *theirs != ours)?;
        Some((name, record, theirs))
    })?;
    let why = format!(
        "it belongs to the cluster `{}` (identity {theirs}), and this one's identity is {ours}",
        record.cluster
    );
    Some(unreadable(format!("{STATE_FOLDER}/{}.json", name.text()), why))
}

/// The error of a host whose epoch is above any that the anchors granted: it would refuse every action.
fn ahead(name: &Name, facts: &HostFacts, highest: u64) -> Option<HostError> {
    (facts.epoch > highest).then(|| HostError::EpochAhead { name: name.to_string(), seen: facts.epoch })
}

/// The members whose record of the ensemble's birth differs from the one that most members have.
fn births(desired: &Desired, observed: &Observed) -> Vec<(Name, HostError)> {
    let Some(quorum) = &desired.quorum else { return Vec::new() };
    let members = quorum.birth.members.values();
    let records = members.filter_map(|name| Some((name, &observed.facts(name)?.birth.as_ref()?.birth)));
    let (same, others): (Vec<_>, Vec<_>) = records.partition(|(_, birth)| **birth == quorum.birth);
    if same.len() < quorum.majority() {
        return Vec::new();
    }
    let error = || unreadable(BIRTH_PATH, "it records another birth of the ensemble than most members do");
    others.into_iter().map(|(name, _)| (name.clone(), error())).collect()
}
