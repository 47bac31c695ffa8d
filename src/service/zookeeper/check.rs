//! Checks of an ensemble.

use std::collections::BTreeMap;

use super::file::{LOGS, ZooCfgFile, ZooKeeperFile, unsupported};
use super::{Members, ZooKeeper};
use crate::diagnostic::{Code, Diagnostics};
use crate::platform::machine::{Machine, check_pins};
use crate::platform::nodes::declared::Hosts;
use crate::platform::{Ground, PlatformKind};
use crate::service::archive::{self, Wanted};
use crate::service::data_directory;
use crate::service::process::{Process, Reserved, RuntimeEnvironment};
use crate::service::releases::{self, Line};
use crate::service::stages::PlatformView;
use crate::value::{MemberId, Name, Version, Zone};
use crate::yaml::{Entries, Field, Span};

/// A member's id fits a byte, and 0 is not one.
const MEMBERS_MAX: u32 = 255;

/// The variables that `ZooKeeper`'s own scripts read: no script starts a member.
const OWN_VARIABLES: &[Reserved] = &[
    ("JVMFLAGS", "write jvmOptions"),
    ("SERVER_JVMFLAGS", "write jvmOptions"),
    ("ZK_SERVER_HEAP", "write heap"),
    ("ZOO_", "no script starts a member, so that nothing would read it"),
    ("ZOOCFGDIR", "no script starts a member, so that nothing would read it"),
    ("CLASSPATH", "the classes are those of the distribution"),
];

/// The releases of November 2026.
const RELEASES: &[Line] = &[Line(&[3, 5], 10), Line(&[3, 6], 4), Line(&[3, 7], 2), Line(&[3, 8], 6), Line(&[3, 9], 5)];

/// Checks an ensemble on a platform; `pyspark` is the package that may contain it.
pub fn check(
    span: Span,
    file: &ZooKeeperFile,
    pyspark: &Version,
    PlatformView { kind, hosts, downloads }: PlatformView<'_>,
    problems: &mut Diagnostics,
) -> Option<ZooKeeper> {
    let settings = file.settings(kind);
    let version = &settings.version;
    let version_at = file.version.span().unwrap_or(span);
    warn_data_loss(version_at, version, problems);
    releases::warn_unknown(version_at, "ZooKeeper", version, RELEASES, problems);
    let members = check_members(span, file, kind, hosts, problems);
    check_config(&file.config, problems);
    let mut data_ok = true;
    for (span, path) in [file.data_dir.spanned(), file.data_log_dir.spanned()].into_iter().flatten() {
        data_ok &= data_directory::check(span, path, problems);
    }
    if let (data, Some(log), Some(span)) =
        (&settings.data_dir, &settings.data_log_dir, file.data_dir.span().or(file.data_log_dir.span()))
        && (data.is_within(log) || log.is_within(data))
    {
        problems
            .add(Code::T012, span, format!("one of `dataDir` ({data}) and `dataLogDir` ({log}) is inside the other"))
            .help("give each a directory of its own");
        data_ok = false;
    }
    let runtime = RuntimeEnvironment::check(&file.java, &file.environment, OWN_VARIABLES, problems);
    let process = Process::check(&file.jvm_options, &file.unit, kind, LOGS, problems);
    check_options(file, problems);
    if !data_ok {
        return None;
    }
    let members = members?;
    let count = members.len();
    let apache = format!("zookeeper/zookeeper-{version}/apache-zookeeper-{version}-bin.tar.gz");
    let wanted = Wanted { platform: kind, pyspark, apache: &apache, downloads };
    Some(ZooKeeper {
        archive: archive::check(&file.archive, wanted, problems)?,
        members,
        config: file.config.or_default().settings(kind),
        runtime: runtime?,
        process: process?,
        machine: Machine::of(&file.size, &file.disk),
        zones: check_pins(&file.zones, count, problems).ok()?,
        load_balancer: !file.load_balancer.is_missing(),
        settings,
    })
}

/// ZOOKEEPER-4925 (3.9.3) and ZOOKEEPER-4785 (before 3.8.5, 3.9.0, 3.9.1) lose committed transactions.
fn warn_data_loss(span: Span, version: &Version, problems: &mut Diagnostics) {
    let issue = match version.numbers().as_slice() {
        [3, 9, 3] => "ZOOKEEPER-4925",
        [3, 9, 0 | 1] => "ZOOKEEPER-4785",
        _ if version.is_before(&[3, 8, 5]) => "ZOOKEEPER-4785",
        _ => return,
    };
    problems
        .add(Code::ZK007, span, format!("ZooKeeper {version} can lose committed transactions ({issue})"))
        .help("use 3.9.5 or 3.8.6");
}

