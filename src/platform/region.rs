//! The zones of the clouds' regions, from their lists of regions in November 2026. For a region that is not listed, only zones
//! that no region has are refused.

use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Label, Zone};
use crate::yaml::{Field, Span, suggest};

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
    "jioindiacentral",
    "jioindiawest",
    "koreasouth",
    "northcentralus",
    "norwaywest",
    "southafricawest",
    "southindia",
    "swedensouth",
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
const AWS_LIKE_MOST: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
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

/// The regions of a cloud.
#[derive(Clone, Copy, Debug)]
pub struct Regions {
    cloud: &'static str,
    /// The key under which a platform names its region.
    key: &'static str,
    /// Those that we know.
    names: fn() -> Vec<&'static str>,
    /// The zones of one of them; `None` where it is not known.
    pub zones: fn(&str) -> Option<&'static [&'static str]>,
    /// The zones of the largest regions: no region has another.
    widest: &'static [&'static str],
}

pub const AZURE: Regions = Regions {
    cloud: "Azure",
    key: "location",
    names: || AZURE_WITH_ZONES.iter().chain(AZURE_WITHOUT_ZONES).copied().collect(),
    zones: azure_zones,
    widest: &["1", "2", "3"],
};
pub const AWS: Regions = Regions {
    cloud: "AWS",
    key: "region",
    names: || AWS_OTHERS.iter().map(|(name, _)| *name).chain(AWS_LIKE_MOST.iter().copied()).collect(),
    zones: aws_zones,
    widest: &["a", "b", "c", "d", "e", "f"],
};

impl Regions {
    /// The region of a platform, as clouds write it. A missing region is reported, and so is one of another
    /// partition (China's, the government's): its names and services differ. One that is not known is warned of.
    pub fn check(self, within: Span, field: &Field<Label>, problems: &mut Diagnostics) -> Option<Label> {
        problems.need(within, self.key, field);
        let (at, region) = field.spanned()?;
        let lower = region.as_str().to_lowercase();
        if APART.iter().any(|start| lower.starts_with(start)) {
            let message =
                format!("{region} is in a cloud of its own, whose names and services differ: it is not supported");
            problems.add(Code::T012, at, message).help("use a region of the public cloud");
            return None;
        }
        if (self.zones)(&lower).is_none() {
            let near = suggest::nearest(&lower, (self.names)());
            let help = near.map(|near| format!("did you mean `{near}`?"));
            let message = format!("this version of provision knows no region `{region}` of {}", self.cloud);
            problems.add(Code::T014, at, message).maybe_help(help);
        }
        lower.parse().ok()
    }

    /// Reports zones that the region does not have, or that are named twice.
    pub fn check_zones(self, region: &str, field: &Field<Vec<Field<Zone>>>, problems: &mut Diagnostics) {
        let known = (self.zones)(region);
        let there = known.unwrap_or(self.widest);
        if let Some(at) = field.span().filter(|_| there.is_empty()) {
            let message = format!("{region} has no zones");
            problems.add(Code::T012, at, message).help("leave `zones` out, or take a region that has some");
            return;
        }
        let mut seen: Vec<&Zone> = Vec::new();
        for (at, zone) in field.ok().into_iter().flatten().filter_map(Field::spanned) {
            let name = zone.as_str();
            if seen.contains(&zone) {
                problems.add(Code::T012, at, format!("zone {name} is named twice")).help("write each zone once");
            } else if !there.contains(&name) {
                // Of a region that is not known, the most that any has is all that can be judged by.
                let whose = if known.is_some() { region.to_owned() } else { format!("no region of {}", self.cloud) };
                problems
                    .add(
                        Code::T012,
                        at,
                        format!("{whose} has {}zone {name}", if known.is_some() { "no " } else { "a " }),
                    )
                    .help(match there {
                        _ if there.contains(&name.to_lowercase().as_str()) => {
                            format!("write `{}`", name.to_lowercase())
                        }
                        // Elsewhere they are written whole.
                        _ if name.strip_prefix(region).is_some_and(|letter| there.contains(&letter)) => {
                            format!("write its letter: {}", &name[region.len()..])
                        }
                        _ if known.is_none() => format!("zones are {}", there.join(", ")),
                        _ => format!("it has {}", there.join(", ")),
                    });
            }
            seen.push(zone);
        }
    }
}

/// The first letters of regions in other partitions.
const APART: &[&str] = &["cn-", "us-gov-", "us-iso", "eusc-", "china", "usgov", "usdod", "ussec", "usnat"];

pub fn azure_zones(region: &str) -> Option<&'static [&'static str]> {
    if AZURE_WITH_ZONES.contains(&region) {
        return Some(&["1", "2", "3"]);
    }
    AZURE_WITHOUT_ZONES.contains(&region).then_some(&[])
}

/// By their letter.
fn aws_zones(region: &str) -> Option<&'static [&'static str]> {
    if AWS_LIKE_MOST.contains(&region) {
        return Some(&["a", "b", "c"]);
    }
    AWS_OTHERS.iter().find(|(name, _)| *name == region).map(|(_, zones)| *zones)
}
