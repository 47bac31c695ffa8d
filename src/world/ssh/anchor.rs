//! The script on an anchor that holds a lease, where the anchor is a machine: a channel of a session that nothing else uses.

use std::io::{Read, Write};
use std::time::Duration;

use super::session::{Channel, Errors, Session, refused_by_sudo};
use crate::host::{During, HostError};
use crate::world::lease::{BEAT_MILLIS, LeaseScript};
use crate::world::script::Script;
use crate::world::script::in_words;

/// No apply is longer than this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The limit for the script's first words.
const FIRST_ANSWER: Duration = Duration::from_secs(20);

pub struct Remote {
    session: Session,
    channel: Box<dyn Channel>,
}

impl Remote {
    pub fn begin(session: Session, script: &Script) -> Result<Remote, HostError> {
        let during: During = "taking the lease".into();
        let command = session.root_command("sh -s", LONGEST);
        let mut channel = session.connection.exec(&command, Errors::Kept, FIRST_ANSWER, &during)?;
        let sent = channel.write_all(script.0.as_bytes()).and_then(|()| channel.flush());
        sent.map_err(|error| HostError::Lost { during, why: error.to_string() })?;
        Ok(Remote { session, channel })
    }
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.channel.read(buffer)
    }
}

impl Write for Remote {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.channel.write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.channel.flush()
    }
}

impl LeaseScript for Remote {
    fn why_silent(&mut self) -> HostError {
        let said = self.channel.errors().unwrap_or_default();
        if refused_by_sudo(&said) {
            return HostError::Sudo { user: self.session.user.clone(), why: in_words(&said) };
        }
        HostError::Lost { during: "taking the lease".into(), why: in_words(&said) }
    }

    fn begin_beats(&mut self) {
        self.channel.set_timeout(BEAT_MILLIS);
    }

    fn end(&mut self) {
        let _ = self.channel.send_eof();
    }
}
