//! A plan as an operator reads it, before saying yes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Display, Formatter};

use super::compare::{Difference, HostChange, Need};
use super::{Gate, Phase, Plan, Roll};
use crate::host::Reach;
use crate::value::listener::{Numbering, OWN_PORTS};
use crate::value::{Name, Redundancy};

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        show_changes(f, self)?;
        if !self.phases.is_empty() {
            writeln!(f, "In this order:")?;
        }
        for (at, phase) in self.phases.iter().enumerate() {
            show_phase(f, at + 1, phase)?;
        }
        for outage in &self.outages {
            writeln!(f, "\noutage: {} for about {} s: {}", outage.what, outage.seconds, outage.why)?;
        }
        for note in &self.notes {
            writeln!(f, "\nnote: {note}")?;
        }
        for skipped in &self.skipped {
            writeln!(f, "\nleft for later: {skipped}")?;
        }
        for (host, why) in &self.unknown {
            writeln!(f, "\nunknown: {host}: {why}")?;
        }
        if !self.is_empty() {
            writeln!(f)?;
        }
        writeln!(f, "{}", self.summary())
    }
}

impl Plan {
    /// One line: what there is to do.
    pub fn summary(&self) -> String {
        let unknown = if self.unknown.is_empty() { String::new() } else { format!(", {} unknown", self.unknown.len()) };
        if self.is_empty() && !self.skipped.is_empty() {
            return format!("Nothing that can be done now; {} left for later{unknown}.", self.skipped.len());
        }
        if self.is_empty() {
            return format!("Nothing to do{unknown}.");
        }
        let steps: usize = self
            .phases
            .iter()
            .map(|phase| match phase {
                Phase::Steps { steps, .. } => steps.len(),
                Phase::Gate { .. } => 0,
                Phase::Roll(roll) => roll.members.len(),
            })
            .sum();
        if self.changes.is_empty() {
            return format!("{steps} steps on {} hosts{unknown}.", self.everyone.len());
        }
        let count = |wanted: fn(&Difference) -> bool| {
            self.changes
                .values()
                .flat_map(|change| change.files.values())
                .filter(|difference| wanted(difference))
                .count()
        };
        let restarts: usize =
            self.phases.iter().map(|phase| if let Phase::Roll(roll) = phase { roll.members.len() } else { 0 }).sum();
        let starts = self
            .changes
            .values()
            .flat_map(|change| change.services.values())
            .filter(|service| service.need == Need::Start)
            .count();
        format!(
            "{} hosts to change: {} files to add, {} to change; {starts} services to start, {restarts} to restart; {steps} steps{unknown}.",
            self.changes.len(),
            count(|difference| *difference == Difference::Absent),
            count(|difference| *difference != Difference::Absent),
        )
    }
}

