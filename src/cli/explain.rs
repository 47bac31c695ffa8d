//! `provision explain`

use super::output::{out, outln};
use super::{Exit, Failure};
use crate::diagnostic::Code;

/// Explains a diagnostic code: what is wrong, what happens in a real cluster, what to write instead
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code, for example ZK001; without it, all codes are listed
    code: Option<String>,
    /// Print every page
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    match &args.code {
        Some(code) => out!("{}", code.parse::<Code>().map_err(Failure::error)?.page()),
        None if args.all => out!("{}", crate::diagnostic::hazards()),
        None => Code::ALL.iter().for_each(|code| outln!("{code:6} {}", code.title())),
    }
    Ok(Exit::Done)
}
