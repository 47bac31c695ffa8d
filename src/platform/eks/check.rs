//! Checks of Amazon's Kubernetes service.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::file::EksFile;
use super::{Eks, SERVICE_RANGE};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::aws_vms::{Tier, ZONES_MAX, check_network, subnet};
use crate::platform::cloud::{
    AwsExisting, Pool, PoolFile, State, TagRules, check_api_from, check_disk, check_kubernetes, check_pools, pools,
    tags, values, warn_open,
};
use crate::platform::{region, size, subnets};
use crate::service::spark::WORKER;
use crate::value::{Cidr, Label, Name, Version};
use crate::yaml::{Entries, Field, Span};

/// docs.aws.amazon.com, "Kubernetes versions on EKS", November 2026, with extended support.
const OLDEST: u32 = 31;
/// docs.aws.amazon.com, "Amazon EKS service quotas": public access ranges.
const API_RANGES: usize = 40;
/// GiB: what the image of a node needs, and the largest volume (docs.aws.amazon.com, "Amazon EBS volume types").
const NODE_DISK: RangeInclusive<u32> = 20..=65536;
/// Pods have addresses of the VPC: a node's own and what addons.tf lets it hold ready (`MINIMUM_IP_TARGET` and `WARM_IP_TARGET`).
const NODE_ADDRESSES: u64 = 21;

pub fn check(span: Span, file: &EksFile, problems: &mut Diagnostics) -> Option<Eks> {
    let EksFile {
        region,
        version,
        network,
        existing,
        zones,
        single_nat_gateway,
        registry,
        api_from,
        pools: files,
        name_prefix,
        tags: labels,
        state,
    } = file;
    let region = region::AWS.check(span, region, problems);
    problems.need(span, "version", version);
    problems.need(span, "network", network);
    problems.need(span, "zones", zones);
    problems.need(span, "pools", files);
    let name = region.as_ref().map_or("", Label::as_str);
    region::AWS.check_zones(name, zones, problems);
    check_pools(files, size::AWS, problems);
    if let Some((at, list)) = zones.spanned().filter(|(_, list)| !(2..=ZONES_MAX).contains(&list.len())) {
        let message = format!(
            "EKS needs two zones or more, and the network has room for at most {ZONES_MAX}; `zones` has {}",
            list.len()
        );
        problems.add(Code::T012, at, message).help("write two to four, for example zones: [a, b, c]");
    }
    check_node_groups(files, problems);
    check_kubernetes(version, OLDEST, problems);
    check_minor(version, problems);
    check_api_from(api_from, API_RANGES, problems);
    warn_open(api_from, "the API server", problems);
    let state = State::check(state, problems);
    let existing = AwsExisting::check(existing, &values(zones), single_nat_gateway, region.as_ref(), problems);
    let tags = tags(labels, TagRules::Aws, problems);
    let (at, network) = check_network(network, problems)?;
    // And Docker's own.
    subnets::check_apart(at, network, &[SERVICE_RANGE, "172.17.0.0/16"], problems);
    let pools = pools(files);
    existing.check_within(at, network, problems);
    let first =
        existing.subnets().and_then(|subnets| subnets.get("nodes")?.values().min_by_key(|subnet| subnet.range.size()));
    let block = first.map_or_else(|| subnet(network, Tier::Of(WORKER), 0), |subnet| subnet.range);
    check_room(at, (network, block), values(zones).len(), &pools, problems);
    Some(Eks {
        state,
        tags,
        region: region?,
        version: version.ok()?.clone(),
        network,
        existing,
        name_prefix: name_prefix.ok().cloned(),
        zones: values(zones),
        single_nat_gateway: single_nat_gateway.or(false),
        registry: registry.or(false),
        api_from: values(api_from),
        pools,
    })
}

/// Checks what EKS asks of a pool beyond the rules of every Kubernetes.
fn check_node_groups(files: &Field<Entries<PoolFile>>, problems: &mut Diagnostics) {
    for entry in files.ok().into_iter().flatten() {
        let name = entry.key.text.as_str();
        // With `-a` behind it a node group's name has at most 63, and it is a name in Terraform too.
        if name.len() > 61 || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            let message =
                format!("`{name}` is not a valid pool name: a letter, then at most 60 letters, digits and dashes");
            problems.add(Code::T012, entry.key.span, message).help("use another name");
        }
        if let Some(pool) = entry.value.ok() {
            check_disk(&pool.disk, "the disk of a node", NODE_DISK, problems);
        }
    }
}

fn check_minor(version: &Field<Version>, problems: &mut Diagnostics) {
    if let Some((at, version)) = version.spanned().filter(|(_, version)| version.as_str().split('.').count() > 2) {
        let short: Vec<&str> = version.as_str().split('.').take(2).collect();
        problems
            .add(
                Code::T012,
                at,
                format!("EKS expects a version such as 1.35, not {version}: it chooses the patch release"),
            )
            .help(format!("write \"{}\"", short.join(".")));
    }
}

/// Nodes are dealt out to the zones, and all of a zone are in one subnet.
fn check_room(
    at: Span,
    (network, block): (Cidr, Cidr),
    zones: usize,
    pools: &BTreeMap<Name, Pool>,
    problems: &mut Diagnostics,
) {
    let zones = u32::try_from(zones.max(1)).unwrap_or(u32::MAX);
    let most: u64 = pools.values().map(|pool| u64::from(pool.nodes.most().div_ceil(zones))).sum();
    let room = block.size().saturating_sub(subnets::RESERVED) / NODE_ADDRESSES;
    if most > room {
        let message = format!(
            "{network} leaves {block} for the nodes of a zone and their pods, with room for about {room} nodes, not {most}"
        );
        problems.add(Code::T012, at, message).help("use a wider range, for example 10.41.0.0/16");
    }
}
