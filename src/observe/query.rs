//! The questions about one host, asked together.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{ArchiveFacts, HostFacts, Secrets};
use crate::cluster::Host;
use crate::desired::{Content, Desired, Election, FIREWALL_UNIT, HostState, Quorum};
use crate::service::archive::Archive;
use crate::value::listener::{Listener, Role};
use crate::value::{HostPath, random_digits};

/// What every script needs.
pub const NEEDED_TOOLS: &[&str] = &[
    "bash",
    "flock",
    "timeout",
    "base64",
    "sha256sum",
    "sha512sum",
    "tar",
    "gzip",
    "systemctl",
    "awk",
    "stat",
    "setsid",
];

/// What they need where services have users of their own.
pub const MACHINE_TOOLS: &[&str] = &["getent", "useradd", "setpriv", "pgrep", "pkill", "find"];

/// What some hosts get the package with.
pub const PIP: &str = "pip3";

/// What to ask a host. Everything is read, nothing is changed.
#[derive(Clone, Debug, Default)]
pub struct HostQuery {
    /// Paths, with the digest that a file's text is shown for when it differs.
    pub paths: BTreeMap<HostPath, Option<String>>,
    pub secrets: Vec<SecretQuestion>,
    pub users: Vec<String>,
    pub units: Vec<String>,
    /// Where distributions are unpacked, with the archive on the host if that is where it comes from.
    pub distributions: BTreeMap<HostPath, Option<HostPath>>,
    /// What an earlier look saw of their archives: a file that is still that one is not read again (400 MB take a second).
    pub known: BTreeMap<HostPath, ArchiveFacts>,
    /// Directories whose free space matters.
    pub space: Vec<HostPath>,
    pub java: Option<u32>,
    /// Data and log directory of a member.
    pub member: Option<(HostPath, HostPath)>,
    pub asks: Vec<Ask>,
    /// Addresses and ports that must be reachable from it: refused is reachable, silence is not.
    pub reach: Vec<(String, u16)>,
    /// Directories in which root is to make others, as far as they are not made themselves.
    pub grounds: BTreeSet<HostPath>,
    /// A unit whose rules the kernel should have.
    pub rules: Option<String>,
    /// Whether the machine itself (memory, clock, ports, tools) is asked for.
    pub machine: bool,
}

impl HostQuery {
    /// Asks what is at a path, and whether it is what it should be.
    fn ask_path(&mut self, path: &HostPath, state: &HostState, secrets: &Secrets) {
        let digest = match state.files.get(path).map(|file| &file.content) {
            Some(Content::Text(text)) => Some(sha256(text.as_bytes())),
            Some(Content::Secret { before, after, .. }) => {
                self.ask_secret(path, before, secrets, after);
                None
            }
            // Part of a distribution.
            None => None,
        };
        self.paths.insert(path.clone(), digest);
    }

    fn ask_secret(&mut self, path: &HostPath, before: &str, secrets: &Secrets, after: &str) {
        if let Some(secret) = secrets.0.get(path)
            && self.secrets.iter().all(|asked| asked.path != *path)
        {
            self.secrets.push(secret_question(path, before, secret, after));
        }
    }
}

/// Is the file at `path` the one I mean? Answered by a digest keyed with `nonce`, which is new for every question.
#[derive(Clone, Debug)]
pub struct SecretQuestion {
    pub path: HostPath,
    pub nonce: String,
    /// What the answer is when it is.
    pub expected: String,
}

/// Bytes to send to a port as seen from the host, until the other side closes.
#[derive(Clone, Debug)]
pub struct Ask {
    pub name: AskName,
    pub address: String,
    pub port: u16,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskName {
    Srvr,
    Mntr,
    Canary,
    Master,
    Worker,
    Latches,
}

impl AskName {
    pub fn text(self) -> &'static str {
        match self {
            AskName::Srvr => "srvr",
            AskName::Mntr => "mntr",
            AskName::Canary => "canary",
            AskName::Master => "master",
            AskName::Worker => "worker",
            AskName::Latches => "latches",
        }
    }

    pub fn parse(text: &str) -> Option<AskName> {
        [AskName::Srvr, AskName::Mntr, AskName::Canary, AskName::Master, AskName::Worker, AskName::Latches]
            .into_iter()
            .find(|name| name.text() == text)
    }
}

/// Spark's web servers close after one answer in HTTP/1.0.
const JSON_REQUEST: &[u8] = b"GET /json/ HTTP/1.0\r\n\r\n";

