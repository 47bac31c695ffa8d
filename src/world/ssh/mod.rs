//! Hosts over SSH. One session a host, kept for the next script; every wait has an end.

mod config;
mod connect;
mod interactive;
mod known_hosts;
mod lease;
mod login;
mod session;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::lease::{GRACE_SECONDS, Holder, Lease};
use super::script::{Place, Script, act, facts, hold, look, outcome};
use super::{ACT_LIMIT, Epoch, Hold, HostError, Io, LOOK_LIMIT, Output, Target, Upload, World, now_nanos};
use crate::observe::{HostFacts, HostQuery, Secrets};
use crate::plan::Action;
use crate::service::archive::Archive;

use tokio::sync::Semaphore;

pub use config::Config;
use session::Session;

/// So many hosts are worked with at once: each costs a thread, and more make nothing faster (docs/measurements.md).
const AT_ONCE: usize = 100;
/// So many idle sessions are kept: each costs two descriptors, of 1024 that a process usually has.
const KEPT: usize = 256;

/// The hosts that ssh reaches.
#[derive(Debug)]
pub struct Ssh {
    config: Arc<Config>,
    secrets: Secrets,
    /// Relative paths of `archive: { file: … }` start here.
    folder: std::path::PathBuf,
    /// Idle ones, by host and way there: a name alone can have meant another machine.
    sessions: Mutex<HashMap<Target, Session>>,
    /// How many hosts are worked with at once.
    slots: Semaphore,
}

impl Ssh {
    pub fn new(config: Config, secrets: Secrets, folder: &Path) -> Ssh {
        Ssh {
            config: Arc::new(config),
            secrets,
            folder: folder.to_owned(),
            sessions: Mutex::new(HashMap::new()),
            slots: Semaphore::new(AT_ONCE),
        }
    }

    /// Runs a script as root and returns all it printed.
    async fn run(&self, target: &Target, script: Script, limit: Duration, during: &str) -> Result<Output, HostError> {
        // Waiting for a turn is no silence of the host's: no clock runs yet.
        let _slot = self.slots.acquire().await;
        let began = Instant::now();
        let result = self.run_now(target, script, limit, during).await;
        let (host, took) = (target.name.as_str(), began.elapsed().as_millis());
        match &result {
            Ok(output) => tracing::debug!(host, during, status = output.status, millis = took, "answered"),
            Err(error) => tracing::debug!(host, during, millis = took, %error, "failed"),
        }
        result
    }

    async fn run_now(
        &self,
        target: &Target,
        script: Script,
        limit: Duration,
        during: &str,
    ) -> Result<Output, HostError> {
        let ran = match self.idle(target) {
            Some(session) => match session.run(script.clone(), limit, during).await {
                // It died while nobody looked; nothing has run yet.
                Err(HostError::NotBegun { .. }) => None,
                other => Some(other?),
            },
            None => None,
        };
        let (session, output) = match ran {
            Some(ran) => ran,
            None => Session::open(self.config.clone(), target.clone()).await?.run(script, limit, during).await?,
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() < KEPT {
            sessions.insert(target.clone(), session);
        }
        Ok(output)
    }

    fn idle(&self, target: &Target) -> Option<Session> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(target)
    }

    /// Copies archives that are on this machine to where the script will look for them.
    async fn upload(&self, target: &Target, action: &Action) -> Result<(), HostError> {
        let Action::Patch(patch) = action else { return Ok(()) };
        for unpack in &patch.distributions {
            if let Archive::File { path, .. } = &unpack.archive {
                let remote = super::script::cached(&unpack.home);
                let upload = Upload { local: self.folder.join(path), remote, public: false };
                interactive::upload(self.config.clone(), target.clone(), upload, ACT_LIMIT).await?;
            }
        }
        Ok(())
    }

    /// Copies a file of the operator's to a host.
    pub async fn copy(&self, target: &Target, upload: Upload) -> Result<(), HostError> {
        interactive::upload(self.config.clone(), target.clone(), upload, ACT_LIMIT).await
    }

    /// Runs a command line of the operator's with this machine's own input and output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        interactive::run(self.config.clone(), target.clone(), command.to_owned(), io).await
    }
}

impl World for Ssh {
    async fn look(&self, target: &Target, query: &HostQuery) -> Result<HostFacts, HostError> {
        let before = now_nanos();
        let place = Place::machine();
        let output = self.run(target, look(query, &place), LOOK_LIMIT, "looking").await?;
        facts(query, &place, &output, &(before..=now_nanos()))
    }

    async fn act(&self, target: &Target, action: &Action, epoch: Epoch) -> Result<Vec<String>, HostError> {
        self.upload(target, action).await?;
        let title = action.title();
        let script = act(action, epoch, &self.secrets, &Place::machine());
        let output = self.run(target, script, ACT_LIMIT, &title).await?;
        outcome(&title, &output, epoch)
    }

    async fn hold(&self, target: &Target, who: &str) -> Result<Box<dyn Hold>, HostError> {
        let session = Session::open(self.config.clone(), target.clone()).await?;
        let script = hold(who, GRACE_SECONDS, &Place::machine());
        let begin = move || lease::Held::begin(session, &script).map(|held| Box::new(held) as Box<dyn Holder>);
        Ok(Box::new(Lease::take(begin).await?))
    }
}
