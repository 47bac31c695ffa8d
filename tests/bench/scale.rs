//! The speed of the pure stages at sizes beyond any lab. Prints a table, and writes it into docs/benchmarks.md.

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use provision::desired::Desired;
use provision::diagnostic::Source;
use provision::host::{
    Active, BirthRecord, Content, HostFacts, HostState, Java, Load, PathFacts, PathKind, Record, RecordName, Seen,
    UnitFacts, UnitFile, sha256,
};
use provision::observe::{Observed, recall};
use provision::plan::{self, Goal};
use provision::service::spark::MASTER;
use provision::service::zookeeper::MEMBER;
use provision::topology::{self, Topology};
use provision::value::Role;
use provision::{cluster, desired, render};

const SIZES: [usize; 3] = [100, 1_000, 10_000];
const RUNS: usize = 5;

/// Five members, three masters, and workers on all hosts.
fn text(hosts: usize) -> String {
    let mut text = "apiVersion: provision/v1\nname: bench\nplatforms:\n  rack:\n    nodes:\n      hosts:\n".to_owned();
    for host in 1..=hosts {
        writeln!(text, "        h{host}: {{ address: 10.{}.{}.{} }}", host / 62_500, host / 250 % 250, host % 250 + 1)
            .expect("a String takes all text");
    }
    let all: Vec<_> = (1..=hosts).map(|host| format!("h{host}")).collect();
    text + &format!(
        "services:\n  zookeeper: {{ members: {{ 1: h1, 2: h2, 3: h3, 4: h4, 5: h5 }} }}\n  spark:\n    masters: {{ hosts: [h6, h7, h8] }}\n    workers: {{ hosts: [{}] }}\n",
        all.join(", ")
    )
}

/// The answer of a role's service when all is well.
fn answer(role: Role, state: &HostState, desired: &Desired, facts: &mut HostFacts) {
    let first = |role: Role| {
        let with = |state: &HostState| state.services.values().any(|service| service.role == Some(role));
        desired.hosts.iter().find(|(_, state)| with(state)).is_some_and(|(name, _)| *name == state.host.name)
    };
    let mut say = |name: &'static str, text: String| drop(facts.answers.insert(name, text.into_bytes()));
    let page = |body: &serde_json::Value| format!("HTTP/1.0 200 OK\r\n\r\n{body}");
    match role {
        MEMBER => {
            let members = desired.quorum.as_ref().map_or(0, |quorum| quorum.birth.members.len());
            let mode = if first(role) { "leader" } else { "follower" };
            say("srvr", format!("Zookeeper version: 3.9.5\nZxid: 0x100000001\nMode: {mode}\nNode count: 5\n"));
            let leads =
                format!("zk_synced_followers\t{}\nzk_pending_syncs\t0\nzk_quorum_size\t{members}\n", members - 1);
            let state = format!("zk_uptime\t1000000\nzk_peer_state\t{mode} - broadcast\n");
            say("mntr", if first(role) { state + &leads } else { state });
        }
        MASTER => {
            let entry = |state: &HostState| {
                serde_json::json!({
                    "host": state.host.address, "port": 7078, "state": "ALIVE", "cores": 4, "coresused": 0, "memory": 1024, "memoryused": 0
                })
            };
            let alive = first(role);
            let workers: Vec<_> = if alive { desired.hosts.values().map(entry).collect() } else { Vec::new() };
            let status = if alive { "ALIVE" } else { "STANDBY" };
            say("master-status", page(&serde_json::json!({ "status": status })));
            say("master-workers", page(&serde_json::json!({ "workers": workers })));
            say("master-applications", page(&serde_json::json!({ "activeapps": [] })));
        }
        _ => say("worker", page(&serde_json::json!({ "executors": [] }))),
    }
}

