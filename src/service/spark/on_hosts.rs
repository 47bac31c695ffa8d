//! The stages of Spark on hosts.

use std::collections::BTreeMap;

use super::answers::{ended_applications, master_facts, questions, worker_facts};
use super::health::{health_of_history, health_of_masters, health_of_workers};
use super::roles::{HISTORY, MASTER, WORKER};
use crate::cluster::{Cluster, Instance};
use crate::desired::Desired;
use crate::host::{Ask, Host, HostFacts, HostState, Seen, ServiceFacts};
use crate::service::stages::Service;
use crate::value::listener::Listener;
use crate::value::{Name, Role};

/// Spark's own masters and workers on hosts.
#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn roles(&self) -> &'static [Role] {
        &[MASTER, WORKER, HISTORY]
    }

    fn desire(&self, cluster: &Cluster, instance: &Instance, state: &mut HostState) {
        match instance.role {
            MASTER => super::desire::desire_master(cluster, instance, state),
            WORKER => super::desire::desire_worker(cluster, instance, state),
            _ => super::desire::desire_history(cluster, instance, state),
        }
    }

    fn questions(&self, role: Role, host: &Host, listeners: &[Listener], _proof: bool) -> Vec<Ask> {
        questions(role, host, listeners)
    }

    fn health(
        &self,
        role: Role,
        hosts: &[Name],
        led_elsewhere: bool,
        desired: &Desired,
        seen: &BTreeMap<Name, Seen>,
    ) -> ServiceFacts {
        match role {
            MASTER => health_of_masters(hosts, led_elsewhere, desired, seen),
            WORKER => health_of_workers(hosts, desired, seen),
            _ => health_of_history(hosts, desired, seen),
        }
    }

    fn state(&self, role: Role, facts: &HostFacts) -> String {
        let state = match role {
            MASTER => master_facts(facts).map(|master| master.status),
            WORKER => worker_facts(facts).map(|worker| format!("{} executors", worker.executors.len())),
            _ => ended_applications(facts).map(|count| match count {
                1 => "shows 1 application".to_owned(),
                _ => format!("shows {count} applications"),
            }),
        };
        state.unwrap_or_else(|| "does not answer".to_owned())
    }

    /// The masters' word counts: a worker may believe in a master that has forgotten it.
    fn witnesses(&self, role: Role) -> Vec<Role> {
        if role == WORKER { vec![MASTER, WORKER] } else { vec![role] }
    }
}
