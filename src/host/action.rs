//! The closed list of things that can be done to a host. Each is one script under the host's lock, and can be repeated.

use serde::Serialize;

use crate::host::{Access, BirthRecord, Content, Owned, Record, RecordName};
use crate::service::archive::Archive;
use crate::value::{HostPath, counted};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Action {
    /// From now on the host refuses every lower epoch.
    Raise,
    /// Writes what the cluster remembers.
    Remember { name: RecordName, record: Box<Record> },
    /// Adds a line to the journal.
    Journal { line: String },
    /// Installs a package of apt.
    InstallPackage { package: String },
    /// Brings users, directories, distributions and files about, and removes what is no longer ours.
    Patch(Box<Patch>),
    /// Records a birth on the host; never takes a record back.
    RecordBirth { record: BirthRecord },
    /// Marks empty data and log directories as new. Refused by the host itself if it holds data or no birth is recorded as begun.
    MarkNew { marker: HostPath, data: [HostPath; 2] },
    /// Removes a marker that nobody used.
    Unmark { marker: HostPath },
    /// Enables and starts a unit.
    Start { unit: String },
    /// Stops a unit.
    Stop { unit: String },
    /// Lets a node that leaves finish its work. It takes no more.
    Drain { unit: String, drain: Drain },
    /// Enables a unit that runs already.
    Enable { unit: String },
    /// Loads rules of the firewall for so many seconds: the host takes them back unless `KeepRules` follows by a new connection.
    TryRules { rules: String, seconds: u32 },
    /// Ends a trial at once: the rules from before come back.
    EndTrial,
    /// Lets the rules on trial stay: lays their files, and starts the unit that loads them, or has it load them again.
    KeepRules { unit: String, files: Vec<FileEdit>, start: bool },
    /// Keeps the old files, writes the new ones, restarts the unit.
    Swap { unit: String, files: Vec<FileEdit>, drain: Option<Drain> },
    /// Puts back what the last `Swap` of this unit kept, and restarts it.
    PutBack { unit: String },
    /// Removes latches of masters that have ended, so that another leads without waiting for their sessions to end. No two
    /// latches ever share a name, and an ended process stays ended: however late this arrives, it removes no other.
    Release { latches: Vec<String>, members: Vec<(String, u16)> },
    /// Removes what the tool made.
    Remove(Box<Removal>),
}

/// Lets a worker finish before it is stopped. Where it answers, its unit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Drain {
    /// After so many seconds it is stopped nevertheless.
    pub seconds: u32,
}

/// A change of what lies on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Patch {
    /// Name and home.
    pub users: Vec<(String, HostPath)>,
    pub directories: Vec<(HostPath, Access)>,
    pub distributions: Vec<Unpack>,
    pub files: Vec<FileEdit>,
    /// The things that have left the topology. They are removed before the new stamp is written.
    pub leftovers: Owned,
    /// True if systemd must read its units again.
    pub reload_units: bool,
}

impl Patch {
    /// The work in words: `create 1 user and 2 directories, unpack 1 distribution, write 8 files`.
    fn title(&self) -> String {
        let Patch { users, directories, distributions, files, leftovers, reload_units: _ } = self;
        let some = |number: usize, what: &str| (number > 0).then(|| counted(number, what));
        let created: Vec<_> =
            [some(users.len(), "user"), some(directories.len(), "directory")].into_iter().flatten().collect();
        let parts = [
            (!created.is_empty()).then(|| format!("create {}", created.join(" and "))),
            some(distributions.len(), "distribution").map(|all| format!("unpack {all}")),
            some(files.len(), "file").map(|all| format!("write {all}")),
            (*leftovers != Owned::default()).then(|| "remove what has left the topology".to_owned()),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() { "have systemd read its units again".to_owned() } else { parts.join(", ") }
    }
}

/// One file as it must be.
#[derive(Clone, PartialEq, Eq)]
pub struct FileEdit {
    pub path: HostPath,
    pub access: Access,
    pub content: Content,
}

impl std::fmt::Debug for FileEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.path, self.access)
    }
}

impl Serialize for FileEdit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.path, &self.access, self.content.public()).serialize(serializer)
    }
}

/// An archive to unpack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unpack {
    pub home: HostPath,
    #[serde(serialize_with = "origin")]
    pub archive: Archive,
    /// The SHA-512 it must have, as far as the plan knows it.
    pub sha512: Option<String>,
    /// The file that must be in it.
    pub proof: String,
}

fn origin<S: serde::Serializer>(archive: &Archive, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{archive:?}"))
}

/// The things to remove from a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    pub owned: Owned,
    pub delete_data: bool,
    /// True on an anchor if other hosts are left: a later destroy can only act on those under a higher epoch than theirs.
    pub keeps_epoch: bool,
}

impl Removal {
    /// Returns true if it deletes directories together with the data in them.
    pub fn deletes_data(&self) -> bool {
        self.delete_data && self.owned.directories.values().any(|data| *data)
    }
}

impl Action {
    /// Returns true if it keeps the run's own records and changes nothing that people asked for.
    pub fn is_bookkeeping(&self) -> bool {
        matches!(self, Action::Raise | Action::Journal { .. } | Action::Remember { .. })
    }

    /// Its title, for progress, journal and errors.
    pub fn title(&self) -> String {
        match self {
            Action::Raise => "raise the epoch".to_owned(),
            Action::Remember { name, .. } => format!("record what is {}", name.text()),
            Action::Journal { .. } => "write the journal".to_owned(),
            Action::InstallPackage { package } => format!("install {package}"),
            Action::Patch(patch) => patch.title(),
            Action::RecordBirth { record } if record.complete => "record the birth as complete".to_owned(),
            Action::RecordBirth { .. } => "record the birth".to_owned(),
            Action::MarkNew { .. } => "mark the data directory as new".to_owned(),
            Action::Unmark { .. } => "remove an unused marker of a new data directory".to_owned(),
            Action::Start { unit } => format!("start {unit}"),
            Action::Stop { unit } => format!("stop {unit}"),
            Action::Drain { unit, .. } => format!("drain {unit}"),
            Action::Enable { unit } => format!("enable {unit}"),
            Action::TryRules { seconds, .. } => format!("try the new firewall rules for {seconds} s"),
            Action::KeepRules { .. } => "keep the new firewall rules: a new connection came in".to_owned(),
            Action::Swap { unit, .. } => format!("restart {unit}"),
            Action::PutBack { unit } => format!("put back the old files of {unit}"),
            Action::EndTrial => "restore the previous firewall rules".to_owned(),
            Action::Release { .. } => {
                "remove from ZooKeeper (asked through this host) the latch of a master that has ended".to_owned()
            }
            Action::Remove(_) => "remove what provision made".to_owned(),
        }
    }
}
