//! A plan as an operator reads it, before saying yes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::{self, Display, Formatter};

use super::changes::{ByHost, Change, Kind, Verb};
use super::{Gate, Goal, Outage, Phase, Plan, Roll};
use crate::cluster::Fleet;
use crate::desired::cloud::Cloud;
use crate::hcl;
use crate::host::Reach;
use crate::value::listener::{Numbering, OWN_PORTS};
use crate::value::{Name, Redundancy, counted};

/// Prints what is interrupted and for how long, without the reason.
impl Display for Outage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.seconds {
            0 => write!(f, "{} ends", self.what),
            seconds => write!(f, "{} for about {seconds} s", self.what),
        }
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let needs =
            if matches!(self.goal, Goal::Apply { allow_outage: false, .. }) { " (needs --allow-outage)" } else { "" };
        let outages = self.outages.iter();
        let outages = outages.map(|outage| format!("outage{needs}: {outage}: {}", outage.why));
        let unknown = self.unknown.iter().map(|(host, why)| format!("unknown: {host}: {why}"));
        let changes = self.changes_by_host();
        let paragraphs: Vec<String> = shown_changes(self, &changes)
            .into_iter()
            .chain((!self.phases.is_empty()).then(|| shown_phases(&self.phases)))
            .chain(outages)
            .chain(self.notes.iter().map(|note| format!("note: {note}")))
            .chain(self.skipped.iter().map(|skipped| format!("left for later: {skipped}")))
            .chain(unknown)
            .chain(self.needs())
            .chain([self.summary(&changes)])
            .collect();
        writeln!(f, "{}", paragraphs.join("\n\n"))
    }
}

impl Plan {
    /// The options without which `apply` would do nothing of this plan.
    fn needs(&self) -> Option<String> {
        let stops = !self.goal.may_leave_hosts() && !self.unknown.is_empty() && !self.is_empty();
        let outage = if self.outages.is_empty() { "" } else { " --allow-outage" };
        stops.then(|| {
            format!("`apply` changes nothing while a host is unknown; with --skip-unreachable{outage} it does what is listed here.")
        })
    }

