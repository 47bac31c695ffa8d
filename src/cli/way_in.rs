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
            // By its own name or address, or as ssh reaches it.
            let is_there = |other: &&Host| {
                let route = config.route(&Target::of(other)).ok();
                let (ssh_name, address) = route.map(|route| (route.name, route.address)).unzip();
                let places =
                    [Some(other.name.as_str()), Some(other.address.as_str()), ssh_name.as_deref(), address.as_deref()];
                let is_it = |place: &str| places.contains(&Some(place));
                other.name != host.name && (is_it(&hop.name) || is_it(&hop.address))
            };
            let Some(through) = cluster.hosts.values().find(is_there) else { continue };
            if let Some(problem) = closed(through, &hop) {
                return Err(refusal(format!("ssh reaches {} through {} at {problem}", host.name, through.name)));
            }
        }
    }
    Ok(())
}

/// The rest of the message if the firewall of a host would close the port of this hop.
fn closed(host: &Host, hop: &Hop) -> Option<String> {
    let opened = host.reach.ssh_port()?;
    match hop.port {
        Some(port) if port == opened => None,
        Some(port) => Some(format!(
            "port {port}, which the firewall would close (it opens only {opened}): write ssh: {{ port: {port} }} in the topology"
        )),
        None => Some(format!(
            "a port that its ProxyCommand chooses; the firewall opens only {opened}: use ProxyJump, which names the port"
        )),
    }
}

fn refusal(text: String) -> Failure {
    Failure::say(Exit::Refused, text)
}
