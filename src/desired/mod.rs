//! The state that every host must have, computed once from the cluster. Every way of delivering it uses the same values.

pub mod cloud;
mod election;
mod firewall;
mod goal;
mod quorum;
pub mod settings;
mod stamp;

use std::collections::BTreeMap;

use crate::cluster::Cluster;
use crate::host::HostState;
use crate::platform::nodes::Firewall;
use crate::service;
use crate::value::Name;

pub use election::Election;
pub use firewall::{RULES_PATH as FIREWALL_RULES, UNIT as FIREWALL_UNIT, with_old};
pub use goal::Desired;
pub use quorum::Quorum;
pub use settings::FIRST_OWN_PORT;

/// Computes the goal.
pub fn of(cluster: &Cluster) -> Desired {
    let mut hosts: BTreeMap<Name, HostState> =
        cluster.hosts.iter().map(|(name, host)| (name.clone(), HostState::bare(host.clone()))).collect();
    for instance in &cluster.instances {
        let state = hosts.get_mut(&instance.host).expect("instances are on declared hosts");
        service::of(instance.role).desire(cluster, instance, state);
    }
    if let Firewall::Nftables { allow } = &cluster.firewall {
        for state in hosts.values_mut() {
            firewall::desire(cluster, allow, state);
        }
    }
    for (name, state) in &mut hosts {
        stamp::desire(cluster, name, state);
    }
    let mut desired = Desired {
        cluster: cluster.name.clone(),
        identity: None,
        is_new: false,
        hosts,
        anchors: cluster.anchors(),
        quorum: service::all().find_map(|service| service.quorum(cluster)),
        election: service::all().find_map(|service| service.election(cluster)),
        settings: settings::of(cluster),
        drains: service::roles().filter_map(|role| Some((role, service::of(role).drain(role, cluster)?))).collect(),
        listeners: cluster.listeners.clone(),
    };
    if let Some(identity) = &cluster.identity {
        desired.identify(identity.clone());
    }
    desired
}
