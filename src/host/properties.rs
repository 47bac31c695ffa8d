//! Java properties, escaped by construction.

use std::fmt::Write as _;

use serde::Serialize;

/// One line of a properties file, key and value escaped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Property {
    pub key: String,
    pub value: String,
}

impl Property {
    /// Escaped as `java.util.Properties` reads them.
    pub fn of(key: &str, value: &str) -> Property {
        Property { key: escape(key, true), value: escape(value, false) }
    }
}

/// The value behind a key, escaped.
pub fn property_value(value: &str) -> String {
    escape(value, false)
}

fn escape(text: &str, key: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if key || at == 0 => out.push_str("\\ "),
            '=' | ':' | '#' | '!' if key => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_graphic() || c == ' ' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    write!(out, "\\u{unit:04x}").expect("a String takes all text");
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_value_stays_on_its_line() {
        let line = Property::of("a", "x\nb=1\\ ü $(id) {{ 7*7 }} \u{1f600}");
        assert_eq!(line.value, "x\\nb=1\\\\ \\u00fc $(id) {{ 7*7 }} \\ud83d\\ude00");
    }
}