/// Everything that a plan wants to know of a host of the goal; `before` is what an earlier look saw of it.
pub fn for_goal(state: &HostState, desired: &Desired, secrets: &Secrets, before: Option<&HostFacts>) -> HostQuery {
    let mut query = HostQuery { machine: true, java: state.java, ..HostQuery::default() };
    query.paths.extend(state.directories.keys().map(|path| (path.clone(), None)));
    state.files.keys().for_each(|path| query.ask_path(path, state, secrets));
    for service in state.services.values() {
        service.inputs.iter().chain(&service.secret_inputs).for_each(|path| query.ask_path(path, state, secrets));
    }
    query.users = state.users.keys().cloned().collect();
    let parents = state.directories.keys().filter_map(HostPath::parent);
    query.grounds = parents.filter(|parent| !state.directories.contains_key(parent)).collect();
    query.rules = state.nft.then(|| FIREWALL_UNIT.to_owned());
    query.units = state.services.keys().cloned().collect();
    for (home, distribution) in &state.distributions {
        let archive = match &distribution.archive {
            Archive::OnHost { path, .. } => Some(path.clone()),
            _ => None,
        };
        let seen = archive.as_ref().zip(before).and_then(|(path, before)| before.archives.get(path));
        query.known.extend(seen.map(|seen| (home.clone(), seen.clone())));
        query.distributions.insert(home.clone(), archive);
    }
    query.space =
        state.directories.iter().filter(|(_, directory)| directory.data).map(|(path, _)| path.clone()).collect();
    query.space.extend(state.distributions.keys().cloned());
    let is_member = state.services.values().any(|service| service.role == Some(Role::ZooKeeper));
    query.member =
        desired.quorum.as_ref().filter(|_| is_member).map(|quorum| (quorum.data_dir.clone(), quorum.log_dir.clone()));
    query.asks = state
        .services
        .values()
        .filter_map(|service| service.role)
        .flat_map(|role| asks(role, &state.host, &desired.listeners, false))
        .collect();
    query
}

/// What a gate or a roll wants to know of a host between two steps. `write` proves each member by a committed write.
pub fn for_gate(state: &HostState, desired: &Desired, secrets: &Secrets, roles: &[Role], write: bool) -> HostQuery {
    let mut query = HostQuery::default();
    for role in roles {
        let unit = role.unit().to_owned();
        let Some(service) = state.services.get(&unit) else { continue };
        query.units.push(unit);
        service.inputs.iter().chain(&service.secret_inputs).for_each(|path| query.ask_path(path, state, secrets));
        if let (Role::ZooKeeper, Some(Quorum { data_dir, log_dir, .. })) = (role, &desired.quorum) {
            query.member = Some((data_dir.clone(), log_dir.clone()));
        }
        query.asks.extend(asks(*role, &state.host, &desired.listeners, write));
    }
    query
}

/// Which life of its master a host is at, whether it is ALIVE, and then, if asked for, which latches there are.
pub fn for_election(state: &HostState, listeners: &[Listener], latches: Option<&Election>) -> HostQuery {
    let mut query = HostQuery { units: vec![Role::Master.unit().to_owned()], ..HostQuery::default() };
    query.asks = asks(Role::Master, &state.host, listeners, false);
    for (election, (address, port)) in
        latches.into_iter().flat_map(|election| election.members.iter().map(move |member| (election, member)))
    {
        let bytes = super::children_request(&election.folder);
        query.asks.push(Ask { name: AskName::Latches, address: address.clone(), port: *port, bytes });
    }
    query
}

/// Whether a host reaches those that it will talk to.
pub fn for_reach(pairs: &[(String, u16)]) -> HostQuery {
    HostQuery { reach: pairs.to_vec(), ..HostQuery::default() }
}

/// What a host that has left the topology is asked: only what it remembers.
pub fn for_memory() -> HostQuery {
    HostQuery { machine: true, ..HostQuery::default() }
}

fn asks(role: Role, host: &Host, listeners: &[Listener], write: bool) -> Vec<Ask> {
    let port = |name: &str| host.port(listeners, role, name);
    let ask = |name, port, bytes: &[u8]| Ask { name, address: host.address.to_string(), port, bytes: bytes.to_vec() };
    match role {
        Role::ZooKeeper => {
            let client = port("client");
            let mut all = vec![ask(AskName::Srvr, client, b"srvr"), ask(AskName::Mntr, client, b"mntr")];
            if write {
                all.push(ask(AskName::Canary, client, &super::canary_request()));
            }
            all
        }
        Role::Master => vec![ask(AskName::Master, port("master-ui"), JSON_REQUEST)],
        Role::Worker => vec![ask(AskName::Worker, port("worker-ui"), JSON_REQUEST)],
    }
}

/// A question whose answer tells nothing to who does not know the secret already.
pub fn secret_question(path: &HostPath, before: &str, secret: &str, after: &str) -> SecretQuestion {
    let nonce = random_digits();
    let mut hash = Sha256::new();
    for part in [nonce.as_str(), before, secret, after] {
        hash.update(part.as_bytes());
    }
    SecretQuestion { path: path.clone(), expected: hex(&hash.finalize()), nonce }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
