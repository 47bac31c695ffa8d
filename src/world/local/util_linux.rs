//! Stand-ins for programs of Linux that the scripts use, for machines without them: `flock` and `setsid` of util-linux.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(20);

/// Locks an open file against all others that ask; the lock ends when nobody has it open any more. Returns false if it is not free `within` that time.
pub fn lock(file: &impl AsFd, within: Option<Duration>) -> io::Result<bool> {
    // A duplicate descriptor: ours is closed when we exit, and the lock stays with the caller's.
    let file = File::from(file.as_fd().try_clone_to_owned()?);
    let end = within.map(|within| Instant::now() + within);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) if end.is_none_or(|end| Instant::now() < end) => std::thread::sleep(POLL),
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
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
