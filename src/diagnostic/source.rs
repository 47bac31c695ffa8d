//! The text of a topology and where it came from.

use std::io;
use std::path::{Path, PathBuf};

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
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let name = name.into();
        let text = text.into();
        let folder = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Source { name, text, folder, line_starts }
    }

    pub fn read(path: &Path) -> io::Result<Source> {
        if std::fs::metadata(path)?.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than any topology (64 MiB)"));
        }
        let text = std::fs::read_to_string(path)?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        Ok(Source::new(path.display().to_string(), text))
    }

    /// Line and column, both from 1, the column in characters.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let before = self.text.get(self.line_starts[line]..offset).unwrap_or_default();
        (line + 1, before.chars().count() + 1)
    }

    /// The file name without its extension, which names the output folder. `None` if it cannot: that of `...yaml` is `..`.
    pub fn stem(&self) -> Option<String> {
        let stem = Path::new(&self.name).file_stem()?.to_str()?;
        (!["", ".", ".."].contains(&stem)).then(|| stem.to_owned())
    }
}
