//! A byte stream to a host: directly, through a jump host, or through a command that makes the connection.

use std::io::Read as _;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::relay::{Outer, Relay};
use super::route::{Proxy, Route};
use crate::host::HostError;
use crate::world::script::in_words;

/// A machine that does not take a connection within this is not there.
const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// A peer that does not acknowledge what was sent within this is gone. Systems other than Linux have no such limit: there a step's own is
/// what ends it.
#[cfg(target_os = "linux")]
const SILENCE_LIMIT: Duration = Duration::from_secs(15);

/// The way to a host. Dropping it ends a proxy's process.
#[derive(Debug)]
pub struct Stream {
    outer: Option<Outer>,
    proxy: Option<Child>,
    errors: Errors,
}

/// The beginning of what a program that makes the connection says when it cannot.
#[derive(Clone, Debug, Default)]
pub struct Errors(Arc<Mutex<Vec<u8>>>);

impl Errors {
    /// The most that is kept.
    const MOST: u64 = 4096;

    /// Reads to the end, so that the program never waits.
    fn of(mut from: ChildStderr) -> Errors {
        let errors = Errors::default();
        let kept = errors.clone();
        std::thread::spawn(move || {
            let mut beginning = Vec::new();
            let _ = (&mut from).take(Errors::MOST).read_to_end(&mut beginning);
            *kept.0.lock().unwrap_or_else(PoisonError::into_inner) = beginning;
            let _ = std::io::copy(&mut from, &mut std::io::sink());
        });
        errors
    }

    /// The words that were said, if there were any. They are known once the program has closed its end, which may take a moment after the connection has ended.
    pub async fn words(&self) -> Option<String> {
        for _ in 0..10 {
            let said = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if !said.is_empty() {
                return Some(in_words(&said));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }
}

impl Stream {
    /// The place of what its proxy says, if it has one.
    pub fn errors(&self) -> Option<Errors> {
        self.proxy.is_some().then(|| self.errors.clone())
    }

    /// Begins to pass bytes; see [`Relay`]. The stream is kept as long as the connection is used.
    pub fn relay(mut self) -> std::io::Result<(Relayed, Relay)> {
        let outer = self.outer.take().expect("a way is used once");
        let relay = Relay::to(outer)?;
        let socket = relay.socket.try_clone()?;
        Ok((Relayed { socket, _way: self }, relay))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(child) = &mut self.proxy {
            // It ends by itself when the socket closes; waiting for it keeps no zombie.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// libssh2's end of a connection.
#[derive(Debug)]
pub struct Relayed {
    socket: UnixStream,
    _way: Stream,
}

impl AsRawFd for Relayed {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// Connects, all hosts at once, each within its limit: a hundred dead hosts cost no more than one.
pub async fn connect(route: &Route) -> Result<Stream, HostError> {
    let unreachable =
        |why: String| HostError::Unreachable { address: format!("{}:{}", route.address, route.port), why };
    match &route.proxy {
        Some(Proxy::Jump(jump)) => {
            return through(jump_command(route, jump))
                .map_err(|error| unreachable(format!("ssh -W through {jump} does not start: {error}")));
        }
        Some(Proxy::Command(line)) => {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("exec {line}")]);
            return through(command).map_err(|error| unreachable(format!("its ProxyCommand does not start: {error}")));
        }
        None => {}
    }
    let attempt = tokio::net::TcpStream::connect((route.address.as_str(), route.port));
    let stream = tokio::time::timeout(CONNECT_LIMIT, attempt)
        .await
        .map_err(|_| unreachable(format!("silence for {} s", CONNECT_LIMIT.as_secs())))?
        .map_err(|error| unreachable(error.to_string()))?;
    let stream = stream.into_std().map_err(|error| unreachable(error.to_string()))?;
    let prepare = || -> std::io::Result<()> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        let socket = socket2::SockRef::from(&stream);
        #[cfg(target_os = "linux")]
        socket.set_tcp_user_timeout(Some(SILENCE_LIMIT))?;
        let probes = socket2::TcpKeepalive::new()
            .with_time(Duration::from_secs(5))
            .with_interval(Duration::from_secs(3))
            .with_retries(3);
        socket.set_tcp_keepalive(&probes)
    };
    prepare().map_err(|error| unreachable(error.to_string()))?;
    Ok(Stream { outer: Some(Outer::Tcp(stream)), proxy: None, errors: Errors::default() })
}

/// OpenSSH itself makes the hop, with all that it knows of Match, hardware keys and further hops.
fn jump_command(route: &Route, jump: &str) -> Command {
    let mut command = Command::new("ssh");
    command
        .args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=8"])
        .args(route.config.iter().flat_map(|path| [std::ffi::OsStr::new("-F"), path.as_os_str()]))
        .args(
            jump.contains(',')
                .then(|| ["-J", jump.rsplit_once(',').map_or("", |(before, _)| before)])
                .into_iter()
                .flatten(),
        )
        .args(["-W", &format!("{}:{}", route.address, route.port), "--"])
        .arg(jump.rsplit(',').next().unwrap_or(jump));
    command
}

/// A command whose input and output are the connection.
fn through(mut command: Command) -> std::io::Result<Stream> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut child = command
        .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs.try_clone()?)))
        .stdout(Stdio::from(std::os::fd::OwnedFd::from(theirs)))
        .stderr(Stdio::piped())
        // Not in our group: Ctrl-C asks us to stop at a safe point, and the way to the host must hold until then.
        .process_group(0)
        .spawn()?;
    let errors = Errors::of(child.stderr.take().expect("it is piped"));
    Ok(Stream { outer: Some(Outer::Unix(ours)), proxy: Some(child), errors })
}
