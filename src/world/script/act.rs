//! An action as a script that runs under the host's lock, or not at all.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Script, quote};
use crate::desired::{BIRTH_PATH, Content, Owned, STATE_FOLDER};
use crate::observe::{Secrets, delete_request};
use crate::plan::{Action, FileEdit, Patch, Removal, Unpack};
use crate::service::archive::{Archive, UrlSum};
use crate::topology::value::HostPath;
use crate::world::{Epoch, HostError};

const PRELUDE: &str = include_str!("../../../templates/host/act.sh");
/// How long a script waits for another one on the same host: longer than any but an unpacking takes.
const LOCK_SECONDS: u32 = 60;

/// The script that does `action`.
pub fn act(action: &Action, epoch: Epoch, secrets: &Secrets) -> Script {
    let mut s = format!("{PRELUDE}\nlock {LOCK_SECONDS}\n");
    match action {
        Action::Raise => writeln!(s, "raise {}", epoch.0),
        _ => writeln!(s, "fence {}", epoch.0),
    }
    .expect("a String takes all text");
    body(&mut s, action, epoch, secrets);
    s.push_str("printf 'done\\n'\n");
    Script(super::look::whole(&s))
}

macro_rules! line {
    ($s:expr, $($args:tt)*) => { writeln!($s, $($args)*).expect("a String takes all text") };
}

fn body(s: &mut String, action: &Action, epoch: Epoch, secrets: &Secrets) {
    match action {
        Action::Raise => {}
        Action::Remember { name, record } => {
            let record = crate::observe::Record { epoch: epoch.0, ..(**record).clone() };
            put(s, &format!("{STATE_FOLDER}/{}.json", name.text()), "root root 644", record.text().as_bytes());
        }
        Action::Journal { line } => {
            line!(s, "printf '%s %s\\n' \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\" {} >>{STATE_FOLDER}/journal", quote(line));
        }
        Action::InstallPackage { package } => {
            let package = quote(package);
            line!(s, "export DEBIAN_FRONTEND=noninteractive");
            line!(s, "apt() {{ apt-get -o DPkg::Lock::Timeout=300 \"$@\" >/dev/null 2>&1; }}");
            line!(s, "install() {{ apt install -y -q --no-install-recommends {package}; }}");
            line!(s, "made \"package \"{package}");
            line!(s, "install || {{ apt update -q; install; }} ||");
            line!(s, "  fail \"apt-get cannot install \"{package}");
        }
        Action::Patch(patch) => lay(s, patch, secrets),
        Action::Born { record } => {
            let text = serde_json::to_string(record).expect("a record is plain JSON") + "\n";
            if !record.complete {
                // A birth that is complete is never begun again.
                line!(s, "[ -e {BIRTH_PATH} ] && fail \"a birth is recorded here already\"");
            }
            put(s, BIRTH_PATH, "root root 644", text.as_bytes());
        }
        Action::MarkNew { marker, data } => {
            line!(s, "grep -q '\"complete\":false' {BIRTH_PATH} || fail \"no birth is begun here\"");
            for data in data {
                line!(
                    s,
                    "[ -d {data}/version-2 ] && [ -n \"$(ls -A {data}/version-2)\" ] && fail \"{data} holds data: it is not new\""
                );
            }
            line!(s, ": | write {marker} zookeeper zookeeper 640");
        }
        Action::Unmark { marker } => line!(s, "rm -f {marker}"),
        Action::Start { unit } => line!(s, "start {}", quote(unit)),
        Action::Stop { unit } => line!(s, "stop {}", quote(unit)),
        Action::Enable { unit } => line!(s, "enable {}", quote(unit)),
        Action::Reload { unit } => {
            line!(s, "reload_units");
            line!(s, "systemctl reload {0} || fail \"{0} does not reload\"", quote(unit));
        }
        Action::Swap { unit, files, drain } => {
            if let Some(drain) = drain {
                line!(s, "drain {} {} {} {}", quote(unit), quote(&drain.address), drain.port, drain.seconds);
            }
            line!(s, "keep {} {}", quote(unit), epoch.0);
            for file in files {
                line!(s, "keep_file {} {} {}", quote(unit), epoch.0, file.path);
            }
            files.iter().for_each(|file| put_file(s, file, secrets));
            restart(s, unit);
        }
        Action::PutBack { unit } => {
            line!(s, "put_back {} {}", quote(unit), epoch.0);
            restart(s, unit);
        }
        Action::Release { latches, members } => {
            let members: String = members.iter().map(|(address, port)| format!(" {} {port}", quote(address))).collect();
            for latch in latches {
                line!(s, "release {}{members}", STANDARD.encode(delete_request(latch)));
            }
        }
        Action::Remove(removal) => remove(s, removal),
    }
}

