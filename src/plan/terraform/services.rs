//! The effect of an edit on what a cloud runs itself: disks that cannot shrink, versions that only rise, things that are replaced.

use std::collections::{BTreeMap, BTreeSet};

use super::{Edit, Row};
use crate::hcl::{Address, Resource, argument};

/// Sizes that only grow, in GiB.
const DISKS: &[(&str, &str)] = &[("aws_ebs_volume", "size"), ("azurerm_managed_disk", "disk_size_gb")];
/// Arguments whose change replaces all machines of a pool, a few at a time.
const ROTATED: &[(&str, &[&str])] = &[("azurerm_kubernetes_cluster", &["default_node_pool", "zones"])];
/// Versions of Kubernetes: one minor at a time, and never back (both clouds' pages on upgrades).
const KUBERNETES: &[(&str, &str)] =
    &[("aws_eks_cluster", "version"), ("azurerm_kubernetes_cluster", "kubernetes_version")];
/// Pools of nodes.
const POOLS: &[&str] = &["aws_eks_node_group", "azurerm_kubernetes_cluster_node_pool"];
/// Arguments (paths through blocks) whose change makes the provider replace the resource.
const MADE_ANEW: &[(&str, &[&str])] = &[
    ("azurerm_hdinsight_spark_cluster", &["cluster_version"]),
    ("aws_eks_node_group", &["capacity_type"]),
    ("azurerm_hdinsight_spark_cluster", &["gateway", "username"]),
    ("azurerm_hdinsight_spark_cluster", &["tier"]),
    ("azurerm_hdinsight_spark_cluster", &["component_version", "spark"]),
    ("azurerm_hdinsight_spark_cluster", &["roles", "head_node", "vm_size"]),
    ("azurerm_hdinsight_spark_cluster", &["roles", "head_node", "username"]),
    ("azurerm_hdinsight_spark_cluster", &["roles", "worker_node", "vm_size"]),
    ("azurerm_hdinsight_spark_cluster", &["roles", "zookeeper_node", "vm_size"]),
    ("azurerm_kubernetes_cluster", &["private_cluster_enabled"]),
    ("azurerm_linux_virtual_machine_scale_set", &["priority"]),
    ("azurerm_kubernetes_cluster_node_pool", &["priority"]),
    ("azurerm_kubernetes_cluster_node_pool", &["zones"]),
];

/// Arguments (paths through blocks) by which fewer backups are kept.
const BACKUPS: &[(&str, &[&str])] = &[
    ("aws_dlm_lifecycle_policy", &["policy_details", "schedule", "retain_rule", "count"]),
    ("azurerm_backup_policy_vm", &["retention_daily", "count"]),
];

impl Edit {
    pub(super) fn keep_services(&mut self, before: &[Resource], after: &[Resource]) {
        let by_address: BTreeMap<&Address, &Resource> = after.iter().map(|one| (&one.address, one)).collect();
        for old in before {
            match by_address.get(&old.address) {
                Some(new) => self.keep_service(old, new),
                None if POOLS.contains(&old.address.kind.as_str()) => {
                    let pool = &old.address.name;
                    self.notes.push(format!("the pool {pool} goes, with its nodes and what runs on them"));
                }
                None if old.address.kind == "aws_dlm_lifecycle_policy" => {
                    self.notes
                        .push(format!("{} goes: no more backups are made; those that are there stay", old.address));
                }
                None => {}
            }
        }
    }

    /// Refuses a share that shrinks: its contents may be larger than the new size.
    pub(super) fn keep_shares(&mut self, before: &BTreeMap<String, Row>, after: &BTreeMap<String, Row>) {
        for (pod, row) in after {
            let sizes = before.get(pod).and_then(|was| Some((was.get("size")?, row.get("size")?)));
            if let Some((was, is)) = sizes.filter(|(was, is)| shrinks(was, is)) {
                self.refused
                    .push(format!("the share of pod {pod}: {is} GiB (was {was}): a share with files does not shrink"));
            }
        }
    }

    fn keep_service(&mut self, old: &Resource, new: &Resource) {
        let address = &old.address;
        let differing = |path: &[&str]| {
            let (was, is) = (argument(&old.arguments, path), argument(&new.arguments, path));
            (was.to_lowercase() != is.to_lowercase()).then_some((was, is))
        };
        let of = |table: &'static [(&str, &str)]| table.iter().filter(|(kind, _)| *kind == address.kind);
        for (was, is) in of(DISKS).filter_map(|(_, name)| differing(&[name])) {
            if shrinks(&was, &is) {
                self.refused.push(format!("{address}: {is} GiB (was {was}): a disk cannot shrink"));
            }
        }
        for (was, is) in of(KUBERNETES).filter_map(|(_, name)| differing(&[name])) {
            if let (Some(was_minor), Some(is_minor)) = (part(&was, 1), part(&is, 1)) {
                // Without a patch it is the newest one.
                let patches = part(&was, 2).zip(part(&is, 2));
                let why = match is_minor.checked_sub(was_minor) {
                    None => "Kubernetes does not go back",
                    Some(0) if patches.is_some_and(|(was, is)| is < was) => "Kubernetes does not go back",
                    Some(0 | 1) => continue,
                    Some(_) => "one minor version at a time",
                };
                self.refused.push(format!("{address}: version {is} (was {was}): {why}"));
            }
        }
        for (_, path) in BACKUPS.iter().filter(|(kind, _)| *kind == address.kind) {
            if let Some((was, is)) = differing(path).filter(|(was, is)| shrinks(was, is)) {
                self.notes.push(format!("{address}: {is} backups are kept (were {was}): older ones are deleted"));
            }
        }
        let anew: BTreeSet<String> = MADE_ANEW
            .iter()
            .filter(|(kind, _)| *kind == address.kind)
            .filter_map(|(_, path)| Some((path, differing(path)?)))
            .map(|(path, (was, is))| format!("{} {is} (was {was})", path.join(".")))
            .collect();
        if !anew.is_empty() {
            let what = anew.into_iter().collect::<Vec<_>>().join(", ");
            self.notes.push(format!("{address} is replaced, and what runs on it ends: {what}"));
        }
        for (_, path) in ROTATED.iter().filter(|(kind, _)| *kind == address.kind) {
            if let Some((was, is)) = differing(path) {
                let what = path.join(".");
                self.notes.push(format!(
                    "the nodes of {address} are replaced by way of a temporary pool: {what} {is} (was {was})"
                ));
            }
        }
    }
}

/// Returns true if a size, as it is written, becomes smaller.
fn shrinks(was: &str, is: &str) -> bool {
    matches!((was.parse::<u32>(), is.parse::<u32>()), (Ok(was), Ok(is)) if is < was)
}

/// A number of a version: 35 is the part 1 of `1.35.2`, and 2 its part 2.
fn part(version: &str, place: usize) -> Option<u32> {
    version.split('.').nth(place)?.parse().ok()
}
