//! The checks of a topology. Every check runs; a wrong value skips only the checks that depend on it.

use std::collections::BTreeMap;

use super::checked::Topology;
use super::file::{JobFile, TopologyFile};
use super::{accepted, guards, job, jobs, listeners, machines, sizes};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Platform, PlatformFile, PlatformKind, aks, aws_vms, azure_vms, eks, hdinsight, local, nodes};
use crate::service::downloads::Downloads;
use crate::service::{self, NodePlace, PlatformView, Services, ServicesFile, spark};
use crate::value::{Name, Role, node_name};
use crate::yaml::{Entries, Field, Span, suggest};

/// Judges a file. `None` when there is an error, in `problems` now or before.
pub fn check(file: &TopologyFile, problems: &mut Diagnostics) -> Option<Topology> {
    let topology = judge(file, problems);
    accepted::check(&file.accept, problems);
    topology.filter(|_| !problems.has_errors())
}

fn judge(file: &TopologyFile, problems: &mut Diagnostics) -> Option<Topology> {
    let TopologyFile { api_version, name, id, platforms, services, accept: _, downloads, jobs } = file;
    let downloads = Downloads::check(downloads, problems);
    let start = Span::default();
    if api_version.is_missing() {
        problems.add(Code::T003, start, "`apiVersion` is missing").help("write apiVersion: provision/v1");
    }
    problems.need(start, "name", name);
    problems.need(start, "platforms", platforms);
    problems.need(start, "services", services);
    let platform_files = platforms.or_default();
    let services = services.or_default();
    let places = check_platforms(&platform_files, &services, problems);
    let placement = place(&services, &platform_files, problems);
    let checked = check_services(&services, &platform_files, &placement, &downloads, problems);
    sizes::check(&platform_files, &services, &placement, problems);
    check_required(&platform_files, problems);
    let jobs = check_jobs(&jobs.or_default(), &services, checked.get(), problems);
    let identity = id.ok().cloned();
    let topology =
        Topology { name: name.ok()?.clone(), identity, platforms: places, placement, services: checked, jobs };
    machines::check(name.span().unwrap_or_default(), &topology, &platform_files, &services, problems);
    guards::check(&topology, &platform_files, problems);
    check_node_names(name.span().unwrap_or_default(), &topology, problems);
    if !problems.has_errors() {
        listeners::check_collisions(&topology, &services, problems);
        listeners::check_allowed(&topology, &platform_files, problems);
    }
    if topology.placement.values().any(|place| matches!(topology.platforms.get(place), Some(Platform::Local(_)))) {
        local::check(name.spanned()?, &counts(&topology, &services), problems);
        let placed = |name: &str| topology.placement.values().any(|place| place.as_str() == name);
        let files = platform_files.iter().filter(|entry| placed(&entry.key.text));
        for file in files.filter_map(|entry| entry.value.ok()?.local.ok()) {
            local::check_ports(file, &listeners::written(&services), &listeners::all(&topology), problems);
        }
    }
    (!problems.has_errors()).then_some(topology)
}

/// A node's name is a DNS label. (Where nodes get machines of their own, their platforms check the cluster's name.)
const NODE_NAME_MAX: usize = 63;

/// Checks the longest name of a node on a host that the topology names.
fn check_node_names(at: Span, topology: &Topology, problems: &mut Diagnostics) {
    let nodes = service::all().flat_map(|service| service.nodes(&topology.services));
    let names = nodes.filter_map(|node| match (node.place, node.id) {
        (NodePlace::Named(_), Some(id)) => Some(node_name(&topology.name, node.role, id)),
        (NodePlace::Named(host), None) => Some(node_name(&topology.name, node.role, host)),
        (NodePlace::Own(_), _) => None,
    });
    let Some(longest) = names.max_by_key(String::len).filter(|name| name.len() > NODE_NAME_MAX) else { return };
    let message = format!("the node name `{longest}` has {} characters; the maximum is {NODE_NAME_MAX}", longest.len());
    let help = format!("shorten the cluster's name, or the host's, by {}", longest.len() - NODE_NAME_MAX);
    problems.add(Code::T012, at, message).help(help);
}

