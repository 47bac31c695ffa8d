//! The rule of a roll: which node is next, from fresh facts. One pure function for preview, execution, resumption and tests.

use serde::Serialize;

use super::members::Roll;
use crate::host::{Health, ServiceFacts};
use crate::value::{Name, Redundancy};

/// The next step of a roll.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Next {
    Do { members: Vec<Name>, because: String },
    Wait { because: String },
    Done,
    Refuse { why: String },
}

/// Measured: an election ends within 1.2 s, a master's takeover within 43 s; plus a margin for a loaded machine.
const LONGEST_ELECTION_SECONDS: u64 = 60;

/// The next step of a roll. It depends on nothing but rule and facts, so a killed roll goes on where the facts say.
pub fn next(roll: &Roll, facts: &ServiceFacts) -> Next {
    let redundancy = roll.role.redundancy();
    let pending: Vec<&Name> =
        roll.members.keys().filter(|name| facts.nodes.get(*name).is_none_or(|node| !node.current)).collect();
    if pending.is_empty() {
        let done = facts.whole;
        return if done { Next::Done } else { Next::Wait { because: facts.because() } };
    }
    let health = |name: &Name| facts.nodes.get(name).map_or(Health::Unknown, |node| node.health);
    if let Some(unknown) = pending.iter().find(|name| health(name) == Health::Unknown) {
        return Next::Wait { because: format!("nobody can ask {unknown}") };
    }
    if let Some(because) = &facts.blocked {
        return Next::Wait { because: because.clone() };
    }
    let right = roll.all.iter().filter(|name| !pending.contains(name));
    let regrouping = roll.regroup && !super::safety::is_majority(roll, right.clone().count());
    // A node that is done but not well again holds up the rest: never touch a second one, unless the first cannot be well before.
    let settling = right.clone().find(|name| !health(name).serves());
    if let Some(settling) = settling.filter(|_| !regrouping && !waits_in_vain(roll, facts, &pending)) {
        return Next::Wait { because: format!("{settling} has not recovered yet") };
    }
    let some_serve = facts.nodes.values().any(|node| node.health.serves());
    let leaders = facts.nodes.values().filter(|node| node.health == Health::Leading).count();
    let harmless = |name: &&Name| match health(name) {
        Health::Down => true,
        // A second leader leads something other than the topology's ensemble.
        Health::Leading => {
            redundancy != Redundancy::Pool && leaders > 1 && super::safety::may_stop(roll, facts, name).is_ok()
        }
        // It may be electing: its restart could take away the majority that is forming.
        Health::Unsettled => {
            facts.silent_seconds >= LONGEST_ELECTION_SECONDS
                || super::safety::may_stop(roll, facts, name).is_ok()
                // While another node serves, no election is going on: this one serves on another port, or never will.
                || (some_serve && (roll.outage_allowed || regrouping))
        }
        Health::Unknown | Health::Serving => false,
    };
    let down: Vec<Name> = pending.iter().copied().filter(harmless).cloned().collect();
    if let Some(first) = down.first() {
        // Stopped workers are restarted all at once; those that run and are not registered, by the batch.
        let stopped: Vec<Name> = down.iter().filter(|name| health(name) == Health::Down).cloned().collect();
        let members = match redundancy {
            Redundancy::Pool if stopped.is_empty() => down.iter().take(roll.batch.max(1)).cloned().collect(),
            Redundancy::Pool => stopped,
            Redundancy::Majority | Redundancy::One => vec![first.clone()],
        };
        let because = if health(first) == Health::Leading {
            "two nodes lead, so restarting this one costs nothing"
        } else {
            "it does not serve, so restarting it costs nothing"
        };
        return Next::Do { members, because: because.to_owned() };
    }
    if let Some(unsettled) = pending.iter().find(|name| health(name) == Health::Unsettled) {
        return Next::Wait { because: format!("{unsettled} runs and does not serve: an election may be going on") };
    }
    if !facts.whole && !roll.outage_allowed && !regrouping {
        return Next::Wait { because: facts.because() };
    }
    if redundancy == Redundancy::Pool {
        let members = pending.iter().take(roll.batch.max(1)).map(|name| (*name).clone()).collect();
        return Next::Do { members, because: format!("in batches of {}", roll.batch.max(1)) };
    }
    let leads = |name: &&&Name| health(name) == Health::Leading;
    let (name, because) = match pending.iter().find(|name| !leads(name)) {
        Some(name) if redundancy == Redundancy::One => (*name, "standbys restart first, at no cost"),
        Some(name) => (*name, "followers restart first, without an election"),
        None => (pending[0], "it is the leader, so it is last"),
    };
    match super::safety::may_stop(roll, facts, name) {
        Ok(()) => Next::Do { members: vec![name.clone()], because: because.to_owned() },
        Err(hazard) if roll.outage_allowed || regrouping => {
            Next::Do { members: vec![name.clone()], because: format!("{hazard}; the outage is allowed") }
        }
        Err(hazard) => Next::Refuse { why: hazard.to_string() },
    }
}

/// Returns true if the members with the right inputs, and the others that serve, are too few for a majority: then no member recovers
/// before one that does neither is repaired.
fn waits_in_vain(roll: &Roll, facts: &ServiceFacts, pending: &[&Name]) -> bool {
    let can_serve = |name: &&Name| {
        facts.nodes.get(*name).is_some_and(|node| {
            let comes_in = !pending.contains(name) && node.counts && node.health != Health::Unknown;
            node.health.serves() || comes_in
        })
    };
    roll.role.redundancy() == Redundancy::Majority
        && !super::safety::is_majority(roll, roll.all.iter().filter(can_serve).count())
}
