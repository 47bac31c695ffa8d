//! The stages of Spark on hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::{counted_or_unknown, ended_applications, history_answers, master_facts, questions, worker_facts};
use super::election::{ask_latches, election, for_election, latches};
use super::file::SparkFile;
use super::health::{alive_master, health_of_history, health_of_masters, health_of_workers};
use super::listeners::MASTER_PAGE;
use super::missing_latches::MissingLatches;
use super::places::DRAIN_SECONDS;
use super::roles::{HISTORY, MASTER, WORKER};
use super::{SECRET_FILE, check_keys, master_url, standalone};
use crate::cluster::{Cluster, Fleet, Instance};
use crate::desired::{Desired, Election};
use crate::diagnostic::Diagnostics;
use crate::host::{Ask, Drain, Host, HostFacts, HostQuery, HostState, Seen, ServiceFacts};
use crate::platform::{PlatformKind, hdinsight};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::{Checked, Services};
use crate::service::settings::Writer;
use crate::service::stages::{Machines, NodeSpec, PlatformView, Service, Totals, Whole, WrittenPort};
use crate::service::zookeeper;
use crate::value::listener::Listener;
use crate::value::{HostPath, Label, Name, Role, Zone};
use crate::yaml::Span;

/// A master that has recovered forgets workers that came back meanwhile (measured), and a worker that was told to go (SIGPWR, which a job can
/// send it, too) never comes back by itself.
const FORGOTTEN: &str = "the ALIVE master does not list it";
const WITHOUT_A_LATCH: &str = "it is STANDBY and takes no part in the election";
const PERHAPS_WITHOUT_A_LATCH: &str =
    "it is STANDBY and perhaps takes no part in the election: fewer masters take part in it than are running";
const WITHOUT_A_QUORUM: &str =
    "ZooKeeper has no quorum, and a master that finds none for more than 40 s never takes part in an election again";

/// Spark's own masters and workers on hosts.
#[derive(Clone, Copy, Debug)]
pub struct OnHosts;

impl Service for OnHosts {
    fn file(&self) -> FileType {
        FileType::of::<SparkFile>()
    }

