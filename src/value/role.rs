//! Roles: the kinds of node that services have.

use serde::{Serialize, Serializer};

/// A role: one kind of node of a service. The service's own room defines it as a constant; the stages compare roles and read their data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(&'static RoleData);

/// The data of a role.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleData {
    /// Roles start in this order and stop in the reverse order.
    pub order: u8,
    /// The role's name in JSON.
    pub key: &'static str,
    /// The key of its service in a topology.
    pub service: &'static str,
    /// Its part of the names of nodes.
    pub slug: &'static str,
    /// The systemd unit that runs it, without `.service`.
    pub unit: &'static str,
    /// Its name for operators.
    pub title: &'static str,
    /// The user that its processes run as on a machine.
    pub user: &'static str,
    /// The name of all its machines together, in the resources of a cloud.
    pub tier: &'static str,
    pub redundancy: Redundancy,
    /// The role whose nodes it cannot do without. It is changed while that one is healthy.
    pub stands_on: Option<Role>,
    /// The seconds within which its nodes are healthy after a start or a restart, at least. Each role's constant argues for it.
    pub healthy_within: u64,
    /// The title of the wait until all of its nodes are healthy.
    pub wait: &'static str,
    /// The interruption when the nodes are too few for one of them to stop.
    pub interruption: Option<Interruption>,
    /// The loss when all of its nodes stop together, in words.
    pub lost_together: Option<&'static str>,
    /// For a role of which one node leads and the others stand by.
    pub takeover: Option<Takeover>,
    /// The numbers of its nodes on `local`.
    pub slots: Slots,
    /// Background and border of its boxes in pictures.
    pub colours: (&'static str, &'static str),
}

/// The part of a machine's loopback addresses, and of its nodes' own ports, that belongs to a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slots {
    /// The role's nodes come after this many others.
    pub after: u8,
    /// The most nodes of the role that fit.
    pub most: u8,
}

/// An interruption, in an operator's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interruption {
    /// The thing that is interrupted, at the beginning of a sentence.
    pub what: &'static str,
    /// As measured on the lab, for one node.
    pub seconds: u32,
    pub why: &'static str,
}

/// The note for operators when the lead passes from one node to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Takeover {
    /// The title of a wait for the nodes of the topology while another one may lead.
    pub wait_led_elsewhere: &'static str,
    /// The words for a node that leads: `is ALIVE`.
    pub leads: &'static str,
    /// When the node that leads is restarted.
    pub on_restart: &'static str,
    /// When the role below is restarted.
    pub on_restart_below: &'static str,
    /// When nodes leave the topology.
    pub on_leave: &'static str,
    /// The reason why roles above wait until one leads.
    pub why_above_waits: &'static str,
}

/// The number of a role's nodes that must keep serving while one of them is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Redundancy {
    /// More than half of them: a quorum.
    Majority,
    /// At least one: the others stand by.
    One,
    /// None: they are interchangeable, and restarted in batches.
    Pool,
}

impl Role {
    pub const fn new(data: &'static RoleData) -> Role {
        Role(data)
    }

    pub fn slug(self) -> &'static str {
        self.0.slug
    }

    pub fn unit(self) -> &'static str {
        self.0.unit
    }

    pub fn title(self) -> &'static str {
        self.0.title
    }

    pub fn service(self) -> &'static str {
        self.0.service
    }

    pub fn user(self) -> &'static str {
        self.0.user
    }

    pub fn tier(self) -> &'static str {
        self.0.tier
    }

    pub fn redundancy(self) -> Redundancy {
        self.0.redundancy
    }

    pub fn stands_on(self) -> Option<Role> {
        self.0.stands_on
    }

    pub fn healthy_within(self) -> u64 {
        self.0.healthy_within
    }

    pub fn wait(self) -> &'static str {
        self.0.wait
    }

    pub fn lost_together(self) -> Option<&'static str> {
        self.0.lost_together
    }

    pub fn interruption(self) -> Option<Interruption> {
        self.0.interruption
    }

    pub fn takeover(self) -> Option<Takeover> {
        self.0.takeover
    }

    pub fn slots(self) -> Slots {
        self.0.slots
    }

    pub fn colours(self) -> (&'static str, &'static str) {
        self.0.colours
    }
}

impl std::fmt::Debug for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.key)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.key)
    }
}
