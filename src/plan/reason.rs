//! Why something is done.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Reason {
    /// It is not running.
    NotRunning {
        state: String,
    },
    /// It runs with other inputs than it should.
    InputChanged {
        path: String,
    },
    /// Nobody recorded what it runs with.
    NoRecord,
    /// It will not be there after a reboot.
    NotEnabled,
    /// systemd has not read the unit since it changed.
    UnitNotRead,
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

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::NotRunning { state } => write!(f, "it is {state}"),
            Reason::InputChanged { path } => write!(f, "it started with another {path}"),
            Reason::NoRecord => write!(f, "nothing says what it started with"),
            Reason::NotEnabled => write!(f, "it is not enabled"),
            Reason::UnitNotRead => write!(f, "systemd has not read its unit since it changed"),
            Reason::RulesLost => write!(f, "the kernel no longer has the rules that it loaded"),
            Reason::Birth => write!(f, "the ensemble is new"),
            Reason::Outage => write!(f, "old and new cannot run side by side"),
            Reason::Left => write!(f, "it has left the topology"),
            Reason::Differs => write!(f, "it differs from the topology"),
        }
    }
}
