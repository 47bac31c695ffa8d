//! Terraform changes machines in parallel and knows no gate. So no edit of a topology may stop two members, or two masters, in
//! one apply.

use provision::plan::terraform::Edit;
use provision::render;

use crate::tool::{self, Change, Module};

/// Arguments that Terraform may change on a running machine without stopping it.
const HARMLESS: &[&str] = &["tags", "tags_all", "identity", "iam_instance_profile", "allow_extension_operations"];
/// Machines, their disks, their addresses, and what ties them together.
const FIXED: &[&str] = &[
    "aws_ebs_volume.zookeeper",
    "aws_instance.masters",
    "aws_instance.zookeeper",
    "aws_network_interface.masters",
    "aws_network_interface.zookeeper",
    "aws_volume_attachment.zookeeper",
    "azurerm_linux_virtual_machine.masters",
    "azurerm_linux_virtual_machine.zookeeper",
    "azurerm_managed_disk.zookeeper",
    "azurerm_network_interface.masters",
    "azurerm_network_interface.zookeeper",
    "azurerm_virtual_machine_data_disk_attachment.zookeeper",
];

/// The effect of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Terraform adds, and touches nothing that is there.
    Adds,
    /// No machine of a member or a master is stopped.
    StopsNobody,
    /// The same, and the tool says how machines are replaced one by one.
    Waits,
    /// One master goes, and nobody else is touched.
    TakesOne,
    /// `render` writes nothing.
    Refused,
    /// The plan fails at what must not be destroyed.
    Stuck,
}
use Outcome::{Adds, Refused, StopsNobody, Stuck, TakesOne, Waits};

/// Every kind of edit, as text that is replaced.
const AZURE: &[(&str, &str, &str, Outcome)] = &[
    ("grow the ensemble", "nodes: 3\n", "nodes: 5\n", Adds),
    ("a member less", "nodes: 3\n", "nodes: 2\n", Stuck),
    ("two members less", "nodes: 3\n", "nodes: 1\n", Refused),
    ("a master less", "masters: { nodes: 3", "masters: { nodes: 2", TakesOne),
    ("two masters less", "masters: { nodes: 3", "masters: { nodes: 1", Refused),
    ("storage taken away", "    storage: { adls: { account: analyticsdata, container: spark } }\n", "", Refused),
    ("a network half as wide", "10.20.0.0/16", "10.20.0.0/17", Refused),
    ("the region in other letters", "westeurope", "WestEurope", StopsNobody),
    ("a size in other letters", "Standard_D2s_v5", "standard_d2s_v5", StopsNobody),
    ("another size for members", "Standard_D2s_v5", "Standard_D8s_v5", Waits),
    ("another size for masters", "Standard_D4s_v5", "Standard_D8s_v5", Waits),
    ("another image", "ubuntu: \"24.04\"", "ubuntu: \"22.04\"", Waits),
    ("other zones", "zones: [1, 2, 3]", "zones: [2, 3, 1]", Refused),
    ("no zones", "      zones: [1, 2, 3]\n", "", Refused),
    ("another name", "name: analytics\n", "name: analysis\n", Refused),
    ("another network", "10.20.0.0/16", "10.60.0.0/16", Refused),
    ("another region", "westeurope", "northeurope", Refused),
    ("a larger data disk", "disk: 64", "disk: 128", StopsNobody),
    ("another login", "user: ops", "user: operator", Refused),
    ("another data directory", "disk: 64", "disk: 64\n    dataDir: /data/zk", Refused),
    ("other ranges for ssh", "203.0.113.0/24", "198.51.100.0/24", StopsNobody),
    ("other tags", "owner: data-platform", "owner: somebody", StopsNobody),
    ("no bastion", ", bastion: true", "", StopsNobody),
    ("no load balancer", "    loadBalancer: internal", "    #", StopsNobody),
    ("another port", "disk: 64", "disk: 64\n    clientPort: 2182", StopsNobody),
    ("more workers", "max: 10", "max: 40", StopsNobody),
    ("larger workers", "Standard_E8s_v5", "Standard_E16s_v5", StopsNobody),
    ("zones pinned as they are", "disk: 64", "disk: 64\n    zones: [1, 2, 3]", StopsNobody),
    ("one zone pinned elsewhere", "disk: 64", "disk: 64\n    zones: [1, 2, 1]", Refused),
    ("a prefix for names", "      zones: [1", "      namePrefix: prod\n      zones: [1", Refused),
    ("locks, backups and extensions", "      zones: [1", LOCKED, StopsNobody),
    ("a key for disks", "      zones: [1", DISK_KEY, Refused),
    ("a key for storage", "      zones: [1", STORAGE_KEY, StopsNobody),
    ("workers at a lower price", "size: Standard_E8s_v5", "size: Standard_E8s_v5\n      spot: true", StopsNobody),
    (
        "workers on their own disks",
        "size: Standard_E8s_v5\n      disk: 256",
        "size: Standard_E8ads_v6\n      localDisks: true",
        StopsNobody,
    ),
];
const LOCKED: &str = "      locks: true\n      backup: { days: 7 }\n      extensions: true\n      zones: [1";
const DISK_KEY: &str = "      existing: { diskEncryptionSet: \
    /subscriptions/s/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/d }\n      zones: [1";
