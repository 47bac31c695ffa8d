//! One run from a goal to its report: take the lease, observe, plan, get approval, execute. A host that fails is set aside, so that it does
//! not hold up the hosts that can go on without it.

use std::collections::BTreeMap;

use super::{Event, Execution, Lease, NoLease, Outcome, Report, Sink, StepFailure, Stop, acquire, execute};
use crate::desired::Desired;
use crate::host::{HostError, Secrets};
use crate::observe::{self, Observed};
use crate::plan::{self, Consent, Goal, Moved, NotApproved, Plan, Refusal, SealedPlan, Standing};
use crate::service;
use crate::value::{Identity, Name, Redundancy};
use crate::world::World;

/// The goal of a run, and everything needed to reach it.
#[expect(missing_debug_implementations, reason = "a world need not be printable")]
pub struct Work<'a, W: World> {
    pub goal: &'a Goal,
    /// The saved plan that is carried out. Any other is refused.
    pub sealed: Option<&'a SealedPlan>,
    pub desired: &'a mut Desired,
    /// The identity that the cluster gets if it has none yet.
    pub new_identity: &'a Identity,
    pub secrets: &'a Secrets,
    pub world: &'a W,
    /// The operator's name in the lease and the journal.
    pub who: &'a str,
    pub stop: &'a Stop,
    /// Hosts that are left for later from the start, with the reason.
    pub unfit: &'a BTreeMap<Name, HostError>,
}

/// The person or program that started the run: approves plans and receives events.
pub trait Operator: Sink {
    /// The reason for a refusal.
    type No;
    /// Approves `fresh`, the plan made under the lease. `moved` is how it differs from the plan that the operator has already seen. Hosts that
    /// turn out not to be fit, where the run may leave hosts for later, are returned with the reason: the plan is then made without them.
    fn agree(
        &mut self,
        fresh: &Plan,
        moved: &[Moved],
        desired: &Desired,
        observed: &Observed,
    ) -> impl Future<Output = Result<BTreeMap<Name, HostError>, Self::No>>;
}

/// The reason why a run ended before it changed anything.
#[derive(Debug)]
pub enum NotBegun<N> {
    NoLease(NoLease),
    NoPlan(Vec<Refusal>, Box<Observed>),
    NotApproved(NotApproved),
    /// The saved plan is not the plan that is needed now.
    Moved(Vec<Moved>),
    No(N),
}

