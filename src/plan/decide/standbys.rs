//! A role of which one node leads and the others stand by.

use super::planner::Planner;
use crate::value::{Name, Role};

impl Planner<'_> {
    pub(super) fn standbys(&mut self, role: Role) {
        let nodes = self.with_role(role);
        if self.some_leave(role) && !nodes.is_empty() {
            // The one that leads may be one that leaves: it goes when those that stay stand by.
            self.start(role);
            self.gate(role, true);
            self.retire_role(role);
            self.gate(role, self.some_unseen(&nodes));
            self.notes.extend(role.takeover().map(|takeover| takeover.on_leave.to_owned()));
            self.roll(role, 1);
            return;
        }
        self.retire_role(role);
        let below = role.stands_on();
        if below.is_some_and(|below| self.waited_for(below)) && !nodes.is_empty() && !self.starts_or_restarts(role) {
            // What happens to the role below can cost the leader its lead: nothing goes on before one leads again.
            self.gate(role, self.some_unseen(&nodes));
        }
        if below.is_some_and(|below| self.rolled(below)) && self.gated(role) {
            self.notes.extend(role.takeover().map(|takeover| takeover.on_restart_below.to_owned()));
        }
        self.start_and_roll(role, 1);
        self.settle(role);
    }

    pub(super) fn some_unseen(&self, hosts: &[Name]) -> bool {
        hosts.iter().any(|name| self.observed.facts(name).is_none())
    }
}
