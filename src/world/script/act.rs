//! An action as a script that runs under the host's lock, or not at all.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::look::GROUND;
use super::{Script, ScriptPlace};
use crate::host::{
    Access, Action, BIRTH_PATH, BirthRecord, Drain, FileEdit, Patch, STAMP_PATH, STATE_FOLDER, Secrets, Unpack,
    unit_path,
};
use crate::service::archive::{Archive, UrlSum};
use crate::service::zookeeper::delete_request;
use crate::value::HostPath;
use crate::value::quote;
use crate::world::{Epoch, Permit};

const PRELUDE: &str = concat!(
    include_str!("../../../templates/host/act.sh"),
    include_str!("../../../templates/host/claim.sh"),
    include_str!("../../../templates/host/archive.sh"),
    include_str!("../../../templates/host/remove.sh")
);
/// The seconds that a script waits for another one on the same host: longer than any but an unpacking takes.
const LOCK_SECONDS: u32 = 60;

macro_rules! line {
    ($writer:expr, $($args:tt)*) => { writeln!($writer.text, $($args)*).expect("a String takes all text") };
}
pub(super) use line;

/// The script that does `action` at `place`.
pub fn act(action: &Action, permit: &Permit, secrets: &Secrets, place: &ScriptPlace) -> Script {
    let (claim, epoch) = (permit.claim(), permit.epoch());
    let mut writer =
        Writer { text: format!("{}{GROUND}{PRELUDE}\nlock {LOCK_SECONDS}\n", place.prelude()), epoch, secrets, place };
    match action {
        Action::Raise => line!(writer, "raise {} {} {}", epoch.0, permit.lease().as_str(), claim.line()),
        _ => line!(writer, "belongs {}\nfence {} {}", claim.identity, epoch.0, permit.lease().as_str()),
    }
    writer.action(action);
    line!(writer, "printf 'done\\n'");
    Script(super::look::whole(&writer.text))
}

/// A script as it grows.
pub(super) struct Writer<'a> {
    pub(super) text: String,
    epoch: Epoch,
    secrets: &'a Secrets,
    pub(super) place: &'a ScriptPlace,
}

/// The tool's own files belong to whoever writes them: root, or the owner of the folder.
const OURS: &str = "- - 644";

