//! The questions that each purpose needs answered.

use crate::desired::{Desired, FIREWALL_UNIT};
use crate::host::{HostFacts, HostQuery, HostState, STATE_FOLDER, Secrets};
use crate::service;
use crate::service::archive::Archive;
use crate::value::listener::Listener;
use crate::value::{HostPath, Role};

/// The programs that every script needs.
pub const NEEDED_TOOLS: &[&str] = &[
    "bash",
    "flock",
    "timeout",
    "base64",
    "sha256sum",
    "sha512sum",
    "tar",
    "gzip",
    "systemctl",
    "awk",
    "stat",
    "setsid",
];

/// The programs that scripts need where services have users of their own.
pub const MACHINE_TOOLS: &[&str] = &["getent", "useradd", "setpriv", "pgrep", "pkill", "find"];

/// The program that some hosts fetch the package with.
pub const PIP: &str = "pip3";

/// Everything that a plan wants to know of a host of the goal; `before` is what an earlier look saw of it.
pub fn for_goal(state: &HostState, desired: &Desired, secrets: &Secrets, before: Option<&HostFacts>) -> HostQuery {
    let mut query = HostQuery { machine: true, java: state.java, ..HostQuery::default() };
    // A folder has a loopback address of this machine.
    query.address = state.host.owner.is_none().then(|| state.host.address.to_string());
    let numbering = state.host.reach.numbering();
    let is_here = |listener: &&Listener| state.services.contains_key(listener.role().unit());
    query.ports = desired.listeners.iter().filter(is_here).flat_map(|listener| listener.on(numbering)).collect();
    query.java_homes = state.java_homes.keys().cloned().collect();
    query.paths.extend(state.directories.keys().map(|path| (path.clone(), None)));
    state.files.keys().for_each(|path| query.ask_path(path, state, secrets));
    for service in state.services.values() {
        service.inputs.iter().chain(&service.secret_inputs).for_each(|path| query.ask_path(path, state, secrets));
    }
    query.users = state.users.keys().cloned().collect();
    let parents = state.directories.keys().chain(state.files.keys()).filter_map(HostPath::parent);
    query.grounds = parents.filter(|parent| !state.directories.contains_key(parent)).collect();
    query.rules = state.nft.then(|| FIREWALL_UNIT.to_owned());
    query.units = state.services.keys().cloned().collect();
    for (home, distribution) in &state.distributions {
        let archive = match &distribution.archive {
            Archive::OnHost { path, .. } => Some(path.clone()),
            _ => None,
        };
        let seen = archive.as_ref().zip(before).and_then(|(path, before)| before.archives.get(path));
        query.known.extend(seen.map(|seen| (home.clone(), seen.clone())));
        query.distributions.insert(home.clone(), archive);
    }
    query.space =
        state.directories.iter().filter(|(_, directory)| directory.data).map(|(path, _)| path.clone()).collect();
    query.filled.clone_from(&query.space);
    query.space.extend(state.distributions.keys().cloned());
    if state.host.owner.is_none() {
        query.space.push(HostPath::known(STATE_FOLDER));
    }
    query.member = member_directories(desired, |role| state.services.contains_key(role.unit()));
    for role in state.services.values().filter_map(|service| service.role) {
        query.asks.extend(service::of(role).questions(role, &state.host, &desired.listeners, false));
        ask_others(&mut query, role, state, desired);
        let outside = desired.election.as_ref().filter(|election| election.role == role && election.is_external);
        query.asks.extend(outside.into_iter().flat_map(|election| service::of(role).ensemble_questions(election)));
    }
    query
}

/// The questions of a gate or a roll between two steps. With `write` each member is proven by a committed write.
pub fn for_gate(state: &HostState, desired: &Desired, secrets: &Secrets, roles: &[Role], write: bool) -> HostQuery {
    let users = state.users.keys().cloned().collect();
    let mut query = HostQuery { is_quick: true, users, ..HostQuery::default() };
    for role in roles {
        let unit = role.unit().to_owned();
        let Some(service) = state.services.get(&unit) else { continue };
        query.units.push(unit);
        service.inputs.iter().chain(&service.secret_inputs).for_each(|path| query.ask_path(path, state, secrets));
        query.member = query.member.or_else(|| member_directories(desired, |member| member == *role));
        query.asks.extend(service::of(*role).questions(*role, &state.host, &desired.listeners, write));
        ask_others(&mut query, *role, state, desired);
    }
    query
}

/// The questions about a node that others answer.
fn ask_others(query: &mut HostQuery, role: Role, state: &HostState, desired: &Desired) {
    ask_connections(query, role, state, desired);
    ask_latches(query, role, state, desired);
}

/// Asks which latches the role's election has. Each node's host asks a member of its own, so that one silent member costs one of them time. Of an
/// ensemble that somebody else runs each asks all: a member may be gone for long.
fn ask_latches(query: &mut HostQuery, role: Role, state: &HostState, desired: &Desired) {
    let Some(election) = desired.election.as_ref().filter(|election| election.role == role) else { return };
    let nodes = desired.hosts.values().filter(|other| other.services.contains_key(role.unit()));
    let before = nodes.take_while(|other| other.host.name != state.host.name).count();
    let one = election.members.iter().cycle().skip(before).take(1);
    let all: Vec<_> = if election.is_external { election.members.iter().collect() } else { one.collect() };
    query.asks.extend(all.into_iter().filter_map(|member| service::of(role).latch_question(election, member)));
}

/// Asks which node of its role a node follows, as the kernel of its host has it.
fn ask_connections(query: &mut HostQuery, role: Role, state: &HostState, desired: &Desired) {
    let Some(listener) = service::of(role).followed_at(role) else { return };
    let user = state.users.contains_key(role.user()).then(|| role.user().to_owned());
    let nodes = desired.hosts.values().filter(|other| other.services.contains_key(role.unit()));
    query.connections = Some((user, nodes.map(|other| other.host.port(&desired.listeners, listener)).collect()));
}

/// The directories of data and log, where a host's role is the quorum's.
fn member_directories(desired: &Desired, has: impl Fn(Role) -> bool) -> Option<(HostPath, HostPath)> {
    let quorum = desired.quorum.as_ref().filter(|quorum| has(quorum.role))?;
    Some((quorum.data_dir.clone(), quorum.log_dir.clone()))
}

/// The query that tries these addresses and ports from a host.
pub fn for_reach(pairs: &[(String, u16)]) -> HostQuery {
    HostQuery { reach: pairs.to_vec(), is_quick: true, ..HostQuery::default() }
}

/// The questions for a host that has left the topology: only for its records.
pub fn for_memory() -> HostQuery {
    HostQuery { machine: true, ..HostQuery::default() }
}
