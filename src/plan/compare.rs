//! One host's goal against what was seen of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Reason;
use super::difference::{Difference, file_difference};
use crate::host::{
    Content, Distribution, FileEdit, HostFacts, HostState, OnChange, Owned, Patch, PathKind, ServiceUnit, UnitFacts,
    Unpack, sha256,
};
use crate::service::archive::{Archive, UrlSum};
use crate::value::HostPath;

/// The differences on one host, for people and for the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HostChange {
    pub package: Option<String>,
    pub users: Vec<(String, HostPath)>,
    pub directories: Vec<(HostPath, Difference)>,
    pub distributions: Vec<(HostPath, Difference)>,
    pub files: BTreeMap<HostPath, Difference>,
    pub services: BTreeMap<String, ServiceChange>,
    /// Everything that the stamp lists and the topology no longer has.
    pub leftovers: Owned,
}

/// The action that a service needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceChange {
    pub need: Need,
    pub why: Vec<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Need {
    Enable,
    Reload,
    Restart,
    Start,
}

impl HostChange {
    pub fn is_empty(&self) -> bool {
        let HostChange { package, users, directories, distributions, files, services, leftovers } = self;
        package.is_none()
            && users.is_empty()
            && directories.is_empty()
            && distributions.is_empty()
            && files.is_empty()
            && services.is_empty()
            && leftovers.is_empty()
    }
}

/// Compares goal and facts.
pub fn compare(state: &HostState, facts: &HostFacts) -> HostChange {
    let files: BTreeMap<_, _> = state
        .files
        .iter()
        .filter_map(|(path, file)| Some((path.clone(), file_difference(path, &file.content, &file.access, facts)?)))
        .collect();
    let distributions = distribution_differences(state, facts);
    let services = state
        .services
        .iter()
        .filter_map(|(unit, service)| {
            let change = service_change(unit, service, state, facts)?;
            Some((unit.clone(), change))
        })
        .collect();
    HostChange {
        package: needed_package(state, facts),
        users: state
            .users
            .iter()
            .filter(|(name, _)| !facts.users.contains_key(*name))
            .map(|(name, user)| (name.clone(), user.home.clone()))
            .collect(),
        directories: state
            .directories
            .iter()
            .filter_map(|(path, directory)| {
                let difference = match facts.paths.get(path) {
                    None => Difference::Absent,
                    Some(seen) if seen.kind != PathKind::Directory => Difference::Kind,
                    Some(seen) if seen.access != directory.access => {
                        Difference::Access { is: seen.access.clone(), wanted: directory.access.clone() }
                    }
                    Some(_) => return None,
                };
                Some((path.clone(), difference))
            })
            .collect(),
        distributions,
        files,
        services,
        leftovers: facts
            .stamp
            .as_ref()
            .filter(|stamp| stamp.cluster == state.stamp().cluster)
            .map(|stamp| stamp.owned.without(&state.stamp().owned))
            .unwrap_or_default(),
    }
}

fn needed_package(state: &HostState, facts: &HostFacts) -> Option<String> {
    let oldest = state.java?;
    let enough = facts.java.as_ref().and_then(crate::host::Java::major).is_some_and(|major| major >= oldest);
    // A Java that is too old is not replaced: something else on the host may want it. The preflight says so.
    if enough || facts.java.is_some() { None } else { facts.java_package.clone() }
}

fn distribution_differences(state: &HostState, facts: &HostFacts) -> Vec<(HostPath, Difference)> {
    state
        .distributions
        .iter()
        .filter_map(|(home, distribution)| {
            let wanted = known_sum(&distribution.archive);
            let difference = match (facts.origins.get(home), wanted) {
                (None, _) => Difference::Absent,
                (Some(is), Some(wanted)) if *is != wanted => Difference::Origin { is: is.clone() },
                (Some(_), _) => Difference::Damaged { file: facts.lacks.get(home)?.clone() },
            };
            Some((home.clone(), difference))
        })
        .collect()
}

/// The checksum that the topology gives.
pub fn known_sum(archive: &Archive) -> Option<String> {
    match archive {
        Archive::Url { sum: UrlSum::Known(sum), .. } => Some(sum.as_str().to_owned()),
        Archive::File { sha512, .. } | Archive::OnHost { sha512, .. } => {
            sha512.as_ref().map(|sum| sum.as_str().to_owned())
        }
        Archive::Url { sum: UrlSum::Published(_), .. } | Archive::Pypi { .. } => None,
    }
}

