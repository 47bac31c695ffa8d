//! The stages of `ZooKeeper` on hosts.

use std::collections::BTreeMap;

use super::answers::{CANARY, MNTR, MemberMode, SRVR, member_facts};
use super::health::health;
use super::role::MEMBER;
use super::wire::canary_request;
use crate::cluster::{Cluster, Instance};
use crate::desired::{Desired, Quorum};
use crate::host::{Ask, Host, HostFacts, HostState, Seen, ServiceFacts};
use crate::service::settings::Writer;
use crate::service::stages::{DATA_MOVES, Service};
use crate::value::listener::Listener;
use crate::value::{Name, Role};

/// An ensemble on hosts.
#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn key(&self) -> &'static str {
        "zookeeper"
    }

    fn title(&self) -> &'static str {
        "ZooKeeper"
    }

    fn roles(&self) -> &'static [Role] {
        &[MEMBER]
    }

    fn settings(&self, cluster: &Cluster, all: &mut Writer) {
        super::settings::settings(cluster, all);
    }

    fn migration(&self, setting: &str) -> &'static str {
        if setting.starts_with("zookeeper.members") {
            "this version cannot add, remove, move or replace members; restore the old list"
        } else if setting == "zookeeper.version" {
            "this version cannot upgrade ZooKeeper; restore the old version"
        } else {
            DATA_MOVES
        }
    }

    fn quorum(&self, cluster: &Cluster) -> Option<Quorum> {
        super::quorum::quorum(cluster)
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

    fn addresses(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        cluster.zookeeper_connect().map(|connect| ("quorum", connect)).into_iter().collect()
    }

    fn runs_with_others(&self, state: &HostState, facts: &HostFacts) -> Option<bool> {
        super::health::runs_with_others(state, facts)
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
