//! Azure Kubernetes Service.

mod check;
pub mod file;
mod module;

use std::collections::BTreeMap;

use crate::platform::cloud::{Pool, State};
use crate::topology::value::{Cidr, Label, Name, Version, Zone};

pub use check::check;
pub use module::module;

/// Azure Kubernetes Service, checked.
#[derive(Clone, Debug)]
pub struct Aks {
    pub location: Label,
    pub version: Version,
    pub network: Cidr,
    pub zones: Vec<Zone>,
    pub registry: bool,
    /// Empty for a private API server.
    pub api_from: Vec<Cidr>,
    pub pools: BTreeMap<Name, Pool>,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}
