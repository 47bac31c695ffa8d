//! Redis, as far as it is checked: this version does not deliver it.

pub mod file;

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{PlatformView, Service};
use file::RedisFile;

/// Redis, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Redis;

impl Service for Redis {
    fn file(&self) -> FileType {
        FileType::of::<RedisFile>()
    }

    fn title(&self) -> &'static str {
        "Redis"
    }

    fn about(&self) -> &'static str {
        "A Redis server."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["redis.host", "redis.port"]
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<RedisFile>()?;
        at.check_hosts(&file.hosts, &[], problems);
        Some(Arc::new(Redis))
    }
}
