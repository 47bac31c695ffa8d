//! The text of a file of the user's own.

use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use crate::value::{announces_secret, carries_secret};

/// The most bytes of a file: as much as a plan can show the difference of.
pub const LARGEST: u64 = 65536;

/// The way out where a text looks like a secret.
pub const WRITE_SECRET: &str =
    "write from: PATH and private: true, and give the file in PATH the mode 0600; the file is then shown nowhere";

/// The text of a regular file, up to one byte more than is possible. Nothing is waited for: a pipe without a writer would block.
pub fn text_of(path: &Path) -> Result<String, String> {
    let text = |error: std::io::Error| error.to_string();
    let file =
        OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path).map_err(text)?;
    if !file.metadata().map_err(text)?.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(text)?;
    String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".to_owned())
}

/// Returns what keeps a text from being laid as a file.
pub fn not_plain(text: &str) -> Option<String> {
    let acts = |c: &char| c.is_control() && !"\n\r\t".contains(*c);
    if text.len() as u64 > LARGEST {
        Some(format!("the text has more than {} KiB", LARGEST / 1024))
    } else if text.is_empty() {
        Some("the text is empty".to_owned())
    } else {
        text.chars().find(acts).map(|c| format!("the text contains the control character {}", c.escape_default()))
    }
}

/// The first line that names or holds a secret, counted from 1.
pub fn line_with_secret(text: &str) -> Option<usize> {
    text.lines().position(|line| announces_secret(line) || carries_secret(line)).map(|at| at + 1)
}
