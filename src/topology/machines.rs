//! Do the machines that are made for a cluster fit: their network, its subnets, and their sizes?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::Topology;
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::aws_vms::{AwsVms, Tier};
use crate::platform::azure_vms::AzureVms;
use crate::platform::cloud::{self, Image};
use crate::platform::hdinsight::OTHER_MACHINES;
use crate::platform::machine::Machine;
use crate::platform::size::{self, Shape};
use crate::platform::{Platform, PlatformFile, aks, eks, made, subnets};
use crate::service::spark::{MASTER, Scaling, WORKER};
use crate::service::zookeeper::MEMBER;
use crate::service::{ServiceKind, ServicesFile, zookeeper};
use crate::value::{Cidr, Disk, JvmSize, Name, Role, Zone};
use crate::yaml::{Entries, Field, Span};

/// What a machine's system and the tool need beside a daemon.
const SYSTEM: JvmSize = JvmSize::from_mebibytes(512);

/// The machines of one role.
struct Wanted<'a> {
    role: Role,
    span: Span,
    count: u64,
    machine: &'a Machine,
    size_span: Option<Span>,
    disk: &'a Field<Disk>,
    /// What runs on each at least, in MiB.
    memory: u64,
}

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
    check_pins(topology, services, problems);
    check_log_dir(topology, services, problems);
    if !problems.has_errors() {
        warn_zones(topology, services, problems);
    }
    check_managed_room(topology, platforms, problems);
    // A network that is too small is so for several: said once.
    let mut small: BTreeSet<&Name> = BTreeSet::new();
    for wanted in &wanted(topology, services) {
        let service = if wanted.role == MEMBER { ServiceKind::ZooKeeper } else { ServiceKind::Spark };
        let Some(name) = topology.placement.get(&service) else { continue };
        let file = platforms.get(name.as_str()).and_then(|entry| entry.value.ok());
        let at = file.and_then(|file| network_field(file).span());
        match topology.platforms.get(name) {
            Some(Platform::AzureVms(azure)) => {
                check_room(wanted, at, azure_block(azure, wanted.role), (name, azure.network), &mut small, problems);
                check_azure(wanted, azure, problems);
                check_scale_set(wanted, azure, problems);
                check_disk(wanted, AZURE_DISK, problems);
            }
            Some(Platform::AwsVms(aws)) => {
                check_room(wanted, at, aws_block(aws, wanted.role), (name, aws.network), &mut small, problems);
                check_aws(wanted, aws, problems);
                check_disk(wanted, if wanted.role == WORKER { AWS_ROOT_DISK } else { AWS_DISK }, problems);
            }
            _ => {}
        }
    }
}

fn check_name(topology: &Topology, at: Span, problems: &mut Diagnostics) {
    let makes = |platform: &Platform| matches!(platform, Platform::AzureVms(_) | Platform::AwsVms(_));
    if topology.platforms.values().any(makes) && topology.name.as_str().len() > NAME_MAX {
        let message = format!("`{}` is too long: the names of its machines have at most 63 letters", topology.name);
        problems.add(Code::T012, at, message).help(format!("take at most {NAME_MAX} letters"));
    }
}

/// On machines that are made the data disk is mounted at `dataDir`, and at nothing else.
fn check_log_dir(topology: &Topology, services: &ServicesFile, problems: &mut Diagnostics) {
    let place = topology.placement.get(&ServiceKind::ZooKeeper).and_then(|name| topology.platforms.get(name));
    let at = services.zookeeper.ok().and_then(|file| file.data_log_dir.span());
    if let (Some(Platform::AzureVms(_) | Platform::AwsVms(_)), Some(at)) = (place, at) {
        problems
            .add(Code::T012, at, "`dataLogDir` would be on the system's disk, which goes with its machine")
            .help("leave it out: the log is then on the data disk");
    }
}

