//! Taking away what the tool made, the anchors last.

use super::ownership::is_remembered;
use super::planner::Planner;
use crate::host::{Action, HostError, HostFacts, Owned, Removal, Target};
use crate::plan::{Plan, Reason, Step};
use crate::service::{self, roles};
use crate::value::Name;

impl Planner<'_> {
    pub(super) fn destroy(mut self, delete_data: bool) -> Plan {
        let owned = self.what_is_owned(delete_data);
        let unseen = self
            .departed_unseen()
            .map(|(name, _)| format!("{name} cannot be reached or used: nothing is removed from it"));
        let unseen: Vec<_> = unseen.collect();
        self.skipped.extend(unseen);
        for (name, error) in self.observed.unknown() {
            self.skipped.push(format!("{name} cannot be reached or used ({error}): nothing is removed from it"));
        }
        self.notes.extend(service::all().filter_map(|service| service.notes_of_removal(&self.observed.hosts)));
        if let Some(election) = self.desired.election.as_ref().filter(|election| election.is_external) {
            self.notes.push(format!(
                "{} stays in the ensemble, which somebody else runs: a cluster with this `id` would recover what is there",
                election.kept
            ));
        }
        let step = |target: &Target, action: Action| Step { target: target.clone(), action, why: vec![Reason::Left] };
        for role in roles().rev() {
            let has = owned.iter().filter(|(_, owned, _)| owned.units.contains(role.unit()));
            let stop =
                |(target, ..): &(Target, Owned, bool)| step(target, Action::Stop { unit: role.unit().to_owned() });
            self.steps(&format!("stop every {}", role.title()), has.map(stop).collect());
        }
        let is_ours = |error: &HostError| !matches!(error, HostError::Foreign { .. });
        let some_left =
            self.departed_unseen().next().is_some() || self.observed.unknown().any(|(_, error)| is_ours(error));
        // The anchors last: while they remember, a destroy that was killed can go on.
        for (anchors, title) in
            [(false, "remove what provision made"), (true, "remove from the anchors what provision made")]
        {
            let remove = |(target, owned, anchor): &(Target, Owned, bool)| {
                let keeps_epoch = *anchor && some_left;
                step(target, Action::Remove(Box::new(Removal { owned: owned.clone(), delete_data, keeps_epoch })))
            };
            self.steps(title, owned.iter().filter(|(_, _, anchor)| *anchor == anchors).map(remove).collect());
        }
        self.finish()
    }

    /// The things that are to be removed from each host. `true` for an anchor.
    fn what_is_owned(&self, delete_data: bool) -> Vec<(Target, Owned, bool)> {
        let here: Vec<(&Name, &HostFacts)> =
            self.desired.hosts.keys().filter_map(|name| Some((name, self.observed.facts(name)?))).collect();
        // An earlier destroy that kept the data also kept `made`, and a member's birth record.
        let left = |facts: &HostFacts| delete_data && (facts.birth.is_some() || facts.has_made);
        let touched = |facts: &HostFacts| facts.stamp.is_some() || facts.epoch > 0 || left(facts);
        // Taking the lease leaves an epoch on the anchors: they are part of every destroy that does anything.
        let anything = here.iter().any(|(_, facts)| touched(facts)) || !self.observed.departed.is_empty();
        let mut all: Vec<(Target, Owned, bool)> = Vec::new();
        for (name, facts) in here {
            let anchor = self.desired.anchors.contains(name);
            let is_involved = touched(facts) || (anchor && anything);
            if !is_involved {
                continue;
            }
            let owned = match &facts.stamp {
                Some(stamp) => stamp.owned.clone(),
                // The stamp is lost: what the topology has is what may be there.
                None if facts.birth.is_some() || facts.has_made || is_remembered(name, self.observed) => {
                    self.state(name).stamp().owned
                }
                // Nothing was installed yet except the tool's own records.
                None => Owned::default(),
            };
            all.push((self.target(name), owned, anchor));
        }
        all.extend(self.departed_stamps().map(|(target, stamp)| (target, stamp.owned.clone(), false)));
        all
    }
}
