//! The lease of one anchor as a script.

use super::{Script, ScriptPlace};
use crate::host::Claim;
use crate::value::quote;
use crate::world::LeaseId;

const PRELUDE: &str =
    concat!(include_str!("../../../templates/host/hold.sh"), include_str!("../../../templates/host/claim.sh"));

/// The script that holds a host's lease for `who` while bytes come, and gives it up after so many seconds without one.
pub fn hold(who: &str, grace_seconds: u64, claim: &Claim, lease: &LeaseId, place: &ScriptPlace) -> Script {
    let prelude = place.prelude();
    let (who, claim, lease) = (quote(who), claim.line(), lease.as_str());
    Script(super::look::whole(&format!("{prelude}{PRELUDE}\nhold {who} {grace_seconds} {claim} {lease}")))
}
