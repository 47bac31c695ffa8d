//! The needs of a member on its host.

use serde::Serialize;

use super::file::{FourLetterWords, LOGS};
use super::listeners::{ADMIN, CLIENT, ELECTION, PEER};
use super::{ZooCfg, ZooKeeper, ZooKeeperSettings};
use crate::cluster::{Cluster, Instance};
use crate::host::{
    Access, Content, Host, HostState, MEMBER_FILE, ORIGIN_FILE, OnChange, ServiceUnit, property_value, render_template,
    unit_path, unit_word,
};
use crate::service::archive::Archive;
use crate::service::process::word;
use crate::service::settings::holes;
use crate::service::zookeeper::MEMBER;
use crate::value::HostPath;

const USER: &str = "zookeeper";
const CONFIG: &str = "/etc/zookeeper";
pub(super) const ZOO_CFG: &str = "/etc/zookeeper/zoo.cfg";
/// `ZooKeeper` 3.8 and 3.9 are built for Java 8; 11 is the oldest that distributions still mend.
const OLDEST_JAVA: u32 = 11;

/// The folder of the jars in an archive, and the file for their logging.
struct Package {
    jars: &'static str,
    log: &'static str,
}

impl Package {
    fn of(archive: &Archive) -> Package {
        match archive {
            Archive::Pypi { .. } => Package { jars: "jars", log: "log4j2.properties" },
            Archive::Url { .. } | Archive::File { .. } | Archive::OnHost { .. } => {
                Package { jars: "lib", log: "logback.xml" }
            }
        }
    }
}

#[derive(Serialize)]
struct Member<'a> {
    id: u8,
    address: &'a str,
    peer_port: u16,
    election_port: u16,
}

pub fn desire(cluster: &Cluster, instance: &Instance, state: &mut HostState) {
    let (Some(zookeeper), Some(id)) = (cluster.services.get::<ZooKeeper>(), instance.id) else { return };
    let settings = &zookeeper.settings;
    let node = instance.node.as_str();
    let home = zookeeper.archive.home("zookeeper", &settings.version);
    let Package { jars, log } = Package::of(&zookeeper.archive);
    let config = HostPath::known(CONFIG);
    state.user(USER, settings.data_dir.as_str(), node);
    state.needs_java(zookeeper.runtime.java_home.as_ref(), OLDEST_JAVA);
    state.directory(&HostPath::known("/opt/provision"), Access::root(0o755), false, node);
    state.directory(&config, Access::root(0o755), false, node);
    let logs = zookeeper.process.log_directory(LOGS, USER, node, state);
    let data = || std::iter::once(&settings.data_dir).chain(&settings.data_log_dir);
    for path in data() {
        state.directory(path, Access::of(USER, 0o750), true, node);
    }
    let proof = format!("{jars}/zookeeper-{}.jar", settings.version);
    state.distribution(&home, &zookeeper.archive, &proof, node);

    let text = |content: String| Content::Text(content);
    let zoo_cfg = HostPath::known(ZOO_CFG);
    let host = state.host.clone();
    state.file(&zoo_cfg, Access::root(0o644), text(zoo_cfg_text(cluster, instance, &host)), node);
    let logging = config.join(log);
    let plain = serde_json::json!({});
    state.file(&logging, Access::root(0o644), text(render_template(&format!("zookeeper/{log}"), &plain)), node);
    // The service owns the data directory, so the unit copies this file into it when it starts.
    let myid = config.join("myid");
    state.file(&myid, Access::root(0o644), text(format!("{id}\n")), node);

    // What is on a disk outlives its machine: then this says whose it is.
    for path in data() {
        let whose = format!("cluster {}, member {id}\n", cluster.name);
        state.file(&path.join(MEMBER_FILE), Access::of(USER, 0o644), text(whose), node);
    }

    let unit = MEMBER.unit();
    let inputs = vec![zoo_cfg.clone(), logging, myid.clone(), home.join(ORIGIN_FILE), unit_path(unit)];
    let options = own_options(&zookeeper.config).chain(zookeeper.process.options(&host, &HostPath::known(LOGS)));
    let values = serde_json::json!({
        "id": id.get(), "cluster": cluster.name.as_str(), "node": node, "settings": holes(settings.each()),
        "data_dir": host.path(&settings.data_dir), "record": state.record(&inputs, &[]), "started": state.started_word(),
        "writable": host.words(data().chain(&logs)),
        "options": options.map(|option| word(&option)).collect::<Vec<_>>(),
        "with": zookeeper.runtime.before_command(), "unit": zookeeper.process.unit_lines(),
        "java": zookeeper.runtime.java_home.as_ref().map_or("/usr/bin/env java".to_owned(), |home| home.join("bin/java").to_string()),
        "classpath": unit_word(&format!("{}:{}/{jars}/*", host.path(&config), host.path(&home))),
        "config": host.word(&zoo_cfg),
        "myid": host.word(&myid), "myid_in_data": host.word(&settings.data_dir.join("myid")),
    });
    let unit_text = render_template("zookeeper/zookeeper.service", &values);
    state.file(&unit_path(unit), Access::root(0o644), text(unit_text), node);
    let service = ServiceUnit {
        role: Some(MEMBER),
        node: Some(node.to_owned()),
        inputs,
        secret_inputs: Vec::new(),
        memory_mib: settings.heap.mebibytes(),
        change: OnChange::Restart,
    };
    state.services.insert(unit.to_owned(), service);
}

