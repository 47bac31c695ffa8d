//! The errors of one host: each kind is data, and says what to do.

use crate::host::{Claim, EPOCH_PATH};
use crate::value::cut;

/// The step during which a connection failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum During {
    /// The host had not let us in yet.
    Handshake,
    Step(String),
}

impl From<&str> for During {
    fn from(step: &str) -> During {
        During::Step(step.to_owned())
    }
}

impl std::fmt::Display for During {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            During::Handshake => write!(f, "the ssh handshake"),
            During::Step(step) => write!(f, "{step}"),
        }
    }
}

/// The reason why a host did not answer, or did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("no connection to {address}: {words}", words = short(.why))]
    Unreachable { address: String, why: String },
    #[error("libssh2 cannot log in to {name} ({words}), and there is no OpenSSH client on this machine: install it", words = short(.why))]
    NeedsOpenSsh { name: String, why: String },
    #[error(
        "the host key of {name} is unknown ({fingerprint}); if that is the one its console shows, accept it with: {command}"
    )]
    UnknownKey { name: String, fingerprint: String, command: String },
    #[error(
        "the host key of {name} has changed: known_hosts has {known}, the host offered {offered}; somebody may be intercepting the connection. Find out why before you remove the old key from known_hosts"
    )]
    ChangedKey { name: String, known: String, offered: String },
    #[error("the host key of {name} is not accepted: {words}", words = short(.why))]
    KeyPolicy { name: String, why: String },
    #[error("{user}@{name} was refused: {words}", words = short(.why))]
    Login { name: String, user: String, why: String },
    #[error(
        "sudo refused {user}: {words}. It must work without a password and without a terminal: {remedy}, or log in as root",
        words = short(.why), remedy = sudoers(.user, .why)
    )]
    Sudo { user: String, why: String },
    #[error("no answer within {seconds} s during {during}")]
    Timeout { seconds: u64, during: During },
    #[error("the connection was lost during {during}: {words}", words = short(.why))]
    Lost { during: During, why: String },
    #[error("the connection is gone, and nothing had begun: {words}", words = short(.why))]
    ConnectionGone { why: String },
    #[error("another change is running on the host; it kept its lock for {seconds} s")]
    Busy { seconds: u64 },
    #[error("refused: {}", fenced_by(*seen, *ours))]
    Fenced { seen: u64, ours: u64 },
    #[error("the lease is lost")]
    LeaseLost,
    #[error("the lease is held by {owner} since {since}")]
    Held { owner: String, since: String },
    #[error("{}", short(.why))]
    Failed { why: String },
    #[error(
        "no new connection succeeded with the new firewall rules ({words}); the host restores its previous rules by itself when the trial ends. The rules open the topology's `ssh` port: check that sshd itself listens on it",
        words = short(.why)
    )]
    LockedOut { why: String },
    #[error("the host's answer makes no sense: {words}", words = short(.why))]
    Garbled { why: String },
    #[error("it sent more than {mib} MiB during {during}, and the rest was not read")]
    TooMuch { mib: usize, during: During },
    #[error(
        "a command that root ran as the owner of {path}, to look there, was killed or took more than 10 s: processes of that user may have stopped it (end them with pkill -KILL -u USER), or the disk does not answer"
    )]
    Stopped { path: String },
    #[error(
        "the data in {path} belongs to root, so its service cannot write it: give it to the service's user (chown -R USER:GROUP {path})"
    )]
    RootsData { path: String },
    #[error("{path} cannot be used: {words}; inspect it, and remove it if nothing needs it", words = short(.why))]
    Unreadable { path: String, why: String },
    #[error(
        "its epoch {seen} is above the anchors' epoch, so no lease of this cluster issued it; if no apply is running, reset it with: provision ssh {name} -- sudo rm {EPOCH_PATH} (docs/troubleshooting.md)"
    )]
    EpochAhead { name: String, seen: u64 },
    #[error("refused: {words}", words = short(.why))]
    Refused { why: String },
    #[error("refused: {}", belongs(carries.as_ref()))]
    Foreign { carries: Option<Claim> },
}

impl HostError {
    /// Returns true if a command on the host has certainly not begun: there was no way to the host, or no login.
    pub fn is_before_the_command(&self) -> bool {
        match self {
            HostError::Unreachable { .. }
            | HostError::ConnectionGone { .. }
            | HostError::UnknownKey { .. }
            | HostError::ChangedKey { .. }
            | HostError::KeyPolicy { .. }
            | HostError::NeedsOpenSsh { .. }
            | HostError::Login { .. } => true,
            HostError::Timeout { during, .. } | HostError::Lost { during, .. } | HostError::TooMuch { during, .. } => {
                *during == During::Handshake
            }
            _ => false,
        }
    }

    /// Returns true if only the connection may be at fault: the host is then unknown, not broken.
    pub fn is_unreachable(&self) -> bool {
        match self {
            HostError::Unreachable { .. }
            | HostError::Timeout { .. }
            | HostError::Lost { .. }
            | HostError::ConnectionGone { .. } => true,
            HostError::NeedsOpenSsh { .. }
            | HostError::UnknownKey { .. }
            | HostError::ChangedKey { .. }
            | HostError::KeyPolicy { .. }
            | HostError::Login { .. }
            | HostError::Sudo { .. }
            | HostError::Busy { .. }
            | HostError::Fenced { .. }
            | HostError::LeaseLost
            | HostError::Held { .. }
            | HostError::Failed { .. }
            | HostError::Garbled { .. }
            | HostError::TooMuch { .. }
            | HostError::Stopped { .. }
            | HostError::RootsData { .. }
            | HostError::Unreadable { .. }
            | HostError::EpochAhead { .. }
            | HostError::LockedOut { .. }
            | HostError::Refused { .. }
            | HostError::Foreign { .. } => false,
        }
    }
}

/// The line of sudoers that mends it, by sudo's own words.
fn sudoers(user: &str, why: &str) -> String {
    if why.contains("must have a tty") || why.contains("no tty present") {
        format!("add `Defaults:{user} !requiretty` to sudoers")
    } else {
        format!("add `{user} ALL=(ALL) NOPASSWD:ALL` to sudoers")
    }
}

/// The words of a host or of a library, which may be any number: an error is read by people.
fn short(words: &str) -> String {
    cut(words, 1000)
}

fn belongs(carries: Option<&Claim>) -> String {
    match carries {
        Some(claim) => format!("the host belongs to the cluster {claim} now"),
        None => "the host no longer says which cluster it belongs to".to_owned(),
    }
}

fn fenced_by(seen: u64, ours: u64) -> String {
    if seen == ours {
        format!(
            "another apply has the same epoch {seen}, and reached this host first: an anchor granted its lease to both"
        )
    } else {
        format!("another apply has raised the epoch to {seen} (this one has {ours})")
    }
}
