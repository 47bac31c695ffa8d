//! Do the machines that are made for a cluster fit: their network, its subnets, and their sizes?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::checked::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::aws_vms::{AwsVms, Tier};
use crate::platform::azure_vms::AzureVms;
use crate::platform::cloud::{self, Image};
use crate::platform::size::{self, Shape};
use crate::platform::{Platform, PlatformFile, aks, eks, provider, subnets};
use crate::service::{self, Machines, ServicesFile, Whole};
use crate::value::{Cidr, JvmSize, Name, Zone};
use crate::yaml::{Entries, Field, Span};

/// The MiB that a machine's system and the tool need beside a daemon.
const SYSTEM: JvmSize = JvmSize::from_mebibytes(512);

/// A node's name is a DNS label: the cluster's, `-master-` and a number.
const NAME_MAX: usize = 63 - "-master-99".len();

/// `name`: where the cluster's name is written.
pub fn check(
    name: Span,
    topology: &Topology,
    platforms: &Entries<PlatformFile>,
    services: &ServicesFile,
    problems: &mut Diagnostics,
) {
    check_overlaps(topology, platforms, problems);
    check_one_of_each_cloud(topology, platforms, problems);
    check_name(topology, name, problems);
    let nodes: Vec<_> = service::all().flat_map(|service| service.nodes(&topology.services)).collect();
    for service in service::all() {
        let Some(name) = topology.placement.get(service.key()) else { continue };
        let file = platforms.get(name.as_str()).and_then(|entry| entry.value.ok());
        let network = file.and_then(|file| network_field(file).span());
        let entry = platforms.get(name.as_str()).map(|entry| entry.key.span);
        let Some(platform) = topology.platforms.get(name) else { continue };
        let machines = service.machines(&topology.services, services);
        machines.iter().for_each(|machines| check_zones(machines, platform, problems));
        let network = network.or(entry).unwrap_or_default();
        service.check_on(&Whole { topology, files: services, nodes: &nodes, on: platform, network }, problems);
    }
    // A network that is too small is so for several: said once.
    let mut small: BTreeSet<&Name> = BTreeSet::new();
    for service in service::all() {
        let Some(name) = topology.placement.get(service.key()) else { continue };
        let file = platforms.get(name.as_str()).and_then(|entry| entry.value.ok());
        let at = file.and_then(|file| network_field(file).span());
        for wanted in &service.machines(&topology.services, services) {
            match topology.platforms.get(name) {
                Some(Platform::AzureVms(azure)) => {
                    let block = azure.block(wanted.role);
                    check_room(wanted, at, block, (name, azure.network), &mut small, problems);
                    check_azure(wanted, azure, problems);
                    check_scale_set(wanted, azure, problems);
                    check_disk(wanted, AZURE_DISK, problems);
                }
                Some(Platform::AwsVms(aws)) => {
                    // Those of the module's own are alike; of those that are there already the smallest.
                    let blocks = (0..aws.zones.len()).map(|zone| aws.subnet(Tier::Of(wanted.role), zone));
                    let block = blocks.min_by_key(|block| block.size()).expect("a zone");
                    check_room(wanted, at, block, (name, aws.network), &mut small, problems);
                    check_aws(wanted, aws, problems);
                    check_disk(wanted, if wanted.is_fleet { AWS_ROOT_DISK } else { AWS_DISK }, problems);
                }
                _ => {}
            }
        }
    }
}

/// A Log Analytics workspace's name has 4 to 63 letters, and it is the cluster's (learn.microsoft.com, "Naming rules for Azure resources").
const AZURE_NAME_MIN: usize = 4;

