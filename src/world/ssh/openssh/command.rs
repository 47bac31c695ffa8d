//! One command over a connection that is kept: a process that speaks for it here.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::keeper::Keeper;
use super::said::Said;
use crate::host::{During, HostError};
use crate::world::script::in_words;
use crate::world::ssh::session::{Breaker, Channel, Connection, Ended, Errors, first_of};

/// The words of a command whose connection is gone, instead of making one of its own.
const GONE: &str = "provision: the connection is gone";

/// The exit status of `ssh` itself.
const OWN_STATUS: i32 = 255;

/// A session over a keeper's connection.
#[derive(Debug)]
pub struct Shared {
    keeper: Arc<Keeper>,
    cut: Arc<Cut>,
}

impl Shared {
    pub fn over(keeper: Arc<Keeper>) -> Shared {
        Shared { keeper, cut: Arc::default() }
    }
}

#[derive(Debug, Default)]
struct Cut(AtomicBool);

impl Breaker for Cut {
    fn cut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_spent(&self) -> bool {
        false
    }
}

impl Connection for Shared {
    fn exec(
        &self,
        command: &str,
        errors: Errors,
        limit: Duration,
        during: &During,
    ) -> Result<Box<dyn Channel>, HostError> {
        let lost = |error: io::Error| HostError::Lost { during: during.clone(), why: error.to_string() };
        if self.keeper.has_ended() {
            return Err(HostError::ConnectionGone { why: "ssh has ended".to_owned() });
        }
        let mut channel = Piped::start(self, command, errors, limit, during).map_err(lost)?;
        channel.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        Ok(Box::new(channel))
    }

    /// OpenSSH keeps nothing that it does not know.
    fn is_worn(&self) -> bool {
        false
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        self.cut.clone()
    }
}

/// A command, and the process that speaks for it here.
struct Piped {
    child: Child,
    /// Its input and its output.
    stream: UnixStream,
    errors: Source,
    /// The output has ended, and the errors have.
    ended: (bool, bool),
    cut: Arc<Cut>,
    limit: Duration,
    during: During,
}

enum Source {
    Kept(Said),
    Read(UnixStream),
}

impl Piped {
    fn start(session: &Shared, command: &str, errors: Errors, limit: Duration, during: &During) -> io::Result<Piped> {
        let (stream, theirs) = UnixStream::pair()?;
        let (said, saying) = UnixStream::pair()?;
        let mut ssh = Command::new("ssh");
        // Without its keeper it would open a connection of its own, to a host of this name.
        let instead = format!("ProxyCommand=sh -c 'echo {GONE} >&2; exit 1'");
        ssh.args(["-F", "none", "-T", "-e", "none", "-S"]).arg(&session.keeper.socket);
        ssh.args([
            "-o",
            "ControlMaster=no",
            "-o",
            "BatchMode=yes",
            "-o",
            "LogLevel=ERROR",
            "-o",
            &instead,
            "--",
            "host",
            command,
        ]);
        let child = ssh
            .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::from(OwnedFd::from(saying)))
            .process_group(0)
            .spawn()?;
        // The command keeps our copies of its ends open.
        drop(ssh);
        let errors = match errors {
            Errors::Kept => Source::Kept(Said::by(said, None)),
            Errors::Read => Source::Read(said),
        };
        Ok(Piped {
            child,
            stream,
            errors,
            ended: (false, false),
            cut: session.cut.clone(),
            limit,
            during: during.clone(),
        })
    }

    fn check(&self) -> io::Result<()> {
        if self.cut.0.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let count = self.stream.read(buffer)?;
        self.ended.0 |= count == 0;
        Ok(count)
    }
}

impl Write for Piped {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

impl Channel for Piped {
    fn set_timeout(&mut self, millis: u32) {
        let limit = Some(Duration::from_millis(millis.max(1).into()));
        let _ = self.stream.set_read_timeout(limit);
        let _ = self.stream.set_write_timeout(limit);
        if let Source::Read(said) = &self.errors {
            let _ = said.set_read_timeout(limit);
        }
    }

    fn read_errors(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Source::Read(said) = &mut self.errors else { return Ok(0) };
        let count = said.read(buffer)?;
        self.ended.1 |= count == 0;
        Ok(count)
    }

    fn errors(&mut self) -> io::Result<Vec<u8>> {
        match &mut self.errors {
            Source::Kept(said) => {
                said.wait();
                Ok(said.so_far())
            }
            Source::Read(said) => first_of(said),
        }
    }

    fn waiting(&self) -> usize {
        0
    }

    fn allow_more(&self, _: u64) {}

    fn is_at_end(&mut self) -> bool {
        self.ended == (true, true)
    }

    fn send_eof(&mut self) -> Result<(), String> {
        self.stream.shutdown(Shutdown::Write).map_err(|error| error.to_string())
    }

    fn end(&mut self) -> Result<Ended, HostError> {
        let lost = |why: String| HostError::Lost { during: self.during.clone(), why };
        let end = Instant::now() + self.limit;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
                Ok(None) => return Err(lost("ssh does not end".to_owned())),
                Err(error) => return Err(lost(error.to_string())),
            }
        };
        let said = match &self.errors {
            Source::Kept(said) => Some(said.so_far()),
            Source::Read(_) => None,
        };
        if let Some(said) = said.filter(|_| status.code() == Some(OWN_STATUS)) {
            let why = in_words(&said);
            return Err(if why.contains(GONE) { HostError::ConnectionGone { why } } else { lost(why) });
        }
        Ok(Ended::Status(status.code().unwrap_or(OWN_STATUS)))
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
