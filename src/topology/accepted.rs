//! Warnings that the file accepts.

use crate::diagnostic::{Code, Diagnostics, Severity};
use crate::value::Reason;
use crate::yaml::{Entries, Field};

/// Removes the warnings that the file accepts, and reports what cannot be accepted or need not be.
pub fn check(accept: &Field<Entries<Reason>>, problems: &mut Diagnostics) {
    for entry in accept.ok().into_iter().flatten() {
        let at = entry.key.span;
        let code = match entry.key.text.parse::<Code>() {
            Ok(code) => code,
            Err(error) => {
                problems.add(Code::T010, at, error.to_string());
                continue;
            }
        };
        match code.severity() {
            Severity::Error => {
                problems.add(Code::T012, at, format!("{code} is an error, and only warnings can be accepted"));
            }
            Severity::Warning | Severity::Note if entry.value.ok().is_none() => {}
            Severity::Warning | Severity::Note => {
                // After an error, not every check has run.
                if !problems.accept(code) && !problems.has_errors() {
                    problems
                        .add(Code::T090, at, format!("{code} is accepted, but nothing is reported under this code"))
                        .help("leave it out, so that it cannot hide a later warning");
                }
            }
        }
    }
}
