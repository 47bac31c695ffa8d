//! The reasons for steps.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Reason {
    /// There is no such unit.
    NotThere,
    NotRunning,
    /// It runs with other inputs than it should.
    InputChanged {
        path: String,
    },
    /// A drop-in of its unit came, changed or went after it started.
    OtherSettings,
    /// Nobody recorded what it runs with.
    NoRecord,
    /// It will not start after a reboot.
    NotEnabled,
    /// systemd has not read the unit since it changed.
    UnitNotRead,
    /// It runs with the right inputs, and serves only after a restart.
    Ailing {
        why: &'static str,
    },
    /// The kernel no longer has what the unit loaded.
    RulesLost,
    /// The ensemble is new.
    Birth,
    /// A change asks for everything to stop.
    Outage,
    /// It has left the topology.
    Left,
    Differs,
}

/// The time that a node which ails gets to recover by itself: as long as Spark's worker may take for its next attempt to register.
pub const AILING_SECONDS: u64 = 90;

/// Returns true if a node is to be restarted only because it does not serve.
pub fn only_ails(why: &[Reason]) -> bool {
    why.iter().all(|why| matches!(why, Reason::Ailing { .. }))
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::NotThere => write!(f, "it is not there"),
            Reason::NotRunning => write!(f, "it is not running"),
            Reason::InputChanged { path } => write!(f, "{path} changed since it started"),
            Reason::OtherSettings => {
                write!(
                    f,
                    "systemd has other settings for its unit than it started with: a drop-in, or a default of systemd's, was added, changed or removed"
                )
            }
            Reason::NoRecord => write!(f, "there is no record of the files it started with"),
            Reason::NotEnabled => write!(f, "it is not enabled"),
            Reason::UnitNotRead => write!(f, "its unit file changed after systemd last read it"),
            Reason::Ailing { why } => write!(f, "{why}; it is restarted unless it recovers within {AILING_SECONDS} s"),
            Reason::RulesLost => write!(f, "the rules in the kernel are not the ones that were last confirmed"),
            Reason::Birth => write!(f, "the ensemble is new"),
            Reason::Outage => {
                write!(f, "all are stopped before any is started, because old and new cannot run side by side")
            }
            Reason::Left => write!(f, "it has left the topology"),
            Reason::Differs => write!(f, "it differs from the topology"),
        }
    }
}
