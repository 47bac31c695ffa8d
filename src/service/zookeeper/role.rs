//! The one role of `ZooKeeper`.

use crate::value::{Interruption, Redundancy, Role, RoleData, Slots};

/// Measured from stop to serving, for a member alone.
pub const RESTART_SECONDS: u32 = 5;

/// A member of the ensemble.
pub const MEMBER: Role = Role::new(&RoleData {
    order: 0,
    key: "zookeeper",
    service: "zookeeper",
    slug: "zk",
    unit: "zookeeper",
    title: "ZooKeeper member",
    user: "zookeeper",
    tier: "zookeeper",
    redundancy: Redundancy::Majority,
    stands_on: None,
    // `initLimit` × `tickTime` where that is longer (docs/measurements.md).
    healthy_within: 120,
    wait: "wait until every ZooKeeper member serves",
    interruption: Some(Interruption {
        what: "ZooKeeper",
        seconds: RESTART_SECONDS,
        why: "no majority is left while a member restarts",
    }),
    lost_together: None,
    takeover: None,
    slots: Slots { after: 0, most: 49 },
    colours: ("#e6f4f1", "#2a9d8f"),
});
