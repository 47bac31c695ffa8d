//! A role of which more than half must serve: its first start, and its members one after the other.

use super::birth::BirthStage;
use super::planner::Planner;
use crate::desired::Quorum;
use crate::host::{Action, BirthRecord, Health};
use crate::plan::{Reason, Step};
use crate::service::{self, health};
use crate::value::{Name, Role, listed};

impl<'a> Planner<'a> {
    /// The ensemble, where a role is its members'.
    pub(super) fn quorum_of(&self, role: Role) -> Option<&'a Quorum> {
        self.desired.quorum.as_ref().filter(|quorum| quorum.role == role)
    }

    pub(super) fn quorum(&mut self, role: Role, stage: BirthStage) {
        if let Some(quorum) = self.quorum_of(role) {
            if stage != BirthStage::Complete {
                return self.first_start(quorum);
            }
            self.complete_records(quorum);
        }
        self.start_and_roll(role, 1);
        self.gate_if_unwell(role);
    }

    fn record(&self, host: &Name, quorum: &Quorum, complete: bool, why: Reason) -> Step {
        let record = BirthRecord { birth: quorum.birth.clone(), complete };
        self.step(host, Action::RecordBirth { record }, vec![why])
    }

    /// Returns true if a host answered and has no record of the first start, or (`complete`) not that it was completed.
    fn lacks_record(&self, host: &Name, complete: bool) -> bool {
        let lacks = |record: Option<&BirthRecord>| record.is_none_or(|record| !record.complete && complete);
        self.observed.facts(host).is_some_and(|facts| lacks(facts.birth.as_ref()))
    }

    fn complete_records(&mut self, quorum: &Quorum) {
        let members = self.with_role(quorum.role);
        let unmark = members
            .iter()
            .filter(|name| self.observed.facts(name).is_some_and(|facts| facts.has_marker))
            .map(|name| self.step(name, Action::Unmark { marker: quorum.marker() }, vec![Reason::Differs]))
            .collect();
        let records: Vec<_> = members
            .iter()
            .filter(|name| self.lacks_record(name, true))
            .map(|name| self.record(name, quorum, true, Reason::Differs))
            .collect();
        self.steps("remove unused markers of new data directories", unmark);
        self.steps("record the birth on hosts that came later", records);
    }

    fn first_start(&mut self, quorum: &Quorum) {
        let members = self.with_role(quorum.role);
        let begun: Vec<_> = members
            .iter()
            .filter(|name| self.lacks_record(name, false))
            .map(|name| self.record(name, quorum, false, Reason::Birth))
            .collect();
        let anybody_lives = members.iter().any(|name| self.observed.facts(name).is_some_and(|facts| facts.has_data));
        let mark: Vec<_> = members
            .iter()
            .filter(|name| !anybody_lives && self.observed.facts(name).is_some_and(|facts| !facts.has_marker))
            .map(|name| {
                let action = Action::MarkNew {
                    marker: quorum.marker(),
                    data: [quorum.data_dir.clone(), quorum.log_dir.clone()],
                };
                self.step(name, action, vec![Reason::Birth])
            })
            .collect();
        let complete: Vec<_> = members.iter().map(|name| self.record(name, quorum, true, Reason::Birth)).collect();
        self.steps("record the birth of the ensemble", begun);
        self.steps("mark the data directories as new", mark);
        self.start_and_roll(quorum.role, 1);
        // A killed run may have started them all: that they run is no proof that they ever served.
        if !self.waited_for(quorum.role) {
            self.gate(quorum.role, false);
        }
        self.steps("record the birth as complete", complete);
    }

    /// Members that were given another list of members, or another port for clients, by hand: where they are needed for a majority, those
    /// that are right cannot join before they stop.
    pub(super) fn note_outage_of_regrouping(&mut self, role: Role, all: &[Name], pending: &[Name]) -> bool {
        let facts = health(role, all, false, self.desired, &self.observed.hosts);
        let serves = |name: &&Name| facts.nodes.get(*name).is_some_and(|node| node.health.serves());
        let majority = all.len() / 2 + 1;
        let others = |names: &[Name]| all.len() - names.len();
        let unsettled = |name: &&Name| facts.nodes.get(*name).is_some_and(|node| node.health == Health::Unsettled);
        let kept_out = all.iter().any(|name| unsettled(&name));
        // If the file has changed since, a member's list is unknown; another member that cannot join is evidence enough.
        let is_misled = |name: &&Name| {
            let other =
                self.observed.facts(name).map(|facts| service::of(role).runs_with_others(self.state(name), facts));
            other.is_some_and(|other| other.unwrap_or(kept_out && serves(name)))
        };
        let misled: Vec<Name> = pending.iter().filter(is_misled).cloned().collect();
        let hidden: Vec<Name> = pending.iter().filter(unsettled).cloned().collect();
        let seen: Vec<Name> = all.iter().filter(serves).cloned().collect();
        let elsewhere: Vec<Name> =
            pending.iter().filter(|name| unsettled(name) && self.listens_elsewhere(role, name)).cloned().collect();
        let keep_out = misled.iter().any(|name| serves(&name)) && others(&misled) < majority;
        // A serving member has a majority behind it: members not seen to serve may belong to it, on another port.
        let hides = !seen.is_empty() && seen.len() < majority && !hidden.is_empty();
        let why = match (keep_out, hides) {
            _ if all.len() < 3 || all.len() - pending.len() >= majority => return false,
            (false, false) if elsewhere.len() >= majority => may_serve_elsewhere(&elsewhere),
            (true, _) => format!(
                "{} run with a list of members that differs from the topology, and without them there is no majority",
                listed(&misled)
            ),
            (false, true) => {
                let (seen, hidden) = (listed(&seen), listed(&hidden));
                format!(
                    "members serve ({seen}), so a majority exists, and {hidden} must belong to it, either without answering or on another client port than the topology's"
                )
            }
            (false, false) => return false,
        };
        if let Some(interruption) = role.interruption() {
            self.interrupt(interruption, majority, why);
        }
        true
    }

    /// Returns true if a node's user listens where the topology has nothing: what does not serve at its own port may serve there.
    pub(super) fn listens_elsewhere(&self, role: Role, name: &Name) -> bool {
        let Some(facts) = self.observed.facts(name) else { return false };
        let numbering = self.state(name).host.reach.numbering();
        let known = |port: u16| self.desired.listeners.iter().any(|listener| listener.on(numbering).contains(&port));
        let uid = facts.users.get(role.user()).copied();
        uid.is_some() && facts.listening.iter().any(|there| there.uid == uid && !known(there.port))
    }
}

/// The reason for an outage of members that are no longer where the topology has them.
pub(super) fn may_serve_elsewhere(members: &[Name]) -> String {
    format!("{} listen on another port than the topology's, and may serve there", listed(members))
}
