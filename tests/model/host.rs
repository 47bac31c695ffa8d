//! One simulated machine: what lies on it, who lives on it, what runs on it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use provision::host::{
    Access, CLAIM_PATH, Claim, HostError, Owned, STAMP_PATH, STATE_FOLDER, command_words, exec_start, sha256,
};
use provision::value::HostPath;

#[derive(Clone, Debug)]
pub enum Kind {
    Directory,
    File { bytes: Vec<u8>, sha256: String },
}

/// A file or directory. `identity` stands for inode and time of change: no two writes share one.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: Kind,
    pub access: Access,
    pub identity: u64,
}

/// The inputs that a process was started with.
#[derive(Clone, Debug)]
pub struct Process {
    pub since: Instant,
    /// New with each start, as systemd's `InvocationID`.
    pub life: u64,
    /// The unit's text as systemd had read it.
    pub unit: String,
    /// Digest or identity by path, as `ExecStartPre` records them.
    pub started: BTreeMap<String, String>,
    /// The inputs themselves.
    pub inputs: BTreeMap<String, Vec<u8>>,
}

impl Process {
    /// Its command as `/proc` has it: Spark's script has put Java in the place of itself.
    pub fn command(&self) -> Vec<String> {
        let words = command_words(exec_start(&self.unit).unwrap_or_default(), "").expect("a unit of ours");
        match words.iter().position(|word| word.ends_with("/spark-class")) {
            Some(at) => {
                ["java", "-cp", "jars/*"].into_iter().map(str::to_owned).chain(words[at + 1..].to_vec()).collect()
            }
            None => words,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Unit {
    pub enabled: bool,
    /// Identity and text of the unit's file when systemd read it.
    pub read: Option<(u64, String)>,
    pub process: Option<Process>,
    /// It ends as soon as it starts, and systemd tries again.
    pub failing: bool,
    /// A drop-in keeps it from recording what it starts with.
    pub records_nothing: bool,
}

#[derive(Clone, Debug)]
pub struct SimHost {
    pub address: String,
    /// Machine-id and boot, equal for two names of one machine.
    pub machine: String,
    pub reachable: bool,
    pub paths: BTreeMap<String, Node>,
    pub users: BTreeMap<String, String>,
    /// SHA-512 of archives that lie there.
    pub archives: BTreeMap<String, String>,
    pub units: BTreeMap<String, Unit>,
    pub java: bool,
    /// True if rules of a firewall are on trial, and if those that were loaded are gone from the kernel.
    pub has_trial: bool,
    pub has_lost_rules: bool,
    /// The number of primitive changes that the machine still makes before it is cut off.
    pub budget: Option<usize>,
    /// The number of actions that it still carries out; then it answers questions only.
    pub obeys: Option<usize>,
    /// The end of an action that it does not carry out.
    pub disobeys_with: HostError,
    /// A lie that its host tells about its member.
    pub lie: Option<MemberLie>,
    /// The time that it takes to answer a question.
    pub slowness: Duration,
    /// True if something answers in its master's place that it is ALIVE, and lists no worker.
    pub poses_as_alive: bool,
    /// True if it says that it stands by, whatever its master does.
    pub poses_as_standby: bool,
    /// True if what runs in a master's place says STANDBY, and never takes part in an election.
    pub never_elects: bool,
    /// The address of the master that its worker says it follows, if not the real one.
    pub follows: Option<String>,
    /// True if no master lists its worker.
    pub is_shunned: bool,
    /// The life of its worker that masters have forgotten: it comes back with another one.
    pub forgotten: Option<u64>,
    counter: u64,
}

/// The end of an input with which a master answers nobody.
pub const MUTE: &[u8] = b"# mute\n";

/// A lie about a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberLie {
    /// It leads, with all others in sync.
    Leads,
    /// As leader it has one follower in sync.
    HasLostOne,
    /// It follows.
    Follows,
    /// It has been started again since it was last asked.
    StartsAgain,
    /// It serves, and at every second question it does not.
    Flaps,
}

const BASE: &[&str] = &["/etc", "/etc/systemd", "/etc/systemd/system", "/opt", "/srv", "/var", "/var/lib"];

pub fn fail(why: impl Into<String>) -> HostError {
    HostError::Failed { why: why.into() }
}

impl SimHost {
    pub fn new(address: &str) -> SimHost {
        let mut host = SimHost {
            address: address.to_owned(),
            machine: format!("machine-of-{address}"),
            reachable: true,
            paths: BTreeMap::new(),
            users: BTreeMap::new(),
            archives: BTreeMap::new(),
            units: BTreeMap::new(),
            java: true,
            has_trial: false,
            has_lost_rules: false,
            budget: None,
            obeys: None,
            disobeys_with: fail("Operation not permitted"),
            is_shunned: false,
            forgotten: None,
            lie: None,
            slowness: Duration::ZERO,
            poses_as_alive: false,
            poses_as_standby: false,
            never_elects: false,
            follows: None,
            counter: 0,
        };
        for path in BASE {
            host.set(path, Kind::Directory, Access::root(0o755));
        }
        host
    }

    fn set(&mut self, path: &str, kind: Kind, access: Access) {
        self.counter += 1;
        self.paths.insert(path.to_owned(), Node { kind, access, identity: self.counter });
    }

    /// One primitive change; a machine that is cut off makes no more.
    fn change(&mut self) -> Result<(), HostError> {
        match &mut self.budget {
            Some(0) => Err(HostError::Lost { during: "a simulated action".into(), why: "cut off".to_owned() }),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        match &self.paths.get(path)?.kind {
            Kind::File { bytes, .. } => Some(bytes),
            Kind::Directory => None,
        }
    }

    pub fn text(&self, path: &str) -> Option<String> {
        self.bytes(path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    pub fn is_directory(&self, path: &str) -> bool {
        path == "/" || self.paths.get(path).is_some_and(|node| matches!(node.kind, Kind::Directory))
    }

    fn children(&self, folder: &str) -> Vec<String> {
        let prefix = format!("{folder}/");
        self.paths.keys().filter(|path| path.starts_with(&prefix)).cloned().collect()
    }

    pub fn holds_something(&self, folder: &str) -> bool {
        !self.children(folder).is_empty()
    }

    pub fn epoch(&self) -> u64 {
        self.text(&format!("{STATE_FOLDER}/epoch")).and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    pub fn claim(&self) -> Option<Claim> {
        self.text(CLAIM_PATH).and_then(|text| text.parse().ok())
    }

    /// From now on no other cluster's.
    /// Returns true if it was claimed for the same cluster, by name and anchors, and nothing was laid since.
    pub fn is_early(&self, carries: &Claim, claim: &Claim) -> bool {
        let laid = ["stamp.json", "made", "birth.json"].map(|file| format!("{STATE_FOLDER}/{file}"));
        (&carries.cluster, &carries.anchors) == (&claim.cluster, &claim.anchors)
            && laid.iter().all(|file| !self.paths.contains_key(file))
    }

    pub fn claim_for(&mut self, claim: &Claim) -> Result<(), HostError> {
        match self.claim() {
            Some(carries) if carries.identity == claim.identity => Ok(()),
            Some(carries) if !self.is_early(&carries, claim) => Err(HostError::Foreign { carries: Some(carries) }),
            _ => {
                let text = claim.line() + "\n";
                if !self.is_directory(STATE_FOLDER) {
                    self.change()?;
                    self.set(STATE_FOLDER, Kind::Directory, Access::root(0o755));
                }
                self.write(CLAIM_PATH, &Access::root(0o644), text.as_bytes())
            }
        }
    }

    /// Whatever nature does, without the host's own rules.
    pub fn scribble(&mut self, path: &str, bytes: &[u8], access: Access) {
        self.set(path, Kind::File { bytes: bytes.to_vec(), sha256: sha256(bytes) }, access);
    }

    pub fn write(&mut self, path: &str, access: &Access, bytes: &[u8]) -> Result<(), HostError> {
        self.change()?;
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if !self.is_directory(folder) {
            return Err(fail(format!("cannot write {path}: {folder} is not there")));
        }
        if self.is_directory(path) {
            return Err(fail(format!("cannot write {path}: it is a directory")));
        }
        self.known_user(&access.owner)?;
        match self.paths.get_mut(path) {
            // It has the bytes already, and stays the same file.
            Some(Node { kind: Kind::File { bytes: there, .. }, access: of, .. }) if there == bytes => {
                *of = access.clone();
            }
            _ => self.scribble(path, bytes, access.clone()),
        }
        Ok(())
    }

    fn known_user(&self, name: &str) -> Result<(), HostError> {
        if name == "root" || self.users.contains_key(name) {
            Ok(())
        } else {
            Err(fail(format!("there is no user {name}")))
        }
    }

    fn made_path() -> String {
        format!("{STATE_FOLDER}/made")
    }

    fn was_made(&self, line: &str) -> bool {
        self.text(&Self::made_path()).is_some_and(|made| made.lines().any(|known| known == line))
    }

    fn made(&mut self, line: &str) -> Result<(), HostError> {
        if self.was_made(line) {
            return Ok(());
        }
        let text = self.text(&Self::made_path()).unwrap_or_default() + line + "\n";
        self.write(&Self::made_path(), &Access::root(0o600), text.as_bytes())
    }

    /// The lease that has raised the host to an epoch.
    pub fn leased(&self, epoch: u64) -> Option<String> {
        let text = self.text(&format!("{STATE_FOLDER}/lease"))?;
        let (number, lease) = text.trim().split_once(' ')?;
        (number == epoch.to_string()).then(|| lease.to_owned())
    }

    pub fn raise(&mut self, epoch: u64, lease: &str) -> Result<(), HostError> {
        if !self.is_directory(STATE_FOLDER) {
            self.change()?;
            self.set(STATE_FOLDER, Kind::Directory, Access::root(0o755));
        }
        self.write(&format!("{STATE_FOLDER}/lease"), &Access::root(0o644), format!("{epoch} {lease}\n").as_bytes())?;
        self.write(&format!("{STATE_FOLDER}/epoch"), &Access::root(0o644), format!("{epoch}\n").as_bytes())
    }

    pub fn user(&mut self, name: &str, home: &str) -> Result<(), HostError> {
        if self.users.contains_key(name) {
            return Ok(());
        }
        self.made(&format!("user {name}"))?;
        self.change()?;
        self.users.insert(name.to_owned(), home.to_owned());
        Ok(())
    }

    pub fn directory(&mut self, path: &str, access: &Access) -> Result<(), HostError> {
        let mut missing = Vec::new();
        let mut at = path;
        while !at.is_empty() && !self.is_directory(at) {
            if self.paths.contains_key(at) {
                return Err(fail(format!("{at} is in the way: it is no directory")));
            }
            missing.push(at.to_owned());
            at = at.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        for path in missing.iter().rev() {
            self.made(&format!("dir {path}"))?;
            self.change()?;
            self.set(path, Kind::Directory, Access::root(0o755));
        }
        self.known_user(&access.owner)?;
        self.change()?;
        if let Some(node) = self.paths.get_mut(path) {
            node.access = access.clone();
        }
        Ok(())
    }

    pub fn unpack(&mut self, home: &str, sum: &str) -> Result<(), HostError> {
        self.change()?;
        self.remove_tree(home);
        self.set(home, Kind::Directory, Access::root(0o755));
        self.scribble(&format!("{home}/.provision-origin"), format!("{sum}\n").as_bytes(), Access::root(0o644));
        Ok(())
    }

    pub fn remove_tree(&mut self, path: &str) {
        for child in self.children(path) {
            self.paths.remove(&child);
        }
        self.paths.remove(path);
    }

    pub fn remove_owned(&mut self, owned: &Owned, delete_data: bool, now: Instant) -> Result<(), HostError> {
        let Owned { users, directories, files, distributions, units } = owned;
        for unit in units {
            self.stop(unit)?;
            if let Some(unit) = self.units.get_mut(unit) {
                unit.enabled = false;
            }
        }
        for path in files.iter().filter(|path| path.as_str() != STAMP_PATH) {
            self.change()?;
            self.paths.remove(path.as_str());
        }
        if !units.is_empty() {
            self.reload_units(now)?;
        }
        for home in distributions {
            self.change()?;
            self.remove_tree(home.as_str());
        }
        for (path, data) in directories.iter().rev().filter(|(path, _)| path.as_str() != STATE_FOLDER) {
            self.remove_directory(path.as_str(), *data, delete_data)?;
        }
        for (user, home) in users.iter().filter(|(user, _)| self.was_made(&format!("user {user}"))).collect::<Vec<_>>()
        {
            // Its number must not go to somebody else while data of it is there.
            let is_own = |path: &HostPath| path.is_within(home) || path.parent() == home.parent();
            let data = directories.iter().filter(|(path, data)| **data && is_own(path));
            if data.into_iter().all(|(path, _)| !self.is_directory(path.as_str())) {
                self.change()?;
                self.users.remove(user);
            }
        }
        Ok(())
    }

    fn remove_directory(&mut self, path: &str, data: bool, delete_data: bool) -> Result<(), HostError> {
        self.change()?;
        if !self.is_directory(path) || (data && !delete_data && self.holds_something(path)) {
            return Ok(());
        }
        let made = self.was_made(&format!("dir {path}"));
        // By name: somebody else may keep things beside ours.
        let named = |name: &str| ["version-2", "initialize", "zookeeper_server.pid"].contains(&name);
        let ours = |name: &str| named(name) || name.starts_with("app-") || name.starts_with("driver-");
        for child in self.children(path) {
            let top = child[path.len() + 1..].split('/').next().unwrap_or_default();
            if (data && delete_data && ours(top)) || (made && path == "/var/lib/spark/tmp") {
                self.paths.remove(&child);
            }
        }
        if made && !self.holds_something(path) {
            self.paths.remove(path);
        }
        Ok(())
    }

    /// The part of a destroy that follows the things in the stamp.
    pub fn remove_rest(&mut self, owned: &Owned, delete_data: bool, keeps_epoch: bool) -> Result<(), HostError> {
        let made = self.text(&Self::made_path()).unwrap_or_default();
        let mut folders: Vec<&str> = made.lines().filter_map(|line| line.strip_prefix("dir ")).collect();
        folders.sort_unstable();
        for folder in folders.into_iter().rev().filter(|folder| *folder != STATE_FOLDER) {
            self.change()?;
            if self.is_directory(folder) && !self.holds_something(folder) {
                self.paths.remove(folder);
            }
        }
        let data = || owned.directories.iter().filter(|(_, data)| **data).map(|(path, _)| path);
        // Once the data is deleted, what is left is a stranger's.
        let stays = !delete_data && data().any(|path| self.holds_something(path.as_str()));
        let there = data().any(|path| self.is_directory(path.as_str()));
        let born = data().any(|path| {
            self.holds_something(&format!("{path}/version-2")) || self.paths.contains_key(&format!("{path}/initialize"))
        });
        let kept: Vec<_> =
            [("birth.json", stays && born), ("made", stays || there), ("identity", stays), ("epoch", keeps_epoch)]
                .into_iter()
                .filter(|(_, stays)| *stays)
                .map(|(name, _)| format!("{STATE_FOLDER}/{name}"))
                .collect();
        for path in self.children(STATE_FOLDER).into_iter().filter(|path| !kept.contains(path)) {
            self.change()?;
            self.paths.remove(&path);
        }
        self.change()?;
        if !self.holds_something(STATE_FOLDER) {
            self.paths.remove(STATE_FOLDER);
        }
        Ok(())
    }

    // ------------------------------------------------------------- systemd

    pub fn unit_file(unit: &str) -> String {
        format!("/etc/systemd/system/{unit}.service")
    }

    pub fn reload_units(&mut self, _now: Instant) -> Result<(), HostError> {
        self.change()?;
        for (name, unit) in &mut self.units {
            let file = self.paths.get(&Self::unit_file(name));
            unit.read = match file {
                Some(Node { kind: Kind::File { bytes, .. }, identity, .. })
                    if unit.process.is_some() || unit.enabled =>
                {
                    Some((*identity, String::from_utf8_lossy(bytes).into_owned()))
                }
                _ => None,
            };
        }
        Ok(())
    }

    pub fn enable(&mut self, unit: &str) -> Result<(), HostError> {
        self.change()?;
        if self.bytes(&Self::unit_file(unit)).is_none() {
            return Err(fail(format!("cannot enable {unit}")));
        }
        self.units.entry(unit.to_owned()).or_default().enabled = true;
        Ok(())
    }

    pub fn stop(&mut self, unit: &str) -> Result<(), HostError> {
        self.change()?;
        self.crash(unit);
        Ok(())
    }

    /// It ends, and nobody starts it again.
    pub fn crash(&mut self, unit: &str) {
        if let Some(unit) = self.units.get_mut(unit) {
            unit.process = None;
            unit.failing = false;
        }
    }

    pub fn restart(&mut self, unit: &str, now: Instant) -> Result<(), HostError> {
        self.crash(unit);
        self.start(unit, now)
    }

    /// `systemctl start`: an error where its inputs are not there; systemd tries again for ever.
    pub fn start(&mut self, unit: &str, now: Instant) -> Result<(), HostError> {
        self.change()?;
        if self.units.get(unit).is_some_and(|unit| unit.process.is_some()) {
            return Ok(());
        }
        let file = self.paths.get(&Self::unit_file(unit)).and_then(|node| match &node.kind {
            Kind::File { bytes, .. } => Some((node.identity, String::from_utf8_lossy(bytes).into_owned())),
            Kind::Directory => None,
        });
        let known = self.units.entry(unit.to_owned()).or_default();
        let Some(read) = known.read.clone().or(file) else {
            return Err(fail(format!("{unit} does not start: not found")));
        };
        known.read = Some(read.clone());
        let process = self.spawn(&read.1, now);
        let known = self.units.get_mut(unit).expect("entered above");
        known.failing = process.is_none();
        known.process = process;
        let failing = known.failing;
        if unit == super::services::ZOOKEEPER {
            super::services::begin_member(self);
        }
        if failing { Err(fail(format!("{unit} does not start: its inputs are not there"))) } else { Ok(()) }
    }

    fn spawn(&mut self, unit: &str, now: Instant) -> Option<Process> {
        self.counter += 1;
        let life = self.counter;
        let list = words_after(unit, "sha256sum ");
        let secrets = words_after(unit, "stat -c \"%%i:%%Y  %%n\" ");
        let mut process =
            Process { since: now, life, unit: unit.to_owned(), started: BTreeMap::new(), inputs: BTreeMap::new() };
        for path in &list {
            let Some(Node { kind: Kind::File { bytes, sha256 }, .. }) = self.paths.get(path) else { return None };
            process.started.insert(path.clone(), sha256.clone());
            process.inputs.insert(path.clone(), bytes.clone());
        }
        for path in &secrets {
            let Some(Node { kind: Kind::File { bytes, .. }, identity, .. }) = self.paths.get(path) else { return None };
            process.started.insert(path.clone(), identity_text(*identity));
            process.inputs.insert(path.clone(), bytes.clone());
        }
        let java = self.java || !unit.contains("java");
        java.then_some(process)
    }

    /// The record of what a unit's process started with has this file as it is now.
    pub fn believe(&mut self, unit: &str, path: &str) {
        let Some(Node { kind: Kind::File { sha256, .. }, .. }) = self.paths.get(path) else { return };
        let process = self.units.get_mut(unit).and_then(|unit| unit.process.as_mut());
        process.map(|process| process.started.insert(path.to_owned(), sha256.clone()));
    }

    /// `ExecReload` writes the record anew.
    pub fn reload(&mut self, unit: &str, now: Instant) -> Result<(), HostError> {
        self.reload_units(now)?;
        let known = self.units.get(unit).filter(|unit| unit.process.is_some()).and_then(|unit| unit.read.clone());
        let Some((_, text)) = known else { return Err(fail(format!("{unit} does not reload"))) };
        let Some(process) = self.spawn(&text, now) else { return Err(fail(format!("{unit} does not reload"))) };
        self.change()?;
        self.units.get_mut(unit).expect("found above").process = Some(process);
        Ok(())
    }

    /// systemd tries failing units again.
    pub fn retry(&mut self, now: Instant) {
        let failing: Vec<String> =
            self.units.iter().filter(|(_, unit)| unit.failing).map(|(name, _)| name.clone()).collect();
        for name in failing {
            let budget = self.budget.take();
            let _ = self.start(&name, now);
            self.budget = budget;
        }
    }

    pub fn process_mut(&mut self, unit: &str) -> Option<&mut Process> {
        self.units.get_mut(unit)?.process.as_mut()
    }

    pub fn process(&self, unit: &str) -> Option<&Process> {
        self.units.get(unit)?.process.as_ref()
    }

    pub fn digest_of_secret(&self, path: &str, nonce: &str) -> Option<String> {
        let bytes = self.bytes(path)?;
        Some(sha256(&[nonce.as_bytes(), bytes].concat()))
    }

    /// Everything that a look or a restart could tell apart.
    pub fn digest(&self) -> String {
        sha256(format!("{:?}{:?}{:?}{:?}{}", self.paths, self.users, self.units, self.archives, self.java).as_bytes())
    }
}

pub fn identity_text(identity: u64) -> String {
    format!("{identity}:{identity}")
}

/// The paths behind a command, up to the end of it.
fn words_after(text: &str, command: &str) -> Vec<String> {
    let rest = text.split_once(command).map_or("", |(_, rest)| rest);
    let end = rest.find(['>', ';', '&']).unwrap_or(rest.len());
    rest[..end].split_whitespace().map(str::to_owned).collect()
}
