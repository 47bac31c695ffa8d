//! Questions and actions as POSIX sh. Whoever can run sh on a host and carry bytes can be a way to reach it.

mod act;
mod hold;
mod look;
mod outcome;
mod parse;
mod place;
mod remove;
mod sockets;

pub use act::{act, cached};
pub use hold::hold;
pub use look::look;
pub use outcome::{in_words, not_begun, outcome};
pub use parse::facts;
pub use place::ScriptPlace;

/// The part that a script printed itself: a login shell's profile may print before the script does, in any encoding.
fn own_output(stdout: &[u8]) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"begin\n";
    let at = stdout.windows(BEGIN.len()).enumerate();
    let begins = |at: &usize| *at == 0 || stdout[at - 1] == b'\n';
    at.filter(|(_, window)| *window == BEGIN).map(|(at, _)| at).find(begins).map(|at| &stdout[at + BEGIN.len()..])
}

/// A script for the standard input of `sh`.
#[derive(Clone, PartialEq, Eq)]
pub struct Script(pub String);

impl std::fmt::Debug for Script {
    /// A script may carry a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({} bytes)", self.0.len())
    }
}
