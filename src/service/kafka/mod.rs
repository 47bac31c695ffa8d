//! Kafka, as far as it is checked: this version does not deliver it.

pub mod file;

use std::sync::Arc;

use schemars::{Schema, SchemaGenerator};

use crate::diagnostic::Diagnostics;
use crate::platform::{Ground, PlatformKind};
use crate::service::file::{Part, ServiceFile as _, ServicesFile};
use crate::service::services::Checked;
use crate::service::stages::{Place, Service};
use crate::yaml::Fault;
use crate::yaml::tree::Node;
use file::KafkaFile;

/// Kafka, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Kafka;

impl Service for Kafka {
    fn key(&self) -> &'static str {
        KafkaFile::KEY
    }

    fn title(&self) -> &'static str {
        "Kafka"
    }

    fn about(&self) -> &'static str {
        "Kafka brokers."
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<KafkaFile>()
    }

    fn read(&self, node: &Node, faults: &mut Vec<Fault>) -> Option<Part> {
        Part::read::<KafkaFile>(node, faults)
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["kafka.bootstrap"]
    }

    fn check(&self, at: &Place<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<KafkaFile>()?;
        at.check_hosts(&file.hosts, &[("nodes", file.nodes.span()), ("pool", file.pool.span())], problems);
        Some(Arc::new(Kafka))
    }
}
