//! Resources of somebody else: a module refers to them, and neither changes nor removes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::subnets::{
    AwsSubnetFile, AwsSubnets, AzureSubnetFile, AzureSubnets, check_aws_subnets, check_azure_subnets, check_within,
    known_zone,
};
use crate::diagnostic::{Code, Diagnostics};
use crate::value::{Cidr, Label, Zone};
use crate::yaml::{Entries, Field, Span};

/// Resources of somebody else on AWS.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AwsExistingFile {
    /// The id of the VPC to make the cluster's subnets in, for example `vpc-0a1b2c3d4e5f60718`. DNS resolution and DNS hostnames must be on in it, and its
    /// DNS server must be Amazon's own. Default: a VPC of the cluster's own.
    pub vpc: Field<Label>,
    /// The id of the route table of each zone, by its letter: the outbound route to the internet, or to wherever packages and archives come from. Given with `vpc`.
    pub route_tables: Field<Entries<Label>>,
    /// The subnets to use, by their use (`zookeeper`, `masters` and `workers`; on EKS `nodes`) and by zone: `{ workers: { a: { id: subnet-0a1b2c3d, range:
    /// 10.21.64.0/26 } } }`. They are for this cluster alone, and their route tables stay as they are. Given with `vpc`, instead of `routeTables`. Default:
    /// subnets of the cluster's own.
    pub subnets: Field<Entries<Entries<AwsSubnetFile>>>,
    /// The ARN of the KMS key to encrypt with, in the same region: disks, logs, the bucket, secrets and images. Its policy must let the cluster's
    /// services use it (the module's README lists them). Default: keys of the cluster's own.
    pub key: Field<Label>,
}

/// The same, checked.
#[derive(Clone, Debug, Default)]
pub struct AwsExisting {
    pub network: Option<AwsNetwork>,
    /// The ARN of a key.
    pub key: Option<Label>,
}

/// A VPC of somebody else's.
#[derive(Clone, Debug)]
pub struct AwsNetwork {
    pub vpc: Label,
    /// By zone, for every zone of the platform; none where the subnets are there already.
    pub route_tables: BTreeMap<Zone, Label>,
    pub subnets: Option<AwsSubnets>,
}

impl AwsExisting {
    pub fn subnets(&self) -> Option<&AwsSubnets> {
        self.network.as_ref()?.subnets.as_ref()
    }

    /// Reports subnets outside the platform's `network`.
    pub fn check_within(&self, at: Span, network: Cidr, problems: &mut Diagnostics) {
        check_within(at, network, self.subnets().into_iter().flatten().flat_map(|(_, zones)| zones.values()), problems);
    }
}

impl AwsExisting {
    /// Checks it, and reports what is wrong. `single_nat_gateway`: the setting for gateways, of which none are made here.
    pub fn check(
        field: &Field<AwsExistingFile>,
        zones: &[Zone],
        single_nat_gateway: &Field<bool>,
        region: Option<&Label>,
        problems: &mut Diagnostics,
    ) -> AwsExisting {
        let Some((span, file)) = field.spanned() else { return AwsExisting::default() };
        check_key(&file.key, region, problems);
        let network = !file.vpc.is_missing() || !file.route_tables.is_missing() || !file.subnets.is_missing();
        let network = network.then(|| AwsNetwork::check(span, file, zones, single_nat_gateway, problems)).flatten();
        AwsExisting { network, key: file.key.ok().cloned() }
    }
}

impl AwsNetwork {
    fn check(
        span: Span,
        file: &AwsExistingFile,
        zones: &[Zone],
        single_nat_gateway: &Field<bool>,
        problems: &mut Diagnostics,
    ) -> Option<AwsNetwork> {
        let vpc = problems.need(span, "vpc", &file.vpc);
        check_id(&file.vpc, "vpc", problems);
        let subnets =
            check_aws_subnets(&file.subnets, zones, |id, problems| check_id(id, "subnet", problems), problems);
        let at = file.route_tables.span().filter(|_| !file.subnets.is_missing());
        if let Some(at) = at {
            problems
                .add(Code::T012, at, "existing subnets have their route tables already")
                .help("remove `routeTables`");
        } else if file.subnets.is_missing() {
            problems.need(span, "routeTables", &file.route_tables);
        }
        if let Some(at) = single_nat_gateway.span() {
            problems
                .add(
                    Code::T012,
                    at,
                    "no NAT gateway is made in an existing VPC: its route tables decide where outbound traffic goes",
                )
                .help("remove `singleNatGateway`");
        }
        let mut route_tables = BTreeMap::new();
        for entry in file.route_tables.ok().into_iter().flatten() {
            check_id(&entry.value, "rtb", problems);
            let Some(zone) = known_zone(&entry.key, zones, problems) else { continue };
            route_tables.extend(entry.value.ok().map(|id| (zone.clone(), id.clone())));
        }
        let given =
            |zone: &Zone| file.route_tables.ok().into_iter().flatten().any(|entry| entry.key.text == zone.as_str());
        for zone in zones.iter().filter(|zone| !file.route_tables.is_missing() && !given(zone)) {
            let zone = zone.as_str();
            let at = file.route_tables.span().unwrap_or(span);
            problems
                .add(Code::T003, at, format!("the zone {zone} has no route table"))
                .help(format!("write the id of a route table of the VPC, for example {zone}: rtb-0a1b2c3d"));
        }
        Some(AwsNetwork { vpc: vpc?.clone(), route_tables, subnets })
    }
}

