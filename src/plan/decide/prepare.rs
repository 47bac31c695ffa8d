//! Files, firewalls and units on the hosts, before and beside the work on services.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::RangeInclusive;

use super::memory::leaves_role;
use super::planner::Planner;
use crate::desired::{FIREWALL_RULES, FIREWALL_UNIT, with_old};
use crate::host::{
    Access, Action, Content, FileEdit, HostFacts, HostState, Owned, Patch, ServiceUnit, Stamp, Target, unit_path,
};
use crate::plan::compare::{HostChange, Need, ServiceChange, edit, patch};
use crate::plan::difference::Difference;
use crate::plan::{Phase, Reason, Step, reach};
use crate::value::{HostPath, Name, listed};

impl Planner<'_> {
    /// The files of what is stopped together: laid between stop and start, so that nothing comes up half-way.
    pub(super) fn lay_after_stop(&mut self) {
        let mut steps = Vec::new();
        for (host, change) in &self.changes {
            let state = self.state(host);
            let files: Vec<_> = deferred_until_stop(state, change).iter().map(|path| edit(state, path)).collect();
            if !files.is_empty() {
                let patch = Patch { files, reload_units: true, ..Patch::default() };
                steps.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Outage]));
            }
        }
        self.steps("write the files that old and new services cannot share", steps);
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
            let mut held: BTreeSet<HostPath> = deferred_until_restart(state, change).into_values().flatten().collect();
            held.extend(deferred_until_stop(state, change));
            held.extend(deferred_until_trial(state, change));
            let later = leaves_role(change);
            let stamp = HostPath::known(crate::host::STAMP_PATH);
            let mut patch = patch(change, state, agreed, &|path| held.contains(path) || (later && *path == stamp));
            if later {
                patch.leftovers = firewall_of(&patch.leftovers);
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

    /// Adds a trial of the new firewall, a check that hosts still reach each other, and the step that keeps it. What leaves, or moves to another port,
    /// keeps the rules that it needs until then: the hosts where they are to be closed in the end are returned.
    pub(super) fn firewall(&mut self) -> BTreeSet<Name> {
        let old_is_needed = self.old_rules_are_needed();
        let (mut trials, mut wide) = (Vec::new(), BTreeSet::new());
        for (host, change) in &self.changes {
            let state = self.state(host);
            let Some(service) = change.services.get(FIREWALL_UNIT).filter(|service| is_tried(service.need)) else {
                continue;
            };
            let mut files: Vec<FileEdit> =
                deferred_until_trial(state, change).iter().map(|path| edit(state, path)).collect();
            let path = HostPath::known(FIREWALL_RULES);
            let mut rules = state.files[&path].content.public();
            if let Some(both) = self.old_rules(host).filter(|_| old_is_needed).and_then(|old| with_old(&rules, old)) {
                for file in files.iter_mut().filter(|file| file.path == path) {
                    file.content = Content::Text(both.clone());
                }
                rules = both;
                wide.insert(host.clone());
            }
            trials.push(Trial { host, rules, files, start: service.need == Need::Start, why: service.why.clone() });
        }
        let seen = trials.iter().filter_map(|trial| Some((self.state(trial.host), self.observed.facts(trial.host)?)));
        let seen: Vec<(&HostState, &HostFacts)> = seen.collect();
        let closed = seen.iter().filter_map(|(state, facts)| closed_by(state, facts));
        let forwarded = seen.iter().filter_map(|(state, facts)| ssh_is_forwarded(state, facts));
        let notes: Vec<String> = closed.chain(forwarded).collect();
        let phases = self.trial("try the firewall's new rules", &trials);
        self.notes.extend(notes);
        self.phases.extend(phases);
        wide
    }

    /// Closes what only those needed that have left, or moved, by now.
    pub(super) fn close(&mut self, wide: &BTreeSet<Name>) {
        // What is left for later needs the old rules until then.
        if self.deferred && !wide.is_empty() {
            self.skipped.push(format!(
                "the firewall of {} also keeps its old rules: what is left for later may need them",
                listed(wide)
            ));
            return;
        }
        let path = HostPath::known(FIREWALL_RULES);
        let trial = |host| {
            let state = self.state(host);
            let rules = state.files[&path].content.public();
            Trial { host, rules, files: vec![edit(state, &path)], start: false, why: vec![Reason::Left] }
        };
        let trials: Vec<Trial<'_>> = wide.iter().map(trial).collect();
        let phases = self.trial("try the firewall's rules without those for what has left or moved", &trials);
        self.phases.extend(phases);
    }

    /// Returns true if nodes leave, or are restarted one after the other with other ports perhaps. (What is stopped for an outage needs nothing meanwhile.)
    fn old_rules_are_needed(&self) -> bool {
        let rolls = |(unit, service): (&String, &ServiceChange)| {
            unit != FIREWALL_UNIT && service.need == Need::Restart && !service.why.contains(&Reason::Outage)
        };
        self.departed_stamps().next().is_some()
            || self.changes.values().any(|change| leaves_role(change) || change.services.iter().any(rolls))
    }

    /// The rules in a host's file.
    fn old_rules(&self, host: &Name) -> Option<&str> {
        let facts = self.observed.facts(host)?;
        let ours = facts.stamp.as_ref().is_some_and(|stamp| stamp.owned.units.contains(FIREWALL_UNIT));
        facts.paths.get(&HostPath::known(FIREWALL_RULES)).filter(|_| ours)?.text.as_deref()
    }

    fn trial(&self, title: &str, trials: &[Trial<'_>]) -> Vec<Phase> {
        if trials.is_empty() {
            return Vec::new();
        }
        let seconds = trial_seconds(self.changes.len());
        let try_rules = |Trial { host, rules, why, .. }: &Trial<'_>| {
            self.step(host, Action::TryRules { rules: rules.clone(), seconds }, why.clone())
        };
        let tries: Vec<Step> = trials.iter().map(try_rules).collect();
        let keep = |trial: &Trial<'_>| {
            let Trial { host, rules: _, files, start, why } = trial;
            let (unit, files, start) = (FIREWALL_UNIT.to_owned(), files.clone(), *start);
            self.step(host, Action::KeepRules { unit, files, start }, why.clone())
        };
        let keeps: Vec<Step> = trials.iter().map(keep).collect();
        let changed: Vec<&Name> = trials.iter().map(|trial| trial.host).collect();
        let answers = self.desired.hosts.iter().filter(|(name, _)| self.observed.facts(name).is_some());
        vec![
            Phase::Steps {
                title: format!(
                    "{title}: each host returns to its old ones after {seconds} s unless the new ones are confirmed"
                ),
                steps: tries.clone(),
            },
            Phase::Reach {
                title: "check that new connections from here reach every host, and that hosts reach each other"
                    .to_owned(),
                from: reach::after(self.desired, self.observed, &changed),
                proven: answers.map(|(_, state)| Target::of(&state.host)).collect(),
                tried: tries.into_iter().map(|step| step.target).collect(),
            },
            Phase::Steps { title: "confirm the rules".to_owned(), steps: keeps },
        ]
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

    /// Returns true if a running service's unit file was taken away, and comes back with a restart that is left for later: until
    /// then there is nothing to enable.
    fn left_without_unit_file(&self, host: &Name, unit: &str) -> bool {
        let gone = self.changes[host].files.get(&unit_path(unit)) == Some(&Difference::Absent);
        let rolled = |phase: &Phase| matches!(phase, Phase::Roll(roll) if roll.role.unit() == unit && roll.members.contains_key(host));
        gone && self.need(host, unit) == Some(Need::Restart) && !self.phases.iter().any(rolled)
    }
}

