//! Plans: the steps, their order, their gates and their reasons. Pure: everything a plan depends on is in its arguments.

mod approval;
mod changes;
pub mod command;
pub mod compare;
mod decide;
pub mod difference;
mod json;
mod members;
mod moved;
pub mod preflight;
pub mod reach;
pub mod reason;
pub mod refusal;
pub mod roll;
pub mod safety;
mod sealed;
pub mod show;
pub mod terraform;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::host::{Action, Target};
use crate::value::{Name, Role};

pub use approval::{ApprovedPlan, Consent, NotApproved};
pub use changes::Change;
pub use compare::HostChange;
pub use decide::plan;
pub use members::{Roll, RollMember};
pub use moved::Moved;
pub use reach::Connections;
pub use reason::Reason;
pub use refusal::{ClusterRefusal, HostRefusal, Refusal, SettingRefusal};
pub use sealed::{NotSealed, SealedPlan, Standing};

/// The operator's goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Goal {
    /// The hosts become what the topology says.
    Apply { allow_outage: bool, skip_unreachable: bool },
    /// Everything that the tool created is removed; data only with `delete_data`.
    Destroy { delete_data: bool },
}

impl Goal {
    /// Returns true if hosts that fail may be left for later, so that the others can continue.
    pub fn may_leave_hosts(&self) -> bool {
        match self {
            Goal::Apply { skip_unreachable, .. } => *skip_unreachable,
            Goal::Destroy { .. } => true,
        }
    }
}

/// A plan: what is different and what will be done about it.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub cluster: Name,
    pub goal: Goal,
    /// The differences by host, for people.
    pub changes: BTreeMap<Name, HostChange>,
    /// The work, in order.
    pub phases: Vec<Phase>,
    /// Hosts that nobody could ask.
    pub unknown: BTreeMap<Name, String>,
    /// The interruptions while the plan runs, with their length.
    pub outages: Vec<Outage>,
    pub notes: Vec<String>,
    /// The work that `--skip-unreachable` leaves for later.
    pub skipped: Vec<String>,
    /// Every host that answered (of a destroy: that it touches): all of them learn of the new epoch, so that an apply that was overtaken can change none of them.
    #[serde(serialize_with = "target_names")]
    pub everyone: Vec<Target>,
    /// True if every node of the election that may run is one of the topology's: only then is it known whose latches are whose.
    pub releases_latches: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outage {
    pub what: String,
    /// As measured on the lab, give or take the machine; 0 for what ends and does not come back.
    pub seconds: u32,
    pub why: String,
}

/// A part of a plan. The next begins when this one is whole.
#[derive(Clone, Debug, Serialize)]
pub enum Phase {
    /// Steps of several hosts, all at once; those of one host in this order.
    Steps { title: String, steps: Vec<Step> },
    /// Wait until a service is whole.
    Gate { title: String, gate: Gate },
    /// Check that hosts reach each other, and the operator each of them, through firewalls that have just changed.
    Reach {
        title: String,
        from: Connections,
        /// The hosts that a new connection from here must reach.
        #[serde(serialize_with = "target_names")]
        proven: Vec<Target>,
        /// The hosts whose filter is on trial.
        #[serde(serialize_with = "target_names")]
        tried: Vec<Target>,
    },
    /// One node (or batch) after the other, each chosen from fresh facts by `roll::next`.
    Roll(Roll),
}

/// One action on one host.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    #[serde(serialize_with = "target_name")]
    pub target: Target,
    pub action: Action,
    pub why: Vec<Reason>,
}

fn target_name<S: serde::Serializer>(target: &Target, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&target.name)
}

fn target_names<S: serde::Serializer>(targets: &[Target], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(targets.iter().map(|target| target.name.as_str()))
}

/// A condition for the plan to continue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gate {
    pub role: Role,
    /// The hosts that must be well.
    pub hosts: Vec<Name>,
    /// For masters: one outside `hosts` (departed or unreachable) may be the ALIVE one.
    pub led_elsewhere: bool,
    pub seconds: u64,
}

impl Plan {
    /// Returns true if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.phases.is_empty()
    }

    /// Everything that is not done now: the skipped work, and the hosts whose work nobody knows, with the reason.
    pub fn left(&self) -> Vec<String> {
        let unknown: Vec<_> = match self.goal {
            Goal::Apply { .. } => self.unknown.iter().map(|(host, why)| format!("{host} is unknown: {why}")).collect(),
            // A destroy names each of them among the skipped work.
            Goal::Destroy { .. } => Vec::new(),
        };
        [self.skipped.clone(), unknown].concat()
    }
}
