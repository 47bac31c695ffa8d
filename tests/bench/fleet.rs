//! `plan` of up to 1,000 hosts over SSH. The hosts are an SSH server in a process of its own, in a network of its own, that answers as
//! the simulated cluster of the tests would: converged, so that all of it must be read and nothing is to be done. Prints a table, and
//! writes it into docs/benchmarks.md. Needs root, or user namespaces.

#[path = "../model/mod.rs"]
#[expect(dead_code, reason = "the laws use the rest of the model")]
mod model;
mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use model::site::{ARCHIVES, End, Site};
use provision::execute::Outcome;
use provision::host::Target;
use provision::observe::for_goal;
use provision::plan::Goal;

const SIZES: [usize; 3] = [10, 100, 1_000];
const PORT: u16 = 2222;
/// One in so many is silent in the last row.
const ONE_IN: usize = 100;

fn address(host: usize) -> String {
    format!("10.88.{}.{}", host / 250, host % 250 + 1)
}

/// Three members, two masters, and workers on the rest.
fn text(hosts: usize) -> String {
    let all: Vec<_> = (1..=hosts).map(|host| format!("h{host}: {{ address: {} }}", address(host))).collect();
    let workers: Vec<_> = (6..=hosts).map(|host| format!("h{host}")).collect();
    let [zookeeper, spark] = ARCHIVES.map(|path| format!("archive: {{ onHost: {{ path: {path} }} }}"));
    format!(
        "apiVersion: provision/v1\nname: fleet\nplatforms:\n  rack:\n    nodes:\n      ssh: {{ user: root, port: {PORT} }}\n      hosts: {{ {} }}\n\
         services:\n  zookeeper: {{ {zookeeper}, members: {{ 1: h1, 2: h2, 3: h3 }} }}\n  \
         spark: {{ {spark}, masters: {{ hosts: [h4, h5] }}, workers: {{ hosts: [{}] }} }}\n",
        all.join(", "),
        workers.join(", ")
    )
}

/// The answers of every host of a converged cluster, each in a file named after its address.
fn write_answers(site: &Site, folder: &Path) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let world = site.world();
        let end = site.carry_out(&Goal::Apply { allow_outage: false, skip_unreachable: false }, &world).await;
        let End::Executed(report, _) = end else { panic!("nothing was carried out") };
        assert!(matches!(report.outcome, Outcome::Done), "{}", report.outcome);
        for state in site.desired.hosts.values() {
            let query = for_goal(state, &site.desired, &site.secrets, None);
            let answer = world.answer(&Target::of(&state.host), &query).replace("clock\t0\n", "clock\t@CLOCK@\n");
            assert!(answer.contains("@CLOCK@"));
            std::fs::write(folder.join(state.host.address.as_str()), answer).expect("written");
        }
    });
}

/// The server, built on first use, in a network where all of 10.88.0.0/16 is it.
struct Fleet {
    child: Child,
    folder: tempfile::TempDir,
}

