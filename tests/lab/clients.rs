//! `ssh HOST` works, so the program does: configurations of ssh against a real sshd, each held beside what OpenSSH says there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::agent::Agent;
use crate::hosts::{Lab, quorum_yaml, wait_until};

const HOST: &str = "10.77.0.11";

/// Files that the rows share: keys, authorities, an agent.
struct Keys {
    folder: PathBuf,
    /// The key that every host of the lab lets in.
    own: String,
    known_hosts: String,
}

fn keygen(args: &[&str]) {
    let made = Command::new("ssh-keygen").arg("-q").args(args).output().expect("ssh-keygen runs");
    assert!(made.status.success(), "{args:?}: {}", String::from_utf8_lossy(&made.stderr));
}

impl Keys {
    fn make(lab: &Lab) -> Keys {
        let folder = lab.home().join("keys");
        std::fs::create_dir(&folder).expect("a folder");
        let lab_keys = crate::hosts::lab_home();
        let keys = Keys {
            own: lab_keys.join("id_ed25519").display().to_string(),
            known_hosts: lab_keys.join("labs/clients/known_hosts").display().to_string(),
            folder,
        };
        for name in ["authority", "signed", "stranger"] {
            keygen(&["-t", "ed25519", "-N", "", "-f", &keys.path(name)]);
        }
        keygen(&["-s", &keys.path("authority"), "-I", "ops", "-n", "ops", &keys.path("signed.pub")]);
        keys.copy(&keys.own.clone(), "locked");
        keygen(&["-p", "-P", "", "-N", "a passphrase", "-f", &keys.path("locked")]);
        keys.copy(&keys.own.clone(), &format!("{HOST}.key"));
        keys.copy(&format!("{}.pub", keys.own), "public.pub");
        keys.make_security_key(lab);
        // h1 lets in whoever the authority vouches for, and has a key that the authority vouches for.
        let authority = std::fs::read_to_string(keys.path("authority.pub")).expect("readable");
        lab.on(1, &format!("echo '{}' >/etc/ssh/authority.pub", authority.trim()));
        let host_key = lab.on(1, "cat /etc/ssh/ssh_host_ed25519_key.pub");
        std::fs::write(keys.path("host.pub"), host_key).expect("written");
        keygen(&["-s", &keys.path("authority"), "-I", "h1", "-h", "-n", HOST, &keys.path("host.pub")]);
        let certificate = std::fs::read_to_string(keys.path("host-cert.pub")).expect("readable");
        lab.on(1, &format!("echo '{}' >/etc/ssh/ssh_host_ed25519_key-cert.pub", certificate.trim()));
        lab.on(1, "printf 'TrustedUserCAKeys /etc/ssh/authority.pub\nHostCertificate /etc/ssh/ssh_host_ed25519_key-cert.pub\n' >/etc/ssh/sshd_config.d/clients.conf; systemctl reload ssh");
        std::fs::write(keys.path("vouched"), format!("@cert-authority * {authority}")).expect("written");
        std::fs::write(keys.path("empty"), "").expect("written");
        keys
    }

