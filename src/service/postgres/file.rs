//! `PostgreSQL`'s part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::file::ServiceFile;
use crate::value::{Disk, Label, Name, NameOrRange, SecretFile, UserName, Version};
use crate::yaml::Field;

/// A `PostgreSQL` database.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PostgresFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// The hosts, where hosts have names.
    #[schemars(with = "Option<Vec<NameOrRange>>")]
    pub hosts: Field<Vec<Field<Name>>>,
    /// The database to make.
    #[schemars(required)]
    pub database: Field<Label>,
    /// Its owner.
    #[schemars(required)]
    pub user: Field<UserName>,
    /// The owner's password: `{ env: NAME }` or `{ file: path }`.
    #[schemars(required)]
    pub password: Field<SecretFile>,
    /// The data disk in GiB.
    pub disk: Field<Disk>,
}

impl ServiceFile for PostgresFile {
    const KEY: &'static str = "postgres";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