/// Rules to try on a host, and the files to write once they have passed.
struct Trial<'a> {
    host: &'a Name,
    rules: String,
    files: Vec<FileEdit>,
    /// True if the firewall's unit does not run yet.
    start: bool,
    why: Vec<Reason>,
}

/// The most ports that a note names.
const PORTS_NAMED: usize = 10;

/// The ports that listen on a host now for others, and that the new rules close: somebody may need them.
fn closed_by(state: &HostState, facts: &HostFacts) -> Option<String> {
    let is_open = |open: &[RangeInclusive<u16>], port: u16| open.iter().any(|open| open.contains(&port));
    let for_others = |address: Option<IpAddr>| address.is_none_or(|address| !address.is_loopback());
    // The cluster's own processes move by themselves.
    let is_ours = |uid: Option<u32>| uid.is_some_and(|uid| facts.users.values().any(|ours| *ours == uid));
    let of_others = facts.listening.iter().filter(|there| for_others(there.address) && !is_ours(there.uid));
    let tcp = of_others.map(|there| there.port);
    let tcp: BTreeSet<u16> = tcp.filter(|port| !is_open(&state.open, *port)).collect();
    let udp = facts.datagrams.iter().filter(|(address, _)| for_others(*address)).map(|(_, port)| *port);
    let udp: BTreeSet<u16> = udp.filter(|port| !is_open(&state.open_to_udp, *port)).collect();
    let closed: Vec<String> =
        tcp.iter().map(ToString::to_string).chain(udp.iter().map(|port| format!("{port}/udp"))).collect();
    let more = if closed.len() > PORTS_NAMED { ", ..." } else { "" };
    (!closed.is_empty()).then(|| {
        format!(
            "on {} the firewall closes ports that are in use now: {}{more} (an `allow` entry keeps them open)",
            state.host.name,
            closed[..closed.len().min(PORTS_NAMED)].join(", ")
        )
    })
}

