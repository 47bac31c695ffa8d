//! A lease on an anchor: a lock held by a process there that lives as long as our heartbeat does.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::session::{Session, refused_by_sudo};
use crate::world::script::hold as script_for;
use crate::world::{Epoch, Hold, HostError};

/// A heartbeat every so often,
const BEAT: Duration = Duration::from_secs(2);
/// and without one for so long the anchor gives the lease to the next.
const GRACE_SECONDS: u64 = 15;
/// A holder that could not send for this long no longer trusts its lease. Less than the grace, so that it gives up first.
const TRUST: Duration = Duration::from_secs(10);
/// An answer that takes longer than this does not come.
const BEAT_MILLIS: u32 = 8000;
/// No apply is longer than this.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug)]
pub struct Lease {
    epoch: Epoch,
    beats: Arc<Beats>,
    stop: Option<mpsc::Sender<()>>,
}

#[derive(Debug)]
struct Beats {
    alive: AtomicBool,
    started: Instant,
    /// Milliseconds since `started`.
    last: AtomicU64,
}

impl Beats {
    /// The anchor has heard what was sent at `sent`.
    fn beat(&self, sent: Instant) {
        let since = sent.saturating_duration_since(self.started);
        self.last.store(u64::try_from(since.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }
}

impl Lease {
    pub async fn take(session: Session, who: &str) -> Result<Lease, HostError> {
        let script = script_for(who, GRACE_SECONDS);
        let (answer, first) = tokio::sync::oneshot::channel();
        let (stop, stopped) = mpsc::channel();
        let beats = Arc::new(Beats { alive: AtomicBool::new(true), started: Instant::now(), last: AtomicU64::new(0) });
        let shared = beats.clone();
        std::thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || hold(&session, &script.0, answer, &stopped, &shared))
            .map_err(|error| HostError::Lost { during: "taking the lease".to_owned(), why: error.to_string() })?;
        let gone = |_| HostError::Lost { during: "taking the lease".to_owned(), why: "its thread ended".to_owned() };
        let line = first.await.map_err(gone)??;
        let fields: Vec<&str> = line.trim_end().split('\t').collect();
        match fields.as_slice() {
            ["mine", epoch] => Ok(Lease { epoch: Epoch(epoch.parse().unwrap_or(0)), beats, stop: Some(stop) }),
            ["held", owner, since] => Err(HostError::Held { owner: (*owner).to_owned(), since: (*since).to_owned() }),
            ["held", ..] => Err(HostError::Held { owner: "somebody".to_owned(), since: "a moment ago".to_owned() }),
            _ => Err(HostError::Failed { step: "take the lease".to_owned(), why: fields.join(" ") }),
        }
    }
}

type FirstLine = tokio::sync::oneshot::Sender<Result<String, HostError>>;

fn hold(session: &Session, script: &str, answer: FirstLine, stopped: &mpsc::Receiver<()>, beats: &Beats) {
    let lost = |why: String| HostError::Lost { during: "taking the lease".to_owned(), why };
    session.ssh.set_timeout(20_000);
    let begin = || -> Result<(ssh2::Channel, String), HostError> {
        let mut channel = session.ssh.channel_session().map_err(|error| lost(error.message().to_owned()))?;
        channel.exec(&session.root_command("sh -s", LONGEST)).map_err(|error| lost(error.message().to_owned()))?;
        channel.write_all(script.as_bytes()).and_then(|()| channel.flush()).map_err(|error| lost(error.to_string()))?;
        let line = first_line(&mut channel).map_err(|error| lost(error.to_string()))?;
        if !line.is_empty() {
            return Ok((channel, line));
        }
        let mut said = Vec::new();
        let _ = channel.stderr().read_to_end(&mut said);
        if refused_by_sudo(&said) {
            return Err(HostError::Sudo { user: session.user.clone() });
        }
        let said = String::from_utf8_lossy(&said);
        Err(lost(said.lines().last().unwrap_or("the host said nothing").to_owned()))
    };
    let (mut channel, mine) = match begin() {
        Ok((channel, line)) => {
            beats.beat(Instant::now());
            session.ssh.set_timeout(BEAT_MILLIS);
            let mine = line.starts_with("mine");
            // Whoever asked may be gone already: then the channel is closed below.
            let wanted = answer.send(Ok(line)).is_ok();
            (channel, mine && wanted)
        }
        Err(error) => {
            beats.alive.store(false, Ordering::SeqCst);
            let _ = answer.send(Err(error));
            return;
        }
    };
    while mine && stopped.recv_timeout(BEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
        let mut answer = [0];
        let sent = Instant::now();
        if channel
            .write_all(b".")
            .and_then(|()| channel.flush())
            .and_then(|()| channel.read_exact(&mut answer))
            .is_err()
        {
            break;
        }
        beats.beat(sent);
    }
    beats.alive.store(false, Ordering::SeqCst);
    let _ = channel.send_eof();
    let _ = channel.close();
}

/// What the script says first. A login shell's profile may print before it does.
fn first_line(channel: &mut ssh2::Channel) -> std::io::Result<String> {
    let mut reader = BufReader::new(channel);
    loop {
        let mut line = String::new();
        let ended = reader.read_line(&mut line)? == 0;
        if ended || ["mine\t", "held\t", "fail\t"].iter().any(|word| line.starts_with(word)) {
            return Ok(line);
        }
    }
}

impl Hold for Lease {
    fn is_held(&self) -> bool {
        let since =
            self.beats.started.elapsed().saturating_sub(Duration::from_millis(self.beats.last.load(Ordering::SeqCst)));
        self.beats.alive.load(Ordering::SeqCst) && since < TRUST
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The next apply, of this operator too, should find the lease free: wait until the thread has let go, a moment at most.
        let end = Instant::now() + Duration::from_millis(1500);
        while self.beats.alive.load(Ordering::SeqCst) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