fn restart(s: &mut String, unit: &str) {
    let unit = quote(unit);
    line!(s, "reload_units");
    line!(s, "systemctl reset-failed {unit} 2>/dev/null");
    line!(s, "systemctl restart {unit} || fail \"{unit} does not start again\"");
}

fn lay(s: &mut String, patch: &Patch, secrets: &Secrets) {
    let Patch { users, directories, distributions, files, leftovers, reload_units } = patch;
    // What has left goes first, by the old stamp; then the new stamp, so that a killed run knows all it may have laid.
    remove_owned(s, leftovers, false);
    let (stamps, others): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.path.as_str() == crate::desired::STAMP_PATH);
    stamps.into_iter().for_each(|file| put_file(s, file, secrets));
    for (name, home) in users {
        line!(s, "user {} {home}", quote(name));
    }
    for (path, access) in directories {
        // Five digits: with fewer, chmod leaves a setgid bit that the parent handed down.
        line!(s, "directory {path} {} {} {:05o}", access.owner, access.group, access.mode);
    }
    for unpack in distributions {
        lay_distribution(s, unpack);
    }
    others.into_iter().for_each(|file| put_file(s, file, secrets));
    if *reload_units {
        line!(s, "reload_units");
    }
}

/// Where an archive that is not on the host yet is put, until it is unpacked.
pub fn cached(home: &HostPath) -> HostPath {
    HostPath::known(&format!("{STATE_FOLDER}/cache/{}.tar.gz", home.name()))
}

fn lay_distribution(s: &mut String, Unpack { home, archive, sha512, proof }: &Unpack) {
    let sum = sha512.as_deref().unwrap_or("-");
    let proof = quote(proof);
    match archive {
        Archive::OnHost { path, .. } => line!(s, "unpack {home} {path} {sum} {proof}"),
        Archive::File { .. } => {
            let cached = cached(home);
            line!(s, "unpack {home} {cached} {sum} {proof}");
            line!(s, "rm -f {cached}");
        }
        Archive::Url { url, sum: check } => {
            let (known, published) = match check {
                UrlSum::Known(sum) => (sum.as_str(), "-".to_owned()),
                UrlSum::Published(url) => ("-", quote(url)),
            };
            let cached = cached(home);
            line!(s, "download {} {cached} {known} {published}", quote(url));
            line!(s, "unpack {home} {cached} {sum} {proof}");
            line!(s, "rm -f {cached}");
        }
        Archive::Pypi => line!(s, "fail \"the pypi archive is for the platform local\""),
    }
}

fn put_file(s: &mut String, file: &FileEdit, secrets: &Secrets) {
    let access = format!("{} {} {:o}", file.access.owner, file.access.group, file.access.mode);
    match &file.content {
        Content::Text(text) => put(s, file.path.as_str(), &access, text.as_bytes()),
        Content::Secret { before, after, .. } => {
            let secret = secrets.0.get(&file.path).expect("secrets are read before anything is changed");
            put(s, file.path.as_str(), &access, format!("{before}{secret}{after}").as_bytes());
        }
    }
}

