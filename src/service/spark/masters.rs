//! Masters that say that they are ALIVE, and the workers that follow them. A master alone is believed about itself and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{MasterFacts, WorkerState, master_facts, worker_facts};
use super::listeners::{MASTER_RPC, WORKER_RPC};
use super::places::HA_CONF;
use super::roles::{MASTER, WORKER};
use crate::desired::Desired;
use crate::host::{HostFacts, HostState, Seen, UnitFacts};
use crate::plan::Reason;
use crate::plan::command::reads;
use crate::plan::compare::stale_inputs;
use crate::value::{HostPath, Name, Role};

/// The masters that say that they are ALIVE.
pub struct AliveMasters {
    /// By the address that workers know: the host, and the addresses and ports of the workers that it lists as ALIVE.
    by_endpoint: BTreeMap<String, (Name, BTreeSet<(String, u16)>)>,
}

impl AliveMasters {
    pub fn of(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> AliveMasters {
        let alive = |(name, state): (&Name, &HostState)| {
            let host = seen.get(name)?.facts().filter(|host| is_running(host, MASTER))?;
            let master = master_facts(host).filter(MasterFacts::is_alive)?;
            let endpoint = endpoint(state, desired);
            // Former lives of a worker stay listed as DEAD.
            let alive = master.workers.into_iter().filter(|worker| worker.state == WorkerState::Alive);
            Some((endpoint, (name.clone(), alive.map(|worker| (worker.host, worker.port)).collect())))
        };
        let masters = desired.hosts.iter().filter(|(_, state)| state.services.contains_key(MASTER.unit()));
        AliveMasters { by_endpoint: masters.filter_map(alive).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.by_endpoint.is_empty()
    }

    /// Returns true if the master that a worker follows lists it. Of several that say that they are ALIVE, each is asked about its own followers
    /// alone; a worker that does not say whom it follows needs one that lists it.
    pub fn list(&self, desired: &Desired, state: &HostState, worker: &HostFacts) -> bool {
        let place = (state.host.address.to_string(), state.host.port(&desired.listeners, WORKER_RPC));
        match followed(worker) {
            Some(endpoint) => self.by_endpoint.get(&endpoint).is_some_and(|(_, workers)| workers.contains(&place)),
            None => self.by_endpoint.values().any(|(_, workers)| workers.contains(&place)),
        }
    }
}

/// The address of the master that a worker follows, as it says itself.
fn followed(worker: &HostFacts) -> Option<String> {
    let master = worker_facts(worker)?.master;
    (!master.is_empty()).then(|| master.trim_start_matches("spark://").to_owned())
}

/// Masters that say that they are ALIVE beside one that more than half of the topology's workers follow. Workers on the hosts of such masters have no
/// vote: they would say what those say.
pub fn contradictions(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
    let masters = AliveMasters::of(desired, seen).by_endpoint;
    if masters.len() < 2 {
        return Vec::new();
    }
    let claimants: Vec<&Name> = masters.values().map(|(master, _)| master).collect();
    let is_real = |(endpoint, _): &(&String, &(Name, _))| most_workers_follow(endpoint, &claimants, desired, seen);
    let Some((_, (real, _))) = masters.iter().find(is_real) else { return Vec::new() };
    // One that started with another way to elect is repaired.
    let others = masters
        .values()
        .map(|(name, _)| name)
        .filter(|name| *name != real && !elects_elsewhere(&desired.hosts[*name], seen[*name].facts()));
    let why = format!("it says that it is the ALIVE master, and most workers follow the one on {real}");
    others.map(|name| (name.clone(), why.clone())).collect()
}

/// The master that most workers follow, whatever it says itself.
pub fn followed_by_most(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Option<Name> {
    let masters = desired.hosts.iter().filter(|(_, state)| state.services.contains_key(MASTER.unit()));
    let is_followed =
        |(name, state): &(&Name, &HostState)| most_workers_follow(&endpoint(state, desired), &[*name], desired, seen);
    masters.into_iter().find(is_followed).map(|(name, _)| name.clone())
}

/// Returns true if more than half of the topology's workers say that they follow a master. Those on the hosts of `claimants` have no vote.
fn most_workers_follow(endpoint: &String, claimants: &[&Name], desired: &Desired, seen: &BTreeMap<Name, Seen>) -> bool {
    let workers = || desired.hosts.iter().filter(|(_, state)| state.services.contains_key(WORKER.unit()));
    let others = workers().map(|(name, _)| name).filter(|name| !claimants.contains(name));
    let running = others.filter_map(|name| seen.get(name)?.facts().filter(|host| is_running(host, WORKER)));
    let votes = running.filter_map(followed).filter(|follows| follows == endpoint).count();
    votes * 2 > workers().count()
}

/// The address of a master, as its workers know it.
fn endpoint(state: &HostState, desired: &Desired) -> String {
    format!("{}:{}", state.host.address, state.host.port(&desired.listeners, MASTER_RPC))
}

/// Returns true if a running master started with another way to elect than the topology has, or may have: where nothing says what it read.
pub(super) fn elects_elsewhere(state: &HostState, host: Option<&HostFacts>) -> bool {
    let unit = host.and_then(|host| host.units.get(MASTER.unit()));
    let (Some(host), Some(unit)) = (host, unit) else { return false };
    let path = HostPath::known(HA_CONF);
    let changed = Reason::InputChanged { path: path.to_string() };
    let stale = stale_inputs(&state.services[MASTER.unit()], unit, state, host);
    stale.contains(&changed)
        || stale.contains(&Reason::NoRecord)
        || reads(&path, MASTER.unit(), unit, state, host) != Some(true)
}

pub(super) fn is_running(host: &HostFacts, role: Role) -> bool {
    host.units.get(role.unit()).is_some_and(UnitFacts::is_running)
}
