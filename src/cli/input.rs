//! From the arguments to a goal: topology, cluster, desired state, secrets, a way to the hosts.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, anyhow};

use super::output::{coloured_to_stderr, say};
use super::{Exit, Failure, way_in};
use crate::cluster::{self, Cluster};
use crate::desired::{self, Desired};
use crate::diagnostic::{Severity, Source, show_all};
use crate::host::{Escape, Owner, Reach, Secrets};
use crate::plan::{NotSealed, SealedPlan};
use crate::platform::local::ThisMachine;
use crate::service::given::{LARGEST, text_of};
use crate::topology::{self, Topology};
use crate::value::{DEFAULT_TOPOLOGY, Identity, SecretRef};
use crate::world::Hosts;
use crate::world::local::Local;
use crate::world::ssh::{Config, Ssh};

/// The topology of a command.
#[derive(Clone, Debug, clap::Args)]
pub struct TopologyArg {
    /// The topology [default: provision.yaml]
    #[arg(value_name = "TOPOLOGY")]
    path: Option<PathBuf>,
    /// The topology, given as an option
    #[arg(short = 'f', long = "file", value_name = "TOPOLOGY", conflicts_with = "path")]
    file: Option<PathBuf>,
}

/// The topology of a command whose first argument is something else.
#[derive(Clone, Debug, clap::Args)]
pub struct TopologyOption {
    /// The topology
    #[arg(short = 'f', long = "file", value_name = "TOPOLOGY", default_value = DEFAULT_TOPOLOGY)]
    file: PathBuf,
}

impl TopologyArg {
    pub fn path(&self) -> &Path {
        self.path.as_deref().or(self.file.as_deref()).unwrap_or(Path::new(DEFAULT_TOPOLOGY))
    }
}

impl TopologyOption {
    pub fn path(&self) -> &Path {
        &self.file
    }
}

pub fn colour(stream: &impl IsTerminal) -> bool {
    is_terminal(stream) && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Returns true if a stream is a terminal that can move its cursor and show colours.
pub fn is_terminal(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_some_and(|term| term != "dumb")
}

/// A file given to a command.
pub enum Input {
    Topology(Source),
    Plan(Box<SealedPlan>),
}

/// Reads a topology or a saved plan; the content decides which.
pub fn read_either(path: &Path) -> Result<Input, Failure> {
    let source = Source::read(path).map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "; `provision init` writes one to begin with",
            _ => "",
        };
        Failure::say(Exit::Error, format!("cannot read {}: {error}{hint}", path.display()))
    })?;
    let unusable = |error: NotSealed| {
        let exit = match error {
            NotSealed::NotAPlan(_) => Exit::Error,
            NotSealed::Broken => Exit::Refused,
        };
        Failure::say(exit, format!("{}: {error}", path.display()))
    };
    match SealedPlan::read(&source.text) {
        Some(plan) => Ok(Input::Plan(Box::new(plan.map_err(unusable)?))),
        None => Ok(Input::Topology(source)),
    }
}

/// Reads a topology; refuses a saved plan.
pub fn read(path: &Path) -> Result<Source, Failure> {
    match read_either(path)? {
        Input::Topology(source) => Ok(source),
        Input::Plan(_) => {
            let text = format!("{0} is a saved plan; `provision apply {0}` carries it out", path.display());
            Err(Failure::say(Exit::Error, text))
        }
    }
}

/// A topology without errors; warnings are shown on stderr.
pub fn load(source: &Source) -> Result<Topology, Failure> {
    let (file, mut problems) = topology::load(source);
    let topology = topology::check(&file, &mut problems);
    let colour = colour(&std::io::stderr());
    let shown: Vec<_> =
        problems.sorted().into_iter().filter(|problem| problem.code.severity() != Severity::Note).collect();
    coloured_to_stderr(&show_all(&shown, source, colour));
    topology.ok_or_else(|| {
        Failure::say(Exit::Error, format!("{} has errors; `provision explain CODE` explains a code", source.name))
    })
}

