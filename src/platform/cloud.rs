//! What the clouds' virtual machines have alike in a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::topology::value::{Cidr, Disk, Label, UserName};
use crate::yaml::Field;

/// What machines boot from: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageFile {
    /// Canonical's image of this Ubuntu release, as in `"24.04"`.
    pub ubuntu: Field<Label>,
    /// The id of an image version of your own gallery, as the Packer template makes it.
    pub gallery: Field<Label>,
}

/// How operators log in to machines that are made for them.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CloudSshFile {
    /// The user to log in as.
    pub user: Field<UserName>,
    /// Paths of public keys. They become variables of what is rendered: rendering reads no key file.
    pub public_keys: Field<Vec<Field<String>>>,
    /// The ranges that may reach port 22. Default: none but the bastion.
    pub from: Field<Vec<Field<Cidr>>>,
    /// Whether a bastion stands in front of the machines. Default: false.
    pub bastion: Field<bool>,
}

/// A pool of Kubernetes nodes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolFile {
    /// The size of its machines, in the cloud's own names (case does not matter).
    #[schemars(required)]
    pub size: Field<Label>,
    /// How many machines. Left out where `autoscale` says it.
    pub nodes: Field<u32>,
    /// Bounds between which the number of machines follows the load.
    pub autoscale: Field<PoolScaleFile>,
    /// Whether the machines may be taken away by the cloud at any time, for a lower price. Default: false.
    pub spot: Field<bool>,
    /// The system disk in GiB. Default: the cloud's own.
    pub disk: Field<Disk>,
}

/// Bounds of a pool.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolScaleFile {
    /// The fewest machines.
    #[schemars(required)]
    pub min: Field<u32>,
    /// The most machines.
    #[schemars(required)]
    pub max: Field<u32>,
}
