//! The committed modules: formatted, valid, applied without a difference left, and hard to destroy by mistake.

use std::collections::BTreeMap;
use std::path::Path;

use provision::render;

use crate::tool::{self, EXAMPLES, Module, Providers};

pub fn committed(name: &str) -> render::FileTree {
    render::read(&tool::root(&format!("terraform-out/{name}")), &|_| true).expect("committed")
}

/// The text that README says to write into `override.tf`.
pub fn overrides(tree: &render::FileTree) -> String {
    let page = &tree[Path::new("README.md")];
    let blocks = page.split("```hcl\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.collect()
}

#[test]
fn every_example_is_valid_and_converges_and_gives_up_data_only_on_demand() {
    let Some(providers) = tool::providers("the examples") else { return };
    for name in EXAMPLES {
        let tree = committed(name);
        let module = Module::of(&tree);
        module.must(&["fmt", "-check", "-recursive", "-diff"]);
        module.init();
        module.must(&["validate", "-no-color"]);
        if providers == Providers::Real {
            println!("SKIPPED the apply of {name}: the real providers would ask a cloud");
            continue;
        }
        module.apply();
        assert_eq!(module.plan(), Ok(BTreeMap::default()), "{name}: a plan after an apply");

        let destroy = ["destroy", "-input=false", "-no-color", "-auto-approve", "-var-file=example.tfvars"];
        let refused = module.run(&destroy);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("prevent_destroy"), "{name}: {said}");
        std::fs::write(module.folder.path().join("override.tf"), overrides(&tree)).expect("written");
        module.must(&destroy);
    }
}

/// Examples within what is there already: what is replaced in an example, and what the module must then not make.
const EXISTING: &[(&str, &str, &str, &[&str])] = &[
    (
        "aws-vms",
        "existing: { vpc: vpc-0a1b2c3d, routeTables: { a: rtb-0a1b2c3d, b: rtb-0a1b2c3e, c: rtb-0a1b2c3f } }",
        "",
        AWS_OWN,
    ),
    (
        "eks",
        "existing: { vpc: vpc-0a1b2c3d, routeTables: { a: rtb-0a1b2c3d, b: rtb-0a1b2c3e, c: rtb-0a1b2c3f } }",
        "",
        AWS_OWN,
    ),
    (
        "aws-vms",
        "existing: { vpc: vpc-0a1b2c3d, subnets: { \
         zookeeper: { a: { id: subnet-0a1b2c30, range: 10.21.0.0/26 }, b: { id: subnet-0a1b2c31, range: 10.21.0.64/26 }, c: { id: subnet-0a1b2c32, range: 10.21.0.128/26 } }, \
         masters: { a: { id: subnet-0a1b2c33, range: 10.21.1.0/26 }, b: { id: subnet-0a1b2c34, range: 10.21.1.64/26 }, c: { id: subnet-0a1b2c35, range: 10.21.1.128/26 } }, \
         workers: { a: { id: subnet-0a1b2c36, range: 10.21.4.0/24 }, b: { id: subnet-0a1b2c37, range: 10.21.5.0/24 }, c: { id: subnet-0a1b2c38, range: 10.21.6.0/24 } } } }",
        "",
        AWS_SUBNETS,
    ),
    (
        "eks",
        "existing: { vpc: vpc-0a1b2c3d, subnets: { nodes: { a: { id: subnet-0a1b2c30, range: 10.41.0.0/20 }, \
         b: { id: subnet-0a1b2c31, range: 10.41.16.0/20 }, c: { id: subnet-0a1b2c32, range: 10.41.32.0/20 } } } }",
        "",
        AWS_SUBNETS,
    ),
    (
        "azure-vms",
        "existing: { network: { name: spoke, resourceGroup: network-rg, subnets: { zookeeper: { name: zk, range: 10.20.0.0/26 }, \
         masters: { name: masters, range: 10.20.0.64/26 }, workers: { name: workers, range: 10.20.4.0/22 }, endpoints: { name: pe, range: 10.20.0.128/27 } } } }",
        ", bastion: true",
        AZURE_SUBNETS,
    ),
    (
        "eventstore-aks",
        "existing: { network: { name: spoke, resourceGroup: network-rg, \
         subnets: { nodes: { name: nodes, range: 10.42.4.0/22 }, endpoints: { name: pe, range: 10.42.0.0/26 } } } }",
        "",
        AZURE_SUBNETS,
    ),
    (
        "hdinsight",
        "existing: { network: { name: spoke, resourceGroup: network-rg, subnets: { cluster: { name: hdi, range: 10.30.8.0/24 } } } }",
        "",
        AZURE_SUBNETS,
    ),
    ("azure-vms", AZURE_EXISTING, ", bastion: true", AZURE_OWN),
    ("aks", AZURE_EXISTING, "", AZURE_OWN),
    ("eventstore-aks", AZURE_EXISTING, "", AZURE_OWN),
    ("hdinsight", AZURE_EXISTING, "", AZURE_OWN),
];
const AWS_OWN: &[&str] = &[
    "aws_vpc",
    "aws_nat_gateway",
    "aws_internet_gateway",
    "aws_route",
    "aws_route_table",
    "aws_flow_log",
    "aws_vpc_endpoint",
];
const AWS_SUBNETS: &[&str] = &["aws_vpc", "aws_subnet", "aws_nat_gateway", "aws_route_table_association"];
const AZURE_SUBNETS: &[&str] = &[
    "azurerm_virtual_network",
    "azurerm_subnet",
    "azurerm_nat_gateway",
    "azurerm_subnet_network_security_group_association",
];
const AZURE_EXISTING: &str = "existing: { resourceGroup: spark-rg, network: { name: spoke, resourceGroup: network-rg, \
    routeTable: /subscriptions/s/resourceGroups/network-rg/providers/Microsoft.Network/routeTables/hub }, \
    privateDnsZones: /subscriptions/s/resourceGroups/dns, \
    workspace: /subscriptions/s/resourceGroups/logs/providers/Microsoft.OperationalInsights/workspaces/central }";
