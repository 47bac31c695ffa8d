//! Keeps one service of a folder alive, as systemd does for a machine: it starts it again whenever it ends, and outlives the
//! tool. A service never outlives its supervisor, so that nothing runs that nobody keeps.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::log::Log;
use super::process::Process;
use super::state::{Phase, State};
use super::unit::{Unit, variables};

/// How often it looks whether its own record is still there: without it, its folder was taken away.
const LOOK: Duration = Duration::from_secs(1);
/// Between two attempts at a unit that cannot be read.
const UNREADABLE: Duration = Duration::from_secs(2);

/// Runs the service until it is told to stop, by a signal or by the loss of its record.
pub async fn supervise(root: &Path, name: &str) -> io::Result<()> {
    let me = Process::of(std::process::id()).ok_or_else(|| io::Error::other("/proc is not there"))?;
    let mut asked = signal(SignalKind::terminate())?;
    let log = Arc::new(Log::open(root, name)?);
    let mut keeper = Keeper { root: root.to_owned(), name: name.to_owned(), state: State::new(root, me), log };
    keeper.state.write(name)?;
    loop {
        let pause = match keeper.start().await {
            Ok((unit, mut child)) => {
                let told = tokio::select! {
                    _ = child.wait() => false,
                    () = keeper.told_to_stop(&mut asked) => true,
                };
                keeper.finish(&unit, child, told).await;
                if told {
                    break;
                }
                unit.restart_after
            }
            Err(why) => {
                keeper.log.line(&format!("cannot start: {why}"));
                UNREADABLE
            }
        };
        keeper.state.restarts += 1;
        keeper.enter(Phase::Waiting, None)?;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = keeper.told_to_stop(&mut asked) => break,
        }
    }
    // Without its folder there is nobody to tell.
    let _ = keeper.enter(Phase::Stopped, None);
    Ok(())
}

struct Keeper {
    root: PathBuf,
    name: String,
    state: State,
    log: Arc<Log>,
}

impl Keeper {
    fn enter(&mut self, phase: Phase, main: Option<Process>) -> io::Result<()> {
        self.state.phase = phase;
        self.state.main = main;
        self.state.write(&self.name)
    }

    async fn told_to_stop(&self, asked: &mut tokio::signal::unix::Signal) {
        loop {
            tokio::select! {
                _ = asked.recv() => return,
                () = tokio::time::sleep(LOOK) => {}
            }
            if State::read(&self.root, &self.name).is_none_or(|there| there.supervisor != self.state.supervisor) {
                self.log.line("its folder was taken away");
                return;
            }
        }
    }

    async fn start(&mut self) -> Result<(Unit, Child), String> {
        let path = format!("{}{}", self.root.display(), unit_path(&self.name));
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let unit = Unit::parse(&self.name, &text).map_err(|why| format!("{path}: {why}"))?;
        self.state.life = std::fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default().trim().to_owned();
        self.enter(Phase::Starting, None).map_err(|error| error.to_string())?;
        rustix::process::umask(Mode::from_raw_mode(unit.umask));
        for words in &unit.before {
            let status = command(&unit, words)?.status().await.map_err(|error| error.to_string())?;
            if !status.success() {
                return Err(format!("{}: {status}", words.join(" ")));
            }
        }
        let mut main = vec!["setpriv".to_owned(), "--pdeathsig".to_owned(), "KILL".to_owned(), "--".to_owned()];
        main.extend(unit.main.clone());
        let mut command = command(&unit, &main)?;
        // A group of its own: what it starts ends with it.
        command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", unit.main[0]))?;
        self.keep_log(child.stdout.take());
        self.keep_log(child.stderr.take());
        let process = child.id().and_then(Process::of);
        self.enter(Phase::Running, process).map_err(|error| error.to_string())?;
        Ok((unit, child))
    }

    fn keep_log(&self, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
        let log = self.log.clone();
        if let Some(stream) = stream {
            tokio::spawn(async move {
                let mut lines = BufReader::new(stream).split(b'\n');
                while let Ok(Some(line)) = lines.next_segment().await {
                    log.line(&String::from_utf8_lossy(&line));
                }
            });
        }
    }

    /// Ends all of a service: what it started too.
    async fn finish(&mut self, unit: &Unit, mut child: Child, told: bool) {
        let group = self.state.main.and_then(|main| Pid::from_raw(main.pid()));
        let signal = |signal| group.map(|group| kill_process_group(group, signal));
        if told {
            signal(Signal::TERM);
            let _ = tokio::time::timeout(unit.stop_within, child.wait()).await;
        }
        // Its number is nobody else's as long as one of the group is left, and for long after.
        signal(Signal::KILL);
        let _ = child.wait().await;
        for words in &unit.after {
            if let Ok(mut command) = command(unit, words) {
                let _ = command.status().await;
            }
        }
    }
}

/// A command of a unit, with the unit's folder and variables.
fn command(unit: &Unit, words: &[String]) -> Result<Command, String> {
    let (program, arguments) = words.split_first().ok_or("an empty command")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&unit.folder).stdin(Stdio::null()).envs(unit.environment.clone());
    for path in &unit.environment_files {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        command.envs(variables(&text));
    }
    Ok(command)
}

/// The unit's file, below the root.
fn unit_path(name: &str) -> String {
    crate::desired::unit_path(name).to_string()
}