/// The facts of a host on which everything is as it should be.
fn facts(state: &HostState, desired: &Desired) -> HostFacts {
    let mut facts = HostFacts {
        machine: state.host.name.to_string(),
        memory_mib: 64_000,
        java: Some(Java { path: "/usr/bin/java".to_owned(), version: "17.0.15".to_owned(), owner: Some(0) }),
        stamp: Some(state.stamp()),
        epoch: 7,
        has_data: true,
        ..HostFacts::default()
    };
    for role in state.services.values().filter_map(|service| service.role) {
        answer(role, state, desired, &mut facts);
    }
    facts.users = state.users.keys().map(|user| (user.clone(), 900)).collect();
    for (path, directory) in &state.directories {
        let access = directory.access.clone();
        let seen = PathFacts { kind: PathKind::Directory, access, identity: "1:1".into(), sha256: None, text: None };
        facts.paths.insert(path.clone(), seen);
    }
    for (path, file) in &state.files {
        let Content::Text(text) = &file.content else { continue };
        let (access, sum) = (file.access.clone(), Some(sha256(text.as_bytes())));
        let text = Some(text.clone());
        let seen = PathFacts { kind: PathKind::File, access, identity: "1:1".into(), sha256: sum, text };
        facts.paths.insert(path.clone(), seen);
    }
    facts.origins = state.distributions.keys().map(|home| (home.clone(), "0".repeat(128))).collect();
    for (unit, service) in &state.services {
        let digest = |path| Some((ToString::to_string(path), facts.paths.get(path)?.sha256.clone()?));
        let seen = UnitFacts {
            load: Load::Loaded,
            active: Active::Active,
            file: UnitFile::Enabled,
            started: service.inputs.iter().filter_map(digest).collect(),
            ..UnitFacts::default()
        };
        facts.units.insert(unit.clone(), seen);
    }
    let is_member = state.services.contains_key(MEMBER.unit());
    facts.birth = desired
        .quorum
        .as_ref()
        .filter(|_| is_member)
        .map(|quorum| BirthRecord { birth: quorum.birth.clone(), complete: true });
    facts
}

fn observed(desired: &Desired) -> Observed {
    let mut hosts: BTreeMap<_, _> =
        desired.hosts.iter().map(|(name, state)| (name.clone(), facts(state, desired))).collect();
    let record = Record {
        identity: None,
        cluster: desired.cluster.clone(),
        epoch: 7,
        hosts: desired.hosts.iter().map(|(name, state)| (name.clone(), state.host.reach.clone())).collect(),
        anchors: desired.anchors.clone(),
        settings: desired.settings.clone(),
    };
    for anchor in &desired.anchors {
        let facts = hosts.get_mut(anchor).expect("anchors are hosts");
        facts.records = RecordName::ALL.iter().map(|name| (*name, record.clone())).collect();
    }
    let hosts = hosts.into_iter().map(|(name, facts)| (name, Seen::Present(Box::new(facts)))).collect();
    let mut observed = Observed { hosts, ..Observed::default() };
    observed.memory = recall(desired, &observed);
    observed
}

/// The median of some runs.
fn median(mut once: impl FnMut()) -> Duration {
    let mut all: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let began = Instant::now();
            once();
            began.elapsed()
        })
        .collect();
    all.sort();
    all[RUNS / 2]
}

/// The measurements, each in a process of its own, for the sake of its memory.
const STAGES: &[&str] = &["validate", "file tree", "written", "plan, nothing to do", "plan, one setting of all"];
/// The same bytes without our code: folders, then files, one after the other.
const BY_HAND: &str = "written by hand";

fn validated(source: &Source) -> Topology {
    let (file, mut problems) = topology::load(source);
    let topology = topology::check(&file, &mut problems);
    assert!(!problems.has_errors());
    topology.expect("a right topology")
}

fn desired_of(source: &Source) -> Desired {
    desired::of(&cluster::resolve(&validated(source), || Err("no".to_owned())).expect("delivered"))
}

/// A folder on a disk that has nothing else to do.
fn settled_folder() -> tempfile::TempDir {
    assert!(Command::new("sync").status().expect("sync runs").success());
    tempfile::tempdir().expect("a folder")
}

