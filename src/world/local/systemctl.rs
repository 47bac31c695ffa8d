//! What the scripts ask of `systemctl`, answered for a folder by the supervisors in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::Process;
use super::state::{Phase, State, run_folder};
use crate::desired::UNIT_FOLDER;

/// A service that has not been started within this will not be.
const START_LIMIT: Duration = Duration::from_secs(30);
/// A unit says how long it takes to stop; this is more than any of ours.
const STOP_LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// What a service may have of the environment of whoever started it: nothing that would change what it does.
pub const ENVIRONMENT: &[&str] = &["PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR"];

/// Does as one command line says. What is wrong comes back in words.
pub fn systemctl(program: &Path, root: &Path, arguments: &[String]) -> Result<(), String> {
    let Some(Asked { verb, units, signal }) = Asked::read(arguments) else {
        return Err(format!("systemctl {}: not known here", arguments.join(" ")));
    };
    let services = units.iter().map(|unit| Service { program, root, name: unit.trim_end_matches(".service") });
    match verb {
        "daemon-reload" | "reset-failed" => Ok(()),
        "show" => {
            let all: Vec<_> = services.map(|service| service.show()).collect();
            write!(std::io::stdout(), "{}", all.join("\n")).map_err(|error| error.to_string())
        }
        "cat" => each(services, |service| fs::metadata(service.file()).map(drop).map_err(|error| error.to_string())),
        "status" => each(services, |service| {
            service
                .last_lines()
                .iter()
                .try_for_each(|line| writeln!(std::io::stdout(), "{line}"))
                .map_err(|e| e.to_string())
        }),
        "enable" => each(services, Service::enable),
        "disable" => each(services, Service::disable),
        "start" => each(services, Service::start),
        "stop" => each(services, Service::stop),
        "restart" => each(services, |service| service.stop().and_then(|()| service.start())),
        "kill" => each(services, |service| {
            let main = State::read(root, service.name).filter(State::is_kept).and_then(|state| state.main);
            main.map(|main| main.signal(signal)).ok_or_else(|| format!("{} does not run", service.name))
        }),
        other => Err(format!("systemctl {other}: not known here")),
    }
}

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
                "-s" => signal = (rest.next()? == "PWR").then_some(Signal::POWER)?,
                _ if word.starts_with('-') => {}
                _ => words.push(word),
            }
        }
        let (verb, units) = words.split_first()?;
        Some(Asked { verb, units: units.to_vec(), signal })
    }
}

fn each<'a>(
    mut services: impl Iterator<Item = Service<'a>>,
    mut act: impl FnMut(&Service<'a>) -> Result<(), String>,
) -> Result<(), String> {
    services.try_for_each(|service| act(&service))
}

/// One service of a folder.
struct Service<'a> {
    program: &'a Path,
    root: &'a Path,
    name: &'a str,
}

impl Service<'_> {
    fn file(&self) -> PathBuf {
        self.units().join(format!("{}.service", self.name))
    }

    fn units(&self) -> PathBuf {
        self.root.join(&UNIT_FOLDER[1..])
    }

    /// Where systemd, too, keeps that a unit is enabled.
    fn wanted(&self) -> PathBuf {
        self.units().join("multi-user.target.wants").join(format!("{}.service", self.name))
    }

    fn show(&self) -> String {
        let state = State::read(self.root, self.name);
        let kept = state.as_ref().is_some_and(State::is_kept);
        let phase = state.as_ref().map_or(Phase::Stopped, |state| state.phase);
        let (active, sub) = match (phase, kept) {
            (Phase::Stopped, _) => ("inactive", "dead"),
            // Its supervisor was killed, and it with it.
            (_, false) => ("failed", "failed"),
            (Phase::Starting, true) => ("activating", "start-pre"),
            (Phase::Running, true) => ("active", "running"),
            (Phase::Waiting, true) => ("activating", "auto-restart"),
        };
        let there = self.file().exists();
        let enabled = self.wanted().symlink_metadata().is_ok();
        format!(
            "Id={}.service\nLoadState={}\nActiveState={active}\nSubState={sub}\nUnitFileState={}\nNeedDaemonReload=no\nNRestarts={}\nInvocationID={}\n",
            self.name,
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
        let text = fs::read(run_folder(self.root).join(format!("{}.log", self.name))).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(3)..].iter().map(ToString::to_string).collect()
    }

    fn enable(&self) -> Result<(), String> {
        let link = self.wanted();
        fs::create_dir_all(link.parent().expect("it is in a folder")).map_err(|error| error.to_string())?;
        match symlink(self.file(), &link) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    fn disable(&self) -> Result<(), String> {
        match fs::remove_file(self.wanted()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    fn start(&self) -> Result<(), String> {
        if State::read(self.root, self.name).is_some_and(|state| state.is_kept()) {
            return Ok(());
        }
        // What a killed supervisor may have left.
        self.stop()?;
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(run_folder(self.root).join(format!("{}.log", self.name)))
            .map_err(|error| error.to_string())?;
        let child = Command::new("setsid")
            .arg(self.program)
            .args([OsStr::new("supervise"), self.root.as_os_str(), OsStr::new(self.name)])
            .env_clear()
            .envs(ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let mut child = child.map_err(|error| format!("cannot start its supervisor: {error}"))?;
        let pid = i32::try_from(child.id()).unwrap_or_default();
        let end = Instant::now() + START_LIMIT;
        while Instant::now() < end {
            let state = State::read(self.root, self.name).filter(|state| state.supervisor.pid() == pid);
            match state.map(|state| state.phase) {
                Some(Phase::Running) => return Ok(()),
                Some(Phase::Waiting | Phase::Stopped) => return Err(self.last_lines().join("; ")),
                Some(Phase::Starting) | None => {}
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return Err(format!("its supervisor ended: {}", self.last_lines().join("; ")));
            }
            std::thread::sleep(POLL);
        }
        Err(format!("it has not started within {} s", START_LIMIT.as_secs()))
    }

    fn stop(&self) -> Result<(), String> {
        let Some(state) = State::read(self.root, self.name) else { return Ok(()) };
        if state.is_kept() {
            state.supervisor.signal(Signal::TERM);
            self.wait_for(state.supervisor)?;
        }
        // Without a supervisor it has ended too, or is about to.
        if let Some(main) = state.main.filter(|main| main.is_alive()) {
            main.signal_group(Signal::KILL);
            self.wait_for(main)?;
        }
        State::forget(self.root, self.name).map_err(|error| error.to_string())
    }

    fn wait_for(&self, process: Process) -> Result<(), String> {
        let end = Instant::now() + STOP_LIMIT;
        while process.is_alive() {
            if Instant::now() > end {
                return Err(format!("{} (process {}) does not end", self.name, process.pid()));
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }
}
