//! The parts of this program that `local` runs beside the tool itself: the stand-ins for systemd, and for programs that only Linux has. Not
//! for people.

use std::path::PathBuf;
use std::time::Duration;

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

/// Locks the file that is its input, which stays locked as long as whoever opened it has it open
#[derive(Debug, clap::Args)]
pub struct FlockArgs {
    /// The seconds to wait; without it, as long as it takes.
    seconds: Option<u64>,
}

/// Runs a command in a session of its own
#[derive(Debug, clap::Args)]
pub struct SetsidArgs {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<std::ffi::OsString>,
}

pub fn flock(args: &FlockArgs) -> Result<Exit, Failure> {
    match local::lock(&std::io::stdin(), args.seconds.map(Duration::from_secs)) {
        Ok(is_locked) => Ok(if is_locked { Exit::Done } else { Exit::Error }),
        // As from util-linux's, 1 says that somebody else has it, and anything else that it cannot be had.
        Err(error) => Err(Failure::new(Exit::Failed, error)),
    }
}

pub fn setsid(args: &SetsidArgs) -> Result<Exit, Failure> {
    let error = local::in_a_session(&args.command);
    Err(Failure::error(anyhow::anyhow!("{}: {error}", args.command[0].display())))
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::error)?;
    runtime.block_on(local::supervise(&args.root, &args.unit)).map_err(Failure::error)?;
    Ok(Exit::Done)
}