/// One stage at one size: its time.
fn stage(name: &str, hosts: usize) -> Duration {
    let source = Source::new("bench.yaml", text(hosts));
    let goal = Goal::Apply { allow_outage: false, skip_unreachable: false };
    match name {
        "validate" => median(|| drop(validated(&source))),
        "file tree" => {
            let resolved = cluster::resolve(&validated(&source), || Err("no".to_owned())).expect("delivered");
            median(|| drop(render::hosts(&desired::of(&resolved))))
        }
        "written" => {
            let files = render::hosts(&desired_of(&source));
            let folder = settled_folder();
            let began = Instant::now();
            render::write(&folder.path().join("out"), &files, &|_| true).expect("written");
            began.elapsed()
        }
        BY_HAND => {
            let files = render::hosts(&desired_of(&source));
            let folder = settled_folder();
            let began = Instant::now();
            for (path, text) in &files {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("written");
                std::fs::write(path, text).expect("written");
            }
            began.elapsed()
        }
        "plan, nothing to do" => {
            let state = desired_of(&source);
            let seen = observed(&state);
            median(|| {
                let plan = plan::plan(&goal, &state, &seen).expect("a plan");
                assert!(plan.is_empty(), "{plan}");
            })
        }
        "plan, one setting of all" => {
            let seen = observed(&desired_of(&source));
            let changed =
                desired_of(&Source::new("bench.yaml", source.text.replace("workers: {", "workers: { heap: 2g,")));
            median(|| {
                let plan = plan::plan(&goal, &changed, &seen).expect("a plan");
                assert_eq!(plan.changes.len(), hosts);
                let shown = plan.to_string();
                assert!(shown.len() < 10_000, "{}", shown.chars().take(9000).collect::<String>());
            })
        }
        other => panic!("there is no stage `{other}`"),
    }
}

/// The stage in a process of its own: time in milliseconds, and the most memory that was resident, in MiB.
fn measured(name: &str, hosts: usize) -> (f64, u64) {
    let own = std::env::current_exe().expect("a program");
    let output = Command::new(own).args(["stage", name, &hosts.to_string()]).output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap_or_else(|| panic!("{name}: {}", String::from_utf8_lossy(&output.stderr)));
    (next().parse().expect("a time"), next().parse().expect("a size"))
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some([name, hosts]) =
        arguments.iter().position(|word| word == "stage").and_then(|at| arguments.get(at + 1..at + 3))
    {
        let time = stage(name, hosts.parse().expect("a number")).as_secs_f64() * 1000.0;
        println!("{time} {}", table::high_water(std::process::id()).unwrap_or(0) / 1024);
        return;
    }
    let mut rows =
        format!("| hosts | {} | {BY_HAND} |\n|---{}|---|\n", STAGES.join(" | "), "|---".repeat(STAGES.len()));
    for hosts in SIZES {
        let cell = |name: &&str| {
            let (time, memory) = measured(name, hosts);
            format!("{time:.1} ms, {memory} MiB")
        };
        let cells: Vec<String> = STAGES.iter().map(cell).collect();
        let (by_hand, _) = measured(BY_HAND, hosts);
        writeln!(rows, "| {hosts} | {} | {by_hand:.1} ms |", cells.join(" | ")).expect("a String takes all text");
    }
    let small = median(|| {
        let status = Command::new(env!("CARGO_BIN_EXE_provision"))
            .args(["validate", concat!(env!("CARGO_MANIFEST_DIR"), "/topologies/nodes.yaml")])
            .output()
            .expect("the program runs");
        assert!(status.status.success());
    });
    writeln!(
        rows,
        "\n`provision validate` of a small file, the whole program: {:.1} ms.",
        small.as_secs_f64() * 1000.0
    )
    .expect("a String takes all text");
    print!("{rows}");
    table::write("scale", &rows);
}
