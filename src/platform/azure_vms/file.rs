//! Virtual machines on Azure.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::cloud::{AzureExistingFile, BackupFile, CloudSshFile, ImageFile};
use crate::value::{Cidr, Label, Name, Zone};
use crate::yaml::{Entries, Field};

/// Virtual machines on Azure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AzureVmsFile {
    /// The Azure region, for example `westeurope`.
    #[schemars(required)]
    pub location: Field<Label>,
    /// The availability zones to spread over, for example `[1, 2, 3]`. Default: no zones.
    pub zones: Field<Vec<Field<Zone>>>,
    /// The address range of the virtual network; with `existing: { network }`, the part of its ranges that the cluster's subnets are made in.
    #[schemars(required)]
    pub network: Field<Cidr>,
    /// Resources of somebody else that the cluster uses: they are neither changed nor removed.
    pub existing: Field<AzureExistingFile>,
    /// The image that the machines boot from. Default: `{ ubuntu: "24.04" }`.
    pub image: Field<ImageFile>,
    /// The way for operators to log in.
    #[schemars(required)]
    pub ssh: Field<CloudSshFile>,
    /// A text before the names of everything that is made there: `prod` makes `prod-analytics` of `analytics`. Default: none.
    pub name_prefix: Field<Name>,
    /// True to put Azure's locks against deletion on what holds data: the members' disks and the storage account. Default: false.
    pub locks: Field<bool>,
    /// Daily backups of the members' disks. Default: none.
    pub backup: Field<BackupFile>,
    /// False if packages of the machines are upgraded with the image or by hand, and not by Ubuntu every night. Default: true.
    pub automatic_upgrades: Field<bool>,
    /// True if extensions (agents for monitoring or patching, for example) may be installed on members and masters. Default: false.
    pub extensions: Field<bool>,
    /// Tags put on every resource, beside the tool's own.
    pub tags: Field<Entries<String>>,
    /// The place of Terraform's state. Default: a file beside the module.
    pub state: Field<crate::platform::cloud::StateFile>,
}