/// Members take zones round the platform's list, or as they are pinned.
fn warn_zones(topology: &Topology, services: &ServicesFile, problems: &mut Diagnostics) {
    let Some(ensemble) = &topology.zookeeper else { return };
    let place = topology.placement.get(&ServiceKind::ZooKeeper).and_then(|name| topology.platforms.get(name));
    let zones = match place {
        Some(Platform::AzureVms(azure)) => &azure.zones,
        Some(Platform::AwsVms(aws)) => &aws.zones,
        _ => return,
    };
    let count = u32::try_from(ensemble.members.len()).unwrap_or(u32::MAX);
    let pinned = ensemble.zones.as_deref().unwrap_or_default();
    let zone = |number: u32| pinned.get(number as usize - 1).or_else(|| subnets::zone(zones, number));
    let file = services.zookeeper.ok();
    let at = file.and_then(|file| file.zones.span()).or(services.zookeeper.span()).unwrap_or_default();
    zookeeper::warn_zones(at, ensemble.members.len(), (1..=count).map(zone), problems);
}

/// What is pinned is pinned to zones that its platform has subnets in.
fn check_pins(topology: &Topology, services: &ServicesFile, problems: &mut Diagnostics) {
    let members = services.zookeeper.ok().and_then(|file| file.zones.ok());
    let masters = services.spark.ok().and_then(|file| file.masters.ok()?.zones.ok());
    for (service, pinned) in [(ServiceKind::ZooKeeper, members), (ServiceKind::Spark, masters)] {
        let place = topology.placement.get(&service).and_then(|name| topology.platforms.get(name));
        let zones = match place {
            Some(Platform::AzureVms(azure)) => &azure.zones,
            Some(Platform::AwsVms(aws)) => &aws.zones,
            _ => continue,
        };
        let there: Vec<&str> = zones.iter().map(Zone::as_str).collect();
        let pinned = pinned.into_iter().flatten().filter_map(Field::spanned);
        for (at, zone) in pinned.filter(|(_, zone)| !zones.contains(zone)) {
            problems.add(Code::T012, at, format!("the platform is not in zone {}", zone.as_str())).help(
                match there.as_slice() {
                    [] => "write the platform's `zones` too".to_owned(),
                    _ => format!("it is in {}", there.join(", ")),
                },
            );
        }
    }
}

fn wanted<'a>(topology: &'a Topology, services: &'a ServicesFile) -> Vec<Wanted<'a>> {
    let mut all = Vec::new();
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    if let Some(zookeeper) = &topology.zookeeper {
        all.push(Wanted {
            role: MEMBER,
            span: services.zookeeper.span().unwrap_or_default(),
            count: count(zookeeper.members.len()),
            machine: &zookeeper.machine,
            size_span: services.zookeeper.ok().and_then(|file| file.size.span()),
            disk: services.zookeeper.ok().map_or(&Field::Missing, |file| &file.disk),
            memory: zookeeper.heap.mebibytes(),
        });
    }
    let file = services.spark.ok();
    if let Some(standalone) = topology.spark.as_ref().and_then(|spark| spark.standalone.as_ref()) {
        let (masters, workers) = (&standalone.masters, &standalone.workers);
        all.push(Wanted {
            role: MASTER,
            span: file.and_then(|file| file.masters.span()).unwrap_or_default(),
            count: count(masters.place.count().unwrap_or(0)),
            machine: &masters.machine,
            size_span: file.and_then(|file| file.masters.ok()?.size.span()),
            disk: &Field::Missing,
            memory: masters.heap.mebibytes(),
        });
        let most = workers.autoscale.as_ref().map(|scale| u64::from(scale.max));
        all.push(Wanted {
            role: WORKER,
            span: file.and_then(|file| file.workers.span()).unwrap_or_default(),
            count: most.unwrap_or(count(workers.place.count().unwrap_or(0))),
            machine: &workers.machine,
            size_span: file.and_then(|file| file.workers.ok()?.size.span()),
            disk: file.and_then(|file| file.workers.ok()).map_or(&Field::Missing, |workers| &workers.disk),
            memory: workers.heap.mebibytes() + workers.memory.map_or(0, JvmSize::mebibytes),
        });
    }
    all
}

