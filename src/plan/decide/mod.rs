//! From goal and observation to a plan.

mod archives;
mod birth;
mod destroy;
mod memory;
mod phases;
mod prepare;
mod settings;
mod strangers;

pub use prepare::TRIAL_SECONDS;

use std::collections::BTreeMap;

use super::compare::{HostChange, Need, compare};
use super::{Goal, Outage, Phase, Plan, Reason, Refusal, Step};
use crate::desired::Desired;
use crate::host::Action;
use crate::host::HostState;
use crate::host::Target;
use crate::observe::{Observed, says_it_is_ours};
use crate::value::Name;
use crate::value::listener::Role;

/// Decides everything. Refusals are all that stand in the way, not the first.
pub fn plan(goal: &Goal, desired: &Desired, observed: &Observed) -> Result<Plan, Vec<Refusal>> {
    if observed.hosts.values().all(|seen| seen.facts().is_none()) {
        let why = "no host can be asked, and what is on them decides".to_owned();
        return Err(vec![Refusal::Cluster { why, instead: "mend the way there".to_owned() }]);
    }
    let mut refusals = strangers::strangers(desired, observed);
    refusals.extend(strangers::twins(desired, observed));
    refusals.extend(strangers::doubles(desired, observed));
    refusals.extend(strangers::foreign(goal, desired, observed));
    let planned = match goal {
        Goal::Apply { .. } => Planner::new(goal, desired, observed).apply(&mut refusals),
        Goal::Destroy { delete_data } => Planner::new(goal, desired, observed).destroy(*delete_data),
    };
    if refusals.is_empty() { Ok(planned) } else { Err(refusals) }
}

struct Planner<'a> {
    goal: &'a Goal,
    desired: &'a Desired,
    observed: &'a Observed,
    changes: BTreeMap<Name, HostChange>,
    outages: Vec<Outage>,
    notes: Vec<String>,
    skipped: Vec<String>,
    /// Whether something of the topology itself is left for later.
    held_up: bool,
    phases: Vec<Phase>,
}

impl<'a> Planner<'a> {
    fn new(goal: &'a Goal, desired: &'a Desired, observed: &'a Observed) -> Self {
        let changes = desired
            .hosts
            .iter()
            .filter_map(|(name, state)| {
                let mut change = compare(state, observed.facts(name)?);
                birth::lost_data(desired, state, observed.facts(name)?, &mut change);
                memory::forget_records(desired, name, observed.facts(name)?, &mut change);
                Some((name.clone(), change))
            })
            .collect();
        Planner {
            goal,
            desired,
            observed,
            changes,
            outages: Vec::new(),
            notes: Vec::new(),
            skipped: Vec::new(),
            held_up: false,
            phases: Vec::new(),
        }
    }

    fn apply(mut self, refusals: &mut Vec<Refusal>) -> Plan {
        for record in &self.observed.memory.disputed {
            self.notes.push(format!(
                "the anchors disagree about the record of what is {}; it is ignored and will be rewritten",
                record.text()
            ));
        }
        let agreed = self.agree_on_archives(refusals);
        let mut stopped = self.classify_settings(refusals);
        stopped.extend(self.changed_secret(refusals));
        let life = self.judge_birth(refusals);
        let stops = self.stops_for_outage(&stopped);
        // Unpacking takes long, and everything runs meanwhile.
        self.prepare(&agreed);
        self.phases.extend(stops);
        self.lay_after_stop();
        self.firewall();
        self.ensemble(life);
        self.masters();
        self.workers();
        self.enable();
        self.retire();
        self.remember();
        self.finish()
    }

    fn finish(self) -> Plan {
        let everyone = match self.goal {
            Goal::Apply { .. } => self.present(),
            // A destroy leaves hosts alone on which nothing is.
            Goal::Destroy { .. } => self.touched(),
        };
        Plan {
            everyone,
            cluster: self.desired.cluster.clone(),
            goal: self.goal.clone(),
            changes: self.changes.into_iter().filter(|(_, change)| !change.is_empty()).collect(),
            phases: self.phases,
            unknown: self.observed.unknown().map(|(name, error)| (name.clone(), error.to_string())).collect(),
            outages: self.outages,
            notes: self.notes,
            skipped: self.skipped,
        }
    }

    /// Every host that answered, departed ones too.
    fn present(&self) -> Vec<Target> {
        let current =
            self.desired.hosts.keys().filter(|name| self.observed.facts(name).is_some()).map(|name| self.target(name));
        let departed = self.observed.departed.iter();
        let ours = departed.filter(|(name, departed)| {
            departed.seen.facts().is_some_and(|facts| says_it_is_ours(name, facts, self.desired))
        });
        current.chain(ours.map(|(name, departed)| departed.target(name))).collect()
    }

    /// Every host that a step names.
    fn touched(&self) -> Vec<Target> {
        let steps = self
            .phases
            .iter()
            .filter_map(|phase| if let Phase::Steps { steps, .. } = phase { Some(steps) } else { None });
        let all: BTreeMap<&Name, &Target> = steps.flatten().map(|step| (&step.target.name, &step.target)).collect();
        all.into_values().cloned().collect()
    }

    fn state(&self, host: &Name) -> &'a HostState {
        &self.desired.hosts[host]
    }

    fn target(&self, host: &Name) -> Target {
        Target::of(&self.state(host).host)
    }

    /// Hosts with this role, whether they answered or not.
    fn with_role(&self, role: Role) -> Vec<Name> {
        let has = |state: &HostState| state.services.values().any(|service| service.role == Some(role));
        self.desired.hosts.iter().filter(|(_, state)| has(state)).map(|(name, _)| name.clone()).collect()
    }

    fn need(&self, host: &Name, unit: &str) -> Option<Need> {
        self.changes.get(host)?.services.get(unit).map(|service| service.need)
    }

    fn steps(&mut self, title: &str, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.phases.push(Phase::Steps { title: title.to_owned(), steps });
        }
    }

    fn step(&self, host: &Name, action: Action, why: Vec<Reason>) -> Step {
        Step { target: self.target(host), action, why }
    }
}

fn names<'n>(names: impl IntoIterator<Item = &'n Name>) -> String {
    names.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
