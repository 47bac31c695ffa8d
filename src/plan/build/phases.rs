//! What is done in which order: hosts prepared, ensemble, masters, workers, each behind its gate.

use std::collections::{BTreeMap, BTreeSet};

use super::birth::Life;
use super::memory::leaves_role;
use super::{Planner, names};
use crate::desired::{Access, Content, HostState, Owned, Service, Stamp, unit_path};
use crate::observe::{BirthRecord, MasterFacts};
use crate::plan::action::Drain;
use crate::plan::compare::{Difference, HostChange, Need, edit, patch};
use crate::plan::{Action, FileEdit, Gate, Goal, Outage, Patch, Phase, Reason, Roll, RollMember};
use crate::service::judge;
use crate::service::listener::Role;
use crate::topology::value::{HostPath, Name};

/// How long a gate waits for an ensemble, at least: `initLimit` × `tickTime` where that is longer (docs/measurements.md).
const QUORUM_SECONDS: u64 = 120;
/// A master recovers within its session (40 s) and `spark.deploy.recoveryTimeout` (60 s), measured 38 to 43 s and 60 s; and some air.
const MASTER_SECONDS: u64 = 180;
/// A worker registers within 7 s (measured); a loaded machine may take longer.
const WORKER_SECONDS: u64 = 120;
/// How long a worker may finish its executors' work before it is stopped.
const DRAIN_SECONDS: u32 = 60;
/// Measured without an ALIVE master after the active one stops, where nobody removes what it holds: 38 to 43 s.
pub(super) const MASTER_TAKEOVER_SECONDS: u32 = 43;
/// Measured in the lab: 0.6 to 1.0 s with the lever (`execute/lever.rs`).
const TAKEOVER_NOTE: &str = "about 1 s without an ALIVE master, in which nothing can be submitted (43 s where what it holds in ZooKeeper cannot be removed); running applications go on";
/// Measured from stop to serving, for a member alone.
pub(super) const MEMBER_RESTART_SECONDS: u32 = 5;

