//! Spark's properties, as `config` sets them: who reads each, and which follow from the topology.
//!
//! The names and their readers are those of Spark's documentation (configuration, standalone mode, monitoring, security).

use super::roles::{HISTORY, MASTER, WORKER};
use crate::host::Class;
use crate::value::Role;

/// A property of Spark.
struct Property {
    /// Its name; one that ends with a dot stands for all properties that begin with it.
    name: &'static str,
    /// The daemons that read it when they start. Jobs read every property.
    readers: &'static [Role],
    /// The key to write instead, where it follows from the topology.
    derived: Option<&'static str>,
}

const DAEMONS: &[Role] = &[MASTER, WORKER, HISTORY];

const fn read(name: &'static str, readers: &'static [Role]) -> Property {
    Property { name, readers, derived: None }
}

const fn derived(name: &'static str, instead: &'static str) -> Property {
    Property { name, readers: &[], derived: Some(instead) }
}

/// The most specific name counts. A property that matches none is for jobs alone.
const PROPERTIES: &[Property] = &[
    read("spark.acls.", DAEMONS),
    read("spark.admin.", DAEMONS),
    read("spark.authenticate.", DAEMONS),
    derived("spark.authenticate", "write `authenticate: { secret: ... }`"),
    derived("spark.blockManager.port", "write `ports: { blockManager: ... }`"),
    read("spark.dead.worker.", &[MASTER]),
    read("spark.decommission.", &[WORKER]),
    derived("spark.decommission.enabled", "it is always on: without it a worker that stops takes its blocks along"),
    read("spark.deploy.", &[MASTER]),
    derived("spark.deploy.recoveryMode", "it follows from `masters` and `zookeeper`"),
    derived("spark.deploy.zookeeper.dir", "it follows from the cluster's name"),
    derived(
        "spark.deploy.zookeeper.url",
        "leave it out: provision lists every member itself, and one address in front of them is a single point of failure",
    ),
    derived("spark.driver.bindAddress", "it is the address of the host a job is submitted on"),
    derived("spark.driver.blockManager.port", "write `ports: { driverBlockManager: ... }`"),
    derived("spark.driver.host", "it is the address of the host a job is submitted on"),
    derived("spark.driver.port", "write `ports: { driver: ... }`"),
    read("spark.history.", &[HISTORY]),
    derived("spark.history.fs.logDirectory", "write `history: { events: ... }`"),
    derived("spark.history.ui.port", "write `history: { webUiPort: ... }`"),
    read("spark.local.", &[WORKER]),
    derived("spark.master", "it follows from `masters`"),
    read("spark.master.", &[MASTER]),
    derived("spark.master.ui.port", "write `masters: { webUiPort: ... }`"),
    read("spark.metrics.", DAEMONS),
    read("spark.modify.", DAEMONS),
    read("spark.network.", DAEMONS),
    derived("spark.port.maxRetries", "write `ports: { retries: ... }`"),
    read("spark.rpc.", DAEMONS),
    read("spark.shuffle.service.", &[WORKER]),
    read("spark.ssl.", DAEMONS),
    read("spark.storage.", &[WORKER]),
    read("spark.ui.", DAEMONS),
    derived("spark.ui.port", "write `ports: { ui: ... }`"),
    read("spark.user.groups.", DAEMONS),
    read("spark.worker.", &[WORKER]),
    derived("spark.worker.ui.port", "write `workers: { webUiPort: ... }`"),
];

fn property(key: &str) -> Option<&'static Property> {
    let matches =
        |property: &&Property| property.name == key || property.name.ends_with('.') && key.starts_with(property.name);
    PROPERTIES.iter().filter(matches).max_by_key(|property| property.name.len())
}

/// Returns true if a role's daemons read a property when they start.
pub fn is_read_by(key: &str, role: Role) -> bool {
    property(key).is_some_and(|property| property.readers.contains(&role))
}

/// The effect of a changed property: daemons that read it start again, and each job reads all properties anew.
pub fn class(key: &str) -> Class {
    if property(key).is_some_and(|property| !property.readers.is_empty()) { Class::Roll } else { Class::Live }
}

/// The key to write instead of a property that follows from the topology.
pub fn instead_of(key: &str) -> Option<&'static str> {
    property(key).and_then(|property| property.derived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_name_counts() {
        assert_eq!(instead_of("spark.master"), Some("it follows from `masters`"));
        assert_eq!((instead_of("spark.master.rest.host"), class("spark.master.rest.host")), (None, Class::Roll));
        assert!(is_read_by("spark.ui.filters", WORKER) && !is_read_by("spark.worker.timeout", MASTER));
        assert_eq!(class("spark.sql.shuffle.partitions"), Class::Live);
    }
}
