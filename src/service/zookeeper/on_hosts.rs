//! The stages of `ZooKeeper` on hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::{CANARY, METRICS, MNTR, MemberMode, SRVR, member_facts};
use super::external::external;
use super::file::ZooKeeperFile;
use super::health::health;
use super::listeners::{ADMIN, CLIENT, ELECTION, PEER};
use super::role::MEMBER;
use super::wire::canary_request;
use super::{Members, ZooKeeper, connect};
use crate::cluster::{Cluster, Instance};
use crate::desired::{Desired, Quorum};
use crate::diagnostic::Diagnostics;
use crate::host::{Ask, Host, HostFacts, HostState, Lines, Seen, ServiceFacts};
use crate::platform::{Ground, PlatformKind, hdinsight};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::{Checked, Services};
use crate::service::settings::Writer;
use crate::service::stages::{
    DATA_MOVES, Machines, NodePlace, NodeSpec, PlatformView, Service, Totals, Whole, WrittenPort,
};
use crate::value::listener::{Listener, ListenerName};
use crate::value::{Label, MemberId, Name, Role, Zone, counted};
use crate::yaml::Span;

/// An ensemble on hosts.
#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn file(&self) -> FileType {
        FileType::of::<ZooKeeperFile>()
    }

    fn title(&self) -> &'static str {
        "ZooKeeper"
    }

    fn about(&self) -> &'static str {
        "A `ZooKeeper` ensemble."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::CountedHosts)
    }

    fn data_names(&self) -> &'static [&'static str] {
        &["version-2", "initialize", "zookeeper_server.pid", "myid"]
    }

    fn help_for(&self, key: &str, parents: &[String]) -> Option<String> {
        (parents == ["config"]).then(|| super::file::help_for_unknown(key))
    }

    fn check(&self, platform: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let (span, file) = files.spanned::<ZooKeeperFile>()?;
        if let Some((at, external)) = file.external.spanned() {
            return Some(Arc::new(super::external::check(file, external, at, platform.kind, problems)?));
        }
        let pyspark = crate::service::spark::version(files.get());
        Some(Arc::new(super::check(span, file, &pyspark, *platform, problems)?))
    }

    fn sizes<'f>(&self, files: &'f ServicesFile) -> Vec<(Span, &'f Label, hdinsight::Node)> {
        let size = files.get::<ZooKeeperFile>().and_then(|file| file.size.spanned());
        size.map(|(at, size)| (at, size, hdinsight::Node::ZooKeeper)).into_iter().collect()
    }

    fn check_on(&self, all: &Whole<'_>, problems: &mut Diagnostics) {
        super::external::check_identity(all.topology, all.files, problems);
        super::machines::check(all.topology, all.files, all.on, problems);
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["zookeeper.connect"]
    }

    fn fill(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        super::connect(cluster).into_iter().map(|connect| ("zookeeper.connect", connect)).collect()
    }

    fn roles(&self) -> &'static [Role] {
        &[MEMBER]
    }

    fn nodes(&self, services: &Services) -> Vec<NodeSpec> {
        let Some(zookeeper) = services.get::<ZooKeeper>() else { return Vec::new() };
        let node = |id: MemberId, place| NodeSpec { role: MEMBER, id: Some(id), place };
        match &zookeeper.members {
            Members::Named(members) => {
                members.iter().map(|(id, host)| node(*id, NodePlace::Named(host.clone()))).collect()
            }
            Members::Counted(count) => {
                let ids = (1..=*count).filter_map(|id| MemberId::try_from(i64::from(id)).ok());
                ids.map(|id| node(id, NodePlace::Own(id.get().into()))).collect()
            }
        }
    }

    fn listeners(&self, services: &Services) -> Vec<Listener> {
        services.get().map(super::listeners).unwrap_or_default()
    }

    fn machines<'t>(&self, services: &'t Services, files: &'t ServicesFile) -> Vec<Machines<'t>> {
        super::machines::machines(services, files).into_iter().collect()
    }

    fn zones<'t>(&self, _: Role, services: &'t Services) -> Option<&'t [Zone]> {
        services.get::<ZooKeeper>()?.zones.as_deref()
    }

    fn span_of(&self, _: Role, files: &ServicesFile) -> Option<Span> {
        files.span::<ZooKeeperFile>()
    }

    fn ports(&self, files: &ServicesFile) -> Vec<WrittenPort> {
        let Some(file) = files.get::<ZooKeeperFile>() else { return Vec::new() };
        let all = [
            (CLIENT, file.client_port.span()),
            (PEER, file.peer_port.span()),
            (ELECTION, file.election_port.span()),
            (ADMIN, file.admin_port.span()),
        ];
        WrittenPort::all(&all, true)
    }

    fn settings(&self, cluster: &Cluster, all: &mut Writer) {
        super::settings::settings(cluster, all);
    }

    fn migration(&self, setting: &str) -> &'static str {
        if setting.starts_with("zookeeper.members") {
            "this version of provision cannot add, remove, move or replace members; restore the old list"
        } else if setting == "zookeeper.version" {
            "this version of provision cannot upgrade ZooKeeper; restore the old version"
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

    fn questions(&self, _: Role, host: &Host, listeners: &[Listener], proof: bool) -> Vec<Ask> {
        let port = host.port(listeners, CLIENT);
        let ask = |name, bytes: &[u8], lines| Ask {
            name,
            address: host.address.to_string(),
            port,
            bytes: bytes.to_vec(),
            most: Ask::SHORT,
            lines,
        };
        let mut all = vec![ask(SRVR, b"srvr", Lines::All), ask(MNTR, b"mntr", Lines::Beginning(METRICS))];
        if proof {
            all.push(ask(CANARY, &canary_request(), Lines::All));
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
            MemberMode::Follower => format!("follower, ZooKeeper epoch {}", member.epoch),
            MemberMode::Leader => {
                let followers = usize::try_from(member.synced_voters.unwrap_or(0)).unwrap_or(usize::MAX);
                format!("leader, ZooKeeper epoch {}, {} in sync", member.epoch, counted(followers, "follower"))
            }
        }
    }

    fn totals(&self, cluster: &Cluster, seen: &BTreeMap<Name, Seen>) -> Option<Totals> {
        super::external::totals(cluster, seen)
    }

    fn addresses(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        let label = if external(cluster).is_some() { "external" } else { "members" };
        connect(cluster).map(|connect| (label, connect)).into_iter().collect()
    }

    fn contradictions(&self, desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
        super::leaders::contradictions(desired, seen)
    }

    fn followed_at(&self, _: Role) -> Option<ListenerName> {
        Some(PEER)
    }

    fn runs_with_others(&self, state: &HostState, facts: &HostFacts) -> Option<bool> {
        super::leaders::runs_with_others(state, facts)
    }

    fn uptime(&self, facts: &HostFacts) -> Option<u64> {
        member_facts(facts).map(|member| member.uptime_millis)
    }

    fn warning(&self, facts: &HostFacts) -> Option<String> {
        if let Some(warning) = super::external::warning(facts) {
            return Some(warning);
        }
        let lost = member_facts(facts).is_some_and(|member| member.serves()) && !facts.has_data;
        lost.then(|| {
            "its data directory holds no data any more: it serves from memory. Restart no member before `provision plan` says what is left"
                .to_owned()
        })
    }
}