impl Fleet {
    fn start(site: &Site) -> Fleet {
        let folder = tempfile::tempdir().expect("a folder");
        let answers = folder.path().join("answers");
        std::fs::create_dir_all(&answers).expect("a folder");
        write_answers(site, &answers);
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/sshd/Cargo.toml");
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sshd");
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--manifest-path"])
            .arg(manifest)
            .arg("--target-dir")
            .arg(&target)
            .status();
        assert!(built.expect("cargo runs").success());
        let script = format!(
            "ip link set lo up && ip addr add 10.88.0.1/16 dev lo && exec '{}' {PORT} '{}'",
            target.join("release/sshd-of-many").display(),
            answers.display()
        );
        let child = Command::new("unshare").args(["-rn", "sh", "-c", &script]).spawn().expect("unshare runs");
        let fleet = Fleet { child, folder };
        let key = answers.join("host_key.pub");
        let end = Instant::now() + Duration::from_secs(20);
        while !key.exists() {
            assert!(Instant::now() < end, "the server does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        fleet.home(site, &std::fs::read_to_string(key).expect("readable"));
        fleet
    }

    /// A home with a key and all host keys known, unhashed as most people have them.
    fn home(&self, site: &Site, key: &str) {
        let ssh = self.folder.path().join(".ssh");
        std::fs::create_dir(&ssh).expect("a folder");
        let status = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(ssh.join("id_ed25519"))
            .status();
        assert!(status.expect("ssh-keygen runs").success());
        let mut known = String::new();
        for state in site.desired.hosts.values() {
            writeln!(known, "[{}]:{PORT} {}", state.host.address, key.trim()).expect("a String takes all text");
        }
        std::fs::write(ssh.join("known_hosts"), known).expect("written");
        std::fs::write(self.folder.path().join("provision.yaml"), &site.text).expect("written");
    }

    /// Drops what goes to every n-th host: no refusal, only silence.
    fn silence(&self, hosts: usize) -> usize {
        let silent: Vec<_> = (1..=hosts).filter(|host| host % ONE_IN == 7 % ONE_IN.min(hosts)).map(address).collect();
        let rules = format!(
            "nft add table inet silent && nft add chain inet silent in '{{ type filter hook input priority 0; }}' && nft add rule inet silent in ip daddr '{{ {} }}' drop",
            silent.join(", ")
        );
        let pid = self.child.id().to_string();
        let status = Command::new("nsenter").args(["-t", &pid, "-n", "sh", "-c", &rules]).status();
        assert!(status.expect("nsenter runs").success());
        silent.len()
    }

    /// Runs `provision plan` in the network of the hosts. Wall time, and the most memory that was resident.
    fn plan(&self, code: i32) -> Run {
        let log = self.folder.path().join("log");
        let _ = std::fs::remove_file(&log);
        let began = Instant::now();
        let mut child = Command::new("nsenter")
            .args(["-t", &self.child.id().to_string(), "-n", env!("CARGO_BIN_EXE_provision"), "--log-file"])
            .arg(&log)
            .arg("plan")
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("SSH_AUTH_SOCK")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nsenter runs");
        let mut most = 0;
        let status = loop {
            most = table::high_water(child.id()).unwrap_or(0).max(most);
            if let Some(status) = child.try_wait().expect("it can be asked") {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let wall = began.elapsed();
        assert_eq!(status.code(), Some(code), "{}", std::fs::read_to_string(&log).unwrap_or_default());
        Run { wall, most_kib: most, answered: last_answer(&log) }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Run {
    wall: Duration,
    most_kib: u64,
    /// From the first line of the log to the last answer of a host.
    answered: Duration,
}

/// Between the first line of the log and the last host that answered.
fn last_answer(log: &PathBuf) -> Duration {
    let text = std::fs::read_to_string(log).expect("the log is there");
    let at = |line: &str| humantime::parse_rfc3339(line.split_whitespace().next()?).ok();
    let first = text.lines().find_map(at).expect("a line with a time");
    let last = text.lines().filter(|line| line.contains("answered")).filter_map(at).next_back().expect("an answer");
    last.duration_since(first).unwrap_or_default()
}

fn median(mut runs: Vec<Run>) -> Run {
    runs.sort_by_key(|run| run.wall);
    let middle = runs.len() / 2;
    runs.swap_remove(middle)
}

fn main() {
    let mut rows = vec![
        "| hosts | `plan`, nothing to do | of which until the last answer | most memory |".to_owned(),
        "|---|---|---|---|".to_owned(),
    ];
    let mut row = |what: String, run: &Run| {
        rows.push(format!(
            "| {what} | {:.2} s | {:.2} s | {} MiB |",
            run.wall.as_secs_f64(),
            run.answered.as_secs_f64(),
            run.most_kib / 1024
        ));
        println!("{}", rows[rows.len() - 1]);
    };
    for hosts in SIZES {
        let site = Site::of(&text(hosts));
        let fleet = Fleet::start(&site);
        let run = median((0..3).map(|_| fleet.plan(0)).collect());
        row(hosts.to_string(), &run);
        if hosts == SIZES[SIZES.len() - 1] {
            let silent = fleet.silence(hosts);
            // Exit code 4: not all can be asked.
            let run = median((0..3).map(|_| fleet.plan(4)).collect());
            row(format!("{hosts}, {silent} of them silent"), &run);
        }
    }
    table::write("fleet", &rows.join("\n"));
}
