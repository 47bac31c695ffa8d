//! A quorum whose first start must never happen twice, because it would lose what the quorum had committed.

use crate::host::Birth;
use crate::value::{HostPath, Role};

/// A quorum whose first start is recorded.
#[derive(Clone, Debug)]
pub struct Quorum {
    pub role: Role,
    pub birth: Birth,
    /// The directory that gets the one-shot marker of a first start.
    pub log_dir: HostPath,
    pub data_dir: HostPath,
    /// The settings that say where its data is.
    pub data_settings: &'static [&'static str],
    /// The milliseconds that a member may take to join.
    pub join_millis: u64,
}

impl Quorum {
    /// The one-shot marker of a new data directory.
    pub fn marker(&self) -> HostPath {
        self.log_dir.join("initialize")
    }

    pub fn majority(&self) -> usize {
        self.birth.members.len() / 2 + 1
    }
}
