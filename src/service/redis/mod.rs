//! Redis, as far as it is checked: this version does not deliver it.

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
use file::RedisFile;

/// Redis, as far as it is checked: this version does not deliver it.
#[derive(Clone, Copy, Debug)]
pub struct Redis;

impl Service for Redis {
    fn key(&self) -> &'static str {
        RedisFile::KEY
    }

    fn title(&self) -> &'static str {
        "Redis"
    }

    fn about(&self) -> &'static str {
        "A Redis server."
    }

    fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<RedisFile>()
    }

    fn read(&self, node: &Node, faults: &mut Vec<Fault>) -> Option<Part> {
        Part::read::<RedisFile>(node, faults)
    }

    fn fits(&self, platform: PlatformKind) -> bool {
        matches!(platform.ground(), Ground::NamedHosts | Ground::Kubernetes)
    }

    fn placeholders(&self) -> &'static [&'static str] {
        &["redis.host", "redis.port"]
    }

    fn check(&self, at: &Place<'_>, files: &ServicesFile, problems: &mut Diagnostics) -> Option<Checked> {
        let file = files.get::<RedisFile>()?;
        at.check_hosts(&file.hosts, &[], problems);
        Some(Arc::new(Redis))
    }
}
