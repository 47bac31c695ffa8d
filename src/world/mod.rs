//! The only doors to the outside. Everything else is pure.

mod hosts;
mod lease;
mod lines;
pub mod local;
pub mod script;
pub mod ssh;

use std::future::Future;
use std::path::{Path, PathBuf};

use crate::host::{Action, Claim, HostError, HostFacts, HostQuery, Target};
use crate::value::{HostPath, Name, random_digits};

pub use hosts::Hosts;

/// The most that is read of a script's output, in bytes: several times what ten thousand workers fill.
pub const LONGEST_OUTPUT: usize = 32 << 20;
/// The most that is kept of a script's errors, in bytes: the first.
pub const LONGEST_ERRORS: usize = 64 << 10;

/// The number of a lease, higher than that of every lease before. A host refuses an action under any epoch but the one it was raised to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u64);

impl Epoch {
    pub fn number(self) -> u64 {
        self.0
    }
}

/// The name of one lease, which nobody can foretell. Two leases have the same epoch only if an anchor granted its own to both: then each host obeys
/// the one that reached it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseId(String);

impl LeaseId {
    pub fn random() -> LeaseId {
        LeaseId(random_digits())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The permit that every action carries: its cluster, its epoch and its lease. Only anchors that granted the lease give one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permit {
    claim: Claim,
    epoch: Epoch,
    lease: LeaseId,
}

impl Permit {
    /// The permit to change the cluster of `claim`, with the highest epoch that an anchor was raised to.
    pub fn granted<'a>(claim: Claim, lease: LeaseId, holds: impl IntoIterator<Item = &'a dyn Hold>) -> Option<Permit> {
        let epoch = holds.into_iter().map(Hold::epoch).max()?;
        Some(Permit { claim, epoch: Epoch(epoch), lease })
    }

    pub fn lease(&self) -> &LeaseId {
        &self.lease
    }

    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    pub fn epoch(&self) -> Epoch {
        self.epoch
    }
}

/// Ways to reach hosts. `look` reads; `act` is called by `execute` alone.
pub trait World: Sync {
    fn look(&self, target: &Target, query: &HostQuery) -> impl Future<Output = Result<HostFacts, HostError>> + Send;

    /// The SHA-512 of an archive on the operator's machine. `None` if it cannot be read: copying it will say why.
    fn digest(&self, archive: &Path) -> impl Future<Output = Option<String>> + Send;

    /// Does one action under the host's lock, or refuses it because of its cluster or epoch. Returns a line for each thing done.
    fn act(
        &self,
        target: &Target,
        action: &Action,
        permit: &Permit,
    ) -> impl Future<Output = Result<Vec<String>, HostError>> + Send;

    /// Takes the lease on one anchor: held until what is returned is dropped, or its holder dies.
    fn hold(
        &self,
        target: &Target,
        who: &str,
        claim: &Claim,
        lease: &LeaseId,
    ) -> impl Future<Output = Result<Box<dyn Hold>, HostError>> + Send;
}

/// A lease held on one anchor.
pub trait Hold: Send + Sync {
    /// Returns true if the anchor still sees this holder alive.
    fn is_held(&self) -> bool;
    /// The epoch that the anchor was raised to when the lease was taken: it belongs to this lease alone.
    fn epoch(&self) -> u64;
}

/// The output of a script, and its exit status.
#[derive(Debug)]
pub struct Output {
    pub status: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// The input of an operator's command. Its output always goes to this program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Io {
    /// None; run as root or the folder's owner. The input stays open while this program runs, so that the host notices when
    /// it ends. With `named` each line of output begins with the name of its host, which no host can choose.
    Watched { named: bool },
    /// None; as the user that logs in.
    AsUser,
}

impl Io {
    /// The beginning of each line of a host's output.
    fn before_lines(self, name: &Name) -> String {
        if self == (Io::Watched { named: true }) { format!("{name}  ") } else { String::new() }
    }
}

/// A file on its way to a host.
#[derive(Clone, Debug)]
pub struct Upload {
    pub local: PathBuf,
    pub remote: HostPath,
    /// The group of the host that may read it beside its owner.
    pub readers: Option<&'static str>,
}
