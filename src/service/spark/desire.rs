//! The needs of Spark's daemons on their hosts.

use std::collections::BTreeMap;

use super::file::LOGS;
use super::listeners::{HISTORY_PAGE, MASTER_PAGE, MASTER_RPC, WORKER_PAGE, WORKER_RPC};
use super::places::{CONFIG, DATA, EVENTS, HA_CONF, SECRET_FILE, USER, WORKING_FOLDER};
use super::properties::is_read_by;
use super::properties_file::Properties;
use super::{Profile, Spark, SparkOnHosts, files};
use crate::cluster::{Cluster, Instance};
use crate::host::{
    Access, Content, Escape, Host, HostState, ORIGIN_FILE, OnChange, Part, ServiceUnit, render_template, unit_path,
    unit_word,
};
use crate::service::process::{Process, word};
use crate::service::settings::holes;
use crate::service::spark::{EventDirectory, HISTORY, History, MASTER, WORKER};
use crate::value::{HostPath, JvmSize, PropertyValue, Role, Version};

/// Spark reads the secret from this variable before it looks at `spark.authenticate.secret` (`SecurityManager`).
const SECRET_VARIABLE: &str = "_SPARK_AUTH_SECRET";

/// The folder that Spark is unpacked to.
pub fn home(spark: &Spark) -> HostPath {
    spark.archive.home("spark", &spark.version)
}

/// Spark 4 needs Java 17, Spark 3 Java 8 (11 is the oldest that distributions still mend).
fn oldest_java(version: &Version) -> u32 {
    if version.is_before(&[4]) { 11 } else { 17 }
}

pub fn desire_master(cluster: &Cluster, instance: &Instance, state: &mut HostState) {
    let Some(spark) = super::on_hosts(&cluster.services) else { return };
    shared(cluster, spark, instance, state);
    let path = HostPath::known(HA_CONF);
    let lines = master_properties(cluster, spark);
    put_properties(&path, "spark/ha.conf", cluster, lines, &instance.node, state);
    let masters = &spark.standalone.masters;
    let port = |name| cluster.port(&instance.host, name);
    let unit = Unit {
        role: MASTER,
        process: &masters.process,
        config: path,
        heap: masters.settings.heap,
        memory_mib: masters.settings.heap.mebibytes(),
        own: serde_json::json!({
            "address": cluster.address(&instance.host).as_str(), "port": port(MASTER_RPC), "web_ui_port": port(MASTER_PAGE),
        }),
    };
    desire_unit(cluster, spark, instance, unit, state);
}

pub fn desire_worker(cluster: &Cluster, instance: &Instance, state: &mut HostState) {
    let Some(spark) = super::on_hosts(&cluster.services) else { return };
    shared(cluster, spark, instance, state);
    let path = HostPath::known(CONFIG).join("worker.conf");
    let workers = spark.standalone.workers.on(&instance.host);
    let lines = worker_properties(spark, workers, &state.host);
    put_properties(&path, "spark/worker.conf", cluster, lines, &instance.node, state);
    for path in workers.local_dirs.iter().chain(&workers.work_dir) {
        state.directory(path, Access::of(USER, 0o750), true, &instance.node);
    }
    let port = |name| cluster.port(&instance.host, name);
    let unit = Unit {
        role: WORKER,
        process: &workers.process,
        config: path,
        heap: workers.settings.heap,
        memory_mib: workers.settings.memory_mib(),
        own: serde_json::json!({
            "address": cluster.address(&instance.host).as_str(), "port": port(WORKER_RPC), "web_ui_port": port(WORKER_PAGE),
            "settings": holes(workers.settings.each()), "master_url": super::master_url(cluster),
            "work": state.host.word(&work_dir(workers)),
        }),
    };
    desire_unit(cluster, spark, instance, unit, state);
}

pub fn desire_history(cluster: &Cluster, instance: &Instance, state: &mut HostState) {
    let Some(spark) = super::on_hosts(&cluster.services) else { return };
    let Some(history) = &spark.standalone.history else { return };
    shared(cluster, spark, instance, state);
    if history.settings.events.is_none() {
        state.directory(&HostPath::known(EVENTS), Access::of(USER, 0o750), true, &instance.node);
    }
    let path = HostPath::known(CONFIG).join("history.conf");
    let port = cluster.port(&instance.host, HISTORY_PAGE);
    let lines = history_properties(cluster, spark, history, port);
    put_properties(&path, "spark/history.conf", cluster, lines, &instance.node, state);
    let unit = Unit {
        role: HISTORY,
        process: &history.process,
        config: path,
        heap: history.settings.heap,
        memory_mib: history.settings.heap.mebibytes(),
        own: serde_json::json!({}),
    };
    desire_unit(cluster, spark, instance, unit, state);
}

