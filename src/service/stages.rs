//! The stages that every service on hosts has.

use std::collections::BTreeMap;

use crate::cluster::{Cluster, Instance};
use crate::desired::Desired;
use crate::host::{Ask, Host, HostFacts, HostState, Seen, ServiceFacts};
use crate::value::listener::Listener;
use crate::value::{Name, Role};

/// A service on hosts. The stages call it by way of its roles and know no service by name.
pub trait Service: Sync {
    /// Its roles, in the order in which they start.
    fn roles(&self) -> &'static [Role];

    /// Adds everything that a node needs on its host.
    fn desire(&self, cluster: &Cluster, instance: &Instance, state: &mut HostState);

    /// The questions for a node's ports. With `proof` they prove that the node takes part in a committed write.
    fn questions(&self, role: Role, host: &Host, listeners: &[Listener], proof: bool) -> Vec<Ask>;

    /// The health of a role's nodes on these hosts, from one look. `led_elsewhere` means that a node outside of them may lead.
    fn health(
        &self,
        role: Role,
        hosts: &[Name],
        led_elsewhere: bool,
        desired: &Desired,
        seen: &BTreeMap<Name, Seen>,
    ) -> ServiceFacts;

    /// The state of a node in a few words, for `status`.
    fn state(&self, role: Role, facts: &HostFacts) -> String;

    /// The roles whose nodes must be asked to judge this one.
    fn witnesses(&self, role: Role) -> Vec<Role> {
        vec![role]
    }

    /// The milliseconds since a node on the host started, as the node itself says.
    fn uptime(&self, _facts: &HostFacts) -> Option<u64> {
        None
    }

    /// A danger that only this service's facts show.
    fn warning(&self, _facts: &HostFacts) -> Option<String> {
        None
    }
}
