//! Only an approved plan can be executed, and only this module makes one.

use super::{Goal, Plan};

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
    #[error("{0} cannot be reached or used; fix that, or add --skip-unreachable to continue without it")]
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
            let all: Vec<_> = self.outages.iter().map(ToString::to_string).collect();
            return Some(NotApproved::Outage(all.join(", ")));
        }
        if !self.goal.may_leave_hosts() && !self.unknown.is_empty() {
            let all: Vec<_> = self.unknown.keys().map(ToString::to_string).collect();
            return Some(NotApproved::Unknown(all.join(", ")));
        }
        None
    }
}
