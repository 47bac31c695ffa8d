//! The questions about one host, asked together.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest, Sha256, Sha512};

use super::{ArchiveFacts, Content, HostState, Secrets};
use crate::value::{HostPath, random_digits};

/// The questions to a host. Everything is read, nothing is changed.
#[derive(Clone, Debug, Default)]
pub struct HostQuery {
    /// Paths, each with the digest of the wanted text: a file that differs comes with its text.
    pub paths: BTreeMap<HostPath, Option<String>>,
    pub secrets: Vec<SecretQuestion>,
    pub users: Vec<String>,
    pub units: Vec<String>,
    /// The folders of distributions, each with its archive on the host if it comes from there.
    pub distributions: BTreeMap<HostPath, Option<HostPath>>,
    /// The facts of an earlier look about their archives: a file that is still that one is not read again (400 MB take a second).
    pub known: BTreeMap<HostPath, ArchiveFacts>,
    /// Directories whose free space matters.
    pub space: Vec<HostPath>,
    pub java: Option<u32>,
    pub java_homes: Vec<HostPath>,
    /// Data and log directory of a member.
    pub member: Option<(HostPath, HostPath)>,
    pub asks: Vec<Ask>,
    /// Connections to these ports of other hosts, that this user's processes have now (the operator's own if it is `None`).
    pub connections: Option<(Option<String>, BTreeSet<u16>)>,
    /// Addresses and ports that must be reachable from it: refused is reachable, silence is not.
    pub reach: Vec<(String, u16)>,
    /// The host's own address, which it is asked about itself.
    pub address: Option<String>,
    /// Directories in which root is to create others, except those that it creates itself.
    pub grounds: BTreeSet<HostPath>,
    /// Directories of data, which may hold somebody else's.
    pub filled: Vec<HostPath>,
    /// A unit whose rules the kernel should have.
    pub rules: Option<String>,
    /// A unit whose last lines are wanted.
    pub log: Option<String>,
    /// True for the few questions between two steps, while others wait.
    pub is_quick: bool,
    /// True if only a new connection will do: through a firewall, an older one proves nothing.
    pub is_fresh: bool,
    /// True if the machine itself (memory, clock, ports, tools) is asked for.
    pub machine: bool,
    /// The ports of its services: what listens there is told first, whatever else does.
    pub ports: BTreeSet<u16>,
}

impl HostQuery {
    /// The time within which a host answers, or is unknown. A few questions take up to 4 s each where a port is silent.
    pub fn limit(&self) -> Duration {
        Duration::from_secs(if self.is_quick { 20 } else { 60 })
    }

    /// Asks what is at a path, and whether it is what it should be.
    pub fn ask_path(&mut self, path: &HostPath, state: &HostState, secrets: &Secrets) {
        let digest = match state.files.get(path).map(|file| &file.content) {
            Some(Content::Text(text)) => Some(sha256(text.as_bytes())),
            Some(content @ Content::Secret(_)) => {
                self.ask_secret(path, content, secrets);
                None
            }
            // Part of a distribution.
            None => None,
        };
        self.paths.insert(path.clone(), digest);
    }

    /// A command that only looks has read no secrets, and asks nothing.
    fn ask_secret(&mut self, path: &HostPath, content: &Content, secrets: &Secrets) {
        if content.secrets().all(|(secret, _)| secrets.0.contains_key(secret))
            && self.secrets.iter().all(|asked| asked.path != *path)
        {
            self.secrets.push(secret_question(path, &content.full(secrets)));
        }
    }
}

/// The question whether a secret file is right, answered by a digest keyed with `nonce`, which is new for each question.
#[derive(Clone, Debug)]
pub struct SecretQuestion {
    pub path: HostPath,
    pub nonce: String,
    /// The answer for the right secret.
    pub expected: String,
}

/// Bytes to send to a port as seen from the host, until the other side closes.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Under this name the answer is found.
    pub name: &'static str,
    pub address: String,
    pub port: u16,
    pub bytes: Vec<u8>,
    /// The most bytes that are read.
    pub most: u32,
    pub lines: Lines,
}

/// The lines of an answer to keep. Users of a service may make the others any number, and any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    All,
    /// Those of at most a thousand bytes.
    Short,
    /// Those that begin with one of these.
    Beginning(&'static [&'static str]),
}

impl Ask {
    /// So few that the answer comes to us in one write, and many may be asked at once.
    pub const FEW: u32 = 2 << 10;
    /// Enough for the head of a page.
    pub const HEAD: u32 = 64 << 10;
    /// Enough for what says little.
    pub const SHORT: u32 = 1 << 20;
    /// A master's page about ten thousand workers has 4 MiB.
    pub const LONG: u32 = 16 << 20;
}

/// A question about a file whose answer reveals nothing to anyone who does not know its text.
pub fn secret_question(path: &HostPath, text: &str) -> SecretQuestion {
    let nonce = random_digits();
    let mut hash = Sha256::new();
    hash.update(nonce.as_bytes());
    hash.update(text.as_bytes());
    SecretQuestion { path: path.clone(), expected: hex(&hash.finalize()), nonce }
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-512 of all that a reader gives, in hexadecimal digits.
pub fn sha512(mut from: impl std::io::Read) -> std::io::Result<String> {
    let mut digest = Sha512::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match from.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            count => digest.update(&buffer[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
