//! A topology that is known to be right.

use std::collections::BTreeMap;

use super::job::Job;
use crate::platform::Platform;
use crate::service::Services;
use crate::value::{Identity, Name};

/// A topology in which nothing is wrong (warnings aside).
#[derive(Clone, Debug)]
pub struct Topology {
    pub name: Name,
    pub identity: Option<Identity>,
    pub platforms: BTreeMap<Name, Platform>,
    /// The platform of each service, by the service's key.
    pub placement: BTreeMap<&'static str, Name>,
    pub services: Services,
    pub jobs: BTreeMap<Name, Job>,
}

impl Topology {
    /// Returns true if the cloud runs all of it.
    pub fn is_managed(&self) -> bool {
        let managed = |name| matches!(self.platforms.get(name), Some(Platform::Hdinsight(_)));
        !self.placement.is_empty() && self.placement.values().all(managed)
    }

    /// Returns true if a platform runs a service.
    pub fn is_on(&self, service: &str, platform: &Name) -> bool {
        self.placement.get(service) == Some(platform)
    }
}
