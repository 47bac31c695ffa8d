//! The effect of an edit on machines and data that a Terraform module on disk has already made.
//!
//! Terraform changes machines in parallel and knows no gate, and `prevent_destroy` goes with the block that contains it. So what
//! identifies a member or a master never changes, what holds data never leaves, and what would stop a machine waits in the
//! module until it is replaced by hand, one after the other.

mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hcl_edit::structure::Body;

use crate::desired::cloud::Cloud;
use crate::hcl::{self, Address, Resource, argument};
use crate::service::spark::MASTER;
use crate::service::zookeeper::MEMBER;
use crate::value::{Redundancy, Role, as_argument, of_file};

/// The roles of machines with addresses of their own: each has a table of the name of its tier.
const TABLES: &[Role] = &[MEMBER, MASTER];
/// The fields by which others know a machine.
const IDENTITY: &[&str] = &["name", "address", "zone"];
/// The fields that a machine gets when it is made.
const MAKE: &[&str] = &["size", "image"];
/// Subnets by zone: machines are in their rows.
const SUBNETS: &[&str] = &["public_subnets", "zookeeper_subnets", "masters_subnets", "workers_subnets", "zones"];
/// Shares of files, by pod.
const SHARES: &str = "eventstore_nodes";
/// Arguments (paths through blocks) whose change replaces the resource and everything in it.
const FIXED: &[(&str, &[&str])] = &[
    ("aws_autoscaling_group", &["name"]),
    ("aws_ebs_volume", &["kms_key_id"]),
    ("aws_ecr_repository", &["encryption_configuration", "kms_key"]),
    ("aws_eks_cluster", &["encryption_config", "provider", "key_arn"]),
    ("aws_eks_cluster", &["name"]),
    ("aws_eks_node_group", &["subnet_ids"]),
    ("aws_instance", &["root_block_device", "kms_key_id"]),
    ("aws_network_interface", &["subnet_id"]),
    ("aws_route53_zone", &["name"]),
    ("aws_s3_bucket", &["bucket"]),
    ("aws_vpc", &["cidr_block"]),
    ("aws_vpc", &["id"]),
    ("azurerm_hdinsight_spark_cluster", &["name"]),
    ("azurerm_hdinsight_spark_cluster", &["roles", "head_node", "subnet_id"]),
    ("azurerm_kubernetes_cluster", &["default_node_pool", "vnet_subnet_id"]),
    ("azurerm_kubernetes_cluster", &["disk_encryption_set_id"]),
    ("azurerm_kubernetes_cluster", &["name"]),
    ("azurerm_linux_virtual_machine", &["name"]),
    ("azurerm_linux_virtual_machine", &["os_disk", "disk_encryption_set_id"]),
    ("azurerm_linux_virtual_machine_scale_set", &["name"]),
    ("azurerm_linux_virtual_machine_scale_set", &["os_disk", "disk_encryption_set_id"]),
    ("azurerm_managed_disk", &["disk_encryption_set_id"]),
    ("azurerm_network_interface", &["ip_configuration", "subnet_id"]),
    ("azurerm_network_security_group", &["location"]),
    ("azurerm_private_endpoint", &["subnet_id"]),
    ("azurerm_recovery_services_vault", &["name"]),
    ("azurerm_resource_group", &["location"]),
    ("azurerm_resource_group", &["name"]),
    ("azurerm_storage_account", &["name"]),
    ("azurerm_storage_container", &["name"]),
    ("azurerm_subnet", &["address_prefixes"]),
    ("azurerm_virtual_network", &["address_space"]),
    ("azurerm_virtual_network", &["name"]),
    ("azurerm_virtual_network", &["resource_group_name"]),
];
/// Resources that hold all others: they stay the module's own, or somebody else's.
const HOMES: &[&str] = &["aws_vpc", "azurerm_resource_group", "azurerm_virtual_network"];

/// The values of the first boot's template: key and meaning.
const FIRST_BOOT: &[(&str, &str)] =
    &[("user", "login"), ("mount", "directory of the data disk"), ("directory", "directory of the data disk")];

/// The difference between a module on disk and the one of the topology.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// The reasons why it must not be written.
    pub refused: Vec<String>,
    /// Sentences that the operator must read before the next apply.
    pub notes: Vec<String>,
    /// True if a machine with an address of its own would be another.
    pub moves_machines: bool,
    /// Machines that Terraform leaves as they are until they are replaced, in the order in which to do it.
    pub replacements: Vec<Replacement>,
}