    /// A FIDO key: in software, but OpenSSH and sshd see no difference.
    fn make_security_key(&self, lab: &Lab) {
        let library = self.path("security_key.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/security_key.c");
        let made = Command::new("cc").args(["-shared", "-fPIC", "-o", &library, source, "-lcrypto"]).output();
        let made = made.expect("cc runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        keygen(&["-t", "ed25519-sk", "-w", &library, "-N", "", "-f", &self.path("fido")]);
        let public = std::fs::read_to_string(self.path("fido.pub")).expect("readable");
        lab.on(1, &format!("echo '{}' >>~ops/.ssh/authorized_keys", public.trim()));
    }

    fn copy(&self, from: &str, to: &str) {
        std::fs::copy(from, self.path(to)).expect("copied");
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// A Kerberos realm with a ticket for the login user, which h1 knows.
struct Realm {
    folder: PathBuf,
}

impl Realm {
    fn of(lab: &Lab) -> Realm {
        let folder = lab.home().join("realm");
        std::fs::create_dir(&folder).expect("a folder");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/kerberos");
        assert!(lab.exec(script, &[&folder.display().to_string(), "10.77.0.1", HOST]), "a realm is made");
        let keytab = Command::new("base64").arg("-w0").arg(folder.join("keytab")).output().expect("base64 runs");
        let keytab = String::from_utf8_lossy(&keytab.stdout).into_owned();
        lab.on(1, &format!("echo {keytab} | base64 -d >/etc/krb5.keytab; chmod 600 /etc/krb5.keytab"));
        lab.on(1, "printf '[libdefaults]\n  default_realm = LAB\n' >/etc/krb5.conf");
        lab.on(1, "printf 'GSSAPIAuthentication yes\nGSSAPIStrictAcceptorCheck no\n' >/etc/ssh/sshd_config.d/kerberos.conf; systemctl reload ssh");
        Realm { folder }
    }

    /// The environment of whoever has the ticket.
    fn ticket(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.folder.join(name).display().to_string();
        vec![("KRB5_CONFIG", path("krb5.conf")), ("KRB5CCNAME", format!("FILE:{}", path("tickets")))]
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        if let Ok(id) = std::fs::read_to_string(self.folder.join("kdc.pid")) {
            let _ = Command::new("kill").arg(id.trim()).status();
        }
    }
}

/// The first part of a row's configuration, for h1; the lab's own for all hosts follows, except where the row begins with `only `.
fn rows(keys: &Keys, agent: &Agent) -> Vec<(&'static str, String)> {
    let key = |name: &str| keys.path(name);
    let known = keys.known_hosts.as_str();
    let own = keys.own.as_str();
    vec![
        ("as the lab has it", String::new()),
        ("Match", format!("Match host {HOST}\n  User ops\n  IdentityFile {own}\n")),
        ("Match exec that is false", format!("Match host {HOST} exec false\n  User nobody-here\n")),
        ("only a certificate", format!("IdentityFile {}\n", key("signed"))),
        ("only a key without its certificate", format!("IdentityFile {}\n", key("stranger"))),
        ("a jump host", "ProxyJump 10.77.0.12\n".to_owned()),
        ("a jump host that is not there", "ProxyJump 10.77.0.99\n".to_owned()),
        (
            "a command",
            format!(
                "ProxyCommand sh -c 'exec ssh -F none -i {own} -o UserKnownHostsFile={known} -l ops -W \"%h:%p\" 10.77.0.12'\n"
            ),
        ),
        ("a command that fails", "ProxyCommand echo its zone is down >&2\n".to_owned()),
        ("an alias that is known", "HostKeyAlias h1\n".to_owned()),
        ("an alias that is not", "HostKeyAlias other\n".to_owned()),
        ("only a key with a token", format!("IdentityFile {}/%h.key\n", keys.folder.display())),
        ("only a public key", format!("IdentityFile {}\nIdentityAgent {}\n", key("public.pub"), agent.socket)),
        ("only an agent", format!("IdentityAgent {}\nIdentitiesOnly no\nIdentityFile {}\n", agent.socket, key("none"))),
        ("only a locked key", format!("IdentityFile {}\n", key("locked"))),
        ("a cipher", "Ciphers aes256-gcm@openssh.com\n".to_owned()),
        ("a key exchange that is new", "KexAlgorithms sntrup761x25519-sha512@openssh.com\n".to_owned()),
        ("a revoked host key", format!("RevokedHostKeys {}\n", key("host.pub"))),
        (
            "a command for host keys",
            format!("UserKnownHostsFile {}\nKnownHostsCommand /bin/grep -h ^h1, {known}\n", key("empty")),
        ),
        ("an authority for host keys", format!("UserKnownHostsFile {}\n", key("vouched"))),
        ("an unknown host key", format!("UserKnownHostsFile {}\nStrictHostKeyChecking ask\n", key("empty"))),
        ("no authentication by keys", "PubkeyAuthentication no\n".to_owned()),
        (
            "only Kerberos, without a ticket",
            "PreferredAuthentications gssapi-with-mic\nGSSAPIAuthentication yes\n".to_owned(),
        ),
        (
            "only Kerberos, with a ticket",
            "PreferredAuthentications gssapi-with-mic\nGSSAPIAuthentication yes\n".to_owned(),
        ),
        (
            "only a security key",
            format!("IdentityFile {}\nSecurityKeyProvider {}\n", key("fido"), key("security_key.so")),
        ),
        ("only a security key that is not plugged in", format!("IdentityFile {}\n", key("fido"))),
        ("another user", "User nobody-here\n".to_owned()),
        ("another port", "Port 2222\n".to_owned()),
        ("a name of its own", "HostName 10.77.0.1%%1\n".replace("%%1", "1")),
        ("IPv6 alone", "AddressFamily inet6\n".to_owned()),
        (
            "forwards and a terminal",
            "RequestTTY force\nLocalForward 22 localhost:22\nSendEnv LANG\nForwardAgent yes\n".to_owned(),
        ),
        (
            "a master of the operator's",
            format!("ControlMaster auto\nControlPath {}/%C\nControlPersist 5\n", keys.folder.display()),
        ),
        ("a directive that is none", "Foo bar\n".to_owned()),
    ]
}

/// True if OpenSSH logs in to h1 with this configuration.
fn openssh(lab: &Lab, config: &Path, more: &[(&str, &str)]) -> bool {
    let config = config.display().to_string();
    let more: Vec<String> = more.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let args = ["ssh", "-F", &config, "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", "--", HOST, "true"];
    lab.exec("env", &more.iter().map(String::as_str).chain(args).collect::<Vec<_>>())
}

#[test]
fn every_configuration_gets_the_verdict_that_openssh_gives() {
    let Some(lab) = Lab::up("clients", 3) else { return };
    // The user is OpenSSH's to say, too.
    let topology = lab.topology("quorum.yaml", &quorum_yaml().replace("ssh: { user: ops }", "ssh: {}"));
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    let keys = Keys::make(&lab);
    let agent = Agent::with(&keys.own);
    let realm = Realm::of(&lab);
    let ticket = realm.ticket();
    let mut wrong = Vec::new();
    let mut let_in = 0;
    let rows = rows(&keys, &agent);
    for (title, row) in &rows {
        let indented: String = row.lines().map(|line| format!("  {line}\n")).collect();
        let first = if row.starts_with("Match") { row.clone() } else { format!("Host {HOST}\n{indented}") };
        let rest = if title.starts_with("only ") {
            // Not the key that the lab's own lines would add.
            original.replace(&format!("  IdentityFile {}\n", keys.own), "")
                + &format!("Host 10.77.0.12 10.77.0.13\n  IdentityFile {}\n", keys.own)
        } else {
            original.clone()
        };
        std::fs::write(&config, format!("{first}{rest}")).expect("writable");
        let held = ticket.iter().map(|(name, value)| (*name, value.as_str()));
        let more: Vec<_> = held.filter(|_| title.ends_with("with a ticket")).collect();
        let theirs = openssh(&lab, &config, &more);
        let command = lab.run_with(&more, &["ssh", "h1", "-f", &topology, "--", "true"]);
        let plan = lab.run_with(&more, &["plan", &topology]);
        let ours = (command.code == 0, plan.code == 0);
        eprintln!("{title}: {theirs}");
        let_in += usize::from(theirs);
        let must = ["only Kerberos, with a ticket", "only a security key"];
        assert!(theirs || !must.contains(title), "{title}: OpenSSH is not let in");
        if ours != (theirs, theirs) {
            wrong
                .push(format!("{title}: OpenSSH {theirs}, ssh and plan {ours:?}\n{}\n{}", command.stderr, plan.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(let_in > 12 && rows.len() - let_in > 8, "{let_in} of {}", rows.len());

    // The one difference that is meant: an unknown key is never accepted, whatever the configuration says (law 7); also that of a jump host.
    let jump = format!(
        "Host {HOST}\n  ProxyJump 10.77.0.12\nHost 10.77.0.12\n  UserKnownHostsFile {}\n  StrictHostKeyChecking accept-new\n",
        keys.path("empty")
    );
    std::fs::write(&config, format!("{jump}{original}")).expect("writable");
    lab.run(&["plan", &topology]).expect(4).says("Host key verification failed");
    assert_eq!(std::fs::read_to_string(keys.path("empty")).expect("readable"), "", "a key was accepted");
    let accepts =
        format!("Host {HOST}\n  UserKnownHostsFile {}\n  StrictHostKeyChecking accept-new\n", keys.path("empty"));
    std::fs::write(&config, format!("{accepts}{original}")).expect("writable");
    lab.run(&["plan", &topology]).expect(4).says("the host key of 10.77.0.11 is unknown");
    assert!(openssh(&lab, &config, &[]), "OpenSSH itself accepts it");
}

/// A jump host that asks for a password gets none, on a terminal neither, and nobody waits for it.
#[test]
fn nobody_on_the_way_can_ask_the_operator() {
    let Some(lab) = Lab::up("clients", 3) else { return };
    let topology = lab.topology("quorum.yaml", &quorum_yaml());
    let config = lab.home().join(".ssh/config");
    let original = std::fs::read_to_string(&config).expect("readable");
    lab.on(2, "printf 'Port 2200\\nPubkeyAuthentication no\\nPasswordAuthentication yes\\nPidFile none\\n' >/etc/ssh/asks && mkdir -p /run/sshd && \
               $(command -v sshd || echo /usr/sbin/sshd) -f /etc/ssh/asks");
    let jump = format!(
        "Host {HOST}\n  ProxyJump jump\nHost jump\n  HostName 10.77.0.12\n  HostKeyAlias 10.77.0.12\n  User ops\n  Port 2200\n"
    );
    let known =
        original.lines().find(|line| line.contains("UserKnownHostsFile")).expect("the lab names its known_hosts");
    let jump = format!("{jump}{known}\n");
    std::fs::write(&config, format!("{jump}{original}")).expect("writable");
    let asked = lab.home().join("asked");
    let askpass = lab.home().join("askpass");
    std::fs::write(&askpass, format!("#!/bin/sh\necho \"$@\" >>{}\n", asked.display())).expect("written");
    assert!(Command::new("chmod").arg("755").arg(&askpass).status().expect("it runs").success());
    lab.run(&["plan", &topology]).expect(4).says("Permission denied");
    let began = std::time::Instant::now();
    // `script` gives it a terminal.
    let program = format!("{} plan {topology}", env!("CARGO_BIN_EXE_provision"));
    let home = format!("HOME={}", lab.home().display());
    let askpass = format!("SSH_ASKPASS={}", askpass.display());
    assert!(
        !lab.exec("env", &[&home, &askpass, "DISPLAY=:7", "script", "-qec", &program, "/dev/null"]),
        "h1 cannot be reached"
    );
    assert!(began.elapsed() < Duration::from_secs(30), "somebody was waited for");
    assert!(!asked.exists(), "{:?}", std::fs::read_to_string(&asked));
}

/// A cluster over OpenSSH alone: leases, a copied archive, a birth, a roll. Nothing stays when that is over, nor when the program is killed.
#[test]
fn openssh_carries_a_whole_cluster() {
    let Some(lab) = Lab::up("clients", 3) else { return };
    let dist = crate::hosts::lab_home().join("dist");
    let text = quorum_yaml()
        .replace("ssh: { user: ops", "ssh: { client: openssh, user: ops")
        .replace("{ onHost: { path: /srv/dist", &format!("{{ file: {{ path: {}", dist.display()));
    assert!(text.contains("client: openssh") && text.contains("{ file: "), "{text}");
    let topology = lab.topology("quorum.yaml", &text);
    let ours = format!("^ssh -M .*{}", lab.home().display());
    let none_is_left = || {
        let is_there = || lab.exec("pgrep", &["-f", &ours]);
        wait_until("no client is left", Duration::from_secs(5), || !is_there());
    };
    lab.apply(&topology);
    lab.converged(&topology);
    none_is_left();
    std::fs::write(&topology, text.replace("config: { ", "config: { snapCount: 50000, ")).expect("writable");
    let mut run = lab.start(&["apply", &topology, "--yes"]);
    wait_until("a client is there", Duration::from_secs(20), || lab.exec("pgrep", &["-f", &ours]));
    std::thread::sleep(Duration::from_secs(2));
    run.kill().expect("it can be killed");
    run.wait().expect("it ends");
    none_is_left();
    lab.apply(&topology);
    lab.converged(&topology);
    lab.run(&["status", &topology]).expect(0).says("all is well");
}
