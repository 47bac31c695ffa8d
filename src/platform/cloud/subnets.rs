//! Subnets of somebody else: each is for one use, and on AWS for one zone.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Cidr, Label, Zone};
use crate::yaml::{Entries, Field, Key, Span};

/// A subnet of a virtual network that is there already.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AzureSubnetFile {
    /// The name of the subnet.
    #[schemars(required)]
    pub name: Field<Label>,
    /// Its address range.
    #[schemars(required)]
    pub range: Field<Cidr>,
}

/// A subnet of a VPC that is there already.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsSubnetFile {
    /// The id of the subnet.
    #[schemars(required)]
    pub id: Field<Label>,
    /// Its address range.
    #[schemars(required)]
    pub range: Field<Cidr>,
}

/// A subnet, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingSubnet {
    /// Its name on Azure, its id on AWS.
    pub name: Label,
    pub range: Cidr,
}

/// Subnets by their use: `zookeeper`, `masters`, `workers`, `endpoints`, `nodes` or `cluster`.
pub type AzureSubnets = BTreeMap<String, ExistingSubnet>;
/// Subnets by their use, and then by zone.
pub type AwsSubnets = BTreeMap<String, BTreeMap<Zone, ExistingSubnet>>;

pub fn check_azure_subnets(
    field: &Field<Entries<AzureSubnetFile>>,
    check_name: impl Fn(&Field<Label>, &mut Diagnostics),
    problems: &mut Diagnostics,
) -> Option<AzureSubnets> {
    let mut subnets = AzureSubnets::new();
    for entry in field.ok()? {
        let Some((span, file)) = entry.value.spanned() else { continue };
        let (name, range) = (problems.need(span, "name", &file.name), problems.need(span, "range", &file.range));
        check_name(&file.name, problems);
        if let (Some(name), Some(range)) = (name, range) {
            subnets.insert(entry.key.text.clone(), ExistingSubnet { name: name.clone(), range: *range });
        }
    }
    check_overlaps(field.span().unwrap_or_default(), &subnets.values().collect::<Vec<_>>(), problems);
    Some(subnets)
}

pub fn check_aws_subnets(
    field: &Field<Entries<Entries<AwsSubnetFile>>>,
    zones: &[Zone],
    check_id: impl Fn(&Field<Label>, &mut Diagnostics),
    problems: &mut Diagnostics,
) -> Option<AwsSubnets> {
    let mut subnets = AwsSubnets::new();
    for of_use in field.ok()? {
        let Some((at, by_zone)) = of_use.value.spanned() else { continue };
        let mut found = BTreeMap::new();
        for entry in by_zone {
            let Some((span, file)) = entry.value.spanned() else { continue };
            check_id(&file.id, problems);
            let (id, range) = (problems.need(span, "id", &file.id), problems.need(span, "range", &file.range));
            let Some(zone) = known_zone(&entry.key, zones, problems) else { continue };
            if let (Some(id), Some(range)) = (id, range) {
                found.insert(zone.clone(), ExistingSubnet { name: id.clone(), range: *range });
            }
        }
        for zone in zones.iter().filter(|zone| by_zone.get(zone.as_str()).is_none()) {
            let message = format!("the zone {} has no subnet for {}", zone.as_str(), of_use.key.text.escape_default());
            problems.add(Code::T003, at, message).help(format!(
                "write its id and range, for example {}: {{ id: subnet-0a1b2c3d, range: 10.21.64.0/26 }}",
                zone.as_str()
            ));
        }
        subnets.insert(of_use.key.text.clone(), found);
    }
    let all: Vec<&ExistingSubnet> = subnets.values().flat_map(BTreeMap::values).collect();
    check_overlaps(field.span().unwrap_or_default(), &all, problems);
    Some(subnets)
}

/// The zone that a key names. Reports one that the platform has not.
pub fn known_zone<'z>(key: &Key, zones: &'z [Zone], problems: &mut Diagnostics) -> Option<&'z Zone> {
    let zone = zones.iter().find(|zone| zone.as_str() == key.text);
    if zone.is_none() {
        let message = format!("`{}` is not one of the platform's zones", key.text.escape_default());
        problems.add(Code::T012, key.span, message).help("remove it, or add the zone to `zones`");
    }
    zone
}

/// Each is for one use: addresses in it are dealt out by this program.
fn check_overlaps(at: Span, subnets: &[&ExistingSubnet], problems: &mut Diagnostics) {
    for (number, one) in subnets.iter().enumerate() {
        for other in &subnets[number + 1..] {
            if one.name == other.name {
                let message = format!("the subnet {} is named twice", one.name);
                problems
                    .add(Code::T012, at, message)
                    .help("name a subnet of its own for each use, and on AWS for each zone");
            } else if one.range.overlaps(other.range) {
                let message =
                    format!("the subnets {} and {} overlap: {} and {}", one.name, other.name, one.range, other.range);
                problems.add(Code::T012, at, message).help("name a subnet of its own for each use");
            }
        }
    }
}

/// Reports subnets outside the platform's `network`: what the cluster's rules let in and out is said by that range.
pub fn check_within<'a>(
    at: Span,
    network: Cidr,
    subnets: impl IntoIterator<Item = &'a ExistingSubnet>,
    problems: &mut Diagnostics,
) {
    for ExistingSubnet { name, range } in subnets {
        if range.prefix() < network.prefix() || !network.contains(range.first()) {
            problems
                .add(Code::T012, at, format!("the subnet {name} ({range}) is not in {network}"))
                .help("write the range that all of the cluster's subnets are in");
        }
    }
}