impl<W: World> Work<'_, W> {
    /// Observes the cluster, and gives it its identity.
    pub async fn look(&mut self, before: &Observed) -> Observed {
        let observed = observe::observe_again(self.desired, self.secrets, before, self.world).await;
        identify(self.goal, self.desired, self.new_identity, &observed);
        observed
    }

    /// Carries out the plan `seen`. If the plan made under the lease differs from it, the operator decides.
    ///
    /// Hosts whose steps fail are set aside where that is allowed, and the run continues without them. The report then ends as failed and
    /// lists every such step.
    pub async fn converge<O: Operator>(
        mut self,
        seen: &Plan,
        observed: &Observed,
        operator: &mut O,
    ) -> Result<Report, NotBegun<O::No>> {
        let believed = self.believed(seen, observed);
        let lease = tokio::select! {
            lease = acquire(self.desired, &believed, self.who, self.world) => lease.map_err(NotBegun::NoLease)?,
            () = self.stop.asked() => return Ok(Report { outcome: before_the_first_change(), ..Report::default() }),
        };
        let mut report = Report::default();
        let mut failed: Vec<StepFailure> = Vec::new();
        loop {
            let more = match self.once(&lease, seen, observed, &failed, operator).await {
                Ok(Some(more)) => more,
                Ok(None) => return Ok(Report { outcome: before_the_first_change(), ..report }),
                Err(error) if failed.is_empty() => return Err(error),
                // Work was done already: that no plan can be made without the failed hosts is part of their failure.
                Err(error) => {
                    if let NotBegun::NoPlan(refusals, _) = error {
                        report.left.extend(refusals.iter().map(ToString::to_string));
                    }
                    return Ok(Report { outcome: Outcome::Failed { failures: failed }, ..report });
                }
            };
            report.done += more.done;
            // Of the last plan: the one that was carried out.
            report.left = more.left;
            more.said.into_iter().for_each(|(host, said)| report.said.entry(host).or_default().extend(said));
            let failures = match more.outcome {
                Outcome::Failed { failures } => failures,
                Outcome::Done => Vec::new(),
                outcome => return Ok(Report { outcome, ..report }),
            };
            let fenced = |failure: &StepFailure| matches!(failure.error, HostError::Fenced { .. });
            if failures.iter().any(fenced) && lease.is_lost_soon().await {
                return Ok(Report { outcome: Outcome::LeaseLost, ..report });
            }
            let goes_on = !failures.is_empty() && self.goes_on_without(&failures, &failed, &lease);
            for failure in failures.iter().filter(|_| goes_on) {
                operator.event(Event::SetAside { host: failure.host.clone(), because: failure.error.to_string() });
            }
            failed.extend(failures);
            if !goes_on {
                let outcome = if failed.is_empty() { Outcome::Done } else { Outcome::Failed { failures: failed } };
                return Ok(Report { outcome, ..report });
            }
        }
    }

    /// The observations of the hosts that the plan goes on with. One that is refused names no anchors.
    fn believed(&self, plan: &Plan, observed: &Observed) -> Observed {
        let mut believed = observed.clone();
        for (host, why) in plan.unknown.iter().filter(|(host, _)| observed.facts(host).is_some()) {
            believed.set_aside(host, &HostError::Refused { why: why.clone() });
        }
        believed.memory = observe::recall(self.desired, &believed);
        believed
    }

    /// Observes and plans without the hosts that failed so far, and executes that plan. `None` if it was interrupted before.
    async fn once<O: Operator>(
        &mut self,
        lease: &Lease,
        seen: &Plan,
        observed: &Observed,
        failed: &[StepFailure],
        operator: &mut O,
    ) -> Result<Option<Report>, NotBegun<O::No>> {
        let stop = self.stop;
        let mut fresh = tokio::select! {
            fresh = self.look(observed) => fresh,
            () = stop.asked() => return Ok(None),
        };
        self.unfit.iter().for_each(|(host, error)| fresh.set_aside(host, error));
        failed.iter().for_each(|failure| fresh.set_aside(&failure.host, &failure.error));
        let plan = loop {
            let plan = match plan::plan(self.goal, self.desired, &fresh) {
                Ok(plan) => plan,
                Err(refusals) => return Err(NotBegun::NoPlan(refusals, Box::new(fresh))),
            };
            if let Some(sealed) = self.sealed.filter(|_| failed.is_empty())
                && let Standing::Moved(moved) = sealed.standing(&plan)
            {
                return Err(NotBegun::Moved(moved));
            }
            // What is left of the plan without some hosts is a part of what was approved.
            let moved = if failed.is_empty() { seen.moved(&plan) } else { plan.beyond(seen) };
            let unfit = operator.agree(&plan, &moved, self.desired, &fresh).await.map_err(NotBegun::No)?;
            if unfit.is_empty() {
                break plan;
            }
            unfit.iter().for_each(|(host, error)| fresh.set_aside(host, error));
        };
        let approved = plan.approve(Consent::given()).map_err(NotBegun::NotApproved)?;
        let execution =
            Execution { desired: self.desired, secrets: self.secrets, world: self.world, lease, sink: operator, stop };
        Ok(Some(execute(approved, execution).await))
    }

    /// Returns true if the run may continue without the hosts that failed: each has left the topology, or the operator allowed hosts to be
    /// left for later, or the goal is to destroy; and the remaining anchors still grant the lease.
    fn goes_on_without(&self, failures: &[StepFailure], before: &[StepFailure], lease: &Lease) -> bool {
        let leaves = self.goal.may_leave_hosts();
        // All were to change together: beside a leader that runs on with the old settings, none is started with the new ones. (A worker is nobody's.)
        let leads =
            |unit: &String| service::roles().any(|role| role.unit() == unit && role.redundancy() != Redundancy::Pool);
        let applies = matches!(self.goal, Goal::Apply { .. });
        let stays = |failure: &StepFailure| applies && failure.unstopped.as_ref().is_some_and(leads);
        let may = |failure: &StepFailure| {
            failure.error != HostError::LeaseLost
                && !stays(failure)
                && (leaves || !self.desired.hosts.contains_key(&failure.host))
        };
        let out: Vec<&Name> = before.iter().chain(failures).map(|failure| &failure.host).collect();
        failures.iter().all(may) && lease.stands_without(&out)
    }
}

/// Takes over what the hosts themselves remember: the cluster's identity, or else a new one, and the data that has left the topology.
pub fn identify(goal: &Goal, desired: &mut Desired, new_identity: &Identity, observed: &Observed) {
    let stamps = observed.hosts.iter().filter_map(|(host, seen)| Some((host, seen.facts()?.stamp.as_ref()?)));
    let ours: Vec<_> =
        stamps.filter(|(host, stamp)| stamp.cluster == desired.cluster && stamp.host == **host).collect();
    ours.into_iter().for_each(|(host, stamp)| desired.keep_data(host, stamp));
    if desired.identity.is_some() {
        return;
    }
    let rest = || match goal {
        Goal::Destroy { .. } => observe::identity_of_the_rest(desired, observed),
        Goal::Apply { .. } => None,
    };
    let identity = observe::identity(desired, observed).or_else(rest);
    desired.is_new = identity.is_none();
    desired.identify(identity.unwrap_or_else(|| new_identity.clone()));
}

fn before_the_first_change() -> Outcome {
    Outcome::Interrupted { before: "the first change".to_owned() }
}

impl Default for Report {
    fn default() -> Report {
        Report { outcome: Outcome::Done, done: 0, said: BTreeMap::new(), left: Vec::new() }
    }
}
