//! The hosts that must reach each other, and the ports.

use std::collections::BTreeMap;

use crate::desired::{Desired, FIREWALL_RULES};
use crate::host::{Seen, sha256};
use crate::observe::Observed;
use crate::value::listener::{Bind, Listener};
use crate::value::{HostPath, Name, Role};

/// From each host, the addresses and ports that it must reach.
pub type Connections = BTreeMap<Name, Vec<(String, u16)>>;

/// The ports that must be reachable before anything changes. Hosts whose firewall of ours is about to change are left out: their present rules may
/// close what the new ones open.
pub fn before(desired: &Desired, observed: &Observed) -> Connections {
    pairs(desired, observed, |to| !has_other_rules(desired, observed, to))
}

/// The ports that must be reachable on these hosts once their new firewall is there.
pub fn after(desired: &Desired, observed: &Observed, changed: &[&Name]) -> Connections {
    pairs(desired, observed, |to| changed.contains(&to))
}

/// Returns true if a host has rules of ours that are not those of the topology.
fn has_other_rules(desired: &Desired, observed: &Observed, host: &Name) -> bool {
    let path = HostPath::known(FIREWALL_RULES);
    let Some(facts) = observed.facts(host) else { return false };
    // The kernel may have any: the plan loads ours again.
    if facts.has_lost_rules {
        return true;
    }
    let ours = facts.stamp.as_ref().is_some_and(|stamp| stamp.owned.files.contains(&path));
    let wanted = desired.hosts[host].files.get(&path).map(|file| sha256(file.content.public().as_bytes()));
    let there = facts.paths.get(&path).and_then(|seen| seen.sha256.clone());
    ours && (wanted.is_none() || wanted != there)
}

fn pairs(desired: &Desired, observed: &Observed, counts: impl Fn(&Name) -> bool) -> Connections {
    let mut all = Connections::new();
    for from in desired.hosts.keys().filter(|from| observed.facts(from).is_some()) {
        for listener in desired.listeners.iter().filter(|l| l.bind == Bind::Host) {
            if !listener.from.iter().any(|role| has(desired, from, *role)) {
                continue;
            }
            let others = desired.hosts.keys().filter(|to| *to != from && observed.facts(to).is_some());
            for to in others.filter(|to| has(desired, to, listener.role()) && counts(to)) {
                let pair = place(desired, to, listener);
                // The host itself, too: see `silences`.
                for from in [from, to] {
                    let pairs = all.entry(from.clone()).or_default();
                    if !pairs.contains(&pair) {
                        pairs.push(pair.clone());
                    }
                }
            }
        }
    }
    all
}

/// The ports that stayed silent between two hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    /// The host that heard nothing.
    pub from: Name,
    pub to: Name,
    pub ports: Vec<u16>,
    /// The address of `to`, if it is a name that leads nowhere on `from`.
    pub unresolved: Option<String>,
}

impl std::fmt::Display for Silence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Silence { from, to, ports, unresolved } = self;
        if let Some(name) = unresolved {
            return write!(f, "{from} does not know the name {name} of {to}");
        }
        let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
        write!(f, "{to} does not answer {from} on port {}", ports.join(", "))
    }
}

/// The host of each port. (Hosts may share an address, and then have ports of their own.)
fn places(desired: &Desired) -> BTreeMap<(String, u16), &Name> {
    let mut all = BTreeMap::new();
    for listener in desired.listeners.iter().filter(|listener| listener.bind == Bind::Host) {
        for name in desired.hosts.keys().filter(|name| has(desired, name, listener.role())) {
            all.insert(place(desired, name, listener), name);
        }
    }
    all
}

fn has(desired: &Desired, name: &Name, role: Role) -> bool {
    desired.hosts[name].services.values().any(|service| service.role == Some(role))
}

fn place(desired: &Desired, name: &Name, listener: &Listener) -> (String, u16) {
    let host = &desired.hosts[name].host;
    (host.address.to_string(), *listener.on(host.reach.numbering()).start())
}

/// All silences, of hosts that answered. A port that is silent for its own host is no matter of the way there: the program that has it hangs.
pub fn silences(desired: &Desired, seen: &BTreeMap<Name, Seen>) -> Vec<Silence> {
    let places = places(desired);
    let hangs = |to: &Name, place: &(String, u16)| {
        seen.get(to).and_then(Seen::facts).is_some_and(|facts| facts.silent.contains(place))
    };
    let mut all: BTreeMap<(&Name, &Name), Vec<u16>> = BTreeMap::new();
    for (from, facts) in seen.iter().filter_map(|(name, seen)| Some((name, seen.facts()?))) {
        for place in &facts.silent {
            let Some(to) = places.get(place).filter(|to| !hangs(to, place)) else { continue };
            all.entry((from, *to)).or_default().push(place.1);
        }
    }
    let silence = |((from, to), mut ports): ((&Name, &Name), Vec<u16>)| {
        ports.sort_unstable();
        let name = desired.hosts[to].host.address.as_str();
        let is_unknown = seen.get(from).and_then(Seen::facts).is_some_and(|facts| facts.unresolved.contains(name));
        Silence { from: from.clone(), to: to.clone(), ports, unresolved: is_unknown.then(|| name.to_owned()) }
    };
    all.into_iter().map(silence).collect()
}

/// The hosts blamed for silences: as few as explain all of them, so that one host that drops packets does not exclude others.
pub fn culprits(silences: &[Silence]) -> Vec<(Name, Vec<&Silence>)> {
    let mut left: Vec<&Silence> = silences.iter().collect();
    let mut all = Vec::new();
    while !left.is_empty() {
        let mut counts: BTreeMap<&Name, usize> = BTreeMap::new();
        for silence in &left {
            *counts.entry(&silence.from).or_default() += 1;
            *counts.entry(&silence.to).or_default() += 1;
        }
        // On a tie it is the host that heard nothing.
        let hears = |name: &Name| left.iter().any(|silence| silence.from == *name);
        let most = counts.into_iter().max_by_key(|(name, count)| (*count, hears(name)));
        let culprit = most.expect("a silence has two ends").0.clone();
        let (its, others) = left.into_iter().partition(|silence| silence.from == culprit || silence.to == culprit);
        all.push((culprit, its));
        left = others;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_that_drops_packets_has_no_others_left_out() {
        let silence = |from: &str, to: &str| Silence {
            from: from.parse().expect("a name"),
            to: to.parse().expect("a name"),
            ports: vec![1],
            unresolved: None,
        };
        let blamed = |silences: &[Silence]| -> Vec<String> {
            culprits(silences).iter().map(|(name, _)| name.to_string()).collect()
        };
        assert_eq!(blamed(&[silence("h2", "h1"), silence("h3", "h1"), silence("h4", "h1")]), ["h1"]);
        assert_eq!(blamed(&[silence("h1", "h2"), silence("h1", "h3")]), ["h1"]);
        assert_eq!(blamed(&[silence("h1", "h2")]), ["h1"]);
        assert_eq!(blamed(&[silence("h2", "h1"), silence("h3", "h1"), silence("h4", "h5")]), ["h1", "h4"]);
        assert_eq!(blamed(&[]), Vec::<String>::new());
    }
}