/// The number of nodes of each role, with its place in the file.
fn counts(topology: &Topology, files: &ServicesFile) -> Vec<(Role, Span, usize)> {
    let mut all = Vec::new();
    for service in service::all() {
        let nodes = service.nodes(&topology.services);
        for role in service.roles() {
            let count = nodes.iter().filter(|node| node.role == *role).count();
            all.push((*role, service.span_of(*role, files).unwrap_or_default(), count));
        }
    }
    all
}

fn check_platforms(
    files: &Entries<PlatformFile>,
    services: &ServicesFile,
    problems: &mut Diagnostics,
) -> BTreeMap<Name, Platform> {
    let mut places = BTreeMap::new();
    for entry in files {
        let name = match entry.key.text.parse::<Name>() {
            Ok(name) => name,
            Err(message) => {
                problems.add_bad_name(entry.key.span, &message);
                continue;
            }
        };
        if let Some(platform) = check_platform(entry.key.span, &entry.value, services, problems) {
            places.insert(name, platform);
        }
    }
    places
}

fn check_platform(
    at: Span,
    file: &Field<PlatformFile>,
    services: &ServicesFile,
    problems: &mut Diagnostics,
) -> Option<Platform> {
    let kinds = file.ok().map(PlatformFile::kinds).unwrap_or_default();
    let (kind, span) = match kinds.as_slice() {
        [one] => *one,
        [] => {
            // A kind that is misspelt is reported as that.
            let misspelt = file.span().is_some_and(|place| problems.has_errors_within(place));
            if !matches!(file, Field::Bad(_)) && !misspelt {
                let all: Vec<_> = PlatformKind::ALL.iter().map(|kind| format!("`{kind}`")).collect();
                problems
                    .add(Code::T003, at, "this platform has no kind")
                    .help(format!("write one of {}", all.join(", ")));
            }
            return None;
        }
        [_, (second, span), ..] => {
            problems
                .add(Code::T001, *span, format!("a platform has one kind, and `{second}` is its second"))
                .help("give it a name of its own");
            return None;
        }
    };
    let file = file.ok()?;
    match kind {
        PlatformKind::Nodes => nodes::check(span, file.nodes.ok()?, problems).map(Platform::Nodes),
        PlatformKind::Local => {
            let written = listeners::written(services).into_iter().map(|port| port.name).collect();
            local::check_file(file.local.ok()?, written).map(Platform::Local)
        }
        PlatformKind::AzureVms => azure_vms::check(span, file.azure_vms.ok()?, problems).map(Platform::AzureVms),
        PlatformKind::AwsVms => aws_vms::check(span, file.aws_vms.ok()?, problems).map(Platform::AwsVms),
        PlatformKind::Hdinsight => hdinsight::check(span, file.hdinsight.ok()?, problems).map(Platform::Hdinsight),
        PlatformKind::Aks => aks::check(span, file.aks.ok()?, problems).map(Platform::Aks),
        PlatformKind::Eks => eks::check(span, file.eks.ok()?, problems).map(Platform::Eks),
        PlatformKind::Kubernetes => {
            problems.need(span, "context", &file.kubernetes.ok()?.context);
            Some(Platform::Kubernetes)
        }
    }
}

