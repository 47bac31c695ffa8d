//! Hosts that are folders of this machine: the same scripts, run here.

mod anchor;
mod files;
mod log;
mod process;
mod state;
mod supervisor;
mod systemctl;
mod unit;
mod util_linux;

use std::fs::Metadata;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::lease::{Begin, LeaseScript};
use super::lines::Lines;
use super::script::{Script, ScriptPlace};
use super::{Io, LONGEST_ERRORS, LONGEST_OUTPUT, Output, Upload};
use crate::host::{HostError, RUN_FOLDER, STATE_FOLDER, Target, UNIT_FOLDER};

pub use supervisor::supervise;
pub use systemctl::systemctl;
pub use util_linux::{in_a_session, lock};

/// So many folders are worked with at once: they share one machine.
const AT_ONCE: usize = 16;

/// The hosts of this machine.
#[derive(Debug)]
pub struct Local {
    /// This program, which keeps the services.
    program: PathBuf,
    /// The folder of unpacked distributions, kept once for all hosts. Without one only the package of `PyPI` cannot be had.
    store: Option<PathBuf>,
    slots: Semaphore,
}

impl Local {
    /// `program` keeps services; what is unpacked is kept in `store`.
    pub fn new(program: PathBuf, store: Option<PathBuf>) -> Local {
        Local { program, store, slots: Semaphore::new(AT_ONCE) }
    }

    pub fn place(&self, target: &Target) -> ScriptPlace {
        ScriptPlace::folder(target.reach.root(), &self.program, self.store.as_deref())
    }

    /// Runs a script and returns all it printed.
    pub async fn run(
        &self,
        target: &Target,
        script: &Script,
        limit: Duration,
        during: &str,
    ) -> Result<Output, HostError> {
        let _slot = self.slots.acquire().await;
        let failed = failed("run a script on this machine");
        usable(Path::new(target.reach.root()))?;
        self.store.as_deref().map_or(Ok(()), |store| owned([store.to_owned()]))?;
        let mut command = bounded(limit);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let mut input = child.stdin.take().expect("it is piped");
        let feed = async move {
            // One that ends early says why.
            let _ = input.write_all(script.0.as_bytes()).await;
        };
        let out = child.stdout.take().expect("it is piped");
        let err = child.stderr.take().expect("it is piped");
        let ((), out, err) = tokio::join!(feed, first(out, LONGEST_OUTPUT), first(err, LONGEST_ERRORS));
        let (stdout, stderr) = (out.map_err(failed)?, err.map_err(failed)?);
        let status = child.wait().await.map_err(failed)?;
        if stdout.len() > LONGEST_OUTPUT {
            return Err(HostError::TooMuch { mib: LONGEST_OUTPUT >> 20, during: during.into() });
        }
        Ok(Output { status: status.code().unwrap_or(-1), stdout, stderr })
    }

    /// Copies a file of the operator's into a host.
    pub async fn copy(&self, target: &Target, upload: Upload) -> Result<(), HostError> {
        let Upload { local, remote, readers: _ } = upload;
        let step = format!("copy {}", local.display());
        let to = PathBuf::from(format!("{}{remote}", target.reach.root()));
        let copy = tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            // Several may copy the same file at once.
            let new = to.with_extension(format!("{}.part", std::process::id()));
            std::fs::create_dir_all(to.parent().expect("uploads go to folders of the tool"))?;
            let _ = std::fs::remove_file(&new);
            let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
            std::io::copy(&mut std::fs::File::open(local)?, &mut file)?;
            std::fs::rename(&new, &to)
        });
        copy.await.map_err(std::io::Error::other).flatten().map_err(failed(&step))
    }

    /// A script whose input and output stay open.
    pub fn anchor(&self, script: Script) -> Begin {
        Box::new(move || anchor::LocalAnchor::begin(&script).map(|here| Box::new(here) as Box<dyn LeaseScript>))
    }

    /// Runs a command line of the operator's with this machine's own output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        let failed = failed("run the command");
        let root = target.reach.root();
        usable(Path::new(root))?;
        let mut sh = Command::new("sh");
        if io == Io::AsUser {
            if !Path::new(root).is_dir() {
                let why = format!("{root} is not there: provision apply first");
                return Err(HostError::Failed { why });
            }
            let status = sh.args(["-c", command]).current_dir(root).stdin(Stdio::null()).status().await;
            return Ok(status.map_err(failed)?.code().unwrap_or(255));
        }
        sh.args(["-c", &format!("{}{command}", self.place(target).prelude())]);
        sh.env_clear().envs(systemctl::environment()).process_group(0);
        // The input stays open while we live, so that the command notices when we do not.
        let mut child =
            sh.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
        let _open = child.stdin.take();
        let before = io.before_lines(&target.name);
        let out = lines(child.stdout.take().expect("it is piped"), &before, std::io::stdout());
        let err = lines(child.stderr.take().expect("it is piped"), &before, std::io::stderr());
        let (out, err) = tokio::join!(out, err);
        out.and(err).map_err(failed)?;
        Ok(child.wait().await.map_err(failed)?.code().unwrap_or(255))
    }
}

