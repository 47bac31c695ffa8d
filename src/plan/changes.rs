//! The changes of a plan, host by host, as people and programs are shown them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::{HostChange, Need};
use super::difference::Difference;
use super::{Goal, Phase, Plan, Step};
use crate::host::{Access, Action, FileEdit, Owned, Patch, Removal};
use crate::value::{HostPath, Name};

/// One change on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub action: Verb,
    pub kind: Kind,
    /// A path, or the name of a user, package or unit.
    pub name: String,
    /// More about it, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// A unified diff of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
    /// True if this plan does not make the change: it must wait for a host that cannot be used now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub later: bool,
}

/// The kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    Add,
    Change,
    Remove,
    Enable,
    Reload,
    Restart,
    Start,
}

/// The thing that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    Package,
    User,
    Directory,
    Distribution,
    File,
    Service,
}

impl Kind {
    pub fn word(self) -> &'static str {
        match self {
            Kind::Package => "package",
            Kind::User => "user",
            Kind::Directory => "directory",
            Kind::Distribution => "distribution",
            Kind::File => "file",
            Kind::Service => "service",
        }
    }
}

/// The changes of each host that has some.
pub type ByHost<'p> = BTreeMap<&'p Name, Vec<Change>>;

impl Plan {
    /// Every change by host: what differs, and what is removed from hosts that are left.
    pub fn changes_by_host(&self) -> ByHost<'_> {
        let mut all: ByHost = self.changes.iter().map(|(host, change)| (host, of_host(change))).collect();
        let made = self.made_now();
        for (host, changes) in &mut all {
            changes
                .iter_mut()
                .for_each(|change| change.later = !made.contains(&(*host, change.kind, change.name.clone())));
        }
        for step in self.all_steps() {
            if let Action::Remove(removal) = &step.action {
                let Removal { owned, delete_data, keeps_epoch: _ } = &**removal;
                all.entry(&step.target.name).or_default().extend(removed(owned, *delete_data));
            }
        }
        // In a destroy a host is listed even if nothing on it changes.
        all.retain(|_, changes| !changes.is_empty() || matches!(self.goal, Goal::Destroy { .. }));
        all
    }

    /// The number of hosts whose data is deleted.
    pub fn emptied(&self) -> usize {
        let deletes = |step: &&Step| matches!(&step.action, Action::Remove(removal) if removal.deletes_data());
        self.all_steps().filter(deletes).map(|step| &step.target.name).collect::<BTreeSet<_>>().len()
    }

    fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.phases
            .iter()
            .filter_map(|phase| if let Phase::Steps { steps, .. } = phase { Some(steps) } else { None })
            .flatten()
    }

    /// The things that the phases change, by host.
    fn made_now(&self) -> BTreeSet<(&Name, Kind, String)> {
        // A unit that must be restarted may be enabled now and restarted later.
        let is_part = |step: &&Step| match &step.action {
            Action::Enable { unit } => {
                let service = self.changes.get(&step.target.name).and_then(|change| change.services.get(unit));
                service.is_some_and(|service| service.need == Need::Restart)
            }
            _ => false,
        };
        let of_steps = self
            .all_steps()
            .filter(|step| !is_part(step))
            .flat_map(|step| made_by(&step.action).into_iter().map(|(kind, name)| (&step.target.name, kind, name)));
        let rolls =
            self.phases.iter().filter_map(|phase| if let Phase::Roll(roll) = phase { Some(roll) } else { None });
        let of_rolls = rolls.flat_map(|roll| &roll.members).flat_map(|(host, member)| {
            of_files(&member.files)
                .chain([(Kind::Service, member.unit.clone())])
                .map(move |(kind, name)| (host, kind, name))
        });
        of_steps.chain(of_rolls).collect()
    }
}

/// The things that an action changes.
fn made_by(action: &Action) -> Vec<(Kind, String)> {
    match action {
        Action::InstallPackage { package } => vec![(Kind::Package, package.clone())],
        Action::Patch(patch) => {
            let Patch { users, directories, distributions, files, leftovers, reload_units: _ } = &**patch;
            let users = users.iter().map(|(name, _)| (Kind::User, name.clone()));
            let directories = directories.iter().map(|(path, _)| (Kind::Directory, path.to_string()));
            let distributions = distributions.iter().map(|unpack| (Kind::Distribution, unpack.home.to_string()));
            let removed = removed(leftovers, false).into_iter().map(|change| (change.kind, change.name));
            users.chain(directories).chain(distributions).chain(of_files(files)).chain(removed).collect()
        }
        Action::KeepRules { unit, files, .. } => of_files(files).chain([(Kind::Service, unit.clone())]).collect(),
        Action::Start { unit } | Action::Enable { unit } => vec![(Kind::Service, unit.clone())],
        _ => Vec::new(),
    }
}

