//! Taking away what the tool made, the anchors last.

use super::ownership::is_remembered;
use super::planner::Planner;
use crate::host::{Action, HostFacts, Owned, Removal, Target};
use crate::plan::{Plan, Reason, Step};
use crate::service::{self, roles};
use crate::value::Name;

impl Planner<'_> {
    pub(super) fn destroy(mut self, delete_data: bool) -> Plan {
        let mut owned: Vec<(Target, Owned, bool)> = Vec::new();
        let here: Vec<(&Name, &HostFacts)> =
            self.desired.hosts.keys().filter_map(|name| Some((name, self.observed.facts(name)?))).collect();
        // An earlier destroy that kept the data also kept `made`, and a member's birth record.
        let left = |facts: &HostFacts| delete_data && (facts.birth.is_some() || facts.has_made);
        let touched = |facts: &HostFacts| facts.stamp.is_some() || facts.epoch > 0 || left(facts);
        // Taking the lease leaves an epoch on the anchors: they are part of every destroy that does anything.
        let anything = here.iter().any(|(_, facts)| touched(facts)) || !self.observed.departed.is_empty();
        for (name, facts) in here {
            let anchor = self.desired.anchors.contains(name);
            if touched(facts) || (anchor && anything) {
                let here = match &facts.stamp {
                    Some(stamp) => stamp.owned.clone(),
                    // The stamp is lost: what the topology has is what may be there.
                    None if facts.birth.is_some() || facts.has_made || is_remembered(name, self.observed) => {
                        self.state(name).stamp().owned
                    }
                    // Nothing was installed yet except the tool's own records.
                    None => Owned::default(),
                };
                owned.push((self.target(name), here, anchor));
            }
        }
        owned.extend(self.departed_stamps().map(|(target, stamp)| (target, stamp.owned.clone(), false)));
        let unseen =
            self.departed_unseen().map(|(name, _)| format!("{name} cannot be reached: nothing is removed from it"));
        let unseen: Vec<_> = unseen.collect();
        self.skipped.extend(unseen);
        for (name, error) in self.observed.unknown() {
            self.skipped.push(format!("{name} cannot be reached ({error}): nothing is removed from it"));
        }
        self.notes.extend(service::all().filter_map(|service| service.notes_of_removal(&self.observed.hosts)));
        for role in roles().rev() {
            let steps = owned
                .iter()
                .filter(|(_, owned, _)| owned.units.contains(role.unit()))
                .map(|(target, ..)| Step {
                    target: target.clone(),
                    action: Action::Stop { unit: role.unit().to_owned() },
                    why: vec![Reason::Left],
                })
                .collect();
            self.steps(&format!("stop every {}", role.title()), steps);
        }
        // The anchors last: while they remember, a destroy that was killed can go on.
        for (anchors, title) in
            [(false, "remove what provision made"), (true, "remove what provision made from the anchors")]
        {
            let steps = owned
                .iter()
                .filter(|(_, _, anchor)| *anchor == anchors)
                .map(|(target, owned, _)| Step {
                    target: target.clone(),
                    action: Action::Remove(Box::new(Removal { owned: owned.clone(), delete_data })),
                    why: vec![Reason::Left],
                })
                .collect();
            self.steps(title, steps);
        }
        self.finish()
    }
}
