//! The output that `look.sh` would print.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::time::Instant;

use super::State;
use super::host::{Kind, MUTE, MemberLie, Node, Process, SimHost, identity_text};
use super::services::{Latch, MASTER, Member, WORKER, ZOOKEEPER};
use provision::host::{CLAIM_PATH, HostQuery, SETTINGS_MARK, STATE_FOLDER, exec_start, sha256};
use provision::observe::{MACHINE_TOOLS, NEEDED_TOOLS};
use provision::value::Name;

struct Lines(String);

impl Lines {
    fn fact(&mut self, fields: &[&str]) {
        self.0.push_str(&fields.join("\t"));
        self.0.push('\n');
    }
}

pub fn answer(state: &State, name: &Name, query: &HostQuery, now: Instant) -> String {
    let host = &state.hosts[name];
    let mut lines = Lines("begin\n".to_owned());
    if query.machine {
        lines.fact(&["clock", "0"]);
        lines.fact(&["machine", &host.machine]);
        lines.fact(&["memory", "16777216"]);
        if let Some((_, who)) = state.holds.get(name) {
            let note = format!("{who}\t2026-11-25T22:15:00Z\n");
            lines.fact(&["holder", "/run/provision/holder", &STANDARD.encode(note)]);
        }
        NEEDED_TOOLS.iter().chain(MACHINE_TOOLS).chain(&["nft"]).for_each(|tool| lines.fact(&["tool", tool]));
    }
    if query.java.is_some() {
        let java: &[&str] = if host.java {
            &["java", "/usr/lib/jvm/bin/java", "17.0.15", "0"]
        } else {
            &["apt-java", "openjdk-17-jre-headless"]
        };
        lines.fact(java);
    }
    if let Some(address) = &query.address {
        lines.fact(&["address", address, "here"]);
    }
    query.java_homes.iter().for_each(|home| lines.fact(&["java-home", home.as_str(), "17.0.15", "0"]));
    query.space.iter().for_each(|path| lines.fact(&["space", path.as_str(), "9000000"]));
    for (at, user) in query.users.iter().enumerate() {
        if host.users.contains_key(user) {
            lines.fact(&["user", user, &(900 + at).to_string()]);
            lines.fact(&["group", user]);
        }
    }
    paths(host, query, &mut lines);
    for question in &query.secrets {
        if let Some(digest) = host.digest_of_secret(question.path.as_str(), &question.nonce) {
            lines.fact(&["secret", question.path.as_str(), &digest]);
        }
    }
    query.units.iter().for_each(|unit| self::unit(host, unit, &mut lines));
    if let Some(unit) = query.rules.as_ref().filter(|unit| host.process(unit).is_none() || host.has_lost_rules) {
        lines.fact(&["lost", unit]);
    }
    connections(state, name, query, &mut lines);
    for (home, archive) in &query.distributions {
        let archive = archive.as_ref().map(|path| (path, host.archives.get(path.as_str())));
        match (host.text(&format!("{home}/.provision-origin")), archive) {
            (Some(origin), _) => lines.fact(&["origin", home.as_str(), origin.trim()]),
            (None, Some((path, Some(sum)))) => lines.fact(&["archive", path.as_str(), sum, "1:1:1"]),
            (None, _) => {}
        }
    }
    if let Some(unit) = &query.log {
        let text = format!("ERROR the last words of {unit}\nWARN password=hunter2\n");
        lines.fact(&["log", &STANDARD.encode(text)]);
    }
    if let Some((data, log)) = &query.member {
        for folder in [log, data].map(|folder| format!("{folder}/version-2")) {
            if host.holds_something(&folder) {
                lines.fact(&["data", &folder]);
                break;
            }
        }
        let marker = format!("{log}/initialize");
        if host.paths.contains_key(&marker) {
            lines.fact(&["marker", &marker]);
        }
    }
    for ask in &query.asks {
        lines.fact(&["answer", ask.name, &STANDARD.encode(ask_service(state, name, ask.name, ask.port, now))]);
    }
    for memory in ["stamp", "birth", "intended", "applied"] {
        let path = format!("{STATE_FOLDER}/{memory}.json");
        if let Some(bytes) = host.bytes(&path) {
            lines.fact(&["file", &path, &STANDARD.encode(bytes)]);
        }
    }
    if host.text(&format!("{STATE_FOLDER}/made")).is_some_and(|made| !made.is_empty()) {
        lines.fact(&["made"]);
    }
    if let Some(epoch) = host.text(&format!("{STATE_FOLDER}/epoch")) {
        lines.fact(&["epoch", "/var/lib/provision/epoch", epoch.trim()]);
    }
    if let Some(claim) = host.text(CLAIM_PATH) {
        lines.fact(&["identity", CLAIM_PATH, claim.trim()]);
    }
    lines.fact(&["end"]);
    lines.0
}

