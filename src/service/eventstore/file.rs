//! `EventStore`'s part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::storage::EventStorageFile;
use crate::service::file::ServiceFile;
use crate::value::{Name, Version};
use crate::yaml::Field;

/// An `EventStore` cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventstoreFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// The number of members.
    pub nodes: Field<u32>,
    /// Its storage.
    pub storage: Field<EventStorageFile>,
    /// The gateway in front of it. Default: none.
    pub frontend: Field<Frontend>,
}

/// A gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Frontend {
    /// An nginx that forwards to the members.
    Nginx,
}

/// Its key in a topology.
pub const KEY: &str = "eventstore";

impl ServiceFile for EventstoreFile {
    const KEY: &'static str = KEY;

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
