//! Masters that run and take part in no election.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{MasterFacts, master_facts};
use super::election::latches;
use super::masters::{elects_elsewhere, is_running};
use super::roles::MASTER;
use crate::desired::Desired;
use crate::host::{HostFacts, Seen};
use crate::value::{Name, digits};

/// Masters that say STANDBY while the election has fewer latches than masters: one that had no quorum for more than 40 s takes part in no election
/// again (measured).
#[derive(Debug, Default)]
pub struct MissingLatches {
    /// All masters that stand by: no program says which latch is whose.
    pub standbys: BTreeSet<Name>,
    /// The number of them that have no latch.
    missing: usize,
}

/// The name that Curator gives to a latch: `_c_UUID-latch-0000000001`.
fn is_latch(name: &str) -> bool {
    name.split_once("-latch-").is_some_and(|(_, number)| number.len() == 10 && digits(number).is_some())
}

impl MissingLatches {
    /// Of several hosts' words about the latches the largest number counts: a host can hide the fault, and cannot make one up.
    pub fn of(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> MissingLatches {
        let facts = seen.values().filter_map(Seen::facts);
        let counts = facts.filter_map(latches).map(|names| names.iter().filter(|name| is_latch(name)).count());
        let Some(most) = counts.max() else { return MissingLatches::default() };
        let with_role = desired.hosts.iter().filter(|(_, state)| state.services.contains_key(MASTER.unit()));
        let running = with_role.filter_map(|(name, state)| {
            let host = seen.get(name)?.facts().filter(|host| is_running(host, MASTER))?;
            (!elects_elsewhere(state, Some(host))).then_some((name, host))
        });
        let electing: Vec<(&Name, &HostFacts)> = running.collect();
        // A master's page lists every worker: it is read only where a latch may be missing.
        if most >= electing.len() {
            return MissingLatches::default();
        }
        let masters: Vec<(&Name, MasterFacts)> =
            electing.into_iter().filter_map(|(name, host)| Some((name, master_facts(host)?))).collect();
        let missing = masters.len().saturating_sub(most);
        let standbys = masters.into_iter().filter(|(_, master)| missing > 0 && master.is_standby());
        MissingLatches { standbys: standbys.map(|(name, _)| name.clone()).collect(), missing }
    }

    /// Returns true if it is known of a master that it has no latch.
    pub fn is_known(&self, name: &Name) -> bool {
        self.standbys.contains(name) && self.missing >= self.standbys.len()
    }
}
