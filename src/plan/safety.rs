//! The limits for a running service, with the numbers behind each refusal.

use super::members::Roll;
use crate::host::ServiceFacts;
use crate::value::{Name, Redundancy};

/// A reason why a node must not be stopped now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hazard {
    #[error("stopping {node} would leave {left} of {all} members, and a majority is {majority}")]
    Majority { node: Name, left: usize, all: usize, majority: usize },
    #[error("stopping {node} would leave no {title} that leads or stands by")]
    LastOne { node: Name, title: &'static str },
}

/// Returns true if this number of nodes is a majority of the roll's nodes, and of those that cannot be asked.
pub fn is_majority(roll: &Roll, members: usize) -> bool {
    members * 2 > roll.all.len() + roll.unseen
}

/// Checks that enough other nodes serve for `node` to be stopped (law 3).
pub fn may_stop(roll: &Roll, facts: &ServiceFacts, node: &Name) -> Result<(), Hazard> {
    let left = roll
        .all
        .iter()
        .filter(|name| *name != node)
        .filter(|name| facts.nodes.get(*name).is_some_and(|other| other.health.serves()))
        .count();
    let all = roll.all.len() + roll.unseen;
    match roll.role.redundancy() {
        Redundancy::Majority => {
            let majority = all / 2 + 1;
            if is_majority(roll, left) {
                Ok(())
            } else {
                Err(Hazard::Majority { node: node.clone(), left, all, majority })
            }
        }
        Redundancy::One => {
            if left >= 1 {
                Ok(())
            } else {
                Err(Hazard::LastOne { node: node.clone(), title: roll.role.title() })
            }
        }
        Redundancy::Pool => Ok(()),
    }
}
