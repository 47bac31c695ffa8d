//! Diagnostics as people and programs read them.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::diagnostic::Source;

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
        message: diagnostic.message.clone(),
        file: source.name.clone(),
        line,
        column,
        help: diagnostic.help.clone(),
    }
}

/// Writes a diagnostic with the offending lines; what looks like a secret is masked in them.
pub fn show(diagnostic: &Diagnostic, source: &Source, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_context_lines(1).with_width(110);
    let view = View { diagnostic, source: NamedSource::new(source.name.clone(), mask(&source.text)) };
    let mut out = String::new();
    match handler.render_report(&mut out, &view) {
        Ok(()) => out,
        Err(fmt::Error) => format!("{}: {}\n", diagnostic.code, diagnostic.message),
    }
}

#[derive(Debug)]
struct View<'a> {
    diagnostic: &'a Diagnostic,
    source: NamedSource<String>,
}

impl fmt::Display for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for View<'_> {}

impl miette::Diagnostic for View<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.code.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.diagnostic.span;
        // A label over many lines hides the point: show the first line only.
        let text = self.source.inner();
        let line_end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
        let end = span.end.min(line_end).max(span.start);
        Some(Box::new(std::iter::once(LabeledSpan::new(None, span.start, end - span.start))))
    }
}

/// Words in a key that announce a secret value. Rather one too many: they only hide.
const SECRET_WORDS: [&str; 7] = ["pass", "secret", "token", "credential", "accesskey", "access.key", "account.key"];

/// Returns true if what stands behind this key is better not shown.
pub fn announces_secret(key: &str) -> bool {
    let key = key.to_lowercase();
    SECRET_WORDS.iter().any(|word| key.contains(word))
}

/// The text with every scalar behind a secret-looking key overwritten, byte for byte, so that spans still agree.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut awaited = false;
    for line in text.split_inclusive('\n') {
        // `password:` and its value on the line below.
        if awaited && !line.contains(':') && !line.trim().is_empty() {
            out.extend(line.bytes().map(|b| if b.is_ascii_whitespace() { char::from(b) } else { '*' }));
        } else {
            out.push_str(&mask_line(line));
        }
        awaited = line.trim_end().strip_suffix(':').is_some_and(announces_secret);
    }
    out
}

fn mask_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(colon) = rest.find(':') {
        let (key, value) = rest.split_at(colon + 1);
        out.push_str(key);
        let word = key.rsplit(['{', ',', ' ', '"', '\'']).find(|part| part.len() > 1).unwrap_or("");
        let secret = announces_secret(word);
        let open = value.trim_start().starts_with(['{', '\n', '\r']) || value.trim().is_empty();
        rest = value;
        if secret && !open {
            let end = value.find([',', '}', '\n']).unwrap_or(value.len());
            out.extend(value[..end].bytes().map(|b| if b == b' ' { ' ' } else { '*' }));
            rest = &value[end..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_masked_and_nothing_moves() {
        let line = "  postgres: { user: admin, password: hunter2, database: x }\n";
        let masked = mask(line);
        assert_eq!(masked, "  postgres: { user: admin, password: *******, database: x }\n");
        assert_eq!(masked.len(), line.len());
    }

    #[test]
    fn a_password_on_the_next_line_or_in_a_list_is_masked() {
        assert_eq!(mask("password:\n  hunter2\nuser: a\n"), "password:\n  *******\nuser: a\n");
        assert_eq!(mask("password: [hunter2]\n"), "password: *********\n");
    }

    #[test]
    fn a_reference_to_a_secret_stays_readable() {
        let line = "authenticate: { secret: { env: SPARK_SECRET } }\n";
        assert_eq!(mask(line), line);
    }
}