/// Ids of EC2 have 8 or 17 hexadecimal digits (docs.aws.amazon.com, "Amazon EC2 resource IDs").
fn check_id(field: &Field<Label>, kind: &str, problems: &mut Diagnostics) {
    let Some((at, id)) = field.spanned() else { return };
    let digits = id.as_str().strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
    let is_hex = digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    if !is_hex || !matches!(digits.len(), 8 | 17) {
        problems
            .add(Code::T012, at, format!("`{id}` is not an id of AWS: {kind}- and 8 or 17 hexadecimal digits"))
            .help(format!("for example {kind}-0a1b2c3d4e5f60718"));
    }
}

/// An ARN of a key, not of an alias: those cannot be in the policies that name a key (docs.aws.amazon.com, "Key identifiers (`KeyId`)").
fn check_key(field: &Field<Label>, own: Option<&Label>, problems: &mut Diagnostics) {
    let Some((at, arn)) = field.spanned() else { return };
    let parts: Vec<&str> = arn.as_str().split(':').collect();
    let right = matches!(parts.as_slice(), ["arn", "aws", "kms", region, account, key]
        if !region.is_empty() && account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())
            && key.strip_prefix("key/").is_some_and(|id| !id.is_empty()));
    if !right {
        problems
            .add(Code::T012, at, format!("`{arn}` is not the ARN of a key"))
            .help("write arn:aws:kms:REGION:ACCOUNT:key/ID");
    } else if let Some(own) = own.filter(|own| parts[3] != own.as_str()) {
        let message = format!("the key is in {}, and the cluster in {own}", parts[3]);
        problems.add(Code::T012, at, message).help("name a key in the region of the cluster");
    }
}

/// Resources of somebody else on Azure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AzureExistingFile {
    /// The name of the resource group to make everything in. Default: a group of the cluster's own.
    pub resource_group: Field<Label>,
    /// The virtual network to make the cluster's subnets in. Default: a network of the cluster's own.
    pub network: Field<AzureNetworkFile>,
    /// The id of the resource group with the private DNS zones that private endpoints are entered in (`privatelink.blob.core.windows.net` and the like),
    /// which are linked to the network already. Default: zones of the cluster's own (impossible in a network that has zones of these names already).
    pub private_dns_zones: Field<Label>,
    /// The id of the Log Analytics workspace to send logs to, in the same region. Default: a workspace of the cluster's own.
    pub workspace: Field<Label>,
    /// The id of the disk encryption set whose key encrypts the machines' disks. Not used by `hdinsight`. Default: Azure's own keys.
    pub disk_encryption_set: Field<Label>,
    /// The key that encrypts the storage account. Default: Azure's own keys.
    pub storage_encryption: Field<StorageKeyFile>,
}

/// A key in a key vault for a storage account.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageKeyFile {
    /// The key, `https://VAULT.vault.azure.net/keys/NAME`: without a version its newest one is used.
    #[schemars(required)]
    pub key: Field<Label>,
    /// The id of a user-assigned identity that may use the key: it needs the role Key Vault Crypto Service Encryption User.
    #[schemars(required)]
    pub identity: Field<Label>,
}

impl AzureExistingFile {
    /// Reports a route table for subnets that have theirs already.
    pub fn check_route_table(field: &Field<AzureExistingFile>, problems: &mut Diagnostics) {
        let network = field.ok().and_then(|existing| existing.network.ok());
        let both =
            network.filter(|network| !network.subnets.is_missing()).and_then(|network| network.route_table.span());
        if let Some(at) = both {
            problems
                .add(Code::T012, at, "existing subnets have their route tables already")
                .help("remove `routeTable`");
        }
    }

