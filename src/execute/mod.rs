//! The only mutator. It does what an approved plan says, asks `roll::next` where the plan says to, and stops where it is safe.

mod converge;
mod gate;
mod journal;
mod latches;
pub mod lease;
mod roll;

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::desired::Desired;
use crate::host::{Action, HostError, HostQuery, Secrets, Seen, Target};
use crate::observe::{for_reach, look_at_all};
use crate::plan::reach::{Silence, culprits, silences};
use crate::plan::{ApprovedPlan, Connections, Phase, Step};
use crate::value::Name;
use crate::world::World;

pub use converge::{NotBegun, Operator, Work, identify};
pub use gate::{Steady, look};
pub use lease::{Lease, NoLease, acquire};

/// Progress events.
#[derive(Clone, Debug)]
pub enum Event {
    Phase {
        title: String,
    },
    Begun {
        host: Name,
        title: String,
    },
    Done {
        host: Name,
        title: String,
        said: Vec<String>,
    },
    Failed {
        host: Name,
        title: String,
        error: String,
    },
    Waiting {
        because: String,
    },
    Passed {
        what: String,
    },
    Rolling {
        host: Name,
        because: String,
    },
    /// The last lines of a service that does not come up.
    Log {
        host: Name,
        unit: String,
        lines: Vec<String>,
    },
    /// The others go on without it.
    SetAside {
        host: Name,
        because: String,
    },
}

pub trait Sink {
    fn event(&mut self, event: Event);
}

/// The result of a run: its outcome and the work that was done. As JSON it is one object whose `outcome` names the end.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Actions that were done.
    pub done: usize,
    /// The hosts' own lines about them.
    pub said: BTreeMap<Name, Vec<String>>,
    /// The work that the executed plan leaves for later, and the hosts that are unknown, with the reason.
    pub left: Vec<String>,
}

#[derive(Debug, thiserror::Error, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    #[error("everything is done")]
    Done,
    #[error("stopped at a safe point; the next step would have been: {before}")]
    Interrupted { before: String },
    #[error("{} failed", failures.len())]
    Failed { failures: Vec<StepFailure> },
    #[error("gave up {what} after {seconds} s: {because}")]
    NotWell {
        what: String,
        seconds: u64,
        because: String,
        /// The unit whose log tells more.
        #[serde(skip)]
        unit: &'static str,
    },
    #[error(
        "{node} did not come up with its new configuration ({because}). {}. The roll stopped here",
        if *put_back { "Its old configuration is back, and with it the node serves again" } else { "Its old configuration could not be restored" }
    )]
    PutBack { node: String, put_back: bool, because: String },
    #[error("refused: {why}")]
    Refused { why: String },
    #[error(
        "the lease is lost: the anchors no longer receive this apply's heartbeats, and another apply may have started (`provision status` names it); this one changed nothing after it lost the lease"
    )]
    LeaseLost,
}

/// An action that a host did not do.
#[derive(Debug, thiserror::Error, Serialize)]
#[error("{host}, {action}: {error}")]
pub struct StepFailure {
    pub host: Name,
    pub action: String,
    #[serde(serialize_with = "in_words")]
    pub error: HostError,
    /// The unit that was to stop, and may run on.
    #[serde(skip)]
    pub unstopped: Option<String>,
}

fn in_words<S: serde::Serializer>(error: &HostError, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(error)
}

/// Raised by Ctrl-C.
#[derive(Debug)]
pub struct Stop(tokio::sync::watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Stop {
        Stop(tokio::sync::watch::Sender::new(false))
    }
}

impl Stop {
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        // The sender is ours: it outlives whoever waits.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}

/// Everything an execution works with.
#[expect(missing_debug_implementations, reason = "a world and a sink need not be printable")]
pub struct Execution<'a, W: World, S: Sink> {
    pub desired: &'a Desired,
    pub secrets: &'a Secrets,
    pub world: &'a W,
    pub lease: &'a Lease,
    pub sink: &'a mut S,
    pub stop: &'a Stop,
}

/// Executes an approved plan.
pub async fn execute<W: World, S: Sink>(plan: ApprovedPlan, mut execution: Execution<'_, W, S>) -> Report {
    let mut report = Report { left: plan.plan().left(), ..Report::default() };
    if let Err(outcome) = execution.all(&plan, &mut report).await {
        report.outcome = outcome;
    }
    report
}

