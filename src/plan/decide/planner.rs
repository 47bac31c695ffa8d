//! A plan as it grows.

use std::collections::BTreeMap;

use crate::desired::Desired;
use crate::host::{Action, HostState, Target};
use crate::observe::{Observed, says_it_is_ours};
use crate::plan::compare::{HostChange, Need};
use crate::plan::{Goal, Outage, Phase, Plan, Reason, Step};
use crate::value::{Name, Role};

pub(super) struct Planner<'a> {
    pub(super) goal: &'a Goal,
    pub(super) desired: &'a Desired,
    pub(super) observed: &'a Observed,
    pub(super) changes: BTreeMap<Name, HostChange>,
    pub(super) outages: Vec<Outage>,
    pub(super) notes: Vec<String>,
    pub(super) skipped: Vec<String>,
    /// True if something of the topology itself is left for later.
    pub(super) deferred: bool,
    pub(super) phases: Vec<Phase>,
}

impl<'a> Planner<'a> {
    pub(super) fn new(
        goal: &'a Goal,
        desired: &'a Desired,
        observed: &'a Observed,
        changes: BTreeMap<Name, HostChange>,
    ) -> Self {
        Planner {
            goal,
            desired,
            observed,
            changes,
            outages: Vec::new(),
            notes: Vec::new(),
            skipped: Vec::new(),
            deferred: false,
            phases: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Plan {
        let everyone = match self.goal {
            Goal::Apply { .. } => self.present(),
            // A destroy does not touch hosts that have nothing of ours.
            Goal::Destroy { .. } => self.touched(),
        };
        let releases_latches = matches!(self.goal, Goal::Apply { .. }) && self.may_release_latches();
        Plan {
            everyone,
            releases_latches,
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
    pub(super) fn present(&self) -> Vec<Target> {
        let current =
            self.desired.hosts.keys().filter(|name| self.observed.facts(name).is_some()).map(|name| self.target(name));
        let departed = self.observed.departed.iter();
        let ours = departed.filter(|(name, departed)| {
            departed.seen.facts().is_some_and(|facts| says_it_is_ours(name, facts, self.desired))
        });
        current.chain(ours.map(|(name, departed)| departed.target(name))).collect()
    }

    /// Every host that a step names.
    pub(super) fn touched(&self) -> Vec<Target> {
        let steps = self
            .phases
            .iter()
            .filter_map(|phase| if let Phase::Steps { steps, .. } = phase { Some(steps) } else { None });
        let all: BTreeMap<&Name, &Target> = steps.flatten().map(|step| (&step.target.name, &step.target)).collect();
        all.into_values().cloned().collect()
    }

    pub(super) fn state(&self, host: &Name) -> &'a HostState {
        &self.desired.hosts[host]
    }

    pub(super) fn target(&self, host: &Name) -> Target {
        Target::of(&self.state(host).host)
    }

    /// Hosts with this role, whether they answered or not.
    pub(super) fn with_role(&self, role: Role) -> Vec<Name> {
        let has = |state: &HostState| state.services.values().any(|service| service.role == Some(role));
        self.desired.hosts.iter().filter(|(_, state)| has(state)).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn need(&self, host: &Name, unit: &str) -> Option<Need> {
        self.changes.get(host)?.services.get(unit).map(|service| service.need)
    }

    pub(super) fn steps(&mut self, title: &str, steps: Vec<Step>) {
        if !steps.is_empty() {
            self.phases.push(Phase::Steps { title: title.to_owned(), steps });
        }
    }

    pub(super) fn step(&self, host: &Name, action: Action, why: Vec<Reason>) -> Step {
        Step { target: self.target(host), action, why }
    }
}
