//! The errors of a client that runs, as far as it has said any.

use std::io::{self, Read, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::value::shown_bytes;

/// The interval at which an end, or a connection that is being made, is looked for.
pub const LOOK: Duration = Duration::from_millis(10);

/// OpenSSH's request to touch a hardware key.
const ASKS: &str = "Confirm user presence";

/// The first of what a program says, read to its end so that it never waits.
#[derive(Debug)]
pub struct Said {
    first: Arc<Mutex<Vec<u8>>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl Said {
    /// `prompts_of`: the host whose request to touch a key is shown at once.
    pub fn by(mut from: impl Read + Send + 'static, prompts_of: Option<String>) -> Said {
        let first = Arc::new(Mutex::new(Vec::new()));
        let kept = first.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let bytes = &buffer[..count];
                let asks = bytes.windows(ASKS.len()).any(|window| window == ASKS.as_bytes());
                if let Some(host) = prompts_of.as_ref().filter(|_| asks) {
                    let _ = write!(io::stderr(), "{host}: {}", shown_bytes(bytes));
                }
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let room = crate::world::LONGEST_ERRORS.saturating_sub(kept.len());
                kept.extend_from_slice(&bytes[..count.min(room)]);
            }
        });
        Said { first, reader: Some(reader) }
    }

    /// All of it, once the program has closed its end; a moment is given to one whose helpers keep it open.
    pub fn all(mut self) -> Vec<u8> {
        self.wait();
        self.so_far()
    }

    pub fn so_far(&self) -> Vec<u8> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn wait(&mut self) {
        let end = Instant::now() + Duration::from_secs(1);
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && Instant::now() < end {
            std::thread::sleep(LOOK);
        }
        self.reader = None;
    }
}
