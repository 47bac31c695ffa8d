//! Two listeners cannot have one port on one host.

use std::collections::BTreeMap;

use super::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::service::spark::{HISTORY, MASTER, Place, WORKER};
use crate::service::zookeeper::{MEMBER, Members};
use crate::service::{ServicesFile, spark, zookeeper};
use crate::value::listener::{FIRST_FREE_PORT, Listener};
use crate::value::{Name, Role};
use crate::yaml::Span;

/// Every listener of the topology.
pub fn all(topology: &Topology) -> Vec<Listener> {
    let members = topology.zookeeper.iter().flat_map(zookeeper::listeners);
    let spark = topology.spark.iter().filter_map(|spark| spark.standalone.as_ref()).flat_map(spark::listeners);
    members.chain(spark).collect()
}

pub fn check_collisions(topology: &Topology, services: &ServicesFile, problems: &mut Diagnostics) {
    let listeners = all(topology);
    for listener in listeners.iter().filter(|listener| *listener.written.start() < FIRST_FREE_PORT) {
        let message = format!(
            "port {} ({}) is the system's: the service runs without the right to open it",
            listener.written.start(),
            listener.name
        );
        problems.add(Code::T012, span_of(listener, services), message).help("take a port from 1024 on");
    }
    let mut reported: Vec<(&str, &str)> = Vec::new();
    for (host, roles) in roles_by_host(topology) {
        let here: Vec<_> = listeners.iter().filter(|listener| roles.contains(&listener.role)).collect();
        for (at, second) in here.iter().enumerate() {
            for first in here[..at].iter().filter(|first| first.collides(second)) {
                if reported.contains(&(first.name, second.name)) {
                    continue;
                }
                reported.push((first.name, second.name));
                let port = first.written.start().max(second.written.start());
                let message = format!(
                    "port {port} on `{host}` is wanted by {} ({}) and by {} ({})",
                    first.role.title(),
                    first.name,
                    second.role.title(),
                    second.name
                );
                problems.add(Code::T013, span_of(second, services), message).help("give one of them another port");
            }
        }
    }
}

/// Named hosts with all their roles; what is made for one role has a host of its own, named after the role here.
fn roles_by_host(topology: &Topology) -> BTreeMap<String, Vec<Role>> {
    let mut hosts: BTreeMap<String, Vec<Role>> = BTreeMap::new();
    let mut put = |names: Option<Vec<&Name>>, role: Role| match names {
        Some(names) => names.into_iter().for_each(|name| hosts.entry(name.to_string()).or_default().push(role)),
        None => hosts.entry(format!("every {}", role.title())).or_default().push(role),
    };
    if let Some(zookeeper) = &topology.zookeeper {
        let names = match &zookeeper.members {
            Members::Named(members) => Some(members.values().collect()),
            Members::Counted(_) => None,
        };
        put(names, MEMBER);
    }
    if let Some(standalone) = topology.spark.as_ref().and_then(|spark| spark.standalone.as_ref()) {
        let history = standalone.history.iter().map(|history| (&history.place, HISTORY));
        let nodes = [(&standalone.masters.place, MASTER), (&standalone.workers.place, WORKER)];
        for (place, role) in nodes.into_iter().chain(history) {
            let names = match place {
                Place::Named(names) => Some(names.iter().collect()),
                Place::Counted(_) => None,
            };
            put(names, role);
        }
    }
    hosts
}

/// The ports that a file writes, of what listens all the time.
pub fn written(services: &ServicesFile) -> Vec<(&'static str, Span)> {
    ["client", "peer", "election", "admin", "master", "master-ui", "worker", "worker-ui", "history-ui"]
        .into_iter()
        .filter_map(|name| Some((name, port_span(name, services)?)))
        .collect()
}

/// Where the port is written, else where its role is.
fn span_of(listener: &Listener, services: &ServicesFile) -> Span {
    let spark = services.spark.ok();
    let role = match listener.role {
        MEMBER => services.zookeeper.span(),
        MASTER => spark.and_then(|spark| spark.masters.span()),
        WORKER => spark.and_then(|spark| spark.workers.span()),
        _ => spark.and_then(|spark| spark.history.span()),
    };
    port_span(listener.name, services).or(role).unwrap_or_default()
}

fn port_span(listener: &str, services: &ServicesFile) -> Option<Span> {
    let zookeeper = services.zookeeper.ok();
    let spark = services.spark.ok();
    let masters = spark.and_then(|spark| spark.masters.ok());
    let workers = spark.and_then(|spark| spark.workers.ok());
    let ports = spark.and_then(|spark| spark.ports.ok());
    match listener {
        "client" => zookeeper.and_then(|z| z.client_port.span()),
        "peer" => zookeeper.and_then(|z| z.peer_port.span()),
        "election" => zookeeper.and_then(|z| z.election_port.span()),
        "admin" => zookeeper.and_then(|z| z.admin_port.span()),
        "master" => masters.and_then(|m| m.port.span()),
        "master-ui" => masters.and_then(|m| m.web_ui_port.span()),
        "worker" => workers.and_then(|w| w.port.span()),
        "worker-ui" => workers.and_then(|w| w.web_ui_port.span()),
        "history-ui" => spark.and_then(|spark| spark.history.ok()?.web_ui_port.span()),
        "driver" => ports.and_then(|p| p.driver.span()),
        "driver-block-manager" => ports.and_then(|p| p.driver_block_manager.span()),
        "driver-ui" => ports.and_then(|p| p.ui.span()),
        _ => ports.and_then(|p| p.block_manager.span()),
    }
}
