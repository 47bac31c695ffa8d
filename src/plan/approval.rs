//! Only an approved plan can be executed, and only this module makes one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Goal, Phase, Plan};
use crate::host::{Action, sha256};
use crate::value::{Identity, Name};

/// Proof that the operator approved.
#[derive(Clone, Copy, Debug)]
pub struct Consent {
    _private: (),
}

impl Consent {
    /// The operator answered yes, or passed `--yes`.
    pub fn given() -> Consent {
        Consent { _private: () }
    }
}

/// A plan that may be executed. It cannot be made from a file.
#[derive(Debug)]
pub struct ApprovedPlan {
    plan: Plan,
}

impl ApprovedPlan {
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
}

/// A reason why a plan cannot be approved as it stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    #[error("the plan needs an outage ({0}); add --allow-outage to accept it")]
    Outage(String),
    #[error("{0} cannot be reached or used; fix that, or add --skip-unreachable to go on without")]
    Unknown(String),
}

impl Plan {
    pub fn approve(self, _consent: Consent) -> Result<ApprovedPlan, NotApproved> {
        self.objection().map_or(Ok(()), Err)?;
        Ok(ApprovedPlan { plan: self })
    }

    /// The reason why approval would be refused.
    pub fn objection(&self) -> Option<NotApproved> {
        let allow_outage = match self.goal {
            Goal::Apply { allow_outage, .. } => allow_outage,
            Goal::Destroy { .. } => true,
        };
        if !allow_outage && !self.outages.is_empty() {
            let all: Vec<_> =
                self.outages.iter().map(|outage| format!("{}: about {} s", outage.what, outage.seconds)).collect();
            return Some(NotApproved::Outage(all.join(", ")));
        }
        if !self.goal.may_leave_hosts() && !self.unknown.is_empty() {
            let all: Vec<_> = self.unknown.keys().map(ToString::to_string).collect();
            return Some(NotApproved::Unknown(all.join(", ")));
        }
        None
    }

    /// The parts by which plans are compared: every change, step and reason.
    fn essence(&self) -> serde_json::Value {
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

fn moved(was: &serde_json::Value, is: &serde_json::Value) -> Vec<Moved> {
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

/// A plan on disk: what was seen and decided, and the topology it was made from. It holds no secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SealedPlan {
    pub version: u32,
    /// The cluster's, or the one that it is to get.
    pub identity: Identity,
    pub topology_name: String,
    pub topology_text: String,
    pub allow_outage: bool,
    pub skip_unreachable: bool,
    essence: serde_json::Value,
    /// SHA-256 over everything above.
    seal: String,
}

/// A reason why a saved plan cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NotSealed {
    #[error("it is not a saved plan: {0}")]
    NotAPlan(serde_json::Error),
    #[error("its seal is broken: it was edited, or another version wrote it; plan again")]
    Broken,
}

/// A saved plan against the plan that is made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The plan is still the same.
    Same,
    /// The hosts are what its topology says: nothing of it is left to do.
    NothingLeft,
    /// Another plan is needed now.
    Moved(Vec<Moved>),
}

impl SealedPlan {
    const VERSION: u32 = 2;
    /// A text that every saved plan contains and no topology does.
    const MARK: &str = "\"topology_text\":";

    pub fn seal(plan: &Plan, identity: &Identity, topology_name: &str, topology_text: &str) -> SealedPlan {
        let (allow_outage, skip_unreachable) = match plan.goal {
            Goal::Apply { allow_outage, skip_unreachable } => (allow_outage, skip_unreachable),
            Goal::Destroy { .. } => (false, false),
        };
        let mut sealed = SealedPlan {
            version: Self::VERSION,
            identity: identity.clone(),
            topology_name: topology_name.to_owned(),
            topology_text: topology_text.to_owned(),
            allow_outage,
            skip_unreachable,
            essence: plan.essence(),
            seal: String::new(),
        };
        sealed.seal = sealed.digest();
        sealed
    }

    fn digest(&self) -> String {
        let parts = serde_json::json!([
            self.version,
            self.identity,
            self.topology_name,
            self.topology_text,
            self.allow_outage,
            self.skip_unreachable,
            self.essence
        ]);
        sha256(parts.to_string().as_bytes())
    }

    /// The saved plan in the text of a file. `None` if the text is a topology.
    pub fn read(text: &str) -> Option<Result<SealedPlan, NotSealed>> {
        // By what is in it: a plan may have any name, and a topology may be written as JSON.
        text.contains(Self::MARK).then(|| {
            let sealed: SealedPlan = serde_json::from_str(text).map_err(NotSealed::NotAPlan)?;
            let is_intact = sealed.version == Self::VERSION && sealed.seal == sealed.digest();
            if is_intact { Ok(sealed) } else { Err(NotSealed::Broken) }
        })
    }

    /// The goal that it was made for.
    pub fn goal(&self) -> Goal {
        Goal::Apply { allow_outage: self.allow_outage, skip_unreachable: self.skip_unreachable }
    }

    /// Compares it with the plan that is made now. Plans are compared, not facts: what does not touch the plan may have changed.
    pub fn standing(&self, fresh: &Plan) -> Standing {
        let moved = moved(&self.essence, &fresh.essence());
        if moved.is_empty() {
            Standing::Same
        } else if fresh.is_empty() && fresh.unknown.is_empty() {
            Standing::NothingLeft
        } else {
            Standing::Moved(moved)
        }
    }
}
