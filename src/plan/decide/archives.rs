//! One distribution is one archive.

use std::collections::BTreeMap;

use super::planner::Planner;
use crate::plan::Refusal;
use crate::plan::compare::known_sum;
use crate::service::archive::Archive;
use crate::value::{HostPath, Name};

impl Planner<'_> {
    /// One distribution is one archive: all hosts must have, or get, the same.
    pub(super) fn agree_on_archives(&self, refusals: &mut Vec<Refusal>) -> BTreeMap<HostPath, String> {
        let mut agreed: BTreeMap<HostPath, (String, Name)> = BTreeMap::new();
        for (name, state) in &self.desired.hosts {
            let Some(facts) = self.observed.facts(name) else { continue };
            for (home, distribution) in &state.distributions {
                let at = match &distribution.archive {
                    Archive::OnHost { path, .. } => Some(path),
                    _ => None,
                };
                let given = known_sum(&distribution.archive);
                let installed = facts.origins.get(home);
                let Some(has) = installed.or_else(|| Some(&facts.archives.get(at?)?.sha512)) else {
                    if let Some(path) = at {
                        refusals.push(Refusal::Host {
                            host: name.clone(),
                            why: format!("the archive {path} is not there"),
                            instead: "put it there, or write `archive: { file: ... }` to have it copied".to_owned(),
                        });
                    }
                    continue;
                };
                let (expected, by) = match (given, agreed.get(home)) {
                    (Some(sum), _) => (sum, "the topology".to_owned()),
                    (None, Some((sum, host))) => (sum.clone(), host.to_string()),
                    (None, None) => (has.clone(), name.to_string()),
                };
                if installed.is_some() && *has != expected {
                    refusals.push(Refusal::Host {
                        host: name.clone(),
                        why: format!("{home} was unpacked from an archive with the SHA-512 {}..., not {}...", short(has), short(&expected)),
                        instead: "another archive of the same version is not laid under running services: put the old one back, or destroy first".to_owned(),
                    });
                }
                if installed.is_none() && *has != expected {
                    refusals.push(Refusal::Host {
                        host: name.clone(),
                        why: format!(
                            "the archive of {home} has the SHA-512 {}..., and that of {by} is {}...",
                            short(has),
                            short(&expected)
                        ),
                        instead: "put the same archive on every host".to_owned(),
                    });
                }
                agreed.entry(home.clone()).or_insert_with(|| (expected, name.clone()));
            }
        }
        agreed.into_iter().map(|(home, (sum, _))| (home, sum)).collect()
    }
}

fn short(sum: &str) -> &str {
    sum.get(..16).unwrap_or(sum)
}
