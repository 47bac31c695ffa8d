//! From nothing to a running job and back, with the same laws as on machines: on this machine, where the nodes share one address (those of
//! the demo and of the pages have one each), and on one that is no Linux.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::machine::{Machine, has_ended, is_root, kill, until};

const CLUSTER: &str = "
services:
  zookeeper: { nodes: 3 }
  spark:
    authenticate: { secret: { env: SECRET } }
    masters: { nodes: 2 }
    workers: { nodes: 2, cores: 1, memory: 1g }
    history: {}
jobs:
  pi:
    application: home:examples/src/main/python/pi.py
    arguments: [\"4\"]
    executors: { instances: 2, cores: 1, memory: 512m }
  pi-long:
    application: home:examples/src/main/python/pi.py
    arguments: [\"100000\"]
    executors: { instances: 2, cores: 1, memory: 512m }
";

/// The files below a folder, or those with this text: there are hundreds of megabytes.
fn files(folder: &Path, with: Option<&str>) -> Vec<PathBuf> {
    let mut command = if let Some(text) = with {
        let mut command = Command::new("grep");
        command.args(["-rlF", "-e", text]);
        command
    } else {
        Command::new("find")
    };
    let output = command.arg(folder).args(with.is_none().then_some(["-type", "f"]).into_iter().flatten()).output();
    String::from_utf8_lossy(&output.expect("it runs").stdout).lines().map(PathBuf::from).collect()
}

#[test]
fn a_cluster_lives_on_this_machine() {
    let machine = Machine::sharing("life", CLUSTER);
    // Law 4: who only looks leaves nothing behind.
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(2).says("life-zk-1");
    machine.run(&["status", "topology.yaml"]).expect(8).says("nothing of `life`");
    assert!(!machine.state().exists());

    // Law 1.
    machine.run(&["render", "topology.yaml"]).expect(0);
    machine.run(&["render", "topology.yaml", "--check"]).expect(0);

    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0).says("provision submit pi");
    // Law 2.
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(0).says("Nothing to do");
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0).says("Nothing to do");
    machine.run(&["status", "topology.yaml"]).expect(0).says("2 workers, 0 of 2 cores").says("all is well");
    machine.run(&["submit", "pi"]).expect(1).says("provision.yaml");
    machine.run(&["submit", "pi", "-f", "topology.yaml"]).expect(0).says("Pi is roughly 3.");
    // It looks for new event logs every 10 s.
    until("the history server shows it", || {
        machine.run(&["status", "topology.yaml"]).stdout.contains("shows 1 application")
    });
    machine.run(&["logs", "life-master-1", "-f", "topology.yaml", "-n", "500"]).expect(0).says("Master");
    machine
        .run(&["ssh", "life-zk-2", "-f", "topology.yaml", "--", "cat", "etc/zookeeper/zoo.cfg"])
        .expect(0)
        .says("dataDir=");

    // Law 6: the secret is in one file a host, and that is closed.
    let closed: Vec<_> =
        files(&machine.state(), None).into_iter().filter(|path| path.ends_with("etc/spark/secret.env")).collect();
    let mut with = files(&machine.state(), Some("correct-horse-battery-staple"));
    with.sort();
    assert!(
        closed.len() == 5 && with.len() == 5 && closed.iter().all(|path| with.contains(path)),
        "{closed:?} {with:?}"
    );
    for path in &with {
        let mode = std::fs::metadata(path).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }

    what_a_service_started_ends_with_its_supervisor(&machine);
    a_setting_is_rolled(&machine);

    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    assert_eq!(files(&machine.state(), None), Vec::<PathBuf>::new());
    assert_eq!(machine.processes(), Vec::<String>::new());
    machine.run(&["destroy", "topology.yaml", "--yes"]).expect(0);
}

fn a_setting_is_rolled(machine: &Machine) {
    let before: Vec<_> = (1..=3).map(|id| machine.pid(&format!("zk-{id}"), "zookeeper", "main")).collect();
    machine.write(&CLUSTER.replace("{ nodes: 3 }", "{ nodes: 3, config: { maxClientCnxns: 61 } }"));
    machine
        .run(&["plan", "topology.yaml"])
        .expect(0)
        .says("restart every ZooKeeper member in turn")
        .says("maxClientCnxns=61")
        // Each member's ports stand beside it.
        .says("(the same on 2 other hosts: life-zk-2, life-zk-3)");
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(0);
    for (id, before) in (1..=3).zip(before) {
        assert_ne!(machine.pid(&format!("zk-{id}"), "zookeeper", "main"), before, "member {id} was not restarted");
    }
}

/// All that others lack is taken away (`no-linux`); the nodes share one address without being told to.
#[test]
fn a_quorum_lives_on_a_machine_that_is_no_linux() {
    let Some(machine) = elsewhere("services: { zookeeper: { nodes: 3 } }\n") else { return };
    a_taken_port_is_seen(&machine);
    let applied = machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    applied.says("127.0.0.1:20000,127.0.0.1:20004,127.0.0.1:20008");
    // No ticks of Linux's clock: processes are told in the other way.
    let main = machine.pid("zk-1", "zookeeper", "main");
    assert!(machine.record("zk-1", "zookeeper")["main"]["began"].as_u64() > Some(20_260_000_000_000));
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(0).says("Nothing to do");
    kill("-9", machine.pid("zk-1", "zookeeper", "supervisor"));
    until("the service has ended", || has_ended(main));
    machine.run(&["status", "topology.yaml"]).expect(8).says("zookeeper is failed");
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    machine.run(&["status", "topology.yaml"]).expect(0).says("all is well");
    all_ends(&machine);
}

