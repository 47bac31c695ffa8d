//! The observation of a cluster.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::memory::Memory;
use crate::host::{HostError, HostFacts, Reach, Record, RecordName, Seen, Target};
use crate::value::Name;

/// The observation of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The hosts of the topology.
    pub hosts: BTreeMap<Name, Seen>,
    /// Hosts that the cluster remembers and the topology no longer names.
    pub departed: BTreeMap<Name, Departed>,
    /// The machines at the former addresses of hosts that have another one now.
    pub old_places: BTreeMap<Name, Departed>,
    /// The facts of hosts that could not be inspected completely: enough to remove things from them.
    pub slow: BTreeMap<Name, HostFacts>,
    /// The SHA-512 of the operator's own archives that a host needs and the topology gives no checksum for.
    pub archives: BTreeMap<PathBuf, String>,
    /// The records that the anchors agree on.
    pub memory: Memory,
}

#[derive(Clone, Debug)]
pub struct Departed {
    pub reach: Reach,
    pub seen: Seen,
}

impl Departed {
    pub fn target(&self, name: &Name) -> Target {
        Target { name: name.clone(), reach: self.reach.clone() }
    }
}

impl Observed {
    pub fn facts(&self, host: &Name) -> Option<&HostFacts> {
        self.hosts.get(host).and_then(Seen::facts)
    }

    pub fn unknown(&self) -> impl Iterator<Item = (&Name, &HostError)> {
        self.hosts.iter().filter_map(|(name, seen)| match seen {
            Seen::Present(_) => None,
            Seen::Unknown(error) => Some((name, error)),
        })
    }

    /// Marks a host as unknown for the given reason.
    pub fn set_aside(&mut self, host: &Name, error: &HostError) {
        let departed = self.departed.get_mut(host).map(|departed| &mut departed.seen);
        if let Some(seen) = self.hosts.get_mut(host).or(departed) {
            *seen = Seen::Unknown(error.clone());
        }
    }

    /// The observation for a destroy: it includes what was seen of hosts that could not be inspected completely.
    pub fn for_removal(&self) -> Observed {
        let mut all = self.clone();
        for (name, facts) in &self.slow {
            if let Some(seen) = all.hosts.get_mut(name).filter(|seen| is_stopped(seen)) {
                *seen = Seen::Present(Box::new(facts.clone()));
            }
        }
        all
    }

    /// The record of this name that a majority of the anchors has.
    pub fn record(&self, name: RecordName) -> Option<&Record> {
        self.memory.records.get(&name)
    }
}

fn is_stopped(seen: &Seen) -> bool {
    matches!(seen, Seen::Unknown(HostError::Stopped { .. }))
}
