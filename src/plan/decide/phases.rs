//! The order of work on services: role by role, each behind the gate of what it stands on.

use super::birth::BirthStage;
use super::planner::Planner;
use super::prepare::deferred_until_restart;
use super::quorum::may_serve_elsewhere;
use crate::host::Action;
use crate::plan::compare::{Need, edit};
use crate::plan::reason::only_ails;
use crate::plan::{Gate, Goal, Outage, Phase, Roll, RollMember};
use crate::service::{health, roles};
use crate::value::{Interruption, Name, Redundancy, Role, counted, listed};

impl Planner<'_> {
    /// Brings every role to its goal.
    pub(super) fn roles(&mut self, stage: BirthStage) {
        for role in roles() {
            match role.redundancy() {
                Redundancy::Majority => self.quorum(role, stage),
                Redundancy::One => self.standbys(role),
                Redundancy::Pool => self.pool(role),
            }
        }
    }

    /// The seconds within which the nodes of a role are healthy.
    fn healthy_within(&self, role: Role) -> u64 {
        role.healthy_within().max(self.quorum_of(role).map_or(0, |quorum| quorum.join_millis / 1000))
    }

    /// Waits for a role that is not well, or stands on one that was touched, where nothing else waits for it: what is above
    /// is touched only then, and an apply that ends well leaves a cluster that is.
    pub(super) fn gate_if_unwell(&mut self, role: Role) {
        // Work that is left for later would keep the gate from passing.
        if self.deferred || self.observed.unknown().next().is_some() {
            return;
        }
        let hosts = self.with_role(role);
        let below: Vec<Role> = roles().take_while(|below| *below < role).collect();
        let unsettled = below.iter().any(|role| self.waited_for(*role));
        let well = || !unsettled && health(role, &hosts, false, self.desired, &self.observed.hosts).is_whole();
        if !hosts.is_empty() && !self.waited_for(role) && !well() {
            self.gate(role, false);
        }
    }

    pub(super) fn waited_for(&self, role: Role) -> bool {
        self.rolled(role) || self.gated(role)
    }

    pub(super) fn rolled(&self, role: Role) -> bool {
        self.phases.iter().any(|phase| matches!(phase, Phase::Roll(roll) if roll.role == role))
    }

    pub(super) fn gated(&self, role: Role) -> bool {
        self.phases.iter().any(|phase| matches!(phase, Phase::Gate { gate, .. } if gate.role == role))
    }

    pub(super) fn gate(&mut self, role: Role, led_elsewhere: bool) {
        let hosts: Vec<Name> =
            self.with_role(role).into_iter().filter(|name| self.observed.facts(name).is_some()).collect();
        let elsewhere = role.takeover().filter(|_| led_elsewhere).map(|takeover| takeover.wait_led_elsewhere);
        let title = elsewhere.unwrap_or(role.wait()).to_owned();
        let seconds = self.healthy_within(role);
        self.phases.push(Phase::Gate { title, gate: Gate { role, hosts, led_elsewhere, seconds } });
    }

    /// A roll waits for started nodes before it touches others; a gate before it would never pass where nodes that
    /// are to be restarted cannot be healthy before.
    pub(super) fn start_and_roll(&mut self, role: Role, batch: usize) {
        self.start(role);
        let led_elsewhere = role.redundancy() == Redundancy::One && self.some_unseen(&self.with_role(role));
        self.roll(role, batch, led_elsewhere);
        if self.starts(role) && !self.rolled(role) {
            self.gate(role, led_elsewhere);
        }
    }

    /// Returns true if nodes are to be started or restarted: a gate before that would wait for what only the restart can fix.
    pub(super) fn starts_or_restarts(&self, role: Role) -> bool {
        self.changes.keys().any(|host| matches!(self.need(host, role.unit()), Some(Need::Start | Need::Restart)))
    }

    fn starts(&self, role: Role) -> bool {
        self.changes.keys().any(|host| self.need(host, role.unit()) == Some(Need::Start))
    }

    pub(super) fn start(&mut self, role: Role) {
        let unit = role.unit();
        let steps: Vec<_> = self
            .changes
            .iter()
            .filter_map(|(host, change)| {
                let service = change.services.get(unit).filter(|service| service.need == Need::Start)?;
                Some(self.step(host, Action::Start { unit: unit.to_owned() }, service.why.clone()))
            })
            .collect();
        self.steps(&format!("start {unit}"), steps);
    }

    /// `led_elsewhere` means that a node outside of those that are seen may lead.
    pub(super) fn roll(&mut self, role: Role, batch: usize, led_elsewhere: bool) {
        let (unit, majority) = (role.unit(), role.redundancy() == Redundancy::Majority);
        let all = self.with_role(role);
        let pending: Vec<Name> =
            all.iter().filter(|host| self.need(host, unit) == Some(Need::Restart)).cloned().collect();
        if pending.is_empty() {
            return;
        }
        let allowed = matches!(self.goal, Goal::Apply { allow_outage: true, .. });
        let (all, unseen): (Vec<Name>, Vec<Name>) =
            all.into_iter().partition(|name| self.observed.facts(name).is_some());
        let beside_unseen = majority && !unseen.is_empty();
        let idle =
            if beside_unseen { self.idle_without_majority(role, &all, unseen.len(), &pending) } else { Vec::new() };
        let waiting: Vec<&Name> = pending.iter().filter(|name| beside_unseen && !idle.contains(name)).collect();
        if !waiting.is_empty() {
            self.deferred = true;
            self.skipped.push(format!("{} must be restarted, but not while {} cannot be reached or used: no member is stopped while another may be down", listed(waiting), listed(&unseen)));
        }
        let pending = if beside_unseen { idle } else { pending };
        if pending.is_empty() {
            return;
        }
        let (regroup, idle) = if beside_unseen {
            // Those that may serve elsewhere have a majority there.
            let elsewhere: Vec<Name> =
                pending.iter().filter(|name| self.listens_elsewhere(role, name)).cloned().collect();
            if let Some(interruption) = role.interruption().filter(|_| !elsewhere.is_empty()) {
                self.interrupt(interruption, elsewhere.len(), may_serve_elsewhere(&elsewhere));
            }
            (!elsewhere.is_empty() && allowed, elsewhere.is_empty())
        } else {
            self.note_outage_of_roll(role, &all, &pending);
            (majority && self.note_outage_of_regrouping(role, &all, &pending) && allowed, false)
        };
        let members = pending
            .iter()
            .map(|host| {
                let state = self.state(host);
                let change = &self.changes[host];
                let files = deferred_until_restart(state, change).remove(unit).unwrap_or_default();
                let member = RollMember {
                    target: self.target(host),
                    node: state.services[unit].node.clone().unwrap_or_default(),
                    unit: unit.to_owned(),
                    files: files.iter().map(|path| edit(state, path)).collect(),
                    drain: self.desired.drains.get(&role).copied(),
                    why: change.services[unit].why.clone(),
                };
                (host.clone(), member)
            })
            .collect();
        // An outage that is allowed for one role is not one for another.
        let outage_allowed = allowed && !beside_unseen && all.len() < fewest(role);
        self.phases.push(Phase::Roll(Roll {
            role,
            members,
            all,
            unseen: if majority { unseen.len() } else { 0 },
            batch,
            seconds: self.healthy_within(role),
            outage_allowed,
            regroup,
            idle,
            led_elsewhere,
        }));
    }

    /// The pending members that do not serve, if so many say so that the others and the unseen ones are no majority: restarting these takes
    /// nothing away, and without that the ensemble might wait for ever.
    fn idle_without_majority(&self, role: Role, seen: &[Name], unseen: usize, pending: &[Name]) -> Vec<Name> {
        let facts = health(role, seen, false, self.desired, &self.observed.hosts);
        let is_idle = |name: &&Name| facts.nodes.get(*name).is_some_and(|node| !node.health.serves());
        let idle = seen.iter().filter(is_idle).count();
        let may_serve = seen.len() + unseen - idle;
        if may_serve * 2 > seen.len() + unseen { Vec::new() } else { pending.iter().filter(is_idle).cloned().collect() }
    }

    /// Returns true if the ensemble is the topology's, and every node of the election that may run, too. (A latch may be that of a node which leaves,
    /// or of one that cannot be asked.)
    pub(super) fn may_release_latches(&self) -> bool {
        let Some(election) = self.desired.election.as_ref().filter(|election| !election.is_external) else {
            return false;
        };
        let lost = self.departed_unseen().next().is_some();
        !lost && !self.some_leave(election.role) && !self.some_unseen(&self.with_role(election.role))
    }

    fn note_outage_of_roll(&mut self, role: Role, all: &[Name], pending: &[Name]) {
        // A node that only ails is restarted if it does not serve.
        if pending.iter().all(|host| only_ails(&self.changes[host].services[role.unit()].why)) {
            return;
        }
        let enough = all.len() >= fewest(role);
        let Some(interruption) = role.interruption().filter(|_| !enough) else {
            self.notes.extend(role.takeover().map(|takeover| takeover.on_restart.to_owned()));
            return;
        };
        let (restarts, why) = match role.redundancy() {
            Redundancy::Majority => {
                (pending.len(), format!("with {} {}", counted(all.len(), "member"), interruption.why))
            }
            Redundancy::One | Redundancy::Pool => (1, interruption.why.to_owned()),
        };
        self.interrupt(interruption, restarts, why);
    }

    /// Announces an outage of as many restarts, one after the other.
    pub(super) fn interrupt(&mut self, interruption: Interruption, restarts: usize, why: String) {
        let seconds = interruption.seconds * u32::try_from(restarts).unwrap_or(u32::MAX);
        self.outages.push(Outage { what: interruption.what.to_owned(), seconds, why });
    }
}

/// The fewest nodes of a role of which one can be restarted while the others serve.
pub(super) fn fewest(role: Role) -> usize {
    match role.redundancy() {
        Redundancy::Majority => 3,
        Redundancy::One | Redundancy::Pool => 2,
    }
}