/// Names every node of a topology.
pub fn resolve(topology: &Topology) -> Result<Cluster, Failure> {
    cluster::resolve(topology, here).map_err(|error| Failure::new(Exit::Refused, error))
}

/// A folder of the user's, as the XDG base directories have it: the variable counts where it is an absolute path.
fn xdg(variable: &str, otherwise: &str) -> Result<PathBuf, String> {
    let given = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(otherwise));
    given.or_else(home).ok_or_else(|| format!("neither {variable} nor HOME is set"))
}

/// One spelling for one folder, whatever links and dots lead to it; as far as it is there.
fn settled(path: PathBuf) -> PathBuf {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Ok(path), ..) => path,
        (Err(_), Some(parent), Some(name)) => settled(parent.to_owned()).join(name),
        (Err(_), ..) => path,
    }
}

/// This machine, for what runs on it.
pub fn here() -> Result<ThisMachine, String> {
    let state = settled(xdg("XDG_STATE_HOME", ".local/state")?);
    check_programs()?;
    ThisMachine::new(&state, Owner { user: id("-un")?, group: id("-gn")? }, has_all_loopbacks()?)
}

/// Returns true if all of 127.0.0.0/8 is this machine, as on Linux, or 127.0.0.1 alone. Asked of an address that nobody gives a machine by hand.
fn has_all_loopbacks() -> Result<bool, String> {
    match std::net::TcpListener::bind(("127.213.89.101", 0)) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AddrNotAvailable => Ok(false),
        Err(error) => Err(format!("cannot tell which loopback addresses this machine has: {error}")),
    }
}