    /// One line: what there is to do.
    pub fn summary(&self, changes: &ByHost) -> String {
        let unknown = if self.unknown.is_empty() {
            String::new()
        } else {
            format!(", {} unknown", counted(self.unknown.len(), "host"))
        };
        let steps: usize = self
            .phases
            .iter()
            .map(|phase| match phase {
                // As its line names them: by host.
                Phase::Steps { steps, .. } => steps.iter().map(|step| &step.target.name).collect::<BTreeSet<_>>().len(),
                Phase::Gate { .. } | Phase::Reach { .. } => 0,
                Phase::Roll(roll) => roll.members.len(),
            })
            .sum();
        let made = || changes.values().flatten().filter(|change| !change.later);
        let later = changes.values().map(Vec::len).sum::<usize>() - made().count();
        let later = if later == 0 { String::new() } else { format!("; {} left for later", counted(later, "change")) };
        if self.is_empty() && self.skipped.is_empty() {
            return format!("Nothing to do{unknown}.");
        }
        if self.is_empty() {
            // Without a change on a host that answers, what is skipped are removals.
            let later = if later.is_empty() { "; removals left for later" } else { later.as_str() };
            return format!("Nothing can be done now{later}{unknown}.");
        }
        let waits = |changes: &&Vec<Change>| !changes.is_empty() && changes.iter().all(|change| change.later);
        let hosts = changes.len() - changes.values().filter(waits).count();
        if hosts == 0 {
            return format!(
                "{} on {}{later}{unknown}.",
                counted(steps, "action"),
                counted(self.everyone.len(), "host")
            );
        }
        let count =
            |action: Verb, kind: Kind| made().filter(|change| change.action == action && change.kind == kind).count();
        let restarts: usize =
            self.phases.iter().map(|phase| if let Phase::Roll(roll) = phase { roll.members.len() } else { 0 }).sum();
        let of_files = [(Verb::Add, "add"), (Verb::Change, "change"), (Verb::Remove, "remove")];
        let files = of_files.map(|(action, word)| (count(action, Kind::File), word));
        let services = [
            (count(Verb::Start, Kind::Service), "start"),
            (restarts, "restart"),
            (count(Verb::Remove, Kind::Service), "remove"),
        ];
        let emptied = self.emptied();
        let data = (emptied > 0).then(|| format!("the data of {} to delete", counted(emptied, "host")));
        let parts: Vec<_> = [("file", files), ("service", services)]
            .into_iter()
            .filter_map(|(what, counts)| some_counts(what, &counts))
            .chain(data)
            .chain([counted(steps, "action")])
            .collect();
        format!("{} to change: {}{later}{unknown}.", counted(hosts, "host"), parts.join("; "))
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
fn shown_changes(plan: &Plan, changes: &ByHost) -> Vec<String> {
    let folder = plan.everyone.iter().find_map(|target| target.reach.root().rsplit_once('/'));
    let below =
        folder.filter(|_| !changes.is_empty()).map(|(folder, _)| format!("All paths are below {folder}/<host>."));
    let own: BTreeMap<&Name, Vec<String>> =
        plan.everyone.iter().map(|target| (&target.name, own_words(&target.reach))).collect();
    let mut alike: Vec<(&Name, String, Vec<&Name>)> = Vec::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (host, change) in changes {
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
    let hosts = alike.into_iter().map(|(host, text, others)| {
        let text = text.trim_end();
        let same = if others.is_empty() { String::new() } else { format!("\n  {}", the_same_on(&others)) };
        if text.is_empty() { format!("{host}{same}") } else { format!("{host}\n{text}{same}") }
    });
    below.into_iter().chain(hosts).collect()
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

/// The resources that Terraform would own, for a plan: a line for each file, a resource with the number of its instances.
impl Display for Cloud {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "Terraform owns on `{}` (the cloud itself was not asked):", self.platform)?;
        let resources = self.resources();
        for (file, body) in &self.files {
            let here: BTreeSet<_> = hcl::resources([body]).into_iter().map(|resource| resource.address).collect();
            let of_file = resources.iter().filter(|resource| !resource.is_data && here.contains(&resource.address));
            let all: Vec<String> = of_file
                .map(|resource| match &resource.keys {
                    Some(keys) if !keys.is_empty() => format!("{} x {}", resource.address, keys.len()),
                    _ => resource.address.to_string(),
                })
                .collect();
            if !all.is_empty() {
                writeln!(f, "  {file}: {}", all.join(", "))?;
            }
        }
        writeln!(f)
    }
}

/// For people who look for these machines among the hosts of a plan.
impl Display for Fleet {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Fleet { role, min, max } = self;
        let count = if min == max { max.to_string() } else { format!("{min} to {max}") };
        write!(
            f,
            "{count} {} are created and removed by the cloud: no file names them, so provision does not contact them; provision status shows what the \
             other nodes say of them. They get only what first boot gives them, because they cannot configure themselves yet.",
            role.tier()
        )
    }
}

struct Shown<'a>(&'a [Change]);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Change { action, kind, name, detail, diff, later } in self.0 {
            let later = if *later { " (left for later)" } else { "" };
            let detail = match (detail, action) {
                (None, _) => later.to_owned(),
                (Some(detail), Verb::Add | Verb::Remove) => format!("{later} ({detail})"),
                (Some(detail), _) => format!("{later}: {detail}"),
            };
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
        Phase::Reach { title, proven, .. } => {
            format!("{title} ({})", some(proven.iter().map(|target| &target.name)))
        }
        Phase::Gate { title, gate: Gate { seconds, .. } } => format!("gate: {title}, at most {seconds} s"),
        Phase::Roll(roll) => roll_headline(roll),
    }
}

fn shown_phases(phases: &[Phase]) -> String {
    let one = |(at, phase): (usize, &Phase)| {
        let members = if let Phase::Roll(roll) = phase { shown_members(roll) } else { String::new() };
        format!("\n  {}. {}{members}", at + 1, headline(phase))
    };
    let all: String = phases.iter().enumerate().map(one).collect();
    format!("In this order:{all}")
}

fn roll_headline(roll: &Roll) -> String {
    let Roll { role, members, batch, seconds, .. } = roll;
    let drained = members.values().filter_map(|member| Some(member.drain?.seconds)).max();
    let order = match role.redundancy() {
        Redundancy::Majority => "one at a time, followers first, the leader at that time last".to_owned(),
        Redundancy::One => {
            let leads = role.takeover().map_or("leads", |takeover| takeover.leads);
            format!("one at a time, standbys first, the one that {leads} at that time last")
        }
        Redundancy::Pool if drained.is_some() => {
            let most = drained.unwrap_or_default();
            format!("in batches of {batch}, each drained first, for at most {most} s")
        }
        Redundancy::Pool => format!("in batches of {batch}"),
    };
    format!("restart every {} in turn: {order}; each must be healthy within {seconds} s", role.title())
}

fn shown_members(Roll { members, .. }: &Roll) -> String {
    let mut by_reason: BTreeMap<String, Vec<&Name>> = BTreeMap::new();
    for (host, member) in members {
        let why: Vec<_> = member.why.iter().map(ToString::to_string).collect();
        by_reason.entry(why.join("; ")).or_default().push(host);
    }
    by_reason.into_iter().map(|(why, hosts)| format!("\n       {}: {why}", some(hosts.into_iter()))).collect()
}
