//! `provision destroy`

use std::collections::BTreeMap;

use super::apply::{Agreed, carry_out, finish, print_nothing};
use super::input::{self, TopologyArg};
use super::output::{self, outln, say, sayln};
use super::{Exit, Failure, plan as planning};
use crate::plan::Goal;
use crate::value::counted;

/// Removes what provision created; data only with --delete-data
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Do not ask for approval
    #[arg(short, long)]
    yes: bool,
    /// Remove the data too; this cannot be undone
    #[arg(long)]
    delete_data: bool,
    /// Print what was removed as JSON
    #[arg(long)]
    pub json: bool,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let mut loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    let goal = Goal::Destroy { delete_data: args.delete_data };
    let (plan, observed) = planning::make(&goal, &mut loaded).await?;
    if plan.is_empty() {
        say!("{plan}");
        print_nothing(args.json);
        return Ok(if plan.unknown.is_empty() { Exit::Done } else { Exit::Unreachable });
    }
    say!("{plan}");
    sayln!("{}", if args.delete_data { "The data goes too." } else { "The data stays." });
    let agreed = if args.yes {
        Agreed::Whatever
    } else {
        input::confirm(&format!("Destroy the cluster `{}`?", plan.cluster)).map(|()| Agreed::Shown)?
    };
    let report = carry_out(&goal, plan, agreed, &mut loaded, &observed, &BTreeMap::new()).await?;
    if args.json {
        output::json(&report);
    } else {
        for (host, lines) in &report.said {
            lines.iter().for_each(|line| outln!("{host:16} {line}"));
        }
        report.left.iter().for_each(|line| outln!("{line}"));
    }
    let path = args.topology.path().display().to_string();
    let data = if args.delete_data { " --delete-data" } else { "" };
    finish(&report, &format!("provision destroy {path}{data}"), &path)?;
    let data = report.said.values().flatten().filter(|line| line.starts_with("stays data")).count();
    if report.left.is_empty() {
        sayln!("`{}` is destroyed.", loaded.cluster.name);
    } else {
        sayln!("`{}` is destroyed, except for what is left above.", loaded.cluster.name);
    }
    if data > 0 {
        sayln!(
            "Its data stays in {}: `provision apply` uses it again, `provision destroy --delete-data` removes it.",
            counted(data, "directory")
        );
    }
    Ok(if report.left.is_empty() { Exit::Done } else { Exit::Unreachable })
}
