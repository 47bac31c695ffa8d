//! The operator's configuration of ssh. OpenSSH itself says what it means for a host, and so which client carries the scripts there.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::answers::{Answers, NoAnswer};
use super::bounded;
use super::route::{Client, Plain, Route};
use crate::host::{HostError, Login, Reach, Target};
use crate::value::Port;

/// The operator's side of SSH.
#[derive(Debug, Default)]
pub struct Config {
    home: PathBuf,
    /// The argument of `-F`, where OpenSSH would look into another home than `HOME`.
    file: Option<PathBuf>,
    /// The topology wants OpenSSH for every host.
    openssh: bool,
    /// The answers of OpenSSH without any configuration. `None` without OpenSSH.
    unconfigured: Option<Answers>,
    /// Each is asked for once: it costs a process.
    asked: Mutex<HashMap<Question, Arc<Answers>>>,
}

/// The arguments before a name, and the name.
type Question = (Vec<OsString>, String);

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
    /// Reads `~/.ssh/config`, if there is one. `openssh`: every host is reached by OpenSSH.
    pub fn read(openssh: bool) -> Result<Config, BadConfig> {
        Config::below(PathBuf::from(std::env::var_os("HOME").unwrap_or_default()), openssh)
    }

    fn below(home: PathBuf, openssh: bool) -> Result<Config, BadConfig> {
        let path = home.join(".ssh/config");
        let bad = |why: String| BadConfig { path: path.display().to_string(), why };
        if !home.is_absolute() {
            return Err(bad("HOME is not an absolute path".to_owned()));
        }
        let exists = path.try_exists().map_err(|error| bad(error.to_string()))?;
        if exists {
            bounded::read(&path).map_err(|error| bad(error.to_string()))?;
        }
        let unconfigured = match Answers::ask(Some(Path::new("none")), &[], "localhost") {
            Ok(answers) => Some(answers),
            Err(NoAnswer::NoClient) if !exists && !openssh => None,
            Err(NoAnswer::NoClient) => {
                return Err(bad("there is no `ssh` on this machine to read it: install OpenSSH's client".to_owned()));
            }
            Err(NoAnswer::Refused(why)) => return Err(bad(why)),
        };
        let own = unconfigured.as_ref().and_then(|answers| answers.paths("userknownhostsfile"));
        let is_home = own.is_none_or(|known| known.first().is_some_and(|known| known.starts_with(&home)));
        let elsewhere = || if exists { path.clone() } else { PathBuf::from("none") };
        let file = (!is_home).then(elsewhere);
        if unconfigured.is_some() {
            // A mistake in it is found before any host is asked.
            let refused = Answers::ask(file.as_deref(), &[], "localhost").err();
            if let Some(NoAnswer::Refused(why)) = refused {
                return Err(bad(why));
            }
        }
        Ok(Config { home, file, openssh, unconfigured, asked: Mutex::default() })
    }

    /// The way to a host.
    pub fn route(&self, target: &Target) -> Result<Route, HostError> {
        let Reach::Ssh(login) = &target.reach else {
            let why = "it is a folder of this machine, and not reached over ssh".to_owned();
            return Err(HostError::Unreachable { address: target.reach.to_string(), why });
        };
        let Login { address, ssh_name, user, port } = login;
        let name = ssh_name.0.clone();
        let mut options: Vec<OsString> = Vec::new();
        options.extend(port.iter().flat_map(|port| ["-p".into(), port.to_string().into()]));
        options.extend(user.iter().flat_map(|user| ["-l".into(), user.to_string().into()]));
        let answers = self.ask(&options, &name)?;
        let written = answers.one("hostname").filter(|written| *written != name);
        let port = answers.one("port").and_then(|port| port.parse().ok()).or(port.map(Port::get)).unwrap_or(22);
        let bare = written.unwrap_or(&name);
        let known_as = if port == 22 { bare.to_owned() } else { format!("[{bare}]:{port}") };
        if written.is_none() && name != address.to_string() {
            // Only the topology knows the address, and known_hosts only the name.
            options.extend(["-o".into(), format!("HostName={address}").into()]);
            if answers.one("hostkeyalias").is_none() {
                options.extend(["-o".into(), format!("HostKeyAlias={known_as}").into()]);
            }
        }
        let address = written.map_or_else(|| address.to_string(), str::to_owned);
        let user = answers.one("user").map(str::to_owned).or_else(|| user.as_ref().map(ToString::to_string));
        let Some(user) = user.or_else(|| std::env::var("USER").ok()) else {
            let why = "no SSH user is configured: write ssh.user in the topology, User in ~/.ssh/config, or set USER";
            return Err(HostError::Unreachable { address, why: why.to_owned() });
        };
        let client = self.client(&answers, known_as, &mut options);
        options.extend(["--".into(), OsString::from(&name)]);
        Ok(Route { name, address, port, user, client, includes: self.files(), arguments: options })
    }

    /// The client that can do all that a host's configuration asks for, libssh2 before OpenSSH. Adds what OpenSSH must be told.
    fn client(&self, answers: &Answers, known_as: String, options: &mut Vec<OsString>) -> Client {
        let Some(unconfigured) = &self.unconfigured else {
            let identities =
                ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| self.home.join(".ssh").join(name)).to_vec();
            let known_hosts = self.own_known_hosts();
            return Client::Libssh2(Plain { known_as, identities, identities_only: false, known_hosts });
        };
        let home_differs = self.file.is_some();
        let identities: Vec<PathBuf> = answers.all("identityfile").iter().map(|path| self.expand(path)).collect();
        let known_hosts = if home_differs && answers.all("userknownhostsfile") == unconfigured.all("userknownhostsfile")
        {
            Some(self.own_known_hosts())
        } else {
            answers.paths("userknownhostsfile").map(|all| all.iter().map(|path| self.expand(path)).collect())
        };
        if home_differs {
            // OpenSSH knows another home than HOME: its defaults are given to it.
            let exist = identities.iter().filter(|path| path.is_file());
            options.extend(exist.flat_map(|path| ["-o".into(), option("IdentityFile", path)]));
            if let Some(known) = known_hosts.iter().flatten().next() {
                options.extend(["-o".into(), option("UserKnownHostsFile", known)]);
            }
        }
        let asked = self.openssh.then(|| "the topology asks for it".to_owned());
        let beyond = || answers.beyond_libssh2(unconfigured).map(|option| format!("its configuration has {option}"));
        let kerberos = || answers.has_kerberos().then(|| "there is a Kerberos ticket".to_owned());
        let token = || {
            answers.one("user").filter(|user| user.contains('%')).map(|_| "its User has a token such as %h".to_owned())
        };
        let because = asked
            .or_else(beyond)
            .or_else(kerberos)
            .or_else(token)
            .or_else(|| identities.iter().find_map(|path| beyond_a_key(path)));
        match (because, known_hosts) {
            (Some(because), _) => Client::OpenSsh { because },
            (None, None) => Client::OpenSsh { because: "its UserKnownHostsFile has a token or a space".to_owned() },
            (None, Some(mut known_hosts)) => {
                known_hosts.extend(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from));
                let identities_only = answers.one("identitiesonly") == Some("yes");
                Client::Libssh2(Plain { known_as, identities, identities_only, known_hosts })
            }
        }
    }

    /// Returns true if this machine has OpenSSH's client.
    pub fn has_openssh(&self) -> bool {
        self.unconfigured.is_some()
    }

    fn ask(&self, options: &[OsString], name: &str) -> Result<Arc<Answers>, HostError> {
        if self.unconfigured.is_none() {
            return Ok(Arc::default());
        }
        let question = (options.to_vec(), name.to_owned());
        let known = self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(&question).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let answers = Answers::ask(self.file.as_deref(), options, name).map(Arc::new).map_err(|error| {
            let why = match error {
                NoAnswer::NoClient => "there is no `ssh` on this machine any more".to_owned(),
                NoAnswer::Refused(why) => format!("ssh -G says: {why}"),
            };
            HostError::Unreachable { address: name.to_owned(), why }
        })?;
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(question, answers.clone());
        Ok(answers)
    }

    /// The arguments that have OpenSSH read this configuration, where it would read another.
    pub fn file_arguments(&self) -> Vec<OsString> {
        self.file.iter().flat_map(|path| [OsString::from("-F"), path.clone().into_os_string()]).collect()
    }

    /// The files that OpenSSH reads, the operator's before the machine's.
    fn files(&self) -> Vec<PathBuf> {
        let all = match &self.file {
            Some(file) => vec![file.clone()],
            None => vec![self.home.join(".ssh/config"), PathBuf::from("/etc/ssh/ssh_config")],
        };
        all.into_iter().filter(|path| path.is_file()).collect()
    }

    /// The hosts on the way to a target, as far as its configuration names them.
    pub fn hops(&self, target: &Target) -> Vec<Hop> {
        let Reach::Ssh(login) = &target.reach else { return Vec::new() };
        self.hops_to(&login.ssh_name.0, DEEPEST_JUMP)
    }

    fn hops_to(&self, name: &str, deepest: usize) -> Vec<Hop> {
        let Ok(answers) = self.ask(&[], name) else { return Vec::new() };
        if let Some(jumps) = answers.one("proxyjump") {
            return jumps.split(',').flat_map(|jump| self.jump(jump, deepest)).collect();
        }
        // Nobody but the command knows which of its words are hosts, and at which port.
        let command = answers.one("proxycommand").unwrap_or_default();
        let words = command.split(|c: char| c.is_whitespace() || "'\"=,".contains(c));
        let hosts = words.filter(|word| word.starts_with(|c: char| c.is_alphanumeric()));
        hosts.map(|word| Hop { port: None, ..self.hop(word) }).collect()
    }

    /// A jump host, behind those that it is reached through itself.
    fn jump(&self, jump: &str, deepest: usize) -> Vec<Hop> {
        let hop = self.hop(jump);
        if deepest == 0 {
            // A chain of which nobody knows the end is judged like a command.
            return vec![Hop { port: None, ..hop }];
        }
        let mut all = self.hops_to(&hop.name, deepest - 1);
        all.push(hop);
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
        let answers = self.ask(&[], name).unwrap_or_default();
        let configured = answers.one("port").and_then(|port| port.parse().ok());
        let port = port.and_then(|port| port.parse().ok()).or(configured).unwrap_or(22);
        let address = answers.one("hostname").unwrap_or(name).to_owned();
        Hop { name: name.to_owned(), address, port: Some(port) }
    }

    fn own_known_hosts(&self) -> Vec<PathBuf> {
        ["known_hosts", "known_hosts2"].map(|name| self.home.join(".ssh").join(name)).to_vec()
    }

    fn expand(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        path.strip_prefix("~").map_or_else(|_| path.to_owned(), |rest| self.home.join(rest))
    }
}

