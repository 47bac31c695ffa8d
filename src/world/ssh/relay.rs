//! Between a host and libssh2. libssh2 keeps all that it is sent: also packets that it does not know, also before the host key is checked. So
//! bytes pass through here, and when a host has sent more than it may, the connection ends.

use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::{Builder, Handle};
use tokio::task::AbortHandle;

/// The bytes that a host may send before login: its banner, its keys, its answers to ours.
const BEFORE_LOGIN: u64 = 1 << 20;

/// A thread of their own: a lease's heartbeats do not wait for a plan that is being made.
static RELAYS: LazyLock<Option<Handle>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().ok()?;
    let handle = runtime.handle().clone();
    let run = move || runtime.block_on(std::future::pending::<()>());
    std::thread::Builder::new().name("relays".to_owned()).spawn(run).ok()?;
    Some(handle)
});

/// The bytes that a host may still send, and those that it has sent.
#[derive(Debug)]
pub struct Meter {
    left: AtomicU64,
    sent: AtomicU64,
}

impl Meter {
    fn of(bytes: u64) -> Meter {
        Meter { left: AtomicU64::new(bytes), sent: AtomicU64::new(0) }
    }

    /// Sets the number of bytes that the host may still send.
    pub fn allow(&self, bytes: u64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    /// The host may send so many more.
    pub fn add(&self, bytes: u64) {
        let _ = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_add(bytes)));
    }

    /// Returns true if the host sent all that it might: the connection has ended.
    pub fn is_spent(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }

    /// The bytes that the host has sent on this connection.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    fn take(&self, count: usize) -> bool {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.sent.fetch_add(count, Ordering::SeqCst);
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| Some(left.saturating_sub(count)));
        left.is_ok_and(|left| left > count)
    }
}

/// A connection's end for libssh2, with the way to end it from elsewhere.
#[derive(Debug)]
pub struct Relay {
    pub socket: UnixStream,
    pub meter: Arc<Meter>,
    pub end: AbortHandle,
}

impl Relay {
    /// Begins to pass bytes between a host and the new socket.
    pub fn to(outer: TcpStream) -> io::Result<Relay> {
        let handle = RELAYS.as_ref().ok_or_else(|| io::Error::other("cannot start the thread of connections"))?;
        let _entered = handle.enter();
        let (socket, inner) = UnixStream::pair()?;
        inner.set_nonblocking(true)?;
        let inner = tokio::net::UnixStream::from_std(inner)?;
        outer.set_nonblocking(true)?;
        let outer = tokio::net::TcpStream::from_std(outer)?;
        let meter = Arc::new(Meter::of(BEFORE_LOGIN));
        let end = handle.spawn(pass(outer, inner, meter.clone())).abort_handle();
        Ok(Relay { socket, meter, end })
    }
}

/// Passes bytes both ways until one side ends or the host has sent too much; then both sides see the end.
async fn pass(outer: impl AsyncRead + AsyncWrite, inner: impl AsyncRead + AsyncWrite, meter: Arc<Meter>) {
    let (mut from_host, mut to_host) = tokio::io::split(outer);
    let (mut from_us, mut to_us) = tokio::io::split(inner);
    let inward = async {
        let mut buffer = vec![0; 32 * 1024];
        loop {
            match from_host.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(count) if !meter.take(count) => break,
                Ok(count) => {
                    if to_us.write_all(&buffer[..count]).await.is_err() {
                        break;
                    }
                }
            }
        }
    };
    tokio::select! {
        () = inward => {}
        _ = tokio::io::copy(&mut from_us, &mut to_host) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let ours = TcpStream::connect(listener.local_addr().expect("it listens")).expect("it answers");
        (listener.accept().expect("a client").0, ours)
    }

    #[test]
    fn a_host_that_sends_more_than_it_may_is_cut_off() {
        let (mut host, ours) = pair();
        let Relay { mut socket, meter, .. } = Relay::to(ours).expect("a relay");
        socket.write_all(b"to the host").expect("it takes it");
        let mut heard = [0; 11];
        host.read_exact(&mut heard).expect("it hears us");
        assert_eq!(&heard, b"to the host");
        meter.allow(100_000);
        let flood = std::thread::spawn(move || while host.write_all(&[7; 4096]).is_ok() {});
        let mut all = Vec::new();
        socket.read_to_end(&mut all).expect("it ends");
        assert!(all.len() < 100_000 && meter.is_spent(), "{}", all.len());
        flood.join().expect("the host's end is closed, too");
    }

    #[test]
    fn ending_it_ends_a_read_that_is_blocked() {
        let (host, ours) = pair();
        let Relay { mut socket, end, .. } = Relay::to(ours).expect("a relay");
        let reader = std::thread::spawn(move || socket.read(&mut [0; 10]).expect("the end"));
        end.abort();
        assert_eq!(reader.join().expect("no panic"), 0);
        drop(host);
    }
}
