//! `provision preflight`

use std::collections::BTreeMap;

use super::fit::{checks, table};
use super::input::{self, TopologyArg};
use super::output::{self, out, outln, say};
use super::plan::refused;
use super::{Exit, Failure};
use crate::execute::identify;
use crate::observe::observe;
use crate::plan::preflight::Check;
use crate::plan::{Goal, plan};
use crate::value::counted;

/// Checks whether hosts are fit for the topology; changes nothing
///
/// `apply` makes the same checks before its first change. Exits with 6 if a host is not fit.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let source = input::read(args.topology.path())?;
    let topology = input::load(&source)?;
    if topology.is_managed() {
        return Err(Failure::say(Exit::Usage, "nothing of this topology is on hosts: there is nothing to check"));
    }
    let mut loaded = input::open_checked(source, &topology)?;
    let goal = Goal::Apply { allow_outage: true, skip_unreachable: true };
    let observed = observe(&loaded.desired, &loaded.secrets, &loaded.world).await;
    identify(&goal, &mut loaded.desired, &loaded.new_identity, &observed);
    let checks = checks(&loaded.desired, &loaded.world, &observed).await;
    if args.json {
        let form = |Check { host, what, seen, problem }: &Check| serde_json::json!({ "host": host, "check": what, "seen": seen, "problem": problem });
        let unknown: BTreeMap<_, _> = observed.unknown().map(|(name, error)| (name, error.to_string())).collect();
        output::json(&serde_json::json!({ "checks": checks.iter().map(form).collect::<Vec<_>>(), "unknown": unknown }));
    }
    let bad: Vec<_> = checks.iter().filter(|check| check.problem.is_some()).collect();
    if !args.json && !bad.is_empty() {
        out!("{}", table(&bad));
    }
    // What stops any plan stops this, too: a host of another cluster, or one that cannot be asked.
    plan(&goal, &loaded.desired, &observed).map_err(|refusals| refused(&refusals, &observed))?;
    for (name, error) in observed.unknown() {
        say!("{name} cannot be reached or used: {error}\n");
    }
    if !bad.is_empty() {
        return Err(Failure::say(Exit::Unfit, format!("{} of {} checks failed", bad.len(), checks.len())));
    }
    if !args.json {
        outln!(
            "{} checks of {} passed",
            checks.len(),
            counted(observed.hosts.len() - observed.unknown().count(), "host")
        );
    }
    Ok(if observed.unknown().next().is_some() { Exit::Unreachable } else { Exit::Done })
}
