//! Contradictions between one host's own files and what a majority of the anchors or members say about it.

use super::Observed;
use crate::desired::Desired;
use crate::host::HostError;
use crate::host::HostFacts;
use crate::host::{BIRTH_PATH, STAMP_PATH, STATE_FOLDER};
use crate::value::{Identity, Name};

fn unreadable(path: impl Into<String>, why: impl Into<String>) -> HostError {
    HostError::Unreadable { path: path.into(), why: why.into() }
}

/// The error of a host that claims to be another cluster's, or another host, although the anchors have it on record as this one.
pub(super) fn disowns(name: &Name, facts: &HostFacts, desired: &Desired, ours: Option<&Identity>) -> Option<HostError> {
    if facts.identity().is_some_and(|theirs| ours.is_some_and(|ours| ours != theirs)) {
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
pub(super) fn foreign_record(facts: &HostFacts, ours: &Identity) -> Option<HostError> {
    let (name, record, theirs) = facts.records.iter().find_map(|(name, record)| {
        let theirs = record.identity.as_ref().filter(|theirs| *theirs != ours)?;
        Some((name, record, theirs))
    })?;
    let why =
        format!("it is of the cluster `{}` (identity {theirs}), and this one's identity is {ours}", record.cluster);
    Some(unreadable(format!("{STATE_FOLDER}/{}.json", name.text()), why))
}

/// The error of a host whose epoch is above any that the anchors granted: it would refuse every action.
pub(super) fn ahead(name: &Name, facts: &HostFacts, highest: u64) -> Option<HostError> {
    (facts.epoch > highest).then(|| HostError::EpochAhead { name: name.to_string(), seen: facts.epoch })
}

/// The members whose record of the ensemble's birth differs from the one that most members have.
pub(super) fn births(desired: &Desired, observed: &Observed) -> Vec<(Name, HostError)> {
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
