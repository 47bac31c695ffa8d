//! Names and paths of Spark on hosts.

/// The user that daemons and jobs run as, and that user's group.
pub const USER: &str = "spark";
pub const CONFIG: &str = "/etc/spark";
/// The files in it that follow from the topology.
pub const OWN_FILES: &[&str] = &[
    "ha.conf",
    "history.conf",
    "log4j2.properties",
    "secret.env",
    "spark-defaults.conf",
    "spark-env.sh",
    "worker.conf",
];
/// A master's own properties: how it takes part in elections.
pub const HA_CONF: &str = "/etc/spark/ha.conf";
/// Owned by root, so that no user can swap the directories in it, which belong to Spark's user.
pub const DATA: &str = "/var/lib/spark";
/// The directory in which daemons and jobs start, and where a job's own files go unless it says otherwise.
pub const WORKING_FOLDER: &str = "/var/lib/spark/home";
/// The history server's own directory of event logs.
pub const EVENTS: &str = "/var/lib/spark/events";
/// The secret of `authenticate` lives here and nowhere else; systemd reads it as root.
pub const SECRET_FILE: &str = "/etc/spark/secret.env";
/// The time that a worker has to finish its executors' work, where the topology says nothing.
pub const DRAIN_SECONDS: u32 = 60;