fn check_members(
    span: Span,
    file: &ZooKeeperFile,
    kind: PlatformKind,
    hosts: &Hosts<'_>,
    problems: &mut Diagnostics,
) -> Option<Members> {
    let named = kind.ground() == Ground::NamedHosts;
    let unused =
        if named { file.nodes.span().map(|s| (s, "nodes")) } else { file.members.span().map(|s| (s, "members")) };
    let machine = [
        ("size", file.size.span()),
        ("disk", file.disk.span()),
        ("zones", file.zones.span()),
        ("loadBalancer", file.load_balancer.span()),
    ];
    let machine = machine.into_iter().filter(|_| named).filter_map(|(name, span)| Some((span?, name)));
    let balancer =
        file.load_balancer.span().filter(|_| kind == PlatformKind::AwsVms).map(|span| (span, "loadBalancer"));
    for (span, name) in unused.into_iter().chain(machine).chain(balancer) {
        problems.add(Code::T090, span, format!("`{name}` is not used by a platform of kind {kind}"));
    }
    let members = if named {
        if file.members.is_missing() {
            problems
                .add(Code::T003, span, "`members` is missing")
                .help("say which id is where: members: { 1: h1, 2: h2, 3: h3 }");
        }
        check_named(&file.members, hosts, problems)
    } else {
        check_counted(span, &file.nodes, problems)
    };
    let members = members?;
    let at = file.members.span().filter(|_| named).or(file.nodes.span()).unwrap_or(span);
    // A repeated id hides a member.
    if !problems.has_errors_within(at) {
        warn_size(at, members.len(), problems);
    }
    if let Members::Named(map) = &members {
        // A host without a zone may stand anywhere.
        let zones = map.values().filter_map(|host| hosts.zone(host)).map(Some);
        warn_zones(at, members.len(), zones, problems);
    }
    Some(members)
}

fn check_counted(span: Span, nodes: &Field<u32>, problems: &mut Diagnostics) -> Option<Members> {
    if let Field::Bad(_) = nodes {
        return None;
    }
    let count = nodes.or(3);
    if count == 0 || count > MEMBERS_MAX {
        let at = nodes.span().unwrap_or(span);
        problems.add(Code::T012, at, format!("an ensemble has 1 to {MEMBERS_MAX} members, not {count}"));
        return None;
    }
    Some(Members::Counted(u8::try_from(count).ok()?))
}

fn check_named(members: &Field<Entries<Name>>, hosts: &Hosts<'_>, problems: &mut Diagnostics) -> Option<Members> {
    let (span, entries) = members.spanned()?;
    let mut map: BTreeMap<MemberId, Name> = BTreeMap::new();
    let mut complete = !entries.0.is_empty();
    if entries.0.is_empty() {
        problems.add(Code::T003, span, "an ensemble has at least one member");
    }
    for entry in entries {
        let id = entry.key.text.parse::<i64>().ok().and_then(|id| MemberId::try_from(id).ok());
        let Some(id) = id else {
            problems
                .add(Code::ZK005, entry.key.span, format!("`{}` is not a member id", entry.key.text.escape_default()))
                .help(
                    "write members: { 1: h1, 2: h2, 3: h3 }; ids are 1 to 255, and an id stays with its data for good",
                );
            complete = false;
            continue;
        };
        let Some((at, host)) = entry.value.spanned() else {
            complete = false;
            continue;
        };
        complete &= hosts.check_declared(at, host, problems);
        if let Some((other, _)) = map.iter().find(|(_, taken)| *taken == host) {
            problems
                .add(Code::T012, at, format!("members {other} and {id} are both on `{host}`"))
                .help("put at most one member on each host");
            complete = false;
        }
        map.insert(id, host.clone());
    }
    complete.then_some(Members::Named(map))
}

fn warn_size(span: Span, count: usize, problems: &mut Diagnostics) {
    let survives = |count: usize| (count - 1) / 2;
    if count == 1 {
        problems.add(Code::ZK002, span, "one member: while it is down, ZooKeeper serves nobody").help("use 3");
    } else if count.is_multiple_of(2) {
        let lost = match survives(count) {
            0 => "no loss".to_owned(),
            some => format!("the loss of {some}"),
        };
        let message = format!("{count} members survive {lost}, the same as {} would", count - 1);
        problems.add(Code::ZK001, span, message).help(if count == 2 {
            "use 3".to_owned()
        } else {
            format!("take {} or {}", count - 1, count + 1)
        });
    }
}