    /// The place of the subnets in the file.
    pub fn subnets(field: &Field<AzureExistingFile>) -> Option<Span> {
        field.ok()?.network.ok()?.subnets.span()
    }

    /// Returns true if the topology names a network, right or wrong.
    pub fn names_network(field: &Field<AzureExistingFile>) -> bool {
        field.ok().is_some_and(|existing| !existing.network.is_missing())
    }
}

/// A virtual network that is there already, in the same subscription.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AzureNetworkFile {
    /// The name of the network.
    #[schemars(required)]
    pub name: Field<Label>,
    /// The resource group that it is in.
    #[schemars(required)]
    pub resource_group: Field<Label>,
    /// The id of the route table for the cluster's subnets, whose routes lead out, for example through a firewall. Default: a NAT gateway of the
    /// cluster's own. Beside `subnets`, only AKS accepts this key: outbound traffic then follows the routes of the subnet, and not a NAT gateway of that subnet.
    pub route_table: Field<Label>,
    /// The subnets to use, by their use (`zookeeper`, `masters`, `workers` and, for storage, `endpoints`; on AKS `nodes` and `endpoints`; for `HDInsight`
    /// `cluster`): `{ workers: { name: spark-workers, range: 10.20.72.0/21 } }`. They are for this cluster alone; their route tables, NAT gateways and security
    /// groups stay as they are. Default: subnets of the cluster's own.
    pub subnets: Field<Entries<AzureSubnetFile>>,
}

/// The same, checked.
#[derive(Clone, Debug, Default)]
pub struct AzureExisting {
    pub resource_group: Option<Label>,
    pub network: Option<AzureNetwork>,
    /// The id of a resource group.
    pub private_dns_zones: Option<String>,
    /// Its id.
    pub workspace: Option<String>,
    /// Its id.
    pub disk_encryption_set: Option<String>,
    pub storage_encryption: Option<StorageKey>,
}

/// A key of somebody else's for a storage account.
#[derive(Clone, Debug)]
pub struct StorageKey {
    pub key: Label,
    /// The id of the identity that may use it.
    pub identity: String,
}

impl AzureExisting {
    /// The route table that leads out; without one there is a NAT gateway.
    pub fn route_table(&self) -> Option<&str> {
        self.network.as_ref()?.route_table.as_deref()
    }

    pub fn subnets(&self) -> Option<&AzureSubnets> {
        self.network.as_ref()?.subnets.as_ref()
    }

    /// Reports subnets outside the platform's `network`.
    pub fn check_within(&self, at: Span, network: Cidr, problems: &mut Diagnostics) {
        check_within(at, network, self.subnets().into_iter().flat_map(BTreeMap::values), problems);
    }

    /// The range of a subnet: of one that is there already, or else `own`.
    pub fn range(&self, of_use: &str, own: Cidr) -> Cidr {
        self.subnets().and_then(|subnets| subnets.get(of_use)).map_or(own, |subnet| subnet.range)
    }

    pub fn has_own_zones(&self) -> bool {
        self.private_dns_zones.is_none()
    }
}

/// A virtual network of somebody else's.
#[derive(Clone, Debug)]
pub struct AzureNetwork {
    pub name: Label,
    pub resource_group: Label,
    /// Its id.
    pub route_table: Option<String>,
    pub subnets: Option<AzureSubnets>,
}

/// The end of an id behind its subscription and its resource group.
const WORKSPACE: &str = "Microsoft.OperationalInsights/workspaces";
const ROUTE_TABLE: &str = "Microsoft.Network/routeTables";
const DISK_ENCRYPTION_SET: &str = "Microsoft.Compute/diskEncryptionSets";
const IDENTITY: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

