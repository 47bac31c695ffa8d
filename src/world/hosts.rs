//! The world of hosts: scripts are built here, run on each host over its connection, and their output is parsed here.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::lease::{AnchorLease, GRACE_SECONDS};
use super::local::Local;
use super::script::{Script, ScriptPlace, act, cached, facts, hold, look, outcome};
use super::ssh::Ssh;
use super::{Hold, Io, LeaseId, Output, Permit, Upload, World};
use crate::host::{Action, Claim, HostError, HostFacts, HostQuery, Reach, Secrets, Target, sha512};
use crate::service::archive::Archive;

/// Limit for downloading, checking and unpacking a distribution of 400 MB on a slow disk, or installing a package with its dependencies.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// Limit for deleting data, one directory after the other.
const REMOVAL: Duration = Duration::from_secs(15 * 60);
/// Limit for everything else: 60 s for the host's lock, 60 s for a command run as a service's user, 90 s for systemd to stop and start a unit.
const SHORTEST: Duration = Duration::from_secs(60 + 60 + 90);

/// The part of a trial that its beginning may take: the rest is for the checks, and no host waits for a slow one until its own trial is over.
const TRIAL_PART: u32 = 4;

/// The time after which an action counts as failed, so that a host that never finishes does not keep the others waiting.
fn limit(action: &Action) -> Duration {
    match action {
        Action::InstallPackage { .. } => LONGEST,
        Action::Patch(patch) if !patch.distributions.is_empty() => LONGEST,
        Action::Remove(_) => REMOVAL,
        Action::TryRules { seconds, .. } => Duration::from_secs((seconds / TRIAL_PART).into()),
        Action::Patch(patch) if !patch.leftovers.distributions.is_empty() => REMOVAL,
        Action::Swap { drain: Some(drain), .. } | Action::Drain { drain, .. } => {
            SHORTEST + Duration::from_secs(drain.seconds.into())
        }
        Action::Patch(_)
        | Action::Swap { .. }
        | Action::Raise
        | Action::Remember { .. }
        | Action::Journal { .. }
        | Action::RecordBirth { .. }
        | Action::MarkNew { .. }
        | Action::Unmark { .. }
        | Action::Start { .. }
        | Action::Stop { .. }
        | Action::Enable { .. }
        | Action::EndTrial
        | Action::KeepRules { .. }
        | Action::PutBack { .. }
        | Action::Release { .. } => SHORTEST,
    }
}

/// The exit status of `timeout` when it had to end the script.
const TIMED_OUT: i32 = 124;

/// Machines over SSH, and folders of this one.
#[derive(Debug)]
pub struct Hosts {
    pub ssh: Ssh,
    pub local: Local,
    /// The secrets that actions lay.
    pub secrets: Secrets,
    /// Relative paths of `archive: { file: … }` start here.
    pub folder: PathBuf,
}

impl Hosts {
    /// Copies a file of the operator's to a host.
    pub async fn copy(&self, target: &Target, upload: Upload) -> Result<(), HostError> {
        let copy = async {
            match target.reach {
                Reach::Ssh(_) => self.ssh.copy(target, upload, LONGEST).await,
                Reach::Local(_) => self.local.copy(target, upload).await,
            }
        };
        // The host ends it in time by itself, if it is honest.
        let late = |_| HostError::Timeout { seconds: LONGEST.as_secs(), during: "copying a file".into() };
        tokio::time::timeout(LONGEST + Duration::from_secs(30), copy).await.map_err(late)?
    }

    /// Runs a command line of the operator's as root or the folder's owner, and returns what it prints.
    pub async fn read(
        &self,
        target: &Target,
        command: &str,
        limit: Duration,
        during: &str,
    ) -> Result<Output, HostError> {
        let script = Script(format!("{}{command}\n", self.place(target).prelude()));
        self.run(target, script, limit, during).await
    }

    /// Runs a command line of the operator's with this machine's own output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        match target.reach {
            Reach::Ssh(_) => self.ssh.interactive(target, command, io).await,
            Reach::Local(_) => self.local.interactive(target, command, io).await,
        }
    }

    fn place(&self, target: &Target) -> ScriptPlace {
        match target.reach {
            Reach::Ssh(_) => ScriptPlace::machine(),
            Reach::Local(_) => self.local.place(target),
        }
    }

    /// Runs a script to its end.
    async fn run(&self, target: &Target, script: Script, limit: Duration, during: &str) -> Result<Output, HostError> {
        let began = std::time::Instant::now();
        let ran = match target.reach {
            Reach::Ssh(_) => self.ssh.run(target, script, limit, during).await,
            Reach::Local(_) => self.local.run(target, &script, limit, during).await,
        };
        let (host, millis) = (target.name.as_str(), began.elapsed().as_millis());
        match &ran {
            Ok(output) => tracing::debug!(host, during, status = output.status, millis, "answered"),
            Err(error) => tracing::debug!(host, during, millis, %error, "failed"),
        }
        match ran {
            Ok(Output { status: TIMED_OUT, .. }) => {
                Err(HostError::Timeout { seconds: limit.as_secs(), during: during.into() })
            }
            other => other,
        }
    }
}

impl World for Hosts {
    async fn look(&self, target: &Target, query: &HostQuery) -> Result<HostFacts, HostError> {
        let place = self.place(target);
        if query.is_fresh {
            self.ssh.forget(target);
        }
        let before = now_nanos();
        let output = self.run(target, look(query, &place), query.limit(), "looking").await?;
        facts(query, &place, &output, &(before..=now_nanos()))
    }

    async fn digest(&self, archive: &Path) -> Option<String> {
        let path = self.folder.join(archive);
        tokio::task::spawn_blocking(move || sha512(std::fs::File::open(path)?)).await.ok()?.ok()
    }

    async fn act(&self, target: &Target, action: &Action, permit: &Permit) -> Result<Vec<String>, HostError> {
        let unpacks = if let Action::Patch(patch) = action { patch.distributions.as_slice() } else { &[] };
        for unpack in unpacks {
            // Archives that are on this machine go to where the script will look for them.
            if let Archive::File { path, .. } = &unpack.archive {
                let upload = Upload { local: self.folder.join(path), remote: cached(&unpack.home), readers: None };
                self.copy(target, upload).await?;
            }
        }
        let title = action.title();
        let script = act(action, permit, &self.secrets, &self.place(target));
        let output = self.run(target, script, limit(action), &title).await?;
        outcome(&output, permit.epoch())
    }

    async fn hold(
        &self,
        target: &Target,
        who: &str,
        claim: &Claim,
        lease: &LeaseId,
    ) -> Result<Box<dyn Hold>, HostError> {
        let script = hold(who, GRACE_SECONDS, claim, lease, &self.place(target));
        let begin = match target.reach {
            Reach::Ssh(_) => self.ssh.anchor(target, script).await?,
            Reach::Local(_) => self.local.anchor(script),
        };
        Ok(Box::new(AnchorLease::take(begin).await?))
    }
}

fn now_nanos() -> i128 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX))
}
