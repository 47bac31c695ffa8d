//! An `EventStore` cluster, as far as its platform must know.

pub mod file;

use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostics};
use crate::platform::storage::check_one_place;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{PlatformView, Service};
use file::EventstoreFile;

pub use file::KEY;

/// An ensemble has three members where the file does not say.
const MEMBERS: u32 = 3;

/// GiB (learn.microsoft.com, "Understand Azure Files billing": provisioned v1).
const SHARE_LEAST: u32 = 100;

/// An `EventStore` cluster, checked.
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

/// `EventStore` on Kubernetes, of which this version makes the ground alone.
#[derive(Clone, Copy, Debug)]
pub struct OnKubernetes;

impl Service for OnKubernetes {
    fn file(&self) -> FileType {
        FileType::of::<EventstoreFile>()
    }

    fn title(&self) -> &'static str {
        "EventStore"
    }

    fn about(&self) -> &'static str {
        "An `EventStore` cluster."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        platform.ground() == Ground::Kubernetes
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["eventstore.host"]
    }

    fn check(&self, _: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<EventstoreFile>()?;
        let share = file.storage.ok().and_then(|storage| storage.azure_files.ok()?.size.spanned());
        if let Some((at, size)) = share.filter(|(_, size)| size.get() < SHARE_LEAST) {
            problems
                .add(Code::T012, at, format!("a premium share of Azure Files cannot have {size} GiB"))
                .help(format!("use at least {SHARE_LEAST}"));
        }
        if let Some((span, storage)) = file.storage.spanned() {
            let written = [storage.azure_files.span(), storage.disk.span(), storage.pod.span()];
            check_one_place(span, &written, "write one of `azureFiles`, `disk`, `pod`", problems);
        }
        Some(Arc::new(Eventstore::of(file)))
    }
}
