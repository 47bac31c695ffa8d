//! A plan on disk, which is carried out only if it is still the plan that is needed.

use serde::{Deserialize, Serialize};

use super::moved::{Moved, moved};
use super::{Goal, Plan};
use crate::host::sha256;
use crate::value::Identity;

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