impl AzureExisting {
    /// Checks it, and reports what is wrong.
    pub fn check(field: &Field<AzureExistingFile>, problems: &mut Diagnostics) -> AzureExisting {
        let Some((_, file)) = field.spanned() else { return AzureExisting::default() };
        let network = file.network.spanned().and_then(|(at, network)| {
            problems.need(at, "name", &network.name);
            problems.need(at, "resourceGroup", &network.resource_group);
            // learn.microsoft.com, "Naming rules and restrictions for Azure resources", as for the resource group.
            let ends = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let right = |name: &str| {
                (2..=64).contains(&name.len())
                    && name.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && name.ends_with(ends)
            };
            check_name(&network.name, "a virtual network", right, problems);
            check_name(&network.resource_group, "a resource group", is_group, problems);
            let route_table = check_azure_id(&network.route_table, "a route table", Some(ROUTE_TABLE), problems);
            Some(AzureNetwork {
                name: network.name.ok()?.clone(),
                resource_group: network.resource_group.ok()?.clone(),
                route_table,
                subnets: check_azure_subnets(&network.subnets, check_subnet_name, problems),
            })
        });
        check_name(&file.resource_group, "a resource group", is_group, problems);
        let private_dns_zones = check_azure_id(&file.private_dns_zones, "a resource group", None, problems);
        let workspace = check_azure_id(&file.workspace, "a Log Analytics workspace", Some(WORKSPACE), problems);
        if let Some(at) = file.private_dns_zones.span().filter(|_| file.network.is_missing()) {
            problems
                .add(
                    Code::T012,
                    at,
                    "these zones must be linked to the network already, but the module has yet to create that network",
                )
                .help("name the existing `network`, too, or remove `privateDnsZones`");
        }
        let set = &file.disk_encryption_set;
        let disk_encryption_set = check_azure_id(set, "a disk encryption set", Some(DISK_ENCRYPTION_SET), problems);
        AzureExisting {
            resource_group: file.resource_group.ok().cloned(),
            network,
            private_dns_zones,
            workspace,
            disk_encryption_set,
            storage_encryption: StorageKey::check(&file.storage_encryption, problems),
        }
    }
}

impl StorageKey {
    fn check(field: &Field<StorageKeyFile>, problems: &mut Diagnostics) -> Option<StorageKey> {
        let (span, file) = field.spanned()?;
        let key = problems.need(span, "key", &file.key);
        problems.need(span, "identity", &file.identity);
        let identity = check_azure_id(&file.identity, "a user-assigned identity", Some(IDENTITY), problems);
        if let Some((at, key)) = file.key.spanned().filter(|(_, key)| !is_vault_key(key.as_str())) {
            problems
                .add(Code::T012, at, format!("`{key}` is not a key in a key vault"))
                .help("write https://VAULT.vault.azure.net/keys/NAME");
        }
        Some(StorageKey { key: key?.clone(), identity: identity? })
    }
}

/// `https://VAULT/keys/NAME`, with or without a version.
fn is_vault_key(url: &str) -> bool {
    let parts: Vec<&str> = url.split('/').collect();
    let names = matches!(parts.as_slice(), ["https:", "", host, "keys", rest @ ..]
        if host.contains('.') && matches!(rest.len(), 1 | 2));
    names && parts.iter().skip(2).all(|part| !part.is_empty())
}

fn is_group(name: &str) -> bool {
    name.len() <= 90 && !name.ends_with('.')
}

/// learn.microsoft.com, "Naming rules and restrictions for Azure resources".
fn check_subnet_name(field: &Field<Label>, problems: &mut Diagnostics) {
    check_name(field, "a subnet", |name| name.len() <= 80, problems);
}

fn check_name(field: &Field<Label>, what: &str, right: impl Fn(&str) -> bool, problems: &mut Diagnostics) {
    let Some((at, name)) = field.spanned() else { return };
    if !right(name.as_str()) || name.as_str().contains(['/', ':', '@']) {
        problems
            .add(Code::T012, at, format!("`{name}` is not a name of {what}"))
            .help("write its name alone, not its id");
    }
}

/// An id of a resource group, or of a resource in one, spelled as Terraform's provider takes it: Azure itself prints some in small letters.
fn check_azure_id(field: &Field<Label>, what: &str, kind: Option<&str>, problems: &mut Diagnostics) -> Option<String> {
    let (at, id) = field.spanned()?;
    let parts: Vec<&str> = id.as_str().split('/').collect();
    let spelled = match (parts.as_slice(), kind) {
        (["", _, subscription, _, group], None) => {
            Some(format!("/subscriptions/{subscription}/resourceGroups/{group}"))
        }
        (["", _, subscription, _, group, _, _, _, name], Some(kind)) => {
            Some(format!("/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}"))
        }
        _ => None,
    };
    let filled = parts.iter().skip(1).all(|part| !part.is_empty());
    let spelled = spelled.filter(|spelled| filled && spelled.eq_ignore_ascii_case(id.as_str()));
    if spelled.is_none() {
        let example = match kind {
            None => "/subscriptions/SUBSCRIPTION/resourceGroups/GROUP".to_owned(),
            Some(kind) => format!("/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/{kind}/NAME"),
        };
        problems.add(Code::T012, at, format!("`{id}` is not the id of {what}")).help(format!("write {example}"));
    }
    spelled
}
