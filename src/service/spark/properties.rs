//! Spark's properties, as `config` sets them: who reads each, which follow from the topology, and which cannot be carried out.
//!
//! Which daemon reads which property was taken from the classes of Spark 4.3.0: every use of an entry of its configuration registry, by the
//! class that uses it.

use super::roles::{HISTORY, MASTER, WORKER};
use crate::host::Class;
use crate::value::Role;

/// A property of Spark.
struct Property {
    /// Its name; one that ends with a dot stands for all properties that begin with it.
    name: &'static str,
    /// The daemons that read it when they start. Jobs read every property.
    readers: &'static [Role],
    /// The effect of a change where daemons read it.
    class: Class,
    refusal: Option<Refusal>,
}

/// The reason why a topology cannot set a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It follows from the topology; with the key to write instead, or what it follows from.
    Derived(&'static str),
    /// It is never carried out, with the reason and the way round.
    Never(&'static str),
    /// For daemons it cannot be carried out, with the reason and the way round. A job may set it for itself.
    NotForDaemons(&'static str),
}

const DAEMONS: &[Role] = &[MASTER, WORKER, HISTORY];

const fn read(name: &'static str, readers: &'static [Role]) -> Property {
    Property { name, readers, class: Class::Roll, refusal: None }
}

/// Daemons with different values do not talk to each other.
const fn shared(name: &'static str) -> Property {
    Property { name, readers: DAEMONS, class: Class::Outage, refusal: None }
}

const fn derived(name: &'static str, instead: &'static str) -> Property {
    Property { name, readers: &[], class: Class::Live, refusal: Some(Refusal::Derived(instead)) }
}

const fn never(name: &'static str, why: &'static str) -> Property {
    Property { name, readers: &[], class: Class::Live, refusal: Some(Refusal::Never(why)) }
}

const fn not_for_daemons(name: &'static str, why: &'static str) -> Property {
    Property { name, readers: &[], class: Class::Live, refusal: Some(Refusal::NotForDaemons(why)) }
}

const NO_TLS: &str = "provision reads the daemons' pages over HTTP to see whether they are healthy; TLS is not supported there yet. Keep the pages within the cluster's network, or put a proxy in front of them; a job can set it for its own page";
const NO_REST: &str = "the submission server on 6066 is always off: it asks for no secret, even with `authenticate`. Use `provision submit`";

/// The most specific name counts. A property that matches none is for jobs alone.
const PROPERTIES: &[Property] = &[
    read("spark.acls.", DAEMONS),
    read("spark.admin.", DAEMONS),
    read("spark.appStateStore.", &[HISTORY]),
    shared("spark.authenticate."),
    derived("spark.authenticate", "write `authenticate: { secret: ... }`"),
    derived("spark.blockManager.port", "write `ports: { blockManager: ... }`"),
    read("spark.dead.worker.", &[MASTER]),
    read("spark.decommission.", &[WORKER]),
    derived("spark.decommission.enabled", "it is always on: without it a worker that stops takes its blocks with it"),
    read("spark.deploy.", &[MASTER]),
    derived("spark.deploy.recoveryMode", "it follows from `masters` and `zookeeper`"),
    derived("spark.deploy.recoveryMode.factory", "it follows from `masters` and `zookeeper`"),
    derived("spark.deploy.zookeeper.dir", "it follows from the cluster's name"),
    derived(
        "spark.deploy.zookeeper.url",
        "leave it out: provision lists every member itself, and one address in front of them is a single point of failure",
    ),
    derived("spark.driver.bindAddress", "it is the address of the host a job is submitted on"),
    derived("spark.driver.blockManager.port", "write `ports: { driverBlockManager: ... }`"),
    derived("spark.driver.host", "it is the address of the host a job is submitted on"),
    read("spark.driver.log.dfsDir", &[HISTORY]),
    derived("spark.driver.port", "write `ports: { driver: ... }`"),
    // The history server merges and compresses logs.
    read("spark.eventLog.", &[HISTORY]),
    // Workers keep the output of executors.
    read("spark.executor.logs.", &[WORKER]),
    read("spark.files.io.", DAEMONS),
    // File systems: of event logs, and of what drivers in the cluster are fetched from.
    read("spark.hadoop.", &[WORKER, HISTORY]),
    read("spark.history.", &[HISTORY]),
    derived("spark.history.fs.logDirectory", "write `history: { events: ... }`"),
    derived("spark.history.ui.port", "write `history: { webUiPort: ... }`"),
    read("spark.io.compression.", &[HISTORY]),
    derived("spark.local.dir", "write `workers: { localDirs: [...] }`"),
    read("spark.log.", DAEMONS),
    derived("spark.master", "it follows from `masters`"),
    read("spark.master.", &[MASTER]),
    never("spark.master.rest.", NO_REST),
    derived("spark.master.ui.port", "write `masters: { webUiPort: ... }`"),
    read("spark.metrics.", DAEMONS),
    read("spark.modify.", DAEMONS),
    read("spark.network.", DAEMONS),
    shared("spark.network.crypto."),
    shared("spark.network.sasl."),
    derived("spark.port.maxRetries", "write `ports: { retries: ... }`"),
    read("spark.redaction.", DAEMONS),
    read("spark.resources.", &[WORKER]),
    read("spark.rpc.", DAEMONS),
    read("spark.shuffle.io.", &[WORKER]),
    read("spark.shuffle.maxChunksBeingTransferred", &[WORKER]),
    read("spark.shuffle.push.server.", &[WORKER]),
    read("spark.shuffle.sasl.", &[WORKER]),
    read("spark.shuffle.server.", &[WORKER]),
    read("spark.shuffle.service.", &[WORKER]),
    not_for_daemons("spark.ssl.", NO_TLS),
    // Spark's own connections, with PEM files.
    shared("spark.ssl.rpc."),
    read("spark.storage.cleanupFilesAfterExecutorExit", &[WORKER]),
    read("spark.storage.memoryMapThreshold", &[WORKER]),
    // A history server rebuilds each application's pages as the application itself did.
    read("spark.sql.streaming.ui.retainedQueries", &[HISTORY]),
    read("spark.sql.ui.retainedExecutions", &[HISTORY]),
    read("spark.ui.actionsViaGetEnabled", DAEMONS),
    read("spark.ui.allowFramingFrom", DAEMONS),
    read("spark.ui.contentSecurityPolicy.", DAEMONS),
    read("spark.ui.dagGraph.retainedRootRDDs", &[HISTORY]),
    not_for_daemons(
        "spark.ui.filters",
        "a login in front of the daemons' pages would keep provision from seeing whether they are healthy. Put a proxy in front of the pages; a job can set it for its own page",
    ),
    read("spark.ui.jetty.", DAEMONS),
    read("spark.ui.killEnabled", DAEMONS),
    derived("spark.ui.port", "write `ports: { ui: ... }`"),
    read("spark.ui.prometheus.enabled", DAEMONS),
    read("spark.ui.proxyBase", DAEMONS),
    read("spark.ui.proxyRedirectUri", DAEMONS),
    read("spark.ui.requestHeaderSize", DAEMONS),
    read("spark.ui.retainedDeadExecutors", &[HISTORY]),
    read("spark.ui.retainedJobs", &[HISTORY]),
    read("spark.ui.retainedStages", &[HISTORY]),
    read("spark.ui.retainedTasks", &[HISTORY]),
    read("spark.ui.reverseProxy", DAEMONS),
    read("spark.ui.reverseProxyUrl", DAEMONS),
    read("spark.ui.showErrorStacks", DAEMONS),
    read("spark.ui.strictTransportSecurity", DAEMONS),
    read("spark.ui.timeline.", &[HISTORY]),
    read("spark.ui.view.", DAEMONS),
    read("spark.ui.xContentTypeOptions.", DAEMONS),
    read("spark.ui.xXssProtection", DAEMONS),
    read("spark.user.groups.", DAEMONS),
    read("spark.worker.", &[WORKER]),
    // A master drops a worker from which it has heard nothing for as long, and a worker reports four times as often.
    read("spark.worker.timeout", &[MASTER, WORKER]),
    derived("spark.worker.ui.port", "write `workers: { webUiPort: ... }`"),
];

/// The properties that only daemons read.
const DAEMONS_ALONE: &[&str] = &["spark.dead.", "spark.deploy.", "spark.history.", "spark.master.", "spark.worker."];

/// Every name that Spark 3.2, 3.5 or 4.3 knows, a line each: those of its configuration registry, and those that its classes name. One that
/// ends with a dot stands for all that begin with it. Behind a tab is the type of its value, where the registry has it.
const NAMES: &str = include_str!("names.txt");

/// Every name that Spark knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    lines().map(|(name, _)| name)
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMES.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap_or((line, "")))
}

