//! Azure Kubernetes Service.

mod check;
pub mod file;

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::platform::cloud::{AzureExisting, Pool, State};
use crate::platform::subnets::Blocks;
use crate::value::{Cidr, Label, Name, Version, Zone};

pub use check::check;

/// Azure Kubernetes Service, checked.
#[derive(Clone, Debug)]
pub struct Aks {
    pub location: Label,
    pub version: Version,
    pub network: Cidr,
    pub existing: AzureExisting,
    pub zones: Vec<Zone>,
    pub registry: bool,
    /// Empty for a private API server.
    pub api_from: Vec<Cidr>,
    pub pools: BTreeMap<Name, Pool>,
    /// True if AKS upgrades patches of Kubernetes and node images by itself.
    pub automatic_upgrades: bool,
    pub name_prefix: Option<Name>,
    /// True for locks against deletion on what holds data.
    pub locks: bool,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}

/// Pods' addresses, not visible outside: from the shared address space (RFC 6598), which company networks do not use.
pub const POD_RANGE: &str = "100.64.0.0/10";
/// AKS's own default.
pub const SERVICE_RANGE: &str = "10.0.0.0/16";
/// The ranges that AKS keeps for itself (learn.microsoft.com, "AKS legacy container networking interfaces").
const KEPT: &[&str] = &["172.30.0.0/16", "172.31.0.0/16", "192.0.2.0/24"];
/// Small blocks are at least four bits longer than the network.
const SPLIT: u8 = 4;

/// The subnets of the nodes and of private endpoints.
#[derive(Clone, Copy, Debug)]
pub struct Subnets {
    pub nodes: Cidr,
    pub endpoints: Cidr,
}

impl Subnets {
    pub fn of(network: Cidr) -> Subnets {
        let blocks = Blocks::of(network, SPLIT);
        Subnets { nodes: blocks.upper(0, 1), endpoints: blocks.small(0) }
    }
}

impl Aks {
    pub fn subnets(&self) -> Subnets {
        let Subnets { nodes, endpoints } = Subnets::of(self.network);
        Subnets { nodes: self.existing.range("nodes", nodes), endpoints: self.existing.range("endpoints", endpoints) }
    }
}

/// The pool that stands in while the pool `system` is replaced (`cluster.tf`).
pub const SYSTEM_TEMPORARY: &str = "systemtmp";

/// The pool that stands in while one is replaced: at most 12 letters and digits, and another for each name.
pub fn temporary_name(pool: &Name) -> String {
    const MAX: usize = 12;
    let plain = format!("{pool}tmp");
    if plain.len() <= MAX {
        return plain;
    }
    let digest = Sha256::digest(pool.as_str());
    format!("{}{:02x}{:02x}t", &pool.as_str()[..MAX - 5], digest[0], digest[1])
}
