//! From goal and observation to a plan.

mod archives;
mod birth;
mod destroy;
mod memory;
mod ownership;
mod phases;
mod planner;
mod pool;
mod prepare;
mod quorum;
mod settings;
mod standbys;

use std::collections::BTreeMap;

use super::compare::{HostChange, Need, ServiceChange, compare};
use super::{ClusterRefusal, Goal, HostRefusal, Plan, Reason, Refusal};
use crate::desired::Desired;
use crate::host::{DROP_INS, HostError, HostState};
use crate::observe::{Observed, recall};
use crate::service;
use crate::value::Name;
use planner::Planner;

/// Decides everything. Returns all refusals, not only the first.
///
/// A host that is refused is left for later, with the reason, where the operator allows that; in a destroy, if the anchors have it on record,
/// or if it is another cluster's, this one was never whole, and some other host is this one's. (Of any other host the topology itself may be wrong.)
pub fn plan(goal: &Goal, desired: &Desired, observed: &Observed) -> Result<Plan, Vec<Refusal>> {
    let leaves = |host: &Name, because: &HostRefusal| match goal {
        Goal::Apply { skip_unreachable, .. } => *skip_unreachable,
        Goal::Destroy { .. } => {
            observed.memory.has(host, &desired.hosts[host].host.reach)
                || (because.is_of_another_cluster() && observed.memory.is_empty() && some_are_ours(desired, observed))
        }
    };
    let refusals = match plan_for_all(goal, desired, observed) {
        Err(refusals) => refusals,
        planned => return planned,
    };
    // Some refusals are about a host's former place, and stay when nothing is known of the host itself.
    let leavable = |refusal: &&Refusal| matches!(refusal, Refusal::Host { host, because } if leaves(host, because) && observed.facts(host).is_some());
    let mut rest = observed.clone();
    let mut any = false;
    for refusal in refusals.iter().filter(leavable) {
        // Only a host's first reason is reported.
        if let Refusal::Host { host, because } = refusal
            && rest.facts(host).is_some()
        {
            let theirs =
                rest.facts(host).and_then(|facts| facts.claim.clone()).filter(|_| because.is_of_another_cluster());
            let error = match goal {
                // Nothing of this cluster is on it, and nothing is left to do there.
                Goal::Destroy { .. } if theirs.is_some() => HostError::Foreign { carries: theirs },
                _ => HostError::Refused { why: format!("{because}; {}", because.instead()) },
            };
            rest.set_aside(host, &error);
            any = true;
        }
    }
    if !any {
        return Err(refusals);
    }
    // The memory is recalled without these hosts; refusals that remain without them are added.
    rest.memory = recall(desired, &rest);
    plan(goal, desired, &rest).map_err(|mut more| {
        more.retain(|refusal| !refusals.contains(refusal));
        [refusals, more].concat()
    })
}

/// Returns true if a host of the topology carries this cluster's identity.
fn some_are_ours(desired: &Desired, observed: &Observed) -> bool {
    let is_ours = |name: &Name| observed.facts(name)?.claim.as_ref().map(|claim| !desired.is_another(&claim.identity));
    desired.hosts.keys().any(|name| is_ours(name) == Some(true))
}

fn plan_for_all(goal: &Goal, desired: &Desired, observed: &Observed) -> Result<Plan, Vec<Refusal>> {
    let for_removal;
    let observed = if let Goal::Destroy { .. } = goal {
        for_removal = observed.for_removal();
        &for_removal
    } else {
        observed
    };
    if observed.hosts.values().all(|seen| seen.facts().is_none()) {
        return Err(vec![Refusal::Cluster { because: ClusterRefusal::NoHost }]);
    }
    let mut refusals = ownership::not_ours(desired, observed);
    refusals.extend(ownership::unvouched(observed));
    refusals.extend(ownership::one_machine_twice(desired, observed));
    refusals.extend(ownership::answers_elsewhere(desired, observed));
    refusals.extend(ownership::in_the_way(goal, desired, observed));
    let planned = match goal {
        Goal::Apply { .. } => {
            refusals.extend(ownership::foreign_tables(desired, observed));
            Planner::new(goal, desired, observed, changes(desired, observed)).apply(&mut refusals)
        }
        Goal::Destroy { delete_data } => {
            let planner = Planner::new(goal, desired, observed, BTreeMap::new());
            planner.refuse_stamps_of_others(&mut refusals);
            planner.destroy(*delete_data)
        }
    };
    if refusals.is_empty() { Ok(planned) } else { Err(refusals) }
}

/// Everything that differs between a host's state and the one that it must be in.
fn changes(desired: &Desired, observed: &Observed) -> BTreeMap<Name, HostChange> {
    let change = |(name, state): (&Name, &HostState)| {
        let facts = observed.facts(name)?;
        let mut change = compare(state, facts);
        birth::lost_data(desired, state, facts, &mut change);
        memory::forget_records(desired, name, facts, &mut change);
        Some((name.clone(), change))
    };
    let mut all: BTreeMap<Name, HostChange> = desired.hosts.iter().filter_map(change).collect();
    for (name, role, why) in service::all().flat_map(|service| service.ailing(desired, &observed.hosts)) {
        if let Some(change) = all.get_mut(&name) {
            let restart = || ServiceChange { need: Need::Restart, why: vec![Reason::Ailing { why }] };
            change.services.entry(role.unit().to_owned()).or_insert_with(restart);
        }
    }
    all
}

impl Planner<'_> {
    /// A drop-in is its author's business; but whoever looks for the cause of something must know of it.
    fn note_drop_ins(&mut self) {
        for (name, state) in &self.desired.hosts {
            let Some(facts) = self.observed.facts(name) else { continue };
            if !facts.inherited.is_empty() && !state.services.is_empty() {
                let names: Vec<&str> = facts.inherited.iter().map(String::as_str).collect();
                self.notes.push(format!(
                    "{name}: systemd gives every service {}, which may override the topology (DefaultEnvironment, or `systemctl set-environment`)",
                    names.join(", ")
                ));
            }
            let of = |unit: &String| facts.units.get(unit).filter(|seen| !seen.drop_ins.is_empty());
            for (unit, seen) in state.services.keys().filter_map(|unit| Some((unit, of(unit)?))) {
                self.notes.push(format!("{name}: {unit}: {DROP_INS} {}", seen.drop_ins.join(", ")));
                if let Some(words) = seen.without_record() {
                    self.notes.push(format!("{name}: {unit}: {words}"));
                }
            }
        }
    }

    fn apply(mut self, refusals: &mut Vec<Refusal>) -> Plan {
        for record in &self.observed.memory.disputed {
            self.notes.push(format!(
                "the anchors disagree about the record of the {} state; it is ignored and will be rewritten",
                record.text()
            ));
        }
        self.note_drop_ins();
        let agreed = self.agree_on_archives(refusals);
        let mut stopped = self.classify_settings(refusals);
        stopped.extend(self.changed_secrets(refusals));
        let stage = self.judge_birth(refusals);
        let stops = self.stops_for_outage(&stopped);
        // Unpacking takes long, and everything runs meanwhile.
        self.prepare(&agreed);
        self.phases.extend(stops);
        self.lay_after_stop();
        let wide = self.firewall();
        self.announce_lost_jobs();
        self.roles(stage);
        self.enable();
        self.retire();
        self.close(&wide);
        self.remember();
        self.finish()
    }
}
