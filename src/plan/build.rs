//! From goal and observation to a plan.

use std::collections::{BTreeMap, BTreeSet};

use super::compare::{HostChange, Need, compare, edit, patch};
use super::{Action, Gate, Goal, Outage, Patch, Phase, Plan, Reason, Refusal, Removal, Roll, RollMember, Step};
use crate::desired::{Class, Desired, HostState, Owned, STATE_FOLDER, Service, Setting};
use crate::observe::{BirthRecord, HostFacts, Observed, Record, RecordName};
use crate::plan::action::Drain;
use crate::service::listener::Role;
use crate::topology::value::{HostPath, Name};
use crate::world::Target;

/// How long a gate waits for an ensemble: ROLLING.md asks for 60 s at birth, and for max(120 s, initLimit × tickTime) in a roll.
const QUORUM_SECONDS: u64 = 120;
/// A master recovers within its session (40 s) and `spark.deploy.recoveryTimeout` (60 s), measured 38 to 43 s and 60 s; and some air.
const MASTER_SECONDS: u64 = 180;
/// A worker registers within 7 s (measured); a loaded machine may take longer.
const WORKER_SECONDS: u64 = 120;
/// How long a worker may finish its executors' work before it is stopped.
const DRAIN_SECONDS: u32 = 60;
/// Measured without an ALIVE master after the active one stops: 38 to 43 s.
const MASTER_TAKEOVER_SECONDS: u32 = 43;
/// Measured from stop to serving, for a member alone.
const MEMBER_RESTART_SECONDS: u32 = 5;

/// Decides everything. Refusals are all that stand in the way, not the first.
pub fn plan(goal: &Goal, desired: &Desired, observed: &Observed) -> Result<Plan, Vec<Refusal>> {
    let mut refusals = strangers(desired, observed);
    refusals.extend(foreign(goal, desired, observed));
    let planned = match goal {
        Goal::Apply { .. } => Planner::new(goal, desired, observed).apply(&mut refusals),
        Goal::Destroy { delete_data } => Planner::new(goal, desired, observed).destroy(*delete_data),
    };
    if refusals.is_empty() { Ok(planned) } else { Err(refusals) }
}

/// Hosts that carry somebody else's stamp, or files of ours that nobody can read.
fn strangers(desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (name, facts) in observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?))) {
        if let Some(stamp) = facts.stamp.as_ref().filter(|stamp| stamp.cluster != desired.cluster) {
            all.push(Refusal::Host {
                host: name.clone(),
                why: format!("it belongs to the cluster `{}`, as its {}", stamp.cluster, stamp.host),
                instead: "destroy that cluster, or take another host".to_owned(),
            });
        }
        let other = facts.stamp.as_ref().filter(|stamp| stamp.cluster == desired.cluster && stamp.host != *name);
        if let Some(stamp) = other.filter(|stamp| desired.hosts.contains_key(&stamp.host)) {
            all.push(Refusal::Host {
                host: name.clone(),
                why: format!("it is stamped as {}, which the topology has at another address", stamp.host),
                instead: "two addresses are swapped, or a disk was copied: put the addresses right".to_owned(),
            });
        }
        for wrong in &facts.wrong {
            all.push(Refusal::Host {
                host: name.clone(),
                why: format!("{} cannot be read: {}", wrong.path, wrong.why),
                instead: "look at it; if it is of no use to anybody, remove it".to_owned(),
            });
        }
    }
    all
}

/// What stands where ours would, on a host that nothing says is ours.
fn foreign(goal: &Goal, desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (name, state) in &desired.hosts {
        let Some(facts) = observed.facts(name) else { continue };
        if facts.stamp.is_some() || facts.epoch > 0 || facts.birth.is_some() {
            continue;
        }
        let units =
            state.services.keys().filter(|unit| facts.units.get(*unit).is_some_and(|seen| seen.load == "loaded"));
        let files = state.files.keys().filter(|path| facts.paths.contains_key(*path));
        let data = facts.filled.iter();
        let found: Vec<String> =
            units.map(|unit| format!("the service {unit}")).chain(files.chain(data).map(ToString::to_string)).collect();
        if found.is_empty() {
            continue;
        }
        let shown = found.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        let instead = match goal {
            Goal::Apply { .. } => "if it is of no use to anybody, remove it; else choose another host, path or port",
            Goal::Destroy { .. } => "nothing records that it is this cluster's: look at it, and remove it by hand",
        };
        all.push(Refusal::Host {
            host: name.clone(),
            why: format!("it has {shown} already, and no stamp says that provision made that"),
            instead: instead.to_owned(),
        });
    }
    all
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

/// How far the ensemble's life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Unborn,
    /// The record is written, the ensemble has not served yet.
    Begun,
    Complete,
}

