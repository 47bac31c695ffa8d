//! What `local` runs of this program beside the tool itself: the stand-in for systemd. Not for people.

use std::path::PathBuf;

use super::output::sayln;
use super::{Exit, Failure};
use crate::world::local;

/// Answers what a script asks of systemctl, for a folder that stands for a host
#[derive(Debug, clap::Args)]
pub struct SystemctlArgs {
    root: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Keeps one service of a folder alive
#[derive(Debug, clap::Args)]
pub struct SuperviseArgs {
    root: PathBuf,
    unit: String,
}

pub fn systemctl(args: &SystemctlArgs) -> Result<Exit, Failure> {
    let program = std::env::current_exe().map_err(Failure::error)?;
    match local::systemctl(&program, &args.root, &args.arguments) {
        Ok(()) => Ok(Exit::Done),
        Err(why) => {
            sayln!("{why}");
            Ok(Exit::Error)
        }
    }
}

pub fn supervise(args: &SuperviseArgs) -> Result<Exit, Failure> {
    // One thread: a service is bound to the life of the thread that starts it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::error)?;
    runtime.block_on(local::supervise(&args.root, &args.unit)).map_err(Failure::error)?;
    Ok(Exit::Done)
}
