//! Java, environment, options of the JVM and limits of a service's processes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::settings::{Valued, Writer};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::{Access, Class, Host, HostState, unit_word};
use crate::platform::PlatformKind;
use crate::settings;
use crate::value::{
    Count, CpuQuota, Cpus, EnvironmentName, EnvironmentValue, HostPath, JvmOption, Limit, MemoryLimit, Nice, OomScore,
    Slice, Tasks, Weight, names_secret,
};
use crate::yaml::{Entries, Field};

/// The Java of a service.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JavaFile {
    /// The directory with `bin/java` in it, the same on every host, for example `/usr/lib/jvm/java-17-openjdk-amd64`. A change is rolled out node by
    /// node.
    #[schemars(required)]
    pub home: Field<HostPath>,
}

settings! {
    /// Limits of a unit, under systemd's own names (`man systemd.exec`, `man systemd.resource-control`). Without one, systemd's default applies.
    UnitFile => UnitSettings
    keys {}
    settings {
        /// The number of open files. Default: 65536.
        limit_nofile "LimitNOFILE": Count => Roll;
        /// The number of processes and threads of the user.
        limit_nproc "LimitNPROC": Count => Roll;
        /// The bytes that may be locked in memory.
        limit_memlock "LimitMEMLOCK": Limit => Roll;
        /// The size of a core dump.
        limit_core "LimitCORE": Limit => Roll;
        /// The number of processes and threads of the unit.
        tasks_max "TasksMax": Tasks => Roll;
        /// The preference of the kernel when memory runs out, from -1000 (never killed) to 1000 (first).
        oom_score_adjust "OOMScoreAdjust": OomScore => Roll;
        /// The scheduling priority, from -20 (first) to 19.
        nice "Nice": Nice => Roll;
        /// The share of the CPU, from 1 to 10000.
        cpu_weight "CPUWeight": Weight => Roll;
        /// The most CPU time, for example `250%` of one core.
        cpu_quota "CPUQuota": CpuQuota => Roll;
        /// The cores, for example `0-3,8`.
        allowed_cpus "AllowedCPUs": Cpus => Roll;
        /// The share of the disks, from 1 to 10000.
        io_weight "IOWeight": Weight => Roll;
        /// The memory above which the unit is slowed down, for example `8G` or `50%`.
        memory_high "MemoryHigh": MemoryLimit => Roll;
        /// The most memory; above it the kernel kills processes of the unit.
        memory_max "MemoryMax": MemoryLimit => Roll;
        /// The most swap.
        memory_swap_max "MemorySwapMax": MemoryLimit => Roll;
        /// The slice in which the unit runs, for example `batch.slice`.
        slice "Slice": Slice => Roll;
    }
}

/// The Java and the environment of all processes of a service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuntimeEnvironment {
    pub java_home: Option<HostPath>,
    pub environment: BTreeMap<EnvironmentName, EnvironmentValue>,
}

/// The process of one role.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    pub jvm_options: Vec<JvmOption>,
    pub unit: UnitSettings,
}

/// A name that the tool decides itself, or a beginning of names if it ends with `_`, and what to write instead.
pub type Reserved = (&'static str, &'static str);

/// The variables that no service may be given.
const RESERVED: &[Reserved] = &[
    ("JAVA_HOME", "write java: { home: ... }"),
    ("JAVA_TOOL_OPTIONS", "write jvmOptions"),
    ("JDK_JAVA_OPTIONS", "write jvmOptions"),
    ("_JAVA_OPTIONS", "write jvmOptions"),
    ("IBM_JAVA_OPTIONS", "write jvmOptions"),
    ("OPENJ9_JAVA_OPTIONS", "write jvmOptions"),
    ("HOME", "it is the service's own directory"),
    ("INVOCATION_", "systemd sets it"),
];