impl<W: World, S: Sink> Execution<'_, W, S> {
    async fn all(&mut self, plan: &ApprovedPlan, report: &mut Report) -> Result<(), Outcome> {
        let plan = plan.plan();
        if plan.is_empty() {
            return Ok(());
        }
        self.raise(plan, report).await?;
        for phase in &plan.phases {
            let title = title(phase);
            if self.stop.is_asked() {
                return Err(Outcome::Interrupted { before: title });
            }
            if !self.lease.is_held() {
                return Err(Outcome::LeaseLost);
            }
            self.sink.event(Event::Phase { title: title.clone() });
            match phase {
                Phase::Steps { steps, .. } if plan.releases_latches => {
                    self.steps_and_latches(steps, report).await?;
                }
                Phase::Steps { steps, .. } => self.steps(steps, report).await?,
                Phase::Gate { gate, .. } => self.gate(gate).await?,
                Phase::Reach { from, proven, tried, .. } => self.reach(from, proven, tried, report).await?,
                Phase::Roll(roll) => self.roll(roll, plan.releases_latches, report).await?,
            }
        }
        Ok(())
    }

    /// Checks that new connections from here reach every host, and that hosts reach each other: existing connections would hide a fault until the
    /// next restart.
    async fn reach(
        &mut self,
        from: &Connections,
        proven: &[Target],
        tried: &[Target],
        report: &mut Report,
    ) -> Result<(), Outcome> {
        // The rules of one host may close the way to another: none stay before a new connection came in to each.
        let nobody = Vec::new();
        let query = |target: &Target| {
            let pairs = from.get(&target.name).unwrap_or(&nobody);
            (target.clone(), HostQuery { is_fresh: true, ..for_reach(pairs) })
        };
        let seen = look_at_all(proven.iter().map(query).collect(), self.world).await;
        let silences = silences(self.desired, &seen);
        let failure = |(host, its): (Name, Vec<&Silence>)| {
            let its: Vec<_> = its.iter().map(ToString::to_string).collect();
            let why = format!(
                "new connections between the hosts: {}. The new rules, which let in the addresses of the topology, are rolled back. Check whether a host sends from an address that the topology does not have",
                its.join("; ")
            );
            StepFailure {
                host,
                action: "check the firewall".to_owned(),
                error: HostError::Failed { why },
                unstopped: None,
            }
        };
        let unknown = seen.iter().filter_map(|(host, seen)| {
            let Seen::Unknown(error) = seen else { return None };
            let error = match error {
                HostError::Unreachable { .. } | HostError::ConnectionGone { .. } => {
                    HostError::LockedOut { why: error.to_string() }
                }
                _ => error.clone(),
            };
            Some(StepFailure { host: host.clone(), action: "check the firewall".to_owned(), error, unstopped: None })
        });
        let failures: Vec<_> = culprits(&silences).into_iter().map(failure).chain(unknown).collect();
        if failures.is_empty() {
            return Ok(());
        }
        // Each host would do it by itself when the time is over.
        let back = |target: &Target| Step { target: target.clone(), action: Action::EndTrial, why: Vec::new() };
        match self.steps(&tried.iter().map(back).collect::<Vec<_>>(), report).await {
            Err(Outcome::LeaseLost) => Err(Outcome::LeaseLost),
            _ => Err(Outcome::Failed { failures }),
        }
    }

    /// Raises the epoch: from here on every host of the plan refuses earlier applies.
    async fn raise(&mut self, plan: &crate::plan::Plan, report: &mut Report) -> Result<(), Outcome> {
        if !self.lease.is_held() {
            return Err(Outcome::LeaseLost);
        }
        // The anchors first: whoever comes next learns the epoch from a majority of them, and from nobody else.
        let raise = |target: &Target| Step { target: target.clone(), action: Action::Raise, why: Vec::new() };
        let (anchors, others): (Vec<&Target>, Vec<&Target>) =
            plan.everyone.iter().partition(|target| self.lease.holds(&target.name));
        for hosts in [anchors, others] {
            let steps: Vec<Step> = hosts.into_iter().map(raise).collect();
            self.steps(&steps, report).await?;
        }
        let line = journal::begun(plan, self.lease);
        self.steps(&self.on_anchors(plan, &line), report).await
    }

    fn on_anchors(&self, plan: &crate::plan::Plan, line: &str) -> Vec<Step> {
        let anchors = plan.everyone.iter().filter(|target| self.desired.anchors.contains(&target.name));
        anchors
            .map(|target| Step {
                target: target.clone(),
                action: Action::Journal { line: line.to_owned() },
                why: Vec::new(),
            })
            .collect()
    }

    /// Independent steps at once; those of one host one after the other.
    async fn steps(&mut self, steps: &[Step], report: &mut Report) -> Result<(), Outcome> {
        let mut by_host: BTreeMap<&Name, Vec<&Step>> = BTreeMap::new();
        for step in steps {
            by_host.entry(&step.target.name).or_default().push(step);
        }
        let (events, mut incoming) = tokio::sync::mpsc::unbounded_channel();
        let (lease, world) = (self.lease, self.world);
        let work = join_all(by_host.into_values().map(|steps| on_one_host(steps, lease, world, events.clone())));
        drop(events);
        let show = async {
            while let Some(event) = incoming.recv().await {
                self.sink.event(event);
            }
        };
        let (results, ()) = tokio::join!(work, show);
        let mut failures = Vec::new();
        for (done, failure) in results {
            report.done += done.len();
            for (host, said) in done {
                report.said.entry(host).or_default().extend(said);
            }
            failures.extend(failure);
        }
        if failures.iter().any(|failure| failure.error == HostError::LeaseLost) {
            return Err(Outcome::LeaseLost);
        }
        if failures.is_empty() { Ok(()) } else { Err(Outcome::Failed { failures }) }
    }
}

