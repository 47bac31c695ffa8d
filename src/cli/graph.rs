//! `provision graph`

use clap::ValueEnum;

use super::input::{self, TopologyArg};
use super::output::out;
use super::{Exit, Failure, plan as planning};
use crate::cluster;
use crate::desired::{self, cloud};
use crate::plan::Goal;
use crate::render::graph::{Picture, dot, picture, svg};
use crate::topology::listeners;

/// Draws the hosts, services, ports and connections: provision graph > cluster.svg
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// The output format
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// Observe the hosts, and also draw what `apply` would do
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
    let topology = input::load(&source)?;
    let clouds = cloud::of(&topology, source.file_name());
    let mut fleet = None;
    let mut picture = if args.plan {
        let mut loaded = input::open_checked(source, &topology)?;
        let goal = Goal::Apply { allow_outage: false, skip_unreachable: false };
        let (plan, _) = planning::make(&goal, &mut loaded).await?;
        fleet = loaded.cluster.fleet;
        picture(&loaded.desired, Some(&plan))
    } else {
        match cluster::resolve(&topology, input::here) {
            Ok(cluster) => {
                let picture = picture(&desired::of(&cluster), None);
                fleet = cluster.fleet;
                picture
            }
            // What its services will be is not known yet; its cloud is.
            Err(error) if error.is_not_yet_delivered() && !clouds.is_empty() => Picture::of(&topology.name),
            Err(error) => return Err(Failure::new(Exit::Refused, error)),
        }
    };
    clouds.iter().for_each(|cloud| picture.add_cloud(fleet.as_ref(), &listeners::all(&topology), cloud));
    out!(
        "{}",
        match args.format {
            Format::Svg => svg(&picture),
            Format::Dot => dot(&picture),
        }
    );
    Ok(Exit::Done)
}
