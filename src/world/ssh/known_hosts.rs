//! The host keys of `known_hosts`. Read by ourselves: libssh2's own reader passes over `@revoked` and `@cert-authority`, and reads
//! all lines again for every session.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::bounded;
use crate::host::HostError;

#[derive(Clone, Debug)]
pub struct KnownHosts {
    lines: Vec<Line>,
    /// The file to which a new key would be added.
    file: PathBuf,
}

#[derive(Clone, Debug)]
struct Line {
    marker: Marker,
    hosts: Hosts,
    algorithm: String,
    key: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    Authority,
}

#[derive(Clone, Debug)]
enum Hosts {
    /// Patterns, a leading `!` denies.
    Plain(Vec<String>),
    Hashed {
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
}

impl KnownHosts {
    /// A missing file has no keys. One that cannot be read is an error: it may revoke a key.
    pub fn read(files: &[PathBuf]) -> std::io::Result<KnownHosts> {
        let mut lines = Vec::new();
        for file in files {
            match bounded::read(file) {
                // One line that is not text is no reason to pass over the others.
                Ok(bytes) => lines.extend(parse(&String::from_utf8_lossy(&bytes))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(std::io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
            }
        }
        Ok(KnownHosts { lines, file: files.first().cloned().unwrap_or_default() })
    }

    /// The algorithms under which this host is known, for the order in which keys are asked for: otherwise a host would be
    /// reported as changed that only offered another of its keys.
    pub fn algorithms(&self, known_as: &str) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for line in self.of(known_as).filter(|line| line.marker == Marker::None) {
            let names: &[&'static str] = match line.algorithm.as_str() {
                "ssh-ed25519" => &["ssh-ed25519"],
                "ecdsa-sha2-nistp256" => &["ecdsa-sha2-nistp256"],
                "ecdsa-sha2-nistp384" => &["ecdsa-sha2-nistp384"],
                "ecdsa-sha2-nistp521" => &["ecdsa-sha2-nistp521"],
                "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256"],
                _ => &[],
            };
            for name in names {
                if !all.contains(name) {
                    all.push(name);
                }
            }
        }
        all
    }

    fn of(&self, known_as: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.hosts.has(known_as))
    }

    /// Judges the key that a host offers. `name` is for messages.
    pub fn check(&self, name: &str, known_as: &str, key: &[u8]) -> Result<(), HostError> {
        let lines: Vec<&Line> = self.of(known_as).collect();
        let policy = |why: &str| HostError::KeyPolicy { name: name.to_owned(), why: why.to_owned() };
        if lines.iter().any(|line| line.marker == Marker::Revoked && line.key == key) {
            return Err(policy("known_hosts marks it as @revoked"));
        }
        if lines.iter().any(|line| line.marker == Marker::None && line.key == key) {
            return Ok(());
        }
        if lines.iter().any(|line| line.marker == Marker::Authority) {
            let why = "known_hosts has a @cert-authority for it".to_owned();
            return Err(HostError::NeedsOpenSsh { name: name.to_owned(), why });
        }
        match lines.iter().find(|line| line.marker == Marker::None) {
            Some(known) => Err(HostError::ChangedKey {
                name: name.to_owned(),
                known: fingerprint(&known.key),
                offered: fingerprint(key),
            }),
            None => Err(HostError::UnknownKey {
                name: name.to_owned(),
                fingerprint: fingerprint(key),
                command: accept_command(known_as, key, &self.file),
            }),
        }
    }
}

/// Adds the very key that was offered, and whose fingerprint was shown.
fn accept_command(known_as: &str, key: &[u8], file: &Path) -> String {
    let line = format!("{known_as} {} {}", algorithm(key), STANDARD.encode(key));
    let line = crate::value::quote(&line);
    // Nothing stays in the one, and the other is everybody's.
    if file == Path::new("/dev/null") || file.starts_with("/etc/ssh") {
        return format!(
            "echo {line} >> ~/.ssh/known_hosts    # and remove UserKnownHostsFile for this host from ssh's configuration, so that this file is read"
        );
    }
    format!("echo {line} >> {}", crate::value::quote(&file.display().to_string()))
}

/// A key begins with the length and the name of its algorithm.
fn algorithm(key: &[u8]) -> String {
    let length = key.get(..4).map_or(0, |bytes| u32::from_be_bytes(bytes.try_into().expect("four bytes")) as usize);
    key.get(4..4 + length).map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default()
}

/// As OpenSSH prints it.
pub fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

fn parse(text: &str) -> Vec<Line> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(parse_line)
        .collect()
}

fn parse_line(line: &str) -> Option<Line> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    let (marker, hosts) = match first {
        "@revoked" => (Marker::Revoked, words.next()?),
        "@cert-authority" => (Marker::Authority, words.next()?),
        hosts => (Marker::None, hosts),
    };
    let algorithm = words.next()?.to_owned();
    let key = STANDARD.decode(words.next()?).ok()?;
    let hosts = match hosts.strip_prefix("|1|").and_then(|rest| rest.split_once('|')) {
        Some((salt, hash)) => Hosts::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? },
        None => Hosts::Plain(hosts.split(',').map(str::to_lowercase).collect()),
    };
    Some(Line { marker, hosts, algorithm, key })
}

