//! The part of `~/.ssh/config` about a host. An option that is not supported is an error where it would matter, never ignored in silence.

use std::io::{BufReader, ErrorKind};
use std::path::PathBuf;

use ssh2_config::{HostParams, ParseRule, SshConfig};

use super::bounded;
use super::known_hosts::KnownHosts;
use super::route::{Proxy, Route};
use crate::host::{HostError, Reach, Target};

/// Options that change where a connection goes or whom it trusts, and that we do not follow.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("hostkeyalias", "list the address itself in known_hosts"),
    ("certificatefile", "use a plain key"),
    ("identityagent", "set SSH_AUTH_SOCK"),
    ("pkcs11provider", "use ssh-agent"),
    ("knownhostscommand", "use UserKnownHostsFile"),
    ("revokedhostkeys", "write @revoked lines into known_hosts"),
    ("globalknownhostsfile", "use UserKnownHostsFile"),
];

/// The operator's side of SSH, read once.
#[derive(Debug, Default)]
pub struct Config {
    home: PathBuf,
    file: Option<SshConfig>,
    matches: bool,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("{path} cannot be read: {why}")]
pub struct BadConfig {
    path: String,
    why: String,
}

/// A host on the way to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// As ssh's configuration calls it.
    pub name: String,
    pub address: String,
    /// `None` if a command chooses it.
    pub port: Option<u16>,
}

/// The deepest chain of jump hosts that is followed.
const DEEPEST_JUMP: usize = 8;

impl Config {
    /// Reads `~/.ssh/config`, if there is one.
    pub fn read() -> Result<Config, BadConfig> {
        Config::below(PathBuf::from(std::env::var_os("HOME").unwrap_or_default()))
    }

    fn below(home: PathBuf) -> Result<Config, BadConfig> {
        let path = home.join(".ssh/config");
        let bad = |why: String| BadConfig { path: path.display().to_string(), why };
        if !home.is_absolute() {
            return Err(bad("HOME is not an absolute path".to_owned()));
        }
        let text = match bounded::read(&path) {
            Ok(bytes) => String::from_utf8(bytes).map_err(|_| bad("it is not UTF-8".to_owned()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Config { home, file: None, matches: false });
            }
            Err(error) => return Err(bad(error.to_string())),
        };
        let rules = ParseRule::ALLOW_UNKNOWN_FIELDS | ParseRule::ALLOW_UNSUPPORTED_FIELDS;
        let file = SshConfig::default()
            .parse(&mut BufReader::new(text.as_bytes()), rules)
            .map_err(|error| bad(error.to_string()))?;
        // The parser files it among the options of the block before, in included files too.
        let matches = file.get_hosts().iter().any(|host| raw(&host.params, "match").is_some());
        Ok(Config { home, file: Some(file), matches })
    }

    pub fn route(&self, target: &Target) -> Result<Route, HostError> {
        let Reach::Ssh(login) = &target.reach else {
            let why = "it is a folder of a machine, and not reached over ssh".to_owned();
            return Err(HostError::Unreachable { address: target.reach.to_string(), why });
        };
        let name = login.ssh_name.0.clone();
        let params = self.params(&name);
        self.refuse_unsupported(&name, &params)?;
        let written = host_name(&params, &name)
            .ok_or_else(|| unsupported(&name, "HostName with another token than %h", "write the name in full"))?;
        let known_as = written.clone().unwrap_or_else(|| name.clone());
        let address = written.unwrap_or_else(|| login.address.to_string());
        let port = login.port.map(crate::value::Port::get).or(params.port).unwrap_or(22);
        let user = login.user.as_ref().map(ToString::to_string).or_else(|| params.user.clone());
        let Some(user) = user.or_else(|| std::env::var("USER").ok()) else {
            let why = "no SSH user is configured: write ssh.user in the topology, User in ~/.ssh/config, or set USER"
                .to_owned();
            return Err(HostError::Unreachable { address, why });
        };
        let yes = |words: Vec<String>| words.first().is_some_and(|word| word.eq_ignore_ascii_case("yes"));
        let identities = params.identity_file.as_ref();
        Ok(Route {
            port,
            identities: identities
                .map_or_else(|| self.default_identities(), |all| all.iter().map(|path| self.expand(path)).collect()),
            identities_only: raw(&params, "identitiesonly").is_some_and(yes),
            known_hosts: self.known_hosts_of(&params),
            proxy: self.proxy(&name, &params, (&address, port, &user))?,
            config: self.file.as_ref().map(|_| self.home.join(".ssh/config")),
            address,
            known_as,
            user,
            name,
        })
    }

    fn params(&self, name: &str) -> HostParams {
        self.file.as_ref().map_or_else(|| SshConfig::default().query(name), |file| file.query(name))
    }

