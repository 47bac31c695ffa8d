//! Changed settings, by their classes: which roll, which need an outage, and which this version refuses.

use std::collections::BTreeSet;

use super::planner::Planner;
use crate::desired::FIRST_OWN_PORT;
use crate::host::{Action, Class, HostFacts, Record, RecordName, Seen, ServiceUnit, Setting, UnitFacts};
use crate::plan::compare::{HostChange, Need, ServiceChange};
use crate::plan::difference::Difference;
use crate::plan::{Outage, Phase, Reason, Refusal, SettingRefusal};
use crate::platform::local::ALL_PORTS;
use crate::service::{self, DATA_MOVES, Service, roles};
use crate::value::{HostPath, Name, Redundancy, Role, listed};

impl Planner<'_> {
    /// The hosts that cannot be asked and have a service that must change together with running ones. If all reachable ones are stopped, a host
    /// that returns later does no harm, unless its node leads meanwhile: it may run on, and only we cannot reach it.
    fn hosts_with_the_old_value(&self, setting: &str) -> Vec<Name> {
        let mut roles = self.together(setting).roles;
        let runs =
            |facts: &HostFacts| roles.iter().any(|role| facts.units.get(role.unit()).is_some_and(UnitFacts::may_run));
        if !self.observed.hosts.values().filter_map(Seen::facts).any(runs) {
            roles.retain(|role| role.redundancy() == Redundancy::One);
        }
        let involved = |name: &Name| roles.iter().any(|role| self.with_role(*role).contains(name));
        self.observed.unknown().map(|(name, _)| name).filter(|name| involved(name)).cloned().collect()
    }

    fn together(&self, setting: &str) -> Together {
        Together::by(setting, |roles| roles.iter().any(|role| !self.with_role(*role).is_empty()))
    }

    /// A secret that no host has as it must be was changed on purpose: old and new cannot talk to each other. (Where some
    /// have it, the others drifted, or an apply that changed it was killed.) Returns the roles that must stop together.
    pub(super) fn changed_secrets(&mut self, refusals: &mut Vec<Refusal>) -> BTreeSet<Role> {
        let mut roles = BTreeSet::new();
        for service in service::all() {
            if let Some((setting, _)) = service.secret().filter(|(_, file)| self.is_changed_secret(service, file)) {
                roles.extend(self.change_secret(setting, refusals).roles);
            }
        }
        roles
    }

    fn is_changed_secret(&self, service: &dyn Service, file: &HostPath) -> bool {
        let reads = |host: &Name, path: &HostPath| {
            let mut readers = self.desired.hosts[host].services.values();
            let is_one = |unit: &ServiceUnit| unit.role.is_some_and(|role| service.roles().contains(&role));
            path == file && readers.any(|unit| is_one(unit) && unit.secret_inputs.contains(path))
        };
        let secret = |difference: &Difference| *difference == Difference::Secret;
        let differs = |(host, change): (&Name, &HostChange)| {
            change.files.iter().any(|(path, difference)| secret(difference) && reads(host, path))
        };
        let facts = self.observed.hosts.iter().filter_map(|(host, seen)| Some((host, seen.facts()?)));
        let mut right = facts.flat_map(|(host, facts)| facts.secrets.iter().filter(move |(path, _)| reads(host, path)));
        self.changes.iter().any(differs) && !right.any(|(_, right)| *right)
    }

    fn change_secret(&mut self, path: &str, refusals: &mut Vec<Refusal>) -> Together {
        let setting = format!("the secret of {path}");
        let hosts = self.hosts_with_the_old_value(path);
        if !hosts.is_empty() {
            refusals.push(Refusal::Setting {
                setting: setting.clone(),
                from: "the old one".to_owned(),
                to: "the new one".to_owned(),
                class: Class::Outage,
                because: SettingRefusal::SomeUnreachable { hosts },
            });
        }
        let together = self.together(path);
        self.outages.push(Outage {
            what: together.title.clone(),
            seconds: together.seconds(),
            why: format!(
                "{setting} changes: processes with the old value and processes with the new one refuse each other"
            ),
        });
        together
    }

    /// Returns true if the new ports of some nodes are the old ones of others: of what is applied, or what a killed apply has begun.
    fn own_ports_overlap(&self) -> bool {
        let first = |setting: Option<&Setting>| setting?.value.parse::<u16>().ok();
        let new = first(self.desired.settings.get(FIRST_OWN_PORT));
        [RecordName::Applied, RecordName::Intended].into_iter().any(|record| {
            let old = first(self.observed.record(record).and_then(|record| record.settings.get(FIRST_OWN_PORT)));
            old.zip(new).is_some_and(|(old, new)| old != new && old.abs_diff(new) < ALL_PORTS)
        })
    }

    /// Judges changed settings by their classes. Returns the roles that must stop together.
    pub(super) fn classify_settings(&mut self, refusals: &mut Vec<Refusal>) -> BTreeSet<Role> {
        let applied = self.observed.record(RecordName::Applied);
        let intended = self.observed.record(RecordName::Intended);
        let Some(before) = applied.or(intended) else { return BTreeSet::new() };
        // A killed apply may have carried out part of what it intended: nodes can run with either value.
        let halfway =
            |path: &String| intended.is_some_and(|record| record.settings.get(path) != self.desired.settings.get(path));
        let applied = applied.is_some();
        let mut roles = BTreeSet::new();
        let none = String::from("(not set)");
        let paths: BTreeSet<&String> = before.settings.keys().chain(self.desired.settings.keys()).collect();
        for path in paths {
            let (was, is) = (before.settings.get(path), self.desired.settings.get(path));
            let class = is.or(was).map_or(Class::Roll, |setting| setting.class);
            if was == is && !(class == Class::Outage && halfway(path)) {
                continue;
            }
            let value = |setting: Option<&Setting>| setting.map_or(none.clone(), |setting| setting.value.clone());
            // Where nothing of a service has been laid, nothing of it can stop.
            let records = [Some(before), intended].into_iter().flatten();
            let laid = |role: &Role| records.clone().any(|record| has_settings_of(record, role.service()));
            let together = self.together(path);
            if class == Class::Outage && !together.roles.iter().any(laid) {
                continue;
            }
            if let Some(because) = self.refusal_of(path, class, applied) {
                let setting = path.clone();
                let begun = intended.and_then(|record| record.settings.get(path));
                let from = if was == is { begun } else { was };
                refusals.push(Refusal::Setting { setting, from: value(from), to: value(is), class, because });
            } else if class == Class::Outage {
                roles.extend(together.roles.iter().copied());
                let lost = together.roles.iter().filter_map(|role| role.lost_together());
                let lost: String = lost.map(|lost| format!("; {lost}")).collect();
                if let Some(service) = service_of(path).filter(|_| together.title.is_empty()) {
                    let ends = Outage {
                        seconds: 0,
                        what: service.title().to_owned(),
                        why: format!("it leaves the topology{lost}"),
                    };
                    // Once for all of its settings.
                    if !self.outages.contains(&ends) {
                        self.outages.push(ends);
                    }
                    continue;
                }
                let why = if was == is {
                    format!("{path} goes back to {}: an interrupted apply had begun to change it", value(is))
                } else {
                    format!("{path} changes from {} to {}", value(was), value(is))
                };
                let seconds = together.seconds();
                self.outages.push(Outage { seconds, what: together.title, why: why + &lost });
            }
        }
        roles
    }

    /// The reason why a setting of this class cannot change now. `applied` is true if the cluster has served with the old value.
    fn refusal_of(&self, path: &str, class: Class, applied: bool) -> Option<SettingRefusal> {
        match class {
            Class::Migrate if applied => {
                Some(SettingRefusal::Migrates(service_of(path).map_or(DATA_MOVES, |service| service.migration(path))))
            }
            Class::Outage if path == FIRST_OWN_PORT && self.own_ports_overlap() => {
                Some(SettingRefusal::PortsOverlap(ALL_PORTS))
            }
            Class::Outage => {
                let hosts = self.hosts_with_the_old_value(path);
                (!hosts.is_empty()).then_some(SettingRefusal::SomeUnreachable { hosts })
            }
            Class::Live | Class::Roll | Class::Migrate => None,
        }
    }

    /// A master that nobody can stop takes over from those that are stopped, with the old settings.
    fn note_lost_electors(&mut self, roles: &BTreeSet<Role>) {
        let stops_electors = self.desired.election.as_ref().is_some_and(|election| roles.contains(&election.role));
        let lost: Vec<Name> = self.departed_unseen().map(|(name, _)| name.clone()).filter(|_| stops_electors).collect();
        if !lost.is_empty() {
            let note = format!(
                "turn off {} before this outage: a node of this role that still runs there may lead, and then no other does",
                listed(&lost)
            );
            self.notes.push(note);
        }
    }

    /// Stops every unit of these roles, clients first; what follows starts them again.
    pub(super) fn stops_for_outage(&mut self, roles: &BTreeSet<Role>) -> Vec<Phase> {
        let mut phases = Vec::new();
        self.note_lost_electors(roles);
        for role in roles.iter().rev() {
            let mut steps = Vec::new();
            for host in self.with_role(*role) {
                let Some(facts) = self.observed.facts(&host) else { continue };
                if !facts.units.get(role.unit()).is_some_and(UnitFacts::may_run) {
                    continue;
                }
                steps.push(self.step(&host, Action::Stop { unit: role.unit().to_owned() }, vec![Reason::Outage]));
                let change = self.changes.entry(host).or_default();
                let service = ServiceChange { need: Need::Start, why: vec![Reason::Outage] };
                change.services.insert(role.unit().to_owned(), service);
            }
            if !steps.is_empty() {
                phases.push(Phase::Steps { title: format!("stop every {}", role.title()), steps });
            }
        }
        phases
    }
}

