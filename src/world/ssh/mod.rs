//! Hosts over SSH. One session a host, kept for the next script; every wait has an end.

mod anchor;
mod bounded;
mod config;
mod connect;
mod interactive;
mod known_hosts;
mod login;
mod relay;
mod route;
mod session;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::lease::{Begin, LeaseScript};
use super::script::Script;
use super::{Io, Output, Upload};
use crate::host::{HostError, Target};

pub use config::{Config, Hop};
use known_hosts::known_as;
pub use route::Route;
use session::{Session, Way};

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
    kept: usize,
    /// The connections that are being opened, apart from `slots`, so that a silent host takes no slot.
    dials: Semaphore,
    /// The number of hosts that are worked with at once.
    slots: Semaphore,
}

/// The place of a host, and the name that `known_hosts` has for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub address: String,
    pub known_as: String,
}

impl Ssh {
    /// The hosts that this configuration reaches.
    pub fn new(config: Config) -> Ssh {
        Ssh {
            config: Arc::new(config),
            sessions: Mutex::new(HashMap::new()),
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
            let dial = self.dials.acquire().await;
            let way = Way::to(&self.config, target).await?;
            let _slot = self.slots.acquire().await;
            drop(dial);
            way.log_in().await?.run(script, limit, during).await?
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() < self.kept {
            sessions.insert(target.clone(), session);
        }
        Ok(output)
    }

    /// The next script goes by a new connection.
    pub fn forget(&self, target: &Target) {
        drop(self.idle(target));
    }

    fn idle(&self, target: &Target) -> Option<Session> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(target)
    }

    /// Copies a file of the operator's to a host.
    pub async fn copy(&self, target: &Target, upload: Upload, limit: Duration) -> Result<(), HostError> {
        interactive::upload(self.config.clone(), target.clone(), upload, limit).await
    }

    /// A session of its own, for a script whose input and output stay open.
    pub async fn anchor(&self, target: &Target, script: Script) -> Result<Begin, HostError> {
        let session = Session::open(&self.config, target).await?;
        Ok(Box::new(move || {
            anchor::Remote::begin(session, &script).map(|remote| Box::new(remote) as Box<dyn LeaseScript>)
        }))
    }

    /// The place of a host. `None` if only OpenSSH can work it out.
    pub fn place(&self, target: &Target) -> Option<Place> {
        let route = self.config.route(target).ok()?;
        Some(Place { known_as: known_as(&route), address: route.address })
    }

    /// Runs a command line of the operator's with this machine's own output. Returns its exit code.
    pub async fn interactive(&self, target: &Target, command: &str, io: Io) -> Result<i32, HostError> {
        interactive::run(self.config.clone(), target.clone(), command.to_owned(), io).await
    }
}

/// The number of idle sessions that this process has room for.
fn kept() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit / 2 / DESCRIPTORS_OF_ONE).unwrap_or(KEPT).min(KEPT)
}
