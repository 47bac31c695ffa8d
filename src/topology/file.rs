//! A topology as it is written: everything may be missing or wrong, everything has a place.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::platform::PlatformFile;
use crate::service::ServicesFile;
use crate::service::downloads::DownloadsFile;
use crate::value::{HostPath, Identity, JavaInt, JvmSize, MavenPackage, Name, PropertyValue, Reason, ResourceUrl};
use crate::yaml::{Entries, Field, RawScalar, Span};

/// One file, one cluster.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "A topology of provision")]
pub struct TopologyFile {
    /// The version of this language.
    #[schemars(required)]
    pub api_version: Field<ApiVersion>,
    /// The cluster's name, a DNS label. It prefixes the name of everything that is made.
    #[schemars(required)]
    pub name: Field<Name>,
    /// The identity of this cluster, which tells it from others of the same name: 32 random hexadecimal digits, the first a letter. It stays what
    /// it is for as long as the cluster lives. Default: the first apply makes one, and the hosts remember it.
    pub id: Field<Identity>,
    /// The places the cluster lives in, by names of your own.
    #[schemars(required)]
    pub platforms: Field<Entries<PlatformFile>>,
    /// The services of the cluster, each with its place.
    #[schemars(required)]
    pub services: Field<ServicesFile>,
    /// Warnings that are known and accepted, each with the reason: `{ ZK003: one rack until January }`. They are no longer shown, and
    /// `validate --strict` passes.
    pub accept: Field<Entries<Reason>>,
    /// The sources of downloads on hosts: a mirror, a proxy.
    pub downloads: Field<DownloadsFile>,
    /// Applications that `provision submit` runs, by name.
    pub jobs: Field<Entries<JobFile>>,
}

impl TopologyFile {
    /// The stand-in for a text that could not be read at all: nothing more is to be said of its keys.
    pub fn unreadable() -> Self {
        let at = Span::default();
        TopologyFile {
            api_version: Field::Bad(at),
            name: Field::Bad(at),
            id: Field::Bad(at),
            platforms: Field::Bad(at),
            services: Field::Bad(at),
            accept: Field::Bad(at),
            downloads: Field::Bad(at),
            jobs: Field::Bad(at),
        }
    }
}

/// The versions of this language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only one so far.
    #[serde(rename = "provision/v1")]
    V1,
}

/// An application.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobFile {
    /// The application: `home:` a path within Spark's own directory, `file:` a file beside the topology, or a URL that Spark can read.
    #[schemars(required)]
    pub application: Field<String>,
    /// The same application where a container image has it (`local:///…`).
    pub in_image: Field<String>,
    /// The class to run, for applications in jars.
    pub main_class: Field<String>,
    /// Further jars for the driver and the executors, as URLs that Spark can read (`s3a://…`, `local:///…`).
    pub jars: Field<Vec<Field<ResourceUrl>>>,
    /// Further Python files and archives of modules for the application, as URLs that Spark can read (`s3a://…`, `local:///…`).
    pub py_files: Field<Vec<Field<ResourceUrl>>>,
    /// Files that every executor gets in its working directory, as URLs that Spark can read.
    pub files: Field<Vec<Field<ResourceUrl>>>,
    /// Maven packages, for example `org.apache.spark:spark-avro_2.13:4.3.0`, which the driver fetches.
    pub packages: Field<Vec<Field<MavenPackage>>>,
    /// Arguments of the application, each a text. `{spark.master}`, `{zookeeper.connect}` and the like become addresses. Arguments after `--` on the command line
    /// of `submit` replace them.
    pub arguments: Field<Vec<Field<String>>>,
    /// The driver's share.
    pub driver: Field<DriverFile>,
    /// The executors' share.
    pub executors: Field<ExecutorsFile>,
    /// The cases in which a job that ended is started again. Not used by jobs on hosts: `submit` runs a job once. Default: `never`.
    pub restart: Field<Restart>,
    /// Properties of Spark for this job alone. Secrets belong under `config` of `services: spark:`.
    #[schemars(with = "Option<Entries<RawScalar>>")]
    pub config: Field<Entries<PropertyValue>>,
    /// For a job of structured streaming.
    pub streaming: Field<StreamingFile>,
}

/// The driver's share of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriverFile {
    /// Its cores. Default: 1.
    pub cores: Field<u32>,
    /// Its memory. Default: `1g`.
    pub memory: Field<JvmSize>,
}

/// The executors' share of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecutorsFile {
    /// The number of executors. Default: as many as fit.
    pub instances: Field<JavaInt<1>>,
    /// The cores of each. Default: 1.
    pub cores: Field<JavaInt<1>>,
    /// The memory of each. Default: `1g`.
    pub memory: Field<JvmSize>,
}

/// The policy for a job that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Restart {
    /// It stays ended.
    #[default]
    Never,
    /// It is started again, whatever it returned.
    Always,
}

/// Structured streaming.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StreamingFile {
    /// The directory of checkpoints within `storage`.
    #[schemars(required)]
    pub checkpoint: Field<String>,
}

/// `home:` in front of an application's path.
pub fn in_home(application: &str) -> Option<Result<HostPath, String>> {
    application.strip_prefix("home:").map(|rest| format!("/{rest}").parse())
}
