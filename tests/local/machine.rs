//! A user's corner of this machine, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::elsewhere::Elsewhere;
pub use crate::ran::{Ran, run};

/// Clusters share the machine: one at a time, however many threads the runner takes.
static ONE: Mutex<()> = Mutex::new(());
/// Whom root gives its rights away to.
const NOBODY: &str = "65534";

/// A cluster of a name of its own, in a folder with a space in its path.
pub struct Machine {
    folder: tempfile::TempDir,
    pub topology: PathBuf,
    name: String,
    platform: String,
    elsewhere: Option<Elsewhere>,
    _one: MutexGuard<'static, ()>,
}

static IS_ROOT: LazyLock<bool> = LazyLock::new(|| {
    let output = Command::new("id").arg("-u").output().expect("id runs");
    output.stdout.trim_ascii() == b"0"
});

pub fn is_root() -> bool {
    *IS_ROOT
}

/// A command of the user that has no rights.
pub fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(program);
    command
}

fn give_away(path: &Path) {
    if is_root() {
        let status = Command::new("chown").args(["-R", &format!("{NOBODY}:{NOBODY}")]).arg(path).status();
        assert!(status.expect("chown runs").success());
    }
}

/// The folder of the package, unpacked, between runs: outside the checkout, and readable to the users that need it.
fn cache() -> PathBuf {
    let own = || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache");
    let cache = if is_root() {
        "/var/cache".into()
    } else {
        std::env::var_os("XDG_CACHE_HOME").map_or_else(own, PathBuf::from)
    };
    cache.join("provision-test/local")
}

/// The package is downloaded once, by the program itself, with what this machine tells pip.
static STORE: LazyLock<PathBuf> = LazyLock::new(|| {
    let store = cache();
    if !store.join("provision/pyspark-4.3.0/.provision-origin").exists() {
        std::fs::create_dir_all(&store).expect("a folder");
        let folder = tempfile::tempdir().expect("a folder");
        let topology = folder.path().join("fetch.yaml");
        let text = "apiVersion: provision/v1\nname: fetch\nplatforms: { here: { local: {} } }\nservices: { zookeeper: { nodes: 1 } }\n";
        std::fs::write(&topology, text).expect("written");
        for verb in ["apply", "destroy"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_provision"));
            command.arg(verb).arg(&topology).arg("--yes").args((verb == "destroy").then_some("--delete-data"));
            command.env("XDG_STATE_HOME", folder.path()).env("XDG_CACHE_HOME", &store);
            let output = command.output().expect("the program runs");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        give_away(&store);
    }
    store
});

impl Machine {
    /// A corner in which a cluster can be made; `services` and what follows is the rest of its topology.
    pub fn new(name: &str, rest: &str) -> Machine {
        Machine::on("local: {}", name, rest)
    }

    /// With all nodes at one address, as where a machine has no other.
    pub fn sharing(name: &str, rest: &str) -> Machine {
        Machine::on("local: { ports: 21000 }", name, rest)
    }

    /// As on a machine that is no Linux. Only root can make one.
    pub fn elsewhere(name: &str, rest: &str) -> Machine {
        let mut machine = Machine::new(name, rest);
        let folder = machine.folder.path();
        machine.elsewhere = Some(Elsewhere::new(folder, &folder.join("provision")));
        machine
    }

    fn on(platform: &str, name: &str, rest: &str) -> Machine {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        LazyLock::force(&STORE);
        let folder = tempfile::Builder::new().prefix("a corner ").tempdir().expect("a folder");
        // Where the checkout is, others may have no way to.
        std::fs::copy(env!("CARGO_BIN_EXE_provision"), folder.path().join("provision")).expect("copied");
        let (topology, name, platform) = (folder.path().join("topology.yaml"), name.to_owned(), platform.to_owned());
        let machine = Machine { topology, folder, name, platform, elsewhere: None, _one: one };
        machine.write(rest);
        give_away(machine.folder.path());
        machine
    }

    pub fn write(&self, rest: &str) {
        let Machine { name, platform, .. } = self;
        let text = format!("apiVersion: provision/v1\nname: {name}\nplatforms: {{ here: {{ {platform} }} }}\n{rest}");
        std::fs::write(&self.topology, text).expect("written");
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("st ate")
    }

    /// The folder that stands for a node.
    pub fn node(&self, node: &str) -> PathBuf {
        self.state().join("provision").join(&self.name).join(format!("{}-{node}", self.name))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_in(&self.state(), arguments)
    }

    pub fn command_in(&self, state: &Path, arguments: &[&str]) -> Command {
        self.prepared(state, &self.folder.path().join("provision"), arguments)
    }

    /// Another program in the same runtime.
    pub fn wrapped(&self, program: &str, arguments: &[&str]) -> Command {
        self.prepared(&self.state(), Path::new(program), arguments)
    }

    fn prepared(&self, state: &Path, program: &Path, arguments: &[&str]) -> Command {
        let mut command = unprivileged(program);
        // As Debian gives it to a user.
        let mut path = "/usr/local/bin:/usr/bin:/bin".to_owned();
        if let Some(elsewhere) = &self.elsewhere {
            let mut there = elsewhere.command(self.folder.path());
            there.arg("/usr/bin/setpriv").args(command.get_args());
            (command, path) = (there, elsewhere.path());
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", state)
            .env("XDG_CACHE_HOME", &*STORE)
            .env("SECRET", "correct-horse-battery-staple")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        run(self.command(arguments))
    }

    pub fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
    }

    /// The record of a supervisor about its service.
    pub fn record(&self, node: &str, unit: &str) -> serde_json::Value {
        let path = self.node(node).join(format!("run/provision/{unit}.state"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).expect("it is JSON")
    }

    pub fn pid(&self, node: &str, unit: &str, who: &str) -> u64 {
        self.record(node, unit)[who]["pid"].as_u64().expect("a process")
    }

    /// Every process that has this corner in its command line, but the tests' own.
    pub fn processes(&self) -> Vec<String> {
        let corner = self.folder.path().display().to_string();
        let all = std::fs::read_dir("/proc").expect("/proc").filter_map(Result::ok);
        let lines = all.filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok());
        lines
            .map(|line| line.replace('\0', " "))
            .filter(|line| line.contains(&corner) && !line.contains("no-linux"))
            .collect()
    }
}

/// Returns true if a process has ended: as a zombie it has no folder.
pub fn has_ended(pid: u64) -> bool {
    !Path::new(&format!("/proc/{pid}/cwd")).exists()
}

pub fn kill(signal: &str, pid: u64) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
    assert!(status.success());
}

/// Waits until it is so; `what` says what was waited for in vain.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < Duration::from_secs(90), "{what}: not within 90 s");
        std::thread::sleep(Duration::from_millis(100));
    }
    began.elapsed()
}

impl Drop for Machine {
    fn drop(&mut self) {
        // A test that failed leaves nothing running: a supervisor ends its service when its folder is gone.
        let _ = std::fs::remove_dir_all(self.state());
        let end = Instant::now() + Duration::from_secs(40);
        while !self.processes().is_empty() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
