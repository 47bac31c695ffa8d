//! Is a service well, as one look at its hosts says?

use std::collections::BTreeMap;

use super::{spark, zookeeper};
use crate::desired::Desired;
use crate::host::ServiceFacts;
use crate::observe::Seen;
use crate::value::Name;
use crate::value::listener::Role;

/// What one look says of these hosts of a role; others are not waited for. `led_elsewhere`: the ALIVE master may be one that
/// the topology no longer has, or that cannot be asked.
pub fn judge(
    role: Role,
    hosts: &[Name],
    led_elsewhere: bool,
    desired: &Desired,
    seen: &BTreeMap<Name, Seen>,
) -> ServiceFacts {
    match role {
        Role::ZooKeeper => zookeeper::judge(hosts, desired, seen),
        Role::Master => spark::judge_masters(hosts, led_elsewhere, desired, seen),
        Role::Worker => spark::judge_workers(hosts, desired, seen),
    }
}
