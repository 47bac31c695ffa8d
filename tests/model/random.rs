//! Random topologies, random changes of them, and what happens to hosts behind everybody's back.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use provision::desired::{Access, BIRTH_PATH};
use provision::topology::value::Name;
use tokio::time::Instant;

use super::host::{Kind, Node};
use super::site::{Settings, Shape, Site};
use super::{SimWorld, State};

/// Members, masters and workers anywhere on one to eight hosts.
pub fn shapes() -> impl Strategy<Value = Shape> {
    (1..=8_usize)
        .prop_flat_map(|hosts| {
            let all: Vec<usize> = (0..hosts).collect();
            let members = subsequence(all.clone(), 0..=hosts.min(7)).prop_shuffle();
            let masters = subsequence(all.clone(), 0..=hosts.min(4));
            let workers = subsequence(all, 1..=hosts);
            (Just(hosts), members, masters, workers, any::<bool>(), settings())
        })
        .prop_map(|(hosts, members, mut masters, mut workers, log_dir, settings)| {
            if members.is_empty() {
                masters.truncate(1);
                if masters.is_empty() {
                    masters.push(0);
                }
            }
            if masters.is_empty() {
                workers.clear();
            }
            Shape { hosts, members, masters, workers, log_dir, settings }
        })
}

pub fn settings() -> impl Strategy<Value = Settings> {
    let two = |a: u32, b: u32| prop_oneof![3 => Just(a), 1 => Just(b)];
    let numbers = (two(60, 61), two(2000, 3000), two(256, 300), two(512, 600), two(512, 700), two(1, 2));
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.3), two(1, 2), two(1, 2));
    (numbers, flags).prop_map(|((connections, tick, zookeeper_heap, master_heap, worker_heap, cores), flags)| {
        let (authenticate, firewall, live, daemon) = flags;
        Settings {
            connections,
            tick,
            zookeeper_heap,
            master_heap,
            worker_heap,
            cores,
            authenticate,
            firewall,
            live,
            daemon,
            sum: None,
        }
    })
}

/// What happens to one host while nobody looks.
#[derive(Clone, Debug)]
pub enum Drift {
    Edit(Index, Index),
    Remove(Index, Index),
    Mode(Index, Index),
    Stop(Index, Index),
    Disable(Index, Index),
    /// Its user restarts it, with whatever lies there.
    Restart(Index, Index),
    /// A member loses its disk; never more than a minority does.
    Wipe(Index),
    ForgetBirth(Index),
    ForgetRecords(Index),
    Unreachable(Index),
}

pub fn drifts() -> impl Strategy<Value = Vec<Drift>> {
    let two = || (any::<Index>(), any::<Index>());
    let one = any::<Index>;
    let drift = prop_oneof![
        2 => two().prop_map(|(a, b)| Drift::Edit(a, b)),
        2 => two().prop_map(|(a, b)| Drift::Remove(a, b)),
        1 => two().prop_map(|(a, b)| Drift::Mode(a, b)),
        2 => two().prop_map(|(a, b)| Drift::Stop(a, b)),
        1 => two().prop_map(|(a, b)| Drift::Disable(a, b)),
        1 => two().prop_map(|(a, b)| Drift::Restart(a, b)),
        2 => one().prop_map(Drift::Wipe),
        1 => one().prop_map(Drift::ForgetBirth),
        1 => one().prop_map(Drift::ForgetRecords),
        1 => one().prop_map(Drift::Unreachable),
    ];
    prop::collection::vec(drift, 0..6)
}

/// Lets it happen. Returns whether somebody has to look at it: then a refusal is right.
pub fn happen(site: &Site, drifts: &[Drift], world: &SimWorld) -> bool {
    let mut state = world.state();
    let members: Vec<Name> =
        site.desired.quorum.iter().flat_map(|quorum| quorum.birth.members.values().cloned()).collect();
    let mut wiped = std::collections::BTreeSet::new();
    let mut forgotten = 0;
    let mut odd = false;
    for drift in drifts {
        let names: Vec<Name> = state.hosts.keys().cloned().collect();
        match drift {
            Drift::Edit(host, file) => odd |= touch(site, &mut state, host.get(&names), file, Some("# edited\n")),
            Drift::Remove(host, file) => odd |= touch(site, &mut state, host.get(&names), file, None),
            Drift::Mode(host, file) => {
                let (name, path) = (host.get(&names), pick(site, host.get(&names), file));
                if let Some(node) = state.hosts.get_mut(name).and_then(|host| host.paths.get_mut(&path)) {
                    node.access = Access { mode: 0o666, ..node.access.clone() };
                }
            }
            Drift::Stop(host, unit) | Drift::Disable(host, unit) | Drift::Restart(host, unit) => {
                let name = host.get(&names);
                let units: Vec<String> = site.desired.hosts[name].services.keys().cloned().collect();
                let unit = unit.get(&units);
                let host = state.hosts.get_mut(name).expect("hosts of the site");
                match drift {
                    Drift::Stop(..) => host.crash(unit),
                    Drift::Disable(..) => host.units.entry(unit.clone()).or_default().enabled = false,
                    _ => drop(host.restart(unit, Instant::now())),
                }
            }
            Drift::Wipe(host) => {
                let Some(name) = (!members.is_empty()).then(|| host.get(&members)) else { continue };
                wiped.insert(name.clone());
                if wiped.len() > (members.len() - 1) / 2 {
                    wiped.remove(name);
                    continue;
                }
                let host = state.hosts.get_mut(name).expect("hosts of the site");
                host.remove_tree("/data/zookeeper/version-2");
                host.remove_tree("/log/zookeeper/version-2");
            }
            Drift::ForgetBirth(host) => {
                let name = host.get(&names);
                let host = state.hosts.get_mut(name).expect("hosts of the site");
                forgotten += usize::from(host.paths.remove(BIRTH_PATH).is_some());
            }
            Drift::ForgetRecords(host) => {
                let host = state.hosts.get_mut(host.get(&names)).expect("hosts of the site");
                host.paths.remove("/var/lib/provision/intended.json");
                host.paths.remove("/var/lib/provision/applied.json");
            }
            Drift::Unreachable(host) => {
                state.hosts.get_mut(host.get(&names)).expect("hosts of the site").reachable = false;
            }
        }
    }
    odd || (!members.is_empty() && forgotten >= members.len())
}

fn pick(site: &Site, name: &Name, file: &Index) -> String {
    let files: Vec<String> = site.desired.hosts[name].files.keys().map(ToString::to_string).collect();
    file.get(&files).clone()
}

/// Adds to a file, or removes it. A stamp that cannot be read is for people to look at.
fn touch(site: &Site, state: &mut State, name: &Name, file: &Index, more: Option<&str>) -> bool {
    let path = pick(site, name, file);
    let host = state.hosts.get_mut(name).expect("hosts of the site");
    let Some(Node { kind: Kind::File { bytes, .. }, access, .. }) = host.paths.get(&path).cloned() else {
        return false;
    };
    match more {
        Some(more) => host.scribble(&path, &[&bytes, more.as_bytes()].concat(), access),
        None => drop(host.paths.remove(&path)),
    }
    more.is_some() && path.ends_with("stamp.json")
}