fn service_change(unit: &str, service: &ServiceUnit, state: &HostState, facts: &HostFacts) -> Option<ServiceChange> {
    let seen = facts.units.get(unit).cloned().unwrap_or_default();
    if !seen.is_running() {
        // Not more precise: a failing unit changes its state between two observations.
        let mut why = vec![if seen.is_there() { Reason::NotRunning } else { Reason::NotThere }];
        if seen.needs_reload {
            why.push(Reason::UnitNotRead);
        }
        if !seen.is_enabled() {
            why.push(Reason::NotEnabled);
        }
        return Some(ServiceChange { need: Need::Start, why });
    }
    let mut why = stale_inputs(service, &seen, state, facts);
    if service.change == OnChange::Reload && facts.has_lost_rules {
        why.push(Reason::RulesLost);
    }
    if seen.needs_reload {
        why.push(Reason::UnitNotRead);
    }
    if !why.is_empty() {
        if !seen.is_enabled() {
            why.push(Reason::NotEnabled);
        }
        let need = match service.change {
            OnChange::Restart => Need::Restart,
            OnChange::Reload => Need::Reload,
        };
        return Some(ServiceChange { need, why });
    }
    (!seen.is_enabled()).then(|| ServiceChange { need: Need::Enable, why: vec![Reason::NotEnabled] })
}

/// Inputs that the running service did not start with.
pub fn stale_inputs(service: &ServiceUnit, unit: &UnitFacts, state: &HostState, facts: &HostFacts) -> Vec<Reason> {
    let there = |path: &HostPath| facts.paths.get(path).and_then(|seen| seen.sha256.clone());
    let wanted = |path: &HostPath| match state.files.get(path).map(|file| &file.content) {
        Some(Content::Text(text)) => Some(sha256(text.as_bytes())),
        // Not a file of the goal: the origin of a distribution, which is as it is on the host.
        _ => there(path),
    };
    if unit.started.is_empty() {
        // A drop-in may have taken the command away that records them: a restart would bring no record either, and so it would be at every apply.
        // What is about to change is known all the same. (What a killed apply wrote before it could restart the service is not: `status` says that
        // nobody can tell.)
        let changed = service.inputs.iter().filter(|path| wanted(path) != there(path));
        let is_right = |path: &HostPath| facts.paths.contains_key(path) && facts.secrets.get(path) != Some(&false);
        let secrets = service.secret_inputs.iter().filter(|path| !is_right(path));
        return if unit.drop_ins.is_empty() {
            vec![Reason::NoRecord]
        } else {
            changed.chain(secrets).map(|path| Reason::InputChanged { path: path.to_string() }).collect()
        };
    }
    let mut why = Vec::new();
    for path in &service.inputs {
        let wanted = wanted(path);
        let started = unit.started.get(path.as_str());
        if wanted.is_some() && started != wanted.as_ref() {
            why.push(Reason::InputChanged { path: path.to_string() });
        }
    }
    if why.is_empty() && unit.settings.is_some() && unit.next_settings.is_some() && unit.settings != unit.next_settings
    {
        why.push(Reason::OtherSettings);
    }
    for path in &service.secret_inputs {
        let there = facts.paths.get(path).map(|seen| seen.identity.as_str());
        let started = unit.started.get(path.as_str()).map(String::as_str);
        // A secret file that was removed is written again with a new inode.
        let is_same = there.is_some() && there == started;
        if !is_same || facts.secrets.get(path) == Some(&false) {
            why.push(Reason::InputChanged { path: path.to_string() });
        }
    }
    why
}

/// The change as a patch, without the files in `deferred_until_restart`.
pub fn patch(
    change: &HostChange,
    state: &HostState,
    agreed: &BTreeMap<HostPath, String>,
    deferred_until_restart: &dyn Fn(&HostPath) -> bool,
) -> Patch {
    let files: Vec<_> =
        change.files.keys().filter(|path| !deferred_until_restart(path)).map(|path| edit(state, path)).collect();
    let reload_units = files.iter().any(|file| file.path.as_str().starts_with(crate::host::UNIT_FOLDER))
        || change.leftovers.units.iter().next().is_some()
        || change
            .services
            .values()
            .any(|service| service.need != Need::Restart && service.why.contains(&Reason::UnitNotRead));
    Patch {
        users: change.users.clone(),
        directories: change
            .directories
            .iter()
            .map(|(path, _)| (path.clone(), state.directories[path].access.clone()))
            .collect(),
        distributions: change
            .distributions
            .iter()
            .map(|(home, _)| {
                let Distribution { archive, proof, .. } = state.distributions[home].clone();
                let sha512 = known_sum(&archive).or_else(|| agreed.get(home).cloned());
                Unpack { home: home.clone(), archive, sha512, proof }
            })
            .collect(),
        files,
        leftovers: change.leftovers.clone(),
        reload_units,
    }
}

pub fn edit(state: &HostState, path: &HostPath) -> FileEdit {
    let file = &state.files[path];
    FileEdit { path: path.clone(), access: file.access.clone(), content: file.content.clone() }
}

impl Patch {
    pub fn is_empty(&self) -> bool {
        let Patch { users, directories, distributions, files, leftovers, reload_units } = self;
        users.is_empty()
            && directories.is_empty()
            && distributions.is_empty()
            && files.is_empty()
            && leftovers.is_empty()
            && !reload_units
    }
}