/// The bytes travel on standard input, never in an argument.
fn put(s: &mut String, path: &str, access: &str, bytes: &[u8]) {
    line!(s, "put {path} {access} <<'provision'");
    let encoded = STANDARD.encode(bytes);
    for chunk in encoded.as_bytes().chunks(76) {
        line!(s, "{}", std::str::from_utf8(chunk).expect("base64 is ASCII"));
    }
    line!(s, "provision");
}

fn remove_owned(s: &mut String, owned: &Owned, delete_data: bool) {
    let Owned { users, directories, files, distributions, units } = owned;
    for unit in units {
        line!(s, "drop_unit {}", quote(unit));
    }
    for path in files {
        line!(s, "remove_file {path}");
    }
    if !units.is_empty() {
        line!(s, "reload_units");
        line!(s, "systemctl reset-failed 2>/dev/null");
    }
    for home in distributions {
        line!(s, "remove_distribution {home}");
    }
    // The deepest first, so that what is empty by then can go.
    for (path, data) in directories.iter().rev().filter(|(path, _)| path.as_str() != STATE_FOLDER) {
        if path.as_str() == "/var/lib/spark/tmp" {
            line!(s, "remove_scratch {path}");
        }
        line!(s, "remove_directory {path} {data} {delete_data}");
    }
    for (user, home) in users {
        let own = data_words(directories.iter().filter(|(path, _)| path.is_within(home)));
        line!(s, "remove_user {}{own}", quote(user));
    }
}

/// The directories that hold data, as words behind a space each.
fn data_words<'a>(directories: impl IntoIterator<Item = (&'a HostPath, &'a bool)>) -> String {
    directories.into_iter().filter(|(_, data)| **data).map(|(path, _)| format!(" {path}")).collect()
}

fn remove(s: &mut String, removal: &Removal) {
    let Removal { owned, delete_data } = removal;
    remove_owned(s, owned, *delete_data);
    line!(s, "remove_made_parents");
    line!(s, "name_packages");
    // While data stays, so does what says whose it is, and what of the host was made for it.
    let data = data_words(&owned.directories);
    line!(s, "stays=");
    line!(s, "for d in{data}; do [ -d $d ] && [ -n \"$(ls -A $d)\" ] && stays=yes; done");
    line!(s, "for f in {STATE_FOLDER}/*; do");
    line!(
        s,
        "  case $stays$f in yes*/birth.json | yes*/made) say \"stays record $f (data stays)\" ;; *) rm -rf \"$f\" ;; esac"
    );
    line!(s, "done");
    line!(s, "rmdir {STATE_FOLDER} 2>/dev/null && say \"gone directory {STATE_FOLDER}\"");
    line!(s, "rm -rf /run/provision");
}

