//! Amazon's Kubernetes service.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::cloud::{AwsExistingFile, PoolFile};
use crate::value::{Cidr, Label, Name, Version, Zone};
use crate::yaml::{Entries, Field};

/// Amazon's Kubernetes service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksFile {
    /// The AWS region, for example `eu-west-1`.
    #[schemars(required)]
    pub region: Field<Label>,
    /// The version of Kubernetes, in quotes, for example `"1.35"`.
    #[schemars(required)]
    pub version: Field<Version>,
    /// The address range of the VPC; with `existing`, the part of its ranges that the cluster's subnets are made in.
    #[schemars(required)]
    pub network: Field<Cidr>,
    /// Resources of somebody else that the cluster uses: they are neither changed nor removed.
    pub existing: Field<AwsExistingFile>,
    /// The availability zones to spread over, by their letter.
    #[schemars(required)]
    pub zones: Field<Vec<Field<Zone>>>,
    /// True for one NAT gateway for all zones, in the first of them: cheaper; but while that zone is lost, no other zone reaches the internet. A
    /// change interrupts outbound traffic of the zones whose gateway changes. Default: false, one in each zone.
    pub single_nat_gateway: Field<bool>,
    /// True for container repositories that the nodes may pull from. Default: false.
    pub registry: Field<bool>,
    /// The ranges that may reach the API server. Default: a private API server.
    pub api_from: Field<Vec<Field<Cidr>>>,
    /// The pools of nodes by name. `system` runs the cluster's own pods.
    #[schemars(required)]
    pub pools: Field<Entries<PoolFile>>,
    /// A text before the names of everything that is made there: `prod` makes `prod-analytics` of `analytics`. Default: none.
    pub name_prefix: Field<Name>,
    /// Tags put on every resource, beside the tool's own.
    pub tags: Field<Entries<String>>,
    /// The place of Terraform's state. Default: a file beside the module.
    pub state: Field<crate::platform::cloud::StateFile>,
}
