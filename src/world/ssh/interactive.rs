//! What an operator runs on a host: output as it comes, and files going up.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use super::config::Config;
use super::session::Session;
use crate::world::{HostError, Io, Target, Upload};

/// How long a blocked read may last before it looks whether the connection still lives.
const POLL_MILLIS: u32 = 500;

pub async fn run(config: Arc<Config>, target: Target, command: String, io: Io) -> Result<i32, HostError> {
    let session = Session::open(&config, &target).await?;
    let work = tokio::task::spawn_blocking(move || stream(&session, &command, io));
    work.await.map_err(|error| HostError::Lost { during: "the command".to_owned(), why: error.to_string() })?
}

fn stream(session: &Session, command: &str, io: Io) -> Result<i32, HostError> {
    let lost = |why: String| HostError::Lost { during: "the command".to_owned(), why };
    session.ssh.set_timeout(20_000);
    let mut channel = session.ssh.channel_session().map_err(|error| lost(error.message().to_owned()))?;
    let line = match io {
        Io::AsUser => command.to_owned(),
        Io::Watched if session.user == "root" => format!("sh -c {}", crate::world::script::quote(command)),
        Io::Watched => format!("sudo -n sh -c {}", crate::world::script::quote(command)),
    };
    channel.exec(&line).map_err(|error| lost(error.message().to_owned()))?;
    if io == Io::AsUser {
        channel.send_eof().map_err(|error| lost(error.message().to_owned()))?;
    }
    session.ssh.set_timeout(POLL_MILLIS);
    // Several hosts may speak at once: each line goes out whole. A program of the user's own may ask without one.
    let whole_lines = io == Io::Watched;
    let (mut out, mut err) = (Pump::new(whole_lines), Pump::new(whole_lines));
    loop {
        let mut moved = out.once(&mut channel.stream(0), &mut std::io::stdout()).map_err(lost)?;
        moved |= err.once(&mut channel.stderr(), &mut std::io::stderr()).map_err(lost)?;
        if channel.eof() && !moved {
            break;
        }
    }
    out.rest(&mut std::io::stdout()).and_then(|()| err.rest(&mut std::io::stderr())).map_err(lost)?;
    session.ssh.set_timeout(20_000);
    channel.wait_close().map_err(|error| lost(error.message().to_owned()))?;
    // One that a signal ended has no status, and the library's word for that is 0.
    if let Some(signal) = channel.exit_signal().map_err(|error| lost(error.message().to_owned()))?.exit_signal {
        let _ = writeln!(std::io::stderr(), "the command was ended by SIG{signal}");
        return Ok(ENDED_BY_SIGNAL);
    }
    channel.exit_status().map_err(|error| lost(error.message().to_owned()))
}

/// As ssh(1) has it.
const ENDED_BY_SIGNAL: i32 = 255;

/// One stream of a command's output on its way to ours.
struct Pump {
    whole_lines: bool,
    buffer: Vec<u8>,
    held: Vec<u8>,
}

impl Pump {
    fn new(whole_lines: bool) -> Pump {
        Pump { whole_lines, buffer: vec![0; 32 * 1024], held: Vec::new() }
    }

    /// Moves what is there. A timeout means that nothing is.
    fn once(&mut self, from: &mut impl Read, to: &mut impl Write) -> Result<bool, String> {
        match from.read(&mut self.buffer) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.held.extend_from_slice(&self.buffer[..count]);
                let line_end = self.held.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                let ready = if self.whole_lines { line_end } else { self.held.len() };
                // A reader that has closed our output ends the command through its own input.
                to.write_all(&self.held[..ready]).and_then(|()| to.flush()).map_err(|error| error.to_string())?;
                self.held.drain(..ready);
                Ok(true)
            }
            Err(error)
                if error.kind() == std::io::ErrorKind::TimedOut || error.kind() == std::io::ErrorKind::WouldBlock =>
            {
                Ok(false)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn rest(&mut self, to: &mut impl Write) -> Result<(), String> {
        to.write_all(&self.held).and_then(|()| to.flush()).map_err(|error| error.to_string())
    }
}

/// Copies a file to a host, as root. The name appears only when all of it is there: a connection that ends early looks to
/// the host like the end of the file, so the size is part of what it checks.
pub async fn upload(config: Arc<Config>, target: Target, upload: Upload, limit: Duration) -> Result<(), HostError> {
    let session = Session::open(&config, &target).await?;
    let work = tokio::task::spawn_blocking(move || send(&session, &upload, limit));
    work.await.map_err(|error| HostError::Lost { during: "copying a file".to_owned(), why: error.to_string() })?
}

fn send(session: &Session, upload: &Upload, limit: Duration) -> Result<(), HostError> {
    let Upload { local, remote, public } = upload;
    let failed = |why: String| HostError::Failed { step: format!("copy {}", local.display()), why };
    let mut file = std::fs::File::open(local).map_err(|error| failed(error.to_string()))?;
    let size = file.metadata().map_err(|error| failed(error.to_string()))?.len();
    let folder = remote.parent().expect("uploads go to folders of the tool");
    let (folder_mode, mode) = if *public { ("755", "644") } else { ("700", "600") };
    let script = format!(
        "umask 077; mkdir -p {folder} && chmod {folder_mode} {folder} && cat >{remote}.part && \
         [ \"$(stat -c %s {remote}.part)\" = {size} ] && chmod {mode} {remote}.part && sync {remote}.part && mv -fT {remote}.part {remote}"
    );
    session.ssh.set_timeout(120_000);
    let command = session.root_command(&format!("sh -c {}", crate::world::script::quote(&script)), limit);
    let mut channel = session.ssh.channel_session().map_err(|error| failed(error.message().to_owned()))?;
    channel.exec(&command).map_err(|error| failed(error.message().to_owned()))?;
    let sent = std::io::copy(&mut file, &mut channel);
    let ended = channel.send_eof();
    let mut stderr = String::new();
    let _ = channel.stderr().read_to_string(&mut stderr);
    let closed = channel.wait_close();
    match (sent, ended, closed, channel.exit_status()) {
        (Ok(_), Ok(()), Ok(()), Ok(0)) => Ok(()),
        (sent, ..) => Err(failed(sent.err().map_or(stderr, |error| error.to_string()))),
    }
}
