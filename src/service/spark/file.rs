//! Spark's part of a topology.

use schemars::JsonSchema;
use serde::Deserialize;

use super::files::GivenFile;
use crate::platform::machine::AutoscaleFile;
use crate::platform::storage::StorageFile;
use crate::service::archive::ArchiveFile;
use crate::service::file::ServiceFile;
use crate::service::process::{JavaFile, UnitFile};
use crate::settings;
use crate::value::{
    Disk, Duration, EnvironmentValue, HostPath, JavaInt, JvmOption, JvmSize, Label, Name, NameOrRange, PropertyValue,
    SecretFile, ServicePort, Version, Zone, digits, text_value,
};
use crate::yaml::{Entries, Field};

/// Spark: standalone on hosts, run on Kubernetes by the Spark operator or by Spark's own scheduler, or managed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SparkFile {
    /// The platform it runs on. Default: the only one that can run it.
    pub platform: Field<Name>,
    /// The version, for example `4.3.0`. Default: 4.3.0. A change needs an outage.
    pub version: Field<Version>,
    /// The source of the distribution. Default: Apache's own download site with the checksum published beside it; on `local`
    /// the package `pyspark`.
    pub archive: Field<ArchiveFile>,
    /// The masters, on hosts. One is ALIVE, the others stand by.
    pub masters: Field<MastersFile>,
    /// The workers, on hosts and in a managed service.
    pub workers: Field<WorkersFile>,
    /// The history server, on hosts: it shows applications that have ended. Default: none.
    pub history: Field<HistoryFile>,
    /// Spark's properties: for jobs in `spark-defaults.conf`, and for each daemon those that it reads. A change of what daemons read is rolled out node by node (a change of `spark.authenticate.…`,
    /// `spark.network.crypto.…` or `spark.ssl.rpc.…` needs an outage); a change of the others needs no restart. A value may be a secret,
    /// `{ env: NAME }` or `{ file: path }`: only root and Spark's user, and so every job, can read the files that contain it.
    pub config: Field<Entries<PropertyValue>>,
    /// The Java of Spark's daemons, drivers and executors.
    pub java: Field<JavaFile>,
    /// Environment variables of Spark's daemons, drivers and executors. A change is rolled out node by node.
    pub environment: Field<Entries<EnvironmentValue>>,
    /// Files of your own on every host of Spark, by their paths there, for example `/etc/hadoop/conf/core-site.xml`. A change is rolled out node by node.
    pub files: Field<Entries<GivenFile>>,
    /// Authentication between all of Spark's processes. Default: none. A change, including one of the secret, needs an outage.
    pub authenticate: Field<AuthenticateFile>,
    /// The storage of jobs for checkpoints, event logs and data.
    pub storage: Field<StorageFile>,
    /// The source of the connector jars of `storage`. Default: brought by the tool.
    pub storage_jars: Field<StorageJars>,
    /// Run by the Spark operator, on Kubernetes.
    pub operator: Field<OperatorFile>,
    /// Run by Spark's own Kubernetes scheduler.
    pub native: Field<NativeFile>,
    /// The namespace, on Kubernetes. Default: `spark`.
    pub namespace: Field<Name>,
    /// The container image, on Kubernetes.
    pub image: Field<Label>,
    /// The head nodes of a managed service.
    pub heads: Field<SizedFile>,
    /// The `ZooKeeper` nodes of a managed service.
    pub zookeepers: Field<SizedFile>,
    /// The TCP ports that jobs use on hosts.
    pub ports: Field<JobPortsFile>,
}

settings! {
    /// The masters.
    MastersFile => MasterSettings
    keys {
        /// The number of masters (1 to 9), on platforms that make their machines. Default: 2.
        nodes "nodes": u32;
        /// The hosts they are on, where hosts have names. A range, in quotes, stands for several: `"w[01-40]"`.
        #[schemars(with = "Option<Vec<NameOrRange>>")]
        hosts "hosts": Vec<Field<Name>>;
        /// The size of the machines, in the cloud's own names.
        size "size": Label;
        /// The zones of masters 1 to N, in order. They then stay where they are when the platform's `zones` change.
        zones "zones": Vec<Field<Zone>>;
        /// Options of the JVM, for example `["-Xlog:gc*:file=/var/log/spark/master-gc.log"]`. A directory `/var/log/spark` is made where an option names a
        /// file in it. A change is rolled out node by node.
        jvm_options "jvmOptions": Vec<Field<JvmOption>>;
        /// Limits of the unit.
        unit "unit": UnitFile;
    }
    settings {
        // Workers and running applications know the old port.
        /// The TCP port that workers and drivers connect to.
        port "port": ServicePort = "7077" => Outage;
        /// The TCP port of the web page.
        web_ui_port "webUiPort": ServicePort = "8080" => Roll;
        // All nodes of `local` share one machine's memory.
        /// The JVM's heap.
        heap "heap": JvmSize = "512m" ("256m" on local) => Roll;
    }
}

