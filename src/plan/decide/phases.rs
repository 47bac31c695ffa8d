//! The order of work on services: ensemble, masters, workers, others, each behind its gate.

use super::birth::Life;
use super::planner::{Planner, names};
use super::prepare::held_back;
use crate::host::{Action, BirthRecord, Drain, Health, HostState, UnitFacts};
use crate::plan::compare::{Need, edit};
use crate::plan::{Gate, Goal, Outage, Phase, Reason, Roll, RollMember};
use crate::service::spark::{MASTER, WORKER, master_facts};
use crate::service::zookeeper::{MEMBER, runs_with_others};
use crate::service::{health, roles};
use crate::value::{Name, Role};

/// The seconds that a gate waits for an ensemble, at least: `initLimit` × `tickTime` where that is longer (docs/measurements.md).
const QUORUM_SECONDS: u64 = 120;
/// A master recovers within its session (40 s) and `spark.deploy.recoveryTimeout` (60 s), measured 38 to 43 s and 60 s; and some air.
const MASTER_SECONDS: u64 = 180;
/// A worker registers within 7 s (measured); a loaded machine may take longer.
const WORKER_SECONDS: u64 = 120;
/// The time within which a history server answers: it does so within 5 s on the lab, however many logs there are to read.
const OTHER_SECONDS: u64 = 180;
/// The seconds that a worker has to finish its executors' work before it is stopped.
const DRAIN_SECONDS: u32 = 60;
/// Measured without an ALIVE master after the active one stops, where nobody removes what it holds: 38 to 43 s.
pub(super) const MASTER_TAKEOVER_SECONDS: u32 = 43;
/// Measured in the lab: 0.6 to 1.0 s with the lever (`execute/lever.rs`).
const TAKEOVER_NOTE: &str = "about 1 s without an ALIVE master, in which nothing can be submitted (43 s where what it holds in ZooKeeper cannot be removed); running applications go on";
/// Measured from stop to serving, for a member alone.
pub(super) const MEMBER_RESTART_SECONDS: u32 = 5;