/// The platform of each service: the one it names, else the only one that can.
fn place(
    services: &ServicesFile,
    platforms: &Entries<PlatformFile>,
    problems: &mut Diagnostics,
) -> BTreeMap<&'static str, Name> {
    let kind_of = |entry: &crate::yaml::Entry<PlatformFile>| match entry.value.ok().map(PlatformFile::kinds)?.as_slice()
    {
        [(kind, _)] => Some(*kind),
        _ => None,
    };
    let mut placement = BTreeMap::new();
    for part in services.parts() {
        let (key, span, platform) = (part.key, part.span, &part.platform);
        let Some(service) = service::by_key(key) else { continue };
        let chosen = match platform {
            Field::Bad(_) => continue,
            Field::Ok(at, name) => {
                if let Some(entry) = platforms.get(name.as_str()) {
                    Some((entry, *at))
                } else {
                    problems
                        .add(Code::T010, *at, format!("no platform `{name}` is declared"))
                        .maybe_help(suggest::hint(name.as_str(), platforms.names()));
                    continue;
                }
            }
            Field::Missing => {
                let able: Vec<_> =
                    platforms.iter().filter(|entry| kind_of(entry).is_none_or(|kind| service.fits(kind))).collect();
                match able.as_slice() {
                    [one] => Some((*one, span)),
                    [] => platforms.iter().next().map(|entry| (entry, span)),
                    [..] => {
                        let names: Vec<_> = able.iter().map(|entry| format!("`{}`", entry.key.text)).collect();
                        problems
                            .add(
                                Code::T003,
                                span,
                                format!("`platform` is missing: {} can run {key}", names.join(" and ")),
                            )
                            .help("say which");
                        continue;
                    }
                }
            }
        };
        let Some((entry, at)) = chosen else { continue };
        let Some(kind) = kind_of(entry) else { continue };
        if !service.fits(kind) {
            let able: Vec<_> =
                PlatformKind::ALL.iter().filter(|kind| service.fits(**kind)).map(|kind| format!("`{kind}`")).collect();
            problems
                .add(Code::T011, at, format!("a platform of kind `{kind}` cannot run {key}"))
                .help(format!("{} can", able.join(", ")));
        } else if let Ok(name) = entry.key.text.parse() {
            placement.insert(key, name);
        }
    }
    placement
}

fn check_services(
    files: &ServicesFile,
    platforms: &Entries<PlatformFile>,
    placement: &BTreeMap<&'static str, Name>,
    downloads: &Downloads,
    problems: &mut Diagnostics,
) -> Services {
    let mut checked = Services::default();
    for service in service::all() {
        service.check_keys(files, problems);
        let file = placement.get(service.key()).and_then(|name| platforms.get(name.as_str())?.value.ok());
        let Some((file, (kind, _))) = file.and_then(|file| Some((file, *file.kinds().first()?))) else { continue };
        let hosts = Hosts::of(file.nodes.ok().and_then(|nodes| nodes.hosts.ok()));
        if let Some(service_checked) = service.check(&PlatformView { kind, hosts: &hosts, downloads }, files, problems)
        {
            checked.insert(service.key(), service_checked);
        } else if let Some(part) = files.part(service.key()).filter(|_| !problems.has_errors()) {
            // No service may be lost without a word, whatever its checks forgot.
            problems.add(Code::T001, part.span, format!("`{}` cannot be used as it is written", part.key));
        }
    }
    checked
}

/// Keys that have no sensible default, where no check of their own asks for them yet.
fn check_required(platforms: &Entries<PlatformFile>, problems: &mut Diagnostics) {
    for file in platforms.iter().filter_map(|entry| entry.value.ok()) {
        if let Some((at, gateway)) = file.hdinsight.ok().and_then(|managed| managed.gateway.spanned()) {
            problems.need(at, "user", &gateway.user);
            problems.need(at, "password", &gateway.password);
        }
    }
}

fn check_jobs(
    files: &Entries<JobFile>,
    services: &ServicesFile,
    spark: Option<&spark::Spark>,
    problems: &mut Diagnostics,
) -> BTreeMap<Name, job::Job> {
    let mut all = BTreeMap::new();
    for entry in files {
        let name = match entry.key.text.parse::<Name>() {
            Ok(name) => name,
            Err(message) => {
                problems.add_bad_name(entry.key.span, &message);
                continue;
            }
        };
        if services.part(spark::KEY).is_none() {
            problems.add(Code::T010, entry.key.span, format!("job `{name}` needs `spark`, which is not declared"));
        }
        let Some((_, file)) = entry.value.spanned() else { continue };
        if let Some(job) = jobs::check(entry.key.span, file, services, spark, problems) {
            all.insert(name, job);
        }
    }
    all
}
