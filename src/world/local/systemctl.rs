//! A `systemctl` for the scripts of a folder, backed by the supervisors in it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::files::Files;
use super::process::{Process, pause};
use super::state::{Phase, State};

/// A service that has not been started within this will not be.
const START_LIMIT: Duration = Duration::from_secs(30);
/// A unit says how long it takes to stop; this is more than any of ours.
const STOP_LIMIT: Duration = Duration::from_secs(40);
/// Nothing takes longer to end when it is killed.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// A service that has ended is back within this if its supervisor does its work: a unit of ours waits 2 s.
const COME_BACK_LIMIT: Duration = Duration::from_secs(5);

/// All that services and jobs get of the environment of whoever starts them: what a login has, and no variable of Java's or Spark's.
const ENVIRONMENT: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR"];

/// That part of our own environment.
pub fn environment() -> impl Iterator<Item = (&'static str, OsString)> {
    ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// Executes one command line. Returns an error as text.
pub fn systemctl(program: &Path, root: &Path, arguments: &[String]) -> Result<(), String> {
    let Some(Asked { verb, units, signal }) = Asked::read(arguments) else {
        return Err(format!("systemctl {}: not known here", arguments.join(" ")));
    };
    let services =
        units.iter().map(|unit| Service { program, files: Files::new(root, unit.trim_end_matches(".service")) });
    match verb {
        "daemon-reload" | "reset-failed" => Ok(()),
        "show" => {
            let all: Vec<_> = services.map(|service| service.show()).collect();
            write!(std::io::stdout(), "{}", all.join("\n")).map_err(|error| error.to_string())
        }
        "cat" => each(services, |service| {
            let path = service.files.unit();
            fs::metadata(&path).map(drop).map_err(|error| format!("{}: {error}", path.display()))
        }),
        "status" => each(services, |service| {
            service
                .last_lines()
                .iter()
                .try_for_each(|line| writeln!(std::io::stdout(), "{line}"))
                .map_err(|e| e.to_string())
        }),
        "enable" => each(services, Service::enable),
        "disable" => each(services, Service::disable),
        "start" => each(services, |service| service.alone(Service::start)),
        "stop" => each(services, |service| service.alone(Service::stop)),
        "restart" => each(services, |service| service.alone(|service| service.stop().and_then(|()| service.start()))),
        "kill" => each(services, |service| {
            let main = State::read(&service.files).filter(State::is_kept).and_then(|state| state.main);
            main.map(|main| main.signal(signal)).ok_or_else(|| format!("{} is not running", service.files.name()))
        }),
        other => Err(format!("systemctl {other}: not known here")),
    }
}

/// The signal that tells a worker of Spark to finish and go. Where a system has no such signal, it is stopped at once.
#[cfg(target_os = "linux")]
const POWER: Option<Signal> = Some(Signal::POWER);
#[cfg(not(target_os = "linux"))]
const POWER: Option<Signal> = None;

/// A command line, as far as the scripts write one.
struct Asked<'a> {
    verb: &'a str,
    units: Vec<&'a str>,
    signal: Signal,
}

impl Asked<'_> {
    fn read(arguments: &[String]) -> Option<Asked<'_>> {
        let mut words = Vec::new();
        let mut signal = Signal::TERM;
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(word) = rest.next() {
            match word {
                "-p" | "-n" => drop(rest.next()?),
                "-s" => signal = (rest.next()? == "PWR").then_some(POWER)??,
                _ if word.starts_with('-') => {}
                _ => words.push(word),
            }
        }
        let (verb, units) = words.split_first()?;
        Some(Asked { verb, units: units.to_vec(), signal })
    }
}

/// A supervisor outlives whoever starts it, and must not hold what that one had open: a lock of cron's, a pipe that somebody reads to its
/// end. Its number stays the child's.
const ALL_CLOSED: &str =
    r#"for fd in /dev/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$@""#;

fn each<'a>(
    mut services: impl Iterator<Item = Service<'a>>,
    mut act: impl FnMut(&Service<'a>) -> Result<(), String>,
) -> Result<(), String> {
    services.try_for_each(|service| act(&service))
}

/// One service of a folder.
struct Service<'a> {
    program: &'a Path,
    files: Files,
}