/// The directories of a worker for shuffles.
fn local_dirs(workers: &Profile) -> Vec<HostPath> {
    if workers.local_dirs.is_empty() { vec![scratch()] } else { workers.local_dirs.clone() }
}

/// The directory of a worker's executors.
fn work_dir(workers: &Profile) -> HostPath {
    workers.work_dir.clone().unwrap_or_else(|| HostPath::known(DATA).join("work"))
}

/// The directory of event logs as a word of the history server's unit, which merges and cleans what is in it.
fn writable_events(spark: SparkOnHosts<'_>, role: Role, host: &Host) -> Option<String> {
    let history = spark.standalone.history.as_ref().filter(|_| role == HISTORY)?;
    match history.settings.events.as_ref().map(EventDirectory::as_str) {
        None => Some(host.word(&HostPath::known(EVENTS))),
        // A directory that is mounted may come later than the unit.
        Some(path) if path.starts_with('/') => Some(unit_word(&format!("-{path}"))),
        Some(_) => None,
    }
}

/// The directory of event logs that the topology names, else the history server's own on its host: a path or a URI.
fn event_logs(cluster: &Cluster, history: &History) -> Option<String> {
    if let Some(events) = &history.settings.events {
        return Some(events.to_string());
    }
    let host = &cluster.of_role(HISTORY).next()?.host;
    Some(cluster.hosts.get(host)?.path(&HostPath::known(EVENTS)))
}

/// The same for the history server, which takes a bare path for one of Hadoop's default file system. (Drivers take a bare path for a local
/// one, and could not read a URI of one with a space in it: Spark's `Utils.resolveURI`.)
fn history_logs(cluster: &Cluster, history: &History) -> Option<String> {
    event_logs(cluster, history).map(|logs| if logs.starts_with('/') { format!("file:{logs}") } else { logs })
}

/// The needs that all daemons share on a host.
fn shared(cluster: &Cluster, spark: SparkOnHosts<'_>, instance: &Instance, state: &mut HostState) {
    let node = instance.node.as_str();
    let home = home(spark.service);
    state.user(USER, WORKING_FOLDER, node);
    state.needs_java(spark.service.runtime.java_home.as_ref(), oldest_java(&spark.service.version));
    state.directory(&HostPath::known("/opt/provision"), Access::root(0o755), false, node);
    state.directory(&HostPath::known(CONFIG), Access::root(0o755), false, node);
    state.directory(&HostPath::known(DATA), Access::root(0o755), false, node);
    for (path, data) in [(WORKING_FOLDER, false), ("/var/lib/spark/work", true), ("/var/lib/spark/tmp", false)] {
        state.directory(&HostPath::known(path), Access::of(USER, 0o750), data, node);
    }
    let proof = format!("jars/spark-core_*-{}.jar", spark.service.version);
    state.distribution(&home, &spark.service.archive, &proof, node);
    let config = HostPath::known(CONFIG);
    let lines = job_properties(cluster, spark, &state.host);
    put_properties(&config.join("spark-defaults.conf"), "spark/spark-defaults.conf", cluster, lines, node, state);
    let log = render_template("spark/log4j2.properties", &serde_json::json!({}));
    state.file(&config.join("log4j2.properties"), Access::root(0o644), Content::Text(log), node);
    let values = serde_json::json!({
        "cluster": cluster.name.as_str(), "home": state.host.word(&home),
        "address": cluster.address(&instance.host).as_str(), "variables": spark.service.runtime.variables(),
    });
    let environment = render_template("spark/spark-env.sh", &values);
    state.file(&config.join("spark-env.sh"), Access::root(0o644), Content::Text(environment), node);
    files::lay(&spark.service.files, node, state);
    if let Some(secret) = &spark.service.authenticate {
        let content = Content::Secret(vec![
            Part::Text(format!("{SECRET_VARIABLE}=\"")),
            Part::Secret(secret.clone(), Escape::Quoted),
            Part::Text("\"\n".to_owned()),
        ]);
        state.file(&HostPath::known(SECRET_FILE), Access::root(0o600), content, node);
    }
}

/// A file of properties. One with a secret in it can be read by Spark's user alone.
fn put_properties(
    path: &HostPath,
    template: &str,
    cluster: &Cluster,
    pairs: Pairs<'_>,
    node: &str,
    state: &mut HostState,
) {
    let properties = Properties::of(pairs);
    let values = serde_json::json!({ "cluster": cluster.name.as_str(), "properties": properties.lines });
    let content = properties.content(render_template(template, &values));
    let access = files::access(&content, state);
    state.file(path, access, content, node);
}

