//! From text to a topology that is known to be right. [`load`] reads, [`check`] judges; both report every problem at once.

mod check;
pub mod file;
mod jobs;
pub mod listeners;
mod machines;
mod reference;
mod schema;
mod sizes;
pub mod support;

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostics, Source};
use crate::platform::Platform;
use crate::service::ServiceKind;
use crate::service::eventstore::Eventstore;
use crate::service::spark::Spark;
use crate::service::zookeeper::ZooKeeper;
use crate::value::{Identity, Name};
use crate::yaml;
pub use check::check;
pub use file::TopologyFile;
pub use jobs::{Application, Job};
pub use reference::reference;
pub use schema::schema;

/// A topology in which nothing is wrong (warnings aside).
#[derive(Clone, Debug)]
pub struct Topology {
    pub name: Name,
    pub identity: Option<Identity>,
    pub platforms: BTreeMap<Name, Platform>,
    /// Which platform carries which service.
    pub placement: BTreeMap<ServiceKind, Name>,
    pub zookeeper: Option<ZooKeeper>,
    pub spark: Option<Spark>,
    pub eventstore: Option<Eventstore>,
    pub jobs: BTreeMap<Name, Job>,
}

impl Topology {
    /// Returns true if the cloud runs all of it.
    pub fn is_managed(&self) -> bool {
        let managed = |name| matches!(self.platforms.get(name), Some(Platform::Hdinsight(_)));
        !self.placement.is_empty() && self.placement.values().all(managed)
    }
}

/// Reads a topology. What is wrong with the text is in the diagnostics; what is right is in the file nevertheless.
pub fn load(source: &Source) -> (TopologyFile, Diagnostics) {
    let mut faults = Vec::new();
    let file = yaml::tree::parse(&source.text, &mut faults)
        .and_then(|root| yaml::decode(&root, &mut faults))
        .unwrap_or_else(TopologyFile::unreadable);
    let mut problems = Diagnostics::default();
    if faults.is_empty() && file.name.span() == Some(yaml::Span::default()) {
        problems.add(crate::diagnostic::Code::T001, yaml::Span::default(), "the file is empty");
    }
    for fault in faults {
        problems.add_fault(fault);
    }
    (file, problems)
}
