//! The stages of `ZooKeeper` on hosts.

use std::collections::BTreeMap;

use super::answers::{CANARY, MNTR, MemberMode, SRVR, member_facts};
use super::health::health;
use super::role::MEMBER;
use super::wire::canary_request;
use crate::cluster::{Cluster, Instance};
use crate::desired::Desired;
use crate::host::{Ask, Host, HostFacts, HostState, Seen, ServiceFacts};
use crate::service::stages::Service;
use crate::value::listener::Listener;
use crate::value::{Name, Role};

/// An ensemble on hosts.
#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn roles(&self) -> &'static [Role] {
        &[MEMBER]
    }

    fn desire(&self, cluster: &Cluster, instance: &Instance, state: &mut HostState) {
        super::desire::desire(cluster, instance, state);
    }

    fn questions(&self, role: Role, host: &Host, listeners: &[Listener], proof: bool) -> Vec<Ask> {
        let port = host.port(listeners, role, "client");
        let ask = |name, bytes: &[u8]| Ask { name, address: host.address.to_string(), port, bytes: bytes.to_vec() };
        let mut all = vec![ask(SRVR, b"srvr"), ask(MNTR, b"mntr")];
        if proof {
            all.push(ask(CANARY, &canary_request()));
        }
        all
    }

    fn health(&self, _: Role, hosts: &[Name], _: bool, desired: &Desired, seen: &BTreeMap<Name, Seen>) -> ServiceFacts {
        health(hosts, desired, seen)
    }

    fn state(&self, _: Role, facts: &HostFacts) -> String {
        let Some(member) = member_facts(facts) else { return "does not answer".to_owned() };
        match member.mode {
            MemberMode::NotServing => "does not serve".to_owned(),
            MemberMode::Standalone => "standalone".to_owned(),
            MemberMode::Follower => format!("follower, epoch {}", member.epoch),
            MemberMode::Leader => {
                format!("leader, epoch {}, {} followers in sync", member.epoch, member.synced_voters.unwrap_or(0))
            }
        }
    }

    fn uptime(&self, facts: &HostFacts) -> Option<u64> {
        member_facts(facts).map(|member| member.uptime_millis)
    }

    fn warning(&self, facts: &HostFacts) -> Option<String> {
        let lost = member_facts(facts).is_some_and(|member| member.serves()) && !facts.has_data;
        lost.then(|| {
            "its data directory holds no data any more: it serves from memory. Restart no member before `provision plan` says what is left"
                .to_owned()
        })
    }
}
