//! `provision validate`

use std::path::PathBuf;

use super::output::{self, coloured_to_stdout, sayln};
use super::{Exit, Failure, input};
use crate::diagnostic::{Severity, locate, show_all};
use crate::topology;
use crate::value::shown_line;

/// Checks topologies and reports all problems at once
///
/// Shows notes too. The exit code is 1 if there is an error (with --strict: or a warning), otherwise 0.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The topologies [default: provision.yaml]
    #[arg(value_name = "TOPOLOGY")]
    paths: Vec<PathBuf>,
    /// A topology, given as an option
    #[arg(short = 'f', long = "file", value_name = "TOPOLOGY")]
    files: Vec<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print {"diagnostics": [...]} instead of text
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let mut paths: Vec<PathBuf> = args.paths.iter().chain(&args.files).cloned().collect();
    if paths.is_empty() {
        paths.push("provision.yaml".into());
    }
    let mut all = Vec::new();
    let mut worst = Severity::Note;
    for path in &paths {
        let source = input::read(path)?;
        let (file, mut problems) = topology::load(&source);
        topology::check(&file, &mut problems);
        let problems = problems.sorted();
        worst = problems.iter().map(|problem| problem.code.severity()).fold(worst, Severity::min);
        if args.json {
            all.extend(problems.iter().map(|problem| locate(problem, &source)));
        } else {
            coloured_to_stdout(&show_all(&problems, &source, input::colour(&std::io::stdout())));
        }
    }
    let bad = worst == Severity::Error || (args.strict && worst == Severity::Warning);
    let names = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    if args.json {
        output::json(&serde_json::json!({ "diagnostics": all }));
    } else {
        sayln!("{} is {}", shown_line(&names), if bad { "not valid" } else { "valid" });
    }
    Ok(if bad { Exit::Error } else { Exit::Done })
}