impl<'a> Planner<'a> {
    fn new(goal: &'a Goal, desired: &'a Desired, observed: &'a Observed) -> Self {
        let changes = desired
            .hosts
            .iter()
            .filter_map(|(name, state)| {
                let mut change = compare(state, observed.facts(name)?);
                lost_data(desired, state, observed.facts(name)?, &mut change);
                forget_records(desired, name, observed.facts(name)?, &mut change);
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
        let departed = self.observed.departed.iter().filter(|(_, departed)| departed.seen.facts().is_some());
        current.chain(departed.map(|(name, departed)| departed.target(name))).collect()
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

    // ---------------------------------------------------------------- apply

    fn apply(mut self, refusals: &mut Vec<Refusal>) -> Plan {
        let agreed = self.agree_on_archives(refusals);
        let stopped = self.classify_settings(refusals);
        let life = self.judge_birth(refusals);
        let stops = self.stops_for_outage(&stopped);
        // Unpacking takes long, and everything runs meanwhile.
        self.prepare(&agreed);
        self.phases.extend(stops);
        self.firewall();
        self.ensemble(life);
        self.masters();
        self.workers();
        self.enable();
        self.retire();
        self.remember();
        self.finish()
    }

    /// One distribution is one archive: all hosts must have, or get, the same.
    fn agree_on_archives(&self, refusals: &mut Vec<Refusal>) -> BTreeMap<HostPath, String> {
        let mut agreed: BTreeMap<HostPath, (String, Name)> = BTreeMap::new();
        for (name, state) in &self.desired.hosts {
            let Some(facts) = self.observed.facts(name) else { continue };
            for (home, distribution) in &state.distributions {
                let at = match &distribution.archive {
                    crate::service::archive::Archive::OnHost { path, .. } => Some(path),
                    _ => None,
                };
                let given = super::compare::known_sum(&distribution.archive);
                let installed = facts.origins.get(home);
                let Some(has) = installed.or_else(|| at.and_then(|path| facts.archives.get(path))) else {
                    if let Some(path) = at {
                        refusals.push(Refusal::Host {
                            host: name.clone(),
                            why: format!("the archive {path} is not there"),
                            instead: "put it there, or use `archive: { file: … }` to have it copied".to_owned(),
                        });
                    }
                    continue;
                };
                let (expected, by) = match (given, agreed.get(home)) {
                    (Some(sum), _) => (sum, "the topology".to_owned()),
                    (None, Some((sum, host))) => (sum.clone(), host.to_string()),
                    (None, None) => (has.clone(), name.to_string()),
                };
                if installed.is_some() && *has != expected {
                    refusals.push(Refusal::Host {
                        host: name.clone(),
                        why: format!("{home} was unpacked from an archive with the SHA-512 {}…, not {}…", short(has), short(&expected)),
                        instead: "another archive of the same version is not laid under running services: put the old one back, or destroy first".to_owned(),
                    });
                }
                if installed.is_none() && *has != expected {
                    refusals.push(Refusal::Host {
                        host: name.clone(),
                        why: format!(
                            "the archive of {home} has the SHA-512 {}…, and that of {by} is {}…",
                            short(has),
                            short(&expected)
                        ),
                        instead: "put the same archive on every host".to_owned(),
                    });
                }
                agreed.entry(home.clone()).or_insert_with(|| (expected, name.clone()));
            }
        }
        agreed.into_iter().map(|(home, (sum, _))| (home, sum)).collect()
    }

    /// What changed settings ask for, by their classes. Returns the roles that must stop together.
    fn classify_settings(&mut self, refusals: &mut Vec<Refusal>) -> BTreeSet<Role> {
        let applied = self.observed.record(RecordName::Applied);
        let intended = self.observed.record(RecordName::Intended);
        let Some(before) = applied.or(intended) else { return BTreeSet::new() };
        // An apply that was killed may have got as far as what it intended: nodes can run with either.
        let halfway =
            |path: &String| intended.is_some_and(|record| record.settings.get(path) != self.desired.settings.get(path));
        let applied = applied.is_some();
        let mut roles = BTreeSet::new();
        let none = String::from("nothing");
        let paths: BTreeSet<&String> = before.settings.keys().chain(self.desired.settings.keys()).collect();
        for path in paths {
            let (was, is) = (before.settings.get(path), self.desired.settings.get(path));
            let class = is.or(was).map_or(Class::Roll, |setting| setting.class);
            if was == is && !(class == Class::Outage && halfway(path)) {
                continue;
            }
            let value = |setting: Option<&Setting>| setting.map_or(none.clone(), |setting| setting.value.clone());
            match class {
                Class::Live | Class::Roll => {}
                Class::Migrate if !applied => {}
                Class::Migrate => refusals.push(Refusal::Setting {
                    setting: path.clone(),
                    from: value(was),
                    to: value(is),
                    class,
                    why: migration(path).to_owned(),
                }),
                Class::Outage if self.observed.unknown().next().is_some() => refusals.push(Refusal::Setting {
                    setting: path.clone(),
                    from: value(was),
                    to: value(is),
                    class,
                    why: "all must change together, and some hosts cannot be asked".to_owned(),
                }),
                Class::Outage => {
                    let zookeeper = path.starts_with("zookeeper.");
                    roles.extend(if zookeeper {
                        [Role::ZooKeeper, Role::Master]
                    } else {
                        [Role::Worker, Role::Master]
                    });
                    self.outages.push(Outage {
                        what: if zookeeper { "ZooKeeper and Spark's masters" } else { "Spark" }.to_owned(),
                        seconds: MEMBER_RESTART_SECONDS + MASTER_TAKEOVER_SECONDS,
                        why: format!("{path} changes from {} to {}", value(was), value(is)),
                    });
                }
            }
        }
        roles
    }

    fn judge_birth(&mut self, refusals: &mut Vec<Refusal>) -> Life {
        let Some(quorum) = &self.desired.quorum else { return Life::Complete };
        let members = self.with_role(Role::ZooKeeper);
        let records: Vec<(&Name, &BirthRecord)> =
            members.iter().filter_map(|name| Some((name, self.observed.facts(name)?.birth.as_ref()?))).collect();
        for (host, record) in &records {
            if record.birth != quorum.birth {
                refusals.push(Refusal::Host {
                    host: (*host).clone(),
                    why: format!(
                        "it took part in the birth of {} with other members ({})",
                        record.birth.cluster,
                        list(&record.birth.members)
                    ),
                    instead: "growing, shrinking and replacing members is not delivered yet; put the old list back"
                        .to_owned(),
                });
            }
        }
        let with_data =
            members.iter().filter(|name| self.observed.facts(name).is_some_and(|facts| facts.has_data)).count();
        let life = if records.iter().any(|(_, record)| record.complete) {
            Life::Complete
        } else if records.is_empty() {
            Life::Unborn
        } else {
            Life::Begun
        };
        let unseen: Vec<_> =
            members.iter().filter(|name| self.observed.facts(name).is_none()).map(ToString::to_string).collect();
        match life {
            Life::Unborn if with_data > 0 => refusals.push(Refusal::Cluster {
                why: format!("{with_data} of {} members have data in {}, and nothing records that it is this cluster's", members.len(), quorum.data_dir),
                instead: "it may be somebody's only copy: look at it, move it away, or choose another dataDir".to_owned(),
            }),
            Life::Unborn | Life::Begun if !unseen.is_empty() => refusals.push(Refusal::Cluster {
                why: format!("a new ensemble needs all its first members, and {} cannot be asked", unseen.join(", ")),
                instead: "mend the way there; an ensemble is never begun with a part of its members".to_owned(),
            }),
            Life::Complete if with_data < quorum.majority() && unseen.is_empty() => refusals.push(Refusal::Cluster {
                why: format!(
                    "the ensemble was born, and only {with_data} of {} members still have data: {} are a majority, and fewer would form a quorum that forgets",
                    members.len(),
                    quorum.majority()
                ),
                instead: "put the data back on a majority from a copy; or destroy with --delete-data and begin anew".to_owned(),
            }),
            _ => {}
        }
        self.refuse_other_stamps(life, refusals);
        life
    }

    /// A host that was stamped by this cluster with other anchors belongs to a past that must not be mixed in.
    fn refuse_other_stamps(&self, life: Life, refusals: &mut Vec<Refusal>) {
        if life == Life::Complete {
            return;
        }
        for (name, facts) in self.desired.hosts.keys().filter_map(|name| Some((name, self.observed.facts(name)?))) {
            let Some(stamp) = facts.stamp.as_ref().filter(|stamp| stamp.cluster == self.desired.cluster) else {
                continue;
            };
            let anchors: Vec<Name> = stamp.anchors.iter().map(|anchor| anchor.host.clone()).collect();
            if anchors != self.desired.anchors {
                refusals.push(Refusal::Host {
                    host: name.clone(),
                    why: format!("it carries this cluster's stamp with other members ({})", names(&anchors)),
                    instead: "destroy with the old topology first".to_owned(),
                });
            }
        }
    }

    /// Stops every unit of these roles, clients first; what follows starts them again.
    fn stops_for_outage(&mut self, roles: &BTreeSet<Role>) -> Vec<Phase> {
        let mut phases = Vec::new();
        for role in roles.iter().rev() {
            let mut steps = Vec::new();
            for host in self.with_role(*role) {
                let Some(facts) = self.observed.facts(&host) else { continue };
                if !facts.units.get(role.unit()).is_some_and(crate::observe::UnitFacts::is_running) {
                    continue;
                }
                steps.push(self.step(&host, Action::Stop { unit: role.unit().to_owned() }, vec![Reason::Outage]));
                let change = self.changes.entry(host).or_default();
                let service = super::compare::ServiceChange { need: Need::Start, why: vec![Reason::Outage] };
                change.services.insert(role.unit().to_owned(), service);
            }
            if !steps.is_empty() {
                phases.push(Phase::Steps { title: format!("stop every {}", role.title()), steps });
            }
        }
        phases
    }

    fn prepare(&mut self, agreed: &BTreeMap<HostPath, String>) {
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
            let held: BTreeSet<HostPath> = held_back(state, change).into_values().flatten().collect();
            let later = leaves_role(change);
            let stamp = HostPath::known(crate::desired::STAMP_PATH);
            let mut patch = patch(change, state, agreed, &|path| held.contains(path) || (later && *path == stamp));
            if later {
                patch.leftovers = Owned::default();
            }
            if !patch.is_empty() {
                patches.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Differs]));
            }
        }
        self.steps("install packages", packages);
        self.steps("prepare the hosts", patches);
    }

    fn firewall(&mut self) {
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

    fn ensemble(&mut self, life: Life) {
        let Some(quorum) = &self.desired.quorum else { return };
        let members = self.with_role(Role::ZooKeeper);
        let birth = |complete| Action::Born { record: BirthRecord { birth: quorum.birth.clone(), complete } };
        let seen = |name: &&Name| self.observed.facts(name).is_some();
        let lacks = |name: &Name, complete: bool| {
            self.observed
                .facts(name)
                .is_some_and(|facts| facts.birth.as_ref().is_none_or(|record| !record.complete && complete))
        };
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
            self.start_and_gate(Role::ZooKeeper, QUORUM_SECONDS.max(quorum.join_millis / 1000));
            self.roll(Role::ZooKeeper, 1, QUORUM_SECONDS.max(quorum.join_millis / 1000));
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
                let action = Action::MarkNew { marker: quorum.marker(), data: quorum.log_dir.clone() };
                self.step(name, action, vec![Reason::Birth])
            })
            .collect();
        let complete: Vec<_> = members.iter().map(|name| self.step(name, birth(true), vec![Reason::Birth])).collect();
        self.steps("record the birth of the ensemble", begun);
        self.steps("mark the data directories as new", mark);
        self.start_and_gate(Role::ZooKeeper, QUORUM_SECONDS);
        self.roll(Role::ZooKeeper, 1, QUORUM_SECONDS);
        self.steps("record the birth as complete", complete);
    }

    fn masters(&mut self) {
        let masters = self.with_role(Role::Master);
        let rolled = self.phases.iter().any(|phase| matches!(phase, Phase::Roll(roll) if roll.role == Role::ZooKeeper));
        self.start_and_gate(Role::Master, MASTER_SECONDS);
        if rolled && !masters.is_empty() && !self.gated(Role::Master) {
            // A roll of ZooKeeper can cost the active master its session: nothing goes on before one is ALIVE again.
            self.gate(Role::Master, MASTER_SECONDS);
            self.notes.push(format!(
                "rolling ZooKeeper can end the active master's session: up to {MASTER_TAKEOVER_SECONDS} s without an ALIVE master; running applications go on"
            ));
        }
        self.roll(Role::Master, 1, MASTER_SECONDS);
    }

    fn workers(&mut self) {
        let starts = self.changes.values().any(|change| change.services.contains_key(Role::Worker.unit()));
        if starts && !self.with_role(Role::Master).is_empty() && !self.gated(Role::Master) {
            // A recovering master forgets workers that come back with new ids (measured).
            self.gate(Role::Master, MASTER_SECONDS);
        }
        self.start_and_gate(Role::Worker, WORKER_SECONDS);
        // A tenth at a time: the rest has room for what was running on them.
        let batch = (self.with_role(Role::Worker).len() / 10).max(1);
        self.roll(Role::Worker, batch, WORKER_SECONDS);
    }

    fn gated(&self, role: Role) -> bool {
        self.phases.iter().any(|phase| matches!(phase, Phase::Gate { gate, .. } if gate.role == role))
    }

    fn gate(&mut self, role: Role, seconds: u64) {
        let hosts: Vec<Name> =
            self.with_role(role).into_iter().filter(|name| self.observed.facts(name).is_some()).collect();
        let title = match role {
            Role::ZooKeeper => "wait for a whole quorum",
            Role::Master => "wait for one ALIVE master, the others STANDBY",
            Role::Worker => "wait until the ALIVE master knows every worker",
        };
        self.phases.push(Phase::Gate { title: title.to_owned(), gate: Gate { role, hosts, seconds } });
    }

    fn start_and_gate(&mut self, role: Role, seconds: u64) {
        let unit = role.unit();
        let steps: Vec<_> = self
            .changes
            .iter()
            .filter_map(|(host, change)| {
                let service = change.services.get(unit).filter(|service| service.need == Need::Start)?;
                Some(self.step(host, Action::Start { unit: unit.to_owned() }, service.why.clone()))
            })
            .collect();
        if !steps.is_empty() {
            self.steps(&format!("start {unit}"), steps);
            self.gate(role, seconds);
        }
    }

    fn roll(&mut self, role: Role, batch: usize, seconds: u64) {
        let unit = role.unit();
        let all = self.with_role(role);
        let pending: Vec<Name> =
            all.iter().filter(|host| self.need(host, unit) == Some(Need::Restart)).cloned().collect();
        if pending.is_empty() {
            return;
        }
        let unseen: Vec<Name> = all.iter().filter(|name| self.observed.facts(name).is_none()).cloned().collect();
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
        let all = all.into_iter().filter(|name| self.observed.facts(name).is_some()).collect();
        self.phases.push(Phase::Roll(Roll { role, members, all, batch, seconds, outage_allowed }));
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
                self.notes.push(format!("restarting the active master: up to {MASTER_TAKEOVER_SECONDS} s in which nothing can be submitted; running applications go on"));
                return;
            }
            Role::ZooKeeper | Role::Worker => return,
        };
        self.outages.push(outage);
    }

    fn drain(&self, role: Role, state: &HostState) -> Option<Drain> {
        let ui = self.desired.listeners.iter().find(|l| l.role == role && l.name == "worker-ui")?;
        Some(Drain { address: state.host.address.to_string(), port: *ui.ports.start(), seconds: DRAIN_SECONDS })
    }

    fn enable(&mut self) {
        let steps = self
            .changes
            .iter()
            .flat_map(|(host, change)| change.services.iter().map(move |(unit, service)| (host, unit, service)))
            .filter(|(_, _, service)| service.why.contains(&Reason::NotEnabled) && service.need != Need::Start)
            .map(|(host, unit, _)| self.step(host, Action::Enable { unit: unit.clone() }, vec![Reason::NotEnabled]))
            .collect();
        self.steps("enable services", steps);
    }

    /// What the cluster remembers and the topology no longer has.
    fn retire(&mut self) {
        let mut leavers = Vec::new();
        for (host, change) in self.changes.iter().filter(|(_, change)| leaves_role(change)) {
            let stamp = edit(self.state(host), &HostPath::known(crate::desired::STAMP_PATH));
            let patch = Patch {
                leftovers: change.leftovers.clone(),
                files: vec![stamp],
                reload_units: true,
                ..Patch::default()
            };
            leavers.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Left]));
        }
        self.steps("remove roles that have left their hosts", leavers);
        let mut steps = Vec::new();
        for (name, departed) in &self.observed.departed {
            let Some(facts) = departed.seen.facts() else {
                self.skipped.push(format!(
                    "{name} has left the topology and cannot be asked: what is on it stays until it can"
                ));
                continue;
            };
            if let Some(stamp) = facts.stamp.as_ref().filter(|stamp| stamp.cluster == self.desired.cluster) {
                let action = Action::Remove(Box::new(Removal { owned: stamp.owned.clone(), delete_data: false }));
                let target = departed.target(name);
                steps.push(Step { target, action, why: vec![Reason::Left] });
            }
        }
        self.steps("retire what has left the topology", steps);
    }

    /// Wraps everything in the two records, if there is anything, or if the records are not what they should be.
    fn remember(&mut self) {
        let record = Record {
            cluster: self.desired.cluster.clone(),
            epoch: 0,
            hosts: self.remembered_hosts(),
            anchors: self.desired.anchors.clone(),
            settings: self.desired.settings.clone(),
        };
        let stale = |name: RecordName| {
            self.desired
                .anchors
                .iter()
                .filter_map(|host| self.observed.facts(host))
                .any(|facts| facts.records.get(&name).is_none_or(|there| !there.agrees(&record)))
        };
        let idle = self.phases.is_empty();
        // What was left for later is intended, and not applied.
        let whole = !self.held_up && self.observed.unknown().next().is_none();
        if idle && (!whole || !stale(RecordName::Intended) && !stale(RecordName::Applied)) {
            return;
        }
        let on_anchors = |name: RecordName, record: &Record| -> Vec<Step> {
            let action = Action::Remember { name, record: Box::new(record.clone()) };
            let seen = self.desired.anchors.iter().filter(|host| self.observed.facts(host).is_some());
            seen.map(|host| self.step(host, action.clone(), Vec::new())).collect()
        };
        let union = self.intended_with_past(&record);
        let first = on_anchors(RecordName::Intended, &union);
        // The last word on both records: what was left behind is remembered until it is gone.
        let applied = if whole { on_anchors(RecordName::Applied, &record) } else { Vec::new() };
        let last = [applied, on_anchors(RecordName::Intended, &record)].concat();
        if !idle {
            self.phases.insert(0, Phase::Steps { title: "record what is intended".to_owned(), steps: first });
        }
        self.phases.push(Phase::Steps { title: "record what is applied".to_owned(), steps: last });
    }

    /// The goal's hosts, and departed ones that could not be retired.
    fn remembered_hosts(&self) -> BTreeMap<Name, crate::cluster::Reach> {
        let current = self.desired.hosts.iter().map(|(name, state)| (name.clone(), state.host.reach.clone()));
        let left = self.observed.departed.iter().filter(|(_, departed)| departed.seen.facts().is_none());
        current.chain(left.map(|(name, departed)| (name.clone(), departed.reach.clone()))).collect()
    }

    /// Before the first change: old hosts are still remembered, so that a killed run can retire them.
    fn intended_with_past(&self, record: &Record) -> Record {
        let departed = self.observed.departed.iter().map(|(name, departed)| (name.clone(), departed.reach.clone()));
        let hosts = departed.chain(record.hosts.clone()).collect();
        Record { hosts, ..record.clone() }
    }

    // -------------------------------------------------------------- destroy

    fn destroy(mut self, delete_data: bool) -> Plan {
        self.changes.clear();
        let mut owned: Vec<(Target, Owned, bool)> = Vec::new();
        let here: Vec<(&Name, &HostFacts)> =
            self.desired.hosts.keys().filter_map(|name| Some((name, self.observed.facts(name)?))).collect();
        // A birth alone is what an earlier destroy left with the data.
        let touched =
            |facts: &HostFacts| facts.stamp.is_some() || facts.epoch > 0 || (delete_data && facts.birth.is_some());
        // Taking the lease leaves an epoch on the anchors: they are part of every destroy that does anything.
        let anything = here.iter().any(|(_, facts)| touched(facts)) || !self.observed.departed.is_empty();
        for (name, facts) in here {
            let anchor = self.desired.anchors.contains(name);
            if touched(facts) || (anchor && anything) {
                // Killed before the stamp was laid, or the stamp is lost: what the topology has is what may be there.
                let stamp = facts.stamp.clone().unwrap_or_else(|| self.state(name).stamp());
                owned.push((self.target(name), stamp.owned, anchor));
            }
        }
        for (name, departed) in &self.observed.departed {
            let target = departed.target(name);
            match departed.seen.facts().map(|facts| &facts.stamp) {
                Some(Some(stamp)) if stamp.cluster == self.desired.cluster => {
                    owned.push((target, stamp.owned.clone(), false));
                }
                Some(_) => {}
                None => self.skipped.push(format!("{name} cannot be asked: what is on it stays")),
            }
        }
        for (name, error) in self.observed.unknown() {
            self.skipped.push(format!("{name} cannot be asked ({error}): what is on it stays"));
        }
        for role in Role::ALL.iter().rev() {
            let steps = owned
                .iter()
                .filter(|(_, owned, _)| owned.units.contains(role.unit()))
                .map(|(target, ..)| Step {
                    target: target.clone(),
                    action: Action::Stop { unit: role.unit().to_owned() },
                    why: vec![Reason::Left],
                })
                .collect();
            self.steps(&format!("stop every {}", role.title()), steps);
        }
        // The anchors last: while they remember, a destroy that was killed can go on.
        for (anchors, title) in
            [(false, "remove what provision made"), (true, "remove what provision made from the anchors")]
        {
            let steps = owned
                .iter()
                .filter(|(_, _, anchor)| *anchor == anchors)
                .map(|(target, owned, _)| Step {
                    target: target.clone(),
                    action: Action::Remove(Box::new(Removal { owned: owned.clone(), delete_data })),
                    why: vec![Reason::Left],
                })
                .collect();
            self.steps(title, steps);
        }
        self.finish()
    }
}

