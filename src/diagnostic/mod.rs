//! The faults of a topology: a stable code, a place, a way out; and the page that explains the code.

mod code;
mod mask;
mod report;
mod source;

use serde::Serialize;

use crate::yaml::{Fault, FaultKind, Field, Span, split_help};

pub use code::{Code, hazards};
pub use report::{Located, locate, show, show_all};
pub use source::Source;

/// The weight of a diagnostic. Errors stop every command; warnings stop only `validate --strict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Note,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub span: Span,
    pub message: String,
    pub help: Option<String>,
}

/// The value is wrong, and among the problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reported;

/// Everything found so far. Checks add to it and go on.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a problem; chain [`Added::help`] where the user can act on it.
    pub fn add(&mut self, code: Code, span: Span, message: impl Into<String>) -> Added<'_> {
        self.0.push(Diagnostic { code, span, message: message.into(), help: None });
        Added(self.0.last_mut().expect("one was just pushed"))
    }

    /// Reports a required key that is missing. Returns its value if it is valid.
    pub fn need<'f, T>(&mut self, within: Span, key: &str, field: &'f Field<T>) -> Option<&'f T> {
        if field.is_missing() {
            self.add(Code::T003, within, format!("`{key}` is missing"));
        }
        field.ok()
    }

    /// A key that is no name, with the way out that the type of names knows.
    pub fn add_bad_name(&mut self, span: Span, why: &str) {
        let (message, help) = split_help(why);
        self.add(Code::T001, span, message).maybe_help(help.map(str::to_owned));
    }

    pub fn add_fault(&mut self, fault: Fault) {
        let Fault { kind, span, message, help } = fault;
        let code = match kind {
            FaultKind::Invalid => Code::T001,
            FaultKind::UnknownKey => Code::T002,
            FaultKind::DuplicateKey => Code::T004,
            FaultKind::SecretInline => Code::T020,
        };
        self.0.push(Diagnostic { code, span, message, help });
    }

    /// Removes the warnings of a code. Returns true if there were any.
    pub fn accept(&mut self, code: Code) -> bool {
        let before = self.0.len();
        self.0.retain(|problem| problem.code != code);
        self.0.len() < before
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.code.severity() == Severity::Error)
    }

    pub fn has_errors_within(&self, place: Span) -> bool {
        let inside = |d: &Diagnostic| place.start <= d.span.start && d.span.start < place.end;
        self.0.iter().any(|d| d.code.severity() == Severity::Error && inside(d))
    }

    /// In the order of the file.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|d| (d.span.start, d.code.severity(), d.code));
        all.dedup();
        all
    }
}

/// A problem just added, to be completed.
#[derive(Debug)]
pub struct Added<'a>(&'a mut Diagnostic);

impl Added<'_> {
    pub fn help(self, help: impl Into<String>) {
        self.0.help = Some(help.into());
    }

    pub fn maybe_help(self, help: Option<String>) {
        self.0.help = help;
    }
}