const STORAGE_KEY: &str = "      existing: { storageEncryption: { key: https://v.vault.azure.net/keys/k, identity: \
    /subscriptions/s/resourceGroups/keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i } }\n      zones: [1";
const AWS: &[(&str, &str, &str, Outcome)] = &[
    ("grow the ensemble", "{ nodes: 3, size: t3.medium", "{ nodes: 5, size: t3.medium", Adds),
    ("a member less", "{ nodes: 3, size: t3.medium", "{ nodes: 2, size: t3.medium", Stuck),
    ("two members less", "{ nodes: 3, size: t3.medium", "{ nodes: 1, size: t3.medium", Refused),
    ("two masters less", "masters: { nodes: 3", "masters: { nodes: 1", Refused),
    ("storage taken away", "    storage: { s3: { bucket: analytics-spark-data } }\n", "", Refused),
    ("a network half as wide", "10.21.0.0/16", "10.21.0.0/17", Refused),
    ("sizes in other letters", "t3.medium", "T3.Medium", StopsNobody),
    ("another size for members", "t3.medium", "m7i.large", Waits),
    ("another size for masters", "m7i.xlarge", "m7i.2xlarge", Waits),
    ("another image", "ubuntu: \"24.04\"", "ubuntu: \"22.04\"", Waits),
    ("other zones", "zones: [a, b, c]", "zones: [b, c, a]", Refused),
    ("a zone less", "zones: [a, b, c]", "zones: [a, b]", Refused),
    ("another name", "name: analytics\n", "name: analysis\n", Refused),
    ("another network", "10.21.0.0/16", "10.61.0.0/16", Refused),
    ("another region", "eu-west-1", "eu-west-2", Refused),
    ("a larger data disk", "disk: 64", "disk: 128", StopsNobody),
    ("another login", "user: ubuntu", "user: admin2", Refused),
    ("another data directory", "disk: 64", "disk: 64, dataDir: /data/zk", Refused),
    ("other ranges for ssh", "203.0.113.0/24", "198.51.100.0/24", StopsNobody),
    ("more workers", "max: 10", "max: 40", StopsNobody),
    ("larger workers", "r7i.2xlarge", "r7i.4xlarge", StopsNobody),
    ("one zone pinned elsewhere", "disk: 64", "disk: 64, zones: [a, b, a]", Refused),
    ("one way out", "      network: 10.21", "      singleNatGateway: true\n      network: 10.21", StopsNobody),
    ("workers at a lower price", "size: r7i.2xlarge", "size: r7i.2xlarge\n      spot: true", StopsNobody),
    ("workers on their own disks", "size: r7i.2xlarge", "size: r6id.2xlarge\n      localDisks: true", StopsNobody),
    ("a prefix for names", "      network: 10.21", "      namePrefix: prod\n      network: 10.21", Refused),
    ("backups", "      network: 10.21", "      backup: { days: 30 }\n      network: 10.21", StopsNobody),
    (
        "a key of somebody else's",
        "      network: 10.21",
        "      existing: { key: arn:aws:kms:eu-west-1:111122223333:key/1234abcd }\n      network: 10.21",
        Refused,
    ),
];

#[test]
fn no_edit_stops_two_machines_of_azure_in_one_apply() {
    all_edits("azure-vms", AZURE);
}

#[test]
fn no_edit_stops_two_machines_of_aws_in_one_apply() {
    all_edits("aws-vms", AWS);
}

