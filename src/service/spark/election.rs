//! The election of Spark's masters, as `ZooKeeper` keeps it.

use super::answers::questions;
use super::roles::MASTER;
use crate::cluster::Cluster;
use crate::desired::Election;
use crate::host::{Ask, HostFacts, HostQuery, HostState, Lines};
use crate::service::zookeeper::{children, children_request, clients, external};
use crate::value::listener::Listener;

/// The question for the names below the folder in which the masters elect.
const LATCHES: &str = "latches";

/// The same for each member of an ensemble that somebody else runs.
const LATCHES_OF: [&str; 9] = [
    "latches-1",
    "latches-2",
    "latches-3",
    "latches-4",
    "latches-5",
    "latches-6",
    "latches-7",
    "latches-8",
    "latches-9",
];

/// The masters' election.
pub fn election(cluster: &Cluster) -> Option<Election> {
    cluster.of_role(MASTER).next()?;
    let members = clients(cluster);
    let kept = recovery_folder(cluster);
    let folder = format!("{kept}/leader_election");
    let is_external = external::external(cluster).is_some();
    (!members.is_empty()).then_some(Election { role: MASTER, folder, kept, members, is_external })
}

/// `spark.deploy.zookeeper.dir`: one a cluster, so that two may share an ensemble. In one that somebody else runs, other clusters may have this name, and
/// what a former one left would be recovered: the identity tells them apart.
pub fn recovery_folder(cluster: &Cluster) -> String {
    match cluster.identity.as_ref().filter(|_| external::external(cluster).is_some()) {
        Some(identity) => format!("/spark-{}-{identity}", cluster.name),
        None => format!("/spark-{}", cluster.name),
    }
}

/// Asks for the life of a host's master, whether it is ALIVE, and, if members are given, which latches there are.
pub fn for_election(state: &HostState, listeners: &[Listener], latches: Option<&Election>) -> HostQuery {
    let mut query = HostQuery { units: vec![MASTER.unit().to_owned()], ..HostQuery::default() };
    query.asks = questions(MASTER, &state.host, listeners);
    if let Some(election) = latches {
        query.asks.extend(election.members.iter().map(|member| ask_latches(election, member)));
    }
    query
}

/// Asks one member of the ensemble which latches there are.
pub fn ask_latches(election: &Election, member: &(String, u16)) -> Ask {
    let (address, port) = member;
    // Where every member is asked, what one says must not be taken for another's.
    let numbered = LATCHES_OF.into_iter().zip(&election.members).filter(|_| election.is_external);
    let name = numbered.into_iter().find(|(_, there)| *there == member).map(|(name, _)| name);
    Ask {
        name: name.unwrap_or(LATCHES),
        address: address.clone(),
        port: *port,
        bytes: children_request(&election.folder),
        most: if election.is_external { Ask::FEW } else { Ask::SHORT },
        lines: Lines::All,
    }
}

/// The names of the latches, as a member of the ensemble told this host.
pub fn latches(facts: &HostFacts) -> Option<Vec<String>> {
    std::iter::once(LATCHES).chain(LATCHES_OF).find_map(|name| children(facts.answer(name)))
}