impl Planner<'_> {
    /// The files of what is stopped together: laid between stop and start, so that nothing comes up half-way.
    pub(super) fn lay_after_stop(&mut self) {
        let mut steps = Vec::new();
        for (host, change) in &self.changes {
            let state = self.state(host);
            let files: Vec<_> = held_for_stop(state, change).iter().map(|path| edit(state, path)).collect();
            if !files.is_empty() {
                let patch = Patch { files, reload_units: true, ..Patch::default() };
                steps.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Outage]));
            }
        }
        self.steps("lay what old and new cannot share", steps);
    }

    pub(super) fn prepare(&mut self, agreed: &BTreeMap<HostPath, String>) {
        let mut packages = Vec::new();
        let mut patches = Vec::new();
        for (host, change) in &self.changes {
            let state = self.state(host);
            if let Some(package) = &change.package {
                packages.push(self.step(
                    host,
                    Action::InstallPackage { package: package.clone() },
                    vec![Reason::Differs],
                ));
            }
            let mut held: BTreeSet<HostPath> = held_back(state, change).into_values().flatten().collect();
            held.extend(held_for_stop(state, change));
            let later = leaves_role(change);
            let stamp = HostPath::known(crate::desired::STAMP_PATH);
            let mut patch = patch(change, state, agreed, &|path| held.contains(path) || (later && *path == stamp));
            if later {
                patch.leftovers = Owned::default();
                // Until what leaves is removed, the stamp lists both: a run that is killed in between loses sight of neither.
                let (old, new) = (self.observed.facts(host).and_then(|facts| facts.stamp.clone()), state.stamp());
                if let Some(old) = old {
                    let both = Stamp { owned: old.owned.clone().with(new.owned.clone()), ..new };
                    let content = Content::Text(both.text());
                    let laid = both.owned == old.owned;
                    let edit = FileEdit { path: stamp, access: Access::root(0o644), content };
                    patch.files.extend((!laid).then_some(edit));
                }
            }
            if !patch.is_empty() {
                patches.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Differs]));
            }
        }
        self.steps("install packages", packages);
        self.steps("prepare the hosts", patches);
    }

    pub(super) fn firewall(&mut self) {
        let unit = "provision-firewall";
        let mut steps = Vec::new();
        for (host, change) in &self.changes {
            let Some(service) = change.services.get(unit) else { continue };
            let action = match service.need {
                Need::Start => Action::Start { unit: unit.to_owned() },
                Need::Reload | Need::Restart => Action::Reload { unit: unit.to_owned() },
                Need::Enable => continue,
            };
            steps.push(self.step(host, action, service.why.clone()));
        }
        self.steps("close what is not declared", steps);
    }

    pub(super) fn ensemble(&mut self, life: Life) {
        let Some(quorum) = &self.desired.quorum else { return };
        let members = self.with_role(Role::ZooKeeper);
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
            self.start_and_roll(Role::ZooKeeper, 1, seconds);
            self.settle(Role::ZooKeeper, seconds);
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
        self.start_and_roll(Role::ZooKeeper, 1, seconds);
        // A killed run may have started them all: that they run is no proof that they ever served.
        if !self.waited_for(Role::ZooKeeper) {
            self.gate(Role::ZooKeeper, seconds, false);
        }
        self.steps("record the birth as complete", complete);
    }

    pub(super) fn masters(&mut self) {
        let masters = self.with_role(Role::Master);
        if self.masters_leave() && !masters.is_empty() {
            // The one that leads may be one that leaves: it goes when those that stay stand by.
            self.start(Role::Master);
            self.gate(Role::Master, MASTER_SECONDS, true);
            self.retire_masters();
            self.gate(Role::Master, MASTER_SECONDS, self.some_unseen(&masters));
            self.notes.push(format!(
                "masters leave: up to {MASTER_TAKEOVER_SECONDS} s without an ALIVE master, in which nothing can be submitted; running applications go on"
            ));
            self.roll(Role::Master, 1, MASTER_SECONDS);
            return;
        }
        self.retire_masters();
        if self.waited_for(Role::ZooKeeper) && !masters.is_empty() && !self.starts(Role::Master) {
            // What happens to ZooKeeper can cost the active master its session: nothing goes on before one is ALIVE again.
            self.gate(Role::Master, MASTER_SECONDS, self.some_unseen(&masters));
        }
        if self.rolled(Role::ZooKeeper) && self.gated(Role::Master) {
            self.notes.push(format!("rolling ZooKeeper can end the active master's session: {TAKEOVER_NOTE}"));
        }
        self.start_and_roll(Role::Master, 1, MASTER_SECONDS);
        self.settle(Role::Master, MASTER_SECONDS);
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
        let below: &[Role] = match role {
            Role::ZooKeeper => &[],
            Role::Master => &[Role::ZooKeeper],
            Role::Worker => &[Role::ZooKeeper, Role::Master],
        };
        let unsettled = below.iter().any(|role| self.waited_for(*role));
        let well = || !unsettled && judge(role, &hosts, false, self.desired, &self.observed.hosts).whole;
        if !hosts.is_empty() && !self.waited_for(role) && !well() {
            self.gate(role, seconds, false);
        }
    }

    fn waited_for(&self, role: Role) -> bool {
        self.rolled(role) || self.gated(role)
    }

    pub(super) fn workers(&mut self) {
        let changes = self.changes.values().any(|change| change.services.contains_key(Role::Worker.unit()));
        let masters = self.with_role(Role::Master);
        let unseen: Vec<_> = masters.iter().filter(|name| self.observed.facts(name).is_none()).collect();
        let alive =
            masters.iter().filter_map(|name| self.observed.facts(name)?.master.as_ref()).any(MasterFacts::is_alive);
        if changes && !unseen.is_empty() && !alive {
            self.held_up = true;
            self.skipped.push(format!(
                "workers are left alone: {} cannot be asked, no other master is ALIVE, and one that recovers forgets workers that come back",
                names(unseen)
            ));
            return;
        }
        if changes && !self.with_role(Role::Master).is_empty() && !self.gated(Role::Master) {
            // A recovering master forgets workers that come back with new ids (measured).
            self.gate(Role::Master, MASTER_SECONDS, self.some_unseen(&masters));
        }
        // A tenth at a time: the rest has room for what was running on them.
        let batch = (self.with_role(Role::Worker).len() / 10).max(1);
        self.start_and_roll(Role::Worker, batch, WORKER_SECONDS);
        self.settle(Role::Worker, WORKER_SECONDS);
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
            Role::Master if led_elsewhere => "wait until every master that stays is ALIVE or STANDBY",
            Role::ZooKeeper => "wait for a whole quorum",
            Role::Master => "wait for one ALIVE master, the others STANDBY",
            Role::Worker => "wait until the ALIVE master knows every worker",
        };
        self.phases.push(Phase::Gate { title: title.to_owned(), gate: Gate { role, hosts, led_elsewhere, seconds } });
    }

    /// A roll waits for what was started before it touches others, and a gate in front of it would wait in vain where what
    /// is to be restarted cannot be well before.
    fn start_and_roll(&mut self, role: Role, batch: usize, seconds: u64) {
        self.start(role);
        self.roll(role, batch, seconds);
        if self.starts(role) && !self.rolled(role) {
            self.gate(role, seconds, role == Role::Master && self.some_unseen(&self.with_role(role)));
        }
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
        let (all, unseen): (Vec<Name>, Vec<Name>) =
            all.into_iter().partition(|name| self.observed.facts(name).is_some());
        if role == Role::ZooKeeper && !unseen.is_empty() {
            self.held_up = true;
            self.skipped.push(format!("{} must be restarted, and are left alone while {} cannot be asked: no member is stopped while another may be down", names(&pending), names(&unseen)));
            return;
        }
        self.note_outage_of_roll(role, &all, &pending);
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
        let allowed = matches!(self.goal, Goal::Apply { allow_outage: true, .. });
        // An outage that is allowed for one role is not one for another.
        let outage_allowed = allowed && all.len() < if role == Role::ZooKeeper { 3 } else { 2 };
        let led_elsewhere = role == Role::Master && !unseen.is_empty();
        // A latch may be that of a master which leaves, or of one that nobody can ask.
        let lost = self.departed_unseen().next().is_some();
        let lever = !lost && !self.masters_leave() && !self.some_unseen(&self.with_role(Role::Master));
        self.phases.push(Phase::Roll(Roll {
            role,
            members,
            all,
            batch,
            seconds,
            outage_allowed,
            led_elsewhere,
            lever,
        }));
    }

    fn note_outage_of_roll(&mut self, role: Role, all: &[Name], pending: &[Name]) {
        let outage = match role {
            Role::ZooKeeper if all.len() < 3 => Outage {
                what: "ZooKeeper".to_owned(),
                seconds: MEMBER_RESTART_SECONDS * u32::try_from(pending.len()).unwrap_or(u32::MAX),
                why: format!("{} members keep no majority while one restarts", all.len()),
            },
            Role::Master if all.len() < 2 => Outage {
                what: "Spark's master".to_owned(),
                seconds: MASTER_TAKEOVER_SECONDS,
                why: "there is no other to take over; running applications go on".to_owned(),
            },
            Role::Master => {
                self.notes.push(format!("restarting the active master: {TAKEOVER_NOTE}"));
                return;
            }
            Role::ZooKeeper | Role::Worker => return,
        };
        self.outages.push(outage);
    }

    fn drain(&self, role: Role, state: &HostState) -> Option<Drain> {
        let port = (role == Role::Worker).then(|| state.host.port(&self.desired.listeners, role, "worker-ui"))?;
        Some(Drain { address: state.host.address.to_string(), port, seconds: DRAIN_SECONDS })
    }

    pub(super) fn enable(&mut self) {
        let steps = self
            .changes
            .iter()
            .flat_map(|(host, change)| change.services.iter().map(move |(unit, service)| (host, unit, service)))
            .filter(|(_, _, service)| service.why.contains(&Reason::NotEnabled) && service.need != Need::Start)
            .filter(|(host, unit, _)| !self.left_without_unit_file(host, unit))
            .map(|(host, unit, _)| self.step(host, Action::Enable { unit: unit.clone() }, vec![Reason::NotEnabled]))
            .collect();
        self.steps("enable services", steps);
    }

    /// Whether a running service's unit file was taken away, and comes back with a restart that is left for later: until
    /// then there is nothing to enable.
    fn left_without_unit_file(&self, host: &Name, unit: &str) -> bool {
        let gone = self.changes[host].files.get(&unit_path(unit)) == Some(&Difference::Absent);
        let rolled = |phase: &Phase| matches!(phase, Phase::Roll(roll) if roll.role.unit() == unit && roll.members.contains_key(host));
        gone && self.need(host, unit) == Some(Need::Restart) && !self.phases.iter().any(rolled)
    }
}

