//! Checks of Spark's properties.

use std::collections::BTreeMap;

use super::properties;
use super::properties::{Refusal, Type};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::Class;
use crate::value::{ConfigKey, PropertyValue, ServicePort, is_redacted_by_spark, names_secret};
use crate::yaml::{Entries, Field, Span};

/// The processes that properties are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// The service's daemons, and all jobs.
    All,
    /// One job.
    OneJob,
}

/// Checks properties that the user sets, for the service or for one job.
pub fn check_config(
    config: &Field<Entries<PropertyValue>>,
    readers: Readers,
    problems: &mut Diagnostics,
) -> Option<BTreeMap<ConfigKey, PropertyValue>> {
    let mut properties = BTreeMap::new();
    let mut complete = !matches!(config, Field::Bad(_));
    for entry in config.ok().into_iter().flatten() {
        let key = entry.key.text.as_str();
        let at = entry.key.span;
        if let Some((message, way_out)) = refused(key, readers) {
            problems.add(Code::SP005, at, message).help(way_out);
            complete = false;
        } else if matches!(entry.value.ok(), Some(PropertyValue::Secret(_))) && readers == Readers::OneJob {
            problems
                .add(
                    Code::T012,
                    at,
                    format!("`{key}` would show its secret: a job's properties are arguments of a process"),
                )
                .help("write it under services: spark: config:");
            complete = false;
        } else if let Some((why, way_out)) =
            matches!(entry.value.ok(), Some(PropertyValue::Secret(_))).then(|| no_secret(key)).flatten()
        {
            problems.add(Code::T012, at, format!("`{key}` cannot be a secret: {why}")).help(way_out);
            complete = false;
        } else if is_shown_secret(key, entry.value.ok()) {
            problems
                .add(Code::T020, at, format!("`{key}` holds a secret, and a topology is shared"))
                .help(match readers {
                    Readers::All => "write { env: NAME } or { file: path }, or let Spark get it from the machine's identity or from a credential provider",
                    Readers::OneJob => "write it under services: spark: config: as { env: NAME } or { file: path }",
                });
            complete = false;
        } else if readers == Readers::OneJob && properties::is_for_daemons_alone(key) {
            problems
                .add(Code::T090, at, format!("`{key}` has no effect in a job: only Spark's daemons read it"))
                .help("write it under services: spark: config:");
        } else if !key.starts_with("spark.") {
            let way_out = if key.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_') {
                format!("an environment variable goes under `environment`: {key}: ...")
            } else {
                format!("for Hadoop's own write spark.hadoop.{key}")
            };
            problems
                .add(Code::T012, at, format!("Spark ignores `{key}`: its properties begin with `spark.`"))
                .help(way_out);
            complete = false;
        } else if let Some(meant) = properties::slip(key) {
            problems
                .add(Code::SP006, at, format!("no version of Spark knows `{key}`"))
                .help(format!("did you mean `{meant}`?"));
        }
        let typed = entry.value.spanned().and_then(|(at, value)| Some((at, value.plain()?, Type::of(key)?)));
        if let Some((at, value, kind)) = typed.filter(|(_, value, kind)| !kind.takes(value)) {
            let message = format!("`{key}` must be {}, not `{}`", kind.words(), value.escape_default());
            problems.add(Code::T012, at, message);
            complete = false;
        }
        match (key.parse::<ConfigKey>(), entry.value.ok()) {
            (Ok(key), Some(value)) => {
                properties.insert(key, value.clone());
            }
            (Err(message), _) => {
                problems.add(Code::T001, at, message);
                complete = false;
            }
            (Ok(_), None) => complete = false,
        }
    }
    complete.then_some(properties)
}

/// Returns true if a property's value is a secret that the topology shows.
fn is_shown_secret(key: &str, value: Option<&PropertyValue>) -> bool {
    match value {
        Some(PropertyValue::Secret(_)) => false,
        Some(PropertyValue::Plain(value)) => names_secret(key) || is_redacted_by_spark(key, value),
        None => names_secret(key),
    }
}

/// The reason why the value of a property cannot be a secret, with the way out.
fn no_secret(key: &str) -> Option<(&'static str, &'static str)> {
    if key.ends_with("JavaOptions") || key.ends_with("extraClassPath") {
        return Some((
            "its value is an argument of a process",
            "let the program read the secret from a file or from a variable of its environment",
        ));
    }
    // Spark hands these to executors as options of their JVM (SparkConf.isExecutorStartupConf), which everybody on a host can read.
    if ["spark.auth", "spark.rpc", "spark.network"].iter().any(|begin| key.starts_with(begin))
        || key.starts_with("spark.port.")
        || key.strip_suffix(".port").is_some()
    {
        return Some((
            "Spark puts its value into the arguments of executors",
            "let the program read the secret from a file or from a variable of its environment",
        ));
    }
    if properties::class(key) == Class::Outage {
        return Some((
            "a change of it needs an outage, and a plan could not tell that it changed",
            "use a key file that has no password and that only Spark's user can read",
        ));
    }
    let is_judged = key.starts_with("spark.shuffle.service.") || key.starts_with("spark.eventLog.");
    is_judged.then_some(("provision must know its value", "write the value itself"))
}

/// The reason why a property cannot be set, with the way out.
fn refused(key: &str, readers: Readers) -> Option<(String, &'static str)> {
    match properties::refusal(key)? {
        Refusal::Derived(instead) => Some((format!("`{key}` is derived from the topology"), instead)),
        Refusal::Never(why) => Some((format!("`{key}` cannot be set"), why)),
        Refusal::NotForDaemons(why) if readers == Readers::All => {
            Some((format!("`{key}` is not supported for Spark's daemons"), why))
        }
        Refusal::NotForDaemons(_) => None,
    }
}

/// The port of the shuffle service that properties ask for.
pub(super) fn shuffle_service(
    at: Span,
    config: &BTreeMap<ConfigKey, PropertyValue>,
    problems: &mut Diagnostics,
) -> Option<ServicePort> {
    let value = |name: &str| config.iter().find(|(key, _)| key.as_str() == name).and_then(|(_, value)| value.plain());
    let enabled = value("spark.shuffle.service.enabled").map(|text| (text, properties::truth(text)));
    if let Some((text, None)) = enabled {
        let message = format!("`spark.shuffle.service.enabled` is `{}`", text.escape_default());
        problems.add(Code::T012, at, message).help("write \"true\" or \"false\"");
    }
    let port = value("spark.shuffle.service.port").unwrap_or("7337");
    let Ok(port) = port.trim().parse::<ServicePort>() else {
        let message = format!("`spark.shuffle.service.port` is `{}`, and not a port", port.escape_default());
        problems.add(Code::T012, at, message).help("write a number from 1024 to 65535");
        return None;
    };
    matches!(enabled, Some((_, Some(true)))).then_some(port)
}