    fn title(&self) -> &'static str {
        "Spark"
    }

    fn about(&self) -> &'static str {
        "Apache Spark."
    }

    fn fits(&self, _: PlatformKind) -> bool {
        true
    }

    fn check_keys(&self, files: &ServicesFile, problems: &mut Diagnostics) {
        if let Some(file) = files.get::<SparkFile>() {
            check_keys(file, problems);
        }
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let (span, file) = files.spanned::<SparkFile>()?;
        let quorum = files.part(zookeeper::KEY).is_some();
        Some(Arc::new(super::check(span, file, *at, quorum, problems)?))
    }

    fn sizes<'f>(&self, files: &'f ServicesFile) -> Vec<(Span, &'f Label, hdinsight::Node)> {
        files.get().map(super::machines::sizes).unwrap_or_default()
    }

    fn check_on(&self, all: &Whole<'_>, problems: &mut Diagnostics) {
        super::machines::check_managed_room(all.topology, all.on, all.network, problems);
        super::machines::check_beside_others(all, problems);
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["spark.master"]
    }

    fn fill(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        super::master_url(cluster).into_iter().map(|url| ("spark.master", url)).collect()
    }

    fn roles(&self) -> &'static [Role] {
        &[MASTER, WORKER, HISTORY]
    }

    fn nodes(&self, services: &Services) -> Vec<NodeSpec> {
        standalone(services).map(super::nodes::nodes).unwrap_or_default()
    }

    fn fleet_role(&self) -> Option<Role> {
        Some(WORKER)
    }

    fn fleet(&self, services: &Services) -> Option<Fleet> {
        standalone(services).map(super::machines::fleet)
    }

    fn listeners(&self, services: &Services) -> Vec<Listener> {
        standalone(services).map(super::listeners).unwrap_or_default()
    }

    fn machines<'t>(&self, services: &'t Services, files: &'t ServicesFile) -> Vec<Machines<'t>> {
        super::machines::machines(services, files)
    }

    fn zones<'t>(&self, role: Role, services: &'t Services) -> Option<&'t [Zone]> {
        standalone(services).filter(|_| role == MASTER)?.masters.zones.as_deref()
    }

    fn span_of(&self, role: Role, files: &ServicesFile) -> Option<Span> {
        let file = files.get::<SparkFile>()?;
        match role {
            MASTER => file.masters.span(),
            WORKER => file.workers.span(),
            _ => file.history.span(),
        }
    }

    fn ports(&self, files: &ServicesFile) -> Vec<WrittenPort> {
        files.get().map(super::listeners::written).unwrap_or_default()
    }

    fn settings(&self, cluster: &Cluster, all: &mut Writer) {
        super::settings::settings(cluster, all);
    }

    /// A history server reads files alone.
    fn stops_together(&self) -> &'static [Role] {
        &[MASTER, WORKER]
    }

    fn secret(&self) -> Option<(&'static str, HostPath)> {
        Some(("spark.authenticate", HostPath::known(SECRET_FILE)))
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
            MASTER => master_facts(facts).map(|master| master.status.to_string()),
            WORKER => worker_facts(facts).map(|worker| counted_or_unknown(worker.executors, "executor")),
            _ => history_answers(facts)
                .then(|| format!("shows {}", counted_or_unknown(ended_applications(facts), "application"))),
        };
        state.unwrap_or_else(|| "does not answer".to_owned())
    }

    fn contradictions(&self, desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, String)> {
        super::masters::contradictions(desired, seen)
    }

    /// Workers are judged by what the masters that they follow list.
    fn witnesses(&self, role: Role) -> Vec<Role> {
        if role == WORKER { vec![MASTER, WORKER] } else { vec![role] }
    }

    fn totals(&self, cluster: &Cluster, seen: &BTreeMap<Name, Seen>) -> Option<Totals> {
        alive_master(seen).map(|master| super::health::totals(&master_url(cluster).unwrap_or_default(), &master))
    }

    fn data_names(&self) -> &'static [&'static str] {
        &["app-*", "driver-*", "eventlog_v2_*", "spark-????????-*", "blockmgr-????????-*", "registeredExecutors.*"]
    }

    fn scratch(&self) -> Option<HostPath> {
        Some(super::desire::scratch())
    }

    fn addresses(&self, cluster: &Cluster) -> Vec<(&'static str, String)> {
        let Some(url) = master_url(cluster) else { return Vec::new() };
        let page = |host| format!("http://{}:{}", cluster.address(host), cluster.port(host, MASTER_PAGE));
        let pages: Vec<_> = cluster.of_role(MASTER).map(|master| page(&master.host)).collect();
        let mut rows = vec![("master", url), ("pages", pages.join(" "))];
        let first = cluster.of_role(MASTER).next().filter(|_| !cluster.firewall.lets_in(MASTER_PAGE.as_str()));
        if let Some(master) = first {
            let (address, port) = (cluster.address(&master.host), cluster.port(&master.host, MASTER_PAGE));
            rows.push(("way in", format!("ssh -L {port}:{address}:{port} {address}, then http://localhost:{port}: the firewall lets in the cluster alone")));
        }
        rows
    }

    fn ailing(&self, desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<(Name, Role, &'static str)> {
        let forgotten = super::health::forgotten(desired, seen).into_iter().map(|name| (name, WORKER, FORGOTTEN));
        let missing_latches = MissingLatches::of(desired, seen);
        let why = |name: &Name| if missing_latches.is_known(name) { WITHOUT_A_LATCH } else { PERHAPS_WITHOUT_A_LATCH };
        let outside = missing_latches.standbys.iter().map(|name| (name.clone(), MASTER, why(name)));
        // Whether they take part can be told only when ZooKeeper serves again: the roll looks then.
        let waiting = super::health::without_a_quorum(desired, seen);
        let waiting = waiting.into_iter().map(|name| (name, MASTER, WITHOUT_A_QUORUM));
        forgotten.chain(outside).chain(waiting).collect()
    }

    fn notes_of_removal(&self, seen: &BTreeMap<Name, Seen>) -> Option<String> {
        let running = alive_master(seen).map_or(Some(0), |master| master.applications);
        let count = match running {
            Some(0) => return None,
            Some(1) => "1 application is running".to_owned(),
            None => "an unknown number of applications is running".to_owned(),
            Some(running) => format!("{running} applications are running"),
        };
        Some(format!(
            "{count}. Their executors will end, and their drivers will wait for a master for ever: stop the drivers"
        ))
    }

    fn drain(&self, role: Role, cluster: &Cluster) -> Option<Drain> {
        // Workers can leave together with all of Spark.
        let seconds =
            standalone(&cluster.services).map_or(DRAIN_SECONDS, |standalone| standalone.workers.drain_seconds);
        (role == WORKER && seconds > 0).then_some(Drain { seconds })
    }

    fn election(&self, cluster: &Cluster) -> Option<Election> {
        election(cluster)
    }

    fn election_query(&self, state: &HostState, listeners: &[Listener], latches: Option<&Election>) -> HostQuery {
        for_election(state, listeners, latches)
    }

    fn leads(&self, facts: &HostFacts) -> bool {
        master_facts(facts).is_some_and(|master| master.is_alive())
    }

    fn latch_question(&self, election: &Election, member: &(String, u16)) -> Option<Ask> {
        Some(ask_latches(election, member))
    }

    fn ensemble_questions(&self, election: &Election) -> Vec<Ask> {
        zookeeper::external::questions(election)
    }

    fn check_ensemble(&self, election: &Election, facts: &HostFacts, is_first: bool) -> (String, Option<String>) {
        let strangers = latches(facts).filter(|_| is_first).map(|latches| latches.len());
        zookeeper::external::judge(election, facts, strangers)
    }

    fn latches(&self, facts: &HostFacts) -> Option<Vec<String>> {
        latches(facts)
    }
}