fn all_edits(name: &str, edits: &[(&str, &str, &str, Outcome)]) {
    if !tool::is_ready(name) {
        return;
    }
    let text = tool::example(name);
    let before = tool::cloud(&text);
    let old = render::terraform(&before);
    let module = Module::of(&old);
    module.init();
    module.apply();
    for (what, from, to, outcome) in edits {
        assert!(text.contains(from), "{name}, {what}: `{from}` is not in the example");
        let after = tool::cloud(&text.replace(from, to));
        let edit = Edit::between(&old, &after);
        assert_eq!(!edit.refused.is_empty(), *outcome == Refused, "{name}, {what}: {edit:?}");
        assert_eq!(!edit.replacements.is_empty(), *outcome == Waits, "{name}, {what}: {edit:?}");
        if *outcome == Refused {
            continue;
        }
        module.write(&render::terraform(&after));
        let plan = module.plan_by_state();
        if *outcome == Stuck {
            let said = plan.expect_err(what);
            assert!(said.contains("prevent_destroy"), "{name}, {what}: {said}");
            continue;
        }
        let plan = plan.unwrap_or_else(|said| panic!("{name}, {what}: {said}"));
        if *outcome == Adds {
            assert!(!plan.is_empty() && plan.values().all(Change::only_creates), "{name}, {what}: {plan:#?}");
        }
        let machines = ["azurerm_linux_virtual_machine.", "aws_instance."];
        let goes = |address: &str| machines.iter().any(|kind| address.starts_with(kind));
        let gone = plan.iter().filter(|(address, change)| goes(address) && change.actions == ["delete"]).count();
        assert_eq!(gone, usize::from(*outcome == TakesOne), "{name}, {what}");
        for (address, change) in plan.iter().filter(|(_, change)| *outcome != TakesOne || change.actions != ["delete"])
        {
            let is_fixed = FIXED.iter().any(|fixed| address.starts_with(&format!("{fixed}[")));
            let harmless =
                change.only_creates() || change.arguments.iter().all(|name| HARMLESS.contains(&name.as_str()));
            // A volume that grows is in use meanwhile.
            let grows = address.starts_with("aws_ebs_volume.") && change.arguments == ["size"];
            assert!(
                !is_fixed || (change.actions != ["delete"] && harmless) || grows,
                "{name}, {what}: {address} {change:?}"
            );
        }
    }
}

#[test]
fn growing_resizing_and_a_zone_more_are_small_diffs() {
    let lines = |name: &str, from: &str, to: &str| {
        let text = tool::example(name);
        assert!(text.contains(from), "{from}");
        let (old, new) =
            (render::terraform(&tool::cloud(&text)), render::terraform(&tool::cloud(&text.replace(from, to))));
        let mut lines = Vec::new();
        for (path, text) in &new {
            let before = old.get(path).map_or("", String::as_str);
            let diff = similar::TextDiff::from_lines(before, text);
            lines.extend(
                diff.iter_all_changes()
                    .filter(|change| change.tag() != similar::ChangeTag::Equal)
                    .map(|change| format!("{}: {}{}", path.display(), change.tag(), change.value().trim())),
            );
        }
        lines
    };
    assert_eq!(
        lines("aws-vms", "{ nodes: 3, size: t3.medium", "{ nodes: 5, size: t3.medium"),
        [
            "README.md: +10.21.4.14",
            "README.md: +10.21.5.15",
            r#"locals.tf: +"4" = { name = "analytics-zk-4", address = "10.21.4.14", zone = "a", size = "t3.medium" }"#,
            r#"locals.tf: +"5" = { name = "analytics-zk-5", address = "10.21.5.15", zone = "b", size = "t3.medium" }"#,
            r#"outputs.tf: -value       = "10.21.4.11:2181,10.21.5.12:2181,10.21.6.13:2181""#,
            r#"outputs.tf: +value       = "10.21.4.11:2181,10.21.5.12:2181,10.21.6.13:2181,10.21.4.14:2181,10.21.5.15:2181""#,
            r#"outputs.tf: -hosts   = ["10.21.8.11", "10.21.9.12", "10.21.10.13", "10.21.4.11", "10.21.5.12", "10.21.6.13"]"#,
            r#"outputs.tf: +hosts   = ["10.21.8.11", "10.21.9.12", "10.21.10.13", "10.21.4.11", "10.21.5.12", "10.21.6.13", "10.21.4.14", "10.21.5.15"]"#,
        ]
    );
    assert_eq!(
        lines("azure-vms", "Standard_E8s_v5", "Standard_E16s_v5"),
        [
            r#"workers.tf: -sku                             = "Standard_E8s_v5""#,
            r#"workers.tf: +sku                             = "Standard_E16s_v5""#,
            // 15 percent of its memory.
            "workers.tf: -threshold          = 10307921505",
            "workers.tf: +threshold          = 20615843010",
        ]
    );
    let more = lines("eks", "max: 20", "max: 21");
    assert_eq!(more, ["pools.tf: -c = { min = 0, max = 6 }", "pools.tf: +c = { min = 0, max = 7 }"]);
    // A zone more touches what is in no other zone.
    let text = tool::example("aws-vms")
        .replace("[a, b, c]", "[a, b]")
        .replace("nodes: 3, size: t3", "nodes: 2, size: t3")
        .replace("masters: { nodes: 3", "masters: { nodes: 2");
    let (old, new) =
        (render::terraform(&tool::cloud(&text)), render::terraform(&tool::cloud(&text.replace("[a, b]", "[a, b, c]"))));
    assert!(Edit::between(&old, &tool::cloud(&text.replace("[a, b]", "[a, b, c]"))).refused.is_empty());
    let changed: Vec<_> =
        new.keys().filter(|path| old.get(*path) != new.get(*path)).map(|path| path.display().to_string()).collect();
    assert_eq!(changed, ["locals.tf"]);
}

