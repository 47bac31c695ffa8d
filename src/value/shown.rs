//! Text of others as people may see it.

use std::fmt::Write as _;

/// Text with every character that a terminal would obey, or that would make it show another order than there is, as an escape. Line
/// breaks and tabs stay.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The same for bytes; those that are not UTF-8 are shown as `\x1b`.
pub fn shown_bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&shown(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// The same in one line.
pub fn shown_line(text: &str) -> String {
    shown(&text.replace(['\n', '\t'], " "))
}

/// The most characters of one thing that a host says.
const MOST: usize = 300;

/// One thing that a host says, in one line of at most 300 characters: it is shown in messages, tables and JSON.
pub fn brief(text: &str) -> String {
    cut(text, MOST)
}

/// The beginning of a text, in one line.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", shown_line(&text[..end])),
        None => shown_line(text),
    }
}

/// Controls of both sets, what turns the direction of text or joins it (Unicode UAX 9, and the byte order mark), and what is invisible: text that
/// a program reads and nobody sees.
pub fn acts(c: char) -> bool {
    // Unicode's Default_Ignorable_Code_Point, but for those below; and the anchors of annotations.
    let invisible = matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}');
    let direction = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}');
    direction || invisible || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown_as_an_escape() {
        assert_eq!(shown("plain\n\ttext é"), "plain\n\ttext é");
        assert_eq!(shown("\u{1b}[2J\u{7f}\u{9b}31m\r"), "\\u001b[2J\\u007f\\u009b31m\\u000d");
        assert_eq!(shown("a\u{202e}b"), "a\\u202eb");
        assert_eq!(shown("a\u{ad}b\u{e0041}"), "a\\u00adb\\ue0041");
        assert_eq!(shown("\u{206a}\u{fff9}\u{3164}"), "\\u206a\\ufff9\\u3164");
        assert_eq!(shown_bytes(b"a\xff\x1b]0;x\x07"), "a\\xff\\u001b]0;x\\u0007");
        assert_eq!(shown_line("a\nb\tc"), "a b c");
        assert_eq!(brief("a\u{1b}\nb"), "a\\u001b b");
        assert_eq!(brief(&"é".repeat(9_999)), format!("{}...", "é".repeat(300)));
    }
}
