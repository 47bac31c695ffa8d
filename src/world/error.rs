//! What can go wrong with one host: each kind is data, and says what to do.

use crate::desired::{Claim, EPOCH_PATH};

/// Why a host did not answer, or did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    #[error("no connection to {address}: {why}")]
    Unreachable { address: String, why: String },
    #[error("the ssh configuration for {name} says `{option}`, which is not supported: {instead}")]
    Unsupported { name: String, option: String, instead: String },
    #[error(
        "the host key of {name} is unknown ({fingerprint}); if that is the one its console shows, accept it with: {command}"
    )]
    UnknownKey { name: String, fingerprint: String, command: String },
    #[error(
        "the host key of {name} has changed: known is {known}, offered is {offered}; somebody may be in between. Find out why before you remove the old key from known_hosts"
    )]
    ChangedKey { name: String, known: String, offered: String },
    #[error("the host key of {name} cannot be judged: {why}")]
    KeyPolicy { name: String, why: String },
    #[error("{user}@{name} was refused: {why}")]
    Login { name: String, user: String, why: String },
    #[error(
        "{user} may not use sudo without a password: add `{user} ALL=(ALL) NOPASSWD:ALL` to sudoers, or log in as root"
    )]
    Sudo { user: String },
    #[error("no answer within {seconds} s during {during}")]
    Timeout { seconds: u64, during: String },
    #[error("the connection was lost during {during}: {why}")]
    Lost { during: String, why: String },
    #[error("the connection is gone, and nothing had begun: {why}")]
    NotBegun { why: String },
    #[error("another change is running on the host; it kept its lock for {seconds} s")]
    Busy { seconds: u64 },
    #[error("refused: another apply has raised the epoch to {seen} (this one has {ours})")]
    Fenced { seen: u64, ours: u64 },
    #[error("the lease is lost")]
    LeaseLost,
    #[error("the lease is held by {owner} since {since}")]
    Held { owner: String, since: String },
    #[error("{step}: {why}")]
    Failed { step: String, why: String },
    #[error(
        "with the new packet filter no new connection came in ({why}); the host takes it back {seconds} s after it was loaded, and keeps what it had. The rules leave open the port that `ssh` of the topology says: is it the one at which sshd itself listens there?"
    )]
    LockedOut { why: String, seconds: u32 },
    #[error("the host's answer makes no sense: {why}")]
    Garbled { why: String },
    #[error("it said more than {mib} MiB during {during}: nobody reads on")]
    TooMuch { mib: usize, during: String },
    #[error("{path} is not to be used: {why}; look at it, and if it is of no use to anybody, remove it")]
    Unreadable { path: String, why: String },
    #[error(
        "its epoch is {seen}, far from what the anchors have: no lease of this cluster's can have raised it to that. If no apply is running, `provision ssh {name} -- sudo rm {EPOCH_PATH}` sets it back (docs/troubleshooting.md)"
    )]
    EpochAhead { name: String, seen: u64 },
    #[error("refused: {}", belongs(carries.as_ref()))]
    Foreign { carries: Option<Claim> },
}

impl HostError {
    /// Whether the host may be fine and only the way to it is not: it is then unknown, not broken.
    pub fn is_unreachable(&self) -> bool {
        match self {
            HostError::Unreachable { .. }
            | HostError::Timeout { .. }
            | HostError::Lost { .. }
            | HostError::NotBegun { .. } => true,
            HostError::Unsupported { .. }
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
            | HostError::Unreadable { .. }
            | HostError::EpochAhead { .. }
            | HostError::LockedOut { .. }
            | HostError::Foreign { .. } => false,
        }
    }
}

fn belongs(carries: Option<&Claim>) -> String {
    match carries {
        Some(claim) => format!("the host belongs to the cluster {claim} now"),
        None => "the host no longer says which cluster it belongs to".to_owned(),
    }
}