#[test]
fn a_module_on_disk_is_not_emptied_of_data_nor_guessed_at() {
    let text = tool::example("azure-vms");
    let old = render::terraform(&tool::cloud(&text));
    // Without ZooKeeper, in the same folder.
    let (head, rest) = text.split_once("  zookeeper:\n").expect("it has one");
    let (_, spark) = rest.split_once("  spark:\n").expect("spark comes after it");
    let without = format!("{head}  spark:\n{spark}").replace("masters: { nodes: 3", "masters: { nodes: 1");
    let refused = Edit::between(&old, &tool::cloud(&without)).refused.join("\n");
    assert!(refused.contains("azurerm_managed_disk.zookeeper holds data"), "{refused}");
    // Another platform under the same name.
    let refused = Edit::between(&old, &tool::cloud(&tool::example("aks"))).refused.join("\n");
    assert!(refused.contains("azurerm_storage_account.main holds data"), "{refused}");
    // What cannot be read says nothing about what is there.
    let swapped = tool::cloud(&text.replace("[1, 2, 3]", "[3, 2, 1]"));
    let locals = std::path::Path::new("locals.tf");
    for broken in ["\u{fffd}", "", "<<<<<<< HEAD\nlocals {}\n", "\u{feff}locals {}\n", "locals {"] {
        let mut tree = old.clone();
        tree.insert(locals.to_owned(), broken.to_owned());
        let refused = Edit::between(&tree, &swapped).refused;
        assert!(!refused.is_empty(), "{broken:?}");
    }
    let mut tree = old.clone();
    tree.remove(locals);
    assert!(!Edit::between(&tree, &swapped).refused.is_empty());
    assert_eq!(Edit::between(&render::FileTree::new(), &swapped), Edit::default());
}

/// The notes and refusals of an edit to a platform that the cloud runs.
const SERVICES: &[(&str, &str, &str, &str, bool)] = &[
    (
        "aks",
        "registry: true",
        "registry: true\n      existing: { workspace: /subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w }",
        "azurerm_log_analytics_workspace.main would be deleted, with the logs in it",
        true,
    ),
    ("eks", "1.35", "1.34", "aws_eks_cluster.main: version 1.34 (was 1.35): Kubernetes does not go back", true),
    ("eks", "1.35", "1.37", "one minor version at a time", true),
    ("eks", "registry: true", "registry: false", "aws_ecr_repository.main holds data", true),
    (
        "eks",
        "      executors: {",
        "      workers: {",
        "the pool executors goes, with its nodes and what runs on them",
        false,
    ),
    ("aks", "1.35", "1.33", "Kubernetes does not go back", true),
    ("aks", "      executors: {", "      workers: {", "the pool executors goes", false),
    (
        "aks",
        "zones: [1, 2, 3]",
        "zones: [1, 2]",
        "the nodes of azurerm_kubernetes_cluster.main are replaced by way of a temporary pool",
        false,
    ),
    (
        "aks",
        "registry: true",
        "registry: true\n      apiFrom: [203.0.113.0/24]",
        "azurerm_kubernetes_cluster.main is replaced, and what runs on it ends: private_cluster_enabled false (was true)",
        false,
    ),
    (
        "eks",
        ", spot: true",
        "",
        "aws_eks_node_group.executors is replaced, and what runs on it ends: capacity_type ON_DEMAND (was SPOT)",
        false,
    ),
    ("eks", "zones: [a, b, c]", "zones: [a, b]", "zone c goes, with its subnets and every pool's nodes in it", false),
    (
        "azure-vms",
        "nodes: 3\n",
        "nodes: 2\n",
        "analytics-zk-3 leaves the module: `terraform plan` stops at its data disk",
        false,
    ),
    ("hdinsight", "user: admin", "user: boss", "gateway.username boss (was admin)", false),
    ("aks", "zones: [1, 2, 3]", "zones: [1, 2]", "azurerm_kubernetes_cluster_node_pool.executors is replaced", false),
    (
        "eventstore-aks",
        "azureFiles: { size: 200 } }",
        "azureFiles: { size: 100 } }",
        "the share of pod 0: 100 GiB (was 200): a share with files does not shrink",
        true,
    ),
    ("hdinsight", "user: sshops", "user: other", "roles.head_node.username other (was sshops)", false),
    (
        "hdinsight",
        "heads: { size: Standard_E8_v3 }",
        "heads: { size: Standard_E16_v3 }",
        "azurerm_hdinsight_spark_cluster.main is replaced, and what runs on it ends: roles.head_node.vm_size Standard_E16_V3 (was Standard_E8_V3)",
        false,
    ),
    (
        "azure-vms",
        "disk: 64",
        "disk: 32",
        "azurerm_managed_disk.zookeeper: 32 GiB (was 64): a disk cannot shrink",
        true,
    ),
    (
        "azure-vms",
        "size: Standard_E8s_v5",
        "size: Standard_E8s_v5\n      spot: true",
        "azurerm_linux_virtual_machine_scale_set.workers is replaced, and what runs on it ends: priority Spot (was none)",
        false,
    ),
    (
        "eks",
        "registry: true",
        "registry: true\n      existing: { key: arn:aws:kms:eu-west-1:111122223333:key/1234abcd }",
        "encryption_config.provider.key_arn",
        true,
    ),
    ("eks", "registry: true", "registry: true\n      namePrefix: prod", "aws_eks_cluster.main: name prod-", true),
    (
        "hdinsight",
        "      tier:",
        "      namePrefix: prod\n      tier:",
        "azurerm_hdinsight_spark_cluster.main: name prod-",
        true,
    ),
    (
        "aks",
        "registry: true",
        "registry: true\n      namePrefix: prod",
        "azurerm_kubernetes_cluster.main: name prod-",
        true,
    ),
    ("aws-vms", "disk: 64", "disk: 32", "aws_ebs_volume.zookeeper: 32 GiB (was 64): a disk cannot shrink", true),
];

