//! Azure `HDInsight`, Spark as a managed service.

mod check;
pub mod file;
mod size;

use std::collections::BTreeMap;

use crate::platform::cloud::{AzureExisting, State};
use crate::platform::storage::Adls;
use crate::platform::subnets::Blocks;
use crate::value::{Cidr, Label, Name, UserName, Version};
use file::Tier;

pub use check::check;
pub use size::{Node, check_size};

/// `HDInsight`, checked.
#[derive(Clone, Debug)]
pub struct Hdinsight {
    pub location: Label,
    pub version: Version,
    pub tier: Tier,
    pub network: Cidr,
    pub existing: AzureExisting,
    pub storage: Adls,
    pub gateway_user: UserName,
    /// The user to log in as.
    pub ssh_user: UserName,
    pub name_prefix: Option<Name>,
    /// True for locks against deletion on what holds data.
    pub locks: bool,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}

impl Hdinsight {
    /// The lower half: the upper one is for what comes beside the service.
    pub fn subnet(&self) -> Cidr {
        self.existing.range("cluster", Blocks::of(self.network, 1).lower())
    }
}

/// Beside the workers: two heads, three `ZooKeeper` nodes and two gateways.
pub const OTHER_MACHINES: u64 = 7;
/// The version of Spark that the one supported version carries (learn.microsoft.com, "`HDInsight` 5.1 component versions").
pub const SPARK: &str = "3.3";
