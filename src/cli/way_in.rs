//! The operator's way to hosts, through a firewall that is about to be loaded.

use std::collections::HashMap;

use super::{Exit, Failure};
use crate::cluster::Cluster;
use crate::host::{Host, Target};
use crate::platform::nodes::Firewall;
use crate::world::ssh::{Config, Hop, Route};

/// Refuses a firewall that would close a port through which the operator comes in: a host's own, or that of a host on the way to another.
pub fn check_firewall(cluster: &Cluster, config: &Config) -> Result<(), Failure> {
    if cluster.firewall == Firewall::None {
        return Ok(());
    }
    // Each is worked out once: a ProxyCommand costs a process.
    let routes: Vec<(&Host, Route)> =
        cluster.hosts.values().filter_map(|host| Some((host, config.route(&Target::of(host)).ok()?))).collect();
    // Every host by its own name and address, and as ssh reaches it.
    let mut places: HashMap<&str, Vec<&Host>> = HashMap::new();
    for host in cluster.hosts.values() {
        [host.name.as_str(), host.address.as_str()]
            .iter()
            .for_each(|place| places.entry(place).or_default().push(host));
    }
    for (host, route) in &routes {
        [&route.name, &route.address].iter().for_each(|place| places.entry(place).or_default().push(host));
    }
    for (host, route) in &routes {
        let own = Hop { name: route.name.clone(), address: route.address.clone(), port: Some(route.port) };
        if let Some(problem) = closed(host, &own) {
            return Err(refusal(format!("ssh reaches {} at {problem}", host.name)));
        }
        for hop in config.hops(&Target::of(host)) {
            let there = [&hop.name, &hop.address].into_iter().filter_map(|place| places.get(place.as_str())).flatten();
            // The first by name.
            let through = there.filter(|other| other.name != host.name).min_by_key(|other| &other.name);
            if let Some((through, problem)) = through.and_then(|through| Some((through, closed(through, &hop)?))) {
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
