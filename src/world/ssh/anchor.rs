//! The script on an anchor that holds a lease, where the anchor is a machine: a channel of a session that nothing else uses.

use std::io::{Read, Write};
use std::time::Duration;

use super::session::{LONGEST_TRAFFIC, Session, refused_by_sudo};
use crate::host::HostError;
use crate::world::LONGEST_ERRORS;
use crate::world::lease::{BEAT_MILLIS, LeaseScript};
use crate::world::script::Script;
use crate::world::script::in_words;

/// No apply is longer than this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

pub struct Remote {
    session: Session,
    channel: ssh2::Channel,
}

impl Remote {
    pub fn begin(session: Session, script: &Script) -> Result<Remote, HostError> {
        let lost = |why: String| HostError::Lost { during: "taking the lease".into(), why };
        session.ssh.set_timeout(20_000);
        session.meter.allow(LONGEST_TRAFFIC);
        let mut channel = session.ssh.channel_session().map_err(|error| lost(error.message().to_owned()))?;
        channel.exec(&session.root_command("sh -s", LONGEST)).map_err(|error| lost(error.message().to_owned()))?;
        channel
            .write_all(script.0.as_bytes())
            .and_then(|()| channel.flush())
            .map_err(|error| lost(error.to_string()))?;
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
        let mut said = Vec::new();
        let _ = self.channel.stderr().take(LONGEST_ERRORS as u64).read_to_end(&mut said);
        if refused_by_sudo(&said) {
            return HostError::Sudo { user: self.session.user.clone(), why: in_words(&said) };
        }
        HostError::Lost { during: "taking the lease".into(), why: in_words(&said) }
    }

    fn begin_beats(&mut self) {
        self.session.ssh.set_timeout(BEAT_MILLIS);
    }

    fn end(&mut self) {
        let _ = self.channel.send_eof();
        let _ = self.channel.close();
    }
}
