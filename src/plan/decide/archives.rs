//! One distribution is one archive.

use std::collections::BTreeMap;

use super::planner::Planner;
use crate::plan::Refusal;
use crate::plan::compare::known_sum;
use crate::service::archive::Archive;
use crate::value::{HostPath, Name};

/// The part of a distribution that a host has: it is unpacked already, or its archive lies there.
struct Has<'a> {
    host: &'a Name,
    sum: &'a String,
    is_unpacked: bool,
}

impl Planner<'_> {
    /// One distribution is one archive: all hosts must have, or get, the same. Which one, the topology says, or else more than half of the hosts:
    /// no host decides it for the others.
    pub(super) fn agree_on_archives(&self, refusals: &mut Vec<Refusal>) -> BTreeMap<HostPath, String> {
        let mut given: BTreeMap<&HostPath, String> = BTreeMap::new();
        let mut all: BTreeMap<&HostPath, Vec<Has<'_>>> = BTreeMap::new();
        for (host, state) in &self.desired.hosts {
            let Some(facts) = self.observed.facts(host) else { continue };
            for (home, distribution) in &state.distributions {
                let at = match &distribution.archive {
                    Archive::OnHost { path, .. } => Some(path),
                    _ => None,
                };
                given.extend(known_sum(&distribution.archive).map(|sum| (home, sum)));
                let unpacked = facts.origins.get(home);
                let there = || Some(&facts.archives.get(at?)?.sha512);
                match unpacked.or_else(there) {
                    Some(sum) => {
                        all.entry(home).or_default().push(Has { host, sum, is_unpacked: unpacked.is_some() });
                    }
                    None => refusals.extend(at.map(|path| Refusal::Host {
                        host: host.clone(),
                        why: format!("the archive {path} is not there"),
                        instead: "put it there, or write `archive: { file: ... }` to have it copied".to_owned(),
                    })),
                }
            }
        }
        let mut agreed = BTreeMap::new();
        for (home, hosts) in all {
            let expected = given.get(home).or_else(|| most_have(&hosts)).cloned();
            let others = hosts.iter().filter(|has| Some(has.sum) != expected.as_ref());
            refusals.extend(others.map(|has| another(home, has, expected.as_deref(), given.contains_key(home))));
            agreed.extend(expected.map(|sum| (home.clone(), sum)));
        }
        agreed
    }
}

/// The value that more than half of these hosts have.
fn most_have<'a>(hosts: &[Has<'a>]) -> Option<&'a String> {
    let count = |sum: &String| hosts.iter().filter(|has| has.sum == sum).count();
    hosts.iter().map(|has| has.sum).find(|sum| count(sum) * 2 > hosts.len())
}

/// The refusal of a host that has another archive than it should.
fn another(home: &HostPath, has: &Has<'_>, expected: Option<&str>, by_topology: bool) -> Refusal {
    let other = match expected {
        Some(sum) if by_topology => format!("the topology says {}...", short(sum)),
        Some(sum) => format!("most hosts have {}...", short(sum)),
        None => "no more than half of the hosts have the same".to_owned(),
    };
    let what = if has.is_unpacked { "was unpacked from an archive with" } else { "comes from an archive with" };
    let instead = if has.is_unpacked {
        "another archive of the same version is not installed under running services: put the old one back, or destroy first"
    } else {
        "put the same archive on every host"
    };
    Refusal::Host {
        host: has.host.clone(),
        why: format!("{home} {what} the SHA-512 {}..., and {other}", short(has.sum)),
        instead: instead.to_owned(),
    }
}

fn short(sum: &str) -> &str {
    sum.get(..16).unwrap_or(sum)
}
