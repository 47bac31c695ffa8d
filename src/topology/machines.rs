//! Do the machines that are made for a cluster fit: their network, its subnets, and their sizes?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::checked::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::aws_vms::{AwsVms, Tier};
use crate::platform::azure_vms::AzureVms;
use crate::platform::cloud::{self, AwsExisting, AzureExisting, AzureExistingFile, Image};
use crate::platform::size::{self, Shape};
use crate::platform::{Platform, PlatformFile, aks, eks, provider, subnets};
use crate::service::spark::Spark;
use crate::service::{self, Machines, ServicesFile, Whole, eventstore, spark, zookeeper};
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
    check_beside(topology, platforms, problems);
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
                    // The subnet of the first zone: each of the others is like it.
                    let block = aws.subnet(Tier::Of(wanted.role), 0);
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
    let on_azure =
        |platform: &Platform| matches!(platform, Platform::AzureVms(_) | Platform::Aks(_) | Platform::Hdinsight(_));
    // With the platform's prefix and a dash.
    let length = |platform: &Platform| {
        topology.name.as_str().len() + platform.name_prefix().map_or(0, |prefix| prefix.as_str().len() + 1)
    };
    if topology.platforms.values().any(|platform| on_azure(platform) && length(platform) < AZURE_NAME_MIN) {
        let message = format!("`{}` is too short: Azure's workspace for logs has the cluster's name", topology.name);
        problems.add(Code::T012, at, message).help(format!("use at least {AZURE_NAME_MIN} letters"));
    }
    let makes = |platform: &Platform| matches!(platform, Platform::AzureVms(_) | Platform::AwsVms(_));
    if topology.platforms.values().any(|platform| makes(platform) && length(platform) > NAME_MAX) {
        let message = format!("`{}` is too long: the names of its machines have at most 63 letters", topology.name);
        problems
            .add(Code::T012, at, message)
            .help(format!("use at most {NAME_MAX} letters, with the prefix and its dash"));
    }
}

/// Checks that what guards data has some to guard.
fn check_beside(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    for (name, platform) in &topology.platforms {
        let Some(file) = platforms.get(name.as_str()).and_then(|entry| entry.value.ok()) else { continue };
        let members = topology.is_on(zookeeper::KEY, name);
        let storage = topology.is_on(spark::KEY, name)
            && topology.services.get::<Spark>().is_some_and(|spark| spark.storage.is_some());
        let backup = [file.azure_vms.ok().map(|file| &file.backup), file.aws_vms.ok().map(|file| &file.backup)];
        for at in backup.into_iter().flatten().filter_map(Field::span).filter(|_| !members) {
            problems.add(Code::T012, at, format!("`{name}` has no ZooKeeper members whose disks could be backed up"));
        }
        let (locks, data) = match platform {
            Platform::AzureVms(_) => (file.azure_vms.ok().map(|file| &file.locks), members || storage),
            Platform::Aks(aks) => {
                (file.aks.ok().map(|file| &file.locks), aks.registry || topology.is_on(eventstore::KEY, name))
            }
            _ => continue,
        };
        if let Some(at) = locks.and_then(Field::span).filter(|_| !data) {
            problems.add(Code::T012, at, format!("`{name}` holds no data that could be locked"));
        }
        check_subnets(name, platform, file, (members, storage), topology, problems);
        let existing = match platform {
            Platform::AzureVms(_) => file.azure_vms.ok().map(|file| (&file.existing, storage)),
            _ => file.aks.ok().map(|file| (&file.existing, topology.is_on(eventstore::KEY, name))),
        };
        let key = existing.and_then(|(existing, account)| Some((existing.ok()?.storage_encryption.span()?, account)));
        if let Some((at, false)) = key {
            problems.add(Code::T012, at, format!("`{name}` has no storage account that the key could encrypt"));
        }
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

/// Checks that what is there already has a subnet for each use, and for nothing else.
fn check_subnets(
    name: &Name,
    platform: &Platform,
    file: &PlatformFile,
    (members, storage): (bool, bool),
    topology: &Topology,
    problems: &mut Diagnostics,
) {
    let spark = topology.is_on(spark::KEY, name);
    let of_machines = [("zookeeper", members), ("masters", spark), ("workers", spark)];
    let (given, at, wanted): (BTreeSet<&str>, Option<Span>, Vec<(&str, bool)>) = match platform {
        Platform::AzureVms(AzureVms { existing, .. }) => {
            let at = file.azure_vms.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            (azure_uses(existing), at, of_machines.into_iter().chain([("endpoints", storage)]).collect())
        }
        Platform::Aks(aks) => {
            let at = file.aks.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            let endpoints = aks.registry || topology.is_on(eventstore::KEY, name);
            (azure_uses(&aks.existing), at, vec![("nodes", true), ("endpoints", endpoints)])
        }
        Platform::Hdinsight(managed) => {
            let at = file.hdinsight.ok().and_then(|file| AzureExistingFile::subnets(&file.existing));
            (azure_uses(&managed.existing), at, vec![("cluster", true)])
        }
        Platform::AwsVms(aws) => {
            let at = file.aws_vms.ok().and_then(|file| file.existing.ok()?.subnets.span());
            (aws_uses(&aws.existing), at, of_machines.to_vec())
        }
        Platform::Eks(eks) => {
            let at = file.eks.ok().and_then(|file| file.existing.ok()?.subnets.span());
            (aws_uses(&eks.existing), at, vec![("nodes", true)])
        }
        Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => return,
    };
    let Some(at) = at else { return };
    for (of_use, wanted) in &wanted {
        if *wanted && !given.contains(of_use) {
            problems
                .add(Code::T003, at, format!("there is no subnet for `{of_use}`"))
                .help("name one for each use, or remove `subnets`, so that the module makes all of them");
        }
    }
    for of_use in given.iter().filter(|given| !wanted.contains(&(**given, true))) {
        let all: Vec<&str> = wanted.iter().filter(|(_, wanted)| *wanted).map(|(of_use, _)| *of_use).collect();
        let message = format!("`{name}` has no subnet for the use `{}`", of_use.escape_default());
        problems.add(Code::T012, at, message).help(format!("it has subnets for {}", all.join(", ")));
    }
}

fn azure_uses(existing: &AzureExisting) -> BTreeSet<&str> {
    existing.subnets().into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
}

fn aws_uses(existing: &AwsExisting) -> BTreeSet<&str> {
    existing.subnets().into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
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
