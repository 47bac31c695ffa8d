//! A plan as an operator reads it, before saying yes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Display, Formatter};

use super::changes::{Change, Kind, Verb};
use super::{Gate, Phase, Plan, Roll};
use crate::host::Reach;
use crate::value::listener::{Numbering, OWN_PORTS};
use crate::value::{Name, Redundancy, counted};

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
                Phase::Gate { .. } | Phase::Reach { .. } => 0,
                Phase::Roll(roll) => roll.members.len(),
            })
            .sum();
        let changes = self.changes_by_host();
        if changes.is_empty() {
            return format!("{steps} actions on {} hosts{unknown}.", self.everyone.len());
        }
        let count = |action: Verb, kind: Kind| {
            changes.values().flatten().filter(|change| change.action == action && change.kind == kind).count()
        };
        let restarts: usize =
            self.phases.iter().map(|phase| if let Phase::Roll(roll) = phase { roll.members.len() } else { 0 }).sum();
        let of_files = [(Verb::Add, "add"), (Verb::Change, "change"), (Verb::Remove, "remove")];
        let files = of_files.map(|(action, word)| (count(action, Kind::File), word));
        let services = [
            (count(Verb::Start, Kind::Service), "start"),
            (restarts, "restart"),
            (count(Verb::Remove, Kind::Service), "remove"),
        ];
        let parts: Vec<_> = [("file", files), ("service", services)]
            .into_iter()
            .filter_map(|(what, counts)| some_counts(what, &counts))
            .chain([counted(steps, "action")])
            .collect();
        format!("{} to change: {}{unknown}.", counted(changes.len(), "host"), parts.join("; "))
    }
}

/// `3 files to add, 1 to remove`: what is not zero.
fn some_counts(what: &str, counts: &[(usize, &str)]) -> Option<String> {
    let mut some = counts.iter().filter(|(number, _)| *number > 0);
    let (number, action) = some.next()?;
    let first = format!("{} to {action}", counted(*number, what));
    Some(some.fold(first, |text, (number, action)| format!("{text}, {number} to {action}")))
}

/// Hosts whose changes read the same, but for their own name, address and ports, are shown once.
fn show_changes(f: &mut Formatter<'_>, plan: &Plan) -> fmt::Result {
    let folder = plan.everyone.iter().find_map(|target| target.reach.root().rsplit_once('/'));
    let changes = plan.changes_by_host();
    if let Some((folder, _)) = folder.filter(|_| !changes.is_empty()) {
        writeln!(f, "All paths are below {folder}/<host>.\n")?;
    }
    let own: BTreeMap<&Name, Vec<String>> =
        plan.everyone.iter().map(|target| (&target.name, own_words(&target.reach))).collect();
    let mut alike: Vec<(&Name, String, Vec<&Name>)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (host, change) in &changes {
        let text = Shown(change).to_string();
        let words = own.get(host).into_iter().flatten();
        let likeness = words.fold(without(&text, host.as_str()), |text, word| without(&text, word));
        let at = *seen.entry(likeness).or_insert(alike.len());
        if at == alike.len() {
            alike.push((*host, text, Vec::new()));
        } else {
            alike[at].2.push(*host);
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

/// The words of a host's files that no other host has: its address, and its ports.
fn own_words(reach: &Reach) -> Vec<String> {
    let ports = match reach.numbering() {
        Numbering::Own(first) => (first..first + OWN_PORTS).map(|port| port.to_string()).collect(),
        Numbering::Written => Vec::new(),
    };
    std::iter::once(reach.address().to_string()).chain(ports).collect()
}

/// Said below what was shown for one host.
pub fn the_same_on(others: &[&Name]) -> String {
    format!("(the same on {}: {})", counted(others.len(), "other host"), some(others.iter().copied()))
}

/// The text without a word, where it stands as one.
pub fn without(text: &str, word: &str) -> String {
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

/// Names, as many as a line holds.
fn some<'a>(names: impl ExactSizeIterator<Item = &'a Name>) -> String {
    const SHOWN: usize = 8;
    let all = names.len();
    let shown: Vec<_> = names.take(if all > SHOWN { SHOWN - 1 } else { SHOWN }).map(Name::as_str).collect();
    let more = if all > shown.len() { format!(" and {} more", all - shown.len()) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

struct Shown<'a>(&'a [Change]);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Change { action, kind, name, detail, diff } in self.0 {
            let detail = detail.as_deref().unwrap_or_default();
            match action {
                Verb::Add => writeln!(f, "  + {} {name}{detail}", kind.word())?,
                Verb::Change => writeln!(f, "  ~ {} {name}{detail}", kind.word())?,
                Verb::Remove => writeln!(f, "  - {} {name}{detail}", kind.word())?,
                Verb::Enable => writeln!(f, "  ~ enable {name}{detail}")?,
                Verb::Reload => writeln!(f, "  ~ reload {name}{detail}")?,
                Verb::Restart => writeln!(f, "  ~ restart {name}{detail}")?,
                Verb::Start => writeln!(f, "  ~ start {name}{detail}")?,
            }
            for line in diff.iter().flat_map(|diff| diff.lines()) {
                writeln!(f, "      {line}")?;
            }
        }
        Ok(())
    }
}

/// A phase in one line.
pub fn headline(phase: &Phase) -> String {
    match phase {
        Phase::Steps { title, steps } => {
            let hosts: BTreeSet<_> = steps.iter().map(|step| &step.target.name).collect();
            format!("{title} ({})", some(hosts.into_iter()))
        }
        Phase::Reach { title, from } => format!("{title} ({})", some(from.keys())),
        Phase::Gate { title, gate: Gate { seconds, .. } } => format!("gate: {title}, at most {seconds} s"),
        Phase::Roll(roll) => roll_headline(roll),
    }
}

fn show_phase(f: &mut Formatter<'_>, at: usize, phase: &Phase) -> fmt::Result {
    writeln!(f, "  {at}. {}", headline(phase))?;
    match phase {
        Phase::Steps { .. } | Phase::Gate { .. } | Phase::Reach { .. } => Ok(()),
        Phase::Roll(roll) => show_members(f, roll),
    }
}

fn roll_headline(roll: &Roll) -> String {
    let Roll { role, batch, seconds, .. } = roll;
    let order = match role.redundancy() {
        Redundancy::Majority => "one at a time, followers first, the leader at that time last".to_owned(),
        Redundancy::One => "one at a time, standbys first, the one that is ALIVE at that time last".to_owned(),
        Redundancy::Pool => format!("in batches of {batch}, each drained first"),
    };
    format!("restart every {} in turn: {order}; each must be healthy within {seconds} s", role.title())
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