/// One daemon of Spark.
struct Unit<'a> {
    role: Role,
    process: &'a Process,
    /// Its own properties file.
    config: HostPath,
    heap: JvmSize,
    /// The heap, and the memory of all executors that the daemon starts.
    memory_mib: u64,
    /// The values that only its own template names.
    own: serde_json::Value,
}

fn desire_unit(cluster: &Cluster, spark: SparkOnHosts<'_>, instance: &Instance, unit: Unit<'_>, state: &mut HostState) {
    let Unit { role, process, config: own, heap, memory_mib, own: more } = unit;
    let home = home(spark.service);
    let config = HostPath::known(CONFIG);
    let log = config.join("log4j2.properties");
    let secret = spark.service.authenticate.is_some().then(|| HostPath::known(SECRET_FILE));
    let (secret_inputs, inputs): (Vec<_>, Vec<_>) = [own.clone(), log, home.join(ORIGIN_FILE), unit_path(role.unit())]
        .into_iter()
        .chain(files::of_daemons(&spark.service.files).cloned())
        .chain(secret.clone())
        .partition(|path| state.files.get(path).is_some_and(|file| matches!(file.content, Content::Secret(_))));
    let host = state.host.clone();
    let (data, begin) = (HostPath::known(DATA), HostPath::known(WORKING_FOLDER));
    let mut writable: Vec<_> = [&begin, &data.join("work"), &data.join("tmp")].map(|path| host.word(path)).into();
    writable.extend(writable_events(spark, role, &host));
    writable.extend(process.log_directory(LOGS, USER, &instance.node, state).map(|logs| host.word(&logs)));
    let workers = Some(spark.standalone.workers.on(&instance.host)).filter(|_| role == WORKER);
    let of_worker = workers.into_iter().flat_map(|workers| workers.local_dirs.iter().chain(&workers.work_dir));
    writable.extend(of_worker.map(|path| host.word(path)));
    // All that a daemon reads is here. Its spark-env.sh is for what people and `submit` start: Spark's own script cannot read
    // one whose path has a space in it, and would then bind to every address.
    let environment = [
        unit_word(&format!("SPARK_HOME={}", host.path(&home))),
        unit_word(&format!("SPARK_CONF_DIR={}", host.path(&config))),
        "SPARK_ENV_LOADED=1".to_owned(),
        format!("SPARK_LOCAL_IP={0} SPARK_PUBLIC_DNS={0}", host.address),
        format!("SPARK_DAEMON_MEMORY={heap}"),
        java_options(process, &host),
    ];
    let environment: Vec<String> = environment.into_iter().filter(|words| !words.is_empty()).collect();
    let mut values = serde_json::json!({
        "cluster": cluster.name.as_str(), "node": instance.node, "environment": environment.join(" "),
        "with": spark.service.runtime.before_command(), "class": host.word(&home.join("bin/spark-class")), "config": host.word(&own),
        "record": state.record(&inputs, &secret_inputs), "started": state.started_word(),
        "home": host.path(&begin), "writable": writable.join(" "), "unit": process.unit_lines(),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        values[name] = value.clone();
    }
    if let Some(secret) = &secret {
        values["secret_path"] = host.path(secret).into();
    }
    let text = render_template(&format!("spark/{}.service", role.unit()), &values);
    state.file(&unit_path(role.unit()), Access::root(0o644), Content::Text(text), &instance.node);
    let service = ServiceUnit {
        role: Some(role),
        node: Some(instance.node.clone()),
        inputs,
        secret_inputs,
        memory_mib,
        change: OnChange::Restart,
    };
    state.services.insert(role.unit().to_owned(), service);
}

/// The options of a daemon's JVM, as a word of its unit. Native code of codecs is unpacked to a directory of its own: where /tmp is mounted `noexec`,
/// it could not be loaded from there.
fn java_options(process: &Process, host: &Host) -> String {
    let options = std::iter::once(temporary_files(host)).chain(process.options(host, &HostPath::known(LOGS)));
    word(&format!("SPARK_DAEMON_JAVA_OPTS={}", options.map(quoted).collect::<Vec<_>>().join(" ")))
}

fn temporary_files(host: &Host) -> String {
    format!("-Djava.io.tmpdir={}", host.path(&scratch()))
}

/// An option of a JVM among others in a text: Spark's launcher splits the text, and takes the quotes off.
fn quoted(option: String) -> String {
    if option.contains(' ') { format!("\"{option}\"") } else { option }
}

/// The directory for what does not outlive a process.
pub(super) fn scratch() -> HostPath {
    HostPath::known(DATA).join("tmp")
}

type Pairs<'a> = BTreeMap<&'a str, PropertyValue>;

/// The properties that all of Spark's processes must agree on.
fn common(spark: SparkOnHosts<'_>) -> Pairs<'static> {
    let mut pairs = Pairs::from([
        ("spark.decommission.enabled", "true".into()),
        ("spark.storage.decommission.enabled", "true".into()),
    ]);
    if spark.service.authenticate.is_some() {
        pairs.insert("spark.authenticate", "true".into());
    }
    pairs
}

/// The properties that all daemons share. One whose port is taken ends, and systemd starts it again until the port is free: it would
/// otherwise take the next port, where it is not expected.
fn daemon(spark: SparkOnHosts<'_>) -> Pairs<'static> {
    let mut pairs = common(spark);
    pairs.insert("spark.port.maxRetries", "0".into());
    pairs
}

/// The properties of `config`.
fn written(spark: SparkOnHosts<'_>) -> impl Iterator<Item = (&str, PropertyValue)> {
    spark.service.config.iter().map(|(key, value)| (key.as_str(), value.clone()))
}

/// The properties of `config` that a role's daemons read.
fn written_for(spark: SparkOnHosts<'_>, role: Role) -> impl Iterator<Item = (&str, PropertyValue)> {
    written(spark).filter(move |(key, _)| is_read_by(key, role))
}

fn master_properties<'a>(cluster: &Cluster, spark: SparkOnHosts<'a>) -> Pairs<'a> {
    let mut pairs: Pairs<'a> = daemon(spark);
    pairs.extend(written_for(spark, MASTER));
    // Its own submission server on 6066 asks for no secret, even with `spark.authenticate`.
    pairs.insert("spark.master.rest.enabled", "false".into());
    if let Some(connect) = crate::service::zookeeper::connect(cluster) {
        pairs.insert("spark.deploy.recoveryMode", "ZOOKEEPER".into());
        pairs.insert("spark.deploy.zookeeper.url", connect.into());
        pairs.insert("spark.deploy.zookeeper.dir", super::election::recovery_folder(cluster).into());
    }
    pairs
}

fn history_properties<'a>(cluster: &Cluster, spark: SparkOnHosts<'a>, history: &History, port: u16) -> Pairs<'a> {
    let mut pairs: Pairs<'a> = daemon(spark);
    pairs.extend(written_for(spark, HISTORY));
    pairs.insert("spark.history.ui.port", port.to_string().into());
    pairs.extend(history_logs(cluster, history).map(|logs| ("spark.history.fs.logDirectory", logs.into())));
    pairs
}

