//! Every setting of the cluster, with the effect of a change.

use crate::cluster::Cluster;
use crate::host::{Class, Settings};
use crate::service;
use crate::service::settings::Writer;

/// The setting that says where the ports of nodes that share an address begin.
pub const FIRST_OWN_PORT: &str = "local.ports";

pub fn of(cluster: &Cluster) -> Settings {
    let mut all = Writer::default();
    service::all().for_each(|service| service.settings(cluster, &mut all));
    // Nodes know each other by their ports: old and new lists do not talk.
    all.maybe(FIRST_OWN_PORT, Class::Outage, cluster.own_ports);
    all.all()
}
