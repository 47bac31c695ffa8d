//! The roles of Spark.

use crate::value::{Redundancy, Role, RoleData, Slots};

/// A master: one is ALIVE, the others stand by.
pub const MASTER: Role = Role::new(&RoleData {
    order: 10,
    key: "master",
    service: "spark",
    slug: "master",
    unit: "spark-master",
    title: "Spark master",
    user: "spark",
    tier: "masters",
    redundancy: Redundancy::One,
    slots: Slots { after: 50, most: 49 },
    colours: ("#e8effa", "#3b6fc4"),
});

/// A worker: runs executors.
pub const WORKER: Role = Role::new(&RoleData {
    order: 20,
    key: "worker",
    service: "spark",
    slug: "worker",
    unit: "spark-worker",
    title: "Spark worker",
    user: "spark",
    tier: "workers",
    redundancy: Redundancy::Pool,
    slots: Slots { after: 100, most: 150 },
    colours: ("#fdeee3", "#e07a3f"),
});

/// The history server: shows applications that have ended.
pub const HISTORY: Role = Role::new(&RoleData {
    order: 30,
    key: "history",
    service: "spark",
    slug: "history",
    unit: "spark-history",
    title: "Spark history server",
    user: "spark",
    tier: "history",
    redundancy: Redundancy::Pool,
    // Between the masters' numbers and the workers'.
    slots: Slots { after: 99, most: 1 },
    colours: ("#f3ecfa", "#8250b4"),
});
