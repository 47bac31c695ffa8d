//! `provision schema`

use super::{Exit, Failure};

/// Prints the JSON Schema of the topology language, for editors
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(Args {}: &Args) -> Result<Exit, Failure> {
    print!("{}", crate::topology::schema());
    Ok(Exit::Done)
}
