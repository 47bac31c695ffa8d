//! Kafka's part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::file::ServiceFile;
use crate::value::{Disk, Name, NameOrRange, Version};
use crate::yaml::{Entries, Field};

/// Kafka brokers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KafkaFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version, for example `4.1.0`. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// The number of brokers, on platforms that make their machines.
    pub nodes: Field<u32>,
    /// The hosts of the brokers, where hosts have names.
    #[schemars(with = "Option<Vec<NameOrRange>>")]
    pub hosts: Field<Vec<Field<Name>>>,
    /// The pool of Kubernetes nodes they run on. Default: any.
    pub pool: Field<Name>,
    /// The data disk in GiB.
    pub disk: Field<Disk>,
    /// The topics that must exist, by name.
    pub topics: Field<Entries<TopicFile>>,
}

/// A topic.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicFile {
    /// The number of partitions. Default: 1.
    pub partitions: Field<u32>,
    /// The number of copies of each partition. Default: as many as there are brokers, at most 3.
    pub replication: Field<u32>,
}

impl ServiceFile for KafkaFile {
    const KEY: &'static str = "kafka";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
