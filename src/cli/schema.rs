//! `provision schema`

use super::Exit;
use super::output::out;

/// Prints the JSON Schema of the topology language, for editors
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(Args {}: &Args) -> Exit {
    out!("{}", crate::topology::schema());
    Exit::Done
}
