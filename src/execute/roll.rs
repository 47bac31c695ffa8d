//! One node after the other, as `roll::next` says, from facts that are never older than one look.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::gate::{Steady, look};
use super::latches::Latches;
use super::{Event, Execution, Outcome, Report, Sink, StepFailure};
use crate::host::{Action, Health, HostError};
use crate::plan::reason::AILING_SECONDS;
use crate::plan::roll::{Next, next};
use crate::plan::{Roll, RollMember, Step};
use crate::service::health;
use crate::value::{Name, Redundancy};
use crate::world::World;

impl<W: World, S: Sink> Execution<'_, W, S> {
    pub(super) async fn roll(
        &mut self,
        roll: &Roll,
        releases_latches: bool,
        report: &mut Report,
    ) -> Result<(), Outcome> {
        let mut settled = Steady::of(roll.role);
        let mut touched = Touched::default();
        let mut latches = Latches::default();
        // What this run has restarted is waited for, not restarted again and again.
        let mut tried: BTreeSet<Name> = BTreeSet::new();
        // Nodes that are all restarted because some of them ail, and nobody can tell which. They are kept: after the first restart the fault may be
        // hidden for a while.
        let mut doubted: BTreeSet<Name> = BTreeSet::new();
        let limit = Duration::from_secs(roll.seconds);
        let begun = Instant::now();
        let mut end = Instant::now() + limit;
        loop {
            self.release_latches(&mut latches, report).await;
            let seen = look(roll.role, &roll.all, self.desired, self.secrets, self.world).await;
            let mut facts = health(roll.role, &roll.all, roll.led_elsewhere, self.desired, &seen);
            // Files held back for a node are written by its restart: until then the node is not done.
            let may_recover = begun.elapsed().as_secs() < AILING_SECONDS;
            doubted.extend(facts.doubted.keys().filter(|_| !may_recover).cloned());
            // One that leads does take part.
            doubted.retain(|host| facts.nodes.get(host).is_some_and(|node| node.health != Health::Leading));
            for (host, member) in roll.members.iter().filter(|(host, _)| !tried.contains(*host)) {
                if let Some(node) = facts.nodes.get_mut(host) {
                    let is_well = node.health.serves() && !doubted.contains(host);
                    node.current &= member.files.is_empty() && (!member.only_ails() || may_recover || is_well);
                }
            }
            // A restarted node counts as current: another restart would change nothing.
            for (_, node) in facts.nodes.iter_mut().filter(|(host, _)| tried.contains(*host)) {
                node.current = true;
            }
            settled.take(&seen, &mut facts);
            if !self.lease.is_held() {
                return Err(Outcome::LeaseLost);
            }
            let is_due = |host: &&Name| roll.members.contains_key(*host) && !tried.contains(*host);
            let recovering: Vec<&str> = facts
                .doubted
                .iter()
                .filter(|(host, _)| may_recover && is_due(host))
                .map(|(_, doubt)| doubt.as_str())
                .collect();
            match next(roll, &facts) {
                Next::Done if !recovering.is_empty() => {
                    self.sink.event(Event::Waiting { because: recovering.join("; ") });
                    settled.pause().await;
                }
                Next::Done => return Ok(()),
                Next::Refuse { why } => return Err(Outcome::Refused { why }),
                Next::Wait { because } if Instant::now() > end => {
                    let what = format!("restarting every {} in turn", roll.role.title());
                    let unit = roll.role.unit();
                    let not_well = Outcome::NotWell { what, seconds: roll.seconds, because: because.clone(), unit };
                    let otherwise = self.blame(roll.role, &roll.all, roll.led_elsewhere, facts, not_well).await;
                    return Err(self.give_up(roll, &touched, because, otherwise, report).await);
                }
                Next::Wait { because } => {
                    self.sink.event(Event::Waiting { because });
                    settled.pause().await;
                }
                // Between two nodes all are well: the safe point to stop at.
                Next::Do { .. } if self.stop.is_asked() => {
                    return Err(Outcome::Interrupted { before: format!("restart the next {}", roll.role.title()) });
                }
                Next::Do { members, because } => {
                    tried.extend(members.iter().cloned());
                    let is_down = |host: &Name| facts.nodes.get(host).is_some_and(|node| is_sick(node.health));
                    touched = Touched { were_down: members.iter().all(is_down), hosts: members };
                    // A member's restart can end the session of the master that leads, too.
                    if roll.role.redundancy() != Redundancy::Pool && releases_latches {
                        self.note_latches(&mut latches).await;
                    }
                    self.restart(roll, &touched, &because, report).await?;
                    settled = Steady::of(roll.role);
                    end = Instant::now() + limit;
                }
            }
        }
    }

    async fn restart(
        &mut self,
        roll: &Roll,
        touched: &Touched,
        because: &str,
        report: &mut Report,
    ) -> Result<(), Outcome> {
        let mut steps = Vec::new();
        for host in &touched.hosts {
            let member = &roll.members[host];
            self.sink.event(Event::Rolling { host: host.clone(), because: because.to_owned() });
            steps.push(step(member, member.swap()));
        }
        // Of a batch, one host may have been lost while another one's restart failed.
        let is_broken = |failure: &StepFailure| !failure.error.is_unreachable() && !refused(&failure.error);
        match self.steps(&steps, report).await {
            Err(Outcome::Failed { failures }) if failures.iter().any(is_broken) => {
                let broken = failures.iter().filter(|failure| is_broken(failure));
                let because =
                    broken.map(|failure| format!("{}: {}", failure.host, failure.error)).collect::<Vec<_>>().join("; ");
                let outcome = Outcome::Failed { failures };
                Err(self.give_up(roll, touched, because, outcome, report).await)
            }
            other => other,
        }
    }

    /// The nodes touched last that do not serve get their old files back. No further one is touched then, unless nothing was lost by it: in a pool, or
    /// where none of them served before. `otherwise` is the outcome if every touched node serves.
    async fn give_up(
        &mut self,
        roll: &Roll,
        touched: &Touched,
        because: String,
        otherwise: Outcome,
        report: &mut Report,
    ) -> Outcome {
        let seen = look(roll.role, &roll.all, self.desired, self.secrets, self.world).await;
        let facts = health(roll.role, &roll.all, roll.led_elsewhere, self.desired, &seen);
        let sick = touched.hosts.iter().filter(|host| facts.nodes.get(*host).is_some_and(|node| is_sick(node.health)));
        let sick: Vec<Name> = sick.cloned().collect();
        if sick.is_empty() {
            return otherwise;
        }
        if !self.lease.is_held() {
            return Outcome::LeaseLost;
        }
        let members: Vec<&RollMember> =
            sick.iter().map(|host| &roll.members[host]).filter(|member| !member.only_ails()).collect();
        if members.is_empty() {
            return otherwise;
        }
        let steps: Vec<Step> =
            members.iter().map(|member| step(member, Action::PutBack { unit: member.unit.clone() })).collect();
        let (put_back, because) = match self.steps(&steps, report).await {
            Ok(()) => (self.serves_again(roll, &sick).await, because),
            Err(Outcome::LeaseLost) => return Outcome::LeaseLost,
            Err(Outcome::Failed { failures }) => {
                let why: Vec<_> = failures.iter().map(ToString::to_string).collect();
                (false, format!("{because}; {}", why.join("; ")))
            }
            Err(other) => (false, format!("{because}; {other}")),
        };
        let nodes: Vec<_> = members.iter().map(|member| member.node.as_str()).collect();
        let outcome = Outcome::PutBack { node: nodes.join(", "), put_back, because };
        if roll.role.redundancy() != Redundancy::Pool && !touched.were_down {
            return outcome;
        }
        // Whether the run goes on without them is decided as for any failed step.
        let why = outcome.to_string();
        let failure = |host: Name| {
            let error = HostError::Failed { why: why.clone() };
            StepFailure { host, action: format!("restart {}", roll.role.unit()), error, unstopped: None }
        };
        let lost = match otherwise {
            Outcome::Failed { failures } => {
                failures.into_iter().filter(|failure| !sick.contains(&failure.host)).collect()
            }
            _ => Vec::new(),
        };
        Outcome::Failed { failures: sick.iter().cloned().map(failure).chain(lost).collect() }
    }

    async fn serves_again(&mut self, roll: &Roll, touched: &[Name]) -> bool {
        let end = Instant::now() + Duration::from_secs(roll.seconds);
        let settled = Steady::of(roll.role);
        while Instant::now() < end {
            let seen = look(roll.role, &roll.all, self.desired, self.secrets, self.world).await;
            let facts = health(roll.role, &roll.all, roll.led_elsewhere, self.desired, &seen);
            if touched.iter().all(|host| facts.nodes.get(host).is_some_and(|node| node.health.serves())) {
                return true;
            }
            settled.pause().await;
        }
        false
    }
}

/// The nodes that were restarted last.
#[derive(Debug, Default)]
struct Touched {
    hosts: Vec<Name>,
    /// True if none of them served before: nothing is lost if none does now.
    were_down: bool,
}

/// Returns true if a node that was restarted gets its old files back. One that strays came up with other files than the topology's: those are not put
/// back. One that cannot be asked is not touched either.
fn is_sick(health: Health) -> bool {
    match health {
        Health::Down | Health::Unsettled => true,
        Health::Unknown | Health::Serving | Health::Leading | Health::Straying => false,
    }
}

fn step(member: &RollMember, action: Action) -> Step {
    Step { target: member.target.clone(), action, why: member.why.clone() }
}

/// Returns true if an action was refused before it changed anything.
fn refused(error: &HostError) -> bool {
    matches!(
        error,
        HostError::Fenced { .. } | HostError::Foreign { .. } | HostError::Busy { .. } | HostError::LeaseLost
    )
}
