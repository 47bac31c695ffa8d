//! Which of Spark's properties the daemons read, by the prefixes of its documentation (configuration, standalone, security).

/// Read by masters and workers alike.
const BOTH: &[&str] = &[
    "spark.acls.",
    "spark.admin.",
    "spark.authenticate",
    "spark.metrics.",
    "spark.modify.",
    "spark.network.",
    "spark.rpc.",
    "spark.ssl.",
    "spark.ui.",
    "spark.user.groups.",
];
const MASTER: &[&str] = &["spark.deploy.", "spark.master.", "spark.dead.worker."];
const HISTORY: &[&str] = &["spark.history."];
const WORKER: &[&str] =
    &["spark.worker.", "spark.shuffle.service.", "spark.storage.", "spark.decommission.", "spark.local."];

fn starts(key: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix))
}

pub fn is_master_key(key: &str) -> bool {
    starts(key, BOTH) || starts(key, MASTER)
}

pub fn is_worker_key(key: &str) -> bool {
    starts(key, BOTH) || starts(key, WORKER)
}

pub fn is_history_key(key: &str) -> bool {
    starts(key, BOTH) || starts(key, HISTORY)
}

/// Returns true if a daemon reads it at start, so that a change restarts it. The rest is read by each job anew.
pub fn is_daemon_key(key: &str) -> bool {
    is_master_key(key) || is_worker_key(key) || is_history_key(key)
}
