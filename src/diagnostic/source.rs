//! The text of a topology and where it came from.

use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::mask::{mask, redact};
use crate::yaml::Span;

/// No topology that people write comes near this size; a bound against reading something else by mistake.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Clone, Debug)]
pub struct Source {
    /// As the user named it.
    pub name: String,
    pub text: String,
    /// The folder that relative paths in it start from.
    pub folder: PathBuf,
    line_starts: Vec<usize>,
    /// The places of values that are known to be secrets.
    secrets: OnceLock<Vec<Span>>,
    masked: OnceLock<String>,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let text = text.into();
        let folder = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { name, text, folder, line_starts, secrets: OnceLock::new(), masked: OnceLock::new() }
    }

    pub fn read(path: &Path) -> io::Result<Source> {
        let mut bytes = Vec::new();
        // A device has no length, and perhaps no end.
        std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than a topology may be (64 MiB)"));
        }
        let text =
            String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Source::new(path.display().to_string(), text))
    }

    /// Line and column, both from 1, the column in characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let (number, line) = self.line_at(offset);
        let before = self.text.get(line.start..offset).unwrap_or_default();
        (number, before.chars().count() + 1)
    }

    /// The number of a line, from 1, and its place without its end.
    pub(super) fn line_at(&self, offset: usize) -> (usize, Range<usize>) {
        let line = self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let end = self.line_starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        (line + 1, self.line_starts[line]..end)
    }

    /// A message about a place, without what that place hides.
    pub(super) fn redact(&self, message: &str, span: Span) -> String {
        let (_, first) = self.line_at(span.start);
        let (_, last) = self.line_at(span.end.saturating_sub(1).max(span.start));
        let lines = first.start..last.end;
        redact(message, &self.text[lines.clone()], &self.masked()[lines])
    }

    /// Hides these places in all that is shown of the text. Called before anything is shown.
    pub fn hide(&self, secrets: Vec<Span>) {
        let _ = self.secrets.set(secrets);
    }

    /// The text as it may be shown, of the same length: without the values of keys that sound like a secret, also where it is no YAML, and
    /// without those that the tree has shown to be one.
    pub(super) fn masked(&self) -> &str {
        self.masked.get_or_init(|| {
            let mut text = mask(&self.text).into_bytes();
            for Span { start, end } in self.secrets.get().into_iter().flatten() {
                text[*start..*end].iter_mut().filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| *byte = b'*');
            }
            String::from_utf8(text).expect("whole values are overwritten")
        })
    }

    /// The file name, as commands in its folder take it.
    pub fn file_name(&self) -> &str {
        Path::new(&self.name).file_name().and_then(|name| name.to_str()).unwrap_or(&self.name)
    }

    /// The file name without its extension, which names the output folder. `None` if it cannot: that of `...yaml` is `..`.
    pub fn stem(&self) -> Option<String> {
        let stem = Path::new(&self.name).file_stem()?.to_str()?;
        (!["", ".", ".."].contains(&stem)).then(|| stem.to_owned())
    }
}
