//! Random topologies, random changes of them, and what happens to hosts behind everybody's back.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use tokio::time::Instant;

use super::host::{Kind, Node, SimHost};
use super::services::POISON;
use super::site::{Settings, Shape, Site};
use super::{SimWorld, State};
use provision::host::{Access, BIRTH_PATH};
use provision::value::Name;

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
    let history = prop_oneof![3 => Just(None), 1 => Just(Some(512)), 1 => Just(Some(600))];
    let flags = (prop::bool::weighted(0.2), prop::bool::weighted(0.3), two(1, 2), two(1, 2), history);
    (numbers, flags).prop_map(|((connections, tick, zookeeper_heap, master_heap, worker_heap, cores), flags)| {
        let (authenticate, firewall, live, daemon, history) = flags;
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
            history,
        }
    })
}

/// An accident on one host.
#[derive(Clone, Debug)]
pub enum Drift {
    Edit(Index, Index),
    Remove(Index, Index),
    Mode(Index, Index),
    Stop(Index, Index),
    Disable(Index, Index),
    /// Its user restarts it, with whatever lies there.
    Restart(Index, Index),
    /// Somebody writes something wrong into an input of a service, and restarts the service with it.
    Wrong(Index, Index),
    /// A member loses its disk; never more than a minority does.
    Wipe(Index),
    /// Somebody flushes the firewall.
    Flush(Index),
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
        3 => two().prop_map(|(a, b)| Drift::Wrong(a, b)),
        2 => one().prop_map(Drift::Wipe),
        1 => one().prop_map(Drift::Flush),
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
            Drift::Wrong(host, what) => {
                let host = state.hosts.get_mut(host.get(&names)).expect("hosts of the site");
                run_with_wrong_input(host, what);
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
            Drift::Flush(host) => {
                state.hosts.get_mut(host.get(&names)).expect("hosts of the site").has_lost_rules = true;
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

/// A file, what stands in it, and what somebody writes instead: each keeps its service from its task, or makes it another's.
const WRONG: &[(&str, &str, &str, &str)] = &[
    ("zookeeper", "/etc/zookeeper/zoo.cfg", "maxClientCnxns=6", POISON),
    ("zookeeper", "/etc/zookeeper/zoo.cfg", ":2888:", ":2889:"),
    ("zookeeper", "/etc/zookeeper/zoo.cfg", "clientPort=2181", "clientPort=2182"),
    ("zookeeper", "/etc/zookeeper/myid", "1", "2"),
    ("zookeeper", "/etc/zookeeper/myid", "2", "1"),
    ("zookeeper", "/etc/zookeeper/myid", "3", "4"),
    ("spark-master", "/etc/spark/ha.conf", "spark.deploy.recoveryMode", "#"),
    ("spark-master", "/etc/spark/ha.conf", ":2181", ":2199"),
    ("spark-master", "/etc/systemd/system/spark-master.service", "--port 7077", "--port 7070"),
    // Units that read a file of somebody's own.
    (
        "zookeeper",
        "/etc/systemd/system/zookeeper.service",
        "QuorumPeerMain /etc/zookeeper/zoo.cfg",
        "QuorumPeerMain /etc/zookeeper/mine.cfg",
    ),
    (
        "spark-master",
        "/etc/systemd/system/spark-master.service",
        "--properties-file /etc/spark/ha.conf",
        "--properties-file /etc/spark/mine.conf",
    ),
    ("spark-worker", "/etc/systemd/system/spark-worker.service", ":7077", ":7070"),
];

/// Units whose drop-in made the process run another command, and is gone again: every file is right, and so is the record of them.
const WRONG_COMMAND: &[(&str, &str, &str, &str)] = &[WRONG[8], WRONG[9], WRONG[10], WRONG[11]];

pub fn run_with_wrong_input(host: &mut SimHost, what: &Index) {
    let there: Vec<_> = WRONG
        .iter()
        .chain(WRONG_COMMAND)
        .enumerate()
        .map(|(at, wrong)| (at >= WRONG.len(), wrong))
        .filter(|(_, (unit, path, from, _))| {
            host.process(unit).is_some() && host.text(path).is_some_and(|text| text.contains(from))
        })
        .collect();
    if there.is_empty() {
        return;
    }
    let (by_drop_in, (unit, path, from, to)) = what.get(&there);
    let right = host.text(path).expect("it was read above");
    let text = right.replace(from, to);
    let access = host.paths[*path].access.clone();
    host.scribble(path, text.as_bytes(), access.clone());
    let now = Instant::now();
    let _ = host.reload_units(now);
    let restarted = host.restart(unit, now);
    if *by_drop_in && restarted.is_ok() {
        host.scribble(path, right.as_bytes(), access);
        let _ = host.reload_units(now);
        host.believe(unit, path);
    }
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