/// What a script said, or why it did not do what it should.
pub fn outcome(title: &str, status: i32, stdout: &[u8], stderr: &[u8], epoch: Epoch) -> Result<Vec<String>, HostError> {
    let text = String::from_utf8_lossy(stdout);
    let mut said = Vec::new();
    for line in text.lines() {
        match line.split_once('\t') {
            Some(("say", what)) => said.push(what.to_owned()),
            Some(("fail", why)) => return Err(HostError::Failed { step: title.to_owned(), why: why.to_owned() }),
            Some(("busy", seconds)) => return Err(HostError::Busy { seconds: seconds.parse().unwrap_or(0) }),
            Some(("fenced", seen)) => return Err(HostError::Fenced { seen: seen.parse().unwrap_or(0), ours: epoch.0 }),
            None if line == "done" => return Ok(said),
            _ => {}
        }
    }
    let stderr = String::from_utf8_lossy(stderr);
    let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned();
    Err(HostError::Failed { step: title.to_owned(), why: format!("it ended with status {status}: {last}") })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::desired::Access;
    use crate::observe::{BirthRecord, HostQuery, RecordName};
    use crate::world::script::look;

    /// As the strictest sh that hosts have reads it, without running any of it.
    fn parses(script: &Script) {
        let mut sh =
            Command::new("dash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dash runs");
        sh.stdin.take().expect("piped").write_all(script.0.as_bytes()).expect("it is read");
        let output = sh.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn every_script_is_posix_sh() {
        let path = HostPath::known("/data/zookeeper");
        let unit = "zookeeper".to_owned();
        let file =
            FileEdit { path: path.join("myid"), access: Access::root(0o644), content: Content::Text("1\n".into()) };
        let owned = Owned {
            users: [(unit.clone(), path.clone())].into(),
            directories: [(path.clone(), true)].into(),
            files: [file.path.clone()].into(),
            distributions: [HostPath::known("/opt/provision/x")].into(),
            units: [unit.clone()].into(),
        };
        let sum = UrlSum::Published("https://h/x.sha512".into());
        let archive = Archive::Url { url: "https://h/x".into(), sum };
        let patch = Patch {
            users: vec![(unit.clone(), path.clone())],
            directories: vec![(path.clone(), Access::root(0o755))],
            distributions: vec![Unpack {
                home: HostPath::known("/opt/provision/x"),
                archive,
                sha512: None,
                proof: "jars/a_*.jar".into(),
            }],
            files: vec![file.clone()],
            leftovers: owned.clone(),
            reload_units: true,
        };
        let cluster: crate::topology::value::Name = "c".parse().expect("a name");
        let birth = crate::desired::Birth { cluster: cluster.clone(), members: std::collections::BTreeMap::new() };
        let record = crate::observe::Record {
            cluster,
            epoch: 0,
            hosts: std::collections::BTreeMap::new(),
            anchors: Vec::new(),
            settings: crate::desired::Settings::default(),
        };
        let drain = crate::plan::action::Drain { address: "10.0.0.1".into(), port: 8081, seconds: 1 };
        let actions = [
            Action::Raise,
            Action::Journal { line: "a 'b' $(c)".into() },
            Action::Remember { name: RecordName::Intended, record: Box::new(record) },
            Action::Born { record: BirthRecord { birth: birth.clone(), complete: false } },
            Action::Born { record: BirthRecord { birth, complete: true } },
            Action::InstallPackage { package: "openjdk-17-jre-headless".into() },
            Action::Patch(Box::new(patch)),
            Action::MarkNew { marker: path.join("initialize"), data: [path.clone(), path.clone()] },
            Action::Unmark { marker: path.join("initialize") },
            Action::Start { unit: unit.clone() },
            Action::Stop { unit: unit.clone() },
            Action::Enable { unit: unit.clone() },
            Action::Reload { unit: unit.clone() },
            Action::Swap { unit: unit.clone(), files: vec![file], drain: Some(drain) },
            Action::PutBack { unit },
            Action::Release { latches: vec!["/a b".into()], members: vec![("::1".into(), 1)] },
            Action::Remove(Box::new(Removal { owned: owned.clone(), delete_data: false })),
            Action::Remove(Box::new(Removal { owned, delete_data: true })),
        ];
        for action in actions {
            // A new action does not compile here before it stands in the list above.
            match action {
                Action::Raise
                | Action::Remember { .. }
                | Action::Journal { .. }
                | Action::InstallPackage { .. }
                | Action::Patch(_)
                | Action::Born { .. }
                | Action::MarkNew { .. }
                | Action::Unmark { .. }
                | Action::Start { .. }
                | Action::Stop { .. }
                | Action::Enable { .. }
                | Action::Reload { .. }
                | Action::Swap { .. }
                | Action::PutBack { .. }
                | Action::Release { .. }
                | Action::Remove(_) => {}
            }
            parses(&act(&action, Epoch(1), &Secrets::default()));
        }
        parses(&super::super::hold("a 'b' $(c)", 15));
        parses(&look(&HostQuery { machine: true, java: Some(17), ..HostQuery::default() }));
    }
}