/// Options of the JVM that the tool decides itself, by their beginning, with the way out.
const RESERVED_OPTIONS: &[Reserved] = &[
    ("-Xmx", "write `heap`"),
    ("-Xms", "write `heap`"),
    ("-XX:MaxHeapSize", "write `heap`"),
    ("-XX:InitialHeapSize", "write `heap`"),
    ("-XX:MaxRAMPercentage", "write `heap`"),
    ("-mx", "write `heap`"),
    ("-ms", "write `heap`"),
    ("-XX:Flags", "write each option by itself"),
    ("-XX:VMOptionsFile", "write each option by itself"),
    ("-Djava.class.path", "the classes are those of the distribution"),
    ("--module", "the program is that of the service"),
    ("-cp", "the classes are those of the distribution"),
    ("-classpath", "the classes are those of the distribution"),
    ("--class-path", "the classes are those of the distribution"),
    ("-jar", "the program is that of the service"),
    ("-Dspark.", "write it under `config`"),
    (
        "-Dzookeeper.db.autocreate",
        "a member that lost its disk must not help to form a quorum without the committed data",
    ),
    ("-Dzookeeper.admin.", "the AdminServer listens on 127.0.0.1 alone: write `adminPort`"),
    ("-Dzookeeper.4lw.", "write config: { fourLetterWords: ... }"),
    ("-Djute.maxbuffer", "write config: { jute.maxbuffer: ... }"),
    ("-Djava.net.preferIPv4Stack", "it is always true"),
];

fn reserved(name: &str, all: &[Reserved]) -> Option<&'static str> {
    all.iter().find(|(known, _)| name == *known || known.ends_with('_') && name.starts_with(known)).map(|(_, out)| *out)
}

/// The file that an option has the JVM write its log of garbage collections to.
fn log_file(option: &str) -> Option<&str> {
    // -Xlog:WHAT:OUTPUT:DECORATIONS:OPTIONS, where a plain name is a file's, too.
    let output = option.strip_prefix("-Xlog:").and_then(|rest| rest.split(':').nth(1));
    let output =
        output.map(|output| output.trim_matches('"')).filter(|output| !["", "stdout", "stderr"].contains(output));
    output.map(|output| output.strip_prefix("file=").unwrap_or(output)).or_else(|| option.strip_prefix("-Xloggc:"))
}