/// The type of a property's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Boolean,
    Integer,
    Number,
    Time,
    Bytes,
}

impl Type {
    /// The type that Spark 4.3.0 converts a property's value to. `None` for texts, and for what its registry does not have.
    pub fn of(key: &str) -> Option<Type> {
        match lines().find(|(name, _)| *name == key)?.1 {
            "boolean" => Some(Type::Boolean),
            "integer" => Some(Type::Integer),
            "number" => Some(Type::Number),
            "time" => Some(Type::Time),
            "bytes" => Some(Type::Bytes),
            _ => None,
        }
    }

    /// For people, behind `must be`.
    pub fn words(self) -> &'static str {
        match self {
            Type::Boolean => "true or false",
            Type::Integer => "a whole number",
            Type::Number => "a number",
            Type::Time => "a time, such as 10s or 5m",
            Type::Bytes => "a size, such as 512k or 1g",
        }
    }

    /// Returns true for a value that Spark converts. (A reference to another property, `${...}`, is resolved by Spark first.)
    pub fn takes(self, value: &str) -> bool {
        let value = value.trim().to_ascii_lowercase();
        // org.apache.spark.network.util.JavaUtils.
        let with_unit = |units: &[&str]| {
            let digits = value.strip_prefix('-').unwrap_or(&value);
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            end > 0 && (digits.len() == end || units.contains(&digits[end..].trim_start()))
        };
        value.contains("${")
            || match self {
                Type::Boolean => truth(&value).is_some(),
                Type::Integer => value.parse::<i64>().is_ok(),
                Type::Number => value.parse::<f64>().is_ok(),
                Type::Time => with_unit(&["us", "ms", "s", "m", "min", "h", "d"]),
                Type::Bytes => with_unit(&[
                    "b", "k", "kb", "m", "mb", "g", "gb", "t", "tb", "p", "pb", "kib", "mib", "gib", "tib", "pib",
                ]),
            }
    }
}

