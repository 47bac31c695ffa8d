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
    let is_pending = |name: &&Name| facts.nodes.get(*name).is_none_or(|node| !node.current);
    let pending: Vec<&Name> = roll.members.keys().filter(is_pending).collect();
    if pending.is_empty() {
        return if facts.is_whole() { Next::Done } else { Next::Wait { because: facts.because() } };
    }
    let right = roll.all.iter().filter(|name| !pending.contains(name)).count();
    let regrouping = roll.regroup && !super::safety::is_majority(roll, right);
    let situation = Situation { roll, facts, pending, regrouping };
    if let Some(because) = situation.why_none_may_be_touched() {
        return Next::Wait { because };
    }
    situation
        .at_no_cost()
        .or_else(|| situation.the_one_at_fault())
        .or_else(|| Some(Next::Wait { because: situation.why_no_serving_node_may_be_touched()? }))
        .unwrap_or_else(|| situation.one_that_serves())
}

/// A roll with nodes left to do.
struct Situation<'a> {
    roll: &'a Roll,
    facts: &'a ServiceFacts,
    /// The nodes that do not run with their new inputs yet.
    pending: Vec<&'a Name>,
    /// True if those that run with wrong inputs keep the right ones out, and may be stopped although no majority is left.
    regrouping: bool,
}

impl Situation<'_> {
    fn health(&self, name: &Name) -> Health {
        self.facts.nodes.get(name).map_or(Health::Unknown, |node| node.health)
    }

    /// The reason why no node may be touched now, whatever its own state.
    fn why_none_may_be_touched(&self) -> Option<String> {
        if let Some(unknown) = self.pending.iter().find(|name| self.health(name) == Health::Unknown) {
            return Some(format!("{unknown} cannot be reached or used"));
        }
        if let Some(because) = &self.facts.blocked {
            return Some(because.clone());
        }
        // A node that is done but not well again holds up the rest, unless it cannot recover before another is repaired.
        let mut right = self.roll.all.iter().filter(|name| !self.pending.contains(name));
        let settling = right.find(|name| !self.health(name).serves())?;
        (!self.regrouping && !self.waits_in_vain()).then(|| format!("{settling} has not recovered yet"))
    }

    /// Nodes whose restart costs nothing, because they do not serve or need not.
    fn at_no_cost(&self) -> Option<Next> {
        let idle: Vec<Name> =
            self.pending.iter().copied().filter(|name| self.restarts_at_no_cost(name)).cloned().collect();
        let first = idle.first()?;
        let stopped: Vec<Name> = idle.iter().filter(|name| self.health(name) == Health::Down).cloned().collect();
        // Stopped workers are restarted all at once; those that run and are not registered, by the batch.
        let members = match self.roll.role.redundancy() {
            Redundancy::Pool if stopped.is_empty() => idle.iter().take(self.roll.batch.max(1)).cloned().collect(),
            Redundancy::Pool => stopped,
            Redundancy::Majority | Redundancy::One => vec![first.clone()],
        };
        let because = if self.health(first) == Health::Straying {
            "another node leads the service and this one does not belong to it, so restarting it costs nothing"
        } else {
            "it does not serve, so restarting it costs nothing"
        };
        Some(Next::Do { members, because: because.to_owned() })
    }

    fn restarts_at_no_cost(&self, name: &Name) -> bool {
        let Situation { roll, facts, regrouping, .. } = self;
        let may_stop = || super::safety::may_stop(roll, facts, name).is_ok();
        match self.health(name) {
            Health::Down => true,
            Health::Straying => may_stop(),
            // It may be electing: its restart could take away the majority that is forming.
            Health::Unsettled => {
                // While another node serves, no election is going on: this one serves on another port, or never will.
                let some_serve = || facts.nodes.values().any(|node| node.health.serves());
                facts.silent_seconds >= LONGEST_ELECTION_SECONDS
                    || may_stop()
                    || ((roll.outage_allowed || *regrouping || roll.idle) && some_serve())
            }
            // A second leader's claim is no evidence against this one.
            Health::Unknown | Health::Serving | Health::Leading => false,
        }
    }

    /// A member that is to be restarted and is alone at fault that the ensemble is not whole: the others are a majority, and the restart may mend
    /// it. Nobody would ever be touched otherwise.
    fn the_one_at_fault(&self) -> Option<Next> {
        let Situation { roll, facts, pending, .. } = self;
        let is_suspect = |name: &Name| facts.suspects.contains(name);
        let all_known =
            facts.missing.len() == facts.suspicions && facts.nodes.values().all(|node| node.health.serves());
        if roll.role.redundancy() != Redundancy::Majority
            || !all_known
            || !facts.suspects.iter().all(|name| pending.contains(&name))
            || !super::safety::is_majority(roll, roll.all.iter().filter(|name| !is_suspect(name)).count())
        {
            return None;
        }
        let name = *pending.iter().find(|name| is_suspect(name))?;
        let because =
            "its answers alone keep the ensemble from being healthy, and the others are a majority".to_owned();
        super::safety::may_stop(roll, facts, name).ok().map(|()| Next::Do { members: vec![name.clone()], because })
    }

    /// The reason why no node that serves may be touched yet.
    fn why_no_serving_node_may_be_touched(&self) -> Option<String> {
        if let Some(unsettled) = self.pending.iter().find(|name| self.health(name) == Health::Unsettled) {
            return Some(format!("{unsettled} runs and does not serve: an election may be going on"));
        }
        let must_be_whole = !self.roll.outage_allowed && !self.regrouping;
        (must_be_whole && !self.facts.is_whole()).then(|| self.facts.because())
    }

    /// The restart that costs least, when all pending nodes serve.
    fn one_that_serves(&self) -> Next {
        let Situation { roll, facts, pending, regrouping } = self;
        let redundancy = roll.role.redundancy();
        if redundancy == Redundancy::Pool {
            let batch = roll.batch.max(1);
            let members = pending.iter().take(batch).map(|name| (*name).clone()).collect();
            return Next::Do {
                members,
                because: if batch == 1 { "one at a time".to_owned() } else { format!("in batches of {batch}") },
            };
        }
        let leads = roll.role.takeover().map_or("leads", |takeover| takeover.leads);
        let (name, because) = match pending.iter().find(|name| self.health(name) != Health::Leading) {
            Some(name) if redundancy == Redundancy::One => (*name, "standbys restart first, at no cost".to_owned()),
            Some(name) => (*name, "followers restart first, without an election".to_owned()),
            None => (pending[0], format!("it {leads}, so it comes last")),
        };
        match super::safety::may_stop(roll, facts, name) {
            Ok(()) => Next::Do { members: vec![name.clone()], because },
            Err(hazard) if roll.outage_allowed || *regrouping => {
                Next::Do { members: vec![name.clone()], because: format!("{hazard}; the outage is allowed") }
            }
            Err(hazard) => Next::Refuse { why: hazard.to_string() },
        }
    }

    /// Returns true if the members with the right inputs, and the others that serve, are too few for a majority: then no member recovers
    /// before one that does neither is repaired.
    fn waits_in_vain(&self) -> bool {
        let can_serve = |name: &&Name| {
            self.facts.nodes.get(*name).is_some_and(|node| {
                let comes_in = !self.pending.contains(name) && node.counts && node.health != Health::Unknown;
                node.health.serves() || comes_in
            })
        };
        self.roll.role.redundancy() == Redundancy::Majority
            && !super::safety::is_majority(self.roll, self.roll.all.iter().filter(can_serve).count())
    }
}