/// One machine that is to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The node: `analytics-zk-1`.
    pub node: String,
    /// Its systemd unit.
    pub unit: &'static str,
    /// The resource: `azurerm_linux_virtual_machine.zookeeper["1"]`.
    pub resource: String,
    /// The addresses that are attached to it, and must come along.
    pub attachment: Option<String>,
    /// The changes that it gets: `size Standard_D4s_v5 (was Standard_D2s_v5)`.
    pub why: String,
}

impl Replacement {
    /// The commands for an operator, in this order. `topology`: its file, as the operator names it.
    pub fn commands(&self, topology: &str) -> [String; 3] {
        let Replacement { node, unit, resource, attachment, .. } = self;
        let target = attachment.as_ref().unwrap_or(resource);
        let (option, file) = (of_file(topology), as_argument(topology));
        [
            format!("provision ssh{option} {node} -- sudo systemctl stop {unit}"),
            format!("terraform apply -replace='{resource}' -target='{target}'"),
            format!("provision apply{file} && provision status{file}"),
        ]
    }
}

/// One row of a table, by column.
type Row = BTreeMap<String, String>;

impl Edit {
    /// `old`: what is on disk, of ours.
    pub fn between(old: &BTreeMap<PathBuf, String>, new: &Cloud) -> Edit {
        let mut edit = Edit::default();
        let hcl = old.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "tf"));
        let mut bodies: BTreeMap<&Path, Body> = BTreeMap::new();
        for (path, text) in hcl {
            match text.parse::<Body>() {
                Ok(body) => drop(bodies.insert(path, body)),
                Err(error) => {
                    let line = error.to_string().lines().next().unwrap_or_default().to_owned();
                    edit.refused
                        .push(format!("{} cannot be read ({line}): put back what was rendered", path.display()));
                }
            }
        }
        if bodies.is_empty() && edit.refused.is_empty() {
            return edit;
        }
        let Some(tables) = bodies.get(Path::new("locals.tf")).filter(|body| !body.is_empty()) else {
            edit.refused.push("locals.tf, which says what machines there are, is not there: put it back".to_owned());
            return edit;
        };
        let (before, after) = (hcl::resources(bodies.values()), new.resources());
        edit.keep_what_is_fixed(&before, &after);
        edit.keep_homes(&before, &after);
        edit.keep_beside(&before, &after);
        edit.keep_data(&before, &after);
        edit.keep_zones(&before, &after);
        edit.keep_services(&before, &after);
        let region = |body: Option<&Body>| body.and_then(|body| hcl::find(body, "region"));
        let (was, is) = (region(bodies.get(Path::new("providers.tf"))), region(new.files.get("providers.tf")));
        if was != is {
            let text = |region: Option<String>| region.unwrap_or_else(|| "none".to_owned());
            edit.refused.push(format!("region {} (was {}): everything would be replaced", text(is), text(was)));
        }
        edit.keep_first_boot("login", (login(&before), login(&after)));
        for (key, what) in FIRST_BOOT {
            let was = bodies.values().find_map(|body| hcl::entry(body, key));
            edit.keep_first_boot(what, (was, new.files.values().find_map(|body| hcl::entry(body, key))));
        }
        let state = |body: Option<&Body>| body.map(|body| body.to_string().split_whitespace().collect::<String>());
        let backend = (state(bodies.get(Path::new("backend.tf"))), state(new.files.get("backend.tf")));
        if backend.0.is_some() && backend.0 != backend.1 {
            edit.notes.push("the state moves: terraform init -migrate-state, before anything else".to_owned());
        }
        let none = Body::new();
        let wanted = new.files.get("locals.tf").unwrap_or(&none);
        for table in SUBNETS {
            edit.keep_rows(table, &hcl::table(tables, table), &hcl::table(wanted, table));
        }
        let shares = |body: Option<&Body>| body.map(|body| hcl::table(body, SHARES)).unwrap_or_default();
        let file = Path::new("eventstore.tf");
        edit.keep_shares(&shares(bodies.get(file)), &shares(new.files.get("eventstore.tf")));
        let new_image = image(&before) != image(&after);
        for role in TABLES {
            let table = role.tier();
            edit.compare_tables(&after, *role, &hcl::table(tables, table), &hcl::table(wanted, table), new_image);
        }
        edit
    }

    fn keep_what_is_fixed(&mut self, before: &[Resource], after: &[Resource]) {
        let by_address: BTreeMap<&Address, &Resource> = after.iter().map(|one| (&one.address, one)).collect();
        for old in before {
            let Some(new) = by_address.get(&old.address) else { continue };
            for (_, path) in FIXED.iter().filter(|(kind, _)| *kind == old.address.kind) {
                let (was, is) = (argument(&old.arguments, path), argument(&new.arguments, path));
                if was.to_lowercase() != is.to_lowercase() {
                    let (address, what) = (&old.address, path.join("."));
                    self.refused
                        .push(format!("{address}: {what} {is} (was {was}): everything in it would be replaced"));
                }
            }
        }
    }

    /// Refuses to move between what the module makes itself and what is there already: nothing can be moved.
    fn keep_homes(&mut self, before: &[Resource], after: &[Resource]) {
        let own = |all: &[Resource], kind: &str| all.iter().any(|one| one.address.kind == kind && !one.is_data);
        let other = |all: &[Resource], kind: &str| all.iter().any(|one| one.address.kind == kind && one.is_data);
        for kind in HOMES {
            if own(before, kind) && other(after, kind) {
                self.refused.push(format!(
                    "{kind}.main would be removed, and everything in it deleted and created again in an existing one"
                ));
            } else if other(before, kind) && own(after, kind) {
                self.refused.push(format!(
                    "data.{kind}.existing is no longer used, and everything in it would be deleted and created again in a new one"
                ));
            }
        }
    }

    /// Refuses to give up what the module made for what is there already, where that loses logs or names; says where it loses an address.
    fn keep_beside(&mut self, before: &[Resource], after: &[Resource]) {
        let is_in = |all: &[Resource], kind: &str, name: &str| {
            all.iter().any(|one| one.address.kind == kind && one.address.name == name && !one.is_data)
        };
        for old in before.iter().filter(|one| !is_in(after, &one.address.kind, &one.address.name)) {
            let Address { kind, name } = &old.address;
            match kind.as_str() {
                "azurerm_log_analytics_workspace" => {
                    self.refused.push(format!("{} would be deleted, with the logs in it", old.address));
                }
                "azurerm_private_dns_zone" if is_in(after, "azurerm_private_endpoint", name) => {
                    self.refused.push(format!(
                        "{} would be deleted, and its names would not resolve until the network has another zone of that name",
                        old.address
                    ));
                }
                "azurerm_nat_gateway" => {
                    self.notes.push(format!(
                        "{} goes, and with it the source address of the cluster's outbound traffic",
                        old.address
                    ));
                }
                _ => {}
            }
        }
    }

    /// Refuses a new login or data directory: first boot has set them for as long as the machine lives.
    fn keep_first_boot(&mut self, what: &str, (was, is): (Option<String>, Option<String>)) {
        if let (Some(was), Some(is)) = (was, is)
            && was != is
        {
            self.refused.push(format!("{what} {is} (was {was}): the machines that are there have the old one only"));
        }
    }

    /// Refuses to drop a resource that holds data: its `prevent_destroy` would go with its block.
    fn keep_data(&mut self, before: &[Resource], after: &[Resource]) {
        let there: BTreeSet<&Address> = after.iter().map(|one| &one.address).collect();
        for old in before.iter().filter(|one| holds_data(one) && !there.contains(&one.address)) {
            self.refused.push(format!("{} holds data, and would be destroyed", old.address));
        }
    }

    /// A scale set that leaves a zone is replaced.
    fn keep_zones(&mut self, before: &[Resource], after: &[Resource]) {
        let zones = |all: &[Resource]| -> Option<BTreeSet<String>> {
            let fleet = all.iter().find(|one| one.address.kind == "azurerm_linux_virtual_machine_scale_set")?;
            let zones = fleet.arguments.get_attribute("zones")?.value.as_array()?;
            Some(zones.iter().filter_map(|zone| zone.as_str().map(str::to_owned)).collect())
        };
        if let (Some(was), Some(is)) = (zones(before), zones(after))
            && !was.is_subset(&is)
        {
            self.refused.push(
                "the scale set of workers would leave a zone, and would be replaced, together with all its machines"
                    .to_owned(),
            );
        }
    }

    fn keep_rows(&mut self, table: &str, before: &BTreeMap<String, Row>, after: &BTreeMap<String, Row>) {
        for zone in before.keys().filter(|zone| table == "zones" && !after.contains_key(*zone)) {
            self.notes.push(format!("zone {zone} goes, with its subnets and every pool's nodes in it"));
        }
        for (key, row) in after {
            if let Some(was) = before.get(key).filter(|was| *was != row) {
                let text = |row: &Row| row.values().cloned().collect::<Vec<_>>().join(", ");
                self.refused.push(format!("{table}, {key}: {} (was {})", text(row), text(was)));
            }
        }
    }

    fn compare_tables(
        &mut self,
        resources: &[Resource],
        role: Role,
        before: &BTreeMap<String, Row>,
        after: &BTreeMap<String, Row>,
        new_image: bool,
    ) {
        let leave: Vec<&str> = before
            .iter()
            .filter(|(key, _)| !after.contains_key(*key))
            .filter_map(|(_, row)| Some(row.get("name")?.as_str()))
            .collect();
        if leave.len() > 1 {
            self.refused.push(format!("{} would be removed together: take away one at a time", leave.join(" and ")));
        } else if let Some(member) = leave.first().filter(|_| role.redundancy() == Redundancy::Majority) {
            self.notes.push(format!(
                "{member} leaves the module: `terraform plan` stops at its data disk, as README.md says"
            ));
        }
        for (key, row) in after {
            let Some(was) = before.get(key) else { continue };
            self.compare(resources, (role, key), was, row, new_image);
        }
    }

    fn compare(&mut self, resources: &[Resource], (role, key): (Role, &str), was: &Row, is: &Row, new_image: bool) {
        let (none, table) = ("none".to_owned(), role.tier());
        let same = |field: &str| {
            was.get(field).map(|text| text.to_lowercase()) == is.get(field).map(|text| text.to_lowercase())
        };
        let text = |field: &&str| {
            let (is, was) = (is.get(*field).unwrap_or(&none), was.get(*field).unwrap_or(&none));
            format!("{field} {is} (was {was})")
        };
        let moved: Vec<String> = IDENTITY.iter().filter(|field| !same(field)).map(text).collect();
        let node = was.get("name").unwrap_or(&none).clone();
        if !moved.is_empty() {
            self.refused.push(format!("{node} would get {}", moved.join(", ")));
            self.moves_machines = true;
            return;
        }
        let mut made: Vec<String> = MAKE.iter().filter(|field| !same(field)).map(text).collect();
        if new_image && !is.contains_key("image") {
            made.push("another image".to_owned());
        }
        if made.is_empty() {
            return;
        }
        let first = |kinds: &[&str]| {
            let is_there =
                |kind: &&&str| resources.iter().any(|one| one.address.kind == **kind && one.address.name == table);
            kinds.iter().find(is_there).map(|kind| format!("{kind}.{table}[\"{key}\"]"))
        };
        let Some(resource) = first(&["azurerm_linux_virtual_machine", "aws_instance"]) else { return };
        let attachment = first(&["azurerm_virtual_machine_data_disk_attachment", "aws_volume_attachment"]);
        self.replacements.push(Replacement {
            why: format!("{node}: {}", made.join(", ")),
            node,
            unit: role.unit(),
            resource,
            attachment,
        });
    }
}

fn holds_data(resource: &Resource) -> bool {
    let lifecycle = resource.arguments.get_blocks("lifecycle");
    lifecycle
        .filter_map(|block| block.body.get_attribute("prevent_destroy"))
        .any(|kept| kept.value.as_bool() == Some(true))
}

/// The image that machines are made from, where it stands beside the table.
fn image(resources: &[Resource]) -> Option<String> {
    let looked_up = resources.iter().find(|one| one.is_data && one.address.kind == "aws_ssm_parameter");
    let given = resources.iter().find(|one| one.address.kind == "aws_instance");
    let looked_up = looked_up.and_then(|one| one.arguments.get_attribute("name"));
    looked_up.or_else(|| given?.arguments.get_attribute("ami")).map(|image| image.value.to_string())
}

/// The machines' login user, where that is an argument of theirs.
fn login(resources: &[Resource]) -> Option<String> {
    let named = |one: &Resource| Some(one.arguments.get_attribute("admin_username")?.value.as_str()?.to_owned());
    resources.iter().find_map(named)
}
