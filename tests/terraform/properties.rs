//! Any valid topology renders to HCL that parses back to the same values, is laid out as Terraform lays it out, refers to
//! nothing that is not declared, and has no cycle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use proptest::prelude::*;
use provision::desired::cloud::Cloud;
use provision::hcl::Address;
use provision::render::{self, FileTree};

use crate::tool::{self, Module};

prop_compose! {
    fn zones(of: &'static [&'static str])(count in 1..=3_usize) -> String {
        of[..count].join(", ")
    }
}

/// Members, masters, workers, and what may be there or not.
fn services(storage: &'static str) -> impl Strategy<Value = String> {
    let numbers = (prop_oneof![Just(1), Just(3), Just(5), Just(7)], 1..=3_u32, 1..=5_u32, 0..=20_u32);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..4_u8, any::<bool>());
    (numbers, flags).prop_map(move |((members, masters, min, more), (zookeeper, spark, balanced, stored, scale, ports))| {
        let mut text = "services:\n".to_owned();
        if zookeeper || !spark {
            let balancer = if balanced { ", loadBalancer: internal" } else { "" };
            let port = if ports { ", clientPort: 2281, dataDir: /data/zk" } else { "" };
            text += &format!("  zookeeper: {{ nodes: {members}, disk: 32{balancer}{port} }}\n");
        }
        if spark {
            let masters = if zookeeper { masters } else { 1 };
            let bounds = match scale {
                0 => format!("nodes: {min}"),
                1 => format!("autoscale: {{ min: {min}, max: {} }}", min + more),
                2 => format!("autoscale: {{ min: {min}, max: {}, memory: {{ out: 90, in: 30 }}, window: 15m }}", min + more),
                _ => format!("autoscale: {{ min: {min}, max: {}, cpu: {{ out: 80, in: 20 }}, memory: {{ out: 90, in: 30 }} }}", min + more),
            };
            let storage = if stored { storage } else { "" };
            text += &format!("  spark: {{ masters: {{ nodes: {masters} }}, workers: {{ {bounds} }}{storage} }}\n");
        }
        text
    })
}

/// Keys that are names to a cloud, and values that are hostile to a language.
fn tags() -> impl Strategy<Value = String> {
    let hostile = prop_oneof![
        Just("${var.x}"),
        Just("%{ if true }"),
        Just("a\"b"),
        Just("<<EOT\nEOT"),
        Just("back\\slash"),
        Just("$${x}"),
        Just("# no"),
        Just("ß\t")
    ];
    prop::collection::btree_map("[a-z][a-z0-9-]{0,8}", hostile, 0..3)
        .prop_map(|tags| serde_json::to_string(&tags).expect("JSON"))
}

fn state() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(""),
        Just(", state: { azurerm: { resourceGroup: tf, account: tfstates, container: state } }"),
        Just(", state: { s3: { bucket: states, region: eu-west-1 } }"),
    ]
}

/// Resources of somebody else on Azure, or none.
fn azure_existing() -> impl Strategy<Value = String> {
    let group = prop_oneof![Just(""), Just("resourceGroup: spark-rg")];
    let network = prop_oneof![
        Just(""),
        Just("network: { name: spoke, resourceGroup: net }"),
        Just(
            "network: { name: spoke, resourceGroup: net, routeTable: /subscriptions/s/resourceGroups/g/providers/Microsoft.Network/routeTables/hub }"
        ),
    ];
    let zones = prop_oneof![Just(""), Just("privateDnsZones: /subscriptions/s/resourceGroups/dns")];
    let workspace = prop_oneof![
        Just(""),
        Just("workspace: /subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/w")
    ];
    let disks = prop_oneof![
        Just(""),
        Just(
            "diskEncryptionSet: /subscriptions/s/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/des"
        )
    ];
    let key = prop_oneof![
        Just(""),
        Just(
            "storageEncryption: { key: https://v.vault.azure.net/keys/k, identity: /subscriptions/s/resourceGroups/keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i }"
        )
    ];
    (group, network, zones, workspace, disks, key).prop_map(|(group, network, zones, workspace, disks, key)| {
        let zones = if network.is_empty() { "" } else { zones };
        let all = [group, network, zones, workspace, disks, key];
        let said: Vec<&str> = all.into_iter().filter(|text| !text.is_empty()).collect();
        if said.is_empty() { String::new() } else { format!("existing: {{ {} }}, ", said.join(", ")) }
    })
}

