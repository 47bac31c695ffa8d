//! Azure Kubernetes Service.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::cloud::{AzureExistingFile, PoolFile};
use crate::value::{Cidr, Label, Name, Version, Zone};
use crate::yaml::{Entries, Field};

/// Azure Kubernetes Service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AksFile {
    /// The Azure region, for example `westeurope`.
    #[schemars(required)]
    pub location: Field<Label>,
    /// The version of Kubernetes, in quotes, for example `"1.35"`.
    #[schemars(required)]
    pub version: Field<Version>,
    /// The address range of the virtual network; with `existing: { network }`, the part of its ranges that the cluster's subnets are made in.
    #[schemars(required)]
    pub network: Field<Cidr>,
    /// Resources of somebody else that the cluster uses: they are neither changed nor removed.
    pub existing: Field<AzureExistingFile>,
    /// The availability zones to spread over. Default: no zones.
    pub zones: Field<Vec<Field<Zone>>>,
    /// True for a container registry that the nodes may pull from. Default: false.
    pub registry: Field<bool>,
    /// The ranges that may reach the API server; with a route table or subnets under `existing`, they must include the source address of the nodes' outbound traffic. Default: a private API server.
    pub api_from: Field<Vec<Field<Cidr>>>,
    /// The pools of nodes by name. `system` runs the cluster's own pods.
    #[schemars(required)]
    pub pools: Field<Entries<PoolFile>>,
    /// False if patches of Kubernetes and node images come only when somebody applies them, and not in a weekly window. Then `version` may have its patch too, for
    /// example `"1.35.4"`. Default: true.
    pub automatic_upgrades: Field<bool>,
    /// A text before the names of everything that is made there: `prod` makes `prod-analytics` of `analytics`. Default: none.
    pub name_prefix: Field<Name>,
    /// True to put Azure's locks against deletion on what holds data: the registry and `EventStore`'s storage account. Default: false.
    pub locks: Field<bool>,
    /// Tags put on every resource, beside the tool's own.
    pub tags: Field<Entries<String>>,
    /// The place of Terraform's state. Default: a file beside the module.
    pub state: Field<crate::platform::cloud::StateFile>,
}
