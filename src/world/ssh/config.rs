//! What `~/.ssh/config` says of a host. What is not supported is an error where it would matter, never silently passed over.

use std::io::BufReader;
use std::path::PathBuf;

use ssh2_config::{HostParams, ParseRule, SshConfig};

use super::known_hosts::KnownHosts;
use crate::cluster::Reach;
use crate::world::{HostError, Target};

/// Options that change where a connection goes or whom it trusts, and that we do not follow.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("proxycommand", "use ProxyJump"),
    ("hostkeyalias", "list the address itself in known_hosts"),
    ("certificatefile", "use a plain key"),
    ("identityagent", "set SSH_AUTH_SOCK"),
    ("pkcs11provider", "use ssh-agent"),
    ("knownhostscommand", "use UserKnownHostsFile"),
];

/// The operator's side of SSH, read once.
#[derive(Debug)]
pub struct Config {
    home: PathBuf,
    file: Option<SshConfig>,
    matches: bool,
}

/// Everything needed to get to one host.
#[derive(Clone, Debug)]
pub struct Route {
    /// As the user would call it.
    pub name: String,
    pub address: String,
    pub port: u16,
    pub user: String,
    pub identities: Vec<PathBuf>,
    pub identities_only: bool,
    pub known_hosts: Vec<PathBuf>,
    /// A jump host, as `ssh -J` takes it.
    pub jump: Option<String>,
    /// The configuration that this route was read from, if there is one.
    pub config: Option<PathBuf>,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{path} cannot be read: {why}")]
pub struct BadConfig {
    path: String,
    why: String,
}

impl Config {
    /// Reads `~/.ssh/config`, if there is one.
    pub fn read() -> Result<Config, BadConfig> {
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let path = home.join(".ssh/config");
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(Config { home, file: None, matches: false }) };
        let matches = text.lines().any(|line| line.trim_start().to_lowercase().starts_with("match "));
        let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
        let file = SshConfig::default()
            .parse(&mut BufReader::new(text.as_bytes()), rules)
            .map_err(|error| BadConfig { path: path.display().to_string(), why: error.to_string() })?;
        Ok(Config { home, file: Some(file), matches })
    }

    pub fn route(&self, target: &Target) -> Result<Route, HostError> {
        let Reach::Ssh(login) = &target.reach else {
            let why = "it is a folder of a machine, and not reached over ssh".to_owned();
            return Err(HostError::Unreachable { address: target.reach.to_string(), why });
        };
        let name = login.ssh_name.0.clone();
        let params = self.file.as_ref().map(|file| file.query(&name));
        let unsupported = |option: &str, instead: &str| HostError::Unsupported {
            name: name.clone(),
            option: option.to_owned(),
            instead: instead.to_owned(),
        };
        if self.matches {
            return Err(unsupported("Match", "use Host blocks"));
        }
        if let Some(params) = &params {
            for (option, instead) in UNSUPPORTED {
                if raw(params, option).is_some_and(|value| value != ["none"]) {
                    return Err(unsupported(option, instead));
                }
            }
        }
        let user = login.user.as_ref().map(ToString::to_string);
        let user = user.or_else(|| params.as_ref()?.user.clone()).or_else(|| std::env::var("USER").ok());
        let identities = params.as_ref().and_then(|params| params.identity_file.clone());
        let yes = |value: Option<Vec<String>>| {
            value.is_some_and(|words| words.first().is_some_and(|word| word.eq_ignore_ascii_case("yes")))
        };
        let jump = params.as_ref().and_then(|params| params.proxy_jump.clone()).filter(|jumps| jumps != &["none"]);
        Ok(Route {
            address: params
                .as_ref()
                .and_then(|params| params.host_name.clone())
                .unwrap_or_else(|| login.address.to_string()),
            port: login.port.map(crate::topology::value::Port::get).or_else(|| params.as_ref()?.port).unwrap_or(22),
            user: user.unwrap_or_else(|| "root".to_owned()),
            identities: identities
                .map_or_else(|| self.default_identities(), |all| all.iter().map(|path| self.expand(path)).collect()),
            identities_only: yes(params.as_ref().and_then(|params| raw(params, "identitiesonly"))),
            known_hosts: params.as_ref().and_then(|params| raw(params, "userknownhostsfile")).map_or_else(
                || self.default_known_hosts(),
                |all| all.iter().map(|path| self.expand(path.as_ref())).collect(),
            ),
            jump: jump.map(|jumps| jumps.join(",")),
            config: self.file.as_ref().map(|_| self.home.join(".ssh/config")),
            name,
        })
    }

    /// The known hosts of a route.
    pub fn known_hosts(route: &Route) -> KnownHosts {
        KnownHosts::read(&route.known_hosts)
    }

    fn default_identities(&self) -> Vec<PathBuf> {
        ["id_ed25519", "id_ecdsa", "id_rsa"].iter().map(|name| self.home.join(".ssh").join(name)).collect()
    }

    fn default_known_hosts(&self) -> Vec<PathBuf> {
        vec![self.home.join(".ssh/known_hosts"), PathBuf::from("/etc/ssh/ssh_known_hosts")]
    }

    fn expand(&self, path: &std::path::Path) -> PathBuf {
        path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| self.home.join(rest))
    }
}

/// An option that the parser knows and does not interpret, by its name in any case.
fn raw(params: &HostParams, option: &str) -> Option<Vec<String>> {
    let of = |fields: &std::collections::HashMap<String, Vec<String>>| {
        fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(option)).map(|(_, words)| words.clone())
    };
    of(&params.unsupported_fields).or_else(|| of(&params.ignored_fields))
}
