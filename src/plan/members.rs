//! A roll, and the nodes that it restarts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Reason;
use super::reason::only_ails;
use crate::host::{Action, Drain, FileEdit, Target};
use crate::value::{Name, Role};

/// A roll of one role.
#[derive(Clone, Debug, Serialize)]
pub struct Roll {
    pub role: Role,
    pub members: BTreeMap<Name, RollMember>,
    /// All nodes of the role that answered, also those that need nothing.
    pub all: Vec<Name>,
    /// The number of further members of an ensemble, which cannot be asked. They count for its majority.
    pub unseen: usize,
    /// The number of nodes that may be down at once.
    pub batch: usize,
    /// The seconds within which a node must be healthy again.
    pub seconds: u64,
    /// True if a node may be restarted even when that interrupts the service.
    pub outage_allowed: bool,
    /// For an ensemble: members with wrong inputs keep the right ones out, and may be stopped although no
    /// majority is left then. The plan says so as an outage.
    pub regroup: bool,
    /// For an ensemble: no member of the roll served when the plan was made, on any port. While others serve, they do so without them.
    pub idle: bool,
    /// For masters: one that cannot be asked may be the ALIVE one.
    pub led_elsewhere: bool,
}

/// A node that must be restarted.
#[derive(Clone, Debug, Serialize)]
pub struct RollMember {
    #[serde(skip)]
    pub target: Target,
    pub node: String,
    pub unit: String,
    pub files: Vec<FileEdit>,
    pub drain: Option<Drain>,
    pub why: Vec<Reason>,
}

impl RollMember {
    /// Returns true if only its restart is needed: none of its files changes, and none could be put back.
    pub fn only_ails(&self) -> bool {
        only_ails(&self.why)
    }

    /// The action that restarts the node with its new files.
    pub fn swap(&self) -> Action {
        Action::Swap { unit: self.unit.clone(), files: self.files.clone(), drain: self.drain }
    }
}
