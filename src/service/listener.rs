//! Everything that listens: one list of values for checks, firewalls and clouds.

use std::ops::RangeInclusive;

use serde::Serialize;

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    ZooKeeper,
    Master,
    Worker,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::ZooKeeper, Role::Master, Role::Worker];

    /// Its part in the names of nodes.
    pub fn slug(self) -> &'static str {
        match self {
            Role::ZooKeeper => "zk",
            Role::Master => "master",
            Role::Worker => "worker",
        }
    }

    /// The systemd unit that runs it, without `.service`.
    pub fn unit(self) -> &'static str {
        match self {
            Role::ZooKeeper => "zookeeper",
            Role::Master => "spark-master",
            Role::Worker => "spark-worker",
        }
    }

    /// What it is to an operator.
    pub fn title(self) -> &'static str {
        match self {
            Role::ZooKeeper => "ZooKeeper member",
            Role::Master => "Spark master",
            Role::Worker => "Spark worker",
        }
    }
}

/// Where a listener is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Bind {
    /// The host's own address.
    Host,
    /// 127.0.0.1.
    Loopback,
}

/// One range of TCP ports that a role opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listener {
    pub role: Role,
    /// What it is for.
    pub name: &'static str,
    pub ports: RangeInclusive<u16>,
    pub bind: Bind,
    /// The roles whose hosts must reach it; nobody else need.
    pub from: &'static [Role],
    /// Whether it listens all the time, or only while a job runs.
    pub lasting: bool,
}

impl Listener {
    pub fn collides(&self, other: &Listener) -> bool {
        self.ports.start() <= other.ports.end() && other.ports.start() <= self.ports.end()
    }
}
