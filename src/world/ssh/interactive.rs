//! Commands that an operator runs on a host: output as it comes, and files going up.

use std::io::{Read, Write};
use std::time::Duration;

use super::session::{Ended, Errors, Session, is_silence};
use crate::host::{During, HostError, Target};
use crate::value::{Name, brief};
use crate::world::lines::Lines;
use crate::world::{Io, LONGEST_ERRORS, Upload};

/// The time after which a blocked read checks that the connection still lives.
const POLL_MILLIS: u32 = 500;

/// The limit for a command's beginning,
const BEGIN: Duration = Duration::from_secs(20);
/// and for every part of a file to be taken.
const SEND: Duration = Duration::from_secs(120);

pub async fn run(session: Session, target: Target, command: String, io: Io) -> Result<i32, HostError> {
    let work = tokio::task::spawn_blocking(move || stream(&session, &target.name, &command, io));
    work.await.map_err(|error| HostError::Lost { during: "the command".into(), why: error.to_string() })?
}

fn stream(session: &Session, name: &Name, command: &str, io: Io) -> Result<i32, HostError> {
    let during: During = "the command".into();
    let lost = |why: String| HostError::Lost { during: during.clone(), why };
    let line = match io {
        Io::AsUser => command.to_owned(),
        Io::Watched { .. } if session.user == "root" => format!("sh -c {}", crate::value::quote(command)),
        Io::Watched { .. } => format!("sudo -n sh -c {}", crate::value::quote(command)),
    };
    let mut channel = session.connection.exec(&line, Errors::Read, BEGIN, &during)?;
    if io == Io::AsUser {
        channel.send_eof().map_err(lost)?;
    }
    let before = io.before_lines(name);
    let (mut out, mut err) = (Pump::new(io, &before, std::io::stdout()), Pump::new(io, &before, std::io::stderr()));
    let mut buffer = vec![0; 32 * 1024];
    let mut passed = 0;
    loop {
        // Only a wait for both may be long: the one must not hold up the other while that has something to say.
        channel.set_timeout(if passed == 0 { POLL_MILLIS } else { 1 });
        passed = out.take(channel.read(&mut buffer), &buffer).map_err(lost)?;
        channel.set_timeout(1);
        passed += err.take(channel.read_errors(&mut buffer), &buffer).map_err(lost)?;
        // Output that is passed on may be endless. Other traffic is limited, because libssh2 would keep it.
        channel.allow_more(passed);
        if passed == 0 && channel.is_at_end() {
            break;
        }
    }
    out.end().and_then(|()| err.end()).map_err(|error| lost(error.to_string()))?;
    channel.set_timeout(20_000);
    match channel.end()? {
        Ended::Status(status) => Ok(status),
        Ended::Signal(signal) => {
            let _ = writeln!(std::io::stderr(), "the command was ended by SIG{}", brief(&signal));
            Ok(ENDED_BY_SIGNAL)
        }
    }
}

/// As ssh(1) has it.
const ENDED_BY_SIGNAL: i32 = 255;

/// One stream of a command's output on its way to ours.
enum Pump<W: Write> {
    /// Several hosts may speak at once: each line goes out whole, and is shown rather than obeyed.
    Lines(Lines<W>),
    /// A program of the user's own, on one host: it may ask without a line's end, and its bytes are what the user asked for.
    Raw(W),
}

impl<W: Write> Pump<W> {
    fn new(io: Io, before: &str, to: W) -> Pump<W> {
        match io {
            Io::Watched { .. } => Pump::Lines(Lines::to(to, before)),
            Io::AsUser => Pump::Raw(to),
        }
    }

    /// Passes on what was read, and returns its bytes. A timeout means that nothing is.
    fn take(&mut self, read: std::io::Result<usize>, buffer: &[u8]) -> Result<u64, String> {
        match read {
            Ok(0) => Ok(0),
            Ok(count) => {
                let passed = match self {
                    Pump::Lines(lines) => lines.take(&buffer[..count]),
                    Pump::Raw(to) => to.write_all(&buffer[..count]).and_then(|()| to.flush()),
                };
                passed.map(|()| count as u64).map_err(|error| error.to_string())
            }
            Err(error) if is_silence(&error) => Ok(0),
            Err(error) => Err(error.to_string()),
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        match self {
            Pump::Lines(lines) => lines.end(),
            Pump::Raw(_) => Ok(()),
        }
    }
}

/// Copies a file to a host, as root. The name appears only when all of it is there: a connection that ends early looks to
/// the host like the end of the file, so the size is part of what it checks.
pub async fn upload(session: Session, upload: Upload, limit: Duration) -> Result<(), HostError> {
    let work = tokio::task::spawn_blocking(move || send(&session, &upload, limit));
    work.await.map_err(|error| HostError::Lost { during: "copying a file".into(), why: error.to_string() })?
}

fn send(session: &Session, upload: &Upload, limit: Duration) -> Result<(), HostError> {
    let Upload { local, remote, readers } = upload;
    let failed = |why: String| HostError::Failed { why: format!("cannot copy {}: {why}", local.display()) };
    let mut file = std::fs::File::open(local).map_err(|error| failed(error.to_string()))?;
    let size = file.metadata().map_err(|error| failed(error.to_string()))?.len();
    let folder = remote.parent().expect("uploads go to folders of the tool");
    // The folder is root's alone, and so is whatever name is in it.
    let (folder_mode, mode, group) = readers.map_or(("700", "600", "root"), |group| ("750", "640", group));
    // Several may copy the same file at once. What a killed one left is removed the day after.
    let script = format!(
        "umask 077; mkdir -p {folder} && chgrp {group} {folder} && chmod {folder_mode} {folder} && \
         {{ find {folder} -maxdepth 1 -type f -name '*.part' -mmin +1440 -delete 2>/dev/null || true; }} && new={remote}.$$.part && \
         trap 'rm -f '\"$new\" EXIT && cat >$new && \
         size=$(stat -c %s $new) && {{ [ \"$size\" = {size} ] || {{ echo \"$size of {size} bytes came\" >&2; exit 1; }}; }} && \
         chgrp {group} $new && chmod {mode} $new && sync $new && mv -fT $new {remote}"
    );
    let command = session.root_command(&format!("sh -c {}", crate::value::quote(&script)), limit);
    let mut channel = session.connection.exec(&command, Errors::Kept, SEND, &"copying a file".into())?;
    let sent = std::io::copy(&mut file, &mut channel).and_then(|_| channel.flush());
    let ended = channel.send_eof();
    // Nothing is expected; its end says that the errors are all there.
    let _ = std::io::copy(&mut (&mut channel).take(LONGEST_ERRORS as u64), &mut std::io::sink());
    let stderr = brief(String::from_utf8_lossy(&channel.errors().unwrap_or_default()).trim_end());
    match (sent, ended, channel.end()) {
        (Ok(()), Ok(()), Ok(Ended::Status(0))) => Ok(()),
        _ if !stderr.is_empty() => Err(failed(stderr)),
        (Err(error), ..) => Err(failed(error.to_string())),
        (_, _, Err(error)) => Err(error),
        (_, Err(why), _) => Err(failed(why)),
        (_, _, Ok(Ended::Status(status))) => {
            Err(failed(format!("the command ended with status {status}, without a word")))
        }
        (_, _, Ok(Ended::Signal(signal))) => Err(failed(format!("the command was ended by SIG{}", brief(&signal)))),
    }
}