/// A member that runs without its data directory writes into files that nobody will find again.
fn lost_data(desired: &Desired, state: &HostState, facts: &HostFacts, change: &mut HostChange) {
    let unit = Role::ZooKeeper.unit();
    let (Some(quorum), true) = (&desired.quorum, state.services.contains_key(unit)) else { return };
    let born = facts.birth.as_ref().is_some_and(|record| record.complete);
    let running = facts.units.get(unit).is_some_and(crate::observe::UnitFacts::is_running);
    if born && running && !facts.has_data && !change.services.contains_key(unit) {
        let why = vec![Reason::InputChanged { path: quorum.log_dir.join("version-2").to_string() }];
        change.services.insert(unit.to_owned(), super::compare::ServiceChange { need: Need::Restart, why });
    }
}

/// A host that is no longer an anchor keeps no records.
fn forget_records(desired: &Desired, name: &Name, facts: &HostFacts, change: &mut HostChange) {
    if !desired.anchors.contains(name) {
        let files =
            facts.records.keys().map(|record| HostPath::known(&format!("{STATE_FOLDER}/{}.json", record.text())));
        change.leftovers.files.extend(files);
    }
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

/// Whether a service leaves a host that stays. It goes when what takes over is well, and not before; until then the old
/// stamp stays too, so that a killed run still knows of it.
fn leaves_role(change: &HostChange) -> bool {
    !change.leftovers.units.is_empty()
}

fn migration(path: &str) -> &'static str {
    if path.starts_with("zookeeper.members") {
        "growing, shrinking and replacing members is a procedure of its own, which this version does not deliver; put the old list back"
    } else if path == "zookeeper.version" {
        "an upgrade is a procedure of its own, which this version does not deliver; put the old version back"
    } else {
        "the data would have to move, which this version does not do; put the old value back, or destroy and begin anew"
    }
}

fn short(sum: &str) -> &str {
    sum.get(..16).unwrap_or(sum)
}

fn names<'n>(names: impl IntoIterator<Item = &'n Name>) -> String {
    names.into_iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}

fn list(members: &BTreeMap<crate::topology::value::MemberId, Name>) -> String {
    members.iter().map(|(id, host)| format!("{id}: {host}")).collect::<Vec<_>>().join(", ")
}
