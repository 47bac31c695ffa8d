//! A lab of a test's own, and the program run in its network.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use crate::ran::Ran;
use crate::ran::run;

/// Labs share the machine: a runner has one at a time, however many threads it takes. Two at once, with the tests of `local` beside them, load two cores
/// so that commands run out of their time (measured: 2230 s in place of 2340, and a failure); `tests/run` has two streams in all.
static ONE: Mutex<()> = Mutex::new(());

pub struct Lab {
    name: &'static str,
    /// The home of the operator: `.ssh/config` and nothing else.
    home: tempfile::TempDir,
    folder: tempfile::TempDir,
    began: Instant,
    _one: MutexGuard<'static, ()>,
}

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

pub fn lab_home() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"));
    std::env::var_os("LAB_HOME").map_or_else(|| cache.join("provision-test/lab"), PathBuf::from)
}

/// The reason why the lab cannot be here.
fn missing() -> Option<String> {
    let user = Command::new("id").arg("-u").output().expect("id runs");
    if String::from_utf8_lossy(&user.stdout).trim() != "0" {
        return Some("the lab needs root".to_owned());
    }
    for part in ["base/.lab-ready", "base-slim/.lab-ready", "dist/spark-4.3.0.tar.gz", "dist/zookeeper-3.9.5.tar.gz"] {
        if !lab_home().join(part).exists() {
            return Some(format!("{part} is not there: run tests/lab/setup"));
        }
    }
    None
}

impl Lab {
    /// A fresh lab with `hosts` hosts, or `None` where none can be (with CI=true that is a failure).
    pub fn up(name: &'static str, hosts: u32) -> Option<Lab> {
        Lab::up_with(name, hosts, "")
    }