fn check_name(topology: &Topology, at: Span, problems: &mut Diagnostics) {
    let makes_workspace = |platform: &Platform| match platform {
        Platform::AzureVms(azure) => azure.existing.workspace.is_none(),
        Platform::Aks(aks) => aks.existing.workspace.is_none(),
        Platform::Hdinsight(hdinsight) => hdinsight.existing.workspace.is_none(),
        _ => false,
    };
    // With the platform's prefix and a dash.
    let length = |platform: &Platform| {
        topology.name.as_str().len() + platform.name_prefix().map_or(0, |prefix| prefix.as_str().len() + 1)
    };
    if topology.platforms.values().any(|platform| makes_workspace(platform) && length(platform) < AZURE_NAME_MIN) {
        let message = format!("`{}` is too short: Azure's workspace for logs has the cluster's name", topology.name);
        problems.add(Code::T012, at, message).help(format!(
            "use at least {AZURE_NAME_MIN} letters, or a workspace that exists (`existing: {{ workspace: ... }}`)"
        ));
    }
    let first = |platform: &Platform| platform.name_prefix().unwrap_or(&topology.name).to_string();
    // learn.microsoft.com, "Naming rules for Azure resources", Recovery Services vaults.
    let in_a_vault = |platform: &Platform| matches!(platform, Platform::AzureVms(azure) if azure.backup.is_some());
    let is_digit = |platform: &Platform| first(platform).starts_with(|c: char| c.is_ascii_digit());
    if topology.platforms.values().any(|platform| in_a_vault(platform) && is_digit(platform)) {
        problems
            .add(
                Code::T012,
                at,
                "the name of Azure's vault for backups must begin with a letter, and it begins with the cluster's name",
            )
            .help("write a `namePrefix` that begins with a letter, or leave `backup` out");
    }
    // docs.aws.amazon.com, "CreateSecurityGroup".
    let is_reserved = |platform: &Platform| format!("{}-", first(platform)).starts_with("sg-");
    if topology.platforms.values().any(|platform| matches!(platform, Platform::AwsVms(_)) && is_reserved(platform)) {
        problems
            .add(
                Code::T012,
                at,
                "names of security groups must not begin with `sg-`, and they begin with the cluster's name",
            )
            .help("use another `namePrefix`, or another name");
    }
    let makes = |platform: &Platform| matches!(platform, Platform::AzureVms(_) | Platform::AwsVms(_));
    if topology.platforms.values().any(|platform| makes(platform) && length(platform) > NAME_MAX) {
        let message = format!("`{}` is too long: the names of its machines have at most 63 letters", topology.name);
        problems
            .add(Code::T012, at, message)
            .help(format!("use at most {NAME_MAX} letters, with the prefix and its dash"));
    }
}

/// Checks that machines are pinned to zones in which their platform has subnets.
fn check_zones(machines: &Machines<'_>, platform: &Platform, problems: &mut Diagnostics) {
    let Some(zones) = platform.zones() else { return };
    let there: Vec<&str> = zones.iter().map(Zone::as_str).collect();
    let pinned = machines.zones.ok().into_iter().flatten().filter_map(Field::spanned);
    for (at, zone) in pinned.filter(|(_, zone)| !zones.contains(zone)) {
        problems.add(Code::T012, at, format!("the platform is not in zone {}", zone.as_str())).help(
            match there.as_slice() {
                [] => "write the platform's `zones` too".to_owned(),
                _ => format!("it is in {}", there.join(", ")),
            },
        );
    }
}

fn check_room<'a>(
    wanted: &Machines<'_>,
    at: Option<Span>,
    block: Cidr,
    (platform, network): (&'a Name, Cidr),
    small: &mut BTreeSet<&'a Name>,
    problems: &mut Diagnostics,
) {
    let Machines { role, span, count, is_fleet, .. } = wanted;
    let room = if *is_fleet { block.size().saturating_sub(subnets::RESERVED) } else { subnets::room(block) };
    if *count > room && small.insert(platform) {
        let message = format!(
            "{network} leaves {block} for each subnet of a {}, with room for {room}, not {count}",
            role.title()
        );
        problems.add(Code::T012, at.unwrap_or(*span), message).help("use a wider range, for example 10.20.0.0/16");
    }
}

