//! `provision destroy`

use std::collections::BTreeMap;

use super::apply::{Agreed, carry_out, finish, print_nothing};
use super::input::{self, TopologyArg};
use super::output::{self, outln, say, sayln};
use super::{Exit, Failure, plan as planning};
use crate::execute::Report;
use crate::plan::Goal;
use crate::value::{Name, counted};

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
        print_nothing(args.json, &plan.left());
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
        said(&report).iter().for_each(|line| outln!("{line}"));
    }
    let path = args.topology.path().display().to_string();
    let data = if args.delete_data { " --delete-data" } else { "" };
    finish(&report, &format!("provision destroy {path}{data}"), &path)?;
    sayln!("{}", last_lines(&loaded.cluster.name, &report));
    Ok(if report.left.is_empty() { Exit::Done } else { Exit::Unreachable })
}

/// The hosts' own lines, and what the run left.
pub fn said(report: &Report) -> Vec<String> {
    let of_hosts =
        report.said.iter().flat_map(|(host, lines)| lines.iter().map(move |line| format!("{host:16} {line}")));
    of_hosts.chain(report.left.iter().cloned()).collect()
}

/// The end of a destroy, and of its data.
pub fn last_lines(cluster: &Name, report: &Report) -> String {
    let except = if report.left.is_empty() { "" } else { ", except for what is left above" };
    let destroyed = format!("`{cluster}` is destroyed{except}.");
    match report.said.values().flatten().filter(|line| line.starts_with("kept data")).count() {
        0 => destroyed,
        data => format!(
            "{destroyed}\nIts data stays in {}: `provision apply` uses it again, `provision destroy --delete-data` removes it.",
            counted(data, "directory")
        ),
    }
}