/// The lines that each action printed, and the failure that stopped the host's work, if any.
type HostWork = (Vec<(Name, Vec<String>)>, Option<StepFailure>);

/// The steps of one host, one after the other, up to the first that fails.
async fn on_one_host<W: World>(
    steps: Vec<&Step>,
    lease: &Lease,
    world: &W,
    events: UnboundedSender<Event>,
) -> HostWork {
    let mut done = Vec::new();
    for step in steps {
        let (host, title) = (step.target.name.clone(), step.action.title());
        let tell = |event: Event| {
            if !step.action.is_bookkeeping() || matches!(event, Event::Failed { .. }) {
                // Sending fails only when nobody listens any more.
                let _ = events.send(event);
            }
        };
        let error = if lease.is_held() {
            tell(Event::Begun { host: host.clone(), title: title.clone() });
            match world.act(&step.target, &step.action, lease.permit()).await {
                Ok(said) => {
                    tell(Event::Done { host: host.clone(), title, said: said.clone() });
                    done.push((host, said));
                    continue;
                }
                Err(error) => {
                    tell(Event::Failed { host: host.clone(), title: title.clone(), error: error.to_string() });
                    error
                }
            }
        } else {
            HostError::LeaseLost
        };
        let unstopped = match &step.action {
            // However it failed: a host that was lost, or gave no answer in time, may run it on.
            Action::Stop { unit } => Some(unit.clone()),
            _ => None,
        };
        return (done, Some(StepFailure { host, action: title, error, unstopped }));
    }
    (done, None)
}

fn title(phase: &Phase) -> String {
    match phase {
        Phase::Steps { title, .. } | Phase::Gate { title, .. } | Phase::Reach { title, .. } => title.clone(),
        Phase::Roll(roll) => format!("restart every {} in turn", roll.role.title()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_names_its_end_and_every_step_that_failed() {
        let host: Name = "h2".parse().expect("a name");
        let error = HostError::LeaseLost;
        let failure = StepFailure {
            host: host.clone(),
            action: "enable zookeeper".to_owned(),
            error: error.clone(),
            unstopped: None,
        };
        let outcome = Outcome::Failed { failures: vec![failure] };
        let report =
            Report { outcome, done: 2, said: BTreeMap::from([(host, vec!["file /a".to_owned()])]), left: Vec::new() };
        let failure = serde_json::json!({ "host": "h2", "action": "enable zookeeper", "error": error.to_string() });
        let wanted = serde_json::json!({ "outcome": "failed", "failures": [failure], "done": 2, "said": { "h2": ["file /a"] }, "left": [] });
        assert_eq!(serde_json::json!(report), wanted);
        let report = Report::default();
        assert_eq!(serde_json::json!(report)["outcome"], "done");
    }
}
