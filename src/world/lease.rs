//! A lease on an anchor: a lock held by a process there that lives as long as our heartbeat does.

use std::io::{BufRead, BufReader, Read, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use super::{Hold, LONGEST_ERRORS};
use crate::host::HostError;
use crate::value::brief;

/// The interval between heartbeats,
const BEAT: Duration = Duration::from_secs(2);
/// and the seconds without one after which the anchor releases the lease.
pub const GRACE_SECONDS: u64 = 15;
/// A holder that could not send for this long no longer trusts its lease. Less than the grace, so that it gives up first.
const TRUST: Duration = Duration::from_secs(10);
/// The time within which an anchor must answer first, or it does not grant the lease.
const FIRST_WORD: Duration = Duration::from_secs(30);
/// An answer that takes longer than this counts as missing.
pub const BEAT_MILLIS: u32 = 8000;

/// The script on an anchor that holds the lease there, with its input and output.
pub trait LeaseScript: Read + Write {
    /// The reason why it ended without a word.
    fn why_silent(&mut self) -> HostError;
    /// From now on no answer takes longer than [`BEAT_MILLIS`].
    fn begin_beats(&mut self);
    /// Gives the lease up.
    fn end(&mut self);
}

/// Starts the script, in the thread that then keeps it.
pub type Begin = Box<dyn FnOnce() -> Result<Box<dyn LeaseScript>, HostError> + Send>;

/// A lease on one anchor, as long as its beats are answered.
#[derive(Debug)]
pub struct AnchorLease {
    epoch: u64,
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

impl AnchorLease {
    /// Starts the anchor in a thread of its own and waits for its first word.
    pub async fn take(begin: Begin) -> Result<AnchorLease, HostError> {
        let (answer, first) = tokio::sync::oneshot::channel();
        let (stop, stopped) = mpsc::channel();
        let beats = Arc::new(Beats { alive: AtomicBool::new(true), started: Instant::now(), last: AtomicU64::new(0) });
        let shared = beats.clone();
        std::thread::Builder::new()
            .name("lease".to_owned())
            .spawn(move || hold(begin, answer, &stopped, &shared))
            .map_err(|error| lost(&error))?;
        let gone = |_| HostError::Lost { during: "taking the lease".into(), why: "its thread ended".to_owned() };
        let seconds = FIRST_WORD.as_secs();
        let late = |_| HostError::Timeout { seconds, during: "taking the lease".into() };
        let line = tokio::time::timeout(FIRST_WORD, first).await.map_err(late)?.map_err(gone)??;
        let fields: Vec<&str> = line.trim_end().split('\t').collect();
        match fields.as_slice() {
            ["mine", epoch] => {
                let garbled = |_| HostError::Garbled { why: format!("`{}` is no epoch", brief(epoch)) };
                Ok(AnchorLease { epoch: epoch.parse().map_err(garbled)?, beats, stop: Some(stop) })
            }
            ["held", owner, since] => Err(HostError::Held { owner: brief(owner), since: brief(since) }),
            ["foreign", whose] => Err(HostError::Foreign { carries: whose.parse().ok() }),
            ["held", ..] => Err(HostError::Held { owner: "somebody".to_owned(), since: "a moment ago".to_owned() }),
            _ => Err(HostError::Failed { why: format!("cannot take the lease: {}", brief(&fields.join(" "))) }),
        }
    }
}

fn lost(error: &std::io::Error) -> HostError {
    HostError::Lost { during: "taking the lease".into(), why: error.to_string() }
}

type FirstLine = tokio::sync::oneshot::Sender<Result<String, HostError>>;

fn hold(begin: Begin, answer: FirstLine, stopped: &mpsc::Receiver<()>, beats: &Beats) {
    let begun = begin().and_then(|mut anchor| {
        let line = first_line(&mut *anchor).map_err(|error| lost(&error))?;
        if line.is_empty() { Err(anchor.why_silent()) } else { Ok((anchor, line)) }
    });
    let (mut anchor, mine) = match begun {
        Ok((mut anchor, line)) => {
            beats.beat(Instant::now());
            anchor.begin_beats();
            let mine = line.starts_with("mine");
            // Whoever asked may be gone already: then the lease is given up below.
            let wanted = answer.send(Ok(line)).is_ok();
            (anchor, mine && wanted)
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
        if anchor.write_all(b".").and_then(|()| anchor.flush()).and_then(|()| anchor.read_exact(&mut answer)).is_err() {
            break;
        }
        beats.beat(sent);
    }
    beats.alive.store(false, Ordering::SeqCst);
    anchor.end();
}

/// The first line of the script. A login shell's profile may print before it does.
fn first_line(anchor: &mut (dyn LeaseScript + 'static)) -> std::io::Result<String> {
    let mut reader = BufReader::new(anchor.take(LONGEST_ERRORS as u64));
    loop {
        let mut bytes = Vec::new();
        let ended = reader.read_until(b'\n', &mut bytes)? == 0;
        let line = String::from_utf8_lossy(&bytes).into_owned();
        if ended || ["mine\t", "held\t", "foreign\t", "fail\t"].iter().any(|word| line.starts_with(word)) {
            return Ok(line);
        }
    }
}

impl Hold for AnchorLease {
    fn is_held(&self) -> bool {
        let since =
            self.beats.started.elapsed().saturating_sub(Duration::from_millis(self.beats.last.load(Ordering::SeqCst)));
        self.beats.alive.load(Ordering::SeqCst) && since < TRUST
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl Drop for AnchorLease {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The next apply, of this operator too, should find the lease free: wait until the thread has let go, a moment at most.
        let end = Instant::now() + Duration::from_millis(1500);
        while self.beats.alive.load(Ordering::SeqCst) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
