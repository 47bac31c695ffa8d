//! Where jobs keep checkpoints, event logs and data.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::topology::value::{Disk, Label};
use crate::yaml::Field;

/// Where jobs keep checkpoints, event logs and data: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StorageFile {
    /// A bucket of Amazon S3.
    pub s3: Field<S3File>,
    /// A container of Azure Data Lake Storage Gen2.
    pub adls: Field<AdlsFile>,
    /// A volume that all of the service's pods share.
    pub volume: Field<VolumeFile>,
}

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct S3File {
    /// The bucket's name.
    #[schemars(required)]
    pub bucket: Field<Label>,
}

/// A container of a storage account.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdlsFile {
    /// The storage account: 3 to 24 lower-case letters and digits.
    #[schemars(required)]
    pub account: Field<Label>,
    /// The container in it.
    #[schemars(required)]
    pub container: Field<Label>,
}

/// A volume.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VolumeFile {
    /// Its size in GiB.
    #[schemars(required)]
    pub size: Field<Disk>,
}

/// Where `EventStore` keeps its files: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventStorageFile {
    /// A share of Azure Files.
    pub azure_files: Field<VolumeFile>,
    /// A disk for each member.
    pub disk: Field<VolumeFile>,
    /// The pod itself: the data goes with it.
    pub pod: Field<PodStorageFile>,
}

/// Nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodStorageFile {}
