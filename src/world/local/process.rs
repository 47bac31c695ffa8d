//! Which process is meant: a number alone is given to another one day.

use serde::{Deserialize, Serialize};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process by its number and the moment it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pid: i32,
    /// Clock ticks since the machine booted (field 22 of `/proc/PID/stat`).
    began: u64,
}

impl Process {
    /// The process that has this number now, unless it has ended and only waits to be forgotten.
    pub fn of(pid: u32) -> Option<Process> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in brackets may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        if matches!(*fields.first()?, "Z" | "X") {
            return None;
        }
        Some(Process { pid: i32::try_from(pid).ok()?, began: fields.get(19)?.parse().ok()? })
    }

    /// Whether it still runs, and is the one that is meant.
    pub fn is_alive(self) -> bool {
        u32::try_from(self.pid).ok().and_then(Process::of) == Some(self)
    }

    pub fn is_numbered(self, pid: u32) -> bool {
        u32::try_from(self.pid) == Ok(pid)
    }

    pub fn pid(self) -> i32 {
        self.pid
    }

    /// Sends it a signal, if it is still the one that is meant.
    pub fn signal(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Sends the group that it leads a signal, if it is still the one that is meant.
    pub fn signal_group(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) {
            let _ = kill_process_group(pid, signal);
        }
    }
}
