//! The checks of every host before the first change. All problems are reported, not only the first.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;

use crate::desired::{Desired, Election, FIRST_OWN_PORT};
use crate::host::{HostFacts, HostState, Java, Listening, PathKind, RecordName, STATE_FOLDER, Sub, UnitFacts};
use crate::observe::{MACHINE_TOOLS, NEEDED_TOOLS, Observed, PIP};
use crate::plan::compare::stale_inputs;
use crate::service;
use crate::service::archive::Archive;
use crate::value::listener::{Bind, Listener, Numbering};
use crate::value::{HostPath, Name, Role};

/// Clocks further apart than this make logs, leases and certificates lie.
const CLOCK_MILLIS: i64 = 1000;
/// An unpacked Spark (about 450 MB), an archive beside it, and room to breathe.
const FREE_KIB: u64 = 1_500_000;
/// On hosts that have everything unpacked already.
const FREE_LATER_KIB: u64 = 100_000;
/// The largest archive in the tool's own folder: Spark 4 has some 500 MB.
const DOWNLOAD_KIB: u64 = 600_000;
/// The records there, and the old files of a restart.
const RECORDS_KIB: u64 = 20_000;
/// One question about one host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub host: Name,
    pub what: &'static str,
    pub seen: String,
    /// The way out; `None` if the check passed.
    pub problem: Option<String>,
}

/// All checks of all hosts that answered, in the order of hosts.
pub fn preflight(desired: &Desired, observed: &Observed) -> Vec<Check> {
    let mut checks = Vec::new();
    let moves = ports_move(desired, observed);
    let middle = middle_clock(desired, observed);
    let is_first = is_first_election(desired, observed);
    for (name, state) in &desired.hosts {
        let Some(facts) = observed.facts(name) else { continue };
        let mut of = HostChecks { name, state, facts, checks: &mut checks };
        of.programs();
        of.disks();
        let (seen, problem) = memory(desired, observed, facts);
        of.add("memory", seen, problem);
        of.address();
        of.pip();
        of.clock(middle);
        of.ports(taken_ports(desired, state, facts, moves));
        of.ensemble(desired, is_first);
    }
    checks
}

/// The clock that as many hosts are behind as ahead of, in milliseconds ahead of the operator's. Of two that differ it is the one nearer to that.
fn middle_clock(desired: &Desired, observed: &Observed) -> i64 {
    let facts = desired.hosts.keys().filter_map(|name| observed.facts(name));
    let mut all: Vec<i64> = facts.map(|facts| facts.clock_ahead_millis).collect();
    all.sort_unstable();
    match all.as_slice() {
        [one, other] if one.abs() <= other.abs() => *one,
        [_, other] => *other,
        all => all.get(all.len() / 2).copied().unwrap_or(0),
    }
}

/// Returns true if no node of this cluster can take part in its election: nothing was applied, and none runs.
fn is_first_election(desired: &Desired, observed: &Observed) -> bool {
    let Some(election) = &desired.election else { return false };
    let unit = |name| observed.facts(name)?.units.get(election.role.unit());
    observed.record(RecordName::Applied).is_none() && !desired.hosts.keys().filter_map(unit).any(UnitFacts::may_run)
}

/// The checks of one host.
struct HostChecks<'a> {
    name: &'a Name,
    state: &'a HostState,
    facts: &'a HostFacts,
    checks: &'a mut Vec<Check>,
}

