//! The cluster's memory: hosts and services that have left the topology are retired, and records of the intended and applied state are written.

use std::collections::{BTreeMap, BTreeSet};

use super::planner::Planner;
use crate::desired::{Desired, FIREWALL_UNIT};
use crate::host::{
    Action, Class, HostFacts, Owned, Patch, Reach, Record, RecordName, Removal, STATE_FOLDER, Setting, Stamp, Target,
};
use crate::observe::{Departed, says_it_is_ours};
use crate::plan::compare::{HostChange, edit};
use crate::plan::{Outage, Phase, Reason, Step};
use crate::service::{self, roles};
use crate::value::{HostPath, Name, Redundancy, Role, counted};

impl Planner<'_> {
    /// Retires nodes of a role of which one leads: they go once the new ones stand by, so that one of those takes over.
    pub(super) fn retire_role(&mut self, role: Role) {
        self.retire_those(|units| units.contains(role.unit()));
    }

    /// Lets nodes that leave finish their work, as ones that are restarted do.
    fn drain_leavers(&mut self) {
        for (role, drain) in self.desired.drains.clone() {
            let action = || Action::Drain { unit: role.unit().to_owned(), drain };
            let here = self.changes.iter().filter(|(_, change)| change.leftovers.units.contains(role.unit()));
            let here = here.map(|(host, _)| self.step(host, action(), vec![Reason::Left]));
            let there = self.departed_stamps().filter(|(_, stamp)| stamp.owned.units.contains(role.unit()));
            let there = there.map(|(target, _)| Step { target, action: action(), why: vec![Reason::Left] });
            let steps = here.chain(there).collect();
            self.steps(&format!("drain every {} that leaves, for at most {} s", role.title(), drain.seconds), steps);
        }
    }

    /// Retires everything else that the cluster remembers and the topology no longer has.
    pub(super) fn retire(&mut self) {
        self.drain_leavers();
        self.retire_those(|units| {
            !roles().any(|role| role.redundancy() == Redundancy::One && units.contains(role.unit()))
        });
        let unseen = self.departed_unseen().map(|(name, _)| {
            format!(
                "{name} has left the topology and cannot be reached or used: nothing is removed from it until it can"
            )
        });
        let unseen: Vec<_> = unseen.collect();
        self.skipped.extend(unseen);
    }

    /// Announces the end of jobs whose drivers run where the distribution that they run from is removed: with a host that leaves, or with the last
    /// role of the service that leaves a host.
    pub(super) fn announce_lost_jobs(&mut self) {
        for service in
            service::all().filter(|service| service.roles().iter().any(|role| role.lost_together().is_some()))
        {
            let of_service = |home: &HostPath| home.name().starts_with(&format!("{}-", service.key()));
            let here = self.changes.iter().filter(|(_, change)| change.leftovers.distributions.iter().any(of_service));
            let here = here.filter_map(|(name, _)| Some((name, self.observed.facts(name)?)));
            let departed = self.departed_stamps().filter(|(_, stamp)| stamp.owned.distributions.iter().any(of_service));
            let there = departed.filter_map(|(target, _)| {
                let (name, departed) = self.observed.departed.get_key_value(&target.name)?;
                Some((name, departed.seen.facts()?))
            });
            let busy = here.chain(there).filter(|(_, facts)| !facts.jobs.is_empty());
            let lost = busy.map(|(name, facts)| Outage {
                what: format!("{} with its driver on {name}", counted(facts.jobs.len(), "job")),
                seconds: 0,
                why: format!("{}, which the driver runs from, is removed from that host", service.title()),
            });
            let lost: Vec<Outage> = lost.collect();
            self.outages.extend(lost);
        }
    }

    /// Returns true if nodes of a role leave their hosts.
    pub(super) fn some_leave(&self, role: Role) -> bool {
        self.departed_stamps().any(|(_, stamp)| stamp.owned.units.contains(role.unit()))
            || self.changes.values().any(|change| change.leftovers.units.contains(role.unit()))
    }

    /// Hosts that have left the topology and still carry this cluster's stamp.
    pub(super) fn departed_stamps(&self) -> impl Iterator<Item = (Target, &Stamp)> {
        self.observed.departed.iter().filter_map(|(name, departed)| {
            let facts = departed.seen.facts()?;
            let stamp = facts.stamp.as_ref()?;
            let is_ours = stamp.host == *name
                && says_it_is_ours(name, facts, self.desired)
                && self.observed.memory.knows_one_of(&stamp.anchors);
            is_ours.then(|| (departed.target(name), stamp))
        })
    }

    /// Hosts that have left the topology and cannot be asked.
    pub(super) fn departed_unseen(&self) -> impl Iterator<Item = (&Name, &Departed)> {
        self.observed.departed.iter().filter(|(_, departed)| departed.seen.facts().is_none())
    }

    fn retire_those(&mut self, goes: impl Fn(&BTreeSet<String>) -> bool) {
        let mut leavers = Vec::new();
        let leaves = |change: &&HostChange| leaves_role(change) && goes(&change.leftovers.units);
        for (host, change) in self.changes.iter().filter(|(_, change)| leaves(change)) {
            let stamp = edit(self.state(host), &HostPath::known(crate::host::STAMP_PATH));
            let patch = Patch {
                leftovers: change.leftovers.clone(),
                files: vec![stamp],
                reload_units: true,
                ..Patch::default()
            };
            leavers.push(self.step(host, Action::Patch(Box::new(patch)), vec![Reason::Left]));
        }
        self.steps("remove what has left its host", leavers);
        let steps = self
            .departed_stamps()
            .filter(|(_, stamp)| goes(&stamp.owned.units))
            .map(|(target, stamp)| {
                let action = Action::Remove(Box::new(Removal {
                    owned: stamp.owned.clone(),
                    delete_data: false,
                    keeps_epoch: false,
                }));
                Step { target, action, why: vec![Reason::Left] }
            })
            .collect();
        self.steps("retire what has left the topology", steps);
    }

    /// Writes the two records before and after the other phases, if there are any or a record is out of date.
    pub(super) fn remember(&mut self) {
        let record = Record {
            cluster: self.desired.cluster.clone(),
            identity: self.desired.identity.clone(),
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
        let whole = !self.deferred && self.observed.unknown().next().is_none();
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
        // Written last: hosts that were left behind stay in both records until they are gone.
        let applied = if whole { Some(record.clone()) } else { self.applied_in_part(&record) };
        let applied = applied.map(|applied| on_anchors(RecordName::Applied, &applied)).unwrap_or_default();
        let last = [applied, on_anchors(RecordName::Intended, &record)].concat();
        if !idle {
            self.phases.insert(0, Phase::Steps { title: "record what is intended".to_owned(), steps: first });
        }
        let title = if whole { "record what is applied" } else { "record what is left to do" };
        self.phases.push(Phase::Steps { title: title.to_owned(), steps: last });
    }

    /// The record of what is applied, where some work is left for later. Settings that need an outage are recorded now: the outage reached every host
    /// (otherwise the plan is refused), and must not be repeated.
    fn applied_in_part(&self, goal: &Record) -> Option<Record> {
        let before = self.observed.record(RecordName::Applied)?;
        let mut settings = before.settings.clone();
        let outage = |setting: Option<&Setting>| setting.is_some_and(|setting| setting.class == Class::Outage);
        let paths: BTreeSet<&String> = before.settings.keys().chain(goal.settings.keys()).collect();
        for path in paths.into_iter().filter(|path| outage(goal.settings.get(*path).or(before.settings.get(*path)))) {
            match goal.settings.get(path) {
                Some(setting) => settings.insert(path.clone(), setting.clone()),
                None => settings.remove(path),
            };
        }
        (settings != before.settings).then(|| Record { settings, ..before.clone() })
    }

    /// The goal's hosts, and departed ones that could not be retired.
    fn remembered_hosts(&self) -> BTreeMap<Name, Reach> {
        let current = self.desired.hosts.iter().map(|(name, state)| (name.clone(), state.host.reach.clone()));
        current.chain(self.departed_unseen().map(|(name, departed)| (name.clone(), departed.reach.clone()))).collect()
    }

    /// Before the first change: old hosts are still remembered, so that a killed run can retire them.
    fn intended_with_past(&self, record: &Record) -> Record {
        let departed = self.observed.departed.iter().map(|(name, departed)| (name.clone(), departed.reach.clone()));
        let hosts = departed.chain(record.hosts.clone()).collect();
        Record { hosts, ..record.clone() }
    }
}

/// A host that is no longer an anchor keeps no records.
pub(super) fn forget_records(desired: &Desired, name: &Name, facts: &HostFacts, change: &mut HostChange) {
    if !desired.anchors.contains(name) {
        let files =
            facts.records.keys().map(|record| HostPath::known(&format!("{STATE_FOLDER}/{}.json", record.text())));
        change.leftovers.files.extend(files);
    }
}

/// Returns true if a service or a distribution leaves a host that stays. It goes when what takes over is well, and not before; until
/// then the stamp lists it, so that a killed run still knows of it. (A firewall that leaves goes first: what takes over may need what it closes.)
pub(super) fn leaves_role(change: &HostChange) -> bool {
    let Owned { units, distributions, .. } = &change.leftovers;
    units.iter().any(|unit| unit != FIREWALL_UNIT) || !distributions.is_empty()
}
