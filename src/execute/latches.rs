//! Latches of masters that ended. A dead master's latch stays in `ZooKeeper` for its session (40 s), and until then none behind it
//! can lead. Once the process is proven dead, its latch is removed, and the next takes over at once (docs/measurements.md).

use std::collections::{BTreeMap, BTreeSet};

use super::{Execution, Outcome, Report, Sink};
use crate::host::{Action, HostQuery, Seen, Target};
use crate::observe::look_at_all;
use crate::plan::Step;
use crate::service;
use crate::value::{Name, Role};
use crate::world::World;

/// The latches before a restart, and the masters that can own them.
///
/// No program says which latch is whose. But the lowest is the leader's, and each of the others belongs to a process that ran then, or to one
/// that had ended before. When all of those have ended, the latch has no owner.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Note {
    leader: Name,
    /// The lowest first.
    latches: Vec<String>,
    /// The life of each master at that time.
    lives: BTreeMap<Name, String>,
}

impl Note {
    /// The latches of ended masters. `ended` never turns from true to false.
    fn dead(&self, ended: impl Fn(&Name, &str) -> bool) -> Vec<String> {
        let has_ended = |name: &Name, life: &String| ended(name, life);
        let leader = self.lives.get(&self.leader).is_some_and(|life| has_ended(&self.leader, life));
        let others =
            self.lives.iter().filter(|(name, _)| **name != self.leader).all(|(name, life)| has_ended(name, life));
        let (lowest, rest) = self.latches.split_at(self.latches.len().min(1));
        [(leader, lowest), (others, rest)]
            .into_iter()
            .filter(|(dead, _)| *dead)
            .flat_map(|(_, all)| all.to_vec())
            .collect()
    }
}

/// The latches that a roll has seen and removed so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Latches {
    notes: Vec<Note>,
    released: Vec<String>,
}

/// `ZooKeeper` numbers the latches of a folder, in ten digits at the end.
fn sequence(latch: &str) -> &str {
    latch.get(latch.len().saturating_sub(10)..).unwrap_or(latch)
}

/// The life of a role's node on a host, and whether it leads.
fn life(role: Role, seen: &Seen) -> Option<(String, bool)> {
    let facts = seen.facts()?;
    let unit = facts.units.get(role.unit())?;
    Some((unit.life.clone(), service::of(role).leads(facts)))
}