/// Roles that cannot run with the old value of a setting and the new one side by side.
struct Together {
    roles: Vec<Role>,
    /// Their name for an operator.
    title: String,
}

impl Together {
    /// A service's own roles, and those that stand on them. A setting that belongs to no service affects all of them.
    fn by(setting: &str, runs: impl Fn(&[Role]) -> bool) -> Together {
        let Some(service) = service_of(setting) else {
            let titles: Vec<_> =
                service::all().filter(|service| !service.roles().is_empty()).map(Service::title).collect();
            return Together { roles: roles().collect(), title: titles.join(" and ") };
        };
        let own = service.stops_together();
        let above =
            roles().filter(|role| !own.contains(role) && role.stands_on().is_some_and(|below| own.contains(&below)));
        let above: Vec<Role> = above.collect();
        let titles = above.iter().map(|role| format!(" and every {}", role.title()));
        let all: String = titles.collect();
        // Of a service that somebody else runs nothing stops.
        let title =
            if runs(own) { service.title().to_owned() + &all } else { all.trim_start_matches(" and ").to_owned() };
        Together { roles: [own, &above].concat(), title }
    }

    fn seconds(&self) -> u32 {
        self.roles.iter().filter_map(|role| role.interruption()).map(|interruption| interruption.seconds).sum()
    }
}

/// The service that a setting belongs to, by the first part of its path.
fn service_of(setting: &str) -> Option<&'static dyn Service> {
    service::by_key(setting.split('.').next()?)
}

/// Returns true if a record has settings of a service: `spark.version` is one of `spark`.
fn has_settings_of(record: &Record, service: &str) -> bool {
    record.settings.keys().any(|path| path.split('.').next() == Some(service))
}
