//! Which zones the clouds' regions have, as their lists of regions said in autumn 2025. A region that is not in here is not judged.

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