fn is_directly_in(file: &str, directory: &str) -> bool {
    let name = file.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'));
    name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

impl RuntimeEnvironment {
    /// Checks them; `own` are the variables that the service decides itself.
    pub fn check(
        java: &Field<JavaFile>,
        environment: &Field<Entries<EnvironmentValue>>,
        own: &[Reserved],
        problems: &mut Diagnostics,
    ) -> Option<RuntimeEnvironment> {
        let mut complete = !matches!(environment, Field::Bad(_)) && !matches!(java, Field::Bad(_));
        if let Some((at, java)) = java.spanned() {
            problems.need(at, "home", &java.home);
            complete &= java.home.ok().is_some();
            if let Some((at, home)) = java.home.spanned().filter(|(_, home)| home.as_str().ends_with("/bin/java")) {
                problems
                    .add(Code::T012, at, format!("{home} is a program, and not the directory of a Java installation"))
                    .help(format!("write {}", home.as_str().trim_end_matches("/bin/java")));
                complete = false;
            }
        }
        let mut all = BTreeMap::new();
        for entry in environment.ok().into_iter().flatten() {
            let (name, at) = (entry.key.text.as_str(), entry.key.span);
            if let Some(way_out) = reserved(name, RESERVED).or_else(|| reserved(name, own)) {
                problems.add(Code::T012, at, format!("`{name}` cannot be set in `environment`")).help(way_out);
                complete = false;
            } else if names_secret(name) {
                problems
                    .add(Code::T020, at, format!("`{name}` holds a secret, and a topology is shared"))
                    .help("for a property of Spark's, write { env: NAME } or { file: path } under `config`; let other programs read theirs from a file on the host");
                complete = false;
            }
            match (name.parse::<EnvironmentName>(), entry.value.ok()) {
                (Ok(name), Some(value)) => {
                    all.insert(name, value.clone());
                }
                (Err(message), _) => {
                    problems.add(Code::T001, at, message);
                    complete = false;
                }
                (Ok(_), None) => complete = false,
            }
        }
        let java_home = java.ok().and_then(|java| java.home.ok().cloned());
        complete.then_some(RuntimeEnvironment { java_home, environment: all })
    }

    pub fn settings(&self, service: &str, all: &mut Writer) {
        all.maybe(&format!("{service}.java.home"), Class::Roll, self.java_home.as_ref());
        for (name, value) in &self.environment {
            all.put(format!("{service}.environment.{name}"), Class::Roll, value);
        }
    }

    /// The words before a unit's command that give it the variables. Not `Environment=`: what a unit runs as root must not get them, since a `PATH`
    /// or an `LD_LIBRARY_PATH` may lead root into a directory of the service's user.
    pub fn before_command(&self) -> String {
        let words: String =
            self.variables().iter().map(|(name, value)| word(&format!("{name}={value}")) + " ").collect();
        if words.is_empty() { String::new() } else { format!("/usr/bin/env {words}") }
    }

    /// The variables, `JAVA_HOME` among them.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        let java = self.java_home.iter().map(|home| ("JAVA_HOME", home.as_str()));
        java.chain(self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect()
    }
}

/// A word of a unit: `%`, which would stand for something, is doubled; what double quotes is in single quotes (no text here has any).
pub fn word(text: &str) -> String {
    let text = text.replace('%', "%%");
    if text.contains('"') { format!("'{text}'") } else { unit_word(&text) }
}

impl Process {
    /// A process of which nothing is said.
    pub fn none(kind: PlatformKind) -> Process {
        Process { jvm_options: Vec::new(), unit: UnitFile::default().settings(kind) }
    }

    /// Checks it; `logs` is the directory for the files that the JVM writes.
    pub fn check(
        options: &Field<Vec<Field<JvmOption>>>,
        unit: &Field<UnitFile>,
        kind: PlatformKind,
        logs: &str,
        problems: &mut Diagnostics,
    ) -> Option<Process> {
        let mut complete = !matches!(options, Field::Bad(_)) && !matches!(unit, Field::Bad(_));
        let mut all = Vec::new();
        for field in options.ok().into_iter().flatten() {
            let Some((at, option)) = field.spanned() else {
                complete = false;
                continue;
            };
            let begins = |(beginning, _): &&Reserved| option.as_str().starts_with(beginning);
            if let Some((_, way_out)) = RESERVED_OPTIONS.iter().find(begins) {
                problems.add(Code::T012, at, format!("`{option}` cannot be set in `jvmOptions`")).help(*way_out);
                complete = false;
            } else if let Some(file) = log_file(option.as_str()).filter(|file| !is_directly_in(file, logs)) {
                problems
                    .add(Code::T012, at, format!("the service cannot write {file}"))
                    .help(format!("write a path directly in {logs}, which is made for it"));
                complete = false;
            }
            all.push(option.clone());
        }
        if let Some(at) = unit.span().filter(|_| kind == PlatformKind::Local) {
            problems.add(Code::T090, at, format!("`unit` is not used by a platform of kind {kind}"));
        }
        complete.then(|| Process { jvm_options: all, unit: unit.or_default().settings(kind) })
    }

    pub fn settings(&self, role: &str, all: &mut Writer) {
        let options: Vec<_> = self.jvm_options.iter().map(JvmOption::as_str).collect();
        all.maybe(&format!("{role}.jvmOptions"), Class::Roll, (!options.is_empty()).then(|| options.join(" ")));
        all.each(&format!("{role}.unit"), self.unit.each());
    }

    /// The options; `logs` is a directory that is elsewhere where the host is a folder.
    pub fn options(&self, host: &Host, logs: &HostPath) -> Vec<String> {
        let there = format!("{}/", host.path(logs));
        self.jvm_options.iter().map(|option| option.as_str().replace(&format!("{logs}/"), &there)).collect()
    }

    /// The lines of the unit: name and value.
    pub fn unit_lines(&self) -> Vec<(&'static str, String)> {
        self.unit.each().into_iter().map(|Valued { written, value, .. }| (written, value)).collect()
    }

    /// The directory for files that options name, made for the service's user if any option names one there.
    pub fn log_directory(&self, logs: &str, user: &str, node: &str, state: &mut HostState) -> Option<HostPath> {
        let below = format!("{logs}/");
        self.jvm_options.iter().any(|option| option.as_str().contains(&below)).then(|| {
            let logs = HostPath::known(logs);
            state.directory(&logs, Access::of(user, 0o750), false, node);
            logs
        })
    }
}

#[cfg(test)]
mod tests {
    use super::log_file;

    #[test]
    fn every_spelling_of_a_log_of_the_jvm_is_a_file() {
        for option in ["-Xlog:gc*:file=/a/b:time", "-Xlog:gc:/a/b", "-Xlog::\"/a/b\"", "-Xloggc:/a/b"] {
            assert_eq!(log_file(option), Some("/a/b"), "{option}");
        }
        for option in ["-Xlog:gc", "-Xlog:gc:stdout", "-Xlog:disable", "-Xlog:gc::time", "-Xss1m"] {
            assert_eq!(log_file(option), None, "{option}");
        }
    }
}
