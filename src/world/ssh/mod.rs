//! Hosts over SSH. One session a host, kept for the next script; every wait has an end.

mod anchor;
mod answers;
mod bounded;
mod config;
mod connect;
mod interactive;
mod known_hosts;
mod libssh2;
mod login;
mod openssh;
mod relay;
mod route;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::lease::{Begin, LeaseScript};
use super::script::Script;
use super::{Io, Output, Upload};
use crate::host::{During, HostError, Target};

pub use config::{Config, Hop};
use libssh2::Way;
use openssh::OpenSsh;
use route::Client;
pub use route::Route;
use session::Session;

/// The number of hosts that are worked with at once: each costs a thread, and more make nothing faster (docs/measurements.md).
const AT_ONCE: usize = 100;
/// The number of connections that are opened meanwhile; each costs a descriptor.
const CALLED: usize = 200;
/// So many idle sessions are kept at most.
const KEPT: usize = 256;
/// A session costs three descriptors: those that are kept take half of what this process may have.
const DESCRIPTORS_OF_ONE: u64 = 3;

/// The hosts that ssh reaches.
#[derive(Debug)]
pub struct Ssh {
    config: Arc<Config>,
    /// Idle ones, by host and way there: a name alone can have meant another machine.
    sessions: Mutex<HashMap<Target, Session>>,
    openssh: OpenSsh,
    kept: usize,
    /// The connections that are being opened, apart from `slots`, so that a silent host takes no slot.
    dials: Semaphore,
    /// The number of hosts that are worked with at once.
    slots: Semaphore,
}

impl Ssh {
    /// The hosts that this configuration reaches.
    pub fn new(config: Config) -> Ssh {
        Ssh {
            config: Arc::new(config),
            sessions: Mutex::new(HashMap::new()),
            openssh: OpenSsh::default(),
            kept: kept(),
            dials: Semaphore::new(CALLED),
            slots: Semaphore::new(AT_ONCE),
        }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Runs a script as root and returns all it printed.
    pub async fn run(
        &self,
        target: &Target,
        script: Script,
        limit: Duration,
        during: &str,
    ) -> Result<Output, HostError> {
        // Waiting for a slot does not count as the host's silence: no timeout runs yet.
        let ran = match self.idle(target) {
            Some(session) => {
                let _slot = self.slots.acquire().await;
                match session.run(script.clone(), limit, during).await {
                    // It died while nobody looked; nothing has run yet.
                    Err(HostError::ConnectionGone { .. }) => None,
                    other => Some(other?),
                }
            }
            None => None,
        };
        let (session, output) = if let Some(ran) = ran {
            ran
        } else {
            let (session, _slot) = self.open(target).await?;
            session.run(script, limit, during).await?
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() < self.kept && !session.connection.is_worn() {
            sessions.insert(target.clone(), session);
        }
        Ok(output)
    }

    /// A new session, with a slot to work in.
    async fn open(&self, target: &Target) -> Result<(Session, SemaphorePermit<'_>), HostError> {
        let dial = self.dials.acquire().await.expect("nobody closes it");
        let (config, asked) = (self.config.clone(), target.clone());
        let lost =
            |error: tokio::task::JoinError| HostError::Lost { during: During::Handshake, why: error.to_string() };
        let route = tokio::task::spawn_blocking(move || config.route(&asked)).await.map_err(lost)??;
        match route.client.clone() {
            Client::Libssh2(plain) if !self.openssh.has(target) => {
                let way = Way::to(route.clone(), plain).await?;
                let slot = self.slots.acquire().await.expect("nobody closes it");
                drop(dial);
                let session = match way.log_in().await {
                    Err(refused @ (HostError::Login { .. } | HostError::NeedsOpenSsh { .. }))
                        if self.config.has_openssh() =>
                    {
                        self.instead(target, route, refused).await?
                    }
                    other => other?,
                };
                Ok((session, slot))
            }
            Client::Libssh2(_) | Client::OpenSsh { .. } => {
                tracing::debug!(host = target.name.as_str(), client = ?route.client, "opening");
                let session = self.openssh.session(target, route).await?;
                let slot = self.slots.acquire().await.expect("nobody closes it");
                Ok((session, slot))
            }
        }
    }

    /// Lets OpenSSH try what libssh2 cannot do: an agent's certificate, a method that libssh2 does not know.
    async fn instead(&self, target: &Target, route: Route, refused: HostError) -> Result<Session, HostError> {
        tracing::debug!(host = target.name.as_str(), %refused, "trying OpenSSH");
        self.openssh.session(target, route).await.map_err(|error| match (error, refused) {
            (HostError::Login { name, user, why }, HostError::Login { why: before, .. }) => {
                HostError::Login { name, user, why: format!("{why}; {before}") }
            }
            (error, _) => error,
        })
    }

    /// The next script goes by a new connection.
    pub fn forget(&self, target: &Target) {
        drop(self.idle(target));
        self.openssh.forget(target);
    }

    fn idle(&self, target: &Target) -> Option<Session> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(target)
    }

    /// Copies a file of the operator's to a host.
    pub async fn copy(&self, target: &Target, upload: Upload, limit: Duration) -> Result<(), HostError> {
        let session = self.open(target).await?.0;
        interactive::upload(session, upload, limit).await
    }

    /// A session of its own, for a script whose input and output stay open.
    pub async fn anchor(&self, target: &Target, script: Script) -> Result<Begin, HostError> {
        let session = self.open(target).await?.0;
        Ok(Box::new(move || {
            anchor::Remote::begin(session, &script).map(|remote| Box::new(remote) as Box<dyn LeaseScript>)
        }))
    }

    /// Runs a command line of the operator's with this machine's own output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        let session = self.open(target).await?.0;
        interactive::run(session, target.clone(), command.to_owned(), io).await
    }
}

/// The number of idle sessions that this process has room for.
fn kept() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit / 2 / DESCRIPTORS_OF_ONE).unwrap_or(KEPT).min(KEPT)
}
