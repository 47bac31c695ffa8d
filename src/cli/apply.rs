//! `provision apply`

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::input::{self, Input, Loaded, TopologyArg};
use super::output::{self, say, sayln};
use super::progress::Progress;
use super::{Exit, Failure, fit, plan as planning};
use crate::cluster::Cluster;
use crate::desired::Desired;
use crate::diagnostic::Source;
use crate::execute::{Event, NoLease, NotBegun, Operator, Outcome, Report, Sink, Stop, Work};
use crate::host::HostError;
use crate::observe::Observed;
use crate::plan::{Goal, Moved, NotApproved, Plan, SealedPlan, Standing};
use crate::service;
use crate::value::{Name, as_argument, counted, of_file};
use crate::world::Hosts;

/// Brings the hosts into the state that the topology describes
///
/// Takes a topology, or a plan saved by `provision plan --out`, which carries its own --allow-outage and --skip-unreachable: do not give them again. After a failure, apply the topology again to continue.
#[derive(Debug, clap::Args)]
#[command(mut_arg("path", |arg| arg.value_name("TOPOLOGY|PLAN").help("The topology, or a saved plan [default: provision.yaml]")))]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Do not ask for approval
    #[arg(short, long)]
    yes: bool,
    /// Allow changes that make a service unavailable for a while
    #[arg(long)]
    allow_outage: bool,
    /// Continue without hosts that are unreachable, refused or failing, where that is safe
    #[arg(long)]
    skip_unreachable: bool,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// Names the right command: `provision plan`
    #[arg(long, hide = true)]
    dry_run: bool,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    if args.dry_run {
        return Err(Failure::say(Exit::Usage, "`provision plan` shows what apply would do, and changes nothing"));
    }
    let (mut loaded, goal, sealed) = read(args)?;
    let (plan, observed) = planning::make(&goal, &mut loaded).await?;
    if let Some(sealed) = &sealed {
        match sealed.standing(&plan) {
            Standing::Same => {}
            Standing::NothingLeft => {
                sayln!("Nothing of the saved plan is left to do: the hosts match the topology in it.");
                print_nothing(args.json, &[]);
                return Ok(Exit::Done);
            }
            Standing::Moved(moved) => {
                return Err(has_moved("what the plan touches has changed since it was saved", &moved));
            }
        }
    }
    say!("{plan}");
    if plan.is_empty() {
        print_nothing(args.json, &plan.left());
        return Ok(if plan.left().is_empty() { Exit::Done } else { Exit::Unreachable });
    }
    if let Some(objection) = plan.objection() {
        return Err(not_approved(objection));
    }
    let unfit = fit::check(&loaded.desired, &loaded.world, &observed, goal.may_leave_hosts()).await?;
    let (plan, observed) = if unfit.is_empty() {
        (plan, observed)
    } else {
        let (plan, observed) = planning::without(&goal, &loaded, observed, &unfit)?;
        say!("Without the hosts that are not fit, the plan is:\n{plan}");
        (plan, observed)
    };
    let agreed = match (&sealed, args.yes) {
        (Some(sealed), _) => Agreed::Sealed(sealed),
        (None, true) => Agreed::Whatever,
        (None, false) => input::confirm(QUESTION).map(|()| Agreed::Shown)?,
    };
    let began = Instant::now();
    let report = carry_out(&goal, plan, agreed, &mut loaded, &observed, &unfit).await?;
    if args.json {
        output::json(&report);
    }
    finish(&report, &again(&loaded.source.name, &goal), &loaded.source.name)?;
    report.left.iter().for_each(|line| sayln!("left: {line}"));
    sayln!("{}", next_steps(&loaded.cluster, &loaded.source.name, began.elapsed()));
    Ok(if report.left.is_empty() { Exit::Done } else { Exit::Unreachable })
}

