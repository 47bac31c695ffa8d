//! Exit codes: which kind of end it was, for scripts.

use std::process::ExitCode;

use crate::plan::refusal::RefusalJson;

/// The exit codes of commands. The numbers are documented and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    Error,
    Changes,
    Refused,
    Unreachable,
    Locked,
    Unfit,
    Failed,
    Unwell,
    Usage,
    Interrupted,
    /// The exit code of a command on a host.
    Code(u8),
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Error => 1,
            Exit::Changes => 2,
            Exit::Refused => 3,
            Exit::Unreachable => 4,
            Exit::Locked => 5,
            Exit::Unfit => 6,
            Exit::Failed => 7,
            Exit::Unwell => 8,
            Exit::Usage => 64,
            Exit::Interrupted => 130,
            Exit::Code(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// An end that needs words.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
    /// The reasons why no plan can be made, for JSON.
    pub refusals: Vec<RefusalJson>,
}

impl Failure {
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit, error: error.into(), refusals: Vec::new() }
    }

    pub fn error(error: impl Into<anyhow::Error>) -> Failure {
        Failure::new(Exit::Error, error)
    }

    pub fn say(exit: Exit, text: impl std::fmt::Display) -> Failure {
        Failure::new(exit, anyhow::anyhow!("{text}"))
    }
}