/// A zone may be lost when what remains is still a majority. (One or two members survive no loss at all: ZK001 and ZK002.)
/// `zones`: of each member that is known to be in one; `None` where its platform gives it none of its own.
pub fn warn_zones<'a>(
    at: Span,
    members: usize,
    zones: impl Iterator<Item = Option<&'a Zone>>,
    problems: &mut Diagnostics,
) {
    let mut by_zone: BTreeMap<Option<&Zone>, usize> = BTreeMap::new();
    for zone in zones {
        *by_zone.entry(zone).or_default() += 1;
    }
    let tolerated = (members - 1) / 2;
    for (zone, count) in by_zone.into_iter().filter(|(_, count)| tolerated > 0 && *count > tolerated) {
        let place =
            zone.map_or_else(|| "one place, without zones".to_owned(), |zone| format!("zone {}", zone.as_str()));
        let message = format!("{count} of {members} members are in {place}: its loss ends the quorum");
        problems
            .add(Code::ZK003, at, message)
            .help(format!("spread them over more zones: at most {tolerated} in each"));
    }
}

/// Refuses settings of `zoo.cfg` that are given as options of the JVM: they have checks there, and some are not carried out.
fn check_options(file: &ZooKeeperFile, problems: &mut Diagnostics) {
    for (at, option) in file.jvm_options.ok().into_iter().flatten().filter_map(Field::spanned) {
        let Some(name) = option.as_str().strip_prefix("-Dzookeeper.") else { continue };
        let name = name.split('=').next().unwrap_or_default();
        let why = ZooCfgFile::REFUSED.iter().find(|(key, _)| *key == name).map(|(_, why)| (*why).to_owned());
        let why = why.or_else(|| unsupported(name).filter(|_| name.contains('.')).map(str::to_owned));
        let why = why.or_else(|| ZooCfgFile::KEYS.contains(&name).then(|| format!("write config: {{ {name}: ... }}")));
        if let Some(why) = why {
            problems.add(Code::T012, at, format!("`{option}` cannot be set in `jvmOptions`")).help(why);
        }
    }
}

fn check_config(field: &Field<ZooCfgFile>, problems: &mut Diagnostics) {
    let Some(file) = field.ok() else { return };
    for (at, key, why) in file.refused() {
        problems.add(Code::T012, at, format!("`{key}` cannot be set")).help(why);
    }
    let is_on = |field: &Field<bool>| field.ok() == Some(&true);
    if let Some(at) =
        file.local_sessions.span().filter(|_| is_on(&file.local_sessions) && !is_on(&file.local_sessions_upgrading))
    {
        problems
            .add(
                Code::T012,
                at,
                "a client with a local session cannot create ephemeral nodes, which the election of Spark's masters needs",
            )
            .help("write localSessionsUpgradingEnabled: true as well");
    }
    // ZooKeeper's own defaults are 2 and 20 ticks. A member does not start with bounds that cross.
    let tick = file.tick_time.ok().map_or(2000, |tick| u64::from(tick.get()));
    let (min, max) = (file.min_session_timeout.ok(), file.max_session_timeout.ok());
    let bound = |written: Option<u64>, ticks: u64| written.unwrap_or(tick * ticks);
    let (shortest, longest) = (bound(min.map(|v| v.get().into()), 2), bound(max.map(|v| v.get().into()), 20));
    let written = file.min_session_timeout.span().or(file.max_session_timeout.span());
    if let Some(span) = written.filter(|_| shortest > longest) {
        let default = |is_written: bool| if is_written { "" } else { " (the default)" };
        let message = format!(
            "the shortest session, {shortest} ms{}, is longer than the longest, {longest} ms{}",
            default(min.is_some()),
            default(max.is_some())
        );
        problems.add(Code::T012, span, message).help("write both `minSessionTimeout` and `maxSessionTimeout`");
    }
    if let Some((span, _)) = file.purge_interval.spanned().filter(|(_, hours)| hours.get() == 0) {
        problems
            .add(Code::ZK006, span, "snapshots and transaction logs are never purged: the disk fills")
            .help("use 1 (hour)");
    }
}