/// Reads the topology and the goal, from a topology or from a saved plan.
fn read(args: &Args) -> Result<(Loaded, Goal, Option<Box<SealedPlan>>), Failure> {
    let options = args.allow_outage || args.skip_unreachable;
    match input::read_either(args.topology.path())? {
        Input::Plan(_) if options => {
            Err(Failure::say(Exit::Usage, "a saved plan has its options in it: give them to `plan --out`"))
        }
        Input::Plan(sealed) => {
            let source = Source::new(sealed.topology_name.clone(), sealed.topology_text.clone());
            let loaded = Loaded { new_identity: sealed.identity.clone(), ..input::open(source)? };
            Ok((loaded, sealed.goal(), Some(sealed)))
        }
        Input::Topology(source) => {
            let goal = Goal::Apply { allow_outage: args.allow_outage, skip_unreachable: args.skip_unreachable };
            Ok((input::open(source)?, goal, None))
        }
    }
}

/// The command that continues after a failed apply. It names the topology, because the hosts no longer match a saved plan.
fn again(topology: &str, goal: &Goal) -> String {
    let (outage, unreachable) = match goal {
        Goal::Apply { allow_outage, skip_unreachable } => (*allow_outage, *skip_unreachable),
        Goal::Destroy { .. } => (false, false),
    };
    let outage = if outage { " --allow-outage" } else { "" };
    let unreachable = if unreachable { " --skip-unreachable" } else { "" };
    format!("provision apply {topology}{outage}{unreachable}")
}

/// Prints the JSON result of a command that had nothing to do, with what is left for later.
pub fn print_nothing(json: bool, left: &[String]) {
    if json {
        output::json(&serde_json::json!({ "outcome": "nothingToDo", "done": 0, "said": {}, "left": left }));
    }
}

const QUESTION: &str = "Do this?";

/// The plans that the operator has approved.
#[derive(Clone, Copy, Debug)]
pub enum Agreed<'a> {
    /// Only the saved plan.
    Sealed(&'a SealedPlan),
    /// The plan on the screen. If it changes, it is shown and asked about again.
    Shown,
    /// Whatever is needed once the lease is held (`--yes`).
    Whatever,
}

/// The operator at this terminal.
struct Terminal<'a> {
    agreed: Agreed<'a>,
    goal: &'a Goal,
    world: &'a Hosts,
    progress: Progress,
}

impl Sink for Terminal<'_> {
    fn event(&mut self, event: Event) {
        self.progress.event(event);
    }
}

impl Operator for Terminal<'_> {
    type No = Failure;

    async fn agree(
        &mut self,
        fresh: &Plan,
        moved: &[Moved],
        desired: &Desired,
        observed: &Observed,
    ) -> Result<BTreeMap<Name, HostError>, Failure> {
        if moved.is_empty() {
            return Ok(BTreeMap::new());
        }
        say!("The hosts changed meanwhile; the plan is now:\n{fresh}");
        if matches!(self.goal, Goal::Apply { .. }) {
            let unfit = fit::check(desired, self.world, observed, self.goal.may_leave_hosts()).await?;
            if !unfit.is_empty() {
                return Ok(unfit);
            }
        }
        if matches!(self.agreed, Agreed::Shown) {
            input::confirm(QUESTION)?;
        }
        Ok(BTreeMap::new())
    }
}

/// Runs an approved plan to its end, with progress on the screen.
pub async fn carry_out(
    goal: &Goal,
    plan: Plan,
    agreed: Agreed<'_>,
    loaded: &mut Loaded,
    observed: &Observed,
    unfit: &BTreeMap<Name, HostError>,
) -> Result<Report, Failure> {
    let stop = watch_interrupts();
    let who = input::who();
    let Loaded { desired, new_identity, secrets, world, .. } = loaded;
    let mut terminal = Terminal { agreed, goal, world, progress: Progress::new() };
    let sealed = if let Agreed::Sealed(sealed) = agreed { Some(sealed) } else { None };
    let work = Work { goal, sealed, desired, new_identity, secrets, world, who: &who, stop: &stop, unfit };
    let report = work.converge(&plan, observed, &mut terminal).await;
    terminal.progress.finish();
    report.map_err(|error| match error {
        NotBegun::NoLease(error) => no_lease(error),
        NotBegun::NoPlan(refusals, observed) => planning::refused(&refusals, &observed),
        NotBegun::NotApproved(error) => not_approved(error),
        NotBegun::Moved(moved) => has_moved("the hosts changed while you read the plan", &moved),
        NotBegun::No(failure) => failure,
    })
}