impl Writer<'_> {
    fn action(&mut self, action: &Action) {
        match action {
            Action::Raise => {}
            Action::Remember { name, record } => {
                let record = crate::host::Record { epoch: self.epoch.number(), ..(**record).clone() };
                let path = HostPath::known(&format!("{STATE_FOLDER}/{}.json", name.text()));
                self.put(&path, OURS, record.text().as_bytes());
            }
            Action::Journal { line } => {
                line!(self, "add \"$state/journal\" \"$(date -u +%Y-%m-%dT%H:%M:%SZ) \"{}", quote(line));
            }
            Action::InstallPackage { package } => self.install(&quote(package)),
            Action::Patch(patch) => self.lay(patch),
            Action::RecordBirth { record } => self.record_birth(record),
            Action::MarkNew { marker, data } => self.mark_new(marker, data),
            Action::Unmark { marker } => line!(self, "remove_file {}", self.place.word(marker)),
            Action::Start { unit } => line!(self, "start {}", quote(unit)),
            Action::Stop { unit } => line!(self, "stop {}", quote(unit)),
            Action::Drain { unit, drain } => self.drain(unit, *drain),
            Action::Enable { unit } => line!(self, "enable {}", quote(unit)),
            Action::TryRules { rules, seconds } => {
                line!(self, "try_rules {seconds} <<'provision'");
                self.encoded(rules.as_bytes());
            }
            Action::EndTrial => line!(self, "end_trial"),
            Action::KeepRules { unit, files, start } => {
                line!(self, "keep_rules");
                files.iter().for_each(|file| self.put_file(file));
                line!(self, "reload_units");
                line!(self, "{} {}", if *start { "start" } else { "change reload" }, quote(unit));
                line!(self, "is_up {}", quote(unit));
                line!(self, "as_tried {}", quote(unit));
                line!(self, "forget_trial");
            }
            Action::Swap { unit, files, drain } => self.swap(unit, files, *drain),
            Action::PutBack { unit } => {
                line!(self, "put_back {} {}", quote(unit), self.epoch.number());
                self.restart(unit);
            }
            Action::Release { latches, members } => {
                let members: String =
                    members.iter().map(|(address, port)| format!(" {} {port}", quote(address))).collect();
                for latch in latches {
                    line!(self, "release {}{members}", STANDARD.encode(delete_request(latch)));
                }
            }
            Action::Remove(removal) => self.remove(removal),
        }
    }

    fn install(&mut self, package: &str) {
        line!(self, "install_package {package}");
    }

    fn record_birth(&mut self, record: &BirthRecord) {
        let text = serde_json::to_string(record).expect("a record is plain JSON") + "\n";
        let path = HostPath::known(BIRTH_PATH);
        if !record.complete {
            // A birth that is complete is never begun again.
            line!(self, "[ -e {} ] && fail \"a birth is recorded here already\"", self.place.word(&path));
        }
        self.put(&path, OURS, text.as_bytes());
    }

    fn mark_new(&mut self, marker: &HostPath, data: &[HostPath]) {
        let birth = self.place.word(&HostPath::known(BIRTH_PATH));
        line!(self, "grep -q '\"complete\":false' {birth} || fail \"no birth has begun here\"");
        for data in data {
            line!(self, "is_new {}", self.place.word(data));
        }
        // Its owner is its directory's, by number: a container's user has no name.
        let parent = self.place.word(&marker.parent().expect("a marker lies in a directory"));
        let owner = format!("\"$(stat -c %u {parent})\" \"$(stat -c %g {parent})\"");
        line!(self, ": | write {} {owner} 640", self.place.word(marker));
    }

    fn drain(&mut self, unit: &str, Drain { seconds }: Drain) {
        let file = self.place.word(&unit_path(unit));
        line!(self, "drain {} {file} {seconds}", quote(unit));
    }

    fn swap(&mut self, unit: &str, files: &[FileEdit], drain: Option<Drain>) {
        if let Some(drain) = drain {
            self.drain(unit, drain);
        }
        line!(self, "keep {} {}", quote(unit), self.epoch.number());
        for file in files {
            self.make_parent(&file.path);
            line!(self, "keep_file {} {} {}", quote(unit), self.epoch.number(), self.place.word(&file.path));
        }
        files.iter().for_each(|file| self.put_file(file));
        self.restart(unit);
    }

    fn restart(&mut self, unit: &str) {
        let unit = quote(unit);
        line!(self, "reload_units");
        line!(self, "systemctl reset-failed {unit} 2>/dev/null");
        line!(self, "change restart {unit}");
    }

    fn lay(&mut self, patch: &Patch) {
        let Patch { users, directories, distributions, files, leftovers, reload_units } = patch;
        // What has left goes first, by the old stamp; then the new stamp, so that a killed run knows all it may have laid.
        self.remove_owned(leftovers, false);
        let (stamps, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.path.as_str() == STAMP_PATH);
        stamps.into_iter().for_each(|file| self.put_file(file));
        for (name, home) in users {
            line!(self, "user {} {}", quote(name), self.place.word(home));
        }
        for (path, Access { owner, group, mode }) in directories {
            // Five digits: with fewer, chmod leaves a setgid bit that the parent handed down.
            line!(self, "directory {} {} {} {mode:05o}", self.place.word(path), quote(owner), quote(group));
        }
        for unpack in distributions {
            self.distribution(unpack);
        }
        for file in others {
            self.make_parent(&file.path);
            self.put_file(file);
        }
        if *reload_units {
            line!(self, "reload_units");
        }
    }

    fn distribution(&mut self, Unpack { home, archive, sha512, proof }: &Unpack) {
        let sum = quote(sha512.as_deref().unwrap_or("-"));
        let proof = quote(proof);
        let cached = self.place.word(&cached(home));
        let home = self.place.word(home);
        match archive {
            // Its path is the machine's, even if the host is a folder of the machine.
            Archive::OnHost { path, .. } => line!(self, "unpack {home} {} {sum} {proof}", quote(path.as_str())),
            Archive::File { .. } => {
                line!(self, "unpack {home} {cached} {sum} {proof}");
                line!(self, "rm -f {cached}");
            }
            Archive::Url { url, sum: check, proxy } => {
                let (known, published) = match check {
                    UrlSum::Known(sum) => (quote(sum.as_str()), "-".to_owned()),
                    UrlSum::Published(url) => ("-".to_owned(), quote(url)),
                };
                let proxy = quote(proxy.as_deref().unwrap_or("-"));
                line!(self, "download {} {cached} {known} {published} {proxy}", quote(url));
                line!(self, "unpack {home} {cached} {sum} {proof}");
                line!(self, "rm -f {cached}");
            }
            Archive::Pypi { version } => line!(self, "pyspark {home} {} {proof}", quote(version.as_str())),
        }
    }

    /// Makes the directory of a file that the user has placed anywhere.
    fn make_parent(&mut self, path: &HostPath) {
        let parent = path.parent().expect("a file lies in a directory");
        line!(self, "make_directory {}", self.place.word(&parent));
    }

    fn put_file(&mut self, file: &FileEdit) {
        let Access { owner, group, mode } = &file.access;
        let access = format!("{} {} {mode:o}", quote(owner), quote(group));
        self.put(&file.path, &access, file.content.full(self.secrets).as_bytes());
    }

    /// The bytes travel on standard input, never in an argument.
    fn put(&mut self, path: &HostPath, access: &str, bytes: &[u8]) {
        line!(self, "put {} {access} <<'provision'", self.place.word(path));
        self.encoded(bytes);
    }

    /// A here-document, up to its end.
    fn encoded(&mut self, bytes: &[u8]) {
        let encoded = STANDARD.encode(bytes);
        for chunk in encoded.as_bytes().chunks(76) {
            line!(self, "{}", std::str::from_utf8(chunk).expect("base64 is ASCII"));
        }
        line!(self, "provision");
    }
}

