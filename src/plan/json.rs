//! A plan for programs: a form of its own, which stays when the program's types change (docs/json.md).

use std::collections::BTreeMap;

use serde::Serialize;

use super::changes::Change;
use super::show::headline;
use super::{Goal, Outage, Phase, Plan};
use crate::value::Name;

/// A plan as `plan --json` prints it.
#[derive(Debug, Serialize)]
pub struct Form<'a> {
    cluster: &'a Name,
    goal: &'static str,
    summary: String,
    changes: Vec<OfHost<'a>>,
    phases: Vec<Part<'a>>,
    outages: &'a [Outage],
    notes: &'a [String],
    left: Vec<String>,
    unknown: &'a BTreeMap<Name, String>,
}

#[derive(Debug, Serialize)]
struct OfHost<'a> {
    host: &'a Name,
    changes: Vec<Change>,
}

/// One phase: steps all at once, a wait, or a roll.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Part<'a> {
    Steps { title: &'a str, steps: Vec<Work<'a>> },
    Gate { title: &'a str, hosts: &'a [Name], seconds: u64 },
    Check { title: &'a str, hosts: Vec<&'a Name> },
    Roll { title: String, nodes: Vec<Work<'a>>, batch: usize, seconds: u64 },
}

#[derive(Debug, Serialize)]
struct Work<'a> {
    host: &'a Name,
    action: String,
    why: Vec<String>,
}

impl Plan {
    /// The form for programs.
    pub fn form(&self) -> Form<'_> {
        let changes = self.changes_by_host();
        Form {
            cluster: &self.cluster,
            goal: match self.goal {
                Goal::Apply { .. } => "apply",
                Goal::Destroy { .. } => "destroy",
            },
            summary: self.summary(&changes),
            changes: changes.into_iter().map(|(host, changes)| OfHost { host, changes }).collect(),
            phases: self.phases.iter().map(part).collect(),
            outages: &self.outages,
            notes: &self.notes,
            left: self.left(),
            unknown: &self.unknown,
        }
    }
}

fn part(phase: &Phase) -> Part<'_> {
    let words = |why: &[super::Reason]| why.iter().map(ToString::to_string).collect();
    match phase {
        Phase::Steps { title, steps } => {
            let work = steps.iter().map(|step| Work {
                host: &step.target.name,
                action: step.action.title(),
                why: words(&step.why),
            });
            Part::Steps { title, steps: work.collect() }
        }
        Phase::Reach { title, proven, .. } => {
            Part::Check { title, hosts: proven.iter().map(|target| &target.name).collect() }
        }
        Phase::Gate { title, gate } => Part::Gate { title, hosts: &gate.hosts, seconds: gate.seconds },
        Phase::Roll(roll) => {
            let work = roll.members.iter().map(|(host, member)| Work {
                host,
                action: format!("restart {}", member.unit),
                why: words(&member.why),
            });
            Part::Roll { title: headline(phase), nodes: work.collect(), batch: roll.batch, seconds: roll.seconds }
        }
    }
}
