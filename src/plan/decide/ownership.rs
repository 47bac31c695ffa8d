//! Hosts that must not be touched, because somebody else's things are on them.

use std::collections::BTreeMap;

use crate::desired::{Desired, FIREWALL_RULES};
use crate::host::{Content, DataLabel, File, HostFacts, HostState, Load, MEMBER_FILE, RecordName, sha256};
use crate::observe::{Observed, binding};
use crate::plan::difference::{Difference, file_difference};
use crate::plan::refusal::Ours;
use crate::plan::{Goal, HostRefusal, Refusal};
use crate::value::{HostPath, Name};

/// Hosts that are another cluster's, or carry the stamp of another host.
pub(super) fn not_ours(desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (name, facts) in observed.hosts.iter().filter_map(|(name, seen)| Some((name, seen.facts()?))) {
        if let Some(refusal) = of_another_identity(name, facts, desired, observed) {
            all.push(refusal);
            continue;
        }
        if let Some(stamp) = facts.stamp.as_ref().filter(|stamp| stamp.cluster != desired.cluster) {
            let because = HostRefusal::OtherCluster { cluster: stamp.cluster.clone(), host: stamp.host.clone() };
            all.push(Refusal::Host { host: name.clone(), because });
        }
        // On another cluster's host the data belongs to that cluster too.
        if facts.stamp.as_ref().is_none_or(|stamp| stamp.cluster == desired.cluster) {
            all.extend(foreign_data(name, facts, desired, observed));
        }
        let other = facts.stamp.as_ref().filter(|stamp| stamp.cluster == desired.cluster && stamp.host != *name);
        if let Some(stamp) = other.filter(|stamp| desired.hosts.contains_key(&stamp.host)) {
            let because = HostRefusal::OtherHost { host: stamp.host.clone() };
            all.push(Refusal::Host { host: name.clone(), because });
        }
    }
    all
}

/// A host of a cluster that is another one, whatever it is called.
fn of_another_identity(name: &Name, facts: &HostFacts, desired: &Desired, observed: &Observed) -> Option<Refusal> {
    let theirs = binding(facts, desired).filter(|theirs| desired.is_another(theirs))?;
    let cluster = facts.claim.as_ref().map(|claim| &claim.cluster).or_else(|| Some(&facts.stamp.as_ref()?.cluster))?;
    let because = HostRefusal::OtherIdentity {
        theirs: (cluster.clone(), theirs.clone()),
        ours: Ours::of(desired),
        // If the anchors agree on an identity, one host is no reason to adopt another.
        adoptable: observed.memory.is_empty(),
    };
    Some(Refusal::Host { host: name.clone(), because })
}

/// Data directories that say that they are another cluster's, or another member's.
fn foreign_data(name: &Name, facts: &HostFacts, desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let Some(state) = desired.hosts.get(name) else { return Vec::new() };
    let members = state.files.iter().filter(|(path, _)| path.name() == MEMBER_FILE);
    let other = |(path, file): (&HostPath, &File)| {
        let Content::Text(ours) = &file.content else { return None };
        // A label that cannot be parsed was edited, and is rewritten like any other file.
        let (ours, theirs) =
            (ours.parse::<DataLabel>().ok()?, facts.paths.get(path)?.text.as_ref()?.parse::<DataLabel>().ok()?);
        let same_member = ours.cluster == theirs.cluster && ours.member == theirs.member;
        let adoptable = same_member && observed.memory.is_empty();
        (ours != theirs).then(|| {
            let directory = path.parent().expect("a file is in a directory");
            let because =
                HostRefusal::OtherData { directory, theirs, member: ours.member, ours: Ours::of(desired), adoptable };
            Refusal::Host { host: name.clone(), because }
        })
    };
    members.filter_map(other).collect()
}

/// Hosts that a few hosts remember as this cluster's, and that neither the topology nor most hosts know: nobody touches them, and forgetting
/// them in silence would leave what may be on them. The refusal names the hosts that remember them.
pub(super) fn unvouched(observed: &Observed) -> Vec<Refusal> {
    let mut by_host: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
    for (remembered, by) in &observed.memory.unvouched {
        by.iter().for_each(|host| by_host.entry(host).or_default().push(remembered));
    }
    let refusal = |(host, remembered): (&Name, Vec<&Name>)| Refusal::Host {
        host: host.clone(),
        because: HostRefusal::Unvouched { hosts: remembered.into_iter().cloned().collect() },
    };
    by_host.into_iter().map(refusal).collect()
}

/// Hosts of the topology that are one machine: what is laid for one would overwrite what is laid for the other. A machine has one stamp, so one
/// that carries the stamp of its own name is itself, whatever another says.
pub(super) fn one_machine_twice(desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut machines: BTreeMap<(&str, &str), Vec<(&Name, bool)>> = BTreeMap::new();
    for (name, state) in &desired.hosts {
        let Some(facts) = observed.facts(name).filter(|facts| !facts.machine.trim().is_empty()) else { continue };
        let is_itself =
            facts.stamp.as_ref().is_some_and(|stamp| stamp.cluster == desired.cluster && stamp.host == *name);
        machines.entry((&facts.machine, state.host.reach.root())).or_default().push((name, is_itself));
    }
    let mut all = Vec::new();
    for same in machines.values().filter(|same| same.len() > 1) {
        for (name, _) in same.iter().filter(|(_, is_itself)| !is_itself) {
            let others = same.iter().map(|(other, _)| *other).filter(|other| other != name).cloned().collect();
            all.push(Refusal::Host { host: (*name).clone(), because: HostRefusal::SameMachine { others } });
        }
    }
    all
}

