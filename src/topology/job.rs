//! Applications, checked.

use std::collections::BTreeMap;

use crate::value::{ConfigKey, HostPath, JvmSize, MavenPackage, ResourceUrl};

/// An application, checked.
#[derive(Clone, Debug)]
pub struct Job {
    pub application: Application,
    pub main_class: Option<String>,
    pub jars: Vec<ResourceUrl>,
    pub py_files: Vec<ResourceUrl>,
    pub files: Vec<ResourceUrl>,
    pub packages: Vec<MavenPackage>,
    pub arguments: Vec<String>,
    pub driver_memory: JvmSize,
    pub instances: Option<u32>,
    pub executor_cores: u32,
    pub executor_memory: JvmSize,
    pub config: BTreeMap<ConfigKey, String>,
}

/// The source of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Application {
    /// Below Spark's own directory; the path starts with a slash.
    Home(HostPath),
    /// A file of the operator's, relative to the topology.
    File(std::path::PathBuf),
    /// Something that Spark can read by itself.
    Url(String),
}