impl Planner<'_> {
    pub(super) fn ensemble(&mut self, life: Life) {
        let Some(quorum) = &self.desired.quorum else { return };
        let members = self.with_role(MEMBER);
        let birth = |complete| Action::Born { record: BirthRecord { birth: quorum.birth.clone(), complete } };
        let seen = |name: &&Name| self.observed.facts(name).is_some();
        let lacks = |name: &Name, complete: bool| {
            self.observed
                .facts(name)
                .is_some_and(|facts| facts.birth.as_ref().is_none_or(|record| !record.complete && complete))
        };
        let seconds = QUORUM_SECONDS.max(quorum.join_millis / 1000);
        if life == Life::Complete {
            let unmark = members
                .iter()
                .filter(|name| self.observed.facts(name).is_some_and(|facts| facts.has_marker))
                .map(|name| self.step(name, Action::Unmark { marker: quorum.marker() }, vec![Reason::Differs]))
                .collect();
            let records: Vec<_> = members
                .iter()
                .filter(|name| lacks(name, true))
                .map(|name| self.step(name, birth(true), vec![Reason::Differs]))
                .collect();
            self.steps("remove unused marks of new data directories", unmark);
            self.steps("record the birth on hosts that came later", records);
            self.start_and_roll(MEMBER, 1, seconds);
            self.settle(MEMBER, seconds);
            return;
        }
        let begun: Vec<_> = members
            .iter()
            .filter(|name| lacks(name, false))
            .map(|name| self.step(name, birth(false), vec![Reason::Birth]))
            .collect();
        let anybody_lives = members.iter().any(|name| self.observed.facts(name).is_some_and(|facts| facts.has_data));
        let mark: Vec<_> = members
            .iter()
            .filter(seen)
            .filter(|name| !anybody_lives && self.observed.facts(name).is_some_and(|facts| !facts.has_marker))
            .map(|name| {
                let action = Action::MarkNew {
                    marker: quorum.marker(),
                    data: [quorum.data_dir.clone(), quorum.log_dir.clone()],
                };
                self.step(name, action, vec![Reason::Birth])
            })
            .collect();
        let complete: Vec<_> = members.iter().map(|name| self.step(name, birth(true), vec![Reason::Birth])).collect();
        self.steps("record the birth of the ensemble", begun);
        self.steps("mark the data directories as new", mark);
        self.start_and_roll(MEMBER, 1, seconds);
        // A killed run may have started them all: that they run is no proof that they ever served.
        if !self.waited_for(MEMBER) {
            self.gate(MEMBER, seconds, false);
        }
        self.steps("record the birth as complete", complete);
    }

    pub(super) fn masters(&mut self) {
        let masters = self.with_role(MASTER);
        if self.masters_leave() && !masters.is_empty() {
            // The one that leads may be one that leaves: it goes when those that stay stand by.
            self.start(MASTER);
            self.gate(MASTER, MASTER_SECONDS, true);
            self.retire_masters();
            self.gate(MASTER, MASTER_SECONDS, self.some_unseen(&masters));
            self.notes.push(format!(
                "masters leave: up to {MASTER_TAKEOVER_SECONDS} s without an ALIVE master, in which nothing can be submitted; running applications go on"
            ));
            self.roll(MASTER, 1, MASTER_SECONDS);
            return;
        }
        self.retire_masters();
        if self.waited_for(MEMBER) && !masters.is_empty() && !self.starts_or_restarts(MASTER) {
            // What happens to ZooKeeper can cost the active master its session: nothing goes on before one is ALIVE again.
            self.gate(MASTER, MASTER_SECONDS, self.some_unseen(&masters));
        }
        let without = self.without_a_quorum(&masters);
        if !without.is_empty() {
            self.notes.push(format!(
                "ZooKeeper has no leader: a master that had no leader for more than 40 s never takes part in an election again. Once ZooKeeper serves, restart {} (docs/troubleshooting.md)",
                names(without)
            ));
        }
        if self.rolled(MEMBER) && self.gated(MASTER) {
            self.notes.push(format!("rolling ZooKeeper can end the active master's session: {TAKEOVER_NOTE}"));
        }
        self.start_and_roll(MASTER, 1, MASTER_SECONDS);
        self.settle(MASTER, MASTER_SECONDS);
    }

    /// Masters that run while no member of the ensemble leads.
    fn without_a_quorum<'a>(&self, masters: &'a [Name]) -> Vec<&'a Name> {
        let members = self.with_role(MEMBER);
        let facts = health(MEMBER, &members, false, self.desired, &self.observed.hosts);
        // One that cannot be asked may lead.
        let may_lead = |health| matches!(health, Health::Leading | Health::Unknown);
        if members.is_empty() || facts.nodes.values().any(|node| may_lead(node.health)) {
            return Vec::new();
        }
        let runs = |name: &&Name| {
            let unit = self.observed.facts(name).and_then(|facts| facts.units.get(MASTER.unit()));
            unit.is_some_and(UnitFacts::is_running)
        };
        masters.iter().filter(runs).collect()
    }

    fn some_unseen(&self, hosts: &[Name]) -> bool {
        hosts.iter().any(|name| self.observed.facts(name).is_none())
    }

    /// Waits for a role that is not well, or stands on one that was touched, where nothing else waits for it: what is above
    /// is touched only then, and an apply that ends well leaves a cluster that is.
    fn settle(&mut self, role: Role, seconds: u64) {
        // What is left for later would not become well.
        if self.held_up || self.observed.unknown().next().is_some() {
            return;
        }
        let hosts = self.with_role(role);
        let below: Vec<Role> = roles().take_while(|below| *below < role).collect();
        let unsettled = below.iter().any(|role| self.waited_for(*role));
        let well = || !unsettled && health(role, &hosts, false, self.desired, &self.observed.hosts).whole;
        if !hosts.is_empty() && !self.waited_for(role) && !well() {
            self.gate(role, seconds, false);
        }
    }

    fn waited_for(&self, role: Role) -> bool {
        self.rolled(role) || self.gated(role)
    }

    pub(super) fn workers(&mut self) {
        let changes = self.changes.values().any(|change| change.services.contains_key(WORKER.unit()));
        let masters = self.with_role(MASTER);
        let unseen: Vec<_> = masters.iter().filter(|name| self.observed.facts(name).is_none()).collect();
        let alive =
            masters.iter().filter_map(|name| master_facts(self.observed.facts(name)?)).any(|master| master.is_alive());
        if changes && !unseen.is_empty() && !alive {
            self.held_up = true;
            self.skipped.push(format!(
                "workers are not changed: {} cannot be reached, no other master is ALIVE, and a recovering master forgets workers that reconnect",
                names(unseen)
            ));
            return;
        }
        if changes && !self.with_role(MASTER).is_empty() && !self.gated(MASTER) {
            // A recovering master forgets workers that come back with new ids (measured).
            self.gate(MASTER, MASTER_SECONDS, self.some_unseen(&masters));
        }
        // A tenth at a time: the rest has room for what was running on them.
        let batch = (self.with_role(WORKER).len() / 10).max(1);
        self.start_and_roll(WORKER, batch, WORKER_SECONDS);
        self.settle(WORKER, WORKER_SECONDS);
    }

    /// Roles that nothing else stands on.
    pub(super) fn others(&mut self) {
        for role in roles().filter(|role| ![MEMBER, MASTER, WORKER].contains(role)) {
            self.start_and_roll(role, 1, OTHER_SECONDS);
            self.settle(role, OTHER_SECONDS);
        }
    }

    fn rolled(&self, role: Role) -> bool {
        self.phases.iter().any(|phase| matches!(phase, Phase::Roll(roll) if roll.role == role))
    }

    fn gated(&self, role: Role) -> bool {
        self.phases.iter().any(|phase| matches!(phase, Phase::Gate { gate, .. } if gate.role == role))
    }

    fn gate(&mut self, role: Role, seconds: u64, led_elsewhere: bool) {
        let hosts: Vec<Name> =
            self.with_role(role).into_iter().filter(|name| self.observed.facts(name).is_some()).collect();
        let title = match role {
            MASTER if led_elsewhere => "wait until every master that stays is ALIVE or STANDBY".to_owned(),
            MEMBER => "wait for a whole quorum".to_owned(),
            MASTER => "wait for one ALIVE master, the others STANDBY".to_owned(),
            WORKER => "wait until the ALIVE master knows every worker".to_owned(),
            other => format!("wait until the {} answers", other.title()),
        };
        self.phases.push(Phase::Gate { title, gate: Gate { role, hosts, led_elsewhere, seconds } });
    }

    /// A roll waits for what was started before it touches others, and a gate in front of it would wait in vain where what
    /// is to be restarted cannot be well before.
    fn start_and_roll(&mut self, role: Role, batch: usize, seconds: u64) {
        self.start(role);
        self.roll(role, batch, seconds);
        if self.starts(role) && !self.rolled(role) {
            self.gate(role, seconds, role == MASTER && self.some_unseen(&self.with_role(role)));
        }
    }

    /// Then what follows waits by itself, and a gate before it would wait for what only the restart can mend.
    fn starts_or_restarts(&self, role: Role) -> bool {
        self.changes.keys().any(|host| matches!(self.need(host, role.unit()), Some(Need::Start | Need::Restart)))
    }

    fn starts(&self, role: Role) -> bool {
        self.changes.keys().any(|host| self.need(host, role.unit()) == Some(Need::Start))
    }

    fn start(&mut self, role: Role) {
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

    fn roll(&mut self, role: Role, batch: usize, seconds: u64) {
        let unit = role.unit();
        let all = self.with_role(role);
        let pending: Vec<Name> =
            all.iter().filter(|host| self.need(host, unit) == Some(Need::Restart)).cloned().collect();
        if pending.is_empty() {
            return;
        }
        let allowed = matches!(self.goal, Goal::Apply { allow_outage: true, .. });
        let (all, unseen): (Vec<Name>, Vec<Name>) =
            all.into_iter().partition(|name| self.observed.facts(name).is_some());
        if role == MEMBER && !unseen.is_empty() {
            self.held_up = true;
            self.skipped.push(format!("{} must be restarted, but not while {} cannot be reached: no member is stopped while another may be down", names(&pending), names(&unseen)));
            return;
        }
        self.note_outage_of_roll(role, &all, &pending);
        let regroup = role == MEMBER && self.note_outage_of_regrouping(&all, &pending) && allowed;
        let members = pending
            .iter()
            .map(|host| {
                let state = self.state(host);
                let change = &self.changes[host];
                let files = held_back(state, change).remove(unit).unwrap_or_default();
                let member = RollMember {
                    target: self.target(host),
                    node: state.services[unit].node.clone().unwrap_or_default(),
                    unit: unit.to_owned(),
                    files: files.iter().map(|path| edit(state, path)).collect(),
                    drain: self.drain(role, state),
                    why: change.services[unit].why.clone(),
                };
                (host.clone(), member)
            })
            .collect();
        // An outage that is allowed for one role is not one for another.
        let outage_allowed = allowed && all.len() < if role == MEMBER { 3 } else { 2 };
        let led_elsewhere = role == MASTER && !unseen.is_empty();
        // A latch may be that of a master which leaves, or of one that nobody can ask.
        let lost = self.departed_unseen().next().is_some();
        let lever = !lost && !self.masters_leave() && !self.some_unseen(&self.with_role(MASTER));
        self.phases.push(Phase::Roll(Roll {
            role,
            members,
            all,
            batch,
            seconds,
            outage_allowed,
            regroup,
            led_elsewhere,
            lever,
        }));
    }

    fn note_outage_of_roll(&mut self, role: Role, all: &[Name], pending: &[Name]) {
        let outage = match role {
            MEMBER if all.len() < 3 => Outage {
                what: "ZooKeeper".to_owned(),
                seconds: MEMBER_RESTART_SECONDS * u32::try_from(pending.len()).unwrap_or(u32::MAX),
                why: format!("{} members have no majority while one of them restarts", all.len()),
            },
            MASTER if all.len() < 2 => Outage {
                what: "Spark's master".to_owned(),
                seconds: MASTER_TAKEOVER_SECONDS,
                why: "no other master can take over; running applications continue".to_owned(),
            },
            MASTER => {
                self.notes.push(format!("restarting the active master: {TAKEOVER_NOTE}"));
                return;
            }
            _ => return,
        };
        self.outages.push(outage);
    }

    /// Members that were given another list of members, or another port for clients, by hand: where they are needed for a majority, those
    /// that are right cannot come in before they stop.
    fn note_outage_of_regrouping(&mut self, all: &[Name], pending: &[Name]) -> bool {
        let facts = health(MEMBER, all, false, self.desired, &self.observed.hosts);
        let serves = |name: &&Name| facts.nodes.get(*name).is_some_and(|node| node.health.serves());
        let majority = all.len() / 2 + 1;
        let others = |names: &[Name]| all.len() - names.len();
        let unsettled = |name: &&Name| facts.nodes.get(*name).is_some_and(|node| node.health == Health::Unsettled);
        let kept_out = all.iter().any(|name| unsettled(&name));
        // Where the file was changed again since, nobody can tell what a member runs with: that another does not come in tells enough.
        let is_misled = |name: &&Name| {
            let other = self.observed.facts(name).map(|facts| runs_with_others(self.state(name), facts));
            other.is_some_and(|other| other.unwrap_or(kept_out && serves(name)))
        };
        let misled: Vec<Name> = pending.iter().filter(is_misled).cloned().collect();
        let hidden: Vec<Name> = pending.iter().filter(unsettled).cloned().collect();
        let seen: Vec<Name> = all.iter().filter(serves).cloned().collect();
        let keep_out = misled.iter().any(|name| serves(&name)) && others(&misled) < majority;
        // A member serves only with a majority behind it: who is not seen to may be part of it, at another port.
        let hides = !seen.is_empty() && seen.len() < majority && !hidden.is_empty();
        let why = match (keep_out, hides) {
            _ if all.len() < 3 || all.len() - pending.len() >= majority => return false,
            (true, _) => format!(
                "{} run with a list of members that differs from the topology, and without them there is no majority",
                names(&misled)
            ),
            (false, true) => {
                let (seen, hidden) = (names(&seen), names(&hidden));
                format!(
                    "{seen} serves, so a majority exists, and {hidden} must belong to it on another client port than the topology's"
                )
            }
            (false, false) => return false,
        };
        let seconds = MEMBER_RESTART_SECONDS * u32::try_from(majority).unwrap_or(u32::MAX);
        self.outages.push(Outage { what: "ZooKeeper".to_owned(), seconds, why });
        true
    }

    fn drain(&self, role: Role, state: &HostState) -> Option<Drain> {
        let port = (role == WORKER).then(|| state.host.port(&self.desired.listeners, role, "worker-ui"))?;
        Some(Drain { address: state.host.address.to_string(), port, seconds: DRAIN_SECONDS })
    }
}
