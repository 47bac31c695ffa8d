//! What a supervisor says of its service, in a file that the next run of the tool finds it by.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::process::Process;

/// A service and who keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The folder that it is of: a copy of the folder says nothing of processes.
    root: PathBuf,
    /// The machine's life that the processes are of.
    boot: String,
    pub supervisor: Process,
    pub main: Option<Process>,
    pub phase: Phase,
    /// New with each start.
    pub life: String,
    pub restarts: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Starting,
    Running,
    /// It ended, and is started again in a moment.
    Waiting,
    Stopped,
}

impl State {
    pub fn new(root: &Path, supervisor: Process) -> State {
        State {
            root: root.to_owned(),
            boot: boot(),
            supervisor,
            main: None,
            phase: Phase::Starting,
            life: String::new(),
            restarts: 0,
        }
    }

    /// What is recorded of a service of this very folder, in this life of the machine.
    pub fn read(root: &Path, unit: &str) -> Option<State> {
        let text = fs::read_to_string(path(root, unit)).ok()?;
        let state: State = serde_json::from_str(&text).ok()?;
        (state.root == root && state.boot == boot()).then_some(state)
    }

    pub fn write(&self, unit: &str) -> std::io::Result<()> {
        let path = path(&self.root, unit);
        let new = path.with_extension("state.new");
        let mut file = fs::File::create(&new)?;
        file.write_all(serde_json::to_string(self)?.as_bytes())?;
        fs::rename(new, path)
    }

    /// Nobody keeps the service any more.
    pub fn forget(root: &Path, unit: &str) -> std::io::Result<()> {
        match fs::remove_file(path(root, unit)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether somebody keeps the service.
    pub fn is_kept(&self) -> bool {
        self.phase != Phase::Stopped && self.supervisor.is_alive()
    }
}

/// What is kept of the present life of a folder.
pub fn run_folder(root: &Path) -> PathBuf {
    root.join("run/provision")
}

fn path(root: &Path, unit: &str) -> PathBuf {
    run_folder(root).join(format!("{unit}.state"))
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