fn worker_properties<'a>(spark: SparkOnHosts<'a>, workers: &Profile, host: &Host) -> Pairs<'a> {
    let mut pairs: Pairs<'a> = daemon(spark);
    pairs.extend(written_for(spark, WORKER));
    let dirs: Vec<_> = local_dirs(workers).iter().map(|path| host.path(path)).collect();
    pairs.insert("spark.local.dir", dirs.join(",").into());
    pairs
}

fn job_properties<'a>(cluster: &Cluster, spark: SparkOnHosts<'a>, host: &Host) -> Pairs<'a> {
    let mut pairs: Pairs<'a> = common(spark);
    // Where hosts are folders, executors have the directory of their driver's host: it is on the same machine.
    let folder = quoted(temporary_files(host));
    pairs.extend(written(spark));
    for key in ["spark.driver.defaultJavaOptions", "spark.executor.defaultJavaOptions"] {
        let own = pairs.get(key).and_then(PropertyValue::plain).unwrap_or_default();
        let options = match own {
            "" => folder.clone(),
            own if own.contains("-Djava.io.tmpdir=") => own.to_owned(),
            own => format!("{folder} {own}"),
        };
        pairs.insert(key, options.into());
    }
    pairs.extend(spark.standalone.job_ports.each().into_iter().map(|port| (port.written, port.value.into())));
    if let Some(logs) = spark.standalone.history.as_ref().and_then(|history| event_logs(cluster, history)) {
        pairs.insert("spark.eventLog.enabled", "true".into());
        pairs.insert("spark.eventLog.dir", logs.into());
    }
    if let Some(url) = super::master_url(cluster) {
        pairs.insert("spark.master", url.into());
    }
    if spark.service.authenticate.is_some() {
        // A driver wants the property to exist; the variable beside it wins, so that no file but one holds the secret.
        pairs.insert("spark.authenticate.secret", "in-the-environment".into());
    }
    pairs
}