impl<W: World, S: Sink> Execution<'_, W, S> {
    /// Executes steps of a plan that knows every master which may run. If they stop masters, those that are started next need not wait for the
    /// sessions of these; if they stop the ensemble as well, nobody can be asked to remove a latch.
    pub(super) async fn steps_and_latches(&mut self, steps: &[Step], report: &mut Report) -> Result<(), Outcome> {
        let stops = |role: Role| {
            steps.iter().any(|step| matches!(&step.action, Action::Stop { unit } if unit.as_str() == role.unit()))
        };
        let role = self.desired.election.as_ref().map(|election| election.role);
        let are_stopped = role.is_some_and(|role| stops(role) && !role.stands_on().is_some_and(stops));
        let mut latches = Latches::default();
        if are_stopped {
            self.note_latches(&mut latches).await;
        }
        self.steps(steps, report).await?;
        if are_stopped {
            self.release_latches(&mut latches, report).await;
        }
        Ok(())
    }

    /// Notes whose the latches are, before a restart that may end a master: its own, or that of a member of the ensemble
    /// which holds its session.
    pub(super) async fn note_latches(&self, known: &mut Latches) {
        if let Some(note) = self.latches().await
            && !known.notes.contains(&note)
        {
            known.notes.push(note);
        }
    }

    /// A master that was ALIVE before the latches were listed and still is, in the same run, led throughout: one that
    /// loses leadership exits. The lives are read last, so that no latch can be of a later one.
    async fn latches(&self) -> Option<Note> {
        let role = self.desired.election.as_ref()?.role;
        let before = self.look_at_electors(true).await;
        let after = self.look_at_electors(false).await;
        let life = |seen: &Seen| life(role, seen);
        let leads = |name: &&Name| {
            let (was, is) = (before.get(*name).and_then(life), after.get(*name).and_then(life));
            was.is_some_and(|(life, alive)| alive && !life.is_empty() && is == Some((life, true)))
        };
        let mut leaders = after.keys().filter(leads);
        // Two leaders are a case for the operator.
        let leader = leaders.next().filter(|_| leaders.next().is_none())?.clone();
        let mut latches = service::of(role).latches(before[&leader].facts()?)?;
        // More latches than masters: some belong to processes that we do not know of.
        (latches.len() <= after.len()).then_some(())?;
        latches.sort_by(|a, b| sequence(a).cmp(sequence(b)));
        let lives = after.iter().map(|(name, seen)| (name.clone(), life(seen).unwrap_or_default().0)).collect();
        Some(Note { leader, latches, lives })
    }

    /// Removes the latches of those that have ended by now, as their own hosts say.
    pub(super) async fn release_latches(&mut self, known: &mut Latches, report: &mut Report) {
        let Some(election) = self.desired.election.as_ref().filter(|_| !known.notes.is_empty()) else { return };
        let seen = self.look_at_electors(false).await;
        // A host that cannot be asked may run its master still: those latches stay until their sessions end.
        let ended = |name: &Name, life: &str| {
            let unit = seen.get(name).and_then(Seen::facts).and_then(|facts| facts.units.get(election.role.unit()));
            !life.is_empty() && unit.is_some_and(|unit| unit.has_ended(life))
        };
        let mut dead: BTreeSet<String> = known.notes.iter().flat_map(|note| note.dead(ended)).collect();
        dead.retain(|latch| !known.released.contains(latch));
        let here = seen.iter().find(|(_, seen)| seen.facts().is_some()).map(|(name, _)| name);
        if let (Some(here), false) = (here, dead.is_empty()) {
            let latches = dead.iter().map(|latch| format!("{}/{latch}", election.folder)).collect();
            let action = Action::Release { latches, members: election.members.clone() };
            let target = Target::of(&self.desired.hosts[here].host);
            // What fails here costs time and nothing else: the session ends by itself. A lost lease is found by the next step.
            let _ = self.steps(&[Step { target, action, why: Vec::new() }], report).await;
            known.released.extend(dead);
        }
    }

    async fn look_at_electors(&self, latches: bool) -> BTreeMap<Name, Seen> {
        let Some(election) = &self.desired.election else { return BTreeMap::new() };
        let service = service::of(election.role);
        let nodes = self.desired.hosts.values().filter(|state| state.services.contains_key(election.role.unit()));
        let queries: Vec<(Target, HostQuery)> = nodes
            .map(|state| {
                let query = service.election_query(state, &self.desired.listeners, latches.then_some(election));
                (Target::of(&state.host), query)
            })
            .collect();
        look_at_all(queries, self.world).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().expect("a name")
    }

    #[test]
    fn a_latch_is_nobodys_only_when_all_whose_it_can_be_have_ended() {
        let note = Note {
            leader: name("b"),
            latches: ["b-0000000001", "x-0000000002", "y-0000000003"].map(str::to_owned).into(),
            lives: ["a", "b", "c"].map(|host| (name(host), "1".to_owned())).into(),
        };
        let dead = |ended: &[&str]| note.dead(|host, _| ended.contains(&host.as_str()));
        assert_eq!(dead(&[]), Vec::<String>::new());
        assert_eq!(dead(&["a"]), Vec::<String>::new());
        assert_eq!(dead(&["b"]), ["b-0000000001"]);
        assert_eq!(dead(&["a", "c"]), ["x-0000000002", "y-0000000003"]);
        assert_eq!(dead(&["a", "b", "c"]), note.latches);
    }
}
