//! The roles of Spark.

use crate::service::zookeeper::MEMBER;
use crate::value::{Interruption, Redundancy, Role, RoleData, Slots, Takeover};

/// Measured without an ALIVE master after the active one stops, where nobody removes what it holds: 38 to 43 s.
pub const TAKEOVER_SECONDS: u32 = 43;

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
    stands_on: Some(MEMBER),
    // A master recovers within its session (40 s) and `spark.deploy.recoveryTimeout` (60 s), measured 38 to 43 s and 60 s; and some air.
    healthy_within: 180,
    wait: "wait for one ALIVE master, the others STANDBY",
    interruption: Some(Interruption {
        what: "Spark's master",
        seconds: TAKEOVER_SECONDS,
        why: "no other master can take over; running applications continue",
    }),
    // Measured in the lab: 0.6 to 1.0 s where the dead master's latch is removed.
    lost_together: None,
    takeover: Some(Takeover {
        wait_led_elsewhere: "wait until every master that stays is ALIVE or STANDBY",
        leads: "is ALIVE",
        on_restart: "restarting the ALIVE master: about 1 s without an ALIVE master, during which nothing can be submitted (43 s where its election latch cannot be removed from ZooKeeper); running applications continue",
        on_restart_below: "rolling ZooKeeper can end the ALIVE master's session: about 1 s without an ALIVE master, during which nothing can be submitted (43 s where its election latch cannot be removed from ZooKeeper); running applications continue",
        on_leave: "if the leaving master is ALIVE, there is no ALIVE master for up to 43 s and nothing can be submitted; running applications continue, unless their driver is on its host",
        why_above_waits: "no other master is ALIVE, and a recovering master would forget workers that reconnect",
    }),
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
    // A recovering master forgets workers that come back with new ids (measured).
    stands_on: Some(MASTER),
    // A worker registers within 7 s (measured); a loaded machine may take longer.
    healthy_within: 120,
    wait: "wait until the ALIVE master knows every worker",
    interruption: None,
    lost_together: Some("running applications are lost"),
    takeover: None,
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
    stands_on: None,
    // It answers within 5 s on the lab, however many logs there are to read.
    healthy_within: 180,
    wait: "wait until the Spark history server answers",
    interruption: None,
    lost_together: None,
    takeover: None,
    // Between the masters' numbers and the workers'.
    slots: Slots { after: 99, most: 1 },
    colours: ("#f3ecfa", "#8250b4"),
});
