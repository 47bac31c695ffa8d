//! An `EventStore` cluster, as far as its platform must know.

pub mod file;

use file::EventstoreFile;

/// An ensemble has three members where the file does not say.
const MEMBERS: u32 = 3;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eventstore {
    pub nodes: u32,
    /// The size of each member's share of Azure Files, in GiB; `None` where its files are elsewhere.
    pub share: Option<u32>,
}

impl Eventstore {
    pub fn of(file: &EventstoreFile) -> Eventstore {
        let share = file.storage.ok().and_then(|storage| storage.azure_files.ok()?.size.ok());
        Eventstore { nodes: file.nodes.or(MEMBERS), share: share.map(|size| size.get()) }
    }
}