fn azure_block(azure: &AzureVms, role: Role) -> Cidr {
    let subnets = azure.subnets();
    match role {
        MEMBER => subnets.zookeeper,
        WORKER => subnets.workers,
        _ => subnets.masters,
    }
}

/// The subnet of the first zone: each of the others is like it.
fn aws_block(aws: &AwsVms, role: Role) -> Cidr {
    aws.subnet(Tier::Of(role), 0)
}

fn check_room<'a>(
    wanted: &Wanted<'_>,
    at: Option<Span>,
    block: Cidr,
    (platform, network): (&'a Name, Cidr),
    small: &mut BTreeSet<&'a Name>,
    problems: &mut Diagnostics,
) {
    let Wanted { role, span, count, .. } = wanted;
    let room = match *role {
        WORKER => block.size().saturating_sub(subnets::RESERVED),
        _ => subnets::room(block),
    };
    if *count > room && small.insert(platform) {
        let message = format!(
            "{network} leaves {block} for each subnet of a {}, with room for {room}, not {count}",
            role.title()
        );
        problems.add(Code::T012, at.unwrap_or(*span), message).help("take a wider range, as in 10.20.0.0/16");
    }
}

/// Every machine of the service is in its half of the network.
fn check_managed_room(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    let Some(name) = topology.placement.get(&ServiceKind::Spark) else { return };
    let managed = topology.spark.as_ref().and_then(|spark| spark.managed.as_ref());
    let (Some(Platform::Hdinsight(service)), Some(managed)) = (topology.platforms.get(name), managed) else { return };
    let workers = match &managed.scaling {
        Scaling::Fixed => managed.count,
        Scaling::ByLoad(scale) => scale.max,
        Scaling::ByTime(schedule) => schedule.times.iter().map(|(_, _, count)| *count).max().unwrap_or(0),
    };
    let (wanted, block) = (u64::from(workers) + OTHER_MACHINES, service.subnet());
    let room = block.size().saturating_sub(subnets::RESERVED);
    if wanted > room {
        let at = platforms.get(name.as_str()).and_then(|entry| {
            let network = network_field(entry.value.ok()?).span();
            network.or(Some(entry.key.span))
        });
        let message = format!(
            "{} leaves {block} for the cluster, with room for {room}: {workers} workers and {OTHER_MACHINES} others want {wanted}",
            service.network
        );
        problems.add(Code::T012, at.unwrap_or_default(), message).help("take a wider range, as in 10.30.0.0/16");
    }
}

/// GiB. The largest managed disk of Azure (learn.microsoft.com, "Managed disk types").
const AZURE_DISK: RangeInclusive<u32> = 1..=32767;
/// The largest volume of AWS (docs.aws.amazon.com, "Amazon EBS volume types"), and what Canonical's image needs.
const AWS_DISK: RangeInclusive<u32> = 1..=65536;
const AWS_ROOT_DISK: RangeInclusive<u32> = 8..=65536;

fn check_disk(wanted: &Wanted<'_>, sizes: RangeInclusive<u32>, problems: &mut Diagnostics) {
    cloud::check_disk(wanted.disk, &format!("a disk of a {}", wanted.role.title()), sizes, problems);
}

fn check_azure(wanted: &Wanted<'_>, azure: &AzureVms, problems: &mut Diagnostics) {
    let size = made::size(azure, wanted.role, wanted.machine);
    let Some(shape) = size::azure(&size) else { return };
    let at = wanted.size_span.unwrap_or(wanted.span);
    check_memory(wanted, &size, shape, at, problems);
    check_processor(wanted, (&size, shape.arm), &azure.image, at, problems);
    if !shape.premium_disks {
        let message = format!("{size} takes no premium disks, on which the machines of a {} are", wanted.role.title());
        problems.add(Code::T012, at, message).help("take one with an `s` behind its number, as in Standard_D2s_v5");
    }
    if !shape.accelerated_networking {
        let message =
            format!("{size} has no accelerated networking, which the machines of a {} use", wanted.role.title());
        problems.add(Code::T012, at, message).help("take a larger one, as in Standard_D2s_v5");
    }
}

