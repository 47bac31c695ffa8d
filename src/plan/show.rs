//! A plan as an operator reads it, before saying yes.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use super::compare::{Difference, HostChange, Need};
use super::{Gate, Phase, Plan, Roll};
use crate::service::listener::Role;
use crate::topology::value::Name;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (host, change) in &self.changes {
            show_host(f, host, change)?;
        }
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

fn show_host(f: &mut Formatter<'_>, host: &Name, change: &HostChange) -> fmt::Result {
    let HostChange { package, users, directories, distributions, files, services, leftovers } = change;
    writeln!(f, "{host}")?;
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
    writeln!(f)
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
            format!(": it was unpacked from another archive ({}…)", is.get(..16).unwrap_or(is))
        }
    }
}

fn show_phase(f: &mut Formatter<'_>, at: usize, phase: &Phase) -> fmt::Result {
    match phase {
        Phase::Steps { title, steps } => {
            let hosts: BTreeSet<_> = steps.iter().map(|step| step.target.name.as_str()).collect();
            writeln!(f, "  {at}. {title} ({})", hosts.into_iter().collect::<Vec<_>>().join(", "))
        }
        Phase::Gate { title, gate: Gate { seconds, .. } } => writeln!(f, "  {at}. gate: {title}, at most {seconds} s"),
        Phase::Roll(roll) => show_roll(f, at, roll),
    }
}

fn show_roll(f: &mut Formatter<'_>, at: usize, roll: &Roll) -> fmt::Result {
    let Roll { role, members, batch, seconds, .. } = roll;
    let order = match role {
        Role::ZooKeeper => "one at a time, followers first, the leader (as it is then) last".to_owned(),
        Role::Master => "one at a time, standbys first, the ALIVE one (as it is then) last".to_owned(),
        Role::Worker => format!("in batches of {batch}, each drained first"),
    };
    writeln!(f, "  {at}. restart every {} in turn: {order}; each must be well within {seconds} s", role.title())?;
    for (host, member) in members {
        let why: Vec<_> = member.why.iter().map(ToString::to_string).collect();
        writeln!(f, "       {} on {host}: {}", member.node, why.join("; "))?;
    }
    Ok(())
}
