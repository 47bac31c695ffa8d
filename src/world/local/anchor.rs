//! The script on an anchor that holds a lease, where the anchor is a folder of this machine.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::host::HostError;
use crate::world::lease::LeaseScript;
use crate::world::script::Script;

pub struct LocalAnchor {
    child: Child,
    said: ChildStdout,
}

impl LocalAnchor {
    /// Starts the script. Its input stays open: it ends with it.
    pub fn begin(script: &Script) -> Result<LocalAnchor, HostError> {
        let failed =
            |error: std::io::Error| HostError::Failed { why: format!("cannot run a script on this machine: {error}") };
        let mut child = Command::new("sh")
            .arg("-s")
            // Not in our group: Ctrl-C asks us to stop at a safe point, and the lease must hold until then.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        child.stdin.as_mut().expect("it is piped").write_all(script.0.as_bytes()).map_err(failed)?;
        let said = child.stdout.take().expect("it is piped");
        Ok(LocalAnchor { child, said })
    }
}

impl std::io::Read for LocalAnchor {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.said.read(buffer)
    }
}

impl std::io::Write for LocalAnchor {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.child.stdin.as_mut().expect("it is piped").write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.child.stdin.as_mut().expect("it is piped").flush()
    }
}

impl LeaseScript for LocalAnchor {
    fn why_silent(&mut self) -> HostError {
        let mut said = String::new();
        let _ = self.child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
        let why = said.lines().last().unwrap_or("the script ended without any output").to_owned();
        HostError::Failed { why: format!("cannot take the lease: {why}") }
    }

    /// Nothing to do: a local process answers unless it is stopped, and then the lease expires by itself.
    fn begin_beats(&mut self) {}

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
