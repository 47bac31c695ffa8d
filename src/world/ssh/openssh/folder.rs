//! The folder of the clients' sockets and of the configuration that stands before the operator's.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::value::{quote, random_digits};
use crate::world::ssh::connect::CONNECT_LIMIT;

/// The differences from the operator's own `ssh HOST`, on the way through jump hosts too: nothing is asked for, nothing is forwarded, no unknown key is
/// accepted, and a silent host is noticed. They stand before the operator's configuration, in a file, because OpenSSH hands its file on to the
/// clients that it starts for jump hosts, and its options not.
const OPTIONS: &str = "IgnoreUnknown ForkAfterAuthentication,UpdateHostKeys
BatchMode yes
StrictHostKeyChecking yes
NoHostAuthenticationForLocalhost no
VerifyHostKeyDNS no
UpdateHostKeys no
ForwardAgent no
ForwardX11 no
ForkAfterAuthentication no
PermitLocalCommand no
Tunnel no
ServerAliveInterval 5
ServerAliveCountMax 3
LogLevel ERROR
";

/// Without these, a client for a jump host takes the operator's own connection to it, which a firewall that closes the port lets through.
const UNSHARED: &str = "ControlMaster no\nControlPath none\n";

/// A folder for sockets, and for the configuration, that nobody else can enter.
#[derive(Debug)]
pub struct Folder {
    pub path: PathBuf,
    /// Made for the first connection that is new on each part of its way.
    unshared: OnceLock<Result<OsString, String>>,
}

impl Folder {
    pub fn make(includes: &[PathBuf]) -> io::Result<Folder> {
        // A socket's path has at most some 100 bytes.
        let name = format!("provision-{}", &random_digits()[..12]);
        let path = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&path)?;
        let folder = Folder { path, unshared: OnceLock::new() };
        let include = |path: &PathBuf| format!("Include \"{}\"\n", path.display());
        let seconds = CONNECT_LIMIT.as_secs();
        let text = format!("{OPTIONS}ConnectTimeout {seconds}\n{}", includes.iter().map(include).collect::<String>());
        std::fs::write(folder.config(false), &text)?;
        std::fs::write(folder.config(true), format!("{UNSHARED}{text}"))?;
        Ok(folder)
    }

    /// The path for programs of a connection that is new on each part of its way, or why there is none.
    pub fn unshared(&self) -> Result<&OsString, String> {
        let made = self.unshared.get_or_init(|| self.make_unshared().map_err(|error| error.to_string()));
        made.as_ref().map_err(Clone::clone)
    }

    /// Puts an `ssh` that shares nothing before the others on the path, for a `ProxyCommand`. Where programs cannot be run from here (`noexec`), there
    /// is none.
    fn make_unshared(&self) -> io::Result<OsString> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let Some(real) = std::env::split_paths(&path).map(|folder| folder.join("ssh")).find(|file| file.is_file())
        else {
            return Ok(path);
        };
        let programs = self.path.join("programs");
        DirBuilder::new().mode(0o700).create(&programs)?;
        let ours = programs.join("ssh");
        let script = format!(
            "#!/bin/sh\nexec {} -o ControlMaster=no -o ControlPath=none \"$@\"\n",
            quote(&real.to_string_lossy())
        );
        OpenOptions::new().write(true).create_new(true).mode(0o700).open(&ours)?.write_all(script.as_bytes())?;
        if !Command::new(&ours).arg("-V").stdin(Stdio::null()).output().is_ok_and(|output| output.status.success()) {
            std::fs::remove_file(ours)?;
        }
        let all = std::iter::once(programs).chain(std::env::split_paths(&path));
        Ok(std::env::join_paths(all).unwrap_or(path.clone()))
    }

    /// The configuration, or the one for a connection that is new on each part of its way.
    pub fn config(&self, is_fresh: bool) -> PathBuf {
        self.path.join(if is_fresh { "fresh" } else { "config" })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
