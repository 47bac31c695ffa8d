//! `provision schema`

use super::Exit;
use super::output::out;

/// Prints the JSON Schema of the topology language, for editors
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print the language as a Markdown page instead
    #[arg(long)]
    markdown: bool,
}

pub fn run(args: &Args) -> Exit {
    out!("{}", if args.markdown { crate::topology::reference() } else { crate::topology::schema() });
    Exit::Done
}
