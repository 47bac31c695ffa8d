//! Two listeners cannot have one port on one host.

use std::collections::BTreeMap;

use super::checked::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::service::{self, NodePlace, ServicesFile, WrittenPort};
use crate::value::Role;
use crate::value::listener::{FIRST_FREE_PORT, Listener, ListenerName};
use crate::yaml::Span;

/// Every listener of the topology.
pub fn all(topology: &Topology) -> Vec<Listener> {
    service::all().flat_map(|service| service.listeners(&topology.services)).collect()
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
    let mut reported: Vec<(ListenerName, ListenerName)> = Vec::new();
    for (host, roles) in roles_by_host(topology) {
        let here: Vec<_> = listeners.iter().filter(|listener| roles.contains(&listener.role())).collect();
        for (at, second) in here.iter().enumerate() {
            for first in here[..at].iter().filter(|first| first.collides(second)) {
                if reported.contains(&(first.name, second.name)) {
                    continue;
                }
                reported.push((first.name, second.name));
                let port = first.written.start().max(second.written.start());
                let message = format!(
                    "port {port} on `{host}` is wanted by {} ({}) and by {} ({})",
                    first.role().title(),
                    first.name,
                    second.role().title(),
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
    for node in service::all().flat_map(|service| service.nodes(&topology.services)) {
        let host = match node.place {
            NodePlace::Named(host) => host.to_string(),
            NodePlace::Own(_) => format!("every {}", node.role.title()),
        };
        let roles = hosts.entry(host).or_default();
        if !roles.contains(&node.role) {
            roles.push(node.role);
        }
    }
    hosts
}

/// The ports that a file writes, of what listens all the time.
pub fn written(files: &ServicesFile) -> Vec<WrittenPort> {
    service::all().flat_map(|service| service.ports(files)).filter(|port| port.is_lasting).collect()
}

/// The place of the port in the file, else of its role.
fn span_of(listener: &Listener, files: &ServicesFile) -> Span {
    let service = service::of(listener.role());
    let port = service.ports(files).into_iter().find(|port| port.name == listener.name);
    port.map(|port| port.span).or_else(|| service.span_of(listener.role(), files)).unwrap_or_default()
}
