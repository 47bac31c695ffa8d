//! Are the hosts fit for what is to be on them?

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use super::output::say;
use super::{Exit, Failure};
use crate::desired::Desired;
use crate::host::{HostError, Seen, Target};
use crate::observe::{Observed, for_reach, look_at_all};
use crate::plan::preflight::{self, Check};
use crate::plan::reach::{self, Silence, culprits, silences};
use crate::plan::show::the_same_on;
use crate::value::Name;
use crate::world::Hosts;

/// Everything that is checked: each host by itself, and whether hosts reach each other.
pub async fn checks(desired: &Desired, world: &Hosts, observed: &Observed) -> Vec<Check> {
    let mut checks = preflight::preflight(desired, observed);
    let queries = reach::before(desired, observed)
        .into_iter()
        .map(|(name, pairs)| (Target::of(&desired.hosts[&name].host), for_reach(&pairs)))
        .collect();
    let seen = look_at_all(queries, world).await;
    for (name, seen) in &seen {
        if let Seen::Unknown(error) = seen {
            checks.push(Check {
                host: name.clone(),
                what: "reach",
                seen: error.to_string(),
                problem: Some("run the command again".to_owned()),
            });
        }
    }
    let silences = silences(desired, &seen);
    for (host, its) in culprits(&silences) {
        let check = |silence: &&Silence| Check {
            host: host.clone(),
            what: "reach",
            seen: silence.to_string(),
            problem: Some(match silence.unresolved {
                Some(_) => "add the name to DNS or to its /etc/hosts, or write IP addresses".to_owned(),
                None => "open the port between the two hosts (a firewall may drop its packets), or repair the route"
                    .to_owned(),
            }),
        };
        checks.extend(its.iter().map(check));
    }
    checks
}

/// Checks whether every host is fit, before the first change, and says everything that is wrong. Returns the hosts that are not fit, with the
/// reason; if `leaves` is false, they are a failure.
pub async fn check(
    desired: &Desired,
    world: &Hosts,
    observed: &Observed,
    leaves: bool,
) -> Result<BTreeMap<Name, HostError>, Failure> {
    let checks = checks(desired, world, observed).await;
    let bad: Vec<_> = checks.iter().filter(|check| check.problem.is_some()).collect();
    if bad.is_empty() {
        return Ok(BTreeMap::new());
    }
    say!("{}", table(&bad));
    if leaves {
        let unfit = |check: &&Check| {
            let why = format!("not fit: {}: {}", check.what, check.seen);
            (check.host.clone(), HostError::Refused { why })
        };
        return Ok(bad.iter().map(unfit).collect());
    }
    Err(Failure::say(Exit::Unfit, format!("{} of {} checks failed; nothing was changed", bad.len(), checks.len())))
}

/// The widest column of the table.
const WIDEST: usize = 120;

/// Failed checks as a table. What is the same on several hosts is said once.
pub fn table(bad: &[&Check]) -> String {
    let mut alike: Vec<(&Check, Vec<&Name>)> = Vec::new();
    let mut at: HashMap<(&str, &str, Option<&str>), usize> = HashMap::new();
    for check in bad {
        match at.entry((check.what, &check.seen, check.problem.as_deref())) {
            Entry::Occupied(first) => alike[*first.get()].1.push(&check.host),
            Entry::Vacant(new) => {
                new.insert(alike.len());
                alike.push((check, Vec::new()));
            }
        }
    }
    // Beside an entry that is longer than any of ours the others need no room.
    let width = |of: fn(&Check) -> &str| alike.iter().map(|(check, _)| of(check).len()).max().unwrap_or(0).min(WIDEST);
    let host_width = width(|check| check.host.as_str()).max("host".len());
    let what_width = width(|check| check.what).max("check".len());
    let seen_width = width(|check| &check.seen).max("seen".len());
    let mut text = format!("{:host_width$}  {:what_width$}  {:seen_width$}  what to do\n", "host", "check", "seen");
    for (Check { host, what, seen, problem }, others) in &alike {
        let problem = problem.as_deref().unwrap_or_default();
        text += &format!("{host:host_width$}  {what:what_width$}  {seen:seen_width$}  {problem}\n");
        if !others.is_empty() {
            text += &format!("  {}\n", the_same_on(others));
        }
    }
    text
}