/// Keys of a platform beside its machines: each is there or not.
fn beside(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::subsequence(keys, 0..=keys.len()).prop_map(|keys| keys.iter().map(|key| format!("{key}, ")).collect())
}

/// Without what a topology without storage, or without members, refuses.
fn fitting(text: String, members: bool, storage: bool, locked: bool) -> String {
    let from = text.find("storageEncryption:").filter(|_| !storage);
    let text = match from {
        Some(at) => {
            let end = at + text[at..].find('}').expect("it ends") + 1;
            let start = text[..at].trim_end_matches(", ").len();
            format!("{}{}", &text[..start], &text[end..])
        }
        None => text,
    };
    let text = if members { text } else { text.replace("backup: { days: 7 }, ", "") };
    if locked { text } else { text.replace("locks: true, ", "") }
}

const VPC: &str =
    "existing: { vpc: vpc-0a1b2c3d, routeTables: { a: rtb-0a1b2c3d, b: rtb-0a1b2c3e, c: rtb-0a1b2c3f } }, ";
const KEY: &str = "key: arn:aws:kms:eu-west-1:111122223333:key/1234abcd";

fn azure() -> impl Strategy<Value = String> {
    let storage = ", storage: { adls: { account: data, container: spark } }";
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let beside = (
        beside(&[
            "namePrefix: prod",
            "locks: true",
            "backup: { days: 7 }",
            "extensions: true",
            "automaticUpgrades: false",
        ]),
        any::<bool>(),
    );
    (zones(&["1", "2", "3"]), services(storage), tags(), state(), flags, azure_existing(), beside).prop_map(|(zones, services, tags, state, (zoned, bastion, own, ranges), existing, (beside, spot))| {
        let services = if spot { services.replace("workers: {", "workers: { spot: true, size: Standard_E8ads_v6, localDisks: true,") } else { services };
        let (members, stored) = (services.contains("zookeeper:"), services.contains("storage:"));
        let existing = fitting(existing, members, stored, true);
        let beside = fitting(beside, members, stored, members || stored);
        // A network has one.
        let bastion = bastion && !existing.contains("network:");
        let zones = if zoned { format!("zones: [{zones}], ") } else { String::new() };
        let image = if own { "image: { gallery: /subscriptions/x/resourceGroups/g/providers/Microsoft.Compute/images/y }, " } else { "" };
        let from = if ranges { ", from: [198.51.100.0/24]" } else { ", from: [198.51.100.0/24, 203.0.113.0/24]" };
        format!(
            "apiVersion: provision/v1\nname: prop\nplatforms: {{ p: {{ azureVms: {{ location: westeurope, {zones}{image}{existing}{beside}network: 10.8.0.0/16, \
             ssh: {{ user: ops, bastion: {bastion}{from} }}, tags: {tags}{state} }} }} }}\n{services}"
        )
    })
}

fn aws() -> impl Strategy<Value = String> {
    let storage = ", storage: { s3: { bucket: some-data } }";
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let beside = (beside(&["namePrefix: prod", "backup: { days: 7 }", "automaticUpgrades: false"]), any::<bool>());
    (zones(&["a", "b", "c"]), services(storage), tags(), state(), flags, beside).prop_map(|(zones, services, tags, state, (own, ranges, single, spot, existing), (beside, key))| {
        let beside = fitting(beside, services.contains("zookeeper:"), true, true);
        let way_out = match (existing, zones.len()) {
            (false, _) => format!("singleNatGateway: {single}, "),
            (true, 1) => VPC.replace(", b: rtb-0a1b2c3e, c: rtb-0a1b2c3f", ""),
            (true, 4) => VPC.replace(", c: rtb-0a1b2c3f", ""),
            (true, _) => VPC.to_owned(),
        };
        let way_out = match (key, existing) {
            (true, true) => way_out.replace(" }, ", &format!(", {KEY} }}, ")),
            (true, false) => format!("{way_out}existing: {{ {KEY} }}, "),
            (false, _) => way_out,
        };
        let services = if spot { services.replace("workers: {", "workers: { spot: true, size: r6id.2xlarge, localDisks: true,") } else { services };
        let image = if own { "image: { gallery: ami-0123 }, " } else { "" };
        let from = if ranges { ", from: [198.51.100.0/24]" } else { "" };
        format!(
            "apiVersion: provision/v1\nname: prop\nplatforms: {{ p: {{ awsVms: {{ region: eu-west-1, zones: [{zones}], {way_out}{image}{beside}network: 10.8.0.0/16, \
             ssh: {{ user: ubuntu{from} }}, tags: {tags}{state} }} }} }}\n{services}"
        )
        .replace(", loadBalancer: internal", "")
    })
}

