//! `provision destroy`

use super::apply::{carry_out, finish};
use super::input::{self, TopologyArg};
use super::{Exit, Failure, plan as planning};
use crate::plan::{Goal, Phase};

/// Removes exactly what was made; data only with --delete-data
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Remove the data too; there is no way back
    #[arg(long)]
    delete_data: bool,
    /// Print the ledger as JSON
    #[arg(long)]
    json: bool,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open(input::read(args.topology.path())?)?;
    let goal = Goal::Destroy { delete_data: args.delete_data };
    let (plan, observed) = planning::make(&goal, &loaded).await?;
    if plan.is_empty() {
        eprint!("{plan}");
        return Ok(if plan.unknown.is_empty() { Exit::Done } else { Exit::Unreachable });
    }
    for phase in &plan.phases {
        if let Phase::Steps { title, steps } = phase {
            let hosts: Vec<_> = steps.iter().map(|step| step.target.name.as_str()).collect();
            eprintln!("{title}: {}", hosts.join(", "));
        }
    }
    plan.skipped.iter().for_each(|skipped| eprintln!("left: {skipped}"));
    eprintln!("{}", if args.delete_data { "The data goes too." } else { "The data stays." });
    if !args.yes {
        input::confirm(&format!("Destroy the cluster `{}`?", plan.cluster))?;
    }
    let skipped = plan.skipped.clone();
    let report = carry_out(&goal, plan, &loaded, &observed).await?;
    if args.json {
        println!(
            "{}",
            serde_json::json!({ "outcome": report.outcome.to_string(), "ledger": report.said, "left": skipped })
        );
    } else {
        for (host, lines) in &report.said {
            lines.iter().for_each(|line| println!("{host:16} {line}"));
        }
        skipped.iter().for_each(|line| println!("{line}"));
    }
    finish(&report, &format!("provision destroy {}", args.topology.path().display()))?;
    Ok(if skipped.is_empty() { Exit::Done } else { Exit::Unreachable })
}
