//! The health of masters and workers. A worker is well if the ALIVE master that it follows lists it.

use std::collections::BTreeMap;

use super::answers::{MasterFacts, WorkerEntry, WorkerState, counted_or_unknown, history_answers, master_facts};
use super::masters::{AliveMasters, elects_elsewhere, followed_by_most, is_running};
use super::missing_latches::MissingLatches;
use super::roles::{HISTORY, MASTER, WORKER};
use crate::desired::Desired;
use crate::host::{Health, HostFacts, HostState, NodeFacts, Seen, ServiceFacts};
use crate::plan::compare::stale_inputs;
use crate::service::stages::{Service as _, Totals};
use crate::service::zookeeper::{self, MEMBER};
use crate::value::{Name, Role, counted, listed};

/// Healthy if one of these masters is ALIVE (or one outside of them may be) and the others are STANDBY and take part in the election.
pub fn health_of_masters(
    hosts: &[Name],
    led_elsewhere: bool,
    desired: &Desired,
    seen: &BTreeMap<Name, Seen>,
) -> ServiceFacts {
    let mut facts = ServiceFacts::default();
    let mut alive: Vec<&Name> = Vec::new();
    let missing_latches = MissingLatches::of(desired, seen);
    for (name, state) in with_role(hosts, desired, MASTER) {
        let Some(host) = seen.get(name).and_then(Seen::facts) else {
            unknown(name, &mut facts);
            continue;
        };
        let running = is_running(host, MASTER);
        let health = match master_facts(host).filter(|_| running) {
            Some(master) if master.is_alive() => {
                alive.push(name);
                Health::Leading
            }
            Some(_) if missing_latches.is_known(name) => {
                facts.missing.push(format!("the master on {name} is STANDBY and takes no part in the election"));
                Health::Unsettled
            }
            Some(_) if missing_latches.standbys.contains(name) => {
                let doubt = format!("the master on {name} is STANDBY and perhaps takes no part in the election");
                facts.doubted.insert(name.clone(), doubt);
                Health::Serving
            }
            Some(master) if master.is_standby() => Health::Serving,
            Some(master) => {
                // Recovering: it leads, and must not be touched before it has finished.
                facts.suspect(name, format!("the master on {name} is {}", master.status));
                Health::Leading
            }
            None => {
                facts.missing.push(format!("the master on {name} does not answer"));
                if running { Health::Unsettled } else { Health::Down }
            }
        };
        facts.nodes.insert(name.clone(), NodeFacts { health, current: is_current(state, host, MASTER), counts: true });
    }
    let stands = |node: &NodeFacts| node.health == Health::Serving;
    let is_outside = |name: &Name| elects_elsewhere(&desired.hosts[name], seen[name].facts());
    // Those wait for ever for an election that nobody holds. (Where one takes part in the topology's, it becomes ALIVE.)
    if alive.is_empty() && !led_elsewhere && facts.nodes.iter().all(|(name, node)| !stands(node) || is_outside(name)) {
        for (name, node) in facts.nodes.iter_mut().filter(|(_, node)| stands(node)) {
            node.health = Health::Unsettled;
            facts.missing.push(format!(
                "the master on {name} is STANDBY, and runs with another way to elect than the topology's"
            ));
        }
    }
    match alive.as_slice() {
        [_] => {}
        [] if led_elsewhere => {}
        [] => match followed_by_most(desired, seen).filter(|name| facts.nodes.contains_key(name)) {
            Some(name) => {
                let fault = format!("no master is ALIVE, and most workers follow the one on {name}");
                facts.suspect(&name, fault);
            }
            None => facts.missing.push("no master is ALIVE".to_owned()),
        },
        several => {
            facts.missing.push(format!("{} all say that they are ALIVE", listed(several.iter().copied())));
            let strays: Vec<&Name> = several
                .iter()
                .copied()
                .filter(|name| elects_elsewhere(&desired.hosts[*name], seen[*name].facts()))
                .collect();
            // Where no master is in the topology's election, the one that workers follow leads until another is.
            let leads = (strays.len() == several.len()).then(|| {
                let followed = followed_by_most(desired, seen).filter(|name| several.contains(&name));
                followed.unwrap_or_else(|| several[0].clone())
            });
            for name in strays.into_iter().filter(|name| Some(*name) != leads.as_ref()) {
                facts.nodes.get_mut(name).expect("a master is a node").health = Health::Straying;
            }
        }
    }
    facts
}

/// The ALIVE master that each of these workers follows lists it as ALIVE.
pub fn health_of_workers(hosts: &[Name], desired: &Desired, seen: &BTreeMap<Name, Seen>) -> ServiceFacts {
    let mut facts = ServiceFacts::default();
    let masters = AliveMasters::of(desired, seen);
    if masters.is_empty() {
        let followed = followed_by_most(desired, seen);
        let whom = followed.map(|name| format!(", and most workers follow the one on {name}")).unwrap_or_default();
        facts.missing.push(format!("no master is ALIVE{whom}"));
        // A recovering master forgets workers that come back with new ids (measured): none is restarted now.
        facts.blocked = Some("no master is ALIVE".to_owned());
    }
    for (name, state) in with_role(hosts, desired, WORKER) {
        let Some(host) = seen.get(name).and_then(Seen::facts) else {
            unknown(name, &mut facts);
            continue;
        };
        let known = is_running(host, WORKER) && masters.list(desired, state, host);
        if !known {
            facts.missing.push(format!("the ALIVE master does not list the worker on {name} as ALIVE"));
        }
        let health = match (known, is_running(host, WORKER)) {
            (true, _) => Health::Serving,
            (false, true) => Health::Unsettled,
            (false, false) => Health::Down,
        };
        facts.nodes.insert(name.clone(), NodeFacts { health, current: is_current(state, host, WORKER), counts: true });
    }
    facts
}