/// The place of an archive that comes from the operator, until it is unpacked.
pub fn cached(home: &HostPath) -> HostPath {
    HostPath::known(&format!("{STATE_FOLDER}/cache/{}.tar.gz", home.name()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::host::{Claim, Content, HostQuery, Owned, RecordName, Removal};
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
        let archive = Archive::Url { url: "https://h/x".into(), sum, proxy: Some("http://p:3128".into()) };
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
        let cluster: crate::value::Name = "c".parse().expect("a name");
        let birth = crate::host::Birth { cluster: cluster.clone(), members: std::collections::BTreeMap::new() };
        let record = crate::host::Record {
            cluster,
            identity: None,
            epoch: 0,
            hosts: std::collections::BTreeMap::new(),
            anchors: Vec::new(),
            settings: crate::host::Settings::default(),
        };
        let drain = Drain { seconds: 1 };
        let actions = [
            Action::Raise,
            Action::Journal { line: "a 'b' $(c)".into() },
            Action::Remember { name: RecordName::Intended, record: Box::new(record) },
            Action::RecordBirth { record: BirthRecord { birth: birth.clone(), complete: false } },
            Action::RecordBirth { record: BirthRecord { birth, complete: true } },
            Action::InstallPackage { package: "openjdk-17-jre-headless".into() },
            Action::Patch(Box::new(patch)),
            Action::MarkNew { marker: path.join("initialize"), data: [path.clone(), path.clone()] },
            Action::Unmark { marker: path.join("initialize") },
            Action::Start { unit: unit.clone() },
            Action::Stop { unit: unit.clone() },
            Action::Enable { unit: unit.clone() },
            Action::TryRules { rules: "table inet provision\n".into(), seconds: 60 },
            Action::EndTrial,
            Action::KeepRules { unit: unit.clone(), files: vec![file.clone()], start: true },
            Action::KeepRules { unit: unit.clone(), files: vec![file.clone()], start: false },
            Action::Swap { unit: unit.clone(), files: vec![file], drain: Some(drain) },
            Action::Drain { unit: unit.clone(), drain },
            Action::PutBack { unit },
            Action::Release { latches: vec!["/a b".into()], members: vec![("::1".into(), 1)] },
            Action::Remove(Box::new(Removal { owned: owned.clone(), delete_data: false, keeps_epoch: false })),
            Action::Remove(Box::new(Removal { owned, delete_data: true, keeps_epoch: true })),
        ];
        let places = [
            ScriptPlace::machine(),
            ScriptPlace::folder("/a b/c", "/it's a/provision".as_ref(), Some("/a b/store".as_ref())),
        ];
        let identity = crate::value::Identity::random();
        let claim = Claim { identity, cluster: "c".parse().expect("a name"), anchors: "0".to_owned() };
        let permit = Permit { claim, epoch: Epoch(1), lease: crate::world::LeaseId::random() };
        for action in actions {
            // A new action does not compile here before it is in the list above.
            match action {
                Action::Raise
                | Action::Remember { .. }
                | Action::Journal { .. }
                | Action::InstallPackage { .. }
                | Action::Patch(_)
                | Action::RecordBirth { .. }
                | Action::MarkNew { .. }
                | Action::Unmark { .. }
                | Action::Start { .. }
                | Action::Stop { .. }
                | Action::Drain { .. }
                | Action::Enable { .. }
                | Action::TryRules { .. }
                | Action::EndTrial
                | Action::KeepRules { .. }
                | Action::Swap { .. }
                | Action::PutBack { .. }
                | Action::Release { .. }
                | Action::Remove(_) => {}
            }
            for place in &places {
                parses(&act(&action, &permit, &Secrets::default(), place));
            }
        }
        for place in &places {
            parses(&super::super::hold("a 'b' $(c)", 15, &permit.claim, &permit.lease, place));
            parses(&look(&HostQuery { machine: true, java: Some(17), ..HostQuery::default() }, place));
        }
    }
}
