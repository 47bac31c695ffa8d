//! Is this topology right? Every check runs that can; a value that is wrong silences only what depends on it.

use std::collections::BTreeMap;

use super::{Topology, TopologyFile, file::JobFile, jobs, listeners, machines, sizes, support};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Platform, PlatformFile, PlatformKind, aks, aws_vms, azure_vms, eks, hdinsight, local, nodes};
use crate::service::eventstore::Eventstore;
use crate::service::spark::{MASTER, WORKER};
use crate::service::zookeeper::MEMBER;
use crate::service::{Placed, ServiceKind, ServicesFile, spark, zookeeper};
use crate::value::{Name, Role};
use crate::yaml::{Entries, Field, Span, suggest};

/// Judges a file. `None` when there is an error, in `problems` now or before.
pub fn check(file: &TopologyFile, problems: &mut Diagnostics) -> Option<Topology> {
    let TopologyFile { api_version, name, id, platforms, services, jobs } = file;
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
    let (zookeeper, spark) = check_services(&services, &platform_files, &placement, problems);
    sizes::check(&platform_files, &services, &placement, problems);
    check_required(&platform_files, &services, problems);
    let jobs = check_jobs(&jobs.or_default(), &services, spark.as_ref(), problems);
    let eventstore = services.eventstore.ok().map(Eventstore::of);
    let identity = id.ok().cloned();
    let topology = Topology {
        name: name.ok()?.clone(),
        identity,
        platforms: places,
        placement,
        zookeeper,
        spark,
        eventstore,
        jobs,
    };
    machines::check(name.span().unwrap_or_default(), &topology, &platform_files, &services, problems);
    if !problems.has_errors() {
        listeners::check_collisions(&topology, &services, problems);
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

/// How many nodes of each role there are, and where the file says so.
fn counts(topology: &Topology, services: &ServicesFile) -> Vec<(Role, Span, usize)> {
    let members =
        topology.zookeeper.iter().map(|zookeeper| (MEMBER, services.zookeeper.span(), zookeeper.members.len()));
    let standalone = topology.spark.as_ref().and_then(|spark| spark.standalone.as_ref());
    let file = services.spark.ok();
    let nodes = standalone.into_iter().flat_map(|standalone| {
        let masters = file.and_then(|file| file.masters.span());
        let workers = file.and_then(|file| file.workers.span());
        [
            (MASTER, masters, standalone.masters.place.count().unwrap_or(0)),
            (WORKER, workers, standalone.workers.place.count().unwrap_or(0)),
        ]
    });
    members.chain(nodes).map(|(role, span, count)| (role, span.unwrap_or_default(), count)).collect()
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
            let written = listeners::written(services).into_iter().map(|(name, _)| name).collect();
            local::check_file(file.local.ok()?, written, problems).map(Platform::Local)
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

/// Which platform carries which service: the one it names, else the only one that can.
fn place(
    services: &ServicesFile,
    platforms: &Entries<PlatformFile>,
    problems: &mut Diagnostics,
) -> BTreeMap<ServiceKind, Name> {
    let kind_of = |entry: &crate::yaml::Entry<PlatformFile>| match entry.value.ok().map(PlatformFile::kinds)?.as_slice()
    {
        [(kind, _)] => Some(*kind),
        _ => None,
    };
    let mut placement = BTreeMap::new();
    for Placed { kind: service, span, platform } in services.placed() {
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
                let able: Vec<_> = platforms
                    .iter()
                    .filter(|entry| kind_of(entry).is_none_or(|kind| support::carries(kind, service)))
                    .collect();
                match able.as_slice() {
                    [one] => Some((*one, span)),
                    [] => platforms.iter().next().map(|entry| (entry, span)),
                    [..] => {
                        let names: Vec<_> = able.iter().map(|entry| format!("`{}`", entry.key.text)).collect();
                        problems
                            .add(
                                Code::T003,
                                span,
                                format!("`platform` is missing: {} can carry {service}", names.join(" and ")),
                            )
                            .help("say which");
                        continue;
                    }
                }
            }
        };
        let Some((entry, at)) = chosen else { continue };
        let Some(kind) = kind_of(entry) else { continue };
        if !support::carries(kind, service) {
            let able: Vec<_> = PlatformKind::ALL
                .iter()
                .filter(|kind| support::carries(**kind, service))
                .map(|kind| format!("`{kind}`"))
                .collect();
            problems
                .add(Code::T011, at, format!("a platform of kind `{kind}` cannot carry {service}"))
                .help(format!("{} can", able.join(", ")));
        } else if let Ok(name) = entry.key.text.parse() {
            placement.insert(service, name);
        }
    }
    placement
}

fn check_services(
    services: &ServicesFile,
    platforms: &Entries<PlatformFile>,
    placement: &BTreeMap<ServiceKind, Name>,
    problems: &mut Diagnostics,
) -> (Option<zookeeper::ZooKeeper>, Option<spark::Spark>) {
    let ground = |service| {
        let file = platforms.get(placement.get(&service)?.as_str())?.value.ok()?;
        let kind = file.kinds().first()?.0;
        Some((kind, Hosts::of(file.nodes.ok().and_then(|nodes| nodes.hosts.ok()))))
    };
    let quorum = !services.zookeeper.is_missing();
    let spark_version = spark::version(services.spark.ok());
    let zookeeper = services.zookeeper.spanned().and_then(|(span, file)| {
        let (kind, hosts) = ground(ServiceKind::ZooKeeper)?;
        zookeeper::check(span, file, &spark_version, kind, &hosts, problems)
    });
    let spark = services.spark.spanned().and_then(|(span, file)| {
        let (kind, hosts) = ground(ServiceKind::Spark)?;
        spark::check(span, file, kind, &hosts, quorum, problems)
    });
    note_unused_places(services, &ground, problems);
    (zookeeper, spark)
}

/// `hosts` on platforms that make their machines, `nodes` and `pool` where machines exist already.
fn note_unused_places<'a>(
    services: &ServicesFile,
    ground: &dyn Fn(ServiceKind) -> Option<(PlatformKind, Hosts<'a>)>,
    problems: &mut Diagnostics,
) {
    let kafka = services.kafka.ok().map(|s| (ServiceKind::Kafka, &s.hosts, s.nodes.span(), s.pool.span()));
    let elastic =
        services.elasticsearch.ok().map(|s| (ServiceKind::Elasticsearch, &s.hosts, s.nodes.span(), s.pool.span()));
    let postgres = services.postgres.ok().map(|s| (ServiceKind::Postgres, &s.hosts, None, None));
    let redis = services.redis.ok().map(|s| (ServiceKind::Redis, &s.hosts, None, None));
    for (service, names, nodes, pool) in [kafka, elastic, postgres, redis].into_iter().flatten() {
        let Some((kind, hosts)) = ground(service) else { continue };
        let named = kind == PlatformKind::Nodes;
        let unused = if named { [("nodes", nodes), ("pool", pool)] } else { [("hosts", names.span()), ("", None)] };
        for (name, span) in unused {
            if let Some(span) = span {
                problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
            }
        }
        for (at, host) in names.ok().into_iter().flatten().filter_map(Field::spanned).filter(|_| named) {
            hosts.check_declared(at, host, problems);
        }
    }
}

/// Keys that have no sensible default, where no check of their own asks for them yet.
fn check_required(platforms: &Entries<PlatformFile>, services: &ServicesFile, problems: &mut Diagnostics) {
    if let Some((at, postgres)) = services.postgres.spanned() {
        problems.need(at, "database", &postgres.database);
        problems.need(at, "user", &postgres.user);
        problems.need(at, "password", &postgres.password);
    }
    if let Some(spark) = services.spark.ok() {
        if let Some((at, operator)) = spark.operator.spanned() {
            problems.need(at, "version", &operator.version);
        }
        if let Some((at, scale)) = spark.workers.ok().and_then(|workers| workers.autoscale.spanned()) {
            problems.need(at, "min", &scale.min);
            problems.need(at, "max", &scale.max);
        }
    }
    for file in platforms.iter().filter_map(|entry| entry.value.ok()) {
        if let Some((at, gateway)) = file.hdinsight.ok().and_then(|managed| managed.gateway.spanned()) {
            problems.need(at, "user", &gateway.user);
            problems.need(at, "password", &gateway.password);
        }
    }
    if let Some((at, scale)) = services.spark.ok().and_then(|s| s.workers.ok()).and_then(|w| w.autoscale.spanned())
        && let (Some(min), Some(max)) = (scale.min.ok(), scale.max.ok())
        && (min > max || *max == 0)
    {
        problems.add(Code::T012, at, format!("the minimum of {min} workers is above the maximum of {max}"));
    }
}

fn check_jobs(
    files: &Entries<JobFile>,
    services: &ServicesFile,
    spark: Option<&spark::Spark>,
    problems: &mut Diagnostics,
) -> BTreeMap<Name, jobs::Job> {
    let mut all = BTreeMap::new();
    for entry in files {
        let name = match entry.key.text.parse::<Name>() {
            Ok(name) => name,
            Err(message) => {
                problems.add_bad_name(entry.key.span, &message);
                continue;
            }
        };
        if services.spark.is_missing() {
            problems.add(Code::T010, entry.key.span, format!("job `{name}` needs `spark`, which is not declared"));
        }
        let Some((_, file)) = entry.value.spanned() else { continue };
        if let Some(job) = jobs::check(entry.key.span, file, services, spark, problems) {
            all.insert(name, job);
        }
    }
    all
}
