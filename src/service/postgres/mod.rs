//! `PostgreSQL`, as far as it is checked: this version does not deliver it.

pub mod file;

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{PlatformView, Service};
use file::PostgresFile;

/// `PostgreSQL`, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Postgres;

impl Service for Postgres {
    fn file(&self) -> FileType {
        FileType::of::<PostgresFile>()
    }

    fn title(&self) -> &'static str {
        "PostgreSQL"
    }

    fn about(&self) -> &'static str {
        "A `PostgreSQL` database."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn check_keys(&self, files: &ServicesFile, problems: &mut Diagnostics) {
        let Some((at, file)) = files.spanned::<PostgresFile>() else { return };
        problems.need(at, "database", &file.database);
        problems.need(at, "user", &file.user);
        problems.need(at, "password", &file.password);
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["postgres.host", "postgres.port"]
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<PostgresFile>()?;
        at.check_hosts(&file.hosts, &[], problems);
        Some(Arc::new(Postgres))
    }
}
