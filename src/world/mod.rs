//! The only doors to the outside. Everything else is pure.

mod error;
pub mod script;
pub mod ssh;

use std::future::Future;

use crate::cluster::{Host, Reach};
use crate::observe::{HostFacts, HostQuery};
use crate::plan::Action;
use crate::topology::value::Name;

pub use error::HostError;

/// A host and the way there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub name: Name,
    pub reach: Reach,
}

impl Target {
    pub fn of(host: &Host) -> Target {
        Target { name: host.name.clone(), reach: host.reach.clone() }
    }
}

/// Raised by every apply; a host refuses whoever comes with a lower one than it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// Ways to reach hosts. `look` reads; `act` is called by `execute` alone.
pub trait World: Sync {
    fn look(&self, target: &Target, query: &HostQuery) -> impl Future<Output = Result<HostFacts, HostError>> + Send;

    /// Does one action under the host's lock, or refuses it for its epoch. What was done is said in lines.
    fn act(
        &self,
        target: &Target,
        action: &Action,
        epoch: Epoch,
    ) -> impl Future<Output = Result<Vec<String>, HostError>> + Send;

    /// Takes the lease on one anchor: held until what is returned is dropped, or its holder dies.
    fn hold(&self, target: &Target, who: &str) -> impl Future<Output = Result<Box<dyn Hold>, HostError>> + Send;
}

/// A lease held on one anchor.
pub trait Hold: Send + Sync {
    /// Whether the anchor still sees this holder alive.
    fn is_held(&self) -> bool;
    /// The epoch that the anchor was raised to when the lease was taken: it belongs to this lease alone.
    fn epoch(&self) -> Epoch;
}
