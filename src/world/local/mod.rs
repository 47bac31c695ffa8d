//! Hosts that are folders of this machine: the same scripts, run here.

mod log;
mod process;
mod state;
mod supervisor;
mod systemctl;
mod unit;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::lease::{GRACE_SECONDS, Holder, Lease};
use super::script::{Place, Script, act, facts, hold, look, outcome};
use super::{ACT_LIMIT, Epoch, Hold, HostError, Io, LOOK_LIMIT, Output, Target, Upload, World, now_nanos};
use crate::observe::{HostFacts, HostQuery, Secrets};
use crate::plan::Action;
use crate::service::archive::Archive;

pub use supervisor::supervise;
pub use systemctl::{ENVIRONMENT, systemctl};

/// So many folders are worked with at once: they share one machine.
const AT_ONCE: usize = 16;

/// The hosts of this machine.
#[derive(Debug)]
pub struct Local {
    /// This program, which keeps the services.
    program: PathBuf,
    /// Where what is unpacked is kept, once for all hosts.
    store: PathBuf,
    secrets: Secrets,
    /// Relative paths of `archive: { file: … }` start here.
    folder: PathBuf,
    slots: Semaphore,
}

impl Local {
    pub fn new(program: PathBuf, store: PathBuf, secrets: Secrets, folder: &Path) -> Local {
        Local { program, store, secrets, folder: folder.to_owned(), slots: Semaphore::new(AT_ONCE) }
    }

    fn place(&self, target: &Target) -> Place {
        Place::folder(target.reach.root(), &self.program, &self.store)
    }

    async fn run(&self, script: &Script, limit: Duration, during: &str) -> Result<Output, HostError> {
        let _slot = self.slots.acquire().await;
        let began = Instant::now();
        let lost = |error: std::io::Error| HostError::Lost { during: during.to_owned(), why: error.to_string() };
        let mut child =
            bounded(limit).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(lost)?;
        let mut input = child.stdin.take().expect("it is piped");
        let feed = async move {
            // One that ends early says why.
            let _ = input.write_all(script.0.as_bytes()).await;
        };
        let ((), output) = tokio::join!(feed, child.wait_with_output());
        let output = output.map_err(lost)?;
        tracing::debug!(during, millis = began.elapsed().as_millis(), "answered");
        Ok(Output { status: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr: output.stderr })
    }

    /// Puts archives where the script will look for them.
    fn upload(&self, target: &Target, action: &Action) -> Result<(), HostError> {
        let Action::Patch(patch) = action else { return Ok(()) };
        for unpack in &patch.distributions {
            if let Archive::File { path, .. } = &unpack.archive {
                let remote = super::script::cached(&unpack.home);
                self.copy(target, &Upload { local: self.folder.join(path), remote, public: false })?;
            }
        }
        Ok(())
    }

    /// Copies a file of the operator's into a host.
    pub fn copy(&self, target: &Target, upload: &Upload) -> Result<(), HostError> {
        let Upload { local, remote, public: _ } = upload;
        let to = PathBuf::from(format!("{}{remote}", target.reach.root()));
        let new = to.with_extension("part");
        let copy = || -> std::io::Result<()> {
            std::fs::create_dir_all(to.parent().expect("uploads go to folders of the tool"))?;
            std::fs::copy(local, &new)?;
            std::fs::rename(&new, &to)
        };
        copy().map_err(|error| HostError::Failed { step: format!("copy {}", local.display()), why: error.to_string() })
    }

    /// Runs a command line of the operator's with this machine's own input and output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        let lost = |error: std::io::Error| HostError::Lost { during: "the command".to_owned(), why: error.to_string() };
        let root = target.reach.root();
        let mut sh = Command::new("sh");
        if io == Io::AsUser {
            let status = sh.args(["-c", command]).current_dir(root).status().await.map_err(lost)?;
            return Ok(status.code().unwrap_or(255));
        }
        let script = format!("{}PATH=$path\n{command}", self.place(target).prelude());
        sh.args(["-c", &script]).env_clear().envs(environment()).process_group(0);
        // The input stays open while we live, so that the command notices when we do not.
        let mut child = sh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(lost)?;
        let _open = child.stdin.take();
        let out = lines(child.stdout.take().expect("it is piped"), std::io::stdout());
        let err = lines(child.stderr.take().expect("it is piped"), std::io::stderr());
        let (out, err) = tokio::join!(out, err);
        out.and(err).map_err(lost)?;
        Ok(child.wait().await.map_err(lost)?.code().unwrap_or(255))
    }
}

/// What services and jobs may have of our environment.
fn environment() -> impl Iterator<Item = (&'static str, std::ffi::OsString)> {
    ENVIRONMENT.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)))
}

/// `sh` that is ended when it takes too long. It makes a group of its own, so that Ctrl-C asks us alone.
fn bounded(limit: Duration) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", &limit.as_secs().to_string(), "sh", "-s"]);
    command
}

/// Passes whole lines on: several hosts may speak at once.
async fn lines(from: impl AsyncRead + Unpin, mut to: impl std::io::Write) -> std::io::Result<()> {
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).await? > 0 {
        to.write_all(&line)?;
        to.flush()?;
        line.clear();
    }
    Ok(())
}

impl World for Local {
    async fn look(&self, target: &Target, query: &HostQuery) -> Result<HostFacts, HostError> {
        let place = self.place(target);
        let before = now_nanos();
        let output = self.run(&look(query, &place), LOOK_LIMIT, "looking").await?;
        facts(query, &place, &output, &(before..=now_nanos()))
    }

    async fn act(&self, target: &Target, action: &Action, epoch: Epoch) -> Result<Vec<String>, HostError> {
        self.upload(target, action)?;
        let title = action.title();
        let script = act(action, epoch, &self.secrets, &self.place(target));
        let output = self.run(&script, ACT_LIMIT, &title).await?;
        outcome(&title, &output, epoch)
    }

    async fn hold(&self, target: &Target, who: &str) -> Result<Box<dyn Hold>, HostError> {
        let script = hold(who, GRACE_SECONDS, &self.place(target));
        let lease = Lease::take(move || Held::begin(&script).map(|held| Box::new(held) as Box<dyn Holder>)).await?;
        Ok(Box::new(lease))
    }
}

/// A holder of a lease that runs here.
struct Held {
    child: std::process::Child,
    said: std::process::ChildStdout,
}

impl Held {
    fn begin(script: &Script) -> Result<Held, HostError> {
        use std::io::Write as _;
        use std::os::unix::process::CommandExt as _;
        let lost =
            |error: std::io::Error| HostError::Lost { during: "taking the lease".to_owned(), why: error.to_string() };
        let mut child = std::process::Command::new("sh")
            .arg("-s")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(lost)?;
        child.stdin.as_mut().expect("it is piped").write_all(script.0.as_bytes()).map_err(lost)?;
        let said = child.stdout.take().expect("it is piped");
        Ok(Held { child, said })
    }
}

impl std::io::Read for Held {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.said.read(buffer)
    }
}

impl std::io::Write for Held {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.child.stdin.as_mut().expect("it is piped").write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.child.stdin.as_mut().expect("it is piped").flush()
    }
}

impl Holder for Held {
    fn why_silent(&mut self) -> HostError {
        HostError::Lost { during: "taking the lease".to_owned(), why: "the script ended".to_owned() }
    }

    fn begin_beats(&mut self) {}

    fn end(&mut self) {
        // It ends with its input.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
