//! A role of which one node leads and the others stand by.

use super::phases::fewest;
use super::planner::Planner;
use crate::plan::compare::Need;
use crate::service::health;
use crate::value::{Name, Role};

impl Planner<'_> {
    pub(super) fn standbys(&mut self, role: Role) {
        let nodes = self.with_role(role);
        if self.some_leave(role) && !nodes.is_empty() {
            // The one that leads may be one that leaves: it goes when those that stay stand by.
            self.start(role);
            // One that only its restart can repair must not be waited for before.
            let broken = self.some_wait_for_their_restart(role, &nodes);
            if broken {
                self.roll(role, 1, true);
            }
            self.gate(role, true);
            self.retire_role(role);
            self.gate(role, self.some_unseen(&nodes));
            self.notes.extend(role.takeover().map(|takeover| takeover.on_leave.to_owned()));
            if !broken {
                self.roll(role, 1, self.some_unseen(&nodes));
            }
            return;
        }
        self.retire_role(role);
        let below = role.stands_on();
        if below.is_some_and(|below| self.waited_for(below)) && !nodes.is_empty() && !self.starts_or_restarts(role) {
            // What happens to the role below can cost the leader its lead: nothing goes on before one leads again.
            self.gate(role, self.some_unseen(&nodes));
        }
        // Where the role below or this one has an outage, the plan says so instead.
        let stays = |role: Role| self.with_role(role).len() >= fewest(role);
        let below_rolls = below.is_some_and(|below| self.rolled(below) && stays(below) && stays(role));
        if below_rolls && (self.gated(role) || self.starts_or_restarts(role)) {
            self.notes.extend(role.takeover().map(|takeover| takeover.on_restart_below.to_owned()));
        }
        self.start_and_roll(role, 1);
        self.gate_if_unwell(role);
    }

    /// Returns true if nodes that are to be restarted do not serve now.
    fn some_wait_for_their_restart(&self, role: Role, nodes: &[Name]) -> bool {
        let facts = health(role, nodes, true, self.desired, &self.observed.hosts);
        let restarts = |name: &&Name| self.need(name, role.unit()) == Some(Need::Restart);
        nodes.iter().filter(restarts).any(|name| facts.nodes.get(name).is_some_and(|node| !node.health.serves()))
    }

    pub(super) fn some_unseen(&self, hosts: &[Name]) -> bool {
        hosts.iter().any(|name| self.observed.facts(name).is_none())
    }
}
