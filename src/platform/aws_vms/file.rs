//! Instances on AWS.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::cloud::{AwsExistingFile, BackupFile, CloudSshFile, ImageFile};
use crate::value::{Cidr, Label, Name, Zone};
use crate::yaml::{Entries, Field};

/// Instances on AWS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsVmsFile {
    /// The AWS region, for example `eu-west-1`.
    #[schemars(required)]
    pub region: Field<Label>,
    /// The availability zones to spread over, by their letter, for example `[a, b, c]`. Default: the region's first.
    pub zones: Field<Vec<Field<Zone>>>,
    /// The address range of the VPC; with `existing`, the part of its ranges that the cluster's subnets are made in.
    #[schemars(required)]
    pub network: Field<Cidr>,
    /// Resources of somebody else that the cluster uses: they are neither changed nor removed.
    pub existing: Field<AwsExistingFile>,
    /// True for one NAT gateway for all zones, in the first of them: cheaper; but while that zone is lost, no other zone reaches the internet. A
    /// change interrupts outbound traffic of the zones whose gateway changes. Default: false, one in each zone.
    pub single_nat_gateway: Field<bool>,
    /// The image that the machines boot from. Default: `{ ubuntu: "24.04" }`.
    pub image: Field<ImageFile>,
    /// The way for operators to log in.
    #[schemars(required)]
    pub ssh: Field<CloudSshFile>,
    /// A text before the names of everything that is made there: `prod` makes `prod-analytics` of `analytics`. Default: none.
    pub name_prefix: Field<Name>,
    /// Daily backups of the members' disks. Default: none.
    pub backup: Field<BackupFile>,
    /// False if packages of the machines are upgraded with the image or by hand, and not by Ubuntu every night. Default: true.
    pub automatic_upgrades: Field<bool>,
    /// Tags put on every resource, beside the tool's own.
    pub tags: Field<Entries<String>>,
    /// The place of Terraform's state. Default: a file beside the module.
    pub state: Field<crate::platform::cloud::StateFile>,
}