impl HostChecks<'_> {
    fn add(&mut self, what: &'static str, seen: String, problem: Option<String>) {
        self.checks.push(Check { host: self.name.clone(), what, seen, problem });
    }

    /// Checks that the needed programs are there, and that only root can replace what is installed.
    fn programs(&mut self) {
        let (state, facts) = (self.state, self.facts);
        // Where one owner has all of a host, no user is added, and nothing is run as one.
        let of_machine = MACHINE_TOOLS.iter().filter(|_| state.host.owner.is_none());
        let needed = NEEDED_TOOLS.iter().chain(of_machine);
        let missing: Vec<_> = needed.filter(|tool| !facts.tools.contains(**tool)).copied().collect();
        let missing = missing.join(", ");
        if missing.is_empty() {
            self.add("programs", "all there".to_owned(), None);
        } else {
            self.add("programs", format!("{missing} missing"), Some(format!("install {missing}")));
        }
        for path in &facts.shared {
            // In a folder that stands for a host there is nobody else.
            let (seen, problem) = if state.host.owner.is_some() {
                (format!("a link on the way to {path}"), format!("put directories in place of the links above {path}"))
            } else {
                let problem = format!("give {path} and every directory above it to root (chown root, chmod go-w)");
                (format!("users other than root can write to {path}"), problem)
            };
            self.add("ownership", seen, Some(problem));
        }
        for name in state.users.keys() {
            // A user of ours has a group of its own name, and a group that somebody else made may have anybody in it.
            let (seen, problem) = match (facts.users.contains_key(name), facts.groups.contains(name)) {
                (true, false) => (format!("the user {name} has no group {name}"), format!("groupadd --system {name}")),
                (false, true) => (
                    format!("the group {name} exists without its user"),
                    format!("remove it (groupdel {name}), or add the user (useradd --system -g {name} {name})"),
                ),
                _ => continue,
            };
            self.add("user", seen, Some(problem));
        }
        for (name, other) in facts.shared_users.iter().filter(|(name, _)| state.users.contains_key(*name)) {
            let problem = format!(
                "give the user {name} a UID and a group {name} of its own, or remove it (userdel {name}): provision then adds it again"
            );
            self.add("user", format!("the user {name} shares its UID or its group with {other}"), Some(problem));
        }
        let is_link = |path: &&HostPath| facts.paths.get(*path).is_some_and(|seen| seen.kind == PathKind::Link);
        // In a folder the step itself says so, with what the link leads out of.
        for path in state.directories.keys().filter(is_link).filter(|_| state.host.owner.is_none()) {
            let problem = "write the directory that it leads to".to_owned();
            self.add("directory", format!("{path} is a symbolic link"), Some(problem));
        }
        if state.nft && !facts.tools.contains("nft") {
            let problem = "install nftables, or set firewall: none".to_owned();
            self.add("nftables", "missing".to_owned(), Some(problem));
        }
        for (home, oldest) in &state.java_homes {
            let (seen, problem) = java_home(home, facts.java_homes.get(home), *oldest);
            self.add("java", seen, problem);
        }
        if let Some(oldest) = state.java {
            let (seen, problem) = java(facts, oldest);
            self.add("java", seen, problem);
        }
    }

    fn disks(&mut self) {
        for (path, free) in &self.facts.free_kib {
            let unpacks = self.state.distributions.contains_key(path) && !self.facts.origins.contains_key(path);
            let downloads = path.as_str() == STATE_FOLDER;
            let needed = match (downloads, unpacks) {
                (true, _) if self.is_to_download() => DOWNLOAD_KIB,
                (true, _) => RECORDS_KIB,
                (false, true) => FREE_KIB,
                (false, false) => FREE_LATER_KIB,
            };
            if *free < needed {
                let (free, needed) = (free / 1024, needed.div_ceil(1024));
                let problem = format!("make {} MiB more available on the file system of {path}", needed - free);
                self.add("disk", format!("{free} MiB free for {path}, {needed} MiB needed"), Some(problem));
            }
        }
    }

    /// Returns true if an archive comes to the tool's own folder before it is unpacked.
    fn is_to_download(&self) -> bool {
        let mut new = self.state.distributions.iter().filter(|(home, _)| !self.facts.origins.contains_key(*home));
        new.any(|(_, distribution)| !matches!(distribution.archive, Archive::OnHost { .. }))
    }

    /// Its services listen on its address, so that it must be one of its own, and not a loopback one.
    fn address(&mut self) {
        let Some((to, is_here)) = self.facts.own_address else { return };
        let address = &self.state.host.address;
        let (seen, problem) = match to {
            None => (
                format!("{address} does not resolve on the host itself"),
                Some("add the name to DNS or to its /etc/hosts, or write an IP address"),
            ),
            Some(to) if to.is_loopback() => (
                format!(
                    "{address} resolves to {to} on the host itself, so that no other host could reach its services"
                ),
                Some("take the name out of its /etc/hosts, or write an IP address"),
            ),
            Some(to) if !is_here => (
                format!(
                    "{address}{} is on no interface of the host",
                    if address.is_ipv4() { String::new() } else { format!(" ({to})") }
                ),
                Some(
                    "write the address that the host itself has: its services listen there (ssh may use another address: `sshName`)",
                ),
            ),
            Some(to) => (to.to_string(), None),
        };
        self.add("address", seen, problem.map(str::to_owned));
    }

    fn pip(&mut self) {
        if let Some(problem) = no_pip(self.state, self.facts) {
            self.add("pip", "missing".to_owned(), Some(problem));
        }
    }

    /// Hosts must agree with each other. The operator's own clock may be wrong.
    fn clock(&mut self, middle: i64) {
        let ahead = self.facts.clock_ahead_millis - middle;
        let far = ahead.abs() > CLOCK_MILLIS;
        let other = if middle.abs() > CLOCK_MILLIS {
            format!("; this machine's is {} ms {}", middle.abs(), if middle < 0 { "ahead" } else { "behind" })
        } else {
            String::new()
        };
        let seen = format!("{} ms {} most hosts'{other}", ahead.abs(), if ahead < 0 { "behind" } else { "ahead of" });
        self.add("clock", seen, far.then(|| "synchronise the hosts' clocks (chrony or systemd-timesyncd)".to_owned()));
    }

    /// An ensemble that somebody else runs must serve the nodes that elect there.
    fn ensemble(&mut self, desired: &Desired, is_first: bool) {
        let here =
            |election: &&Election| election.is_external && self.state.services.contains_key(election.role.unit());
        let Some(election) = desired.election.as_ref().filter(here) else { return };
        let (seen, problem) = service::of(election.role).check_ensemble(election, self.facts, is_first);
        self.add("ensemble", seen, problem);
    }

    fn ports(&mut self, taken: BTreeMap<u16, Option<u32>>) {
        let host = &self.state.host;
        // The same cluster may exist below another XDG_STATE_HOME.
        let perhaps = if host.owner.is_some() { "; or has XDG_STATE_HOME changed?" } else { "" };
        let another = match host.reach.numbering() {
            Numbering::Written => "choose another port",
            Numbering::Own(_) => "let `ports` of `local` begin elsewhere",
        };
        for (port, owner) in taken {
            let name = |uid: u32| self.facts.users.iter().find(|(_, number)| **number == uid).map(|(name, _)| name);
            let owner = owner.map_or("another program".to_owned(), |uid| match name(uid) {
                Some(name) => format!("a process of {name} (uid {uid})"),
                None => format!("uid {uid}"),
            });
            let problem = format!("stop what listens on {port}, or {another}{perhaps}");
            self.add("port", format!("{port} is taken by {owner}"), Some(problem));
        }
    }
}

