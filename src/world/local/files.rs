//! The files of a service within a folder.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::host::{RUN_FOLDER, UNIT_FOLDER};

/// One service of one folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
    /// The unit's name, without `.service`.
    name: String,
}

impl Files {
    pub fn new(root: &Path, name: &str) -> Files {
        Files { root: root.to_owned(), name: name.to_owned() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host, which the folder is named after, and the service.
    pub fn source(&self) -> String {
        let host = self.root.file_name().unwrap_or_default().to_string_lossy();
        format!("{host} {}", self.name)
    }

    pub fn unit(&self) -> PathBuf {
        self.below(UNIT_FOLDER).join(format!("{}.service", self.name))
    }

    /// A link to the unit while it is enabled, where systemd too has one.
    pub fn wanted(&self) -> PathBuf {
        self.below(UNIT_FOLDER).join("multi-user.target.wants").join(format!("{}.service", self.name))
    }

    /// The record of its supervisor.
    pub fn state(&self) -> PathBuf {
        self.below(RUN_FOLDER).join(format!("{}.state", self.name))
    }

    /// Its output.
    pub fn log(&self) -> PathBuf {
        self.below(RUN_FOLDER).join(format!("{}.log", self.name))
    }

    /// Held by whoever starts or stops it: a script that was killed leaves its `systemctl` behind.
    pub fn lock(&self) -> PathBuf {
        self.below(RUN_FOLDER).join(format!("{}.lock", self.name))
    }

    /// Opens a file of the folder to write at its end. A link in its place is not followed.
    pub fn open(path: &Path) -> std::io::Result<fs::File> {
        let no_link = i32::try_from(OFlags::NOFOLLOW.bits()).expect("a flag of open(2) is an int");
        fs::OpenOptions::new().create(true).append(true).custom_flags(no_link).open(path)
    }

    fn below(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }
}