#[test]
#[ignore = "make soak: the same code with Spark on top, for a minute more"]
fn a_cluster_lives_on_a_machine_that_is_no_linux() {
    let Some(machine) = elsewhere(CLUSTER) else { return };
    let applied = machine.run(&["apply", "topology.yaml", "--yes"]).expect(0);
    applied.says("spark://127.0.0.1:20200,127.0.0.1:20204").says("http://127.0.0.1:20201");
    machine.run(&["plan", "topology.yaml", "--detailed-exitcode"]).expect(0).says("Nothing to do");
    machine.run(&["submit", "pi", "-f", "topology.yaml"]).expect(0).says("Pi is roughly 3.");
    what_a_service_started_ends_with_its_supervisor(&machine);
    a_standby_takes_over(&machine);
    all_ends(&machine);
}

fn elsewhere(rest: &str) -> Option<Machine> {
    if !is_root() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "skipped in CI: only root can make such a machine");
        eprintln!("SKIPPED a machine that is no Linux: only root can make one");
        return None;
    }
    Some(Machine::elsewhere("els", rest))
}

fn all_ends(machine: &Machine) {
    machine.run(&["destroy", "topology.yaml", "--yes", "--delete-data"]).expect(0);
    assert_eq!(files(&machine.state(), None), Vec::<PathBuf>::new());
    assert_eq!(machine.processes(), Vec::<String>::new());
}

/// By a program that has begun to listen at an address of all.
fn a_taken_port_is_seen(machine: &Machine) {
    let listen = "import socket, sys; s = socket.socket(); s.bind(('', 20001)); s.listen(); print('ready', flush=True); sys.stdin.read()";
    let mut command = machine.wrapped("python3", &["-c", listen]);
    let mut other = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let said = BufReader::new(other.stdout.take().expect("it is piped")).lines().next();
    assert_eq!(said.expect("it says something").expect("it is text"), "ready");
    let refused = machine.run(&["apply", "topology.yaml", "--yes"]).expect(6);
    refused.says("20001 is taken by another program").says("let `ports` of `local` begin elsewhere");
    drop(other.stdin.take());
    other.wait().expect("it ends");
}

/// While a job runs: an executor is the worker's, in a process of its own.
fn what_a_service_started_ends_with_its_supervisor(machine: &Machine) {
    let mut job = machine.start(&["submit", "pi-long", "-f", "topology.yaml"]);
    let executors = || {
        let all = machine.processes();
        all.iter().filter(|line| line.contains("CoarseGrainedExecutorBackend") && line.contains("worker-1/")).count()
    };
    until("an executor runs", || executors() > 0);
    // Not /tmp, from which native code may not be loaded. The folder's path has a space in it.
    for class in ["SparkSubmit", "CoarseGrainedExecutorBackend"] {
        let all = machine.processes();
        let own = |line: &&String| line.contains("-Djava.io.tmpdir=") && line.contains("/var/lib/spark/tmp ");
        let of_class: Vec<&String> = all.iter().filter(|line| line.contains(class)).collect();
        assert!(!of_class.is_empty() && of_class.iter().all(own), "{of_class:#?}");
    }
    let worker = machine.pid("worker-1", "spark-worker", "main");
    kill("-9", machine.pid("worker-1", "spark-worker", "supervisor"));
    until("the worker has ended", || has_ended(worker));
    until("its executor has ended", || executors() == 0);
    machine.run(&["destroy", "topology.yaml"]).says("1 application is running");
    // (Who runs in the background of a shell has the other signal ignored.)
    kill("-TERM", job.id().into());
    job.wait().expect("it ends");
    until("nothing of the job is left", || machine.processes().iter().all(|line| !line.contains("SparkSubmit")));
    machine.run(&["apply", "topology.yaml", "--yes"]).expect(0).says("start spark-worker");
}

/// `Restart=always` holds, and the standby leads meanwhile.
fn a_standby_takes_over(machine: &Machine) {
    let status = machine.run(&["status", "topology.yaml"]).stdout;
    let active =
        if status.lines().any(|line| line.starts_with("els-master-1") && line.contains("ALIVE")) { 1 } else { 2 };
    let (active, standby) = (format!("master-{active}"), format!("master-{}", 3 - active));
    kill("-9", machine.pid(&active, "spark-master", "main"));
    until("the standby leads, and the other stands by", || {
        let status = machine.run(&["status", "topology.yaml"]);
        let is = |node: &str, state: &str| {
            let line = status.stdout.lines().find(|line| line.starts_with(&format!("els-{node} ")));
            line.is_some_and(|line| line.ends_with(state))
        };
        is(&standby, "ALIVE") && is(&active, "STANDBY") && status.code == 0
    });
    // More than once where a slow machine cost it its session meanwhile.
    machine.run(&["status", "topology.yaml"]).expect(0).says(", restarted ").says("all is well");
}