/// Changed files that a service reads which runs now and is stopped with the others.
fn held_for_stop(state: &HostState, change: &HostChange) -> BTreeSet<HostPath> {
    let stops = |unit: &String| change.services.get(unit).is_some_and(|service| service.why.contains(&Reason::Outage));
    let reads = |path: &HostPath| {
        let mut readers = state.services.iter().filter(|(unit, _)| stops(unit)).map(|(_, service)| service);
        readers.any(|service| service.inputs.contains(path) || service.secret_inputs.contains(path))
    };
    change.files.keys().filter(|path| reads(path)).cloned().collect()
}

/// Changed files that a running service reads at start: they are laid by that service's restart, so that they can be put
/// back. A file that several read goes with the first; one that a stopped service reads too is laid at once.
fn held_back(state: &HostState, change: &HostChange) -> BTreeMap<String, BTreeSet<HostPath>> {
    let restarts = |unit: &str| change.services.get(unit).is_some_and(|service| service.need == Need::Restart);
    let starts = |unit: &str| change.services.get(unit).is_some_and(|service| service.need == Need::Start);
    let reads =
        |service: &Service, path: &HostPath| service.inputs.contains(path) || service.secret_inputs.contains(path);
    let mut held: BTreeMap<String, BTreeSet<HostPath>> = BTreeMap::new();
    for path in change.files.keys() {
        let mut readers: Vec<(&String, &Service)> =
            state.services.iter().filter(|(_, service)| reads(service, path)).collect();
        readers.sort_by_key(|(_, service)| service.role);
        if readers.iter().any(|(unit, _)| starts(unit)) {
            continue;
        }
        if let Some((unit, _)) = readers.iter().find(|(unit, service)| restarts(unit) && service.role.is_some()) {
            held.entry((*unit).clone()).or_default().insert(path.clone());
        }
    }
    held
}
