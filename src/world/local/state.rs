//! The record of a supervisor about its service, by which the next run of the tool finds it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::Files;
use super::process::{Process, boot};

/// A service and its supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The folder that it is of: a copy of the folder says nothing of processes.
    root: PathBuf,
    /// The boot of the machine that the processes belong to.
    boot: String,
    pub supervisor: Process,
    pub main: Option<Process>,
    pub phase: Phase,
    /// New with each start.
    pub life: String,
    pub restarts: u32,
}

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Starting,
    Running,
    /// It was told to, and may take a while.
    Stopping,
    /// It ended, and is started again in a moment.
    Waiting,
    Stopped,
}

impl State {
    /// A service that is about to start for the first time.
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

    /// The record of a service of this very folder, from this life of the machine.
    pub fn read(files: &Files) -> Option<State> {
        let text = fs::read_to_string(files.state()).ok()?;
        let state: State = serde_json::from_str(&text).ok()?;
        (state.root == files.root() && state.boot == boot()).then_some(state)
    }

    /// Beside and renamed: whoever reads sees one state or the other.
    pub fn write(&self, files: &Files) -> std::io::Result<()> {
        let path = files.state();
        let new = path.with_extension("state.new");
        // What lies there by this name is a leftover, or a link to somewhere else.
        let _ = fs::remove_file(&new);
        let mut file = fs::File::create_new(&new)?;
        file.write_all(serde_json::to_string(self)?.as_bytes())?;
        fs::rename(new, path)
    }

    /// Returns true if its record is gone, or has become another supervisor's. One that cannot be read just now says neither.
    pub fn is_replaced(&self, files: &Files) -> bool {
        match fs::read_to_string(files.state()) {
            Ok(text) => serde_json::from_str(&text).is_ok_and(|there: State| there.supervisor != self.supervisor),
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }

    /// Removes the record: the service has no supervisor any more.
    pub fn forget(files: &Files) -> std::io::Result<()> {
        match fs::remove_file(files.state()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Returns true if the service itself lives.
    pub fn has_life(&self) -> bool {
        self.main.is_some_and(Process::is_alive)
    }

    /// Returns true if somebody keeps the service.
    pub fn is_kept(&self) -> bool {
        self.phase != Phase::Stopped && self.supervisor.is_alive()
    }
}
