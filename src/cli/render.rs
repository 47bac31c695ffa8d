//! `provision render`

use std::path::PathBuf;

use anyhow::Context;

use super::input::{self, TopologyArg};
use super::output::{out, outln};
use super::{Exit, Failure};
use crate::{desired, render};

/// Writes what every node gets, byte for byte, for people to review
///
/// Secrets are placeholders. The files go to hosts-out/<topology>/<node>/.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    topology: TopologyArg,
    /// The folder that all of it goes below
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
    /// Write nothing; fail and show the differences when what is on disk differs
    #[arg(long)]
    check: bool,
    /// Print {"folder": ..., "files": [...]} or {"differences": [...]}
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let source = input::read(args.topology.path())?;
    let topology = input::load(&source)?;
    let tree = render::hosts(&desired::of(&input::resolve(&topology)?));
    let folder = args.out.join("hosts-out").join(source.stem());
    if !args.check {
        render::write(&folder, &tree)
            .with_context(|| format!("cannot write below {}", folder.display()))
            .map_err(Failure::error)?;
        if args.json {
            outln!("{}", serde_json::json!({ "folder": folder, "files": tree.keys().collect::<Vec<_>>() }));
        } else {
            outln!("{} files in {}", tree.len(), folder.display());
        }
        return Ok(Exit::Done);
    }
    let differences = render::check(&folder, &tree)
        .with_context(|| format!("cannot read {}", folder.display()))
        .map_err(Failure::error)?;
    if args.json {
        let all: Vec<_> = differences.iter().map(ToString::to_string).collect();
        outln!("{}", serde_json::json!({ "differences": all }));
    } else {
        differences.iter().for_each(|difference| out!("{difference}"));
    }
    if differences.is_empty() {
        return Ok(Exit::Done);
    }
    Err(Failure::say(
        Exit::Error,
        format!(
            "{} differs in {} files from what the topology renders to; run `provision render {}`",
            folder.display(),
            differences.len(),
            source.name
        ),
    ))
}