/// The problem of a Java that somebody other than root can change: they would decide what every service executes.
fn not_roots(java: &Java) -> Option<String> {
    (java.owner != Some(0)).then(|| {
        format!(
            "give {} with all that is in it to root (chown -R root, chmod -R go-w), and every directory above it (chown root, chmod go-w, without -R)",
            java.path.trim_end_matches("/bin/java")
        )
    })
}

fn java_home(home: &HostPath, found: Option<&Java>, oldest: u32) -> (String, Option<String>) {
    let install =
        || Some(format!("install Java {oldest} or later there, or name another directory: java: {{ home: ... }}"));
    match found {
        None => (format!("no bin/java in {home}"), install()),
        Some(java) if not_roots(java).is_some() => {
            (format!("users other than root can change {home}"), not_roots(java))
        }
        Some(java) if java.version.is_empty() => (
            format!("unknown at {home}"),
            Some(format!("name a directory whose file `release` tells the version: {home} has none")),
        ),
        Some(java) => {
            let old = java.major().is_none_or(|major| major < oldest);
            (format!("{} at {home}", java.version), if old { install() } else { None })
        }
    }
}

fn java(facts: &HostFacts, oldest: u32) -> (String, Option<String>) {
    match (&facts.java, &facts.java_package) {
        (Some(java), _) if not_roots(java).is_some() => {
            (format!("users other than root can change {}", java.path), not_roots(java))
        }
        (Some(java), _) => {
            let seen = format!("{} at {}", java.version, java.path);
            let old = Java::major(java).is_none_or(|major| major < oldest);
            (
                seen,
                old.then(|| {
                    format!(
                        "make Java {oldest} or later the default `java`, or name its directory: java: {{ home: ... }}"
                    )
                }),
            )
        }
        (None, Some(package)) => (format!("none; {package} will be installed"), None),
        (None, None) => (
            "none".to_owned(),
            Some(format!(
                "install Java {oldest} or later: there is no `java` on the path, and apt has none to install"
            )),
        ),
    }
}

