//! Diagnostics as people and programs read them.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
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

/// Writes a diagnostic as rustc does: severity and code, the place on a line of its own, the offending line. ASCII, so that every terminal shows
/// it. What looks like a secret is masked.
pub fn show(diagnostic: &Diagnostic, source: &Source, colour: bool) -> String {
    let text = mask(&source.text);
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let start = diagnostic.span.start.min(text.len());
    // A label over many lines hides the point: the first line says enough.
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = diagnostic.span.end.clamp(start, line_end);
    let label = AnnotationKind::Primary.span(start..end);
    let snippet = Snippet::source(&text).path(&source.name).annotation(label);
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.name()).element(snippet);
    let report = match &diagnostic.help {
        Some(help) => title.element(Level::HELP.message(help)),
        None => title,
    };
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(WIDTH).render(&[report]) + "\n\n"
}

/// Longer lines of a topology are cut around the label.
const WIDTH: usize = 110;

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