fn pools() -> impl Strategy<Value = String> {
    let pool = (any::<bool>(), any::<bool>(), 0..4_u32, 1..9_u32, any::<bool>()).prop_map(
        |(scales, spot, min, more, disk)| {
            let nodes = if scales {
                format!("autoscale: {{ min: {min}, max: {} }}", min + more)
            } else {
                format!("nodes: {more}")
            };
            let disk = if disk { ", disk: 100" } else { "" };
            format!("size: SIZE, {nodes}, spot: {spot}{disk}")
        },
    );
    prop::collection::btree_map("[a-z][a-z0-9]{0,11}", pool, 0..3).prop_map(|pools| {
        let others =
            pools.iter().filter(|(name, _)| *name != "system").map(|(name, pool)| format!(", {name}: {{ {pool} }}"));
        format!("{{ system: {{ size: SIZE, nodes: 3 }}{} }}", others.collect::<String>())
    })
}

fn kubernetes() -> impl Strategy<Value = String> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let beside = (beside(&["namePrefix: prod", "locks: true"]), any::<bool>(), any::<bool>());
    (pools(), state(), flags, azure_existing(), beside).prop_map(|(pools, state, (aks, registry, public, stored), existing, (beside, in_vpc, key))| {
        let existing = fitting(existing, false, false, true);
        let beside = fitting(beside, false, false, registry && aks);
        let api = if public { ", apiFrom: [198.51.100.0/24]" } else { "" };
        let (kind, place, size) = if aks {
            ("aks", "location: westeurope, zones: [1, 2]", "Standard_D8s_v5")
        } else {
            ("eks", if in_vpc { "region: eu-west-1, zones: [a, b], existing: { vpc: vpc-0a1b2c3d, routeTables: { a: rtb-0a1b2c3d, b: rtb-0a1b2c3e } }" } else if public { "region: eu-west-1, zones: [a, b], singleNatGateway: true" } else { "region: eu-west-1, zones: [a, b]" }, "m7i.2xlarge")
        };
        let existing = if aks { existing } else { String::new() };
        let keyed = if key && !in_vpc { format!("{place}, existing: {{ {KEY} }}") } else { place.replace("existing: {", &format!("existing: {{ {KEY},")) };
        let place = if key && !aks { keyed.as_str() } else { place };
        let storage = if stored && !aks { ", storage: { s3: { bucket: some-data } }" } else { "" };
        let pools = pools.replace("SIZE", size);
        let version = if in_vpc && aks { "version: \"1.35.4\", automaticUpgrades: false" } else { "version: \"1.35\"" };
        format!(
            "apiVersion: provision/v1\nname: prop\nplatforms: {{ p: {{ {kind}: {{ {place}, {version}, {existing}{beside}network: 10.8.0.0/16, \
             registry: {registry}, pools: {pools}{api}{state} }} }} }}\nservices: {{ spark: {{ operator: {{ version: 2.5.0 }}, image: x{storage} }} }}\n"
        )
    })
}

