//! Law 3, and the law of births, judged at every action.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::host::SimHost;
use super::services::{MASTER, Member, Services, ZOOKEEPER};
use provision::host::{Action, BIRTH_PATH};
use provision::value::Name;

#[derive(Clone, Debug, Default)]
pub struct Witness {
    pub violations: Vec<String>,
    /// The operator allowed an outage of the masters, or destroys.
    pub allow_outage: bool,
    /// The plan says that `ZooKeeper` stops, or everything is destroyed.
    pub quorum_may_stop: bool,
    /// Data was removed on purpose: the next birth is a new one.
    pub births_allowed: u64,
}

/// The state before an action.
#[derive(Clone, Debug)]
pub struct Before {
    markers: usize,
    majority: Option<(usize, usize)>,
    serving: bool,
    last_master: bool,
}

/// The units that an action ends, for a while or for good.
fn ends(action: &Action) -> Vec<&str> {
    match action {
        Action::Stop { unit } | Action::Swap { unit, .. } | Action::PutBack { unit } => vec![unit],
        Action::Remove(removal) => removal.owned.units.iter().map(String::as_str).collect(),
        Action::Patch(patch) => patch.leftovers.units.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn markers(hosts: &BTreeMap<Name, SimHost>) -> usize {
    hosts.values().flat_map(|host| host.paths.keys()).filter(|path| path.ends_with("/initialize")).count()
}

impl Witness {
    pub fn before(
        services: &Services,
        hosts: &BTreeMap<Name, SimHost>,
        name: &Name,
        action: &Action,
        now: Instant,
    ) -> Before {
        let ends = ends(action);
        let member = ends
            .contains(&ZOOKEEPER)
            .then(|| Member::of(name, hosts.get(name)?, now, &services.pace))
            .flatten()
            .filter(|member| services.was_whole && member.list.len() >= 3);
        let stands = |host: &SimHost| services.master_can_lead(host, now);
        let stops_master = ends.contains(&MASTER) && hosts.get(name).is_some_and(stands);
        Before {
            markers: markers(hosts),
            majority: member.map(|member| (member.majority(), member.list.len())),
            serving: services.synced.contains(name),
            last_master: stops_master && !hosts.iter().any(|(other, host)| other != name && stands(host)),
        }
    }

    pub fn after(
        &mut self,
        before: &Before,
        services: &Services,
        hosts: &BTreeMap<Name, SimHost>,
        name: &Name,
        action: &Action,
    ) {
        let Before { markers: before_markers, majority, serving, last_master } = *before;
        let title = action.title();
        let mut violations = Vec::new();
        // The host itself may have refused it: judged is what was done.
        if let Some((majority, all)) = majority.filter(|_| serving && !services.synced.contains(name)) {
            let left = services.synced.len();
            if left < majority && !self.quorum_may_stop {
                violations.push(format!(
                    "law 3: `{title}` on {name} left {left} of {all} members, and a majority is {majority}"
                ));
            }
        }
        if last_master && !self.allow_outage && services.alive.as_ref().is_none_or(|alive| alive.host != *name) {
            violations.push(format!("law 3: `{title}` on {name} stopped the last master"));
        }
        let complete =
            hosts.values().any(|host| host.text(BIRTH_PATH).is_some_and(|text| text.contains("\"complete\":true")));
        if complete && markers(hosts) > before_markers {
            violations.push(format!("births: `{title}` on {name} wrote a marker after a birth was complete"));
        }
        if matches!(action, Action::RecordBirth { record } if record.complete) && services.births == self.births_allowed
        {
            violations.push(format!("births: `{title}` on {name} called complete what had never served"));
        }
        if matches!(action, Action::Remove(removal) if removal.delete_data) {
            self.births_allowed = services.births;
        }
        if services.births > 1 + self.births_allowed {
            violations.push(format!("births: after `{title}` on {name} a quorum formed that forgets"));
            self.births_allowed = services.births - 1;
        }
        self.violations.extend(violations);
    }
}
