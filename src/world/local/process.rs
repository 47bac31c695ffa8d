//! Which process is meant: a number alone is given to another one day.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// A process by its number and the moment it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pid: i32,
    /// Clock ticks since the machine booted (field 22 of `/proc/PID/stat`); where there is no `/proc`, the time to the second as a number,
    /// `20261122054413`.
    began: u64,
}

/// Whether the machine has Linux's `/proc`. Others have `ps`.
static HAS_PROC: LazyLock<bool> = LazyLock::new(|| Path::new("/proc/self/stat").exists());

impl Process {
    /// The process that has this number now, unless it has ended and only waits to be forgotten.
    pub fn of(pid: u32) -> Option<Process> {
        let began = if *HAS_PROC { from_proc(pid) } else { from_ps(pid) };
        Some(Process { pid: i32::try_from(pid).ok()?, began: began? })
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

/// The life of the machine that a beginning counts in: empty where it is a time of the calendar, which no other life repeats.
pub fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

fn from_proc(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

fn from_ps(pid: u32) -> Option<u64> {
    let pid = pid.to_string();
    let mut ps = Command::new("ps");
    // One language and one time zone, whoever looks.
    ps.args(["-o", "stat=", "-o", "lstart=", "-p", &pid]).envs([("LC_ALL", "C"), ("TZ", "UTC")]);
    said_by_ps(&String::from_utf8(ps.output().ok()?.stdout).ok()?)
}

/// Reads the state of a process and when it began: `Ss   Sun Nov 22 05:44:13 2026`.
fn said_by_ps(line: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let words: Vec<&str> = line.split_whitespace().collect();
    let [state, _, month, day, time, year] = words.as_slice() else { return None };
    if state.starts_with('Z') {
        return None;
    }
    let month = 1 + MONTHS.iter().position(|name| name == month)?;
    let day: u8 = day.parse().ok()?;
    format!("{year}{month:02}{day:02}{}", time.replace(':', "")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_told_by_when_it_began() {
        assert_eq!(said_by_ps("Ss   Sun Nov 22 05:44:13 2026\n"), Some(20_261_122_054_413));
        assert_eq!(said_by_ps("R+   Tue Mar  3 23:00:07 2026    \n"), Some(20_260_303_230_007));
        for nobody in ["Z    Tue Mar  3 23:00:07 2026", "", "S", "S Tue Xyz 3 23:00:07 2026"] {
            assert_eq!(said_by_ps(nobody), None, "{nobody:?}");
        }
    }

    #[test]
    fn this_machines_ps_says_it_so() {
        let began = from_ps(std::process::id()).expect("this process runs");
        assert!((20_261_101_000_000..99_991_231_235_959).contains(&began), "{began}");
        assert_eq!(from_ps(u32::MAX >> 1), None);
    }
}