/// The first bytes of a stream, and one more if there are more; the rest is dropped.
async fn first(mut stream: impl AsyncRead + Unpin, most: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    (&mut stream).take(most as u64 + 1).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

/// An error of this machine's own, with what was attempted as an infinitive.
fn failed(attempt: &str) -> impl Fn(std::io::Error) -> HostError + Copy {
    move |error| HostError::Failed { why: format!("cannot {attempt}: {error}") }
}

/// The directories of every folder that stands for a host. A service's own are checked by the scripts.
const DIRECTORIES: &[&str] =
    &["etc", "etc/systemd", UNIT_FOLDER, "opt", "opt/provision", "run", RUN_FOLDER, "var", "var/lib", STATE_FOLDER];

/// Checks that a folder is what it seems: to a script, one without read permission looks like a missing one, and a link looks like a directory.
fn usable(root: &Path) -> Result<(), HostError> {
    match std::fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Err(HostError::Failed {
                why: format!("{} belongs to another user or cannot be read: {error}", root.display()),
            });
        }
        _ => {}
    }
    let above = root.ancestors().take(FOLDERS_ABOVE);
    let within: Vec<PathBuf> = DIRECTORIES.iter().map(|path| root.join(path.trim_start_matches('/'))).collect();
    let kept: Vec<PathBuf> = [STATE_FOLDER, RUN_FOLDER, UNIT_FOLDER]
        .iter()
        .flat_map(|path| directories_in(&root.join(path.trim_start_matches('/')), DEEP))
        .collect();
    let all: Vec<PathBuf> = within.into_iter().chain(kept).collect();
    owned(above.map(Path::to_owned).chain(all.iter().cloned()))?;
    all.into_iter().find(|path| path.is_symlink()).map_or(Ok(()), |link| {
        let why = format!(
            "{} is a symbolic link, which leads out of the node's folder: put the directory itself there",
            link.display()
        );
        Err(HostError::Failed { why })
    })
}

/// The depth of what the tool keeps by name below its own directories: `kept`, a unit's, and an apply's.
const DEEP: usize = 3;

/// The directories in a directory, and links to such, down to this depth. Nothing is followed.
fn directories_in(folder: &Path, depth: usize) -> Vec<PathBuf> {
    if depth == 0 || folder.is_symlink() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let here: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    let deeper: Vec<PathBuf> = here.iter().flat_map(|path| directories_in(path, depth - 1)).collect();
    here.into_iter().chain(deeper).collect()
}

/// The node's folder, the cluster's and the tool's own.
const FOLDERS_ABOVE: usize = 3;

/// Refuses a directory of another user: whoever owns it exchanges what is below it, and the next start would run that user's programs.
fn owned(directories: impl IntoIterator<Item = PathBuf>) -> Result<(), HostError> {
    let Some(theirs) = directories.into_iter().find(|path| is_of_others(path)) else { return Ok(()) };
    let why = format!(
        "{} belongs to another user, or others may write in it: whoever owns it decides what runs there. Remove it, or make it your own (chown, chmod o-w)",
        theirs.display()
    );
    Err(HostError::Failed { why })
}

/// Returns true if somebody but this user and root owns a directory, or may write in it. (A group may: many systems give each user one.)
fn is_of_others(path: &Path) -> bool {
    const OTHERS_WRITE: u32 = 0o002;
    let is_ours = |found: &Metadata| found.uid() == rustix::process::geteuid().as_raw() || found.uid() == 0;
    let is_link_of_others = std::fs::symlink_metadata(path).is_ok_and(|found| !is_ours(&found));
    // The directory itself, also at the end of a link of this user's.
    let ends_at_others = |found: Metadata| found.is_dir() && (!is_ours(&found) || found.mode() & OTHERS_WRITE != 0);
    is_link_of_others || std::fs::metadata(path).is_ok_and(ends_at_others)
}

/// `sh` that is ended when it takes too long. It makes a group of its own, so that Ctrl-C asks us alone.
fn bounded(limit: Duration) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", &limit.as_secs().to_string(), "sh", "-s"]);
    command
}

/// Passes whole lines on: several hosts may speak at once.
async fn lines(mut from: impl AsyncRead + Unpin, before: &str, to: impl std::io::Write) -> std::io::Result<()> {
    let mut lines = Lines::to(to, before);
    let mut buffer = vec![0; 32 * 1024];
    loop {
        match from.read(&mut buffer).await? {
            0 => return lines.end(),
            count => lines.take(&buffer[..count])?,
        }
    }
}
