//! The lever: a master that ended leaves its latch in `ZooKeeper` for a whole session (40 s), and until then no other leads.
//! Once its process is proven dead, the latch is removed, and a standby takes over at once (ROLLING.md: 0.17 to 0.50 s).

use super::{Execution, Report, Sink};
use crate::observe::{HostFacts, Seen, for_election, for_life, look_at_all};
use crate::plan::{Action, Step};
use crate::service::listener::Role;
use crate::topology::value::Name;
use crate::world::{Target, World};

/// The master that leads, and the latch that makes it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leader {
    host: Name,
    life: String,
    latch: String,
}

impl Leader {
    /// As the facts of the host of the only ALIVE master say.
    fn of(host: &Name, facts: &HostFacts) -> Option<Leader> {
        facts.master.as_ref().filter(|master| master.is_alive())?;
        let life = facts.units.get(Role::Master.unit())?.life.clone();
        let latch = facts.latches.as_ref()?.iter().min_by_key(|latch| sequence(latch))?.clone();
        (!life.is_empty()).then(|| Leader { host: host.clone(), life, latch })
    }
}

/// `ZooKeeper` numbers the latches of a folder, in ten digits at the end.
fn sequence(latch: &str) -> &str {
    latch.get(latch.len().saturating_sub(10)..).unwrap_or(latch)
}

impl<W: World, S: Sink> Execution<'_, W, S> {
    /// Who leads, before something is restarted that may end it.
    pub(super) async fn leader(&self) -> Option<Leader> {
        let election = self.desired.election.as_ref()?;
        let masters = self.desired.hosts.values().filter(|state| state.services.contains_key(Role::Master.unit()));
        let queries = masters
            .map(|state| (Target::of(&state.host), for_election(state, election, &self.desired.listeners)))
            .collect();
        let seen = look_at_all(queries, self.world).await;
        let mut leaders = seen.iter().filter_map(|(name, seen)| Leader::of(name, seen.facts()?));
        // Two that say so are for people to look at.
        leaders.next().filter(|_| leaders.next().is_none())
    }

    /// Removes the latch of the leader that was, as soon as its own host says that it has ended. Returns whether that is done.
    pub(super) async fn release(&mut self, leader: &Leader, report: &mut Report) -> bool {
        let (Some(state), Some(election)) = (self.desired.hosts.get(&leader.host), &self.desired.election) else {
            return true;
        };
        let target = Target::of(&state.host);
        let seen = look_at_all(vec![(target.clone(), for_life(Role::Master))], self.world).await;
        // A host that cannot be asked may run it still: its latch stays until the session ends.
        let unit = seen.get(&leader.host).and_then(Seen::facts).and_then(|facts| facts.units.get(Role::Master.unit()));
        if !unit.is_some_and(|unit| unit.has_ended(&leader.life)) {
            return false;
        }
        let action = Action::Release {
            unit: Role::Master.unit().to_owned(),
            life: leader.life.clone(),
            latch: format!("{}/{}", election.folder, leader.latch),
            members: election.members.clone(),
        };
        // What fails here costs time and nothing else: the session ends by itself. A lost lease is found by the next step.
        let _ = self.steps(&[Step { target, action, why: Vec::new() }], report).await;
        true
    }
}