    /// With these hosts (as `3 4`) from the slim root.
    pub fn up_with(name: &'static str, hosts: u32, slim: &str) -> Option<Lab> {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = missing() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "skipped in CI: {why}");
            eprintln!("SKIPPED {name}: {why}");
            return None;
        }
        let lab = Lab {
            name,
            home: tempfile::tempdir().expect("a folder"),
            folder: tempfile::tempdir().expect("a folder"),
            began: Instant::now(),
            _one: one,
        };
        lab.verb(&["down"]);
        let dist = format!("{}:/srv/dist", lab_home().join("dist").display());
        let up = lab
            .command(&["up", &hosts.to_string()])
            .env("LAB_BIND", dist)
            .env("LAB_SLIM", slim)
            .output()
            .expect("the lab runs");
        assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        std::fs::create_dir(lab.home.path().join(".ssh")).expect("a folder");
        let config = lab_home().join("labs").join(name).join("ssh_config");
        std::fs::copy(config, lab.home.path().join(".ssh/config")).expect("the lab wrote its ssh_config");
        Some(lab)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(root("tests/lab/lab"));
        command.args(args).env("LAB_NAME", self.name).env("LAB_HOME", lab_home()).stdin(Stdio::null());
        command
    }

    /// A verb of the lab: `kill 2`, `start 2`, `freeze 1` …
    #[track_caller]
    pub fn verb(&self, args: &[&str]) -> String {
        let output = self.command(args).output().expect("the lab runs");
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    }

    /// A shell command on a host, as root. It must succeed.
    #[track_caller]
    pub fn on(&self, host: u32, script: &str) -> String {
        let output = self.command(&["root", &host.to_string(), "sh", "-c", script]).output().expect("the lab runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "h{host}: {script}\n{text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    /// Returns true if a shell command on a host succeeds.
    pub fn test(&self, host: u32, script: &str) -> bool {
        self.command(&["root", &host.to_string(), "sh", "-c", script]).output().expect("the lab runs").status.success()
    }

    /// Returns true if a command in the controller's network succeeds.
    pub fn exec(&self, program: &str, args: &[&str]) -> bool {
        self.command(&["exec", program]).args(args).output().expect("the lab runs").status.success()
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A topology in a folder of the test's own; its path.
    pub fn topology(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("writable");
        path.display().to_string()
    }

    fn program(&self, more: &[(&str, &str)], args: &[&str]) -> Command {
        let mut command = self.command(&["exec", "env", "-u", "SSH_AUTH_SOCK"]);
        command.args(more.iter().map(|(name, value)| format!("{name}={value}")));
        command.args(["HOME", "TMPDIR"].map(|name| format!("{name}={}", self.home.path().display())));
        command
            .args(["NO_COLOR=1", "SPARK_SECRET=s3cr3t-\"quoted\"-$(id)", env!("CARGO_BIN_EXE_provision")])
            .args(args);
        command
    }

    /// Runs the program in the lab's network.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_with(&[], args)
    }

    /// With more in its environment.
    pub fn run_with(&self, more: &[(&str, &str)], args: &[&str]) -> Ran {
        run(self.program(more, args))
    }

    /// Starts the program; its output goes nowhere.
    pub fn start(&self, args: &[&str]) -> Child {
        self.program(&[], args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
    }

    /// Starts the program; its output goes into a file.
    pub fn start_into(&self, args: &[&str], path: &Path) -> Child {
        let out = std::fs::File::create(path).expect("writable");
        let err = out.try_clone().expect("a second handle");
        self.program(&[], args).stdin(Stdio::null()).stdout(out).stderr(err).spawn().expect("the program runs")
    }

    /// Starts the program with its stderr in a pipe.
    pub fn start_piped(&self, args: &[&str]) -> Child {
        self.program(&[], args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs")
    }

    #[track_caller]
    pub fn apply(&self, topology: &str) -> Ran {
        self.run(&["apply", topology, "--yes"]).expect(0)
    }

    /// The plan is empty.
    #[track_caller]
    pub fn converged(&self, topology: &str) {
        self.run(&["plan", topology, "--detailed-exitcode"]).expect(0).says("Nothing to do");
    }

    /// A load on the ensemble until it is dropped.
    pub fn load(&self) -> Load {
        let child = Command::new(root("tests/lab/zkload"))
            .arg("h1:2181,h2:2181,h3:2181")
            .env("LAB_NAME", self.name)
            .env("LAB_HOME", lab_home())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the load runs");
        Load { child, lines: None }.ready()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("LAB_KEEP").is_some() {
            eprintln!("the lab {} is kept", self.name);
            return;
        }
        self.verb(&["down"]);
        eprintln!("{:5} s  {}", self.began.elapsed().as_secs(), self.name);
    }
}

/// Clients that write all the time.
pub struct Load {
    child: Child,
    lines: Option<std::io::Lines<std::io::BufReader<std::process::ChildStdout>>>,
}

impl Load {
    fn ready(mut self) -> Load {
        use std::io::BufRead;
        let stdout = self.child.stdout.take().expect("piped");
        let mut lines = std::io::BufReader::new(stdout).lines();
        let first = lines.next().expect("a line").expect("text");
        assert_eq!(first, "ready");
        self.lines = Some(lines);
        self
    }

    /// Ends it, and returns what it counted.
    pub fn end(mut self) -> serde_json::Value {
        drop(self.child.stdin.take());
        let line = self.lines.take().expect("ready").next().expect("a result").expect("text");
        let _ = self.child.wait();
        eprintln!("load: {line}");
        serde_json::from_str(&line).expect("JSON")
    }
}

/// Waits until it is so.
#[track_caller]
pub fn wait_until(what: &str, limit: Duration, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !is_so() {
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The topology that the project shows: everything side by side on three machines.
pub fn nodes_yaml() -> String {
    std::fs::read_to_string(root("topologies/nodes.yaml")).expect("readable")
}

/// `ZooKeeper` alone: what most faults need.
pub fn quorum_yaml() -> String {
    let text = nodes_yaml();
    let (head, _) = text.split_once("  spark:\n").expect("spark comes after zookeeper");
    head.to_owned()
}
