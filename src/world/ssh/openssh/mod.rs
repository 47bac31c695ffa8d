//! Sessions by the operator's own OpenSSH client, for all that libssh2 does not do. One connection a host: a client that keeps it (`ssh -M`), and
//! one process for each command, which the first hands it to.

mod command;
mod folder;
mod keeper;
mod said;

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::libssh2::LOGIN_LIMIT;
use super::route::Route;
use super::session::Session;
use crate::host::{During, HostError, Target};
use command::Shared;
use folder::Folder;
use keeper::Keeper;

/// The connections that are open, by host.
#[derive(Debug, Default)]
pub struct OpenSsh {
    keepers: Mutex<HashMap<Target, Place>>,
    /// The hosts to which no connection is shared any more.
    fresh: Mutex<HashSet<Target>>,
    folder: Mutex<Option<Arc<Folder>>>,
    numbers: AtomicUsize,
}

/// The keeper of one host, if there is one. Whoever opens it holds the lock, so that nobody opens a second one.
type Place = Arc<tokio::sync::Mutex<Weak<Keeper>>>;

impl OpenSsh {
    /// Returns true if a connection to this host was tried here before.
    pub fn has(&self, target: &Target) -> bool {
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(target)
    }

    /// The next session goes by a new connection, all the way: jump hosts share none with the operator's other clients.
    pub fn forget(&self, target: &Target) {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(target.clone());
        let place = self.keepers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(target).map(std::mem::take);
        drop(place);
    }

    /// A session over the host's connection, which is opened if there is none.
    pub async fn session(&self, target: &Target, route: Route) -> Result<Session, HostError> {
        let place =
            self.keepers.lock().unwrap_or_else(PoisonError::into_inner).entry(target.clone()).or_default().clone();
        let mut place = place.lock().await;
        let user = route.user.clone();
        let keeper = if let Some(keeper) = place.upgrade().filter(|keeper| !keeper.has_ended()) {
            keeper
        } else {
            let socket = self.folder(&route.includes).map_err(|error| HostError::Unreachable {
                address: route.address.clone(),
                why: format!("there is no place for ssh's socket: {error}"),
            })?;
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            let is_fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner).contains(target);
            let opened = tokio::task::spawn_blocking(move || Keeper::open(&route, socket, number, is_fresh));
            let lost = |why: String| HostError::Lost { during: During::Handshake, why };
            let late = |_| HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake };
            let opened = tokio::time::timeout(LOGIN_LIMIT + Duration::from_secs(10), opened).await.map_err(late)?;
            Arc::new(opened.map_err(|error| lost(error.to_string()))??)
        };
        *place = Arc::downgrade(&keeper);
        Ok(Session::new(Box::new(Shared::over(keeper)), user))
    }

    fn folder(&self, includes: &[PathBuf]) -> io::Result<Arc<Folder>> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &*folder {
            return Ok(folder.clone());
        }
        let made = Arc::new(Folder::make(includes)?);
        *folder = Some(made.clone());
        Ok(made)
    }
}