fn managed() -> impl Strategy<Value = String> {
    let workers = prop_oneof![
        Just("nodes: 4"),
        Just("autoscale: { min: 3, max: 9 }"),
        Just("schedule: { times: [{ days: [Monday, Sunday], at: \"07:30\", workers: 5 }] }"),
    ];
    let beside = beside(&["namePrefix: prod", "locks: true"]);
    (workers, state(), any::<bool>(), azure_existing(), beside).prop_map(|(workers, state, network, existing, beside)| {
        let existing = existing.replace("diskEncryptionSet: /subscriptions/s/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/des, ", "").replace("diskEncryptionSet: /subscriptions/s/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/des ", "");
        let network = if network || existing.contains("network:") { ", network: 10.9.0.0/20" } else { "" };
        format!(
            "apiVersion: provision/v1\nname: prop\nplatforms: {{ p: {{ hdinsight: {{ location: westeurope, version: \"5.1\"{network}, {existing}{beside}\
             storage: {{ adls: {{ account: data, container: spark }} }}, gateway: {{ user: admin, password: {{ env: X }} }}{state} }} }} }}\n\
             services: {{ spark: {{ version: \"3.3\", workers: {{ {workers} }} }} }}\n"
        )
    })
}

/// The machines that Terraform makes are the hosts that `provision` goes to, by name, address and zone.
fn check_hosts(text: &str, cloud: &Cloud) {
    let Ok(cluster) = provision::cluster::resolve(&tool::topology(text), || Err("no".to_owned())) else { return };
    let rows = |table| provision::hcl::table(&cloud.files["locals.tf"], table).into_values();
    let column = |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
    let made: BTreeSet<[String; 3]> = rows("zookeeper")
        .chain(rows("masters"))
        .map(|row| ["name", "address", "zone"].map(|name| column(&row, name)))
        .collect();
    let zone =
        |host: &provision::host::Host| host.zone.as_ref().map(|zone| zone.as_str().to_owned()).unwrap_or_default();
    let hosts =
        cluster.hosts.values().map(|host| [host.name.to_string(), host.address.to_string(), zone(host)]).collect();
    assert_eq!(made, hosts, "{text}");
}

/// Everything of a cloud that a file's text names anywhere, outputs included.
fn named(text: &str) -> BTreeSet<Address> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words = lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.'));
    let address = |word: &str| {
        let (kind, rest) = word.strip_prefix("data.").unwrap_or(word).split_once('.')?;
        let name = rest.split('.').next().filter(|name| !name.is_empty())?;
        let is_of_a_cloud = kind.starts_with("azurerm_") || kind.starts_with("aws_");
        is_of_a_cloud.then(|| Address { kind: kind.to_owned(), name: name.to_owned() })
    };
    words.filter_map(address).collect()
}

fn check(cloud: &Cloud) {
    for (name, body) in &cloud.files {
        let text = body.to_string();
        let again: hcl_edit::structure::Body = text.parse().unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
        // Compared as written: layout is not part of a value.
        assert_eq!(again.to_string(), text, "{name}");
        assert!(!text.contains("provision."), "{name} has a hole left:\n{text}");
    }
    let resources = cloud.resources();
    let declared: BTreeSet<&Address> = resources.iter().map(|resource| &resource.address).collect();
    let mut refers: BTreeMap<&Address, &BTreeSet<Address>> = BTreeMap::new();
    for resource in &resources {
        let missing: Vec<&Address> = resource.refers_to.iter().filter(|to| !declared.contains(to)).collect();
        assert!(missing.is_empty(), "{} refers to {missing:?}", resource.address);
        refers.insert(&resource.address, &resource.refers_to);
    }
    for (name, body) in &cloud.files {
        for address in named(&body.to_string()) {
            assert!(declared.contains(&address), "{name} names {address}, which is not declared");
        }
    }
    // Whoever refers to nobody that is left may go; a cycle stays.
    while !refers.is_empty() {
        let left: BTreeSet<&Address> = refers.keys().copied().collect();
        let before = refers.len();
        refers.retain(|address, to| to.iter().any(|to| to != *address && left.contains(to)));
        assert!(refers.len() < before, "a cycle among {:?}", refers.keys());
    }
    // What is decided once, of the whole ensemble, is not a first boot's to decide; and it names nobody.
    let members = cloud.files.get("locals.tf").map(|file| provision::hcl::table(file, "zookeeper")).unwrap_or_default();
    for (name, text) in cloud.texts.iter().filter(|(name, _)| name.starts_with("cloud-init/")) {
        assert!(!text.contains("initialize") && !text.contains("myid"), "{name} marks a data directory");
        let named = members
            .values()
            .flat_map(|row| row.values())
            .find(|value| value.len() > 6 && text.contains(value.as_str()));
        assert_eq!(named, None, "{name}");
    }
    let names: BTreeSet<&str> = cloud.names.clone();
    let unknown: Vec<&&str> =
        cloud.files.keys().chain(cloud.texts.keys()).filter(|name| !names.contains(**name)).collect();
    assert!(unknown.is_empty(), "{unknown:?} would not be taken away again");
}

