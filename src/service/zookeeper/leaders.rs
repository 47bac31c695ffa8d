//! Members that say that they lead, and the members that follow them. A member alone is believed about itself and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::answers::{MemberFacts, MemberMode, member_facts};
use super::desire::ZOO_CFG;
use super::listeners::PEER;
use super::role::MEMBER;
use crate::desired::Desired;
use crate::host::{Content, HostFacts, HostState, Seen, UnitFacts, sha256};
use crate::plan::command::reads;
use crate::value::{HostPath, Name};

/// Members that say that they lead beside one that most members follow.
pub fn contradictions(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
    let leaders: Vec<(&Name, MemberFacts)> =
        members(desired).filter_map(|(name, _)| Some((name, leader(seen.get(name)?.facts()?)?))).collect();
    if leaders.len() < 2 {
        return Vec::new();
    }
    let Some(real) = followed_by_most(desired, seen) else { return Vec::new() };
    let why = format!("it says that it leads the ensemble, and most members follow the one on {real}");
    // One that leads another ensemble by its own words is repaired.
    let false_ones = leaders.iter().filter(|(name, facts)| **name != real && !strays(name, facts, desired, seen));
    false_ones.map(|(name, _)| ((*name).clone(), why.clone())).collect()
}

/// The member that more than half of all members, itself among them, follow: by the connections that the kernels of their hosts have.
pub fn followed_by_most(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Option<Name> {
    let followers = |leader: &Name, place| {
        let others = members(desired).filter(|(name, _)| *name != leader);
        others.filter(|(name, _)| seen.get(*name).and_then(Seen::facts).and_then(followed) == Some(place)).count()
    };
    let all = members(desired).count();
    let is_followed = |(name, state): &(&Name, &HostState)| {
        place(state, desired).is_some_and(|place| (1 + followers(name, place)) * 2 > all)
    };
    members(desired).find(is_followed).map(|(name, _)| name.clone())
}

fn members(desired: &Desired) -> impl Iterator<Item = (&Name, &HostState)> {
    desired.hosts.iter().filter(|(_, state)| state.services.contains_key(MEMBER.unit()))
}

/// The figures of a member that serves and says that it leads.
fn leader(host: &HostFacts) -> Option<MemberFacts> {
    serving(host).filter(|member| matches!(member.mode, MemberMode::Leader | MemberMode::Standalone))
}

/// The figures of a member that runs and serves. At the address of one that does not run, another cluster's may answer.
pub fn serving(host: &HostFacts) -> Option<MemberFacts> {
    let runs = host.units.get(MEMBER.unit()).is_some_and(UnitFacts::is_running);
    member_facts(host).filter(|member| runs && member.serves())
}

/// The address and port at which followers of a member would be connected to it; `None` where the topology has a name instead of an address.
fn place(state: &HostState, desired: &Desired) -> Option<(IpAddr, u16)> {
    let address: IpAddr = state.host.address.as_str().parse().ok()?;
    Some((address.to_canonical(), state.host.port(&desired.listeners, PEER)))
}

/// The member that a host's own is connected to. One that is connected to several follows nobody for sure.
fn followed(host: &HostFacts) -> Option<(IpAddr, u16)> {
    let mut all = host.connected.iter();
    all.next().copied().filter(|_| all.next().is_none())
}

/// Returns true if a leader says itself that what it leads is not the topology's ensemble.
pub fn strays(name: &Name, leader: &MemberFacts, desired: &Desired, seen: &BTreeMap<Name, Seen>) -> bool {
    let all = desired.quorum.as_ref().map_or(1, |quorum| quorum.birth.members.len());
    let lists_others = || seen[name].facts().and_then(|host| runs_with_others(&desired.hosts[name], host));
    leader.leads_another_ensemble(all) || leader.has_lost_its_majority(all) || lists_others() == Some(true)
}

/// Returns true if a running member started with another list of members than the topology has; `None` where nobody can tell, since its file was
/// changed again meanwhile, or its unit made it read another one.
pub fn runs_with_others(state: &HostState, facts: &HostFacts) -> Option<bool> {
    let path = HostPath::known(ZOO_CFG);
    let unit = facts.units.get(MEMBER.unit()).filter(|unit| unit.is_running())?;
    let started =
        unit.started.get(path.as_str()).filter(|_| reads(&path, MEMBER.unit(), unit, state, facts) == Some(true))?;
    let Some(Content::Text(ours)) = state.files.get(&path).map(|file| &file.content) else { return None };
    if *started == sha256(ours.as_bytes()) {
        return Some(false);
    }
    let there = facts.paths.get(&path).filter(|there| there.sha256.as_ref() == Some(started))?;
    let members = |text: &str| -> BTreeSet<String> {
        text.lines().filter(|line| line.starts_with("server.")).map(str::to_owned).collect()
    };
    Some(members(there.text.as_deref()?) != members(ours))
}
