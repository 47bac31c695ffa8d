//! Redis's part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::file::ServiceFile;
use crate::value::{Name, NameOrRange, Version};
use crate::yaml::Field;

/// A Redis server.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedisFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// The hosts, where hosts have names.
    #[schemars(with = "Option<Vec<NameOrRange>>")]
    pub hosts: Field<Vec<Field<Name>>>,
}

impl ServiceFile for RedisFile {
    const KEY: &'static str = "redis";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