    /// Refuses options that would make ssh take another route, or trust fewer keys, than this program does.
    fn refuse_unsupported(&self, name: &str, params: &HostParams) -> Result<(), HostError> {
        if self.matches {
            return Err(unsupported(name, "Match", "use Host blocks"));
        }
        // A file that is not read may revoke a key.
        let has_token = |all: Vec<String>| all.iter().any(|path| path.contains(['%', '$']));
        if raw(params, "userknownhostsfile").is_some_and(has_token) {
            return Err(unsupported(name, "UserKnownHostsFile with a token", "write the path in full"));
        }
        let is_set = |option: &str| raw(params, option).is_some_and(|value| value != ["none"]);
        let found = UNSUPPORTED.iter().find(|(option, _)| is_set(option));
        found.map_or(Ok(()), |(option, instead)| Err(unsupported(name, option, instead)))
    }

    /// The way through another host or command, to the address and port that a user logs in to.
    fn proxy(
        &self,
        name: &str,
        params: &HostParams,
        (address, port, user): (&str, u16, &str),
    ) -> Result<Option<Proxy>, HostError> {
        if let Some(jumps) = params.proxy_jump.as_ref().filter(|jumps| *jumps != &["none"]) {
            return Ok(Some(Proxy::Jump(jumps.join(","))));
        }
        if raw(params, "proxycommand").is_none_or(|words| words == ["none"]) {
            return Ok(None);
        }
        let command =
            self.proxy_command(name).ok_or_else(|| unsupported(name, "proxycommand", "see what `ssh -G` says"))?;
        let tokens = [('h', address), ('n', name), ('p', &port.to_string()), ('r', user)];
        let filled = expand(&command, &tokens).ok_or_else(|| {
            unsupported(name, "ProxyCommand with another token than %h, %n, %p and %r", "write it in full")
        })?;
        Ok(Some(Proxy::Command(filled)))
    }

    /// The hosts on the way of a route, as far as its configuration names them.
    pub fn hops(&self, route: &Route) -> Vec<Hop> {
        match &route.proxy {
            None => Vec::new(),
            Some(Proxy::Jump(jumps)) => self.jumps(jumps, DEEPEST_JUMP),
            // Nobody but the command knows which of its words are hosts, and at which port.
            Some(Proxy::Command(command)) => {
                let words = command.split(|c: char| c.is_whitespace() || "'\"=,".contains(c));
                words.filter(|word| !word.is_empty()).map(|word| Hop { port: None, ..self.hop(word) }).collect()
            }
        }
    }

    fn jumps(&self, jumps: &str, deepest: usize) -> Vec<Hop> {
        let mut all = Vec::new();
        for jump in jumps.split(',') {
            let hop = self.hop(jump);
            let next = self.params(&hop.name).proxy_jump;
            match next.filter(|next| next != &["none"]) {
                Some(next) if deepest > 0 => all.extend(self.jumps(&next.join(","), deepest - 1)),
                // A chain of which nobody knows the end is judged like a command.
                Some(_) => all.push(Hop { port: None, ..hop.clone() }),
                None => {}
            }
            all.push(hop);
        }
        all
    }

    /// A host as `ssh -J` takes it: `[user@]host[:port]`, or a URI.
    fn hop(&self, text: &str) -> Hop {
        let text = text.trim().trim_start_matches("ssh://").trim_end_matches('/');
        let place = text.rsplit_once('@').map_or(text, |(_, place)| place);
        let (name, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, rest)) => (name, rest.strip_prefix(':')),
            None => match place.split_once(':') {
                Some((name, port)) if !port.contains(':') => (name, Some(port)),
                _ => (place, None),
            },
        };
        let params = self.params(name);
        let port = port.and_then(|port| port.parse().ok()).or(params.port).unwrap_or(22);
        let address = host_name(&params, name).flatten().unwrap_or_else(|| name.to_owned());
        Hop { name: name.to_owned(), address, port: Some(port) }
    }

    /// The command as OpenSSH itself prints it: quotes in it belong to the shell, not to the configuration.
    fn proxy_command(&self, name: &str) -> Option<String> {
        let mut ssh = std::process::Command::new("ssh");
        ssh.arg("-F").arg(self.home.join(".ssh/config")).args(["-G", "--", name]);
        let output = ssh.stdin(std::process::Stdio::null()).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().find_map(|line| line.strip_prefix("proxycommand ")).map(str::to_owned)
    }

    /// The known hosts of a route.
    pub fn known_hosts(route: &Route) -> std::io::Result<KnownHosts> {
        KnownHosts::read(&route.known_hosts)
    }

    fn default_identities(&self) -> Vec<PathBuf> {
        ["id_ed25519", "id_ecdsa", "id_rsa"].iter().map(|name| self.home.join(".ssh").join(name)).collect()
    }

    /// The operator's files, and the machine's: OpenSSH's defaults (`ssh_config(5)`).
    fn known_hosts_of(&self, params: &HostParams) -> Vec<PathBuf> {
        let own = raw(params, "userknownhostsfile");
        let own = own.map_or_else(
            || ["known_hosts", "known_hosts2"].map(|name| self.home.join(".ssh").join(name)).to_vec(),
            |all| all.iter().map(|path| self.expand(path.as_ref())).collect(),
        );
        let machines = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from);
        own.into_iter().chain(machines).collect()
    }

    fn expand(&self, path: &std::path::Path) -> PathBuf {
        path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| self.home.join(rest))
    }
}

