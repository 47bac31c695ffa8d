//! The operator's way to hosts, through a packet filter that is about to be loaded.

use super::{Exit, Failure};
use crate::cluster::Cluster;
use crate::host::{Host, Target};
use crate::platform::nodes::Firewall;
use crate::world::ssh::{Config, Hop};

/// Refuses a firewall that would close a port through which the operator comes in: a host's own, or that of a host on the way to another.
pub fn check_firewall(cluster: &Cluster, config: &Config) -> Result<(), Failure> {
    if cluster.firewall != Firewall::Nftables {
        return Ok(());
    }
    for host in cluster.hosts.values() {
        let Ok(route) = config.route(&Target::of(host)) else { continue };
        let own = Hop { name: route.name.clone(), address: route.address.clone(), port: Some(route.port) };
        if let Some(problem) = closed(host, &own) {
            return Err(refusal(format!("ssh reaches {} at {problem}", host.name)));
        }
        for hop in config.hops(&route) {
            let is_there = |other: &&Host| {
                let places = [other.name.as_str(), other.address.as_str()];
                other.name != host.name
                    && (places.contains(&hop.name.as_str()) || places.contains(&hop.address.as_str()))
            };
            let Some(through) = cluster.hosts.values().find(is_there) else { continue };
            if let Some(problem) = closed(through, &hop) {
                return Err(refusal(format!("ssh reaches {} through {} at {problem}", host.name, through.name)));
            }
        }
    }
    Ok(())
}

/// The port that the firewall of a host would close, with the way out.
fn closed(host: &Host, hop: &Hop) -> Option<String> {
    let opened = host.reach.ssh_port()?;
    match hop.port {
        Some(port) if port == opened => None,
        Some(port) => Some(format!(
            "port {port}, and the firewall would leave {opened} open: write ssh: {{ port: {port} }} in the topology"
        )),
        None => Some(format!(
            "a port that a ProxyCommand chooses, and the firewall would leave {opened} open: use ProxyJump, which says the port"
        )),
    }
}

fn refusal(text: String) -> Failure {
    Failure::say(Exit::Refused, text)
}
