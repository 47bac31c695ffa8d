//! The registry of services.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::stages::Service;
use super::{elasticsearch, eventstore, kafka, postgres, redis, spark, zookeeper};
use crate::desired::Desired;
use crate::host::{HostFacts, Seen, ServiceFacts};
use crate::value::{Name, Role};

/// The registry, in the order in which services start. A new service is one line here.
const SERVICES: &[&dyn Service] = &[
    &zookeeper::OnHosts,
    &spark::OnHosts,
    &kafka::Kafka,
    &elasticsearch::Elasticsearch,
    &postgres::Postgres,
    &redis::Redis,
    &eventstore::OnKubernetes,
];

/// Services that somebody who uses this library adds, before anything else is asked of it.
static ADDED: OnceLock<Vec<&'static dyn Service>> = OnceLock::new();

/// Adds services to the registry. Call it once, before anything else.
pub fn add(services: Vec<&'static dyn Service>) {
    assert!(ADDED.set(services).is_ok(), "the registry is asked before services are added to it");
}

/// The keys of all services in a topology.
pub fn keys() -> &'static [&'static str] {
    static KEYS: OnceLock<Vec<&'static str>> = OnceLock::new();
    KEYS.get_or_init(|| all().map(Service::key).collect())
}

/// Every service.
pub fn all() -> impl DoubleEndedIterator<Item = &'static dyn Service> {
    SERVICES.iter().chain(ADDED.get_or_init(Vec::new)).copied()
}

/// The service with this key in a topology.
pub fn by_key(key: &str) -> Option<&'static dyn Service> {
    all().find(|service| service.key() == key)
}

/// All roles, in the order in which they start.
pub fn roles() -> impl DoubleEndedIterator<Item = Role> {
    all().flat_map(Service::roles).copied()
}

/// The service that has this role.
pub fn of(role: Role) -> &'static dyn Service {
    let found = all().find(|service| service.roles().contains(&role));
    found.unwrap_or_else(|| unreachable!("{role:?} is a role of a registered service"))
}

/// The health of a role's nodes on these hosts.
pub fn health(
    role: Role,
    hosts: &[Name],
    led_elsewhere: bool,
    desired: &Desired,
    seen: &BTreeMap<Name, Seen>,
) -> ServiceFacts {
    of(role).health(role, hosts, led_elsewhere, desired, seen)
}

/// The dangers on a host, of all services.
pub fn warnings(facts: &HostFacts) -> impl Iterator<Item = String> {
    all().filter_map(|service| service.warning(facts))
}

#[cfg(test)]
mod tests {
    use super::roles;

    #[test]
    fn roles_are_told_apart_and_share_no_slots() {
        let all: Vec<_> = roles().collect();
        assert!(all.is_sorted(), "the registry is in the order of the roles: {all:?}");
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert!(one.slug() != other.slug() && one.unit() != other.unit(), "{one:?} {other:?}");
                let (first, second) = (one.slots(), other.slots());
                let apart = first.after + first.most <= second.after || second.after + second.most <= first.after;
                assert!(apart, "{one:?} and {other:?} share numbers");
            }
        }
    }
}
