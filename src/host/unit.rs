//! The state of a unit, in systemd's own words (`systemctl show`).

use std::collections::BTreeMap;

use crate::value::words;

words!(
    /// `LoadState`.
    Load {
        Absent "",
        NotFound "not-found",
        Loaded "loaded",
        Masked "masked",
        BadSetting "bad-setting",
        Error "error",
    }
);
words!(
    /// `ActiveState`.
    Active {
        Inactive "inactive",
        Active "active",
        Reloading "reloading",
        Refreshing "refreshing",
        Activating "activating",
        Deactivating "deactivating",
        Failed "failed",
        Maintenance "maintenance",
    }
);
words!(
    /// `SubState` of a service.
    Sub {
        Dead "dead",
        Condition "condition",
        StartPre "start-pre",
        Start "start",
        StartPost "start-post",
        Running "running",
        Exited "exited",
        Reload "reload",
        Stop "stop",
        StopSigterm "stop-sigterm",
        StopSigkill "stop-sigkill",
        StopPost "stop-post",
        FinalSigterm "final-sigterm",
        FinalSigkill "final-sigkill",
        Failed "failed",
        AutoRestart "auto-restart",
        AutoRestartQueued "auto-restart-queued",
    }
);
words!(
    /// `UnitFileState`.
    UnitFile {
        Absent "",
        Enabled "enabled",
        EnabledRuntime "enabled-runtime",
        Disabled "disabled",
        Masked "masked",
        MaskedRuntime "masked-runtime",
        Static "static",
        Linked "linked",
        Indirect "indirect",
        Generated "generated",
        Transient "transient",
        Bad "bad",
    }
);

/// A script of sed that keeps those lines of `systemctl show` which shape a process, drop-ins counted, and change with no start. (Lists that systemd
/// itself makes longer in a new version, as of system calls, are not among them.)
pub const SETTINGS: &str = "/^(ExecStart|User|Group|WorkingDirectory|Environment|EnvironmentFiles|PassEnvironment|UnsetEnvironment|UMask|OOMScoreAdjust\
    |Limit[A-Z]+|NoNewPrivileges|ProtectSystem|ProtectHome|PrivateTmp|ReadWritePaths|CapabilityBoundingSet)=/{s/ ; start_time=.*//;p}";
/// The beginning of the line that has the digest of them in the record of a start.
pub const SETTINGS_MARK: &str = "settings:";

/// The words about a unit with drop-ins.
pub const DROP_INS: &str = "its unit also has settings that are not provision's, in";

/// A unit on a host. The default is one that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitFacts {
    pub load: Load,
    pub active: Active,
    pub sub: Sub,
    pub file: UnitFile,
    pub needs_reload: bool,
    pub restarts: u32,
    /// The identity of its present run (`InvocationID`): new with each start.
    pub life: String,
    /// The inputs that it started with: digest (or identity, for secrets) by path.
    pub started: BTreeMap<String, String>,
    /// The words of the command that its process was really started with, which may not be what its unit says now.
    pub command: Option<Vec<String>>,
    /// The user that its process runs as.
    pub uid: Option<u32>,
    /// The drop-ins of this unit alone. None is ours.
    pub drop_ins: Vec<String>,
    /// The digest of the settings ([`SETTINGS`]) that it started with, drop-ins counted.
    pub settings: Option<String>,
    /// The same of its next start.
    pub next_settings: Option<String>,
}

impl Default for UnitFacts {
    fn default() -> UnitFacts {
        UnitFacts {
            load: Load::Absent,
            active: Active::Inactive,
            sub: Sub::Dead,
            file: UnitFile::Absent,
            needs_reload: false,
            restarts: 0,
            life: String::new(),
            started: BTreeMap::new(),
            command: None,
            uid: None,
            drop_ins: Vec::new(),
            settings: None,
            next_settings: None,
        }
    }
}

impl UnitFacts {
    pub fn is_there(&self) -> bool {
        !matches!(self.load, Load::Absent | Load::NotFound)
    }

    pub fn is_running(&self) -> bool {
        matches!(self.active, Active::Active | Active::Reloading | Active::Refreshing)
    }

    /// Returns true if the run `life` has certainly ended: there is a newer run, or systemd has seen it end.
    pub fn has_ended(&self, life: &str) -> bool {
        self.life != life
            || matches!(self.active, Active::Inactive | Active::Failed)
            || matches!(self.sub, Sub::AutoRestart | Sub::AutoRestartQueued)
    }

    /// Returns true if it runs, or is about to.
    pub fn may_run(&self) -> bool {
        self.is_running() || matches!(self.active, Active::Activating | Active::Deactivating)
    }

    pub fn is_enabled(&self) -> bool {
        self.file == UnitFile::Enabled
    }
}
