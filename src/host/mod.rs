//! The types about one host: its goal, the query, the facts, the actions and the errors.

pub mod action;
mod birth;
mod claim;
mod command;
mod content;
mod error;
mod facts;
mod health;
mod properties;
mod query;
mod reach;
mod secrets;
mod settings;
mod stamp;
mod state;
mod template;
mod unit;

use crate::value::listener::{Listener, ListenerName, named};
use crate::value::{Address, HostPath, Name, Zone};

pub use action::{Action, Drain, FileEdit, Patch, Removal, Unpack};
pub use birth::{BIRTH_PATH, Birth};
pub use claim::{Claim, DataLabel};
pub use command::{command_words, exec_start};
pub use content::{Content, Escape, Part};
pub use error::{During, HostError};
pub use facts::{
    ArchiveFacts, BirthRecord, Holder, HostFacts, Java, Listening, PathFacts, PathKind, Record, RecordName, Seen, Wrong,
};
pub use health::{Health, NodeFacts, ServiceFacts};
pub use properties::{Property, property_value};
pub use query::{Ask, HostQuery, Lines, SecretQuestion, secret_question, sha256, sha512};
pub use reach::{Folder, Login, Owner, Reach, SshName};
pub use secrets::Secrets;
pub use settings::{Class, Setting, Settings};
pub use stamp::{Anchor, Owned, Stamp};
pub use state::{
    Access, CLAIM_PATH, Directory, Distribution, EPOCH_PATH, File, HostState, MEMBER_FILE, ORIGIN_FILE, OnChange,
    RUN_FOLDER, STAMP_PATH, STATE_FOLDER, ServiceUnit, UNIT_FOLDER, User, unit_path,
};
pub use template::render as render_template;
pub use unit::{Active, DROP_INS, Load, SETTINGS, SETTINGS_MARK, Sub, UnitFacts, UnitFile};

/// A machine, or a part of one that looks like it to its services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Name,
    pub address: Address,
    pub zone: Option<Zone>,
    pub reach: Reach,
    /// The address at which only the host itself reaches a service.
    pub private: Address,
    /// The owner of all of it; `None` where root is, and every service has a user.
    pub owner: Option<Owner>,
}

impl Host {
    /// A path of the host as a word of a unit or of sh.
    pub fn word(&self, path: &HostPath) -> String {
        unit_word(&format!("{}{path}", self.reach.root()))
    }

    /// The words of several paths.
    pub fn words<'p>(&self, paths: impl IntoIterator<Item = &'p HostPath>) -> String {
        paths.into_iter().map(|path| self.word(path)).collect::<Vec<_>>().join(" ")
    }

    /// The first port of a listener here.
    pub fn port(&self, listeners: &[Listener], name: ListenerName) -> u16 {
        *named(listeners, name).on(self.reach.numbering()).start()
    }

    /// The path on the machine that the host is, or is part of.
    pub fn path(&self, path: &HostPath) -> String {
        format!("{}{path}", self.reach.root())
    }
}

/// Puts a word in double quotes where it needs them. Paths contain nothing that is special within them.
pub fn unit_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+@/:-*,=%".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("\"{word}\"") }
}

/// A host and the way there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub name: Name,
    pub reach: Reach,
}

impl Target {
    pub fn of(host: &Host) -> Target {
        Target { name: host.name.clone(), reach: host.reach.clone() }
    }
}