/// The scripts of hosts are written for the programs of a Linux host. Others have theirs by the same names, with other options.
fn check_programs() -> Result<(), String> {
    let mut sh = std::process::Command::new("sh");
    sh.args(["-c", "stat --printf= / && timeout 1 sha512sum"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match sh.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("its hosts' scripts need the GNU coreutils before others on the PATH: on macOS \
             `brew install coreutils`, then PATH=\"$(brew --prefix)/opt/coreutils/libexec/gnubin:$PATH\""
            .to_owned()),
        Err(error) => Err(format!("sh: {error}")),
    }
}

/// The user's or group's name, according to the machine.
fn id(option: &str) -> Result<String, String> {
    let output =
        std::process::Command::new("id").arg(option).output().map_err(|error| format!("id {option}: {error}"))?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if name.is_empty() { Err(format!("`id {option}` printed no name")) } else { Ok(name) }
}

/// Everything a command on hosts works with.
#[derive(Debug)]
pub struct Loaded {
    pub source: Source,
    pub cluster: Cluster,
    pub desired: Desired,
    /// The identity that the cluster gets if it has none yet.
    pub new_identity: Identity,
    pub secrets: Secrets,
    pub world: Hosts,
}

/// Reads a topology for a command that goes to hosts and may lay files there.
pub fn open(source: Source) -> Result<Loaded, Failure> {
    let loaded = open_with(source, read_secrets)?;
    loaded.check_way_in()
}

/// Reads a topology for a command that only looks, or takes away: whoever is on call need not know the secrets for that.
pub fn open_without_secrets(source: Source) -> Result<Loaded, Failure> {
    open_with(source, |_, _| Ok(Secrets::default()))
}

/// The same of a topology that is read already.
pub fn open_checked(source: Source, topology: &Topology) -> Result<Loaded, Failure> {
    let loaded = open_resolved(source, topology, read_secrets)?;
    loaded.check_way_in()
}

impl Loaded {
    /// Refuses what would close the operator's way to a host.
    fn check_way_in(self) -> Result<Loaded, Failure> {
        way_in::check_firewall(&self.cluster, self.world.ssh.config())?;
        Ok(self)
    }
}

fn open_with(source: Source, secrets: fn(&Desired, &Path) -> anyhow::Result<Secrets>) -> Result<Loaded, Failure> {
    let topology = load(&source)?;
    open_resolved(source, &topology, secrets)
}

fn open_resolved(
    source: Source,
    topology: &Topology,
    secrets: fn(&Desired, &Path) -> anyhow::Result<Secrets>,
) -> Result<Loaded, Failure> {
    let cluster = resolve(topology)?;
    if cluster.hosts.is_empty() {
        return Err(Failure::say(
            Exit::Error,
            format!("{} places nothing on any host, so there is nothing to do", source.name),
        ));
    }
    let desired = desired::of(&cluster);
    let secrets = secrets(&desired, &source.folder).map_err(Failure::error)?;
    // A cluster on this machine alone needs no ssh configuration.
    let leaves = cluster.hosts.values().any(|host| matches!(host.reach, Reach::Ssh(_)));
    let config = if leaves { Config::read(cluster.openssh).map_err(Failure::error)? } else { Config::default() };
    let store = xdg("XDG_CACHE_HOME", ".cache").ok().map(|cache| cache.join("provision"));
    let program = std::env::current_exe().map_err(Failure::error)?;
    let world = Hosts {
        ssh: Ssh::new(config),
        local: Local::new(program, store),
        secrets: secrets.clone(),
        folder: source.folder.clone(),
    };
    Ok(Loaded { source, cluster, desired, new_identity: Identity::random(), secrets, world })
}

fn read_secrets(desired: &Desired, folder: &Path) -> anyhow::Result<Secrets> {
    let mut all = BTreeMap::new();
    let files = desired.hosts.values().flat_map(|state| state.files.values());
    for (secret, escape) in files.flat_map(|file| file.content.secrets()) {
        if !all.contains_key(secret) {
            all.insert(secret.clone(), read_secret(secret, folder)?);
        }
        let in_a_file = |c: char| escape == Escape::Whole && "\n\r\t".contains(c);
        if all[secret].chars().any(|c| c.is_control() && !in_a_file(c)) {
            return Err(anyhow!(
                "{secret} holds a control character (a line break, perhaps), which no file of a service can hold as it is"
            ));
        }
    }
    Ok(Secrets(all))
}

fn read_secret(secret: &SecretRef, folder: &Path) -> anyhow::Result<String> {
    match secret {
        SecretRef::Env(name) => {
            let value =
                std::env::var(name).map_err(|_| anyhow!("the topology takes a secret from the environment variable {name}, which is not set; export {name}=... (the value of the first apply; for a new cluster: openssl rand -hex 32)"))?;
            if value.is_empty() {
                Err(anyhow!("the secret in the environment variable {name} is empty"))
            } else {
                Ok(value)
            }
        }
        SecretRef::File(path) => {
            use std::os::unix::fs::PermissionsExt;
            let path = folder.join(path);
            let context = || format!("cannot read the secret in {}", path.display());
            let mode = std::fs::metadata(&path).with_context(context)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(anyhow!(
                    "{} may be read by others (mode {:04o}): chmod 600 {}",
                    path.display(),
                    mode & 0o7777,
                    path.display()
                ));
            }
            let text = text_of(&path).map_err(|why| anyhow!(why)).with_context(context)?;
            if text.len() as u64 > LARGEST {
                return Err(anyhow!("the secret in {} has more than {} KiB", path.display(), LARGEST / 1024));
            }
            let value = text.trim_end_matches('\n').to_owned();
            if value.is_empty() { Err(anyhow!("the secret in {} is empty", path.display())) } else { Ok(value) }
        }
    }
}

/// Asks on the terminal; refuses where there is none.
pub fn confirm(question: &str) -> Result<(), Failure> {
    use std::io::Write as _;
    if !std::io::stdin().is_terminal() {
        return Err(Failure::say(Exit::Error, "there is no terminal to ask on; add --yes to continue without asking"));
    }
    say!("{question} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(Failure::error)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::say(Exit::Interrupted, "nothing was changed")),
    }
}

/// The operator's name for the lease and the journal.
pub fn who() -> String {
    let named = || std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok();
    // Cron and containers set neither.
    let user = named().or_else(|| id("-un").ok()).unwrap_or_else(|| "somebody".to_owned());
    let system = rustix::system::uname();
    format!("{user}@{} (process {})", system.nodename().to_string_lossy(), std::process::id())
}