fn paths(host: &SimHost, query: &HostQuery, lines: &mut Lines) {
    let there: Vec<(&str, &Option<String>, &Node)> = query
        .paths
        .iter()
        .filter_map(|(path, sum)| Some((path.as_str(), sum, host.paths.get(path.as_str())?)))
        .collect();
    for (path, _, node) in &there {
        let kind = match node.kind {
            Kind::File { .. } => "regular file",
            Kind::Directory => "directory",
        };
        let mode = format!("{:o}", node.access.mode);
        lines.fact(&["path", path, kind, &node.access.owner, &node.access.group, &mode, &identity_text(node.identity)]);
    }
    for (path, expected, node) in &there {
        if let Kind::File { bytes, sha256 } = &node.kind {
            if query.secrets.iter().any(|secret| secret.path.as_str() == *path) {
                continue;
            }
            lines.fact(&["sum", sha256, path]);
            if expected.as_ref().is_some_and(|expected| expected != sha256) {
                lines.fact(&["text", path, &STANDARD.encode(bytes)]);
            }
        }
    }
}

/// A member that follows is connected to its leader, as the kernel prints it.
fn connections(state: &State, name: &Name, query: &HostQuery, lines: &mut Lines) {
    let leader = state.services.leader.as_ref().map(|(leader, _)| leader).filter(|leader| *leader != name);
    let (Some((_, ports)), Some(leader)) = (&query.connections, leader) else { return };
    if state.services.synced.contains(name) && state.hosts[name].process(ZOOKEEPER).is_some() {
        let address: std::net::Ipv4Addr = state.hosts[leader].address.parse().expect("an address");
        let words = format!("{:08X}", u32::from_le_bytes(address.octets()));
        let ports: Vec<u16> = ports.iter().copied().collect();
        assert_eq!(ports.len(), 1, "members of the model have hosts of their own");
        lines.fact(&["connected", &words, &format!("{:04X}", ports[0])]);
    }
}

fn unit(host: &SimHost, name: &str, lines: &mut Lines) {
    let file = host.paths.get(&SimHost::unit_file(name));
    let unit = host.units.get(name).cloned().unwrap_or_default();
    let active = match (&unit.process, unit.failing) {
        (Some(_), _) => "active",
        (None, true) => "activating",
        (None, false) => "inactive",
    };
    let read = unit.read.as_ref().filter(|_| unit.process.is_some() || unit.enabled);
    let stale = read.is_some_and(|(identity, _)| file.is_none_or(|file| file.identity != *identity));
    let load = if file.is_some() || read.is_some() { "loaded" } else { "not-found" };
    for (property, value) in [
        ("Id", format!("{name}.service").as_str()),
        ("LoadState", load),
        ("ActiveState", active),
        ("SubState", if unit.process.is_some() { "running" } else { "dead" }),
        (
            "UnitFileState",
            if file.is_none() {
                ""
            } else if unit.enabled {
                "enabled"
            } else {
                "disabled"
            },
        ),
        ("NeedDaemonReload", if stale { "yes" } else { "no" }),
        ("NRestarts", "0"),
        ("DropInPaths", if unit.records_nothing { "/etc/systemd/system/service.d/mine.conf" } else { "" }),
        ("InvocationID", unit.process.as_ref().map(|process| process.life.to_string()).unwrap_or_default().as_str()),
    ] {
        lines.fact(&["unit", &format!("{property}={value}")]);
    }
    lines.fact(&["unit", ""]);
    if let Some((_, text)) = read {
        lines.fact(&["settings", name, &settings(text)]);
    }
    if let Some(process) = &unit.process {
        let recorded = process.started.iter().filter(|_| !unit.records_nothing);
        let mut record: String = recorded.map(|(path, digest)| format!("{digest}  {path}\n")).collect();
        if process.unit.contains(SETTINGS_MARK) && !unit.records_nothing {
            record += &format!("{SETTINGS_MARK}{}\n", settings(&process.unit));
        }
        lines.fact(&["started", &format!("/run/provision/{name}.service.started"), &STANDARD.encode(record)]);
        lines.fact(&["command", name, "", &STANDARD.encode(process.command().join("\0") + "\0")]);
    }
}

/// The digest of the settings in the text of a unit: here, its command and user.
fn settings(unit: &str) -> String {
    let user = unit.lines().find(|line| line.starts_with("User=")).unwrap_or_default();
    sha256(format!("{user}\n{}", exec_start(unit).unwrap_or_default()).as_bytes())
}

fn ask_service(state: &State, name: &Name, ask: &str, port: u16, now: Instant) -> Vec<u8> {
    let host = &state.hosts[name];
    match ask {
        "srvr" | "mntr" | "canary" => ask_member(state, name, ask, port, now),
        "master-status" | "master-workers" | "master-applications" => ask_master(state, name, now),
        "latches" => latches(state),
        "worker" if host.process(WORKER).is_some() => {
            let alive = state.services.alive.as_ref().and_then(|alive| state.hosts.get(&alive.host));
            let address = host.follows.clone().or_else(|| Some(alive?.address.clone()));
            let master = address.map(|address| format!("spark://{address}:7077")).unwrap_or_default();
            json(&format!("{{\"executors\":[],\"masterurl\":\"{master}\"}}"))
        }
        "history" | "history-version" if host.process("spark-history").is_some() => json("[]"),
        // A unit of which nothing more is known tells what it was started with.
        unit => host.process(unit).and_then(|process| process.inputs.values().next().cloned()).unwrap_or_default(),
    }
}