proptest! {
    /// Whatever the network's width, and with a platform that nothing is on: an answer, and no panic.
    #[test]
    fn networks_of_every_width_are_divided_or_refused(prefix in 0..=32_u8, kind in 0..5_u8, used: bool) {
        let network = format!("10.0.0.0/{prefix}").replace("10.0.0.0/0", "0.0.0.0/0");
        let base = if prefix < 8 { "0.0.0.0" } else { "10.0.0.0" };
        let network = network.replace("10.0.0.0", base);
        let place = match kind {
            0 => format!("azureVms: {{ location: westeurope, network: {network}, ssh: {{ bastion: true }} }}"),
            1 => format!("awsVms: {{ region: eu-west-1, zones: [a, b, c], network: {network}, ssh: {{ user: ubuntu }} }}"),
            2 => format!("aks: {{ location: westeurope, version: \"1.35\", network: {network}, pools: {{ system: {{ size: Standard_D4s_v5, nodes: 3 }} }} }}"),
            3 => format!("eks: {{ region: eu-west-1, zones: [a, b], version: \"1.35\", network: {network}, pools: {{ system: {{ size: m7i.large, nodes: 3 }} }} }}"),
            _ => format!("hdinsight: {{ location: westeurope, version: \"5.1\", network: {network}, storage: {{ adls: {{ account: data, container: x }} }}, gateway: {{ user: admin, password: {{ env: X }} }} }}"),
        };
        let services = match (used, kind) {
            (false, _) => "spark: { platform: rack, masters: { hosts: [h1] }, workers: { hosts: [h1] } }",
            (true, 0 | 1) => "zookeeper: { platform: p, nodes: 3 }",
            (true, _) => "spark: { platform: p }",
        };
        let text = format!(
            "apiVersion: provision/v1\nname: prop\nplatforms: {{ p: {{ {place} }}, rack: {{ nodes: {{ hosts: {{ h1: {{ address: 192.0.2.1 }} }} }} }} }}\nservices: {{ {services} }}\n"
        );
        let source = provision::diagnostic::Source::new("x.yaml", text.as_str());
        let (file, mut problems) = provision::topology::load(&source);
        if let Some(topology) = provision::topology::check(&file, &mut problems) {
            for cloud in provision::desired::cloud::of(&topology, "topology.yaml") {
                check(&cloud);
            }
        } else {
            prop_assert!(problems.has_errors(), "{text}");
        }
    }
}

#[test]
fn any_topology_renders_to_values_that_come_back_and_hold_together() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(96);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases,
        failure_persistence: None,
        ..Default::default()
    });
    let every = prop_oneof![3 => azure(), 3 => aws(), 2 => kubernetes(), 1 => managed()];
    let mut trees: Vec<FileTree> = Vec::new();
    let seen = std::cell::RefCell::new(&mut trees);
    runner
        .run(&every, |text| {
            let cloud = tool::cloud(&text);
            check(&cloud);
            check_hosts(&text, &cloud);
            seen.borrow_mut().push(render::terraform(&cloud));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    if !tool::is_ready("the layout of random topologies") {
        return;
    }
    // All at once: Terraform takes longer to start than to look.
    let all = trees.iter().enumerate().flat_map(|(at, tree)| {
        let hcl = tree.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "tf"));
        hcl.map(move |(path, text)| (PathBuf::from(at.to_string()).join(path), text.clone()))
    });
    Module::of(&all.collect()).must(&["fmt", "-check", "-recursive", "-diff"]);
}
