//! The stages that every service on hosts has.

use std::collections::BTreeMap;

use serde::Serialize;

use super::settings::Writer;
use crate::cluster::{Cluster, Instance};
use crate::desired::{Desired, Election, Quorum};
use crate::host::{Ask, Drain, Host, HostFacts, HostQuery, HostState, Seen, ServiceFacts};
use crate::value::listener::Listener;
use crate::value::{Name, Role};

/// Why a setting that says where data is cannot change, and the way out.
pub const DATA_MOVES: &str = "the data would have to move, which this version cannot do; restore the old value, or destroy the cluster and start again";

/// A service on hosts. The stages call it by way of its roles and know no service by name.
pub trait Service: Sync {
    /// Its key in a topology.
    fn key(&self) -> &'static str;

    /// Its name for operators.
    fn title(&self) -> &'static str;

    /// Its roles, in the order in which they start.
    fn roles(&self) -> &'static [Role];

    /// Adds each of its settings in the topology, with its class.
    fn settings(&self, cluster: &Cluster, all: &mut Writer);

    /// Its roles that cannot run with the old value of an outage setting and with the new one side by side.
    fn stops_together(&self) -> &'static [Role] {
        self.roles()
    }

    /// The reason why a setting that moves data cannot change, and the way out.
    fn migration(&self, _setting: &str) -> &'static str {
        DATA_MOVES
    }

    /// The setting for the secret that its nodes share, if they have one.
    fn secret(&self) -> Option<&'static str> {
        None
    }

    /// The quorum whose first start must be recorded.
    fn quorum(&self, _cluster: &Cluster) -> Option<Quorum> {
        None
    }

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

    /// The figures of the whole service, for `status`.
    fn totals(&self, _cluster: &Cluster, _seen: &BTreeMap<Name, Seen>) -> Option<Totals> {
        None
    }

    /// The addresses that people want to know, each with its label.
    fn addresses(&self, _cluster: &Cluster) -> Vec<(&'static str, String)> {
        Vec::new()
    }

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

    /// What an operator should know of running nodes before an apply.
    fn notes(&self, _desired: &Desired, _seen: &BTreeMap<Name, Seen>) -> Option<String> {
        None
    }

    /// What an operator should know of running nodes before the service is removed.
    fn notes_of_removal(&self, _seen: &BTreeMap<Name, Seen>) -> Option<String> {
        None
    }

    /// Returns true if a member of a quorum runs with another list of members than the topology has; `None` if nobody can tell.
    fn runs_with_others(&self, _state: &HostState, _facts: &HostFacts) -> Option<bool> {
        Some(false)
    }

    /// The way to let a node finish its work before it stops.
    fn drain(&self, _role: Role, _host: &Host, _listeners: &[Listener]) -> Option<Drain> {
        None
    }

    /// The election by which one node of a role leads.
    fn election(&self, _cluster: &Cluster) -> Option<Election> {
        None
    }

    /// Asks whether a node leads and, where `latches` is given, which latches its election has.
    fn election_query(&self, _state: &HostState, _listeners: &[Listener], _latches: Option<&Election>) -> HostQuery {
        HostQuery::default()
    }

    /// Returns true if the node of the election's role on a host leads.
    fn leads(&self, _facts: &HostFacts) -> bool {
        false
    }

    /// The names of the election's latches, as a host was told.
    fn latches(&self, _facts: &HostFacts) -> Option<Vec<String>> {
        None
    }
}

/// The figures of a whole service. As JSON the figures alone.
#[derive(Clone, Debug, Serialize)]
#[serde(into = "serde_json::Value")]
pub struct Totals {
    /// For people.
    pub words: String,
    pub figures: serde_json::Value,
}

impl From<Totals> for serde_json::Value {
    fn from(totals: Totals) -> serde_json::Value {
        totals.figures
    }
}