impl Hosts {
    fn has(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        match self {
            Hosts::Hashed { salt, hash } => {
                let mut mac = Hmac::<sha1::Sha1>::new_from_slice(salt).expect("HMAC takes keys of any length");
                mac.update(name.as_bytes());
                mac.verify_slice(hash).is_ok()
            }
            Hosts::Plain(patterns) => {
                let denied =
                    patterns.iter().filter_map(|p| p.strip_prefix('!')).any(|p| glob(p.as_bytes(), name.as_bytes()));
                !denied && patterns.iter().any(|p| glob(p.as_bytes(), name.as_bytes()))
            }
        }
    }
}

/// `*` and `?` as OpenSSH takes them.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, tail)| glob(pattern, tail)),
        (Some((b'?', rest)), Some((_, tail))) => glob(rest, tail),
        (Some((a, rest)), Some((b, tail))) => a == b && glob(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> KnownHosts {
        KnownHosts { lines: parse(text), file: "known_hosts".into() }
    }

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn key() -> Vec<u8> {
        STANDARD.decode(KEY).expect("base64")
    }

    #[test]
    fn law_7_an_unknown_or_changed_key_stops() {
        let none = known("");
        assert!(matches!(none.check("x", "h1", &key()), Err(HostError::UnknownKey { .. })));
        let other = known(&format!("h1 ssh-ed25519 {KEY}"));
        assert!(other.check("x", "h1", &key()).is_ok());
        let changed = other.check("x", "h1", b"another").expect_err("changed");
        assert!(matches!(changed, HostError::ChangedKey { .. }));
        assert!(!changed.to_string().contains("ssh-keygen"), "a changed key comes with no command");
    }

    #[test]
    fn a_key_is_accepted_where_it_stays() {
        let command = |file: &str| {
            let unknown = KnownHosts { lines: Vec::new(), file: file.into() }.check("x", "h1", &key());
            let Err(HostError::UnknownKey { command, .. }) = unknown else { panic!("it is unknown") };
            command
        };
        let line = format!("echo 'h1 ssh-ed25519 {KEY}' >> ");
        assert_eq!(command("/home/ops/.ssh/known_hosts"), format!("{line}/home/ops/.ssh/known_hosts"));
        for nowhere in ["/dev/null", "/etc/ssh/ssh_known_hosts"] {
            let command = command(nowhere);
            assert!(
                command.starts_with(&format!("{line}~/.ssh/known_hosts ")) && !command.contains(nowhere),
                "{command}"
            );
        }
    }

    #[test]
    fn one_line_that_is_not_text_hides_no_revocation() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("known_hosts");
        let text = format!("@revoked * ssh-ed25519 {KEY}\nh1 ssh-ed25519 {KEY}\n");
        std::fs::write(&file, [b"# caf\xe9\n".as_slice(), text.as_bytes()].concat()).expect("written");
        let known = KnownHosts::read(&[file, folder.path().join("absent")]).expect("readable");
        assert!(known.check("x", "h1", &key()).is_err());
        assert!(KnownHosts::read(&[folder.path().to_owned()]).is_err(), "a folder has no lines");
    }

    #[test]
    fn ports_patterns_denials_and_revocations_are_heeded() {
        let k = known(&format!(
            "[h1]:2222,10.0.0.* ssh-ed25519 {KEY}\n!bad.example,*.example ssh-ed25519 {KEY}\n@revoked r ssh-ed25519 {KEY}\nr ssh-ed25519 {KEY}\n@cert-authority *.ca ssh-ed25519 {KEY}"
        ));
        assert!(k.check("x", "[h1]:2222", &key()).is_ok());
        assert!(matches!(k.check("x", "h1", &key()), Err(HostError::UnknownKey { .. })));
        assert!(k.check("x", "10.0.0.7", &key()).is_ok());
        assert!(k.check("x", "good.example", &key()).is_ok());
        assert!(matches!(k.check("x", "bad.example", &key()), Err(HostError::UnknownKey { .. })));
        assert!(matches!(k.check("x", "r", &key()), Err(HostError::KeyPolicy { .. })));
        assert!(matches!(k.check("x", "x.ca", b"k"), Err(HostError::NeedsOpenSsh { .. })));
    }

    /// Written by `ssh-keygen -H` (OpenSSH 9.2) from `h1 ssh-ed25519 …`.
    #[test]
    fn hashed_names_are_found() {
        let k = known(&format!("|1|jTHT72Bq9l3YGuH2lP6cvAve9dE=|W0YSG6j+a+zeXBeFPXNgb3M/7ao= ssh-ed25519 {KEY}"));
        assert!(k.check("x", "h1", &key()).is_ok());
        assert!(k.check("x", "h2", &key()).is_err());
        assert_eq!(k.algorithms("h1"), ["ssh-ed25519"]);
    }
}