/// learn.microsoft.com, "Virtual Machine Scale Sets: design considerations".
fn check_scale_set(wanted: &Wanted<'_>, azure: &AzureVms, problems: &mut Diagnostics) {
    let most = if matches!(azure.image, Image::Own(_)) { 600 } else { 1000 };
    if wanted.role == WORKER && wanted.count > most {
        let message = format!("a scale set has at most {most} machines, not {}", wanted.count);
        problems.add(Code::T012, wanted.span, message).help(format!("take at most {most} workers"));
    }
}

fn check_aws(wanted: &Wanted<'_>, aws: &AwsVms, problems: &mut Diagnostics) {
    let size = made::size(aws, wanted.role, wanted.machine);
    let at = wanted.size_span.unwrap_or(wanted.span);
    if let Some(shape) = size::aws(&size) {
        check_memory(wanted, &size, shape, at, problems);
    }
    check_processor(wanted, (&size, size::aws_is_arm(&size)), &aws.image, at, problems);
}

fn check_memory(wanted: &Wanted<'_>, size: &str, shape: Shape, at: Span, problems: &mut Diagnostics) {
    let needed = wanted.memory + SYSTEM.mebibytes();
    if shape.mebibytes < needed {
        let message = format!(
            "{size} has {} MiB, and a {} with what runs beside it needs {needed}",
            shape.mebibytes,
            wanted.role.title()
        );
        problems.add(Code::T012, at, message).help("take a larger size, or less heap");
    }
}

/// What an image of one's own is for, nobody but its owner knows.
fn check_processor(
    wanted: &Wanted<'_>,
    (size, arm): (&str, bool),
    image: &Image,
    at: Span,
    problems: &mut Diagnostics,
) {
    if arm && matches!(image, Image::Ubuntu(_)) {
        let message = format!("{size} is an ARM machine, and the image of a {} is for x86-64", wanted.role.title());
        problems
            .add(Code::T012, at, message)
            .help("take a size without the letter for ARM (`p` on Azure, `g` on AWS), or an image of your own");
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
            let message = format!("{network} overlaps {range} of `{other}`: the two could never be joined");
            problems.add(Code::T012, at, message).help("give each platform a range of its own");
        }
        // What Kubernetes keeps hides what is outside from the pods.
        let kept: &[&str] = match platform {
            Platform::Aks(_) => &[aks::POD_RANGE, aks::SERVICE_RANGE],
            Platform::Eks(_) => &[eks::SERVICE_RANGE],
            _ => &[],
        };
        for range in kept.iter().filter_map(|range| range.parse::<Cidr>().ok()) {
            for (machine, address) in named_addresses(topology) {
                if address.is_some_and(|address| range.contains(address)) {
                    let message = format!(
                        "pods of `{name}` cannot reach `{machine}`: its address is in {range}, which the cluster's own pods or services use"
                    );
                    problems.add(Code::T012, at, message).help("give the machine an address outside of it");
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

/// Resource groups and roles have the cluster's name: two platforms on one cloud would make the same ones.
fn check_one_of_each_cloud(topology: &Topology, platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Name> = BTreeMap::new();
    for (name, platform) in &topology.platforms {
        let cloud = match platform {
            Platform::AzureVms(_) | Platform::Aks(_) | Platform::Hdinsight(_) => "Azure",
            Platform::AwsVms(_) | Platform::Eks(_) => "AWS",
            Platform::Nodes(_) | Platform::Local(_) | Platform::Kubernetes => continue,
        };
        if let Some(other) = seen.insert(cloud, name) {
            let at = platforms.get(name.as_str()).map(|entry| entry.key.span).unwrap_or_default();
            let message = format!(
                "`{other}` and `{name}` are both on {cloud}, where both would make resources of the name `{}`",
                topology.name
            );
            problems.add(Code::T012, at, message).help("give each a topology, and a name, of its own");
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
