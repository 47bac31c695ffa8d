//! What a service prints, with the time before each line.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::state::run_folder;

/// A log of this size makes room for a new one; one former is kept.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    open: Mutex<(File, u64)>,
}

impl Log {
    pub fn open(root: &Path, unit: &str) -> io::Result<Log> {
        let path = run_folder(root).join(format!("{unit}.log"));
        let file = append(&path)?;
        let size = file.metadata()?.len();
        Ok(Log { path, open: Mutex::new((file, size)) })
    }

    /// A full disk costs lines of the log, and not the service.
    pub fn line(&self, text: &str) {
        let line = format!("{} {}\n", humantime::format_rfc3339_seconds(SystemTime::now()), text.trim_end());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.1 > MOST_BYTES
            && std::fs::rename(&self.path, self.path.with_extension("log.old")).is_ok()
            && let Ok(file) = append(&self.path)
        {
            *open = (file, 0);
        }
        if open.0.write_all(line.as_bytes()).is_ok() {
            open.1 += line.len() as u64;
        }
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