/// Everything that can be switched on, or is somebody else's.
const WITH_ALL: &[(&str, &str)] = &[
    (
        "aws-vms",
        "namePrefix: prod\nautomaticUpgrades: false\nbackup: { days: 14 }\nexisting: { key: arn:aws:kms:eu-west-1:111122223333:key/1234abcd }",
    ),
    ("eks", "namePrefix: prod\nexisting: { key: arn:aws:kms:eu-west-1:111122223333:key/1234abcd }"),
    (
        "azure-vms",
        "namePrefix: prod\nautomaticUpgrades: false\nlocks: true\nbackup: { days: 14 }\nextensions: true\nexisting: { DISKS, STORAGE }",
    ),
    ("aks", "namePrefix: prod\nautomaticUpgrades: false\nlocks: true\nexisting: { DISKS }"),
    ("eventstore-aks", "namePrefix: prod\nlocks: true\nexisting: { DISKS, STORAGE }"),
    ("hdinsight", "namePrefix: prod\nlocks: true\nexisting: { STORAGE }"),
];
const DISKS: &str =
    "diskEncryptionSet: /subscriptions/s/resourceGroups/keys/providers/Microsoft.Compute/diskEncryptionSets/des";
const STORAGE: &str = "storageEncryption: { key: https://v.vault.azure.net/keys/k, \
    identity: /subscriptions/s/resourceGroups/keys/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i }";
const AZURE_OWN: &[&str] =
    &["azurerm_resource_group", "azurerm_virtual_network", "azurerm_nat_gateway", "azurerm_log_analytics_workspace"];

