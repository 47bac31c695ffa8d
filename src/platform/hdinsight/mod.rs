//! Azure `HDInsight`, Spark as a managed service.

mod check;
pub mod file;
mod module;

use std::collections::BTreeMap;

use crate::platform::cloud::State;
use crate::service::storage::Adls;
use crate::topology::value::{Cidr, Label, UserName, Version};
use file::Tier;

pub use check::check;
pub use module::module;

/// `HDInsight`, checked.
#[derive(Clone, Debug)]
pub struct Hdinsight {
    pub location: Label,
    pub version: Version,
    pub tier: Tier,
    pub network: Cidr,
    pub storage: Adls,
    pub gateway_user: UserName,
    /// The user to log in as.
    pub ssh_user: UserName,
    pub tags: BTreeMap<String, String>,
    pub state: State,
}
