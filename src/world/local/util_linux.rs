//! What the scripts take from Linux's own programs, for machines that have none of them: `flock` and `setsid` of util-linux.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

const POLL: Duration = Duration::from_millis(20);

/// Locks an open file against all others that ask; the lock ends when nobody has it open any more. Says whether it was had `within`.
pub fn lock(file: &impl AsFd, within: Option<Duration>) -> io::Result<bool> {
    let Some(within) = within else {
        flock(file, FlockOperation::LockExclusive)?;
        return Ok(true);
    };
    let end = Instant::now() + within;
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            Err(Errno::WOULDBLOCK) if Instant::now() < end => std::thread::sleep(POLL),
            Err(Errno::WOULDBLOCK) => return Ok(false),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Becomes the command, as the leader of a session of its own. Returns only what went wrong.
pub fn in_a_session(command: &[OsString]) -> io::Error {
    let mut words = command.iter();
    let Some(program) = words.next() else { return io::ErrorKind::InvalidInput.into() };
    match rustix::process::setsid() {
        Ok(_) => Command::new(program).args(words).exec(),
        Err(error) => error.into(),
    }
}