#[test]
fn what_is_there_already_is_used_and_not_made() {
    for (name, existing, without, own) in EXISTING {
        let text = tool::example(name).replacen(without, "", 1);
        let there = within(name, existing, without);
        let cloud = tool::cloud(&there);
        let resources = cloud.resources();
        let made: Vec<String> =
            resources.iter().filter(|one| !one.is_data).map(|one| one.address.kind.clone()).collect();
        assert!(made.iter().all(|kind| !own.contains(&kind.as_str())), "{name}: {made:?}");
        // Its own are made where nothing is said.
        let all: Vec<String> = tool::cloud(&text).resources().iter().map(|one| one.address.kind.clone()).collect();
        assert!(own.iter().all(|kind| all.iter().any(|made| made == kind)), "{name}: {own:?} of {all:?}");
        let tree = render::terraform(&cloud);
        let edit = provision::plan::terraform::Edit::between(&render::terraform(&tool::cloud(&text)), &cloud);
        assert!(edit.refused.iter().any(|why| why.contains("created again in an existing one")), "{name}: {edit:?}");
        let back = provision::plan::terraform::Edit::between(&tree, &tool::cloud(&text));
        assert!(back.refused.iter().any(|why| why.contains("created again in a new one")), "{name}: {back:?}");
        // Nothing of it has the region but its resources.
        let elsewhere = there.replace("westeurope", "northeurope").replace("eu-west-1", "eu-west-2");
        let moved = provision::plan::terraform::Edit::between(&tree, &tool::cloud(&elsewhere));
        assert!(moved.refused.iter().any(|why| why.contains("would be replaced")), "{name}: {moved:?}");
        let Some(providers) = tool::providers("modules in existing networks") else { continue };
        let module = Module::of(&tree);
        module.must(&["fmt", "-check", "-recursive", "-diff"]);
        module.init();
        module.must(&["validate", "-no-color"]);
        // One of each cloud: an apply of all takes a minute.
        if providers == Providers::Recorded && name.ends_with("-vms") {
            // The stand-in knows nothing of the VPC or the network.
            let refused = module.plan().expect_err("a network that does not fit");
            let said =
                ["The VPC must have DNS resolution and DNS hostnames on", "The virtual network must be in the region"];
            assert!(said.iter().any(|said| refused.contains(said)), "{refused}");
            {
                let file = module.folder.path().join("existing.tf");
                let network = std::fs::read_to_string(&file).expect("rendered");
                let without = network
                    .replace("self.enable_dns_support && self.enable_dns_hostnames", "self.id != \"\"")
                    .replace("self.location == \"westeurope\"", "self.id != \"\"");
                std::fs::write(file, without).expect("written");
            }
            module.apply();
            assert_eq!(module.plan(), Ok(BTreeMap::default()), "{name}: a plan after an apply");
        }
    }
}

/// An example, with what is there already.
fn within(name: &str, existing: &str, without: &str) -> String {
    let text = tool::example(name).replacen(without, "", 1);
    let network = text.lines().find(|line| line.trim_start().starts_with("network:")).expect("a network of its own");
    let indent = " ".repeat(network.len() - network.trim_start().len());
    text.replacen(network, &format!("{network}\n{indent}{existing}"), 1)
}

#[test]
fn machines_stay_in_their_subnets() {
    let is_subnets = |own: &[&str]| own.iter().any(|kind| kind.ends_with("_subnet"));
    for (name, existing, without, own) in EXISTING.iter().filter(|row| is_subnets(row.3)) {
        let cloud = |existing: &str| tool::cloud(&within(name, existing, without));
        let network =
            EXISTING.iter().find(|row| row.0 == *name && !is_subnets(row.3)).expect("the module's own subnets");
        let (theirs, ours) = (cloud(existing), cloud(network.1));
        for (old, new) in [(&theirs, &ours), (&ours, &theirs)] {
            let edit = provision::plan::terraform::Edit::between(&render::terraform(old), new);
            assert!(edit.refused.iter().any(|why| why.contains("subnet_id")), "{name}, {own:?}: {edit:#?}");
        }
    }
}

