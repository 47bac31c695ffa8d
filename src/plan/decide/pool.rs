//! A role of interchangeable nodes.

use super::planner::Planner;
use crate::host::Health;
use crate::service::health;
use crate::value::{Name, Role, listed};

impl Planner<'_> {
    pub(super) fn pool(&mut self, role: Role) {
        let changes = self.changes.values().any(|change| change.services.contains_key(role.unit()));
        if let Some(below) = role.stands_on().filter(|_| changes) {
            let leaders = self.with_role(below);
            if let Some(why) = self.why_wait_for(below, &leaders) {
                self.deferred = true;
                self.skipped.push(format!("{} are not changed: {why}", role.tier()));
                return;
            }
            if !leaders.is_empty() && !self.gated(below) {
                self.gate(below, self.some_unseen(&leaders));
            }
        }
        // A tenth at a time: the rest has room for what was running on them.
        let batch = (self.with_role(role).len() / 10).max(1);
        self.start_and_roll(role, batch);
        self.gate_if_unwell(role);
    }

    /// The reason why a role must wait for the one below it: some of its nodes cannot be asked, and no other one leads.
    fn why_wait_for(&self, below: Role, nodes: &[Name]) -> Option<String> {
        let takeover = below.takeover()?;
        let unseen: Vec<_> = nodes.iter().filter(|name| self.observed.facts(name).is_none()).collect();
        let facts = health(below, nodes, true, self.desired, &self.observed.hosts);
        let leads = facts.nodes.values().any(|node| node.health == Health::Leading);
        (!unseen.is_empty() && !leads)
            .then(|| format!("{} cannot be reached or used, {}", listed(unseen), takeover.why_above_waits))
    }
}
