//! Kafka, as far as it is checked: this version does not deliver it.

pub mod file;

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{FileType, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{PlatformView, Service};
use file::KafkaFile;

/// Kafka, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Kafka;

impl Service for Kafka {
    fn file(&self) -> FileType {
        FileType::of::<KafkaFile>()
    }

    fn title(&self) -> &'static str {
        "Kafka"
    }

    fn about(&self) -> &'static str {
        "Kafka brokers."
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["kafka.bootstrap"]
    }

    fn check(&self, at: &PlatformView<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<KafkaFile>()?;
        at.check_hosts(&file.hosts, &[("nodes", file.nodes.span()), ("pool", file.pool.span())], problems);
        Some(Arc::new(Kafka))
    }
}