settings! {
    /// The workers.
    WorkersFile => WorkerSettings
    keys {
        /// The number of workers, on platforms that make their machines.
        nodes "nodes": u32;
        /// The hosts they are on, where hosts have names. A range, in quotes, stands for several: `"w[01-40]"`.
        #[schemars(with = "Option<Vec<NameOrRange>>")]
        hosts "hosts": Vec<Field<Name>>;
        /// Groups of workers by name, where hosts have names: settings that a group leaves out are those of all workers. With groups, `hosts` lists the workers that are
        /// in none.
        groups "groups": Entries<GroupFile>;
        /// The size of the machines, in the cloud's own names.
        size "size": Label;
        /// The disk for work in GiB, on platforms that make their machines; on AWS the root disk, with the system on it.
        disk "disk": Disk;
        /// Bounds between which the number of workers follows the load.
        autoscale "autoscale": AutoscaleFile;
        /// True for spot machines: cheaper, and taken away whenever the cloud needs them. Executors there are lost, and their work is done again elsewhere. Used
        /// by `awsVms` and `azureVms`. Default: false.
        spot "spot": bool;
        /// True to put `/var/lib/spark` on the `NVMe` disks in the machine, the fastest place for shuffles, rather than on a separately billed disk. The size must have
        /// such disks. Used by `awsVms` and `azureVms`. Default: false.
        local_disks "localDisks": bool;
        /// The number of workers by the time of the week, in a managed service. Instead of `autoscale`.
        schedule "schedule": ScheduleFile;
        /// Directories for shuffles and for what does not fit in memory; ideally one per disk. Default: `/var/lib/spark/tmp`.
        /// A change is rolled out node by node.
        local_dirs "localDirs": Vec<Field<HostPath>>;
        /// The time that a worker has to finish its executors' work before it is restarted or leaves, from `0s` to `1h`; then it stops all the same.
        /// Default: 60s.
        drain "drain": Duration;
        /// The directory of executors: their output, and the jars of jobs. Default: `/var/lib/spark/work`. A change is rolled out node by node.
        work_dir "workDir": HostPath;
        /// Options of the JVM of the worker itself (for executors: `config: { spark.executor.extraJavaOptions: ... }`), for example `["-Xlog:gc*:file=/var/log/spark/worker-gc.log"]`. A directory `/var/log/spark` is made where an option names a
        /// file in it. A change is rolled out node by node.
        jvm_options "jvmOptions": Vec<Field<JvmOption>>;
        /// Limits of the unit, executors included.
        unit "unit": UnitFile;
    }
    settings {
        /// The cores that executors may use on each. Default: all of the machine's.
        cores "cores": JavaInt<1> => Roll;
        /// The memory that executors may use on each. Default: the machine's less 1 GiB, whatever else runs there.
        memory "memory": JvmSize => Roll;
        /// The TCP port of the worker itself.
        port "port": ServicePort = "7078" => Roll;
        /// The TCP port of the web page.
        web_ui_port "webUiPort": ServicePort = "8081" => Roll;
        /// The JVM's heap of the worker itself.
        heap "heap": JvmSize = "512m" ("256m" on local) => Roll;
    }
}

settings! {
    /// A group of workers that differ from the others.
    GroupFile => GroupSettings
    keys {
        /// The hosts they are on. A range, in quotes, stands for several: `"w[01-40]"`.
        #[schemars(required, with = "Vec<NameOrRange>")]
        hosts "hosts": Vec<Field<Name>>;
        /// Directories for shuffles. A change is rolled out node by node.
        local_dirs "localDirs": Vec<Field<HostPath>>;
        /// The directory of executors. A change is rolled out node by node.
        work_dir "workDir": HostPath;
        /// Options of the JVM of the worker itself. A change is rolled out node by node.
        jvm_options "jvmOptions": Vec<Field<JvmOption>>;
        /// Limits of the unit. Where a group has some, those of all workers do not apply to it.
        unit "unit": UnitFile;
    }
    settings {
        /// The cores that executors may use on each.
        cores "cores": JavaInt<1> => Roll;
        /// The memory that executors may use on each.
        memory "memory": JvmSize => Roll;
        /// The JVM's heap of the worker itself.
        heap "heap": JvmSize => Roll;
    }
}

settings! {
    /// The history server.
    HistoryFile => HistorySettings
    keys {
        /// The number of history servers, on `local`. Only 1 is possible. Default: 1.
        nodes "nodes": u32;
        /// The host it is on, where hosts have names.
        host "host": Name;
        /// Options of the JVM, for example `["-Xlog:gc*:file=/var/log/spark/history-gc.log"]`. A directory `/var/log/spark` is made where an option names a
        /// file in it. A change is rolled out node by node.
        jvm_options "jvmOptions": Vec<Field<JvmOption>>;
        /// Limits of the unit.
        unit "unit": UnitFile;
    }
    settings {
        /// The directory of the event logs, which drivers write and the history server reads: an absolute path that all their hosts share,
        /// or a URI such as `s3a://bucket/events`. Default: a directory of its own on the history server's host; then drivers must run
        /// there too.
        events "events": EventDirectory => Roll;
        /// The TCP port of the web page.
        web_ui_port "webUiPort": ServicePort = "18080" => Roll;
        /// The JVM's heap.
        heap "heap": JvmSize = "512m" ("256m" on local) => Roll;
    }
}

