//! The health of an ensemble. Every member is asked by itself, never through one address.

use std::collections::BTreeMap;

use super::leaders::{followed_by_most, serving, strays};
use crate::desired::Desired;
use crate::host::{Health, HostState, NodeFacts, Seen, ServiceFacts};
use crate::plan::compare::stale_inputs;
use crate::service::zookeeper::{MEMBER, MemberFacts, MemberMode, canary};
use crate::value::{Name, listed};

/// The health of these members, from one observation. (The gate checks that it lasts.)
pub fn health(hosts: &[Name], desired: &Desired, seen: &BTreeMap<Name, Seen>) -> ServiceFacts {
    let unit = MEMBER.unit();
    let mut facts = ServiceFacts::default();
    let mut leaders = Vec::new();
    let mut epochs = Vec::new();
    let of_role = |(name, state): &(&Name, &HostState)| hosts.contains(name) && state.services.contains_key(unit);
    let members: Vec<_> = desired.hosts.iter().filter(of_role).collect();
    for (name, state) in &members {
        let Some(host) = seen.get(*name).and_then(Seen::facts) else {
            facts.nodes.insert((*name).clone(), NodeFacts { health: Health::Unknown, current: false, counts: false });
            continue;
        };
        let running = host.units.get(unit).filter(|unit| unit.is_running());
        let current = host.has_data
            && running.is_some_and(|unit| {
                !unit.needs_reload && stale_inputs(&state.services[MEMBER.unit()], unit, state, host).is_empty()
            });
        let serving = serving(host);
        let health = match serving.as_ref().map(|member| member.mode) {
            Some(MemberMode::Leader | MemberMode::Standalone) => Health::Leading,
            Some(MemberMode::Follower) => Health::Serving,
            Some(MemberMode::NotServing) | None if running.is_some() => Health::Unsettled,
            Some(MemberMode::NotServing) | None => Health::Down,
        };
        if let Some(member) = &serving {
            if health == Health::Leading {
                leaders.push(((*name).clone(), member.clone()));
            }
            if member.broadcasts.is_none() {
                facts.suspect(name, format!("{name} does not answer `mntr`"));
            }
            // A fresh follower knows no transaction yet and says epoch 0.
            epochs.extend((member.epoch > 0).then_some(((*name).clone(), member.epoch)));
        } else {
            facts.missing.push(format!("{name} does not serve"));
        }
        if serving.is_some() && canary(host) == Some(false) {
            facts.suspect(name, format!("a write through {name} is not answered"));
        }
        facts.nodes.insert((*name).clone(), NodeFacts { health, current, counts: host.has_data || host.has_marker });
    }
    let all = desired.quorum.as_ref().map_or(members.len(), |quorum| quorum.birth.members.len());
    if leaders.len() > 1 {
        for (name, leader) in &leaders {
            if strays(name, leader, desired, seen) {
                facts.nodes.get_mut(name).expect("a leader is a node").health = Health::Straying;
            }
        }
    }
    if leaders.is_empty()
        && facts.is_whole()
        && let Some(leader) = followed_by_most(desired, seen)
    {
        facts.suspect(&leader, format!("most members follow {leader}, which does not say that it leads"));
    }
    check_leader(&leaders, members.len(), all, &mut facts);
    check_epochs(&epochs, &mut facts);
    facts
}

/// Members of one ensemble are in one epoch: that of more than half of those that say one.
fn check_epochs(epochs: &[(Name, u64)], facts: &mut ServiceFacts) {
    let share = |epoch: u64| epochs.iter().filter(|(_, other)| *other == epoch).count();
    if epochs.iter().all(|(_, epoch)| share(*epoch) == epochs.len()) {
        return;
    }
    for (name, epoch) in epochs.iter().filter(|(_, epoch)| share(*epoch) * 2 <= epochs.len()) {
        facts.suspect(name, format!("{name} is in ZooKeeper epoch {epoch}, and most members are not"));
    }
}

/// The leader must have the others of `asked` in sync, and count `all` members. If every other member serves, what is wrong with its figures is its own
/// fault.
fn check_leader(leaders: &[(Name, MemberFacts)], asked: usize, all: usize, facts: &mut ServiceFacts) {
    let [(name, leader)] = leaders else {
        let what = if leaders.is_empty() {
            "there is no leader".to_owned()
        } else {
            format!("{} all say that they lead", listed(leaders.iter().map(|(name, _)| name)))
        };
        facts.missing.push(what);
        return;
    };
    if leader.mode == MemberMode::Standalone {
        return;
    }
    let others_serve = facts.is_whole();
    let wanted = u32::try_from(asked - 1).unwrap_or(u32::MAX);
    let mut faults = Vec::new();
    if leader.synced_voters.is_none_or(|synced| synced < wanted) {
        let have = leader.synced_voters.map_or_else(|| "an unknown number of".to_owned(), |count| count.to_string());
        faults.push(format!("the leader {name} has {have} of {wanted} followers in sync"));
    }
    if leader.quorum_size.is_some_and(|size| size as usize != all) {
        faults.push(format!("the leader {name} counts a different number of members than the topology has"));
    }
    for fault in faults {
        if others_serve { facts.suspect(name, fault) } else { facts.missing.push(fault) }
    }
}
