//! Elasticsearch's part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::service::file::ServiceFile;
use crate::service::zookeeper::file::LoadBalancer;
use crate::value::{Disk, JvmSize, Name, NameOrRange, Version};
use crate::yaml::Field;

/// An Elasticsearch cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ElasticsearchFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version. Default: the newest that the tool knows.
    pub version: Field<Version>,
    /// The number of nodes, on platforms that make their machines.
    pub nodes: Field<u32>,
    /// The hosts, where hosts have names.
    #[schemars(with = "Option<Vec<NameOrRange>>")]
    pub hosts: Field<Vec<Field<Name>>>,
    /// The pool of Kubernetes nodes they run on. Default: any.
    pub pool: Field<Name>,
    /// The JVM's heap.
    pub heap: Field<JvmSize>,
    /// The data disk in GiB.
    pub disk: Field<Disk>,
    /// The way in from outside. Default: none.
    pub load_balancer: Field<LoadBalancer>,
}

impl ServiceFile for ElasticsearchFile {
    const KEY: &'static str = "elasticsearch";

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