text_value!(
    /// A directory for event logs: an absolute path on hosts, or a URI of a file system that Spark can open.
    EventDirectory,
    pattern "^((/[A-Za-z0-9._+@-]+)+|[a-z][a-z0-9+.-]*://[!-~]+)$",
    |text| {
        let plain = text.len() < 1024 && text.bytes().all(|byte| byte.is_ascii_graphic());
        let scheme = text.split_once("://").map(|(scheme, rest)| (scheme, !rest.is_empty()));
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_lowercase())
                && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+.-".contains(&byte))
        };
        // It is written in a unit, where some characters mean something else.
        let is_path = text.parse::<HostPath>().is_ok();
        if plain && (is_path || scheme.is_some_and(|(scheme, rest)| rest && is_scheme(scheme))) {
            Ok(())
        } else {
            Err(format!("`{}` is neither an absolute path nor a URI, for example /mnt/events or s3a://bucket/events", text.escape_default()))
        }
    }
);

/// Numbers of workers by the time of the week.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleFile {
    /// The time zone by its Windows name, for example `W. Europe Standard Time`. Default: `UTC`.
    pub timezone: Field<String>,
    /// The changes of the number in a week.
    #[schemars(required)]
    pub times: Field<Vec<Field<ScheduleTimeFile>>>,
}

/// One change of the number of workers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScheduleTimeFile {
    /// The days, for example `[Monday, Tuesday]`.
    #[schemars(required)]
    pub days: Field<Vec<Field<Day>>>,
    /// The time, a full or half hour in quotes, for example `"07:30"`.
    #[schemars(required)]
    pub at: Field<HalfHour>,
    /// The number of workers from then on.
    #[schemars(required)]
    pub workers: Field<u32>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

text_value!(
    /// A time of the day at which the cloud changes something: a full or half hour.
    HalfHour,
    pattern "^([01][0-9]|2[0-3]):(00|30)$",
    |text| {
        let (hour, minute) = text.split_once(':').unwrap_or_default();
        let hour_ok = hour.len() == 2 && digits(hour).is_some_and(|hour| hour < 24);
        if hour_ok && matches!(minute, "00" | "30") {
            Ok(())
        } else {
            Err(format!("`{}` is not a full or half hour (such as 07:30)", text.escape_default()))
        }
    }
);

/// `spark.authenticate`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthenticateFile {
    /// The shared secret: `{ env: NAME }` or `{ file: path }`.
    #[schemars(required)]
    pub secret: Field<SecretFile>,
}

/// The source of connector jars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StorageJars {
    /// The container image contains them.
    InImage,
}

/// The Spark operator.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OperatorFile {
    /// The operator's version, for example `2.5.0`.
    #[schemars(required)]
    pub version: Field<Version>,
}

/// Spark's own scheduler for Kubernetes: nothing to choose.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NativeFile {}

/// Machines of a managed service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SizedFile {
    /// The size of the machines, in the cloud's own names.
    #[schemars(required)]
    pub size: Field<Label>,
}

settings! {
    /// The ports that Spark would pick at random, fixed so that a firewall can be exact. Each is the first of a range.
    JobPortsFile => JobPorts
    keys {}
    settings {
        /// The first TCP port of drivers (`spark.driver.port`).
        driver "driver": ServicePort = "7100" => Live, written "spark.driver.port";
        /// The first TCP port of drivers' block managers (`spark.driver.blockManager.port`).
        driver_block_manager "driverBlockManager": ServicePort = "7130" => Live, written "spark.driver.blockManager.port";
        /// The first TCP port of executors' block managers (`spark.blockManager.port`).
        block_manager "blockManager": ServicePort = "7160" => Live, written "spark.blockManager.port";
        /// The first TCP port of drivers' web pages (`spark.ui.port`).
        ui "ui": ServicePort = "4040" => Live, written "spark.ui.port";
        /// The number of further ports that may be tried after the first (`spark.port.maxRetries`). A host has room for one driver more than this number,
        /// and for as many executors as drivers.
        retries "retries": u16 = "16" => Live, written "spark.port.maxRetries";
    }
}

impl WorkerSettings {
    /// MiB of the worker itself and of all executors that it may start.
    pub fn memory_mib(&self) -> u64 {
        self.heap.mebibytes() + self.memory.map_or(0, JvmSize::mebibytes)
    }
}

/// The directory for files that the JVM's options name.
pub const LOGS: &str = "/var/log/spark";

/// Its key in a topology.
pub const KEY: &str = "spark";

impl ServiceFile for SparkFile {
    const KEY: &'static str = KEY;

    fn platform(&self) -> &Field<Name> {
        &self.platform
    }
}
