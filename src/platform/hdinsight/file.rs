//! Azure `HDInsight`, Spark as a managed service.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::cloud::{AzureExistingFile, CloudSshFile};
use crate::value::{Cidr, Label, Name, SecretFile, UserName, Version};
use crate::yaml::{Entries, Field};

/// Azure `HDInsight`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HdinsightFile {
    /// The Azure region, for example `westeurope`.
    #[schemars(required)]
    pub location: Field<Label>,
    /// The version of `HDInsight`, in quotes, for example `"5.1"`.
    #[schemars(required)]
    pub version: Field<Version>,
    /// The service tier. Default: `standard`.
    pub tier: Field<Tier>,
    /// The address range of the virtual network; with `existing: { network }`, the part of its ranges that the cluster's subnets are made in. Default: `10.30.0.0/16` for a network
    /// of the cluster's own.
    pub network: Field<Cidr>,
    /// Resources of somebody else that the cluster uses: they are neither changed nor removed.
    pub existing: Field<AzureExistingFile>,
    /// The storage of the cluster.
    #[schemars(required)]
    pub storage: Field<HdinsightStorageFile>,
    /// The HTTP gateway's login.
    #[schemars(required)]
    pub gateway: Field<GatewayFile>,
    /// The way for operators to log in. Default: `{ user: sshops }`.
    pub ssh: Field<CloudSshFile>,
    /// A text before the names of everything that is made there: `prod` makes `prod-analytics` of `analytics`. Default: none.
    pub name_prefix: Field<Name>,
    /// True to put Azure's lock against deletion on what holds data: the storage account. Default: false.
    pub locks: Field<bool>,
    /// Tags put on every resource, beside the tool's own.
    pub tags: Field<Entries<String>>,
    /// The place of Terraform's state. Default: a file beside the module.
    pub state: Field<crate::platform::cloud::StateFile>,
}

/// The tiers of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Without the enterprise security package.
    #[default]
    Standard,
    /// With the enterprise security package.
    Premium,
}

/// The storage of a managed cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HdinsightStorageFile {
    /// A container of Azure Data Lake Storage Gen2.
    #[schemars(required)]
    pub adls: Field<crate::platform::storage::AdlsFile>,
}

/// The login of the HTTP gateway.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayFile {
    /// The gateway's user.
    #[schemars(required)]
    pub user: Field<UserName>,
    /// The gateway's password: `{ env: NAME }` or `{ file: path }`.
    #[schemars(required)]
    pub password: Field<SecretFile>,
}