/// The refusal of a plan that has changed, with as many differences as fit on a screen.
fn has_moved(what: &str, moved: &[Moved]) -> Failure {
    let all: Vec<_> = moved.iter().take(20).map(|moved| format!("\n  {moved}")).collect();
    Failure::say(Exit::Refused, format!("{what}; plan again:{}", all.concat()))
}

fn not_approved(error: NotApproved) -> Failure {
    let exit = match error {
        NotApproved::Outage(_) => Exit::Refused,
        NotApproved::Unknown(_) => Exit::Unreachable,
    };
    Failure::new(exit, error)
}

fn no_lease(error: NoLease) -> Failure {
    let exit = match error {
        NoLease::Held { .. } => Exit::Locked,
        NoLease::NoMajority { .. } => Exit::Unreachable,
        NoLease::Foreign { .. } => Exit::Refused,
    };
    Failure::new(exit, error)
}

/// Handles Ctrl-C: the first stops at the next safe point, the second immediately.
fn watch_interrupts() -> Arc<Stop> {
    let stop = Arc::new(Stop::default());
    let asked = stop.clone();
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) else {
            return;
        };
        loop {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            if asked.is_asked() {
                sayln!(
                    "stopped immediately; to continue, apply the topology again (a saved plan that was begun is refused)"
                );
                std::process::exit(130);
            }
            asked.ask();
            sayln!("stopping at the next safe point; press Ctrl-C again to stop immediately");
        }
    });
    stop
}

/// Turns the outcome into a message and an exit code.
pub fn finish(report: &Report, again: &str, topology: &str) -> Result<(), Failure> {
    let exit = match &report.outcome {
        Outcome::Done => return Ok(()),
        Outcome::Interrupted { .. } => Exit::Interrupted,
        Outcome::Refused { .. } => Exit::Refused,
        Outcome::LeaseLost => Exit::Locked,
        Outcome::Failed { failures } => {
            let all: Vec<_> = failures.iter().map(|failure| format!("\n  {failure}")).collect();
            return Err(Failure::say(
                Exit::Failed,
                format!(
                    "{} failed. Every other step that began is complete or safe to repeat. Correct what failed, then run `{again}`. What failed:{}",
                    counted(failures.len(), "step"),
                    all.concat()
                ),
            ));
        }
        Outcome::NotWell { .. } | Outcome::PutBack { .. } => Exit::Failed,
    };
    // Why a service does not come up, it alone can say.
    let logs = |of: &str| format!("`provision logs {of}{}` shows the service's own output; ", of_file(topology));
    let ask = match &report.outcome {
        Outcome::NotWell { unit, .. } => logs(unit),
        Outcome::PutBack { node, .. } => logs(node.split(',').next().unwrap_or(node)),
        _ => String::new(),
    };
    let then = match &report.outcome {
        // The same again would end in the same way.
        Outcome::PutBack { .. } => format!("correct the cause, then run `{again}`"),
        Outcome::Refused { .. } => {
            format!(
                "`provision status{}` shows which nodes do not serve: repair them, then run `{again}`",
                as_argument(topology)
            )
        }
        _ => format!("`{again}` continues from here"),
    };
    Err(Failure::say(exit, format!("{}\n{ask}{then}", report.outcome)))
}

/// The last lines of a successful apply: the cluster's addresses and the next command.
pub fn next_steps(cluster: &Cluster, topology: &str, took: Duration) -> String {
    let mut text = format!("Done in {} s.", took.as_secs().max(1));
    for (label, address) in service::all().rev().flat_map(|service| service.addresses(cluster)) {
        text += &format!("\n  {label:7} {address}");
    }
    let file = of_file(topology);
    match cluster.jobs.keys().next() {
        Some(job) => text += &format!("\n  next    provision submit {job}{file}"),
        None => text += &format!("\n  next    provision status{file}"),
    }
    text
}
