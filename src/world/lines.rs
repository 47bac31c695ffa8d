//! The output of programs on hosts, on its way to the operator: whole lines, and nothing in them that a terminal would obey.

use std::io::{self, Write};

use crate::value::shown_bytes;

/// A longer line is passed on in parts, so that an endless line cannot fill the operator's memory.
const LONGEST_LINE: usize = 64 * 1024;

/// Collects bytes into lines.
#[derive(Debug)]
pub struct Lines<W> {
    to: W,
    /// Each line begins with this.
    before: String,
    held: Vec<u8>,
}

impl<W: Write> Lines<W> {
    pub fn to(to: W, before: &str) -> Lines<W> {
        Lines { to, before: before.to_owned(), held: Vec::new() }
    }

    pub fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        // A carriage return at the end may be the first half of a line's end.
        let known = self.held.strip_suffix(b"\r").unwrap_or(&self.held);
        let whole = known.iter().rposition(|byte| *byte == b'\n' || *byte == b'\r').map_or(0, |at| at + 1);
        let ready = if self.held.len() > LONGEST_LINE { self.held.len() } else { whole };
        self.pass(ready)
    }

    /// The rest, when there is no more.
    pub fn end(&mut self) -> io::Result<()> {
        self.pass(self.held.len())
    }

    fn pass(&mut self, count: usize) -> io::Result<()> {
        let mut text = plain(&self.held[..count]);
        self.held.drain(..count);
        if !self.before.is_empty() && !text.is_empty() {
            // Another host's line may come next.
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text = text.split_inclusive('\n').map(|line| format!("{}{line}", self.before)).collect();
        }
        // A reader that has closed our output ends the command through its own input.
        self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush())
    }
}

/// A carriage return begins a line of its own, as a progress bar means it; it never goes back over one.
fn plain(bytes: &[u8]) -> String {
    let mut out = String::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n' || *byte == b'\r') {
        match line {
            b"\n" if out.ends_with('\r') => {
                out.pop();
                out.push('\n');
            }
            [text @ .., b'\r'] => {
                out.push_str(&shown_bytes(text));
                out.push('\r');
            }
            text => out.push_str(&shown_bytes(text)),
        }
    }
    out.replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(parts: &[&[u8]]) -> String {
        passed_with("", parts)
    }

    fn passed_with(before: &str, parts: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut lines = Lines::to(&mut out, before);
        parts.iter().for_each(|part| lines.take(part).expect("a vector takes all"));
        lines.end().expect("a vector takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn lines_arrive_whole_and_with_nothing_that_a_terminal_obeys() {
        assert_eq!(passed(&[b"a", b"b\nc"]), "ab\nc");
        assert_eq!(passed(&[b"\x1b[2Jx\n\xff\n"]), "\\u001b[2Jx\n\\xff\n");
        assert_eq!(passed(&[b"one\r\ntwo\r[==>  ]\rdone\n"]), "one\ntwo\n[==>  ]\ndone\n");
        assert_eq!(passed(&[b"one\r", b"\ntwo\r"]), "one\ntwo\n");
        assert_eq!(passed(&[b"a\tb\n"]), "a\tb\n");
        assert_eq!(passed_with("h1  ", &[b"a\rh2  b\n", b"c"]), "h1  a\nh1  h2  b\nh1  c\n");
        let long = vec![b'x'; LONGEST_LINE + 1];
        assert!(passed_with("h1  ", &[&long, b"y\n"]).ends_with("x\nh1  y\n"));
    }

    #[test]
    fn a_line_without_an_end_is_not_collected_for_ever() {
        let mut lines = Lines::to(Vec::new(), "");
        for _ in 0..1000 {
            lines.take(&[b'x'; 1024]).expect("a vector takes all");
            assert!(lines.held.len() <= LONGEST_LINE);
        }
    }
}