#[test]
fn with_everything_switched_on_a_module_converges_and_gives_up_data_only_on_demand() {
    for (name, keys) in WITH_ALL {
        let text = tool::example(name);
        let keys = keys.replace("DISKS", DISKS).replace("STORAGE", STORAGE);
        let text = keys.lines().fold(text, |text, key| text.replacen("network:", &format!("{key}\n      network:"), 1));
        let tree = render::terraform(&tool::cloud(&text));
        let of_hcl = tree.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "tf"));
        let hcl: String = of_hcl.map(|(_, text)| text.as_str()).collect();
        assert!(hcl.contains("\"prod-"), "{name}");
        // The provider takes letters, digits, spaces, `_` and `-` only (aws_dlm_lifecycle_policy, description).
        for description in hcl.lines().filter(|line| line.contains("Daily snapshots")) {
            let text = description.split('"').nth(1).expect("a text");
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || " _-".contains(c)), "{name}: {text}");
        }
        // What a key is given for is not encrypted with another one.
        assert!(!keys.contains("arn:aws:kms") || !hcl.contains("resource \"aws_kms_key\""), "{name}");
        let Some(providers) = tool::providers("modules with everything switched on") else { continue };
        let module = Module::of(&tree);
        module.must(&["fmt", "-check", "-recursive", "-diff"]);
        module.init();
        module.must(&["validate", "-no-color"]);
        if providers == Providers::Recorded && name.ends_with("-vms") {
            module.apply();
            assert_eq!(module.plan(), Ok(BTreeMap::default()), "{name}: a plan after an apply");
            let destroy = ["destroy", "-input=false", "-no-color", "-auto-approve", "-var-file=example.tfvars"];
            assert!(!module.run(&destroy).status.success(), "{name}");
            std::fs::write(module.folder.path().join("override.tf"), overrides(&tree)).expect("written");
            module.must(&destroy);
        }
    }
}

/// An upgrade of a library at night must not restart all members at once.
#[test]
fn unattended_upgrades_do_not_restart_a_quorum() {
    for file in [
        "aws-vms/cloud-init/zookeeper.yaml",
        "azure-vms/cloud-init/zookeeper.yaml",
        "aws-vms/cloud-init/masters.yaml",
        "azure-vms/cloud-init/masters.yaml",
    ] {
        let text = std::fs::read_to_string(tool::root(&format!("terraform-out/{file}"))).expect("committed");
        let behind =
            text.split("/etc/needrestart/conf.d/provision.conf\n    content: |\n").nth(1).expect("it is written");
        let content: String = behind.lines().take_while(|line| line.starts_with("      ")).collect();
        // As needrestart reads it: the value of the first pattern that a unit's name matches.
        let reads = format!(
            "our %nrconf; {content}; for my $unit (@ARGV) {{ my ($re) = grep {{ $unit =~ /$_/ }} keys %{{$nrconf{{override_rc}}}}; \
             print $unit, ' ', defined $re ? $nrconf{{override_rc}}{{$re}} : 'restarted', \"\\n\" }}"
        );
        let units = ["zookeeper.service", "spark-master.service", "ssh.service"];
        let output = std::process::Command::new("perl").args(["-e", &reads]).args(units).output().expect("perl runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said, "zookeeper.service 0\nspark-master.service 0\nssh.service restarted\n", "{file}: {output:?}");
    }
}

/// Whoever patches by plan has no upgrade at night, on no machine.
#[test]
fn upgrades_by_plan_switch_ubuntus_own_off() {
    for (name, at) in [("azure-vms", "      zones: [1"), ("aws-vms", "      network: 10.21")] {
        let text = tool::example(name);
        let by_plan = text.replace(at, &format!("      automaticUpgrades: false\n{at}"));
        for (text, wanted) in [(&text, 0), (&by_plan, 3)] {
            let texts = tool::cloud(text).texts;
            let boots = texts.iter().filter(|(file, _)| file.starts_with("cloud-init/")).map(|(_, text)| text);
            let rule = "  - path: /etc/apt/apt.conf.d/99provision\n    content: |\n      APT::Periodic::Unattended-Upgrade \"0\";\n";
            assert_eq!(boots.filter(|boot| boot.contains(rule)).count(), wanted, "{name}");
        }
    }
}

#[test]
fn checkov_finds_nothing_that_is_not_argued_for() {
    if !tool::is_ready("checkov") {
        return;
    }
    let mut command = std::process::Command::new("python3");
    command.args(["-m", "checkov.main", "--quiet", "--compact", "--skip-download", "--framework", "terraform"]);
    command.arg("-d").arg(tool::root("terraform-out")).env("PYTHONPATH", tool::cache().join("checkov"));
    let output = command.output().expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    // It says how many it made: none would be no check.
    let passed = said.split("Passed checks: ").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u32>().ok());
    assert!(
        output.status.success() && said.contains("Failed checks: 0"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(passed > Some(500), "{said}");
}
