//! The log of `-v` and `--log-file`: each question to a host, its duration and its end. Scripts are not
//! in it, nor what they carry: a log is read by more people than a secret may be.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Context;
use tracing::Level;

use super::Failure;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print each request to a host on stderr, with its duration
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Log to FILE each request to a host, with the time and its duration
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "verbose")]
    log_file: Option<PathBuf>,
}

pub fn begin(args: &Args) -> Result<(), Failure> {
    let to = tracing_subscriber::fmt().with_max_level(Level::DEBUG).with_target(false).with_ansi(false);
    if let Some(path) = &args.log_file {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot write the log {}", path.display()))
            .map_err(Failure::error)?;
        to.with_writer(Mutex::new(file)).init();
    } else if args.verbose {
        to.without_time().with_writer(std::io::stderr).init();
    }
    Ok(())
}
