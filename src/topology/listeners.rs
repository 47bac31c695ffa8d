//! Two listeners cannot have one port on one host.

use std::collections::{BTreeMap, BTreeSet};

use super::checked::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::PlatformFile;
use crate::platform::nodes::file::FirewallFile;
use crate::service::{self, NodePlace, ServicesFile, WrittenPort};
use crate::value::Role;
use crate::value::listener::{Bind, Listener, ListenerName};
use crate::yaml::{Entries, Field, Span, suggest};

/// Every listener of the topology.
pub fn all(topology: &Topology) -> Vec<Listener> {
    service::all().flat_map(|service| service.listeners(&topology.services)).collect()
}

/// Reports names in a firewall's `allow` that no listener of the topology has.
pub fn check_allowed(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    let listeners = all(topology);
    let names: BTreeSet<&str> = listeners
        .iter()
        .filter(|listener| listener.bind == Bind::Host)
        .map(|listener| listener.name.as_str())
        .collect();
    let firewalls = platforms.iter().filter_map(|entry| entry.value.ok()?.nodes.ok()?.firewall.ok());
    for firewall in firewalls {
        let FirewallFile::Nftables(nftables) = firewall else { continue };
        let allowed = nftables.allow.ok().into_iter().flatten().filter_map(Field::ok);
        let written = allowed.flat_map(|allow| allow.to.ok().into_iter().flatten()).filter_map(Field::spanned);
        for (at, name) in written.filter(|(_, name)| !names.contains(name.as_str())) {
            problems
                .add(Code::T010, at, format!("no listener of this topology is called `{name}`"))
                .maybe_help(suggest::hint(name.as_str(), names.iter().copied()));
        }
    }
}

pub fn check_collisions(topology: &Topology, services: &ServicesFile, problems: &mut Diagnostics) {
    let listeners = all(topology);
    let mut reported: Vec<(ListenerName, ListenerName)> = Vec::new();
    for (host, roles) in roles_by_host(topology) {
        let here: Vec<_> = listeners.iter().filter(|listener| roles.contains(&listener.role())).collect();
        for (at, second) in here.iter().enumerate() {
            for first in here[..at].iter().filter(|first| first.collides(second)) {
                if reported.contains(&(first.name, second.name)) {
                    continue;
                }
                reported.push((first.name, second.name));
                let port = first.declared.start().max(second.declared.start());
                let message = format!(
                    "port {port} on `{host}` is wanted by the {} ({}) and by the {} ({})",
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
