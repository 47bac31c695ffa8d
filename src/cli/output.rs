//! Writing to stdout and stderr. Whatever hosts said is in it, so control characters are shown and not obeyed (`shown`). A pager that was
//! closed does not end a command: what it no longer reads is dropped, and the exit code stays what it is. (The standard library's macros panic.)

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};

use crate::value::shown;

pub fn to_stdout(text: Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(shown(&text.to_string()).as_bytes()).and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        // A result that a full disk swallowed was not delivered.
        to_stderr(format_args!("error: cannot write the result: {error}\n"));
        std::process::exit(1);
    }
}

pub fn to_stderr(text: Arguments<'_>) {
    // There is no other place to say it.
    let _ = std::io::stderr().lock().write_all(shown(&text.to_string()).as_bytes());
}

/// For what this program itself has coloured, and no host had a part in.
pub fn coloured_to_stdout(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// The same, beside the result.
pub fn coloured_to_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The version of everything that `--json` prints. It changes when a field is renamed, removed or means something else (docs/json.md).
pub const JSON_VERSION: u32 = 1;

/// Prints a result for programs: one object on one line, with the version of its form.
pub fn json(result: &impl serde::Serialize) {
    let mut value = serde_json::to_value(result).expect("results are plain JSON");
    value["version"] = JSON_VERSION.into();
    to_stdout(format_args!("{value}\n"));
}

macro_rules! out { ($($text:tt)*) => { $crate::cli::output::to_stdout(format_args!($($text)*)) }; }
macro_rules! outln { ($($text:tt)*) => { $crate::cli::output::to_stdout(format_args!("{}\n", format_args!($($text)*))) }; }
macro_rules! say { ($($text:tt)*) => { $crate::cli::output::to_stderr(format_args!($($text)*)) }; }
macro_rules! sayln { ($($text:tt)*) => { $crate::cli::output::to_stderr(format_args!("{}\n", format_args!($($text)*))) }; }
pub(super) use {out, outln, say, sayln};
