//! What a member wants on its host.

use serde::Serialize;

use super::Config;
use crate::cluster::{Cluster, Instance};
use crate::desired::{Access, Content, HostState, ORIGIN_FILE, OnChange, Service, render_template, unit_path};
use crate::service::archive::Archive;
use crate::service::listener::Role;
use crate::topology::value::HostPath;

const USER: &str = "zookeeper";
const CONFIG: &str = "/etc/zookeeper";
/// `ZooKeeper` 3.8 and 3.9 are built for Java 8; 11 is the oldest that distributions still mend.
const OLDEST_JAVA: u32 = 11;

#[derive(Serialize)]
struct Member<'a> {
    id: u8,
    address: &'a str,
    peer_port: u16,
    election_port: u16,
}

pub fn desire(cluster: &Cluster, instance: &Instance, state: &mut HostState) {
    let (Some(zookeeper), Some(id)) = (&cluster.zookeeper, instance.id) else { return };
    let node = instance.node.as_str();
    let home = HostPath::known(&format!("/opt/provision/zookeeper-{}", zookeeper.version));
    let config = HostPath::known(CONFIG);
    state.user(USER, zookeeper.data_dir.as_str(), node);
    state.needs_java(OLDEST_JAVA);
    state.directory(&HostPath::known("/opt/provision"), Access::root(0o755), false, node);
    state.directory(&config, Access::root(0o755), false, node);
    for path in std::iter::once(&zookeeper.data_dir).chain(&zookeeper.data_log_dir) {
        state.directory(path, Access::of(USER, 0o750), true, node);
    }
    let proof = format!("lib/zookeeper-{}.jar", zookeeper.version);
    state.distribution(&home, &zookeeper.archive, &proof, node);

    let text = |content: String| Content::Text(content);
    let zoo_cfg = config.join("zoo.cfg");
    state.file(&zoo_cfg, Access::root(0o644), text(zoo_cfg_text(cluster, instance)), node);
    let logback = config.join("logback.xml");
    let plain = serde_json::json!({});
    state.file(&logback, Access::root(0o644), text(render_template("zookeeper/logback.xml", &plain)), node);
    let myid = zookeeper.data_dir.join("myid");
    state.file(&myid, Access::of(USER, 0o644), text(format!("{id}\n")), node);

    let unit = Role::ZooKeeper.unit();
    let inputs = vec![zoo_cfg, logback, myid, home.join(ORIGIN_FILE), unit_path(unit)];
    let values = serde_json::json!({
        "id": id.get(), "cluster": cluster.name.as_str(), "node": node, "home": home.as_str(),
        "heap": zookeeper.heap.to_string(), "data_dir": zookeeper.data_dir.as_str(),
        "data_log_dir": zookeeper.data_log_dir.as_ref().map(HostPath::as_str),
        "inputs": inputs.iter().map(HostPath::as_str).collect::<Vec<_>>().join(" "),
    });
    let unit_text = render_template("zookeeper/zookeeper.service", &without_null(values));
    state.file(&unit_path(unit), Access::root(0o644), text(unit_text), node);
    let service = Service {
        role: Some(Role::ZooKeeper),
        node: Some(node.to_owned()),
        inputs,
        secret_inputs: Vec::new(),
        change: OnChange::Restart,
    };
    state.services.insert(unit.to_owned(), service);
}

/// A value that is not there is left out, so that `is defined` means what it says.
fn without_null(mut values: serde_json::Value) -> serde_json::Value {
    if let Some(map) = values.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    values
}

fn zoo_cfg_text(cluster: &Cluster, instance: &Instance) -> String {
    let zookeeper = cluster.zookeeper.as_ref().expect("an instance of ZooKeeper comes with one");
    let ports = zookeeper.ports;
    let members: Vec<_> = cluster
        .members()
        .into_iter()
        .map(|(id, member)| Member {
            id: id.get(),
            address: cluster.address(&member.host).as_str(),
            peer_port: ports.peer.get(),
            election_port: ports.election.get(),
        })
        .collect();
    // pyspark's jars carry no Jetty, so there the AdminServer cannot be.
    let admin = (zookeeper.archive != Archive::Pypi).then_some(ports.admin.get());
    let Config {
        tick_time,
        init_limit,
        sync_limit,
        max_client_cnxns,
        min_session_timeout,
        max_session_timeout,
        snap_count,
        snap_retain_count,
        purge_interval,
    } = &zookeeper.config;
    let values = serde_json::json!({
        "node": instance.node, "cluster": cluster.name.as_str(), "members": members,
        "address": cluster.address(&instance.host).as_str(), "client_port": ports.client.get(), "admin_port": admin,
        "data_dir": zookeeper.data_dir.as_str(), "data_log_dir": zookeeper.data_log_dir.as_ref().map(HostPath::as_str),
        "tick_time": tick_time, "init_limit": init_limit, "sync_limit": sync_limit,
        "max_client_cnxns": max_client_cnxns, "min_session_timeout": min_session_timeout,
        "max_session_timeout": max_session_timeout, "snap_count": snap_count,
        "snap_retain_count": snap_retain_count, "purge_interval": purge_interval,
    });
    render_template("zookeeper/zoo.cfg", &without_null(values))
}
