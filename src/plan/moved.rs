//! The differences between two plans.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Phase, Plan};
use crate::host::{Action, sha256};
use crate::value::Name;

impl Plan {
    /// The parts by which plans are compared: every change, step and reason.
    pub(super) fn essence(&self) -> serde_json::Value {
        let mut all = serde_json::to_value(self).expect("a plan is plain JSON");
        // The hosts left out are part of the plan; the wording of their errors may vary between observations.
        all["unknown"] = serde_json::json!(self.unknown.keys().collect::<Vec<_>>());
        all
    }

    /// The steps of this plan that the other one does not have. Bookkeeping actions do not count.
    pub fn beyond(&self, other: &Plan) -> Vec<Moved> {
        let known = other.work();
        let more = self.work().into_iter().filter(|(key, _)| !known.contains_key(key));
        more.map(|((host, action), title)| Moved {
            at: host,
            was: "nothing".to_owned(),
            is: format!("{title} ({})", &action[..8]),
        })
        .collect()
    }

    /// Every action on a host, by the host and a digest of the action.
    fn work(&self) -> BTreeMap<(String, String), String> {
        let mut all = BTreeMap::new();
        let mut put = |host: &Name, action: &Action| {
            if !action.is_bookkeeping() {
                let text = serde_json::to_string(action).expect("an action is plain JSON");
                all.insert((host.to_string(), sha256(text.as_bytes())), action.title());
            }
        };
        for phase in &self.phases {
            match phase {
                Phase::Steps { steps, .. } => steps.iter().for_each(|step| put(&step.target.name, &step.action)),
                Phase::Roll(roll) => roll.members.iter().for_each(|(host, member)| put(host, &member.swap())),
                Phase::Gate { .. } | Phase::Reach { .. } => {}
            }
        }
        all
    }

    pub fn fingerprint(&self) -> String {
        sha256(self.essence().to_string().as_bytes())
    }

    /// The differences between this plan and a fresh one.
    pub fn moved(&self, fresh: &Plan) -> Vec<Moved> {
        moved(&self.essence(), &fresh.essence())
    }
}

/// One thing that changed between two plans.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// The place in the plan.
    pub at: String,
    pub was: String,
    pub is: String,
}

impl std::fmt::Display for Moved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: was {}, is {}", self.at, self.was, self.is)
    }
}

pub(super) fn moved(was: &serde_json::Value, is: &serde_json::Value) -> Vec<Moved> {
    let mut all = Vec::new();
    walk("", was, is, &mut all);
    all
}

fn walk(at: &str, was: &serde_json::Value, is: &serde_json::Value, all: &mut Vec<Moved>) {
    use serde_json::Value;
    let null = Value::Null;
    match (was, is) {
        _ if was == is => {}
        (Value::Object(a), Value::Object(b)) => {
            let keys: std::collections::BTreeSet<_> = a.keys().chain(b.keys()).collect();
            for key in keys {
                walk(&format!("{at}/{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), all);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                walk(&format!("{at}/{index}"), a, b, all);
            }
        }
        _ => {
            let (was, is) = (plain(was), plain(is));
            let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b).count();
            all.push(Moved { at: at.to_owned(), was: brief(&was, same), is: brief(&is, same) });
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "nothing".to_owned(),
        serde_json::Value::String(text) => text.replace('\n', "\\n"),
        other => other.to_string(),
    }
}

/// A long text from a little before the place where it begins to differ.
fn brief(text: &str, same: usize) -> String {
    const BEFORE: usize = 30;
    const SHOWN: usize = 120;
    let skipped = if text.chars().count() > SHOWN { same.saturating_sub(BEFORE) } else { 0 };
    let shown: String = text.chars().skip(skipped).take(SHOWN).collect();
    let more = text.chars().count() > skipped + SHOWN;
    format!("{}{shown}{}", if skipped > 0 { "..." } else { "" }, if more { "..." } else { "" })
}
