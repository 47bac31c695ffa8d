//! One distribution is one archive.

use std::collections::BTreeMap;

use super::planner::Planner;
use crate::plan::compare::known_sum;
use crate::plan::refusal::Expected;
use crate::plan::{HostRefusal, Refusal};
use crate::service::archive::Archive;
use crate::value::{HostPath, Name};

/// The part of a distribution that a host has: it is unpacked already, its archive lies there, or the operator is about to copy it there.
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
                let (at, there) = match &distribution.archive {
                    Archive::OnHost { path, .. } => (Some(path), facts.archives.get(path).map(|there| &there.sha512)),
                    Archive::File { path, .. } => (None, self.observed.archives.get(path)),
                    _ => (None, None),
                };
                given.extend(known_sum(&distribution.archive).map(|sum| (home, sum)));
                let unpacked = facts.origins.get(home);
                match unpacked.or(there) {
                    Some(sum) => {
                        all.entry(home).or_default().push(Has { host, sum, is_unpacked: unpacked.is_some() });
                    }
                    None => refusals.extend(at.map(|path| Refusal::Host {
                        host: host.clone(),
                        because: HostRefusal::NoArchive { path: path.clone() },
                    })),
                }
            }
        }
        let mut agreed = BTreeMap::new();
        for (home, hosts) in all {
            let wanting =
                self.desired.hosts.iter().filter(|(name, state)| {
                    state.distributions.contains_key(home) && self.observed.facts(name).is_some()
                });
            let expected = given.get(home).or_else(|| most_have(&hosts)).cloned();
            let wanting = wanting.count();
            // Before most hosts have one, a host alone speaks for itself: nobody is measured by its word, and it is by nobody's.
            let is_early = hosts.len() * 2 <= wanting && (hosts.len() == 1 || expected.is_none());
            if is_early && !given.contains_key(home) {
                continue;
            }
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
    let expected = match expected {
        Some(sum) if by_topology => Expected::ByTopology(sum.to_owned()),
        Some(sum) => Expected::ByMostHosts(sum.to_owned()),
        None => Expected::Unknown,
    };
    let because =
        HostRefusal::OtherArchive { home: home.clone(), sum: has.sum.clone(), expected, unpacked: has.is_unpacked };
    Refusal::Host { host: has.host.clone(), because }
}
