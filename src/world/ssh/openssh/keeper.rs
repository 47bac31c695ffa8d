//! The client that logs in to a host, and keeps the connection.

use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::folder::Folder;
use super::said::{LOOK, Said};
use crate::host::{During, HostError};
use crate::world::script::in_words;
use crate::world::ssh::libssh2::LOGIN_LIMIT;
use crate::world::ssh::route::Route;

/// Keeps the connection as long as our end of its input is open, and so no longer than we live; then the folder goes, too. It ends by itself when
/// there is no way to the host.
const KEEPER: &str = r#"exec 3<&0; { read -r _; kill "$$"; rm -rf -- "$0"; } <&3 >/dev/null 2>&1 & exec ssh "$@" </dev/null >/dev/null 3<&-"#;

/// The client that keeps a connection.
#[derive(Debug)]
pub struct Keeper {
    pub socket: PathBuf,
    child: Child,
    /// Open as long as the connection is to be kept.
    _input: Option<ChildStdin>,
    _folder: Arc<Folder>,
}

impl Keeper {
    /// Logs in. Blocking: runs in a thread of its own.
    pub fn open(route: &Route, folder: Arc<Folder>, number: usize, is_fresh: bool) -> Result<Keeper, HostError> {
        let address = format!("{}:{}", route.address, route.port);
        let unreachable = |why: String| HostError::Unreachable { address: address.clone(), why };
        let socket = folder.path.join(number.to_string());
        let program = std::env::current_exe().map_err(|error| unreachable(error.to_string()))?;
        // A session of its own: Ctrl-C asks us to stop at a safe point, and the way to the host must hold until then; and without a terminal
        // nobody on the way can ask for anything.
        let mut command = Command::new(program);
        command
            .args(["setsid", "sh", "-c", KEEPER])
            .arg(&folder.path)
            .args(["-M", "-N", "-T", "-F"])
            .arg(folder.config(is_fresh));
        command.arg("-S").arg(&socket).args(["-o", "ControlPersist=no", "-o", "ClearAllForwardings=yes"]);
        command.args(&route.arguments).env("SSH_ASKPASS_REQUIRE", "never").env_remove("SSH_ASKPASS");
        if is_fresh {
            command.env("PATH", folder.unshared().map_err(unreachable)?);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| unreachable(format!("ssh does not start: {error}")))?;
        let input = child.stdin.take();
        let said = Said::by(child.stderr.take().expect("it is piped"), Some(route.name.clone()));
        let keeper = Keeper { socket, child, _input: input, _folder: folder };
        let end = Instant::now() + LOGIN_LIMIT;
        while !keeper.socket.exists() {
            if keeper.has_ended() {
                return Err(refusal(route, in_words(&said.all())));
            }
            if Instant::now() > end {
                return Err(HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake });
            }
            std::thread::sleep(LOOK);
        }
        Ok(keeper)
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Returns true if the client has ended. It stays a process that nobody else's can be taken for.
    pub fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.pid().is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // All of its session: who watches, and who makes the way. Its number is free only once it was waited for.
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}

/// The reason why OpenSSH did not log in, in its own words.
fn refusal(route: &Route, why: String) -> HostError {
    let name = route.name.clone();
    if why.contains("Host key verification failed") {
        let hint = if why.contains("has changed") {
            ""
        } else {
            "; `ssh HOST` by hand shows the key, and asks whether to accept it"
        };
        HostError::KeyPolicy { name, why: format!("{why}{hint}") }
    } else if why.contains("Permission denied (") || why.contains("Too many authentication failures") {
        HostError::Login { name, user: route.user.clone(), why }
    } else {
        HostError::Unreachable { address: format!("{}:{}", route.address, route.port), why }
    }
}
