//! The lease of one anchor as a script.

use super::{Script, ScriptPlace, quote};
use crate::host::Claim;

const PRELUDE: &str =
    concat!(include_str!("../../../templates/host/hold.sh"), include_str!("../../../templates/host/claim.sh"));

/// The script that holds a host's lease for `who` while bytes come, and gives it up after so many seconds without one.
pub fn hold(who: &str, grace_seconds: u64, claim: &Claim, place: &ScriptPlace) -> Script {
    let prelude = place.prelude();
    Script(super::look::whole(&format!("{prelude}{PRELUDE}\nhold {} {grace_seconds} {}", quote(who), claim.line())))
}
