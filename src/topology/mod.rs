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
use crate::platform::PlatformKind;
use crate::platform::aks::Aks;
use crate::platform::aws_vms::AwsVms;
use crate::platform::azure_vms::AzureVms;
use crate::platform::eks::Eks;
use crate::platform::hdinsight::Hdinsight;
use crate::platform::local::Local;
use crate::platform::nodes::Nodes;
use crate::service::ServiceKind;
use crate::service::eventstore::Eventstore;
use crate::service::spark::Spark;
use crate::service::zookeeper::ZooKeeper;
use crate::yaml;

use crate::value::{Identity, Name};
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

/// A place that was checked.
#[derive(Clone, Debug)]
pub enum Platform {
    Nodes(Nodes),
    Local(Local),
    AzureVms(AzureVms),
    AwsVms(AwsVms),
    Hdinsight(Hdinsight),
    Aks(Aks),
    Eks(Eks),
    /// A Kubernetes that is there already.
    Kubernetes,
}

impl Topology {
    /// Whether the cloud runs all of it.
    pub fn is_managed(&self) -> bool {
        let managed = |name| matches!(self.platforms.get(name), Some(Platform::Hdinsight(_)));
        !self.placement.is_empty() && self.placement.values().all(managed)
    }
}

impl Platform {
    /// Whether its machines or services are a cloud's.
    pub fn is_cloud(&self) -> bool {
        match self {
            Platform::AzureVms(_)
            | Platform::AwsVms(_)
            | Platform::Hdinsight(_)
            | Platform::Aks(_)
            | Platform::Eks(_) => true,
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => false,
        }
    }

    pub fn kind(&self) -> PlatformKind {
        match self {
            Platform::Nodes(_) => PlatformKind::Nodes,
            Platform::Local(_) => PlatformKind::Local,
            Platform::AzureVms(_) => PlatformKind::AzureVms,
            Platform::AwsVms(_) => PlatformKind::AwsVms,
            Platform::Hdinsight(_) => PlatformKind::Hdinsight,
            Platform::Aks(_) => PlatformKind::Aks,
            Platform::Eks(_) => PlatformKind::Eks,
            Platform::Kubernetes => PlatformKind::Kubernetes,
        }
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