/// More letters than this apart, two names are no slip of each other; long ones may have one more.
const SLIP: usize = 2;
const LONG: usize = 20;

fn property(key: &str) -> Option<&'static Property> {
    let matches =
        |property: &&Property| property.name == key || property.name.ends_with('.') && key.starts_with(property.name);
    PROPERTIES.iter().filter(matches).max_by_key(|property| property.name.len())
}

/// Returns true if a role's daemons read a property when they start.
pub fn is_read_by(key: &str, role: Role) -> bool {
    property(key).is_some_and(|property| property.readers.contains(&role))
}

/// The effect of a changed property: daemons that read it start again, and each job reads all properties again.
pub fn class(key: &str) -> Class {
    property(key).map_or(Class::Live, |property| property.class)
}

/// A value as Spark reads it: true or false in any case, with spaces around it.
pub fn truth(value: &str) -> Option<bool> {
    value.trim().to_ascii_lowercase().parse().ok()
}

/// The reason why a property cannot be set.
pub fn refusal(key: &str) -> Option<Refusal> {
    property(key).and_then(|property| property.refusal)
}

/// Returns true if no job reads a property.
pub fn is_for_daemons_alone(key: &str) -> bool {
    DAEMONS_ALONE.iter().any(|begins| key.starts_with(begins))
}

/// The name of Spark's that was probably meant, where no version of Spark knows this one. A library's properties have names of their own, and are
/// not judged.
pub fn slip(key: &str) -> Option<&'static str> {
    let is_known = |name: &str| name == key || (name.ends_with('.') && key.starts_with(name));
    if names().any(is_known) || property(key).is_some_and(|property| property.name.ends_with('.') && is_open(property))
    {
        return None;
    }
    let distance = |name: &&str| strsim::damerau_levenshtein(&name.to_lowercase(), &key.to_lowercase());
    let most = SLIP + usize::from(key.len() > LONG);
    let is_near = |name: &&str| !name.ends_with('.') && name.len().abs_diff(key.len()) <= most;
    let nearest = names().filter(is_near).min_by_key(distance)?;
    (distance(&nearest) <= most).then_some(nearest)
}