/// The problem if the `pyspark` package must be fetched and pip is missing.
fn no_pip(state: &HostState, facts: &HostFacts) -> Option<String> {
    let package = |archive: &Archive| matches!(archive, Archive::Pypi { .. });
    let wanted = state.distributions.iter().any(|(home, d)| package(&d.archive) && !facts.origins.contains_key(home));
    let there = facts.tools.contains(PIP);
    (wanted && !there).then(|| "install python3-pip, or say in `archive` where else the distribution is".to_owned())
}

/// The memory of heaps and declared workers, against the machine's: several hosts may share one.
fn memory(desired: &Desired, observed: &Observed, facts: &HostFacts) -> (String, Option<String>) {
    // Machines are told apart by their stamps, and none is believed about another: only folders share one.
    let same = |(name, state): &(&Name, &HostState)| {
        let shares = |other: &HostFacts| !state.host.reach.root().is_empty() && is_same_machine(other, facts);
        observed.facts(name).is_some_and(|other| std::ptr::eq(other, facts) || shares(other))
    };
    let here = desired.hosts.iter().filter(same);
    let needed: u64 = here.flat_map(|(_, state)| state.services.values()).map(|service| service.memory_mib).sum();
    let problem =
        (facts.memory_mib < needed).then(|| "make heaps and executors smaller, or take a larger machine".to_owned());
    (format!("{} MiB; heaps and executors need {needed} MiB", facts.memory_mib), problem)
}

fn is_same_machine(one: &HostFacts, other: &HostFacts) -> bool {
    !one.machine.trim().is_empty() && one.machine == other.machine
}

/// Returns true if the nodes' own ports become others than they were, or than a killed apply has begun to make them.
fn ports_move(desired: &Desired, observed: &Observed) -> bool {
    let records = [RecordName::Applied, RecordName::Intended].into_iter().filter_map(|name| observed.record(name));
    records.map(|record| record.settings.get(FIRST_OWN_PORT)).any(|was| was != desired.settings.get(FIRST_OWN_PORT))
}

/// Lasting ports that somebody else than the service listens on, at an address that the service will want: another user, or a job of the service's own
/// while its unit has no process. A unit that may run has its ports already, unless they are to be others (`moves`).
fn taken_ports(desired: &Desired, state: &HostState, facts: &HostFacts, moves: bool) -> BTreeMap<u16, Option<u32>> {
    let roles: Vec<Role> = state.services.values().filter_map(|service| service.role).collect();
    let wanted = |listener: &&Listener| listener.is_lasting() && roles.contains(&listener.role());
    let mut taken = BTreeMap::new();
    for listener in desired.listeners.iter().filter(wanted) {
        let service = &state.services[listener.role().unit()];
        let is_current = |unit: &UnitFacts| stale_inputs(service, unit, state, facts).is_empty();
        let has_them = |unit: &UnitFacts| unit.may_run() && (!moves || is_current(unit));
        let runs = facts.units.get(listener.role().unit()).is_some_and(has_them);
        let waits = |unit: &UnitFacts| matches!(unit.sub, Sub::AutoRestart | Sub::AutoRestartQueued);
        let has_process = facts.units.get(listener.role().unit()).is_some_and(|unit| unit.may_run() && !waits(unit));
        let ports = listener.on(state.host.reach.numbering());
        let ours = facts.users.get(listener.role().user()).copied();
        // Whoever it runs as: a restart mends that.
        let own = facts.units.get(listener.role().unit()).and_then(|unit| unit.uid);
        // A unit that may run has its ports, unless another user is seen to have them: it is started again and again then.
        let strange = |other: &&Listening| match (other.uid, ours) {
            (Some(_), _) if has_process && own == other.uid => false,
            (Some(other), Some(ours)) => other != ours || !has_process,
            _ => !runs,
        };
        for other in facts.listening.iter().filter(|other| ports.contains(&other.port)).filter(strange) {
            if other.address.zip(bound(listener, state)).is_some_and(|(other, ours)| other != ours) {
                continue;
            }
            taken.insert(other.port, other.uid);
        }
    }
    taken
}

/// The address that a listener is bound to; `None` where a name stands for it.
fn bound(listener: &Listener, state: &HostState) -> Option<IpAddr> {
    match listener.bind {
        Bind::Host => state.host.address.as_str().parse().ok(),
        Bind::Loopback => state.host.private.as_str().parse().ok(),
    }
}
