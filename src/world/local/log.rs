//! The output of a service, with the time before each line.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::files::Files;

/// A log of this size makes room for a new one; one former is kept.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// A file that grows by lines and does not grow for ever.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    /// The host and the service, for example the journal: logs of several may be read together.
    source: String,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

impl Log {
    /// Goes on with a service's log.
    pub fn open(files: &Files) -> io::Result<Log> {
        let path = files.log();
        let file = Files::open(&path)?;
        let size = file.metadata()?.len();
        Ok(Log { path, source: files.source(), open: Mutex::new(Open { file, bytes: size }) })
    }

    /// A full disk costs lines of the log, and not the service.
    pub fn line(&self, text: &str) {
        let line =
            format!("{} {}: {}\n", humantime::format_rfc3339_seconds(SystemTime::now()), self.source, text.trim_end());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.bytes > MOST_BYTES
            && std::fs::rename(&self.path, self.path.with_extension("log.old")).is_ok()
            && let Ok(file) = Files::open(&self.path)
        {
            *open = Open { file, bytes: 0 };
        }
        if open.file.write_all(line.as_bytes()).is_ok() {
            open.bytes += line.len() as u64;
        }
    }
}