/// A host where nothing listens on the port at which ssh reaches it: the rules let in that port, and sshd hears another.
fn ssh_is_forwarded(state: &HostState, facts: &HostFacts) -> Option<String> {
    let port = state.host.reach.ssh_port()?;
    (!facts.listening.is_empty() && !facts.listening.iter().any(|there| there.port == port)).then(|| {
        format!(
            "on {} nothing listens on port {port}, at which ssh reaches it: something forwards it, and the firewall would close the port on which sshd listens. Write that port as `ssh: {{ port: ... }}`, and the way to it in ssh's configuration",
            state.host.name
        )
    })
}

/// The seconds after which a host takes a firewall back that nobody has kept: longer than the slowest host's beginning of its trial (a quarter of it), the
/// check between the hosts (20 s) and a connection with its login (40 s) may take, and 20 s for each further hundred hosts, as many as are worked with at once.
fn trial_seconds(hosts: usize) -> u32 {
    80 + 20 * u32::try_from(hosts / 100).unwrap_or(u32::MAX / 20)
}

/// The firewall among what has left: its unit and its files.
fn firewall_of(leftovers: &Owned) -> Owned {
    let mut owned = Owned::default();
    if leftovers.units.contains(FIREWALL_UNIT) {
        let of_it = [HostPath::known(FIREWALL_RULES), unit_path(FIREWALL_UNIT)];
        owned.units.insert(FIREWALL_UNIT.to_owned());
        owned.files.extend(of_it.into_iter().filter(|path| leftovers.files.contains(path)));
    }
    owned
}

fn is_tried(need: Need) -> bool {
    match need {
        Need::Start | Need::Reload | Need::Restart => true,
        Need::Enable => false,
    }
}

/// Changed files of the firewall: they are written once its rules have passed their trial, so that no reboot loads untested ones.
fn deferred_until_trial(state: &HostState, change: &HostChange) -> BTreeSet<HostPath> {
    let Some(service) = state.services.get(FIREWALL_UNIT) else { return BTreeSet::new() };
    let tried = change.services.get(FIREWALL_UNIT).is_some_and(|service| is_tried(service.need));
    let inputs = service.inputs.iter().filter(|path| tried && change.files.contains_key(*path));
    inputs.cloned().collect()
}

/// Changed files that are read by a running service that is stopped with the others.
fn deferred_until_stop(state: &HostState, change: &HostChange) -> BTreeSet<HostPath> {
    let stops = |unit: &String| change.services.get(unit).is_some_and(|service| service.why.contains(&Reason::Outage));
    let reads = |path: &HostPath| {
        let mut readers = state.services.iter().filter(|(unit, _)| stops(unit)).map(|(_, service)| service);
        readers.any(|service| service.inputs.contains(path) || service.secret_inputs.contains(path))
    };
    change.files.keys().filter(|path| reads(path)).cloned().collect()
}

/// Changed files that a running service reads at start: they are laid by that service's restart, so that they can be put
/// back. A file that several read goes with the first; one that a stopped service reads too is laid at once.
pub(super) fn deferred_until_restart(state: &HostState, change: &HostChange) -> BTreeMap<String, BTreeSet<HostPath>> {
    let restarts = |unit: &str| change.services.get(unit).is_some_and(|service| service.need == Need::Restart);
    let starts = |unit: &str| change.services.get(unit).is_some_and(|service| service.need == Need::Start);
    let reads =
        |service: &ServiceUnit, path: &HostPath| service.inputs.contains(path) || service.secret_inputs.contains(path);
    let mut held: BTreeMap<String, BTreeSet<HostPath>> = BTreeMap::new();
    for path in change.files.keys() {
        let mut readers: Vec<(&String, &ServiceUnit)> =
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
