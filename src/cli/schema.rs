//! `provision schema`

use super::Exit;

/// Prints the JSON Schema of the topology language, for editors
#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(Args {}: &Args) -> Exit {
    print!("{}", crate::topology::schema());
    Exit::Done
}
