//! The one role of `ZooKeeper`.

use crate::value::{Redundancy, Role, RoleData, Slots};

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
    slots: Slots { after: 0, most: 49 },
    colours: ("#e6f4f1", "#2a9d8f"),
});
