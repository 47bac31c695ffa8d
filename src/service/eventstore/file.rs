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
    /// The platform it lives on. Default: the only one that can carry it.
    pub platform: Field<Name>,
    /// The version. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// How many members.
    pub nodes: Field<u32>,
    /// Where it keeps its files.
    pub storage: Field<EventStorageFile>,
    /// What stands in front of it. Default: nothing.
    pub frontend: Field<Frontend>,
}

/// What can stand in front.
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
