//! Lines of the journal on the anchors: who, when (the host's own clock), what.

use super::lease::Lease;
use crate::plan::{Goal, Plan};

pub fn begun(plan: &Plan, lease: &Lease) -> String {
    let goal = match &plan.goal {
        Goal::Apply { .. } => "apply",
        Goal::Destroy { .. } => "destroy",
    };
    format!("epoch {} {goal} by {}: plan {}", lease.epoch().number(), lease.who, plan.fingerprint())
}
