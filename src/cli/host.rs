//! `provision ssh`

use std::path::Path;
use std::process::Command;

use super::input::{self, Loaded, TopologyOption};
use super::{Exit, Failure};
use crate::cluster::{Login, Reach};
use crate::topology::value::Name;
use crate::world::{Io, Target};

/// Runs a command on the host of a node, or opens a shell there (on this machine, in the node's folder)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A node (analytics-zk-1) or a host (h1)
    node: String,
    /// The command; without one, a shell is opened
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
    #[command(flatten)]
    topology: TopologyOption,
}

pub async fn run(args: &Args) -> Result<Exit, Failure> {
    let loaded = input::open_without_secrets(input::read(args.topology.path())?)?;
    let target = find(&args.node, &loaded)?;
    if args.command.is_empty() {
        return shell(&target);
    }
    let code = loaded.world.interactive(&target, &args.command.join(" "), Io::AsUser).await;
    Ok(Exit::Code(u8::try_from(code.map_err(|error| Failure::new(Exit::Unreachable, error))?).unwrap_or(255)))
}

/// The host of a node, by the node's name or its own.
pub fn find(node: &str, loaded: &Loaded) -> Result<Target, Failure> {
    let host: Option<&Name> = loaded
        .cluster
        .instances
        .iter()
        .find(|instance| instance.node == node)
        .map(|instance| &instance.host)
        .or_else(|| loaded.cluster.hosts.keys().find(|name| name.as_str() == node));
    let all = || {
        loaded
            .cluster
            .instances
            .iter()
            .map(|instance| instance.node.as_str())
            .chain(loaded.cluster.hosts.keys().map(Name::as_str))
    };
    if let Some(host) = host {
        Ok(Target::of(&loaded.cluster.hosts[host]))
    } else {
        // On this machine a node and its host have one name.
        let names: std::collections::BTreeSet<_> = all().collect();
        let hint = crate::yaml::suggest::hint(node, names).unwrap_or_default();
        Err(Failure::say(Exit::Error, format!("there is no node or host `{node}`; {hint}")))
    }
}

/// A terminal needs OpenSSH itself; a folder of this machine is entered.
fn shell(target: &Target) -> Result<Exit, Failure> {
    let mut command = match &target.reach {
        Reach::Ssh(login) => openssh(login),
        Reach::Local(folder) => {
            let shell = std::env::var_os("SHELL").unwrap_or_else(|| "sh".into());
            let mut command = Command::new(shell);
            command.current_dir(&folder.root);
            command
        }
    };
    let program = command.get_program().to_owned();
    if let Reach::Local(folder) = &target.reach
        && !Path::new(&folder.root).is_dir()
    {
        return Err(Failure::say(Exit::Unreachable, format!("{} is not there: provision apply first", folder.root)));
    }
    let status = command.status();
    let status = status.map_err(|error| {
        Failure::say(Exit::Error, format!("cannot start {} for {}: {error}", program.display(), target.name))
    })?;
    Ok(Exit::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(255)))
}

fn openssh(Login { address: _, ssh_name, user, port }: &Login) -> Command {
    let mut command = Command::new("ssh");
    if let Some(port) = port {
        command.args(["-p", &port.to_string()]);
    }
    if let Some(user) = user {
        command.args(["-l", user.as_str()]);
    }
    command.arg("--").arg(&ssh_name.0);
    command
}