/// Workers that run, and that the ALIVE master which they follow does not list. None while no master is ALIVE.
pub fn forgotten(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<Name> {
    let masters = AliveMasters::of(desired, seen);
    if masters.is_empty() {
        return Vec::new();
    }
    let all = desired.hosts.iter().filter(|(_, state)| state.services.contains_key(WORKER.unit()));
    let is_forgotten = |(name, state): &(&Name, &HostState)| {
        let host = seen.get(*name).and_then(Seen::facts).filter(|host| is_running(host, WORKER));
        host.is_some_and(|host| !masters.list(desired, state, host))
    };
    all.filter(is_forgotten).map(|(name, _)| name.clone()).collect()
}

/// Every history server answers.
pub fn health_of_history(hosts: &[Name], desired: &Desired, seen: &BTreeMap<Name, Seen>) -> ServiceFacts {
    let mut facts = ServiceFacts::default();
    for (name, state) in with_role(hosts, desired, HISTORY) {
        let Some(host) = seen.get(name).and_then(Seen::facts) else {
            unknown(name, &mut facts);
            continue;
        };
        let running = is_running(host, HISTORY);
        let health = match (running, history_answers(host)) {
            (true, true) => Health::Serving,
            (true, false) => Health::Unsettled,
            (false, _) => Health::Down,
        };
        if health != Health::Serving {
            facts.missing.push(format!("the history server on {name} does not answer"));
        }
        facts.nodes.insert(name.clone(), NodeFacts { health, current: is_current(state, host, HISTORY), counts: true });
    }
    facts
}

/// Only of a unit that runs: at the address of one that does not, another cluster's may answer.
pub fn alive_master(seen: &BTreeMap<Name, Seen>) -> Option<MasterFacts> {
    let running = seen.values().filter_map(Seen::facts).filter(|host| is_running(host, MASTER));
    running.filter_map(master_facts).find(MasterFacts::is_alive)
}

/// The masters that run while too few members serve for a quorum.
pub fn without_a_quorum(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<Name> {
    let hosts: Vec<Name> = desired.hosts.keys().cloned().collect();
    let members = zookeeper::OnHosts.health(MEMBER, &hosts, false, desired, seen);
    // One that cannot be asked may serve.
    let may_serve =
        members.nodes.values().filter(|node| node.health.serves() || node.health == Health::Unknown).count();
    if may_serve * 2 > members.nodes.len() || members.nodes.is_empty() {
        return Vec::new();
    }
    let runs = |name: &&Name| seen.get(*name).and_then(Seen::facts).is_some_and(|host| is_running(host, MASTER));
    with_role(&hosts, desired, MASTER).map(|(name, _)| name).filter(runs).cloned().collect()
}

/// The figures of the whole of Spark, from an ALIVE master. Its page is a host's word: no figure on it can stop a command.
pub fn totals(url: &str, master: &MasterFacts) -> Totals {
    let alive: Vec<_> = master.workers.iter().filter(|worker| worker.state == WorkerState::Alive).collect();
    let total =
        |figure: fn(&WorkerEntry) -> u64| alive.iter().map(|worker| figure(worker)).fold(0, u64::saturating_add);
    let (cores, cores_used) = (total(|worker| u64::from(worker.cores)), total(|worker| u64::from(worker.coresused)));
    let (memory, memory_used) = (total(|worker| worker.memory), total(|worker| worker.memoryused));
    let (workers, applications) = (alive.len(), master.applications);
    let words = format!(
        "{url}: {}, {cores_used} of {cores} cores and {memory_used} of {memory} MiB in use, {}",
        counted(workers, "worker"),
        counted_or_unknown(applications, "application")
    );
    let figures = serde_json::json!({
        "master": url,
        "workers": workers,
        "cores": cores,
        "cores_used": cores_used,
        "memory_mib": memory,
        "memory_used_mib": memory_used,
        "applications": applications,
    });
    Totals { words, figures }
}

fn with_role<'a>(
    hosts: &'a [Name],
    desired: &'a Desired,
    role: Role,
) -> impl Iterator<Item = (&'a Name, &'a HostState)> {
    desired.hosts.iter().filter(move |(name, state)| hosts.contains(name) && state.services.contains_key(role.unit()))
}

fn unknown(name: &Name, facts: &mut ServiceFacts) {
    facts.nodes.insert(name.clone(), NodeFacts { health: Health::Unknown, current: false, counts: false });
}

fn is_current(state: &HostState, host: &HostFacts, role: Role) -> bool {
    host.units
        .get(role.unit())
        .filter(|unit| unit.is_running() && !unit.needs_reload)
        .is_some_and(|unit| stale_inputs(&state.services[role.unit()], unit, state, host).is_empty())
}
