//! The commands, one a file. Results go to stdout, everything else to stderr.

mod apply;
mod completions;
mod destroy;
mod exit;
mod explain;
mod fit;
mod graph;
mod init;
mod input;
mod log;
mod logs;
mod names;
mod output;
mod plan;
mod preflight;
mod progress;
mod render;
mod schema;
mod ssh;
mod stand_in;
mod status;
mod submit;
mod terraform;
mod tips;
mod validate;
mod way_in;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::value::shown;

pub use exit::{Exit, Failure};

/// One topology file in, a running highly available Apache Spark cluster out.
#[derive(Debug, Parser)]
#[command(name = "provision", version, max_term_width = 110, after_help = EXITS)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: log::Args,
}

const EXITS: &str = "Exit codes: 0 done or nothing to do; 1 wrong input or an error; 2 `plan --detailed-exitcode` found changes; \
3 refused as unsafe, or not implemented yet; 4 hosts cannot be reached or used; 5 somebody else holds the lease, or it was lost; 6 a host failed the preflight; 7 a step failed; \
8 `status` found something wrong; 64 wrong usage; 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Explain(explain::Args),
    Schema(schema::Args),
    Render(render::Args),
    Graph(graph::Args),
    Preflight(preflight::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Status(status::Args),
    Destroy(destroy::Args),
    Submit(submit::Args),
    Ssh(ssh::Args),
    Logs(logs::Args),
    Completions(completions::Args),
    Man(completions::ManArgs),
    #[command(hide = true)]
    Systemctl(stand_in::SystemctlArgs),
    #[command(hide = true)]
    Supervise(stand_in::SuperviseArgs),
    #[command(hide = true)]
    Flock(stand_in::FlockArgs),
    #[command(hide = true)]
    Setsid(stand_in::SetsidArgs),
}

/// The texts of commands, for tests that read them whole.
pub mod screens {
    pub use super::apply::{finish, next_steps};
    pub use super::destroy::{last_lines, said};
    pub use super::fit::table;
    pub use super::plan::refused;
    pub use super::progress::words;
    pub use super::status::Status;
}

impl Command {
    fn wants_json(&self) -> bool {
        match self {
            Command::Validate(args) => args.json,
            Command::Render(args) => args.json,
            Command::Preflight(args) => args.json,
            Command::Plan(args) => args.json,
            Command::Apply(args) => args.json,
            Command::Status(args) => args.json,
            Command::Destroy(args) => args.json,
            _ => false,
        }
    }
}

/// Prints why a command failed; with `--json` also as an object, where the result would be.
fn complain(failure: &Failure, json: bool) {
    let Failure { exit, error, refusals } = failure;
    // Names of files and texts of topologies are shown, not obeyed.
    output::sayln!("error: {}", shown(&format!("{error:#}")));
    if json {
        let mut object = serde_json::json!({ "error": format!("{error:#}"), "exit": exit.code() });
        if !refusals.is_empty() {
            object["refusals"] = serde_json::json!(refusals);
        }
        output::json(&object);
    }
}

/// Parses the command line, runs the command, and prints why it failed.
pub fn main() -> Exit {
    // Ends here where a shell asks what could stand on the line.
    // A variable of our own: with `COMPLETE` in its environment for another program, this one would do nothing.
    clap_complete::CompleteEnv::with_factory(Cli::command).var(names::VARIABLE).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = tips::with_tip(error, &Cli::command());
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let json = cli.command.wants_json();
    run(cli).unwrap_or_else(|failure| {
        complain(&failure, json);
        failure.exit
    })
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    log::begin(&cli.log)?;
    match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Schema(args) => Ok(schema::run(&args)),
        Command::Render(args) => render::run(&args),
        Command::Graph(args) => wait(graph::run(&args)),
        Command::Preflight(args) => wait(preflight::run(&args)),
        Command::Plan(args) => wait(plan::run(&args)),
        Command::Apply(args) => wait(apply::run(&args)),
        Command::Status(args) => wait(status::run(&args)),
        Command::Destroy(args) => wait(destroy::run(&args)),
        Command::Submit(args) => wait(submit::run(&args)),
        Command::Ssh(args) => wait(ssh::run(&args)),
        Command::Logs(args) => wait(logs::run(&args)),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => completions::man(&args, Cli::command()),
        Command::Systemctl(args) => stand_in::systemctl(&args),
        Command::Supervise(args) => stand_in::supervise(&args),
        Command::Flock(args) => stand_in::flock(&args),
        Command::Setsid(args) => stand_in::setsid(&args),
    }
}

/// Hands ssh sessions to at most this many threads: each costs a stack, and more make nothing faster (docs/measurements.md).
const SSH_THREADS: usize = 128;

/// So many descriptors are enough for the hosts of a large cluster.
const DESCRIPTORS: u64 = 4096;

/// Systems give a process 1024 descriptors, and more to one that asks.
fn ask_for_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS));
    if current.is_some_and(|current| current < wanted) {
        // Without them it keeps fewer connections.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
}

fn wait(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    ask_for_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(SSH_THREADS)
        .thread_stack_size(1024 * 1024)
        .enable_all()
        .build()
        .map_err(|error| Failure::error(anyhow::Error::new(error).context("cannot start")))?;
    let result = runtime.block_on(work);
    // A thread that is still blocked on a dead host must not keep an operator waiting.
    runtime.shutdown_background();
    result
}