/// The address that the configuration has for a name, `Some(None)` where it has none; `None` if it cannot be worked out.
fn host_name(params: &HostParams, name: &str) -> Option<Option<String>> {
    params.host_name.as_ref().map_or(Some(None), |written| expand(written, &[('h', name)]).map(Some))
}

fn unsupported(name: &str, option: &str, instead: &str) -> HostError {
    HostError::Unsupported { name: name.to_owned(), option: option.to_owned(), instead: instead.to_owned() }
}

/// Fills in what `%h` and the like stand for; `None` where one is another. `ssh -G` leaves them as they are.
fn expand(command: &str, tokens: &[(char, &str)]) -> Option<String> {
    let mut expanded = String::new();
    let mut rest = command.chars();
    while let Some(c) = rest.next() {
        let token = if c == '%' { rest.next() } else { None };
        match token {
            None => expanded.push(c),
            Some('%') => expanded.push('%'),
            Some(name) => expanded.push_str(tokens.iter().find(|(token, _)| *token == name)?.1),
        }
    }
    Some(expanded)
}

/// An option that the parser knows and does not interpret, by its name in any case.
fn raw(params: &HostParams, option: &str) -> Option<Vec<String>> {
    let of = |fields: &std::collections::HashMap<String, Vec<String>>| {
        fields.iter().find(|(name, _)| name.eq_ignore_ascii_case(option)).map(|(_, words)| words.clone())
    };
    of(&params.unsupported_fields).or_else(|| of(&params.ignored_fields))
}

#[cfg(test)]
mod tests {
    use super::{Config, expand};
    use crate::host::{Login, Reach, SshName, Target};

    #[test]
    fn a_match_is_seen_however_it_is_written_and_what_cannot_be_read_is_an_error() {
        let home = tempfile::tempdir().expect("a folder");
        let ssh = home.path().join(".ssh");
        let read = || Config::below(home.path().to_owned()).map(|config| config.matches);
        assert!(matches!(read(), Ok(false)));
        std::fs::create_dir(&ssh).expect("made");
        let write = |name: &str, text: &[u8]| std::fs::write(ssh.join(name), text).expect("written");
        write("more", b"Match host x\n  User y\n");
        let include = format!("Include {}\n", ssh.join("more").display());
        for (text, matches) in [
            ("Host x\n  User matchless\n# Match\n", false),
            ("Host *\n  Port 23\nMatch host x\n  User y\n", true),
            ("match\thost x\n  User y\n", true),
            ("Match=host x\n  User y\n", true),
            (include.as_str(), true),
        ] {
            write("config", text.as_bytes());
            assert!(matches!(read(), Ok(found) if found == matches), "{text}: {:?}", read());
        }
        write("config", b"Host \xff\n");
        assert!(read().is_err());
        assert!(Config::below(std::path::PathBuf::new()).is_err());
    }

    /// As `ssh h1` looks for its key: by `HostName`, else by the name itself; never by the address that only the topology knows.
    #[test]
    fn a_host_is_known_by_the_name_that_ssh_is_given() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".ssh")).expect("made");
        std::fs::write(home.path().join(".ssh/config"), "Host h2\n  HostName 10.9.9.2\n").expect("written");
        let config = Config::below(home.path().to_owned()).expect("it is right");
        let known = |ssh_name: &str| {
            let address = "10.0.0.1".parse().expect("an address");
            let user = Some("ops".parse().expect("a user"));
            let login = Login { address, ssh_name: SshName(ssh_name.to_owned()), user, port: None };
            let target = Target { name: "x".parse().expect("a name"), reach: Reach::Ssh(login) };
            let route = config.route(&target).expect("a route");
            (route.known_as, route.address)
        };
        let pair = |known_as: &str, address: &str| (known_as.to_owned(), address.to_owned());
        assert_eq!(known("h1"), pair("h1", "10.0.0.1"));
        assert_eq!(known("h2"), pair("10.9.9.2", "10.9.9.2"));
        assert_eq!(known("10.0.0.1"), pair("10.0.0.1", "10.0.0.1"));
    }

    #[test]
    fn tokens_of_a_proxy_command_are_filled_in_and_quotes_left_alone() {
        let tokens = [('h', "10.0.0.1"), ('n', "h1"), ('p', "22"), ('r', "ops")];
        let command = "sh -c 'port=$(($$ %% 20)); az --ip %h --port \"%p\"' %r@%n %";
        let filled = "sh -c 'port=$(($$ % 20)); az --ip 10.0.0.1 --port \"22\"' ops@h1 %";
        assert_eq!(expand(command, &tokens).as_deref(), Some(filled));
        assert_eq!(expand("nc %C", &tokens), None);
    }
}
