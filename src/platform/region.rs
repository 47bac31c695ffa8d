//! Which zones the clouds' regions have, as their lists of regions said in autumn 2025. A region that is not in here is not judged.

use crate::diagnostic::{Code, Diagnostics};
use crate::hcl::Holes;
use crate::platform::carried::texts;
use crate::topology::value::{Label, Zone};
use crate::yaml::{Field, Span};

/// Azure numbers the zones of a region 1 to 3 (learn.microsoft.com, "List of Azure regions").
const AZURE_WITH_ZONES: &[&str] = &[
    "australiaeast",
    "austriaeast",
    "belgiumcentral",
    "brazilsouth",
    "canadacentral",
    "centralindia",
    "centralus",
    "chilecentral",
    "eastasia",
    "eastus",
    "eastus2",
    "francecentral",
    "germanywestcentral",
    "indonesiacentral",
    "israelcentral",
    "italynorth",
    "japaneast",
    "japanwest",
    "koreacentral",
    "malaysiawest",
    "mexicocentral",
    "newzealandnorth",
    "northeurope",
    "norwayeast",
    "polandcentral",
    "qatarcentral",
    "southafricanorth",
    "southcentralus",
    "southeastasia",
    "spaincentral",
    "swedencentral",
    "switzerlandnorth",
    "uaenorth",
    "uksouth",
    "westeurope",
    "westus2",
    "westus3",
];
const AZURE_WITHOUT_ZONES: &[&str] = &[
    "australiacentral",
    "australiasoutheast",
    "brazilsoutheast",
    "canadaeast",
    "francesouth",
    "germanynorth",
    "koreasouth",
    "northcentralus",
    "norwaywest",
    "southafricawest",
    "southindia",
    "switzerlandwest",
    "uaecentral",
    "ukwest",
    "westcentralus",
    "westindia",
    "westus",
];

/// AWS's regions whose zones are not a, b and c (docs.aws.amazon.com, "AWS Regions and Availability Zones").
const AWS_OTHERS: &[(&str, &[&str])] = &[
    ("ap-northeast-1", &["a", "c", "d"]),
    ("ap-northeast-2", &["a", "b", "c", "d"]),
    ("ca-central-1", &["a", "b", "d"]),
    ("us-east-1", &["a", "b", "c", "d", "e", "f"]),
    ("us-west-1", &["a", "b", "c"]),
    ("us-west-2", &["a", "b", "c", "d"]),
];
const AWS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-2",
];

/// What of Azure depends on whether a region has zones: copies of data in each, and a way out that lives in all.
pub fn put_redundancy(location: &Label, zones: &[Zone], holes: &mut Holes) {
    let redundant = azure_zones(location.as_str()).map_or(!zones.is_empty(), |there| !there.is_empty());
    holes.put("replication", if redundant { "ZRS" } else { "LRS" });
    holes.put("zone_redundant", redundant);
    holes.put("nat_sku", if redundant { "StandardV2" } else { "Standard" });
    holes.put_if("nat_zones", redundant.then(|| texts(["1", "2", "3"])));
}

/// The region under this key, as clouds write it. That none is there is reported, and so is one of
/// another partition (China's, the government's): its names and services differ.
pub fn check(within: Span, key: &str, field: &Field<Label>, problems: &mut Diagnostics) -> Option<Label> {
    problems.need(within, key, field);
    let (at, region) = field.spanned()?;
    let lower = region.as_str().to_lowercase();
    if APART.iter().any(|start| lower.starts_with(start)) {
        let message =
            format!("{region} is in a cloud of its own, whose names and services differ: it is not supported");
        problems.add(Code::T012, at, message).help("take a region of the public cloud");
        return None;
    }
    lower.parse().ok()
}

/// How the regions of other partitions begin.
const APART: &[&str] = &["cn-", "us-gov-", "us-iso", "eusc-", "china", "usgov", "usdod", "ussec", "usnat"];

/// The zones of a region of Azure; `None` where the region is not known.
pub fn azure_zones(region: &str) -> Option<&'static [&'static str]> {
    if AZURE_WITH_ZONES.contains(&region) {
        return Some(&["1", "2", "3"]);
    }
    AZURE_WITHOUT_ZONES.contains(&region).then_some(&[])
}

/// The zones of a region of AWS, by their letter; `None` where the region is not known.
pub fn aws_zones(region: &str) -> Option<&'static [&'static str]> {
    if AWS.contains(&region) {
        return Some(&["a", "b", "c"]);
    }
    AWS_OTHERS.iter().find(|(name, _)| *name == region).map(|(_, zones)| *zones)
}
