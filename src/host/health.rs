//! The health of a service's nodes.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::Name;

/// A node as the rule sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    pub health: Health,
    /// True if it runs with the inputs that it must have.
    pub current: bool,
    /// True if it counts towards a majority: a member without data does not, until those with data let it join.
    pub counts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Its host could not be asked.
    Unknown,
    /// Its service does not run.
    Down,
    /// It runs, and does not serve (yet, or again): an election may be going on.
    Unsettled,
    /// It serves; for masters: it stands by.
    Serving,
    /// It serves and leads; for masters: it is ALIVE.
    Leading,
    /// Another node leads too, and this one says itself that it leads another ensemble or election: by its own figures, its list of members or its inputs.
    Straying,
}

impl Health {
    pub fn serves(self) -> bool {
        matches!(self, Health::Serving | Health::Leading)
    }
}

/// Facts of every node of the role, and whether the service as a whole is well.
#[derive(Clone, Debug, Default)]
pub struct ServiceFacts {
    pub nodes: BTreeMap<Name, NodeFacts>,
    /// The faults that were seen, in words. For an ensemble all follow one leader in sync; for masters exactly one is ALIVE; for workers the
    /// master that each follows lists it.
    pub missing: Vec<String>,
    /// Nodes that serve, and whose answers keep the service from being whole.
    pub suspects: BTreeSet<Name>,
    /// Nodes that serve, but of which some would not take over; nobody can tell which. Each with the doubt in words. They do not keep the service from
    /// being whole.
    pub doubted: BTreeMap<Name, String>,
    /// The number of faults that are a suspect's alone.
    pub suspicions: usize,
    /// The reason why no node may be touched now, whatever its own state: for workers, that no master is ALIVE.
    pub blocked: Option<String>,
    /// The seconds for which no node has served. Once longer than any election, a restart does no harm.
    pub silent_seconds: u64,
}

impl ServiceFacts {
    /// Notes a fault of one node, which keeps the service from being whole.
    pub fn suspect(&mut self, node: &Name, fault: String) {
        self.suspects.insert(node.clone());
        self.missing.push(fault);
        self.suspicions += 1;
    }

    /// Returns true if nothing is missing, and all nodes could be asked.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.unseen().next().is_none()
    }

    /// The reasons why it is not whole.
    pub fn because(&self) -> String {
        let unseen = self.unseen().map(|name| format!("{name} cannot be reached or used"));
        unseen.chain(self.missing.iter().cloned()).collect::<Vec<_>>().join("; ")
    }

    fn unseen(&self) -> impl Iterator<Item = &Name> {
        self.nodes.iter().filter(|(_, node)| node.health == Health::Unknown).map(|(name, _)| name)
    }
}