impl Service<'_> {
    fn show(&self) -> String {
        let state = State::read(&self.files);
        let kept = state.as_ref().is_some_and(State::is_kept);
        let phase = state.as_ref().map_or(Phase::Stopped, |state| state.phase);
        let (active, sub) = match (phase, kept) {
            (Phase::Stopped, _) => ("inactive", "dead"),
            // Its supervisor was killed, and the shell that binds it too: the next start ends it first.
            (_, false) if state.as_ref().is_some_and(State::has_life) => ("deactivating", "stop-sigkill"),
            // Its supervisor was killed, and it with it.
            (_, false) => ("failed", "failed"),
            (Phase::Starting, true) => ("activating", "start-pre"),
            (Phase::Stopping, true) => ("deactivating", "stop-sigterm"),
            // It ended this moment; or its supervisor is frozen, or could not write down its end.
            (Phase::Running, true) if !state.as_ref().is_some_and(State::has_life) => ("activating", "auto-restart"),
            (Phase::Running, true) => ("active", "running"),
            (Phase::Waiting, true) => ("activating", "auto-restart"),
        };
        let there = self.files.unit().exists();
        let enabled = self.files.wanted().symlink_metadata().is_ok();
        format!(
            "Id={}.service\nLoadState={}\nActiveState={active}\nSubState={sub}\nUnitFileState={}\nNeedDaemonReload=no\nNRestarts={}\nInvocationID={}\n",
            self.files.name(),
            if there { "loaded" } else { "not-found" },
            match (there, enabled) {
                (true, true) => "enabled",
                (true, false) => "disabled",
                (false, _) => "",
            },
            state.as_ref().map_or(0, |state| state.restarts),
            state.as_ref().map_or("", |state| &state.life),
        )
    }

    fn last_lines(&self) -> Vec<String> {
        let text = fs::read(self.files.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(3)..].iter().map(ToString::to_string).collect()
    }

    fn enable(&self) -> Result<(), String> {
        let link = self.files.wanted();
        let failed = |error: std::io::Error| format!("cannot write {}: {error}", link.display());
        fs::create_dir_all(link.parent().expect("it is in a folder")).map_err(failed)?;
        match symlink(self.files.unit(), &link) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Ok(()),
        }
    }

    fn disable(&self) -> Result<(), String> {
        let link = self.files.wanted();
        match fs::remove_file(&link) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("cannot remove {}: {error}", link.display()))
            }
            _ => Ok(()),
        }
    }

    /// Runs `act` under the service's lock.
    fn alone(&self, act: impl FnOnce(&Self) -> Result<(), String>) -> Result<(), String> {
        let path = self.files.lock();
        let folder = path.parent().expect("it is in a folder");
        if !folder.exists() {
            // Nothing was ever started here.
            fs::create_dir_all(folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        let failed = |error: std::io::Error| format!("cannot lock {}: {error}", path.display());
        let lock = Files::open(&path).map_err(failed)?;
        lock.lock().map_err(failed)?;
        act(self)
    }

    fn start(&self) -> Result<(), String> {
        let end = Instant::now() + COME_BACK_LIMIT;
        while let Some(state) = State::read(&self.files).filter(State::is_kept) {
            match state.phase {
                Phase::Stopping => self.wait_for(state.supervisor, STOP_LIMIT)?,
                _ if state.has_life() => return Ok(()),
                // Its supervisor starts it in a moment, or is frozen, or stuck.
                _ if Instant::now() < end => pause(),
                _ => break,
            }
        }
        // What a killed supervisor may have left, or one that does nothing.
        self.stop()?;
        let log = self.files.log();
        let log = Files::open(&log).map_err(|error| format!("cannot write {}: {error}", log.display()))?;
        let child = Command::new("bash")
            .args(["-c", ALL_CLOSED, "bash"])
            .arg(self.program)
            .args([OsStr::new("supervise"), self.files.root().as_os_str(), OsStr::new(self.files.name())])
            .env_clear()
            .envs(environment())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut child = child.map_err(|error| format!("cannot start its supervisor: {error}"))?;
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            let state = State::read(&self.files).filter(|state| state.supervisor.is_numbered(child.id()));
            match state.map(|state| state.phase) {
                Some(Phase::Running) => return Ok(()),
                Some(Phase::Waiting | Phase::Stopping | Phase::Stopped) => return Err(self.last_lines().join("; ")),
                Some(Phase::Starting) | None => {}
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(format!("its supervisor ended: {}", self.last_lines().join("; ")));
            }
            pause();
        }
        Err(format!("it has not started within {} s", START_LIMIT.as_secs()))
    }

    fn stop(&self) -> Result<(), String> {
        let Some(state) = State::read(&self.files) else { return Ok(()) };
        if state.is_kept() {
            state.supervisor.signal(Signal::TERM);
            if self.wait_for(state.supervisor, STOP_LIMIT).is_err() {
                // It is frozen, or stuck. Its service ends with it.
                state.supervisor.signal(Signal::KILL);
                self.wait_for(state.supervisor, KILL_LIMIT)?;
            }
        }
        // Without a supervisor it has ended too, or is about to.
        if let Some(main) = state.main.filter(|main| main.is_alive()) {
            main.signal_group(Signal::KILL);
            self.wait_for(main, KILL_LIMIT)?;
        }
        State::forget(&self.files).map_err(|error| format!("cannot remove {}: {error}", self.files.state().display()))
    }

    fn wait_for(&self, process: Process, limit: Duration) -> Result<(), String> {
        let end = Instant::now() + limit;
        while process.is_alive() {
            if Instant::now() > end {
                return Err(format!("{} (process {}) does not end", self.files.name(), process.pid()));
            }
            pause();
        }
        Ok(())
    }
}
