//! Diagnostics as people and programs read them.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::diagnostic::Source;
use crate::value::shown_line;

/// One diagnostic for programs: the shape of `validate --json`.
#[derive(Clone, Debug, Serialize)]
pub struct Located {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// Names the line and the column.
pub fn locate(diagnostic: &Diagnostic, source: &Source) -> Located {
    let (line, column) = source.line_column(diagnostic.span.start);
    Located {
        severity: diagnostic.code.severity(),
        code: diagnostic.code.name(),
        message: source.redact(&diagnostic.message, diagnostic.span),
        file: source.name.clone(),
        line,
        column,
        help: diagnostic.help.as_ref().map(|help| source.redact(help, diagnostic.span)),
    }
}

/// Writes a diagnostic as rustc does: severity and code, the place on a line of its own, the offending line. ASCII, so that every terminal shows
/// it. What looks like a secret is masked.
pub fn show(diagnostic: &Diagnostic, source: &Source, colour: bool) -> String {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    // The first line alone: a label over many lines hides the point.
    let (number, place) = source.line_at(diagnostic.span.start);
    let at = |offset: usize| offset.clamp(place.start, place.end) - place.start;
    let label = AnnotationKind::Primary.span(at(diagnostic.span.start)..at(diagnostic.span.end));
    let line = &source.masked()[place.clone()];
    let snippet = Snippet::source(line).line_start(number).path(shown_line(&source.name)).annotation(label);
    let message = source.redact(&diagnostic.message, diagnostic.span);
    let help = diagnostic.help.as_ref().map(|help| source.redact(help, diagnostic.span));
    let title = level.primary_title(&message).id(diagnostic.code.name()).element(snippet);
    let report = match &help {
        Some(help) => title.element(Level::HELP.message(help)),
        None => title,
    };
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(WIDTH).render(&[report]) + "\n\n"
}

/// Writes diagnostics one after the other. Of more than a hundred, the first hundred, errors before warnings: nobody reads more of them on a screen.
pub fn show_all(problems: &[&Diagnostic], source: &Source, colour: bool) -> String {
    let mut problems = problems.to_vec();
    if problems.len() > MOST_SHOWN {
        problems.sort_by_key(|problem| problem.code.severity());
    }
    let mut text: String = problems.iter().take(MOST_SHOWN).map(|problem| show(problem, source, colour)).collect();
    if let Some(more) = problems.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
        text += &format!("... and {more} more; `provision validate --json` lists them all\n\n");
    }
    text
}

const MOST_SHOWN: usize = 100;

/// Longer lines of a topology are cut around the label.
const WIDTH: usize = 110;
