//! Elasticsearch, as far as it is checked: this version does not deliver it.

pub mod file;

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{PlatformView, Service};
use file::ElasticsearchFile;

/// Elasticsearch, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Elasticsearch;

impl Service for Elasticsearch {
    fn file(&self) -> FileType {
        FileType::of::<ElasticsearchFile>()
    }

    fn title(&self) -> &'static str {
        "Elasticsearch"
    }

    fn about(&self) -> &'static str {
        "An Elasticsearch cluster."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["elasticsearch.host", "elasticsearch.port"]
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<ElasticsearchFile>()?;
        at.check_hosts(&file.hosts, &[("nodes", file.nodes.span()), ("pool", file.pool.span())], problems);
        Some(Arc::new(Elasticsearch))
    }
}