#[test]
fn fewer_backups_are_said() {
    for (name, at) in [("azure-vms", "      zones: [1"), ("aws-vms", "      network: 10.21")] {
        let text = tool::example(name);
        let days = |days: u32| tool::cloud(&text.replace(at, &format!("      backup: {{ days: {days} }}\n{at}")));
        let old = render::terraform(&days(30));
        assert_eq!(Edit::between(&old, &days(60)).notes, Vec::<String>::new(), "{name}");
        let notes = Edit::between(&old, &days(7)).notes.join("\n");
        assert!(notes.contains("7 backups are kept (were 30): older ones are deleted"), "{name}: {notes}");
        let without = Edit::between(&old, &tool::cloud(&text));
        let said = [without.refused, without.notes].concat().join("\n");
        assert!(said.contains("no more backups are made") || said.contains("holds data"), "{name}: {said}");
    }
}

#[test]
fn what_an_edit_makes_anew_or_cannot_do_is_said() {
    for (name, from, to, said, refused) in SERVICES {
        let text = tool::example(name);
        assert!(text.contains(from), "{name}: `{from}` is not in the example");
        let old = render::terraform(&tool::cloud(&text));
        let edit = Edit::between(&old, &tool::cloud(&text.replace(from, to)));
        assert_eq!(!edit.refused.is_empty(), *refused, "{name}, {to}: {edit:?}");
        let all = [edit.refused.clone(), edit.notes.clone()].concat().join("\n");
        assert!(all.contains(said), "{name}, {to}: {edit:?}");
        assert_eq!(Edit::between(&old, &tool::cloud(&text)).notes, Vec::<String>::new(), "{name}");
    }
    // The next minor version is how it goes.
    let text = tool::example("eks");
    let edit = Edit::between(&render::terraform(&tool::cloud(&text)), &tool::cloud(&text.replace("1.35", "1.36")));
    assert_eq!(edit, Edit::default());
    // By plan, patches too.
    let text = tool::example("aks");
    let at = |version: &str| {
        tool::cloud(
            &text.replace("version: \"1.35\"", &format!("version: \"{version}\"\n      automaticUpgrades: false")),
        )
    };
    let old = render::terraform(&at("1.35.4"));
    for (version, is_refused) in
        [("1.35.3", true), ("1.35.5", false), ("1.35", false), ("1.36.0", false), ("1.37.0", true)]
    {
        assert_eq!(!Edit::between(&old, &at(version)).refused.is_empty(), is_refused, "{version}");
    }
    assert_eq!(Edit::between(&old, &tool::cloud(&text)), Edit::default());
}
