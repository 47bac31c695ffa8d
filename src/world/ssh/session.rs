//! One session on one host, whichever client keeps it: scripts and commands run in channels.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::host::{During, HostError};
use crate::world::script::{Script, in_words};
use crate::world::{LONGEST_ERRORS, LONGEST_OUTPUT, Output};

/// The interval at which a read checks its limits of time and bytes.
const POLL_MILLIS: u32 = 100;
/// The time that a channel gets to close after it said too much.
const LAST_MILLIS: u32 = 50;

/// A connection on which the operator has logged in.
pub trait Connection: Send + std::fmt::Debug {
    /// Runs a command in a channel of its own, of which no read or write takes longer than `limit`.
    fn exec(
        &self,
        command: &str,
        errors: Errors,
        limit: Duration,
        during: &During,
    ) -> Result<Box<dyn Channel>, HostError>;
    /// Returns true if so much came on this connection that it must not be used again: its client may have kept all of it.
    fn is_worn(&self) -> bool;
    /// A handle that ends what another thread does on this connection.
    fn breaker(&self) -> Arc<dyn Breaker>;
}

/// The end of a connection, from another thread.
pub trait Breaker: Send + Sync {
    /// Ends a read that is blocked.
    fn cut(&self);
    /// Returns true if the host sent all that it might: the connection has ended.
    fn is_spent(&self) -> bool;
}

/// The fate of a command's errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errors {
    /// The first of them are kept; see [`Channel::errors`].
    Kept,
    /// They are read as they come; see [`Channel::read_errors`].
    Read,
}

/// A command that runs on a host: its input is written, and its output read.
pub trait Channel: Read + Write + Send {
    /// The time after which a read or a write ends as [`is_silence`].
    fn set_timeout(&mut self, millis: u32);
    /// Reads errors as they come, which may be none.
    fn read_errors(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    /// The first of the errors that were kept, once the output has ended.
    fn errors(&mut self) -> io::Result<Vec<u8>>;
    /// The bytes that came and were not read yet.
    fn waiting(&self) -> usize;
    /// The host may send so many more bytes.
    fn allow_more(&self, bytes: u64);
    /// Returns true if there is no more output and no more errors.
    fn is_at_end(&mut self) -> bool;
    fn send_eof(&mut self) -> Result<(), String>;
    /// Waits until the command has ended.
    fn end(&mut self) -> Result<Ended, HostError>;
}

/// The end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    Status(i32),
    /// By a signal, named without SIG.
    Signal(String),
}

#[derive(Debug)]
pub struct Session {
    pub(super) connection: Box<dyn Connection>,
    pub(super) user: String,
}

impl Session {
    pub fn new(connection: Box<dyn Connection>, user: String) -> Session {
        Session { connection, user }
    }

    /// `sh` as root, bounded on the host too: it may live on when the connection does not.
    pub fn root_command(&self, shell: &str, limit: Duration) -> String {
        let bounded = format!("timeout -k 5 {} {shell}", limit.as_secs());
        if self.user == "root" { bounded } else { format!("sudo -n {bounded}") }
    }

    /// Runs a script as root. The session comes back only when it is fit for another.
    pub async fn run(self, script: Script, limit: Duration, during: &str) -> Result<(Session, Output), HostError> {
        let breaker = self.connection.breaker();
        let session = self;
        let what = during.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let output = session.run_blocking(&script, limit, &what);
            (session, output)
        });
        match tokio::time::timeout(limit + Duration::from_secs(10), work).await {
            Ok(Ok((_, Err(_)))) if breaker.is_spent() => {
                Err(HostError::TooMuch { mib: LONGEST_OUTPUT >> 20, during: during.into() })
            }
            Ok(Ok((session, output))) => output.map(|output| (session, output)),
            Ok(Err(error)) => Err(HostError::Lost { during: during.into(), why: error.to_string() }),
            Err(_) => {
                // Ends the blocked read; the thread then ends by itself.
                breaker.cut();
                Err(HostError::Timeout { seconds: limit.as_secs(), during: during.into() })
            }
        }
    }

    fn run_blocking(&self, script: &Script, limit: Duration, during: &str) -> Result<Output, HostError> {
        let lost = |why: String| HostError::Lost { during: during.into(), why };
        let mut channel =
            self.connection.exec(&self.root_command("sh -s", limit), Errors::Kept, limit, &during.into())?;
        // A sudo that refuses closes its end: what it says is worth more than the broken pipe.
        let sent = channel.write_all(script.0.as_bytes()).and_then(|()| channel.flush());
        let sent = sent.map_err(|error| error.to_string()).and_then(|()| channel.send_eof());
        channel.set_timeout(POLL_MILLIS);
        let read = all_of(&mut *channel, limit, during);
        if read.is_err() {
            channel.set_timeout(LAST_MILLIS);
        }
        let (stdout, stderr) = read?;
        channel.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        let ended = channel.end();
        if stdout.is_empty() && refused_by_sudo(&stderr) {
            return Err(HostError::Sudo { user: self.user.clone(), why: in_words(&stderr) });
        }
        let status = match ended? {
            Ended::Status(status) => status,
            Ended::Signal(_) => -1,
        };
        sent.map_err(lost)?;
        Ok(Output { status, stdout, stderr })
    }
}

/// All that a script prints, within bounds: of its errors the first, which are kept for us in the meantime.
fn all_of(channel: &mut dyn Channel, limit: Duration, during: &str) -> Result<(Vec<u8>, Vec<u8>), HostError> {
    let too_much = || HostError::TooMuch { mib: LONGEST_OUTPUT >> 20, during: during.into() };
    let lost = |error: io::Error| HostError::Lost { during: during.into(), why: error.to_string() };
    let end = Instant::now() + limit;
    let mut stdout = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match channel.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => stdout.extend_from_slice(&buffer[..count]),
            Err(error) if is_silence(&error) && Instant::now() < end => {}
            Err(error) if is_silence(&error) => {
                return Err(HostError::Timeout { seconds: limit.as_secs(), during: during.into() });
            }
            Err(error) => return Err(lost(error)),
        }
        // What came and was not read yet is held in memory, too.
        if stdout.len() + channel.waiting() > LONGEST_OUTPUT {
            return Err(too_much());
        }
    }
    let stderr = channel.errors().map_err(lost)?;
    Ok((stdout, stderr))
}

/// Returns true if nothing came for a moment, and no more than that.
pub fn is_silence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

pub fn refused_by_sudo(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    text.contains("sudo:") || text.contains("not in the sudoers file")
}

/// The first bytes of an endless stream, for [`Channel::errors`].
pub fn first_of(from: impl Read) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    from.take(LONGEST_ERRORS as u64).read_to_end(&mut first)?;
    Ok(first)
}