/// Hosts that have got another address while the machine at the old one is still the cluster's: both would be one node.
pub(super) fn answers_elsewhere(desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (name, moved) in &observed.old_places {
        let Some(facts) = moved.seen.facts() else { continue };
        let ours = facts.stamp.as_ref().is_some_and(|stamp| stamp.cluster == desired.cluster && stamp.host == *name);
        let same_machine = observed.facts(name).is_some_and(|now| now.machine == facts.machine);
        let same = same_machine && desired.hosts[name].host.reach.root() == moved.reach.root();
        if ours && !same {
            let because = HostRefusal::OldPlace { place: moved.reach.clone() };
            all.push(Refusal::Host { host: name.clone(), because });
        }
    }
    all
}

/// Returns true if the cluster's memory names a host.
pub(super) fn is_remembered(name: &Name, observed: &Observed) -> bool {
    RecordName::ALL.iter().filter_map(|record| observed.record(*record)).any(|record| record.hosts.contains_key(name))
}

/// Returns true if a directory says itself that it is this very member's.
fn is_own(directory: &HostPath, state: &HostState, facts: &HostFacts) -> bool {
    let path = directory.join(MEMBER_FILE);
    let Some(Content::Text(text)) = state.files.get(&path).map(|file| &file.content) else { return false };
    facts.paths.get(&path).is_some_and(|seen| seen.sha256.as_deref() == Some(&sha256(text.as_bytes())))
}

/// Returns true if a directory says itself whose data it holds.
fn is_labelled(directory: &HostPath, facts: &HostFacts) -> bool {
    let text = facts.paths.get(&directory.join(MEMBER_FILE)).and_then(|seen| seen.text.as_ref());
    text.is_some_and(|text| text.parse::<DataLabel>().is_ok())
}

fn is_there_and_differs(path: &HostPath, state: &HostState, facts: &HostFacts) -> bool {
    let file = &state.files[path];
    !matches!(
        file_difference(path, &file.content, &file.access, facts),
        None | Some(Difference::Absent | Difference::Access { .. })
    )
}

/// Hosts on which somebody else's table has the name of our firewall's: loading ours would delete it.
pub(super) fn foreign_tables(desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    // One of ours whose file somebody deleted is ours all the same: the host's stamp says so.
    let rules = HostPath::known(FIREWALL_RULES);
    let owns = |facts: &HostFacts| facts.stamp.as_ref().is_some_and(|stamp| stamp.owned.files.contains(&rules));
    let has = |name: &&Name| observed.facts(name).is_some_and(|facts| facts.has_foreign_table && !owns(facts));
    let refusal = |name: &Name| Refusal::Host { host: name.clone(), because: HostRefusal::ForeignTable };
    desired.hosts.keys().filter(has).map(refusal).collect()
}

/// The things in the way of ours, on a host that does not say it is ours.
pub(super) fn in_the_way(goal: &Goal, desired: &Desired, observed: &Observed) -> Vec<Refusal> {
    let mut all = Vec::new();
    for (name, state) in &desired.hosts {
        let Some(facts) = observed.facts(name) else { continue };
        // Directories with a data label (the disk of a replaced machine): those are judged separately.
        let own: Vec<&HostPath> =
            state.directories.keys().filter(|path| is_own(path, state, facts) || is_labelled(path, facts)).collect();
        let is_foreign = |path: &&HostPath| !own.iter().any(|own| path.is_within(own));
        let data = facts.filled.iter().filter(is_foreign);
        // A file where the topology had a directory with others: these leave last, when nothing reads them any more.
        let ours = facts.stamp.iter().flat_map(|stamp| &stamp.owned.files);
        let was_directory = |path: &&HostPath| ours.clone().any(|file| file != *path && file.is_within(path));
        if let Some(path) = state.files.keys().find(was_directory) {
            let because = HostRefusal::WasDirectory { path: path.clone() };
            all.push(Refusal::Host { host: name.clone(), because });
            continue;
        }
        let found: Vec<String> = match &facts.stamp {
            // A directory or a file that has come to the topology since.
            Some(stamp) => {
                let is_new = |path: &&HostPath| !stamp.owned.directories.contains_key(*path);
                let is_other =
                    |path: &&HostPath| !stamp.owned.files.contains(*path) && is_there_and_differs(path, state, facts);
                let files = state.files.keys().filter(is_other).filter(is_foreign);
                data.filter(is_new).chain(files).map(ToString::to_string).collect()
            }
            // If the stamp is lost, `made` or the birth record shows that it was us. (An epoch alone is left by an apply that did nothing.)
            None if facts.birth.is_some() || facts.has_made => continue,
            None => {
                let seen = |unit: &&String| facts.units.get(*unit).is_some_and(|seen| seen.load == Load::Loaded);
                let units = state.services.keys().filter(seen).map(|unit| format!("the service {unit}"));
                let files = state.files.keys().filter(|path| facts.paths.contains_key(*path)).filter(is_foreign);
                units.chain(files.chain(data).map(ToString::to_string)).collect()
            }
        };
        if found.is_empty() {
            continue;
        }
        let destroys = matches!(goal, Goal::Destroy { .. });
        all.push(Refusal::Host { host: name.clone(), because: HostRefusal::InTheWay { found, destroys } });
    }
    all
}
