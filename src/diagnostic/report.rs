//! Diagnostics as people and programs read them.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::diagnostic::Source;
use crate::value::{acts, shown_line};

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
    let snippet = Snippet::source(&text).path(shown_line(&source.name)).annotation(label);
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
const SECRET_WORDS: [&str; 14] = [
    "pass",
    "secret",
    "token",
    "credential",
    "accesskey",
    "access.key",
    "account.key",
    "authenticate",
    "apikey",
    "api.key",
    "private_key",
    "private.key",
    "pwd",
    "authorization",
];

/// Returns true if what stands behind this key is better not shown.
pub fn announces_secret(key: &str) -> bool {
    secret_word(key).is_some()
}

/// The end of the first word that announces a secret.
fn secret_word(text: &str) -> Option<usize> {
    let text = text.to_ascii_lowercase();
    SECRET_WORDS.iter().filter_map(|word| text.find(word).map(|at| at + word.len())).min()
}

/// The text with all that may be a secret overwritten, byte for byte, so that spans still agree: the rest of the line behind a key that announces
/// one, and the lines below that belong to it. Names of variables and files stay. So do characters that a terminal would obey, as `?`.
fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut below: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let belongs =
            |depth: usize| content.trim().is_empty() || indent > depth || (indent == depth && content.starts_with('-'));
        if below.is_some_and(belongs) {
            out.push_str(&line[..indent]);
            let names_it = |rest: &str| rest.trim().is_empty() || rest.trim_start().starts_with('{');
            match content.strip_prefix("secret:") {
                // `authenticate`, and its key on a line of its own.
                Some(rest) if names_it(rest) => out.push_str(&mask_line(content).0),
                _ if reference(content).is_some_and(|end| content[end..].trim().is_empty()) => out.push_str(content),
                _ => out.push_str(&stars(content)),
            }
            continue;
        }
        let (masked, goes_on) = mask_line(line);
        below = goes_on.then_some(indent);
        out.push_str(&masked);
    }
    out.chars().flat_map(|c| if c != '\n' && acts(c) { vec!['?'; c.len_utf8()] } else { vec![c] }).collect()
}

/// One line, and whether the secret goes on below it.
fn mask_line(line: &str) -> (String, bool) {
    let Some(word) = secret_word(line) else { return (line.to_owned(), false) };
    let Some(sign) = line[word..].find([':', '=']).map(|at| word + at + 1) else { return (line.to_owned(), false) };
    let (shown, value) = line.split_at(sign);
    let plain = value.trim();
    if plain.is_empty() || plain.starts_with(['#', '|', '>']) {
        return (shown.to_owned() + &stars(value), true);
    }
    // Within braces a key may name where the secret is, or announce it once more.
    let inner = value.trim_start();
    if let Some(inner) = inner.strip_prefix('{') {
        let shown = format!("{shown}{}{{", &value[..value.len() - inner.len() - 1]);
        if let Some(end) = reference(inner) {
            let (rest, goes_on) = mask_line(&inner[end..]);
            return (shown + &inner[..end] + &rest, goes_on);
        }
        let first = inner.split([':', '=']).next().unwrap_or_default();
        return if announces_secret(first) {
            (shown + &mask_line(inner).0, true)
        } else {
            (shown + &stars(inner), true)
        };
    }
    (shown.to_owned() + &stars(value), true)
}

/// The end of what says where a secret is, if a text begins with that: `env: NAME` or `file: path`.
fn reference(text: &str) -> Option<usize> {
    let content = text.trim_start();
    let value = content.strip_prefix("env:").or_else(|| content.strip_prefix("file:"))?;
    let word = value.split([',', '}', '\n']).next().unwrap_or_default();
    let is_plain = word.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-~".contains(&byte));
    is_plain.then(|| text.len() - value.len() + word.len())
}

fn stars(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_whitespace() { char::from(byte) } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_masked_however_it_is_written_and_nothing_moves() {
        let table = [
            (
                "  postgres: { user: a, password: hunter2, database: x }\n",
                "  postgres: { user: a, password: ******** ********* * *\n",
            ),
            ("password:\n  hunter2\nuser: a\n", "password:\n  *******\nuser: a\n"),
            ("password:\n\n  # why\n  hunter:2\n", "password:\n\n  * ***\n  ********\n"),
            ("password: [hunter2]\n", "password: *********\n"),
            ("tokens:\n- hunter1\n- hunter2\nuser: a\n", "tokens:\n* *******\n* *******\nuser: a\n"),
            ("secret: |\n  hunter2\n", "secret: *\n  *******\n"),
            ("secret: \"abc,hunter2}x\"\n", "secret: ***************\n"),
            ("secret: { value: hunter2 }\n", "secret: { ****** ******* *\n"),
            ("authenticate: hunter2\n", "authenticate: *******\n"),
            ("options: -Dpassword=hunter2\n", "options: -Dpassword=*******\n"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text), masked);
            assert_eq!(mask(text).len(), text.len());
        }
    }

    #[test]
    fn a_reference_to_a_secret_stays_readable() {
        for text in [
            "authenticate: { secret: { env: SPARK_SECRET } }\n",
            "secret: { file: ~/secret.txt }\n",
            "authenticate:\n  secret: { env: SPARK_SECRET }\n",
            "authenticate:\n  secret:\n    env: SPARK_SECRET\nconfig: {}\n",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(mask("name: a\u{9b}31m\u{1b}b\n"), "name: a??31m?b\n");
    }
}
