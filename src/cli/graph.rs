//! `provision graph`

use clap::ValueEnum;

use super::input::{self, TopologyArg};
use super::output::out;
use super::{Exit, Failure, plan as planning};
use crate::desired;
use crate::plan::Goal;
use crate::render::graph::{dot, picture, svg};

/// Draws hosts, services, ports and who talks to whom: provision graph > cluster.svg
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Ask the hosts, and draw what `apply` would do too
    #[arg(long)]
    plan: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For browsers and reviews
    Svg,
    /// For Graphviz
    Dot,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let source = input::read(args.topology.path())?;
    let picture = if args.plan {
        let loaded = input::open(source)?;
        let goal = Goal::Apply { allow_outage: false, skip_unreachable: false };
        let (plan, _) = planning::make(&goal, &loaded).await?;
        picture(&loaded.desired, Some(&plan))
    } else {
        picture(&desired::of(&input::resolve(&input::load(&source)?)?), None)
    };
    out!(
        "{}",
        match args.format {
            Format::Svg => svg(&picture),
            Format::Dot => dot(&picture),
        }
    );
    Ok(Exit::Done)
}