fn ask_member(state: &State, name: &Name, ask: &str, port: u16, now: Instant) -> Vec<u8> {
    let host = &state.hosts[name];
    if host.lie == Some(MemberLie::Leads) {
        return as_leader(ask);
    }
    let Some(member) = Member::of(name, host, now, &state.services.pace) else { return Vec::new() };
    if !member.client.ends_with(&format!(":{port}")) || host.process(ZOOKEEPER).is_none() {
        return Vec::new();
    }
    if !state.services.serving.contains(name) {
        return b"This ZooKeeper instance is not currently serving requests\n".to_vec();
    }
    let leads = state.services.leader.as_ref().is_some_and(|(leader, _)| leader == name);
    let mode = match (member.list.len(), leads) {
        (1, _) => "standalone",
        (_, true) => "leader",
        (_, false) => "follower",
    };
    let uptime = now.duration_since(host.process(ZOOKEEPER).expect("asked above").since).as_millis();
    let (mode, leads) = if leads && host.lie == Some(MemberLie::Follows) { ("follower", false) } else { (mode, leads) };
    let uptime = if host.lie == Some(MemberLie::StartsAgain) { 900_000_000 - uptime } else { uptime };
    if host.lie == Some(MemberLie::Flaps) && uptime / 1000 % 2 == 0 {
        return b"This ZooKeeper instance is not currently serving requests\n".to_vec();
    }
    match ask {
        "srvr" => format!("Zookeeper version: 3.9.5\nZxid: 0x100000001\nMode: {mode}\nNode count: 5\n").into_bytes(),
        "mntr" => {
            let mut text = format!("zk_version\t3.9.5\nzk_uptime\t{uptime}\n");
            if mode != "standalone" {
                text += &format!("zk_peer_state\t{} - broadcast\n", if leads { "leading" } else { "following" });
            }
            if mode == "leader" {
                let lost = usize::from(host.lie == Some(MemberLie::HasLostOne));
                let synced = state.services.synced.len() - 1 - lost;
                text += &format!("zk_synced_followers\t{synced}\nzk_synced_non_voting_followers\t0\n");
                text += &format!("zk_pending_syncs\t0\nzk_quorum_size\t{}\n", member.list.len());
            }
            text.into_bytes()
        }
        _ => [vec![0, 0, 0, 4], vec![0; 4], vec![0, 0, 0, 16], vec![0, 0, 0, 1], vec![0; 12]].concat(),
    }
}

/// The words of the leader of three members.
fn as_leader(ask: &str) -> Vec<u8> {
    match ask {
        "srvr" => b"Zookeeper version: 3.9.5\nZxid: 0x100000001\nMode: leader\nNode count: 5\n".to_vec(),
        "mntr" => b"zk_uptime\t900000\nzk_peer_state\tleading - broadcast\nzk_synced_followers\t2\nzk_pending_syncs\t0\nzk_quorum_size\t3\n".to_vec(),
        _ => [vec![0, 0, 0, 4], vec![0; 4], vec![0, 0, 0, 16], vec![0, 0, 0, 1], vec![0; 12]].concat(),
    }
}

/// The children of the folder in which masters elect, as the wire has them.
fn latches(state: &State) -> Vec<u8> {
    if state.services.serving.is_empty() {
        return Vec::new();
    }
    let names: Vec<_> = state.services.latches.iter().map(Latch::name).collect();
    let number = |number: usize| u32::try_from(number).expect("few").to_be_bytes().to_vec();
    let list: Vec<u8> = names.iter().flat_map(|name| [number(name.len()), name.as_bytes().to_vec()].concat()).collect();
    let reply = [number(1), vec![0; 8], number(0), number(names.len()), list].concat();
    [number(4), vec![0; 4], number(reply.len()), reply].concat()
}

fn ask_master(state: &State, name: &Name, now: Instant) -> Vec<u8> {
    let host = &state.hosts[name];
    if host.poses_as_alive {
        return json("{\"status\":\"ALIVE\",\"workers\":[],\"activeapps\":[]}");
    }
    let is_mute = |process: &Process| process.inputs.values().any(|input| input.ends_with(MUTE));
    if !state.services.master_stands(host, now) || host.process(MASTER).is_none_or(is_mute) {
        return Vec::new();
    }
    let alive = state.services.alive.as_ref().is_some_and(|alive| alive.host == *name);
    if !alive || host.poses_as_standby {
        return json("{\"status\":\"STANDBY\",\"workers\":[],\"activeapps\":[]}");
    }
    let workers: Vec<String> = state
        .services
        .workers(&state.hosts, now)
        .into_iter()
        .map(|(host, port)| {
            format!("{{\"host\":\"{host}\",\"port\":{port},\"state\":\"ALIVE\",\"cores\":1,\"memory\":1024}}")
        })
        .collect();
    json(&format!("{{\"status\":\"ALIVE\",\"workers\":[{}],\"activeapps\":[]}}", workers.join(",")))
}

fn json(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/json\r\n\r\n{body}").into_bytes()
}
