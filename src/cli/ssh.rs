//! `provision ssh`

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::input::{self, Loaded, TopologyOption};
use super::{Exit, Failure, names};
use crate::host::{Reach, Target};
use crate::value::Name;
use crate::world::Io;
use crate::world::ssh::{Config, Route};
use crate::yaml::suggest;

/// Runs a command on the host of a node, or opens a shell there (on the platform `local`, in the node's folder)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node (analytics-zk-1) or a host (h1)
    #[arg(add = names::nodes())]
    node: String,
    /// The command; without one, opens a shell
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    #[command(flatten)]
    topology: TopologyOption,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    let target = find(&args.node, &loaded).ok_or_else(|| unknown(&args.node, "node or host", &[], &loaded))?;
    if args.command.is_empty() {
        return shell(&target, loaded.world.ssh.config());
    }
    let code = loaded.world.interactive(&target, &args.command.join(" "), Io::AsUser).await;
    Ok(Exit::Code(u8::try_from(code.map_err(|error| Failure::new(Exit::Unreachable, error))?).unwrap_or(255)))
}

/// The host of a node, by the node's name or its own.
pub fn find(node: &str, loaded: &Loaded) -> Option<Target> {
    let cluster = &loaded.cluster;
    let instance = cluster.instances.iter().find(|instance| instance.node == node);
    let named = || cluster.hosts.keys().find(|name| name.as_str() == node);
    let host = instance.map(|instance| &instance.host).or_else(named)?;
    Some(Target::of(&cluster.hosts[host]))
}

/// That nothing has this name, and which is nearest. `kinds`: what was looked for; `more`: names beside those of nodes and hosts.
pub fn unknown(name: &str, kinds: &str, more: &[&str], loaded: &Loaded) -> Failure {
    let nodes = loaded.cluster.instances.iter().map(|instance| instance.node.as_str());
    let hosts = loaded.cluster.hosts.keys().map(Name::as_str);
    // On this machine a node and its host have one name.
    let names: BTreeSet<&str> = nodes.chain(hosts).chain(more.iter().copied()).collect();
    let hint = suggest::hint(name, names).unwrap_or_default();
    Failure::say(Exit::Error, format!("there is no {kinds} `{name}`; {hint}"))
}

/// A terminal needs OpenSSH itself; a folder of this machine is entered.
fn shell(target: &Target, config: &Config) -> Result<Exit, Failure> {
    let mut command = match &target.reach {
        Reach::Ssh(_) => {
            openssh(config, &config.route(target).map_err(|error| Failure::new(Exit::Unreachable, error))?)
        }
        Reach::Local(folder) => {
            let shell = std::env::var_os("SHELL").unwrap_or_else(|| "sh".into());
            let mut command = Command::new(shell);
            command.current_dir(folder.root.as_str());
            command
        }
    };
    let program = command.get_program().to_owned();
    if let Reach::Local(folder) = &target.reach
        && !Path::new(folder.root.as_str()).is_dir()
    {
        return Err(Failure::say(Exit::Unreachable, format!("{} is not there: provision apply first", folder.root)));
    }
    let status = command.status();
    let status = status.map_err(|error| {
        Failure::say(Exit::Error, format!("cannot start {} for {}: {error}", program.display(), target.name))
    })?;
    Ok(Exit::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255)))
}

/// `ssh NAME`, to the very machine that every other command reaches, and with the key that they know it by.
fn openssh(config: &Config, route: &Route) -> Command {
    let mut command = Command::new("ssh");
    command.args(config.file_arguments()).args(&route.arguments);
    command
}