/// GiB. The largest managed disk of Azure (learn.microsoft.com, "Managed disk types").
const AZURE_DISK: RangeInclusive<u32> = 1..=32767;
/// The largest volume of AWS (docs.aws.amazon.com, "Amazon EBS volume types"), and what Canonical's image needs.
const AWS_DISK: RangeInclusive<u32> = 1..=65536;
const AWS_ROOT_DISK: RangeInclusive<u32> = 8..=65536;

fn check_disk(wanted: &Machines<'_>, sizes: RangeInclusive<u32>, problems: &mut Diagnostics) {
    cloud::check_disk(wanted.disk, &format!("a disk of a {}", wanted.role.title()), sizes, problems);
}

fn check_azure(wanted: &Machines<'_>, azure: &AzureVms, problems: &mut Diagnostics) {
    let size = provider::size(azure, wanted.role, wanted.machine);
    let Some(shape) = size::azure(&size) else { return };
    let at = wanted.size_span.unwrap_or(wanted.span);
    check_memory(wanted, &size, shape, at, problems);
    check_processor(wanted, (&size, shape.arm), &azure.image, at, problems);
    if !shape.premium_disks {
        let message =
            format!("{size} does not support premium disks, which the machines of a {} use", wanted.role.title());
        problems.add(Code::T012, at, message).help("use one with an `s` after its number, for example Standard_D2s_v5");
    }
    if !shape.accelerated_networking {
        let message =
            format!("{size} has no accelerated networking, which the machines of a {} use", wanted.role.title());
        problems.add(Code::T012, at, message).help("use a size that has it, for example Standard_D2s_v5");
    }
}

/// learn.microsoft.com, "Virtual Machine Scale Sets: design considerations".
fn check_scale_set(wanted: &Machines<'_>, azure: &AzureVms, problems: &mut Diagnostics) {
    let most = if matches!(azure.image, Image::Own(_)) { 600 } else { 1000 };
    if wanted.is_fleet && wanted.count > most {
        let message = format!("a scale set has at most {most} machines, not {}", wanted.count);
        problems.add(Code::T012, wanted.span, message).help(format!("use at most {most} workers"));
    }
}

fn check_aws(wanted: &Machines<'_>, aws: &AwsVms, problems: &mut Diagnostics) {
    let size = provider::size(aws, wanted.role, wanted.machine);
    let at = wanted.size_span.unwrap_or(wanted.span);
    if let Some(shape) = size::aws(&size) {
        check_memory(wanted, &size, shape, at, problems);
    }
    check_processor(wanted, (&size, size::aws_is_arm(&size)), &aws.image, at, problems);
}

fn check_memory(wanted: &Machines<'_>, size: &str, shape: Shape, at: Span, problems: &mut Diagnostics) {
    let needed = wanted.memory + SYSTEM.mebibytes();
    if shape.mebibytes < needed {
        let message = format!(
            "{size} has {} MiB, but a {} and the system beside it need {needed} MiB",
            shape.mebibytes,
            wanted.role.title()
        );
        problems.add(Code::T012, at, message).help("use a larger size, or give less memory to what runs on it");
    }
}

/// Checks that the image is for the processor of the machines. An image of the operator's own is skipped: only its owner knows.
fn check_processor(
    wanted: &Machines<'_>,
    (size, arm): (&str, bool),
    image: &Image,
    at: Span,
    problems: &mut Diagnostics,
) {
    if arm && matches!(image, Image::Ubuntu(_)) {
        let message = format!("{size} is an ARM machine, and the image of a {} is for x86-64", wanted.role.title());
        problems
            .add(Code::T012, at, message)
            .help("use a size without the letter for ARM (`p` on Azure, `g` on AWS), or an image of your own");
    }
}

