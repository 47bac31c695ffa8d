//! `provision completions` and `provision man`: made from the command line's own types.

use clap_complete::env::Shells;

use super::output::out;
use super::{Exit, Failure, names};

/// Prints completions for a shell
#[derive(Debug, clap::Args)]
pub struct Args {
    shell: clap_complete::Shell,
}

/// Prints the manual page, for `man -l` or /usr/local/share/man/man1/provision.1
#[derive(Debug, clap::Args)]
pub struct ManArgs {}

/// Prints a function for the shell, which asks this program: so names of nodes and jobs are completed, too.
pub fn run(args: &Args) -> Result<Exit, Failure> {
    let shells = Shells::builtins();
    let shell = shells.completer(&args.shell.to_string()).expect("both lists have the same shells");
    let mut text = Vec::new();
    shell
        .write_registration(names::VARIABLE, "provision", "provision", "provision", &mut text)
        .map_err(Failure::error)?;
    out!("{}", String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}

/// Prints one page: the command, then every subcommand with its options.
pub fn man(ManArgs {}: &ManArgs, mut command: clap::Command) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(Failure::error)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let page = clap_mangen::Man::new(sub.clone());
        page.render_name_section(&mut text).map_err(Failure::error)?;
        page.render_synopsis_section(&mut text).map_err(Failure::error)?;
        page.render_description_section(&mut text).map_err(Failure::error)?;
        page.render_options_section(&mut text).map_err(Failure::error)?;
    }
    out!("{}", String::from_utf8_lossy(&text));
    Ok(Exit::Done)
}