fn of_files(files: &[FileEdit]) -> impl Iterator<Item = (Kind, String)> {
    files.iter().map(|file| (Kind::File, file.path.to_string()))
}

fn change(action: Verb, kind: Kind, name: &(impl ToString + ?Sized)) -> Change {
    Change { action, kind, name: name.to_string(), detail: None, diff: None, later: false }
}

fn of_host(all: &HostChange) -> Vec<Change> {
    let HostChange { package, users, directories, distributions, files, services, leftovers } = all;
    let packages = package.iter().map(|package| change(Verb::Add, Kind::Package, package));
    let users = users
        .iter()
        .map(|(name, home)| Change { detail: Some(format!("home {home}")), ..change(Verb::Add, Kind::User, name) });
    let directories = directories.iter().map(|(path, how)| different(Kind::Directory, path, how));
    let distributions = distributions.iter().map(|(path, how)| different(Kind::Distribution, path, how));
    let files = files.iter().map(|(path, how)| different(Kind::File, path, how));
    let services = services.iter().map(|(unit, service)| {
        let action = match service.need {
            Need::Enable => Verb::Enable,
            Need::Reload => Verb::Reload,
            Need::Restart => Verb::Restart,
            Need::Start => Verb::Start,
        };
        let why: Vec<_> = service.why.iter().map(ToString::to_string).collect();
        Change { detail: Some(why.join("; ")), ..change(action, Kind::Service, unit) }
    });
    packages
        .chain(users)
        .chain(directories)
        .chain(distributions)
        .chain(files)
        .chain(removed(leftovers, false))
        .chain(services)
        .collect()
}

/// The removals of what a stamp lists. (Each host knows what existed before, and keeps it.)
fn removed(owned: &Owned, delete_data: bool) -> Vec<Change> {
    let Owned { users, directories, files, distributions, units } = owned;
    let services = units.iter().map(|unit| change(Verb::Remove, Kind::Service, unit));
    let files = files.iter().map(|path| change(Verb::Remove, Kind::File, path));
    let distributions = distributions.iter().map(|path| change(Verb::Remove, Kind::Distribution, path));
    let holds_data = |path: &HostPath| owned.directories.iter().any(|(other, data)| *data && other.is_within(path));
    let directories = directories.iter().map(|(path, data)| Change {
        detail: match (delete_data, *data) {
            (true, true) => Some("with all its data".to_owned()),
            (false, _) if holds_data(path) => Some("stays as long as it holds data".to_owned()),
            _ => None,
        },
        ..change(Verb::Remove, Kind::Directory, path)
    });
    let holds = owned.directories.values().any(|data| *data) && !delete_data;
    let users = users.keys().map(|user| Change {
        detail: holds.then(|| "stays as long as files belong to it".to_owned()),
        ..change(Verb::Remove, Kind::User, user)
    });
    services.chain(files).chain(distributions).chain(directories).chain(users).collect()
}

fn different(kind: Kind, path: &impl ToString, how: &Difference) -> Change {
    let action = if *how == Difference::Absent { Verb::Add } else { Verb::Change };
    let detail = match how {
        Difference::Absent | Difference::Text { .. } => None,
        Difference::Access { is, wanted } => {
            let shown = |access: &Access| format!("{}:{} {:04o}", access.owner, access.group, access.mode);
            Some(format!("it is {}, not {}", shown(is), shown(wanted)))
        }
        Difference::Secret => Some("it differs (hidden: it contains a secret)".to_owned()),
        Difference::Kind => Some("something else is in its place".to_owned()),
        Difference::Damaged { file } => Some(format!("{file} is missing, or not as it was unpacked")),
        Difference::Origin { is } => {
            Some(format!("it was unpacked from another archive ({}...)", is.get(..16).unwrap_or(is)))
        }
    };
    let diff = if let Difference::Text { diff } = how { Some(diff.clone()) } else { None };
    Change { detail, diff, ..change(action, kind, path) }
}
