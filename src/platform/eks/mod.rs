//! Amazon's Kubernetes service.

mod check;
pub mod file;

use std::collections::BTreeMap;

use crate::platform::cloud::{AwsExisting, Pool, State};
use crate::value::{Cidr, Label, Name, Version, Zone};

pub use check::check;

/// Amazon's Kubernetes service, checked.
#[derive(Clone, Debug)]
pub struct Eks {
    pub region: Label,
    pub version: Version,
    pub network: Cidr,
    pub existing: AwsExisting,
    /// Zones by their letter; at least two.
    pub zones: Vec<Zone>,
    /// True if all zones go out through the first one.
    pub single_nat_gateway: bool,
    pub registry: bool,
    /// Empty for a private API server.
    pub api_from: Vec<Cidr>,
    pub pools: BTreeMap<Name, Pool>,
    pub name_prefix: Option<Name>,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}

/// The range of services' addresses, as in cluster.tf.
pub const SERVICE_RANGE: &str = "172.20.0.0/16";