/// Hosts whose changes read the same, but for their own name, address and ports, are shown once.
fn show_changes(f: &mut Formatter<'_>, plan: &Plan) -> fmt::Result {
    let folder = plan.everyone.iter().find_map(|target| target.reach.root().rsplit_once('/'));
    if let Some((folder, _)) = folder.filter(|_| !plan.changes.is_empty()) {
        writeln!(f, "All paths are below {folder}/<host>.\n")?;
    }
    let own: BTreeMap<&Name, Vec<String>> =
        plan.everyone.iter().map(|target| (&target.name, own_words(&target.reach))).collect();
    let mut alike: Vec<(&Name, String, Vec<&Name>)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (host, change) in &plan.changes {
        let text = Shown(change).to_string();
        let words = own.get(host).into_iter().flatten();
        let likeness = words.fold(without(&text, host.as_str()), |text, word| without(&text, word));
        let at = *seen.entry(likeness).or_insert(alike.len());
        if at == alike.len() {
            alike.push((host, text, Vec::new()));
        } else {
            alike[at].2.push(host);
        }
    }
    for (host, text, others) in alike {
        write!(f, "{host}\n{text}")?;
        if !others.is_empty() {
            writeln!(f, "  {}", the_same_on(&others))?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// What stands in a host's files and is nobody else's: its address, and its ports.
fn own_words(reach: &Reach) -> Vec<String> {
    let ports = match reach.numbering() {
        Numbering::Own(first) => (first..first + OWN_PORTS).map(|port| port.to_string()).collect(),
        Numbering::Written => Vec::new(),
    };
    std::iter::once(reach.address().to_string()).chain(ports).collect()
}

/// Said below what was shown for one host.
pub fn the_same_on(others: &[&Name]) -> String {
    format!("(the same on {}: {})", count(others.len(), "other host"), some(others.iter().copied()))
}

/// The text without a word, where it stands as one.
fn without(text: &str, word: &str) -> String {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let whole = !before.ends_with(part) && !after.starts_with(|c: char| c.is_ascii_alphanumeric());
        out.push_str(before);
        out.push_str(if whole { "\u{0}" } else { word });
        rest = after;
    }
    out + rest
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Names, as many as a line holds.
fn some<'a>(names: impl ExactSizeIterator<Item = &'a Name>) -> String {
    const SHOWN: usize = 8;
    let all = names.len();
    let shown: Vec<_> = names.take(if all > SHOWN { SHOWN - 1 } else { SHOWN }).map(Name::as_str).collect();
    let more = if all > shown.len() { format!(" and {} more", all - shown.len()) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

struct Shown<'a>(&'a HostChange);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        show_change(f, self.0)
    }
}

fn show_change(f: &mut Formatter<'_>, change: &HostChange) -> fmt::Result {
    let HostChange { package, users, directories, distributions, files, services, leftovers } = change;
    if let Some(package) = package {
        writeln!(f, "  + package {package}")?;
    }
    for (name, home) in users {
        writeln!(f, "  + user {name} (home {home})")?;
    }
    for (path, difference) in directories {
        writeln!(f, "  {} directory {path}{}", sign(difference), detail(difference))?;
    }
    for (path, difference) in distributions {
        writeln!(f, "  {} distribution {path}{}", sign(difference), detail(difference))?;
    }
    for (path, difference) in files {
        writeln!(f, "  {} file {path}{}", sign(difference), detail(difference))?;
        if let Difference::Text { diff } = difference {
            for line in diff.lines() {
                writeln!(f, "      {line}")?;
            }
        }
    }
    for unit in &leftovers.units {
        writeln!(f, "  - service {unit}")?;
    }
    for path in &leftovers.files {
        writeln!(f, "  - file {path}")?;
    }
    for path in &leftovers.distributions {
        writeln!(f, "  - distribution {path}")?;
    }
    for (path, data) in &leftovers.directories {
        writeln!(f, "  - directory {path}{}", if *data { " (its data stays)" } else { "" })?;
    }
    for user in leftovers.users.keys() {
        writeln!(f, "  - user {user}")?;
    }
    for (unit, service) in services {
        let verb = match service.need {
            Need::Enable => "enable",
            Need::Reload => "reload",
            Need::Restart => "restart",
            Need::Start => "start",
        };
        let why: Vec<_> = service.why.iter().map(ToString::to_string).collect();
        writeln!(f, "  ~ {verb} {unit}: {}", why.join("; "))?;
    }
    Ok(())
}

fn sign(difference: &Difference) -> char {
    if *difference == Difference::Absent { '+' } else { '~' }
}

fn detail(difference: &Difference) -> String {
    match difference {
        Difference::Absent | Difference::Text { .. } => String::new(),
        Difference::Access { is } => format!(": it is {}:{} {:04o}", is.owner, is.group, is.mode),
        Difference::Secret => ": the secret in it differs".to_owned(),
        Difference::Kind => ": something else is in its place".to_owned(),
        Difference::Origin { is } => {
            format!(": it was unpacked from another archive ({}...)", is.get(..16).unwrap_or(is))
        }
    }
}

/// A phase in one line.
pub fn headline(phase: &Phase) -> String {
    match phase {
        Phase::Steps { title, steps } => {
            let hosts: BTreeSet<_> = steps.iter().map(|step| &step.target.name).collect();
            format!("{title} ({})", some(hosts.into_iter()))
        }
        Phase::Gate { title, gate: Gate { seconds, .. } } => format!("gate: {title}, at most {seconds} s"),
        Phase::Roll(roll) => roll_headline(roll),
    }
}

fn show_phase(f: &mut Formatter<'_>, at: usize, phase: &Phase) -> fmt::Result {
    writeln!(f, "  {at}. {}", headline(phase))?;
    match phase {
        Phase::Steps { .. } | Phase::Gate { .. } => Ok(()),
        Phase::Roll(roll) => show_members(f, roll),
    }
}

fn roll_headline(roll: &Roll) -> String {
    let Roll { role, batch, seconds, .. } = roll;
    let order = match role.redundancy() {
        Redundancy::Majority => "one at a time, followers first, the leader (as it is then) last".to_owned(),
        Redundancy::One => "one at a time, standbys first, the ALIVE one (as it is then) last".to_owned(),
        Redundancy::Pool => format!("in batches of {batch}, each drained first"),
    };
    format!("restart every {} in turn: {order}; each must be well within {seconds} s", role.title())
}

fn show_members(f: &mut Formatter<'_>, Roll { members, .. }: &Roll) -> fmt::Result {
    let mut by_reason: BTreeMap<String, Vec<&Name>> = BTreeMap::new();
    for (host, member) in members {
        let why: Vec<_> = member.why.iter().map(ToString::to_string).collect();
        by_reason.entry(why.join("; ")).or_default().push(host);
    }
    for (why, hosts) in by_reason {
        writeln!(f, "       {}: {why}", some(hosts.into_iter()))?;
    }
    Ok(())
}
