//! The identity of a process: process ids are reused.

use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde::{Deserialize, Serialize};

/// A process by its number and the moment it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pid: i32,
    /// Clock ticks since the machine booted (field 22 of `/proc/PID/stat`); where there is no `/proc`, the time to the second as a number,
    /// `20261122054413`.
    began: u64,
}

/// True if the machine has Linux's `/proc`. Others have `ps`.
static HAS_PROC: LazyLock<bool> = LazyLock::new(|| Path::new("/proc/self/stat").exists());

impl Process {
    /// The process that has this number now, unless it is a zombie.
    pub fn of(pid: u32) -> Option<Process> {
        Some(Process { pid: i32::try_from(pid).ok()?, began: began(pid).ok()?? })
    }

    /// Returns true if this very process still runs. If that cannot be determined, it counts as alive: otherwise a caller would
    /// start another beside it.
    pub fn is_alive(self) -> bool {
        self.still_runs().unwrap_or(true)
    }

    fn still_runs(self) -> io::Result<bool> {
        let Ok(pid) = u32::try_from(self.pid) else { return Ok(false) };
        Ok(began(pid)? == Some(self.began))
    }

    pub fn is_numbered(self, pid: u32) -> bool {
        u32::try_from(self.pid) == Ok(pid)
    }

    pub fn pid(self) -> i32 {
        self.pid
    }

    /// Sends it a signal, if it is still the one that is meant.
    pub fn signal(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.still_runs().is_ok_and(|runs| runs)) {
            let _ = kill_process(pid, signal);
        }
    }

    /// Sends the group that it leads a signal, if it is still the one that is meant.
    pub fn signal_group(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.still_runs().is_ok_and(|runs| runs)) {
            let _ = kill_process_group(pid, signal);
        }
    }
}

/// The machine's boot id, which start times count from; empty where they are calendar times, which never repeat.
pub fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// Pauses between two checks of a process; longer with `ps`, where each check starts a process.
pub fn pause() {
    std::thread::sleep(Duration::from_millis(if *HAS_PROC { 20 } else { 200 }));
}

/// When a process began; `None` where there is none of this number that has not ended.
fn began(pid: u32) -> io::Result<Option<u64>> {
    if !*HAS_PROC {
        return from_ps(pid);
    }
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => Ok(said_by_proc(&stat)),
        // `NotFound` comes from opening the file, `SRCH` if the process ends before it is read.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(None),
        Err(error) => Err(error),
    }
}

fn said_by_proc(stat: &str) -> Option<u64> {
    // The name in brackets may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if matches!(*fields.first()?, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}

fn from_ps(pid: u32) -> io::Result<Option<u64>> {
    let pid = pid.to_string();
    let mut ps = Command::new("ps");
    // One language and one time zone, whoever looks.
    ps.args(["-o", "stat=", "-o", "lstart=", "-p", &pid]).envs([("LC_ALL", "C"), ("TZ", "UTC")]);
    let output = ps.output()?;
    // It fails, without a word, where there is no such process.
    match (output.status.success(), output.stdout.is_empty() && output.stderr.is_empty()) {
        (true, _) => Ok(said_by_ps(&String::from_utf8_lossy(&output.stdout))),
        (false, true) => Ok(None),
        (false, false) => Err(io::Error::other(format!("ps: {}", String::from_utf8_lossy(&output.stderr).trim()))),
    }
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
        let began = from_ps(std::process::id()).expect("ps runs").expect("this process does");
        assert!((20_261_101_000_000..99_991_231_235_959).contains(&began), "{began}");
        assert_eq!(from_ps(u32::MAX >> 1).expect("ps runs"), None);
        // What could not be asked is no answer.
        assert!(from_ps(u32::MAX).is_err());
    }
}