/// Properties whose further names people choose.
fn is_open(property: &Property) -> bool {
    ["spark.hadoop.", "spark.metrics."].contains(&property.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_name_counts() {
        assert_eq!(refusal("spark.master"), Some(Refusal::Derived("it follows from `masters`")));
        assert_eq!(refusal("spark.master.rest.enabled"), Some(Refusal::Never(NO_REST)));
        assert_eq!((refusal("spark.master.ui.title"), class("spark.master.ui.title")), (None, Class::Roll));
        assert!(is_read_by("spark.worker.timeout", MASTER) && is_read_by("spark.worker.timeout", WORKER));
        assert!(!is_read_by("spark.worker.cleanup.enabled", MASTER));
        // Each of AppStatusListener's and SQLAppStatusListener's, which the history server builds pages with.
        for kept in [
            "spark.ui.retainedJobs",
            "spark.ui.retainedTasks",
            "spark.ui.timeline.jobs.maximum",
            "spark.sql.ui.retainedExecutions",
        ] {
            assert!(is_read_by(kept, HISTORY) && !is_read_by(kept, MASTER), "{kept}");
        }
        assert_eq!((class("spark.ssl.rpc.enabled"), refusal("spark.ssl.rpc.enabled")), (Class::Outage, None));
        assert_eq!(refusal("spark.ssl.ui.enabled"), Some(Refusal::NotForDaemons(NO_TLS)));
        for for_jobs in ["spark.sql.shuffle.partitions", "spark.ui.showConsoleProgress", "spark.shuffle.compress"] {
            assert_eq!(class(for_jobs), Class::Live, "{for_jobs}");
        }
    }

    #[test]
    fn a_slip_is_found_and_a_librarys_name_is_left_alone() {
        for (key, meant) in [
            ("spark.exectuor.memory", "spark.executor.memory"),
            ("spark.executor.Memory", "spark.executor.memory"),
            ("spark.sql.shuffle.partition", "spark.sql.shuffle.partitions"),
            ("spark.worker.timeouts", "spark.worker.timeout"),
            ("spark.exectuors.memorry", "spark.executor.memory"),
        ] {
            assert_eq!(slip(key), Some(meant));
        }
        for known in [
            "spark.executor.memory",
            "spark.blacklist.enabled",
            "spark.hadoop.fs.s3a.endpoint",
            "spark.executorEnv.PATH",
            "spark.sql.catalog.lake.type",
            "spark.metrics.conf.*.sink.console.class",
            "spark.rapids.sql.enabled",
            "spark.databricks.delta.optimizeWrite.enabled",
            "spark.ssl.rpc.enabled",
        ] {
            assert_eq!(slip(known), None, "{known}");
        }
    }

    #[test]
    fn a_value_has_its_propertys_type() {
        for (key, right, wrong) in [
            ("spark.worker.timeout", &["600", " 60 "][..], &["600s", "x", "1.5"][..]),
            ("spark.worker.cleanup.enabled", &["true", "FALSE"], &["maybe", "yes", "1"]),
            ("spark.network.timeout", &["120", "120s", "2m", "5min", "100ms"], &["soon", "5 weeks", "1.5s"]),
            ("spark.driver.maxResultSize", &["1g", "512", "512K", "1GiB", "0"], &["1 x", "much", "0.5g"]),
            ("spark.memory.fraction", &["0.6", "1"], &["60%", "half"]),
            ("spark.executor.cores", &["${spark.task.cpus}", "4"], &["four"]),
        ] {
            let kind = Type::of(key).expect(key);
            right.iter().for_each(|value| assert!(kind.takes(value), "{key} {value}"));
            wrong.iter().for_each(|value| assert!(!kind.takes(value), "{key} {value}"));
        }
        for open in ["spark.app.name", "spark.rapids.sql.enabled", "spark.hadoop.fs.s3a.endpoint"] {
            assert_eq!(Type::of(open), None, "{open}");
        }
    }

    /// Names of the table are Spark's own.
    #[test]
    fn every_name_of_the_table_is_known() {
        for Property { name, .. } in PROPERTIES {
            assert!(names().any(|known| known.starts_with(name)), "{name}");
        }
    }
}
