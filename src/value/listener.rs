//! Everything that listens: one list of values for checks, firewalls and clouds.

use std::fmt;
use std::ops::RangeInclusive;

use super::role::Role;

/// The address that a listener is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// The host's own address.
    Host,
    /// 127.0.0.1.
    Loopback,
}

/// The port numbers of a host's listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// As the topology does: the host has an address of its own.
    Written,
    /// Hosts share one address, and each has [`OWN_PORTS`] ports of its own, from this one on, for what lasts. What listens for a job
    /// looks for a free port in its range, as it always does.
    Own(u16),
}

/// No role has more listeners that last.
pub const OWN_PORTS: u16 = 4;

/// When something listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// As long as its service runs. `place`: its index among its role's lasting listeners, from 0.
    Always { place: u16 },
    /// Only while a job runs.
    ForJobs,
}

/// The name of a listener among those of its role. A service has a constant for each of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerName {
    role: Role,
    name: &'static str,
}

impl ListenerName {
    pub const fn new(role: Role, name: &'static str) -> ListenerName {
        ListenerName { role, name }
    }

    pub fn role(self) -> Role {
        self.role
    }

    pub fn as_str(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for ListenerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// One range of TCP ports that a role opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub name: ListenerName,
    /// As the topology numbers them; [`Listener::on`] says what they are on a host.
    pub declared: RangeInclusive<u16>,
    pub bind: Bind,
    /// The roles whose hosts must reach it; nobody else need.
    pub from: &'static [Role],
    pub lasts: Lasts,
}

impl Listener {
    /// Its ports on a host that numbers like this.
    pub fn on(&self, numbering: Numbering) -> RangeInclusive<u16> {
        match numbering {
            Numbering::Own(first) => match self.lasts {
                Lasts::Always { place } => first + place..=first + place,
                Lasts::ForJobs => self.declared.clone(),
            },
            Numbering::Written => self.declared.clone(),
        }
    }

    /// The ports that the topology gives, as nftables and the clouds write them: `7077`, or `40000-40031`.
    pub fn declared_ports(&self) -> String {
        let (first, last) = (self.declared.start(), self.declared.end());
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    }

    pub fn role(&self) -> Role {
        self.name.role
    }

    pub fn is_lasting(&self) -> bool {
        matches!(self.lasts, Lasts::Always { .. })
    }

    pub fn collides(&self, other: &Listener) -> bool {
        self.declared.start() <= other.declared.end() && other.declared.start() <= self.declared.end()
    }
}

/// The listener of this name. Panics without one: a placed role has all of its listeners.
pub fn named(listeners: &[Listener], name: ListenerName) -> &Listener {
    let found = listeners.iter().find(|listener| listener.name == name);
    found.unwrap_or_else(|| unreachable!("a {} has the listener `{name}`", name.role.title()))
}
