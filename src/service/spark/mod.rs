//! Apache Spark.

mod address;
mod answers;
mod check;
mod check_config;
mod check_place;
mod check_workers;
mod desire;
mod election;
pub mod file;
mod files;
mod health;
mod history;
mod listeners;
mod machines;
mod managed;
mod masters;
mod missing_latches;
mod nodes;
mod on_hosts;
mod places;
mod properties;
mod properties_file;
mod roles;
mod settings;
mod unused;

use std::collections::{BTreeMap, BTreeSet};

use files::GivenFiles;

use crate::platform::machine::{Autoscale, Machine};
use crate::platform::storage::Storage;
use crate::service::archive::Archive;
use crate::service::process::{Process, RuntimeEnvironment};
use crate::service::services::Services;
use crate::value::{ConfigKey, HostPath, Label, Name, PropertyValue, SecretRef, ServicePort, Version, Zone};

pub use address::master_url;
pub use answers::{MasterFacts, WorkerEntry, WorkerFacts, master_facts, worker_facts};
pub use check::{check, check_keys, version};
pub use check_config::{Readers, check_config};
pub use desire::home;
pub use file::{Day, EventDirectory, HalfHour, HistorySettings, JobPorts, KEY, MasterSettings, WorkerSettings};
pub use listeners::listeners;
pub use on_hosts::OnHosts;
pub use places::{CONFIG, DATA, SECRET_FILE, USER, WORKING_FOLDER};
pub use properties::{Type, is_read_by, names, refusal, truth};
pub use roles::{HISTORY, MASTER, WORKER};

/// Spark, checked.
#[derive(Clone, Debug)]
pub struct Spark {
    pub version: Version,
    pub archive: Archive,
    /// Present where Spark runs on hosts.
    pub standalone: Option<Standalone>,
    pub config: BTreeMap<ConfigKey, PropertyValue>,
    pub runtime: RuntimeEnvironment,
    pub files: GivenFiles,
    pub authenticate: Option<SecretRef>,
    /// The storage of jobs.
    pub storage: Option<Storage>,
    /// The namespace of its pods, on Kubernetes.
    pub namespace: Name,
    /// Present where the cloud runs it.
    pub managed: Option<Managed>,
}

/// The machines of a managed service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managed {
    pub heads: Label,
    pub zookeepers: Label,
    pub workers: Label,
    /// The number of workers, where it is fixed.
    pub count: u32,
    pub scaling: Scaling,
}

/// The number of a managed service's workers: fixed, by load or by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scaling {
    Fixed,
    ByLoad(Autoscale),
    ByTime(Schedule),
}

/// Numbers of workers by the time of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub timezone: String,
    /// Days by their English names, the time, and how many workers from then on.
    pub times: Vec<(Vec<Day>, HalfHour, u32)>,
}

/// Spark's own cluster manager: masters and workers on hosts.
#[derive(Clone, Debug)]
pub struct Standalone {
    pub masters: Masters,
    pub workers: Workers,
    pub history: Option<History>,
    pub job_ports: JobPorts,
    /// The port of the shuffle service that each worker runs, if `config` asks for one.
    pub shuffle_service: Option<ServicePort>,
}

#[derive(Clone, Debug)]
pub struct Masters {
    pub place: RoleNodes,
    pub settings: MasterSettings,
    pub process: Process,
    pub machine: Machine,
    /// The zones of masters 1 to N, where they are not to follow the platform's order.
    pub zones: Option<Vec<Zone>>,
}

#[derive(Clone, Debug)]
pub struct Workers {
    /// All of them, those of groups among them.
    pub place: RoleNodes,
    pub profile: Profile,
    pub groups: BTreeMap<Name, Group>,
    /// The seconds that a worker has to finish its executors' work before it is stopped.
    pub drain_seconds: u32,
    pub machine: Machine,
    pub autoscale: Option<Autoscale>,
    /// True if the cloud may take its machines away, at a lower price.
    pub spot: bool,
    /// True if their directory for work is on the disks in their machines.
    pub local_disks: bool,
}

/// The properties of workers that may differ from host to host.
#[derive(Clone, Debug)]
pub struct Profile {
    pub settings: WorkerSettings,
    pub process: Process,
    /// The directories for shuffles that the topology gives.
    pub local_dirs: Vec<HostPath>,
    /// The directory of executors that the topology gives.
    pub work_dir: Option<HostPath>,
}

/// Workers that differ from the others.
#[derive(Clone, Debug)]
pub struct Group {
    pub hosts: BTreeSet<Name>,
    pub profile: Profile,
}

impl Workers {
    /// The profile of the worker on a host.
    pub fn on(&self, host: &Name) -> &Profile {
        let group = self.groups.values().find(|group| group.hosts.contains(host));
        group.map_or(&self.profile, |group| &group.profile)
    }

    /// The profile of each worker; where their number is not known, one.
    pub fn profiles(&self) -> Vec<&Profile> {
        match &self.place {
            RoleNodes::Named(hosts) => hosts.iter().map(|host| self.on(host)).collect(),
            RoleNodes::Counted(count) => vec![&self.profile; count.map_or(1, |count| count as usize)],
        }
    }
}

/// The history server.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    pub place: RoleNodes,
    pub settings: HistorySettings,
    pub process: Process,
}

/// The hosts of one role's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleNodes {
    Named(Vec<Name>),
    /// The number, where one is given (and not bounds).
    Counted(Option<u32>),
}

impl RoleNodes {
    pub fn count(&self) -> Option<usize> {
        match self {
            RoleNodes::Named(hosts) => Some(hosts.len()),
            RoleNodes::Counted(count) => count.map(|count| count as usize),
        }
    }
}

/// Spark with its own cluster manager.
#[derive(Clone, Copy, Debug)]
pub struct SparkOnHosts<'a> {
    pub service: &'a Spark,
    pub standalone: &'a Standalone,
}

/// Spark, where it runs on hosts.
pub fn on_hosts(services: &Services) -> Option<SparkOnHosts<'_>> {
    let service = services.get::<Spark>()?;
    Some(SparkOnHosts { service, standalone: service.standalone.as_ref()? })
}

/// Spark's own cluster manager, where Spark runs on hosts.
pub fn standalone(services: &Services) -> Option<&Standalone> {
    services.get::<Spark>()?.standalone.as_ref()
}
