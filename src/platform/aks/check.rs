//! Checks of Azure Kubernetes Service.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::file::AksFile;
use super::{Aks, KEPT, POD_RANGE, SERVICE_RANGE, SYSTEM_TEMPORARY, Subnets, temporary_name};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::cloud::{
    AzureExisting, Pool, PoolFile, State, TagRules, check_api_from, check_disk, check_kubernetes, check_pools, pools,
    tags, values, warn_open,
};
use crate::platform::{region, size, subnets};
use crate::value::{Cidr, Label, Name, Version};
use crate::yaml::{Entries, Entry, Field, Span};

/// A Linux pool's name has at most 12 lower-case letters and digits and begins with a letter (learn.microsoft.com, "Create node pools").
const POOL_NAME_MAX: usize = 12;

/// learn.microsoft.com, "Quotas and regional limits in AKS": of a pool, and of all.
const POOL_MAX: u32 = 1000;
const NODES_MAX: u64 = 5000;
/// learn.microsoft.com, "Supported Kubernetes versions in AKS", November 2026, without long-term support.
const OLDEST: u32 = 33;
/// learn.microsoft.com, "Secure access to the API server using authorized IP address ranges": 200, one of which the module uses for the cluster's own
/// address.
const API_RANGES: usize = 199;
/// GiB: what an image of a node needs, and the largest system disk.
const SYSTEM_DISK: RangeInclusive<u32> = 30..=2048;

pub fn check(span: Span, file: &AksFile, problems: &mut Diagnostics) -> Option<Aks> {
    let AksFile {
        location,
        version,
        network,
        existing,
        zones,
        registry,
        api_from,
        pools: files,
        automatic_upgrades,
        name_prefix,
        locks,
        tags: labels,
        state,
    } = file;
    let location = region::AZURE.check(span, location, problems);
    problems.need(span, "version", version);
    problems.need(span, "network", network);
    problems.need(span, "pools", files);
    let name = location.as_ref().map_or("", Label::as_str);
    region::AZURE.check_zones(name, zones, problems);
    check_pools(files, size::AZURE, problems);
    for entry in files.ok().into_iter().flatten() {
        check_pool(entry, problems);
    }
    check_temporary_names(files, problems);
    check_kubernetes(version, OLDEST, problems);
    check_patch(version, automatic_upgrades, problems);
    check_api_from(api_from, API_RANGES, problems);
    warn_open(api_from, "the API server", problems);
    let state = State::check(state, problems);
    let existing = AzureExisting::check(existing, problems);
    let tags = tags(labels, TagRules::Azure, problems);
    let (at, network) = subnets::check(network, subnets::AZURE_PREFIX_MIN, problems)?;
    subnets::check_apart(at, network, &[&[POD_RANGE, SERVICE_RANGE], KEPT].concat(), problems);
    let pools = pools(files);
    existing.check_within(at, network, problems);
    let block = existing.range("nodes", Subnets::of(network).nodes);
    check_room(at, (network, block), &pools, problems);
    Some(Aks {
        state,
        tags,
        location: location?,
        version: version.ok()?.clone(),
        network,
        existing,
        automatic_upgrades: automatic_upgrades.or(true),
        name_prefix: name_prefix.ok().cloned(),
        locks: locks.or(false),
        zones: values(zones),
        registry: registry.or(false),
        api_from: values(api_from),
        pools,
    })
}

/// A version with its patch would take back the patches that AKS has installed by itself.
fn check_patch(version: &Field<Version>, automatic: &Field<bool>, problems: &mut Diagnostics) {
    let Some((at, version)) = version.spanned().filter(|_| automatic.or(true)) else { return };
    let parts: Vec<&str> = version.as_str().split('.').collect();
    if let [major, minor, _, ..] = parts.as_slice() {
        problems
            .add(Code::T012, at, format!("AKS installs patches by itself, so the version cannot be {version}"))
            .help(format!("write \"{major}.{minor}\", or `automaticUpgrades: false` beside it"));
    }
}

/// Checks what AKS asks of a pool beyond the rules of every Kubernetes.
fn check_pool(entry: &Entry<PoolFile>, problems: &mut Diagnostics) {
    let name = entry.key.text.as_str();
    let right = name.len() <= POOL_NAME_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    // Another kind of name is reported already.
    if !right && name.parse::<Name>().is_ok() {
        let message =
            format!("`{name}` is not a valid pool name: a letter, then at most 11 lower-case letters and digits");
        let near: String =
            name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).take(POOL_NAME_MAX).collect();
        let near = near.trim_start_matches(|c: char| c.is_ascii_digit());
        problems.add(Code::T012, entry.key.span, message).help(if near.is_empty() {
            "use another name, for example `executors`".to_owned()
        } else {
            format!("use another name, for example `{near}`")
        });
    }
    if let Some(pool) = entry.value.ok() {
        // learn.microsoft.com, "Virtual machine sizes, availability, and restrictions in AKS".
        let size = pool.size.spanned().filter(|_| name != "system");
        if let Some((at, size)) =
            size.filter(|(_, size)| size::azure(size.as_str()).is_some_and(|shape| shape.vcpus < 2))
        {
            problems
                .add(Code::T012, at, format!("{size} has one vCPU, and AKS needs at least two"))
                .help("use a larger size, for example Standard_D4s_v5");
        }
        check_disk(&pool.disk, "the system disk", SYSTEM_DISK, problems);
        let most = pool.autoscale.ok().map_or(&pool.nodes, |scale| &scale.max);
        if let Some((at, count)) = most.spanned().filter(|(_, count)| **count > POOL_MAX) {
            problems
                .add(Code::T012, at, format!("a pool of AKS has at most {POOL_MAX} nodes, not {count}"))
                .help("use fewer, or several pools");
        }
    }
}

/// A pool must not have the name of another one's stand-in: a change of that one's size would delete it.
fn check_temporary_names(files: &Field<Entries<PoolFile>>, problems: &mut Diagnostics) {
    let names: Vec<Name> = files.ok().into_iter().flatten().filter_map(|entry| entry.key.text.parse().ok()).collect();
    for entry in files.ok().into_iter().flatten() {
        let name = entry.key.text.as_str();
        let stands_in_for = |other: &&Name| {
            if other.as_str() == "system" { name == SYSTEM_TEMPORARY } else { temporary_name(other) == name }
        };
        if let Some(other) = names.iter().find(stands_in_for) {
            problems
                .add(
                    Code::T012,
                    entry.key.span,
                    format!("`{name}` is the name that AKS needs while the pool `{other}` is replaced"),
                )
                .help("use another name: a new size for that pool would delete this one");
        }
    }
}

/// Every node has an address in the network. (The pods' range has room for three times the nodes that a cluster may have.)
fn check_room(at: Span, (network, block): (Cidr, Cidr), pools: &BTreeMap<Name, Pool>, problems: &mut Diagnostics) {
    let most = pools.values().map(|pool| u64::from(pool.nodes.most())).sum::<u64>();
    // `max_surge`: an upgrade makes a tenth of the nodes twice.
    let wanted = most + most.div_ceil(10);
    let room = block.size().saturating_sub(subnets::RESERVED);
    if wanted > room {
        let message = format!(
            "{network} leaves {block} for nodes, which is {room} addresses; {most} nodes and those that an upgrade adds need {wanted}"
        );
        problems.add(Code::T012, at, message).help("use a wider range, for example 10.40.0.0/16");
    }
    if most > NODES_MAX {
        let message = format!("a cluster of AKS has at most {NODES_MAX} nodes, not {most}");
        problems.add(Code::T012, at, message).help("use fewer and larger nodes, or another cluster");
    }
}