/// The options of the JVM among the settings of `zoo.cfg`: what `ZooKeeper` reads from nowhere else.
fn own_options(config: &ZooCfg) -> impl Iterator<Item = String> {
    let options = config.each().into_iter().filter(|setting| setting.written.starts_with("-D"));
    options.map(|setting| format!("{}={}", setting.written, setting.value))
}

/// Returns true for a setting that has a line of its own in `zoo.cfg`.
fn stands_in_file((written, _): &(&str, String)) -> bool {
    !written.starts_with("-D") && *written != "4lw.commands.whitelist"
}

/// A value that is not there is left out, so that `is defined` means what it says.
fn without_null(mut values: serde_json::Value) -> serde_json::Value {
    if let Some(map) = values.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    values
}

fn zoo_cfg_text(cluster: &Cluster, instance: &Instance, host: &Host) -> String {
    let zookeeper = cluster.services.get::<ZooKeeper>().expect("an instance of ZooKeeper comes with one");
    let port = |host, name| cluster.port(host, name);
    let members: Vec<_> = super::members(cluster)
        .into_iter()
        .map(|(id, member)| Member {
            id: id.get(),
            address: cluster.address(&member.host).as_str(),
            peer_port: port(&member.host, PEER),
            election_port: port(&member.host, ELECTION),
        })
        .collect();
    let admin = zookeeper.has_admin_server().then(|| port(&instance.host, ADMIN));
    let path = |path: &HostPath| property_value(&host.path(path));
    let lines: Vec<_> = zookeeper
        .config
        .each()
        .into_iter()
        .map(|setting| (setting.written, setting.value))
        .filter(stands_in_file)
        .collect();
    let words: Vec<_> = zookeeper.config.four_letter_words.iter().flat_map(FourLetterWords::words).collect();
    let ZooKeeperSettings { data_dir, data_log_dir, .. } = &zookeeper.settings;
    let values = serde_json::json!({
        "node": instance.node, "cluster": cluster.name.as_str(), "members": members, "config": lines, "words": words,
        "address": cluster.address(&instance.host).as_str(), "client_port": port(&instance.host, CLIENT), "admin_port": admin,
        "admin_address": host.private.as_str(),
        "data_dir": path(data_dir), "data_log_dir": data_log_dir.as_ref().map(path),
    });
    render_template("zookeeper/zoo.cfg", &without_null(values))
}