/// A path as the value of an option, which may have spaces.
fn option(name: &str, path: &Path) -> OsString {
    let mut all = OsString::from(format!("{name}=\""));
    all.push(path);
    all.push(OsStr::new("\""));
    all
}

/// The reason why libssh2 cannot log in with an identity: it is a public key, a certificate, a hardware key, or has a token in its name.
fn beyond_a_key(path: &Path) -> Option<String> {
    let shown = path.display().to_string();
    if shown.contains(['%', '$']) {
        return Some(format!("its IdentityFile {shown} has a token"));
    }
    let beside = |ending: &str| PathBuf::from(format!("{shown}{ending}"));
    if beside("-cert.pub").is_file() {
        return Some(format!("{shown} has a certificate"));
    }
    let begins = |path: &Path, words: &[&str]| {
        let bytes = bounded::read(path).unwrap_or_default();
        words.iter().any(|word| bytes.starts_with(word.as_bytes()))
    };
    if begins(path, &["ssh-", "ecdsa-", "sk-"]) {
        return Some(format!("{shown} is a public key"));
    }
    begins(&beside(".pub"), &["sk-"]).then(|| format!("{shown} is a hardware key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::SshName;

    fn config(text: &str) -> (tempfile::TempDir, Result<Config, BadConfig>) {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(home.path().join(".ssh")).expect("made");
        std::fs::write(home.path().join(".ssh/config"), text).expect("written");
        let config = Config::below(home.path().to_owned(), false);
        (home, config)
    }

    fn route(config: &Config, ssh_name: &str) -> Route {
        let address = "10.0.0.1".parse().expect("an address");
        let user = Some("ops".parse().expect("a user"));
        let login = Login { address, ssh_name: SshName(ssh_name.to_owned()), user, port: None };
        let target = Target { name: "x".parse().expect("a name"), reach: Reach::Ssh(login) };
        config.route(&target).expect("a route")
    }

    fn why(config: &Config, name: &str) -> Option<String> {
        match route(config, name).client {
            Client::Libssh2(_) => None,
            Client::OpenSsh { because } => Some(because),
        }
    }

    #[test]
    fn a_configuration_that_openssh_refuses_is_an_error_in_its_words() {
        let error = config("Host x\n  Foo bar\n").1.expect_err("no such option").to_string();
        assert!(error.contains("Bad configuration option: foo"), "{error}");
        assert!(Config::below(PathBuf::new(), false).is_err());
    }

    /// As `ssh h1` looks for its key: by `HostName`, else by the name itself; never by the address that only the topology knows.
    #[test]
    fn a_host_is_known_by_the_name_that_ssh_is_given() {
        let (_home, config) = config("Host h2\n  HostName 10.9.9.2\n");
        let config = config.expect("it is right");
        let known = |name: &str| {
            let route = route(&config, name);
            let Client::Libssh2(plain) = route.client else { panic!("a plain way") };
            (plain.known_as, route.address)
        };
        let pair = |known_as: &str, address: &str| (known_as.to_owned(), address.to_owned());
        assert_eq!(known("h1"), pair("h1", "10.0.0.1"));
        assert_eq!(known("h2"), pair("10.9.9.2", "10.9.9.2"));
        assert_eq!(known("10.0.0.1"), pair("10.0.0.1", "10.0.0.1"));
    }

    #[test]
    fn libssh2_carries_what_it_can_and_openssh_the_rest() {
        let (home, config) = config(
            "Host plain\n  Port 23\n  ServerAliveInterval 60\n  ForwardAgent yes\nMatch host matched\n  User y\n  HostName 10.9.9.9\n\
             Host jump\n  ProxyJump b\nHost command\n  ProxyCommand nc %h %p\nHost alias\n  HostKeyAlias other\nHost revoked\n  RevokedHostKeys /x\n\
             Host token\n  IdentityFile ~/.ssh/%h.key\nHost public\n  IdentityFile ~/.ssh/id.pub\nHost cert\n  IdentityFile ~/.ssh/signed\n\
             Host hardware\n  IdentityFile ~/.ssh/sk\nHost cipher\n  Ciphers aes256-gcm@openssh.com\nHost space\n  UserKnownHostsFile \"/a b\"\n",
        );
        let config = config.expect("it is right");
        let ssh = home.path().join(".ssh");
        for (name, text) in
            [("id.pub", "ssh-ed25519 AAAA"), ("signed-cert.pub", "x"), ("sk.pub", "sk-ssh-ed25519@openssh.com AA")]
        {
            std::fs::write(ssh.join(name), text).expect("written");
        }
        assert_eq!(why(&config, "plain"), None);
        assert_eq!(route(&config, "plain").port, 23);
        // What a Match says is in OpenSSH's answer, and no reason for the other client.
        assert_eq!(why(&config, "matched"), None);
        assert_eq!(route(&config, "matched").address, "10.9.9.9");
        for (name, reason) in [
            ("jump", "has proxyjump"),
            ("command", "has proxycommand"),
            ("alias", "has hostkeyalias"),
            ("revoked", "has revokedhostkeys"),
            ("cipher", "has ciphers"),
            ("token", "has a token"),
            ("public", "is a public key"),
            ("cert", "has a certificate"),
            ("hardware", "is a hardware key"),
            ("space", "has a token or a space"),
        ] {
            let because = why(&config, name).unwrap_or_default();
            assert!(because.contains(reason), "{name}: {because}");
        }
    }
}
