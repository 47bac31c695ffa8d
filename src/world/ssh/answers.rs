//! The configuration of a host as OpenSSH itself understands it: `ssh -G HOST`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::world::script::in_words;

/// Options that the way by libssh2 carries out.
const CARRIED_OUT: &[&str] =
    &["host", "hostname", "identitiesonly", "identityfile", "port", "user", "userknownhostsfile"];

/// Options that change neither where a connection goes, nor whom it trusts, nor how it logs in. `StrictHostKeyChecking` is among them because an
/// unknown key is refused whatever it says. Passwords are never asked for.
const NEUTRAL: &[&str] = &[
    "addkeystoagent",
    "batchmode",
    "clearallforwardings",
    "compression",
    "connecttimeout",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "escapechar",
    "exitonforwardfailure",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "hashknownhosts",
    "ignoreunknown",
    "ipqos",
    "kbdinteractiveauthentication",
    "kbdinteractivedevices",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "numberofpasswordprompts",
    "obscurekeystroketiming",
    "passwordauthentication",
    "permitlocalcommand",
    "permitremoteopen",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "sessiontype",
    "setenv",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "stricthostkeychecking",
    "syslogfacility",
    "tag",
    "tcpkeepalive",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "visualhostkey",
    "xauthlocation",
];

/// Every option of a host, as OpenSSH prints it. One that may be repeated has several values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Vec<String>>);

/// The reason why OpenSSH has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There is no `ssh` on this machine.
    NoClient,
    /// It refuses its configuration, in its own words.
    Refused(String),
}

impl Answers {
    /// Asks OpenSSH about a host. `file`: the argument of `-F`.
    pub fn ask(file: Option<&Path>, arguments: &[OsString], name: &str) -> Result<Answers, NoAnswer> {
        let mut ssh = Command::new("ssh");
        ssh.args(file.into_iter().flat_map(|path| [std::ffi::OsStr::new("-F"), path.as_os_str()]));
        ssh.arg("-T").arg("-G").args(arguments).arg("--").arg(name).stdin(Stdio::null());
        let output = match ssh.output() {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(NoAnswer::NoClient),
            Err(error) => return Err(NoAnswer::Refused(format!("ssh does not start: {error}"))),
        };
        if !output.status.success() {
            return Err(NoAnswer::Refused(in_words(&output.stderr)));
        }
        Ok(Answers::parse(&String::from_utf8_lossy(&output.stdout)))
    }

    fn parse(text: &str) -> Answers {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (option, value) in text.lines().filter_map(|line| line.split_once(' ')) {
            all.entry(option.to_lowercase()).or_default().push(value.to_owned());
        }
        Answers(all)
    }

    /// The value of an option. `None` if it has none.
    pub fn one(&self, option: &str) -> Option<&str> {
        self.all(option).first().map(String::as_str).filter(|value| *value != "none")
    }

    /// The values of an option that may be repeated.
    pub fn all(&self, option: &str) -> &[String] {
        self.0.get(option).map_or(&[], Vec::as_slice)
    }

    /// An option that libssh2 does not carry out, and that differs from what OpenSSH does without any configuration.
    pub fn beyond_libssh2(&self, unconfigured: &Answers) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|option| {
            let known = CARRIED_OUT.contains(option) || NEUTRAL.contains(option) || option.starts_with("gssapi");
            let none = |values: &[String]| values.iter().all(|value| value == "none");
            let (ours, theirs) = (self.all(option), unconfigured.all(option));
            !known && ours != theirs && !(none(ours) && none(theirs))
        })
    }

    /// Returns true if the operator logs in by Kerberos: Debian enables it for everybody, so it counts only with a ticket.
    pub fn has_kerberos(&self) -> bool {
        let ticket = || {
            let default = format!("/tmp/krb5cc_{}", rustix::process::getuid().as_raw());
            std::env::var_os("KRB5CCNAME").is_some() || Path::new(&default).exists()
        };
        self.one("gssapiauthentication") == Some("yes") && ticket()
    }

    /// The paths of an option that has several in one line. `None` if one of them could be two, because of a space in it.
    pub fn paths(&self, option: &str) -> Option<Vec<PathBuf>> {
        let words: Vec<&str> = self.one(option).into_iter().flat_map(str::split_whitespace).collect();
        let plain =
            words.iter().all(|word| (word.starts_with('/') || word.starts_with('~')) && !word.contains(['%', '$']));
        plain.then(|| words.into_iter().map(PathBuf::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libssh2_does_not_do_is_found_by_its_difference() {
        let unconfigured = Answers::parse("user ops\ncheckhostip no\ntunnel false\ncanonicaldomains none\n");
        let beyond = |text: &str| Answers::parse(text).beyond_libssh2(&unconfigured).map(str::to_owned);
        assert_eq!(beyond("user root\nhostname x\nport 2222\nidentityfile /id\ntunnel true\nsendenv LANG\n"), None);
        assert_eq!(beyond("user root\ncheckhostip yes\n").as_deref(), Some("checkhostip"));
        assert_eq!(beyond("proxycommand nc %h %p\n").as_deref(), Some("proxycommand"));
        assert_eq!(beyond("anoptionoftomorrow yes\n").as_deref(), Some("anoptionoftomorrow"));
        assert_eq!(beyond("proxyjump none\nGSSAPIAuthentication yes\n"), None);
    }

    #[test]
    fn a_path_with_a_space_is_not_two_paths() {
        let paths = |text: &str| Answers::parse(text).paths("userknownhostsfile");
        assert_eq!(paths("userknownhostsfile /a ~/b\n"), Some(vec!["/a".into(), "~/b".into()]));
        assert_eq!(paths("userknownhostsfile /a b/c\n"), None);
        assert_eq!(paths("userknownhostsfile /a/%h\n"), None);
    }
}