/// Networks that must be joined one day, and a login from within, cannot overlap.
fn check_overlaps(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    let mut seen: BTreeMap<&Name, Cidr> = BTreeMap::new();
    for (name, platform) in &topology.platforms {
        let network = match platform {
            Platform::AzureVms(azure) => Some(azure.network),
            Platform::AwsVms(aws) => Some(aws.network),
            Platform::Aks(aks) => Some(aks.network),
            Platform::Eks(eks) => Some(eks.network),
            Platform::Hdinsight(managed) => Some(managed.network),
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => None,
        };
        let Some(network) = network else { continue };
        let entry = platforms.get(name.as_str());
        let at = entry.and_then(|entry| network_field(entry.value.ok()?).span()).unwrap_or_default();
        if let Some((other, range)) = seen.iter().find(|(_, range)| range.overlaps(network)) {
            let message = format!("{network} overlaps {range} of `{other}`: the two networks could never be peered");
            problems.add(Code::T012, at, message).help("give each platform a range of its own");
        }
        // Pods cannot reach outside addresses in the ranges that Kubernetes uses itself.
        let kept: &[&str] = match platform {
            Platform::Aks(_) => &[aks::POD_RANGE, aks::SERVICE_RANGE],
            Platform::Eks(_) => &[eks::SERVICE_RANGE],
            _ => &[],
        };
        for range in kept.iter().filter_map(|range| range.parse::<Cidr>().ok()) {
            for (machine, address) in named_addresses(topology) {
                if address.is_some_and(|address| range.contains(address)) {
                    let message = format!(
                        "pods of `{name}` cannot reach `{machine}`: the address of `{machine}` is in {range}, which Kubernetes gives to its own pods or services"
                    );
                    problems
                        .add(Code::T012, at, message)
                        .help(format!("give `{machine}` an address outside of {range}"));
                }
            }
        }
        for (machine, address) in named_addresses(topology) {
            if address.is_some_and(|address| network.contains(address)) {
                let message = format!("{network} contains the address of `{machine}`, a machine of another platform");
                problems.add(Code::T012, at, message).help("give each platform a range of its own");
            }
        }
        seen.insert(name, network);
    }
}

/// Resource groups and roles have the cluster's name, and the platform's prefix: two platforms on one cloud would make the same ones.
fn check_one_of_each_cloud(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    let mut seen: BTreeMap<(&str, Option<&Name>), &Name> = BTreeMap::new();
    for (name, platform) in &topology.platforms {
        let cloud = match platform {
            Platform::AzureVms(_) | Platform::Aks(_) | Platform::Hdinsight(_) => "Azure",
            Platform::AwsVms(_) | Platform::Eks(_) => "AWS",
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => continue,
        };
        if let Some(other) = seen.insert((cloud, platform.name_prefix()), name) {
            let at = platforms.get(name.as_str()).map(|entry| entry.key.span).unwrap_or_default();
            let message = format!(
                "`{other}` and `{name}` are both on {cloud}, where both would create resources with the name `{}`",
                topology.name
            );
            problems
                .add(Code::T012, at, message)
                .help("give one of them a `namePrefix`, or put them into separate topologies with different names");
        }
    }
}

fn network_field(file: &PlatformFile) -> Field<Cidr> {
    let fields = [
        file.azure_vms.ok().map(|file| &file.network),
        file.aws_vms.ok().map(|file| &file.network),
        file.aks.ok().map(|file| &file.network),
        file.eks.ok().map(|file| &file.network),
        file.hdinsight.ok().map(|file| &file.network),
    ];
    fields.into_iter().flatten().next().cloned().unwrap_or(Field::Missing)
}

fn named_addresses(topology: &Topology) -> Vec<(&Name, Option<std::net::Ipv4Addr>)> {
    let nodes = topology.platforms.values().filter_map(|platform| match platform {
        Platform::Nodes(nodes) => Some(nodes),
        _ => None,
    });
    nodes.flat_map(|nodes| &nodes.hosts).map(|(name, machine)| (name, machine.address.as_str().parse().ok())).collect()
}
