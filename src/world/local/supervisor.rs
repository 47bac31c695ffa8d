//! Keeps one service of a folder alive, as systemd does for a machine: it starts it again whenever it ends, and outlives the
//! tool. A service never outlives its supervisor, so that nothing runs that nobody keeps.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::signal::unix::{SignalKind, signal};

use super::files::Files;
use super::log::Log;
use super::process::Process;
use super::state::{Phase, State};
use super::unit::{Unit, variables};
use crate::value::random_digits;

/// The interval at which it checks that its own record is still there: without it, its folder was taken away.
const LOOK: Duration = Duration::from_secs(1);
/// Binds a service to its supervisor: a shell in the service's group reads from a pipe whose other end the supervisor alone has. Nothing
/// ever comes; when the supervisor has ended, however it did, the read ends, and the shell ends the group and itself.
const BOUND: &str =
    r#"exec 3<&0; { trap "" HUP INT TERM; read -r _ <&3; kill -9 0; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null"#;
/// Between two attempts at a unit that cannot be read.
const UNREADABLE: Duration = Duration::from_secs(2);

/// The reason why a service is no longer to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// By a signal.
    Asked,
    /// Its record is gone, or is somebody else's: its folder was taken away, and perhaps made again.
    Lost,
}

/// Runs the service until it is told to stop.
pub async fn supervise(root: &Path, name: &str) -> io::Result<()> {
    // Away from the terminal of whoever started it. It fails only for a group leader, as when a person starts one by hand.
    let _ = rustix::process::setsid();
    let me =
        Process::of(std::process::id()).ok_or_else(|| io::Error::other("neither /proc nor ps shows this process"))?;
    let mut asked = signal(SignalKind::terminate())?;
    let files = Files::new(root, name);
    let log = Arc::new(Log::open(&files)?);
    let mut keeper = Keeper { state: State::new(root, me), files, log };
    if keeper.is_anothers() {
        return Err(io::Error::other(format!("another supervisor runs {name}")));
    }
    keeper.state.write(&keeper.files)?;
    let told = loop {
        let pause = match keeper.start().await {
            Ok(mut life) => {
                let told = tokio::select! {
                    _ = life.child.wait() => None,
                    told = keeper.told_to_stop(&mut asked) => Some(told),
                };
                if told.is_some() {
                    // Whoever wants it started meanwhile must wait for its end.
                    keeper.enter(Phase::Stopping, keeper.state.main);
                }
                let pause = life.unit.restart_after;
                keeper.finish(life, told.is_some()).await;
                if let Some(told) = told {
                    break told;
                }
                pause
            }
            Err(why) => {
                keeper.log.line(&format!("cannot start: {why}"));
                UNREADABLE
            }
        };
        keeper.state.restarts += 1;
        keeper.enter(Phase::Waiting, None);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            told = keeper.told_to_stop(&mut asked) => break told,
        }
    };
    match told {
        Told::Asked => keeper.enter(Phase::Stopped, None),
        // What stands there now is not ours to change.
        Told::Lost => keeper.log.line("the supervisor's record is gone, so the supervisor ends"),
    }
    Ok(())
}

/// From a start of the service to its end.
struct Life {
    unit: Unit,
    child: Child,
    /// It leads a group of its own: what it starts ends with it.
    group: Option<Pid>,
    /// While this is open, the service may live.
    bond: ChildStdin,
}

struct Keeper {
    files: Files,
    state: State,
    log: Arc<Log>,
}

impl Keeper {
    /// A full disk costs the record, and not the service: the record is written again with the next change.
    fn enter(&mut self, phase: Phase, main: Option<Process>) {
        self.state.phase = phase;
        self.state.main = main;
        if self.is_anothers() {
            return;
        }
        if let Err(error) = self.state.write(&self.files) {
            self.log.line(&format!("cannot write {}: {error}", self.files.state().display()));
        }
    }

    /// Returns true if the record is that of another supervisor who lives.
    fn is_anothers(&self) -> bool {
        State::read(&self.files)
            .is_some_and(|there| there.supervisor != self.state.supervisor && there.supervisor.is_alive())
    }

    async fn told_to_stop(&self, asked: &mut tokio::signal::unix::Signal) -> Told {
        loop {
            tokio::select! {
                _ = asked.recv() => return Told::Asked,
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.state.is_replaced(&self.files) {
                return Told::Lost;
            }
        }
    }

    async fn start(&mut self) -> Result<Life, String> {
        let path = self.files.unit();
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let unit = Unit::parse(self.files.name(), &text).map_err(|why| format!("{}: {why}", path.display()))?;
        self.state.life = random_digits();
        self.enter(Phase::Starting, None);
        rustix::process::umask(Mode::from_raw_mode(unit.umask));
        for words in &unit.before {
            let status = command(&unit, words)?.status().await.map_err(|error| format!("{}: {error}", words[0]))?;
            if !status.success() {
                return Err(format!("{}: {status}", words.join(" ")));
            }
        }
        let main: Vec<String> =
            ["sh", "-c", BOUND, "sh"].into_iter().map(str::to_owned).chain(unit.main.iter().cloned()).collect();
        let mut command = command(&unit, &main)?;
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = command.spawn();
        let mut child =
            spawned.map_err(|error| format!("sh for {} in {}: {error}", unit.main[0], unit.folder.display()))?;
        let bond = child.stdin.take().expect("it is piped");
        self.keep_log(child.stdout.take());
        self.keep_log(child.stderr.take());
        self.enter(Phase::Running, child.id().and_then(Process::of));
        let group = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        Ok(Life { unit, child, group, bond })
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
    async fn finish(&mut self, life: Life, told: bool) {
        let Life { unit, mut child, group, bond } = life;
        let signal = |signal| group.map(|group| kill_process_group(group, signal));
        if told {
            signal(Signal::TERM);
            let _ = tokio::time::timeout(unit.stop_within, child.wait()).await;
        }
        // The group's id is not reused while one of its processes is left, nor soon after.
        signal(Signal::KILL);
        drop(bond);
        let _ = child.wait().await;
        for words in &unit.after {
            if let Ok(mut command) = command(&unit, words) {
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
