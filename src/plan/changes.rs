//! The changes of a plan, host by host, as people and programs are shown them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::compare::{Difference, HostChange, Need};
use super::{Goal, Phase, Plan};
use crate::host::{Action, Owned, Removal};
use crate::value::Name;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

impl Plan {
    /// Every change by host: what differs, and what is removed from hosts that are left.
    pub fn changes_by_host(&self) -> BTreeMap<&Name, Vec<Change>> {
        let mut all: BTreeMap<&Name, Vec<Change>> =
            self.changes.iter().map(|(host, change)| (host, of_host(change))).collect();
        let steps = self
            .phases
            .iter()
            .filter_map(|phase| if let Phase::Steps { steps, .. } = phase { Some(steps) } else { None });
        for step in steps.flatten() {
            if let Action::Remove(removal) = &step.action {
                let Removal { owned, delete_data } = &**removal;
                all.entry(&step.target.name).or_default().extend(removed(owned, *delete_data));
            }
        }
        // In a destroy a host is listed even if nothing on it changes.
        all.retain(|_, changes| !changes.is_empty() || matches!(self.goal, Goal::Destroy { .. }));
        all
    }
}

fn change(action: Verb, kind: Kind, name: &(impl ToString + ?Sized)) -> Change {
    Change { action, kind, name: name.to_string(), detail: None, diff: None }
}

fn of_host(all: &HostChange) -> Vec<Change> {
    let HostChange { package, users, directories, distributions, files, services, leftovers } = all;
    let packages = package.iter().map(|package| change(Verb::Add, Kind::Package, package));
    let users = users
        .iter()
        .map(|(name, home)| Change { detail: Some(format!(" (home {home})")), ..change(Verb::Add, Kind::User, name) });
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
        Change { detail: Some(format!(": {}", why.join("; "))), ..change(action, Kind::Service, unit) }
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
    let directories = directories.iter().map(|(path, data)| Change {
        detail: data
            .then(|| if delete_data { " with all its data" } else { " (stays as long as it holds data)" }.to_owned()),
        ..change(Verb::Remove, Kind::Directory, path)
    });
    let holds = owned.directories.values().any(|data| *data) && !delete_data;
    let users = users.keys().map(|user| Change {
        detail: holds.then(|| " (stays as long as files belong to it)".to_owned()),
        ..change(Verb::Remove, Kind::User, user)
    });
    services.chain(files).chain(distributions).chain(directories).chain(users).collect()
}

fn different(kind: Kind, path: &impl ToString, how: &Difference) -> Change {
    let action = if *how == Difference::Absent { Verb::Add } else { Verb::Change };
    let detail = match how {
        Difference::Absent | Difference::Text { .. } => None,
        Difference::Access { is } => Some(format!(": it is {}:{} {:04o}", is.owner, is.group, is.mode)),
        Difference::Secret => Some(": the secret in it differs".to_owned()),
        Difference::Kind => Some(": something else is in its place".to_owned()),
        Difference::Damaged { file } => Some(format!(": {file} is missing, or not as it was unpacked")),
        Difference::Origin { is } => {
            Some(format!(": it was unpacked from another archive ({}...)", is.get(..16).unwrap_or(is)))
        }
    };
    let diff = if let Difference::Text { diff } = how { Some(diff.clone()) } else { None };
    Change { detail, diff, ..change(action, kind, path) }
}
