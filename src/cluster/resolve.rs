//! From a topology to a cluster: every node gets its name and its host.

use std::collections::{BTreeMap, BTreeSet};

use super::services_on::ServicesOn;
use super::{Cluster, Instance};
use crate::host::{Folder, Host, Login, Reach, SshName};
use crate::platform::local::{Local, ThisMachine};
use crate::platform::nodes::{Firewall, Nodes};
use crate::platform::provider::MachineProvider;
use crate::platform::{Platform, PlatformKind};
use crate::service::{self, NodePlace, NodeSpec};
use crate::topology::{Topology, listeners};
use crate::value::{Name, Role, node_name};

/// The reason why a correct topology cannot be planned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotDelivered {
    #[error(
        "{service} is on `{platform}`, a platform of kind {kind}, which this version validates but does not implement yet; it implements zookeeper and spark on platforms of kind nodes, local, azureVms or awsVms"
    )]
    Platform { service: &'static str, platform: Name, kind: PlatformKind },
    #[error("{service} is not implemented yet: it validates, but `plan` cannot show what it would do")]
    Service { service: &'static str },
    #[error("{one} is on `{here}` and {other} on `{there}`: this version needs them on one platform")]
    Apart { one: &'static str, here: Name, other: &'static str, there: Name },
    #[error("the platform `{platform}` cannot be used on this machine: {why}")]
    NotHere { platform: Name, why: String },
}

impl NotDelivered {
    /// Returns true if a later version will deliver it, rather than another place or machine.
    pub fn is_not_yet_delivered(&self) -> bool {
        match self {
            NotDelivered::Platform { .. } | NotDelivered::Service { .. } => true,
            NotDelivered::Apart { .. } | NotDelivered::NotHere { .. } => false,
        }
    }
}

/// Names every node; `here` is asked only where a node is on this machine. Fails only for what is validated but not delivered
/// (yet, or here).
pub fn resolve(
    topology: &Topology,
    here: impl FnOnce() -> Result<ThisMachine, String>,
) -> Result<Cluster, NotDelivered> {
    let platform = delivered_platform(topology)?;
    let makes_fleets = matches!(platform, Some((_, Carrier::Provider(_))));
    let in_fleet = |role: Role| makes_fleets && service::of(role).fleet_role() == Some(role);
    let nodes = service::all().flat_map(|service| service.nodes(&topology.services));
    let mut instances: Vec<Instance> =
        nodes.filter(|node| !in_fleet(node.role)).map(|node| instance(&topology.name, node)).collect();
    instances.sort();
    let mut own_ports = None;
    let (hosts, firewall) = match platform {
        None => (BTreeMap::new(), Firewall::None),
        Some((_, Carrier::Nodes(nodes))) => (machines(nodes, &instances), nodes.firewall.clone()),
        Some((name, Carrier::Local(local))) => {
            let not_here = |why| NotDelivered::NotHere { platform: name.clone(), why };
            let here = here().map_err(not_here)?;
            own_ports = here.own_ports(local, &listeners::all(topology)).map_err(not_here)?;
            (folders(&topology.name, &here, own_ports, &instances), Firewall::None)
        }
        // The cloud's own groups of rules stand before them.
        Some((name, Carrier::Provider(by))) => (made(&ServicesOn::by(name, topology), &instances, by), Firewall::None),
    };
    let fleet = service::all().filter(|_| makes_fleets).find_map(|service| service.fleet(&topology.services));
    let mut by_role: BTreeMap<Role, Vec<usize>> = BTreeMap::new();
    for (at, instance) in instances.iter().enumerate() {
        by_role.entry(instance.role).or_default().push(at);
    }
    Ok(Cluster {
        name: topology.name.clone(),
        identity: topology.identity.clone(),
        hosts,
        instances,
        by_role,
        services: topology.services.clone(),
        fleet,
        listeners: listeners::all(topology),
        own_ports,
        firewall,
        openssh: matches!(platform, Some((_, Carrier::Nodes(nodes))) if nodes.ssh.openssh),
        jobs: topology.jobs.clone(),
    })
}

/// The kinds of platform that clusters are delivered on.
#[derive(Clone, Copy)]
enum Carrier<'a> {
    Nodes(&'a Nodes),
    Local(&'a Local),
    Provider(&'a dyn MachineProvider),
}

fn delivered_platform(topology: &Topology) -> Result<Option<(&Name, Carrier<'_>)>, NotDelivered> {
    let mut found: Option<(&'static str, &Name, Carrier<'_>)> = None;
    for service in service::all() {
        let Some(platform) = topology.placement.get(service.key()) else { continue };
        if service.roles().is_empty() {
            return Err(NotDelivered::Service { service: service.key() });
        }
        let carrier = match topology.platforms.get(platform) {
            Some(Platform::Nodes(nodes)) => Carrier::Nodes(nodes),
            Some(Platform::Local(local)) => Carrier::Local(local),
            Some(Platform::AzureVms(azure)) => Carrier::Provider(azure),
            Some(Platform::AwsVms(aws)) => Carrier::Provider(aws),
            Some(other) => {
                return Err(NotDelivered::Platform {
                    service: service.key(),
                    platform: platform.clone(),
                    kind: other.kind(),
                });
            }
            None => unreachable!("placement names checked platforms"),
        };
        match found {
            Some((other, there, _)) if there != platform => {
                let (one, here, there) = (service.key(), platform.clone(), there.clone());
                return Err(NotDelivered::Apart { one, here, other, there });
            }
            _ => found = Some((service.key(), platform, carrier)),
        }
    }
    Ok(found.map(|(_, platform, carrier)| (platform, carrier)))
}

/// The machines that carry something.
fn machines(nodes: &Nodes, instances: &[Instance]) -> BTreeMap<Name, Host> {
    let used: BTreeSet<&Name> = instances.iter().map(|instance| &instance.host).collect();
    let used = nodes.hosts.iter().filter(|(name, _)| used.contains(name));
    used.map(|(name, machine)| {
        let reach = Reach::Ssh(Login {
            address: machine.address.clone(),
            ssh_name: SshName::of(&machine.address, machine.ssh_name.as_ref()),
            user: nodes.ssh.user.clone(),
            port: nodes.ssh.port,
        });
        let (address, zone) = (machine.address.clone(), machine.zone.clone());
        let private = "127.0.0.1".parse().expect("an address");
        (name.clone(), Host { name: name.clone(), address, zone, reach, private, owner: None })
    })
    .collect()
}

/// A machine for each node, where the platform puts it.
fn made(services: &ServicesOn<'_>, instances: &[Instance], by: &dyn MachineProvider) -> BTreeMap<Name, Host> {
    let host = |instance: &Instance| {
        let number = number_of(instance);
        let (address, zone) = by.machine(instance.role, number, services.pinned(instance.role, number));
        let (ssh_name, user) = (SshName::of(&address, None), Some(by.user().clone()));
        let reach = Reach::Ssh(Login { address: address.clone(), ssh_name, user, port: None });
        let (name, private) = (instance.host.clone(), "127.0.0.1".parse().expect("an address"));
        let zone = zone.and_then(|zone| zone.parse().ok());
        (name.clone(), Host { name, address, zone, reach, private, owner: None })
    };
    instances.iter().map(host).collect()
}

fn number_of(instance: &Instance) -> u32 {
    instance.number.expect("nodes have hosts of their own here")
}

/// A folder of this machine for each node.
fn folders(cluster: &Name, here: &ThisMachine, own_ports: Option<u16>, instances: &[Instance]) -> BTreeMap<Name, Host> {
    let host = |instance: &Instance| {
        let name = instance.host.clone();
        let number = u8::try_from(number_of(instance)).expect("the check has counted them");
        let (address, own_ports) = here.spot(cluster, instance.role, number, own_ports);
        let reach = Reach::Local(Folder { address: address.clone(), own_ports, root: here.root(cluster, &name) });
        // Folders of one machine share 127.0.0.1; their own addresses are as private.
        let private = address.clone();
        let owner = Some(here.owner.clone());
        (name.clone(), Host { name, address, zone: None, reach, private, owner })
    };
    instances.iter().map(host).collect()
}

fn instance(cluster: &Name, spec: NodeSpec) -> Instance {
    let NodeSpec { role, id, place } = spec;
    let named = |last: &dyn std::fmt::Display| node_name(cluster, role, last);
    match place {
        NodePlace::Named(host) => {
            let node = id.map_or_else(|| named(&host), |id| named(&id));
            Instance { host, role, id, number: None, node }
        }
        NodePlace::Own(number) => {
            let node = named(&number);
            let host = node.parse().expect("the check has left room for the names of nodes");
            Instance { host, role, id, number: Some(number), node }
        }
    }
}
