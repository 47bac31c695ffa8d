//! Files, firewalls and units on the hosts, before and beside the work on services.

use std::collections::{BTreeMap, BTreeSet};

use super::memory::leaves_role;
use super::planner::Planner;
use crate::desired::{FIREWALL_RULES, FIREWALL_UNIT};
use crate::host::{
    Access, Action, Content, FileEdit, HostFacts, HostState, Owned, Patch, ServiceUnit, Stamp, Target, unit_path,
};
use crate::plan::compare::{HostChange, Need, edit, patch};
use crate::plan::difference::Difference;
use crate::plan::{Phase, Reason, Step, reach};
use crate::value::{HostPath, Name};

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
            let mut held: BTreeSet<HostPath> = held_back(state, change).into_values().flatten().collect();
            held.extend(held_for_stop(state, change));
            held.extend(held_for_trial(state, change));
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

    /// Adds a trial of the new firewall, a check that hosts still reach each other, and the step that keeps it.
    pub(super) fn firewall(&mut self) {
        let (mut trials, mut steps) = (Vec::new(), Vec::new());
        for (host, change) in &self.changes {
            let state = self.state(host);
            let Some(service) = change.services.get(FIREWALL_UNIT).filter(|service| is_tried(service.need)) else {
                continue;
            };
            let file = &state.files[&HostPath::known(FIREWALL_RULES)];
            let files = held_for_trial(state, change).iter().map(|path| edit(state, path)).collect();
            let (unit, start) = (FIREWALL_UNIT.to_owned(), service.need == Need::Start);
            let try_them =
                Action::TryRules { rules: file.content.public(), seconds: trial_seconds(self.changes.len()) };
            trials.push(self.step(host, try_them, service.why.clone()));
            steps.push(self.step(host, Action::KeepRules { unit, files, start }, service.why.clone()));
        }
        let closes =
            |step: &Step| closed_by(step, self.state(&step.target.name), self.observed.facts(&step.target.name)?);
        let closed: Vec<String> = trials.iter().filter_map(closes).collect();
        self.notes.extend(closed);
        let changed: Vec<&Name> = steps.iter().map(|step: &Step| &step.target.name).collect();
        let from = reach::after(self.desired, self.observed, &changed);
        let tried = trials.iter().map(|step: &Step| step.target.clone()).collect();
        let seconds = trial_seconds(self.changes.len());
        self.steps(
            &format!("try the firewall's new rules: each host returns to its old ones after {seconds} s unless the new ones are confirmed"),
            trials,
        );
        if !steps.is_empty() {
            let title =
                "check that new connections from here reach every host, and that hosts reach each other".to_owned();
            let answers = self.desired.hosts.iter().filter(|(name, _)| self.observed.facts(name).is_some());
            let proven = answers.map(|(_, state)| Target::of(&state.host)).collect();
            self.phases.push(Phase::Reach { title, from, proven, tried });
        }
        self.steps("confirm the rules", steps);
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

/// The most ports that a note names.
const PORTS_NAMED: usize = 10;

/// The ports that listen on a host now for others, and that the new rules close: somebody may need them.
fn closed_by(step: &Step, state: &HostState, facts: &HostFacts) -> Option<String> {
    let is_open = |port: u16| state.open.iter().any(|open| open.contains(&port));
    let for_others = facts.listening.iter().filter(|there| there.address.is_none_or(|address| !address.is_loopback()));
    let closed: BTreeSet<u16> = for_others.map(|there| there.port).filter(|port| !is_open(*port)).collect();
    let first: Vec<_> = closed.iter().take(PORTS_NAMED).map(ToString::to_string).collect();
    let more = if closed.len() > PORTS_NAMED { ", ..." } else { "" };
    (!closed.is_empty()).then(|| {
        format!(
            "on {} the firewall closes ports that are in use now: {}{more} (an `allow` entry keeps them open)",
            step.target.name,
            first.join(", ")
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
fn held_for_trial(state: &HostState, change: &HostChange) -> BTreeSet<HostPath> {
    let Some(service) = state.services.get(FIREWALL_UNIT) else { return BTreeSet::new() };
    let tried = change.services.get(FIREWALL_UNIT).is_some_and(|service| is_tried(service.need));
    let inputs = service.inputs.iter().filter(|path| tried && change.files.contains_key(*path));
    inputs.cloned().collect()
}

/// Changed files that are read by a running service that is stopped with the others.
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
pub(super) fn held_back(state: &HostState, change: &HostChange) -> BTreeMap<String, BTreeSet<HostPath>> {
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
