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
    |Limit[A-Z]+|NoNewPrivileges|Protect(System|Home|KernelTunables|KernelModules|KernelLogs|ControlGroups|Clock|Hostname)|Private(Tmp|Devices|Network|Users|Mounts)\
    |Read(Write|Only)Paths|InaccessiblePaths|TemporaryFileSystem|Bind(ReadOnly)?Paths|Root(Directory|Image)|MountFlags|CapabilityBoundingSet\
    |AmbientCapabilities|SecureBits|Nice|CPUSchedulingPolicy|IOSchedulingClass|NetworkNamespacePath|Restrict(Realtime|SUIDSGID|Namespaces)|LockPersonality\
    |MemoryDenyWriteExecute|SupplementaryGroups|DynamicUser)=/{s/ ; start_time=.*//;p}";
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
    /// True if it does its work once, and has no process afterwards.
    pub is_oneshot: bool,
    /// Its drop-ins, and a unit file that is read in place of ours. None is ours.
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
            is_oneshot: false,
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
        // A drop-in may keep it active after its process has ended.
        let has_ended = self.sub == Sub::Exited && !self.is_oneshot;
        !has_ended && matches!(self.active, Active::Active | Active::Reloading | Active::Refreshing)
    }

    /// Words about a unit that runs and of which nobody can tell what it started with.
    pub fn without_record(&self) -> Option<&'static str> {
        (self.is_running() && self.started.is_empty() && !self.drop_ins.is_empty()).then_some(
            "it did not record what it started with, so that nobody can tell whether it runs with the topology's settings: a drop-in may have removed `ExecStartPre`",
        )
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
