//! One session on one host: a thread at a time uses it, and a breaker ends what takes too long.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use super::config::Config;
use super::connect::{Stream, connect};
use super::login::login;
use super::relay::{Meter, Relay};
use super::route::Route;
use crate::host::{During, HostError, Target};
use crate::world::script::{Script, in_words};
use crate::world::{LONGEST_ERRORS, LONGEST_OUTPUT, Output};

/// The interval at which a read checks its limits of time and bytes.
const POLL_MILLIS: u32 = 100;
/// The time that a channel gets to close after it said too much.
const LAST_MILLIS: u32 = 50;

/// A login that takes longer does not end at all.
const LOGIN_LIMIT: Duration = Duration::from_secs(60);
/// The bytes that a host may send while a script runs: what it prints, and SSH's own part of it.
pub(super) const LONGEST_TRAFFIC: u64 = (LONGEST_OUTPUT as u64) * 5 / 4;

pub struct Session {
    pub(super) ssh: ssh2::Session,
    /// Ends a read that is blocked in another thread.
    breaker: AbortHandle,
    /// The bytes that the host may still send.
    pub(super) meter: Arc<Meter>,
    pub(super) user: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.user)
    }
}

/// A connection on which nobody has logged in yet: it costs a descriptor, and no thread.
#[derive(Debug)]
pub struct Way {
    route: Route,
    stream: Stream,
}

impl Way {
    pub async fn to(config: &Config, target: &Target) -> Result<Way, HostError> {
        let route = config.route(target)?;
        let stream = connect(&route).await?;
        Ok(Way { route, stream })
    }

    pub async fn log_in(self) -> Result<Session, HostError> {
        let Way { route, stream } = self;
        let errors = stream.errors();
        let lost = |why: String| HostError::Lost { during: During::Handshake, why };
        let (stream, Relay { socket: _, meter, end: breaker }) =
            stream.relay().map_err(|error| lost(error.to_string()))?;
        let (user, address) = (route.user.clone(), format!("{}:{}", route.address, route.port));
        // libssh2 looks at its own clock only when nothing comes.
        let opened = tokio::task::spawn_blocking(move || login(&route, stream));
        match tokio::time::timeout(LOGIN_LIMIT, opened).await {
            Ok(Ok(Ok(ssh))) => Ok(Session { ssh, breaker, meter, user }),
            Ok(Ok(Err(_))) if meter.is_spent() => Err(HostError::TooMuch { mib: 1, during: During::Handshake }),
            Ok(Ok(Err(error @ (HostError::Lost { .. } | HostError::Unreachable { .. })))) => {
                // The program that makes the connection knows why there is none.
                let words = match errors {
                    Some(errors) => errors.words().await,
                    None => None,
                };
                Err(words.map_or(error, |why| HostError::Unreachable { address, why }))
            }
            Ok(Ok(Err(error))) => Err(error),
            Ok(Err(error)) => Err(lost(error.to_string())),
            Err(_) => {
                breaker.abort();
                Err(HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake })
            }
        }
    }
}

impl Session {
    pub async fn open(config: &Config, target: &Target) -> Result<Session, HostError> {
        Way::to(config, target).await?.log_in().await
    }

    /// `sh` as root, bounded on the host too: it may live on when the connection does not.
    pub fn root_command(&self, shell: &str, limit: Duration) -> String {
        let bounded = format!("timeout -k 5 {} {shell}", limit.as_secs());
        if self.user == "root" { bounded } else { format!("sudo -n {bounded}") }
    }

    /// Runs a script as root. The session comes back only when it is fit for another.
    pub async fn run(self, script: Script, limit: Duration, during: &str) -> Result<(Session, Output), HostError> {
        let (breaker, meter) = (self.breaker.clone(), self.meter.clone());
        let session = self;
        meter.allow(LONGEST_TRAFFIC);
        let what = during.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let output = session.run_blocking(&script, limit, &what);
            (session, output)
        });
        match tokio::time::timeout(limit + Duration::from_secs(10), work).await {
            Ok(Ok((_, Err(_)))) if meter.is_spent() => {
                Err(HostError::TooMuch { mib: LONGEST_OUTPUT >> 20, during: during.into() })
            }
            Ok(Ok((session, output))) => output.map(|output| (session, output)),
            Ok(Err(error)) => Err(HostError::Lost { during: during.into(), why: error.to_string() }),
            Err(_) => {
                // Ends the blocked read; the thread then ends by itself.
                breaker.abort();
                Err(HostError::Timeout { seconds: limit.as_secs(), during: during.into() })
            }
        }
    }

    fn run_blocking(&self, script: &Script, limit: Duration, during: &str) -> Result<Output, HostError> {
        let lost = |why: String| HostError::Lost { during: during.into(), why };
        self.ssh.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        let not_begun = |error: ssh2::Error| HostError::ConnectionGone { why: error.message().to_owned() };
        let mut channel = self.ssh.channel_session().map_err(not_begun)?;
        channel.exec(&self.root_command("sh -s", limit)).map_err(|error| lost(error.message().to_owned()))?;
        // A sudo that refuses closes its end: what it says is worth more than the broken pipe.
        let sent = channel.write_all(script.0.as_bytes()).and_then(|()| channel.flush());
        let sent = sent
            .map_err(|error| error.to_string())
            .and_then(|()| channel.send_eof().map_err(|error| error.message().to_owned()));
        let end = Instant::now() + limit;
        self.ssh.set_timeout(POLL_MILLIS);
        let read = all_of(&mut channel, end, during).inspect_err(|_| self.ssh.set_timeout(LAST_MILLIS));
        let (stdout, stderr) = read?;
        self.ssh.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        let closed = channel.wait_close();
        let status = channel.exit_status().unwrap_or(-1);
        if stdout.is_empty() && refused_by_sudo(&stderr) {
            return Err(HostError::Sudo { user: self.user.clone(), why: in_words(&stderr) });
        }
        sent.map_err(lost)?;
        closed.map_err(|error| lost(error.message().to_owned()))?;
        Ok(Output { status, stdout, stderr })
    }
}

/// All that a script prints, within bounds: of its errors the first, which libssh2 keeps for us in the meantime.
fn all_of(channel: &mut ssh2::Channel, end: Instant, during: &str) -> Result<(Vec<u8>, Vec<u8>), HostError> {
    let too_much = || HostError::TooMuch { mib: LONGEST_OUTPUT >> 20, during: during.into() };
    let lost = |error: std::io::Error| HostError::Lost { during: during.into(), why: error.to_string() };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match channel.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => stdout.extend_from_slice(&buffer[..count]),
            Err(error) if is_silence(&error) && Instant::now() < end => {}
            Err(error) => return Err(lost(error)),
        }
        // What came and was not read yet is held in memory, too.
        if stdout.len() + channel.read_window().available as usize > LONGEST_OUTPUT {
            return Err(too_much());
        }
    }
    channel.stderr().take(LONGEST_ERRORS as u64).read_to_end(&mut stderr).map_err(lost)?;
    Ok((stdout, stderr))
}

/// Returns true if nothing came for a moment, and no more than that.
pub(super) fn is_silence(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock)
}

pub(super) fn refused_by_sudo(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    text.contains("sudo:") || text.contains("not in the sudoers file")
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;
    use crate::world::ssh::route::Proxy;

    fn route(port: u16, proxy: Option<Proxy>) -> Route {
        Route {
            name: "h1".to_owned(),
            address: Ipv4Addr::LOCALHOST.to_string(),
            known_as: Ipv4Addr::LOCALHOST.to_string(),
            port,
            user: "ops".to_owned(),
            identities: Vec::new(),
            identities_only: true,
            known_hosts: Vec::new(),
            proxy,
            config: None,
        }
    }

    /// Bytes that a host sends over and over, after a beginning.
    async fn answer(beginning: &'static [u8], endless: Vec<u8>) -> HostError {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("it listens").port();
        let host = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = stream.write_all(beginning);
            while stream.write_all(&endless).is_ok() {}
        });
        let route = route(port, None);
        let stream = connect(&route).await.expect("it listens");
        let error = Way { route, stream }.log_in().await.expect_err("that is no SSH server");
        host.join().expect("its end is closed, too");
        error
    }

    #[tokio::test]
    async fn what_makes_the_connection_says_why_there_is_none() {
        let route =
            route(22, Some(Proxy::Command("sh -c 'echo no such machine >&2; echo its zone is down >&2'".to_owned())));
        let stream = connect(&route).await.expect("it starts");
        let error = Way { route, stream }.log_in().await.expect_err("there is no host");
        let why = "no such machine | its zone is down".to_owned();
        assert_eq!(error, HostError::Unreachable { address: "127.0.0.1:22".to_owned(), why });
    }

    #[tokio::test]
    async fn a_host_that_talks_without_end_is_cut_off_before_it_is_known() {
        let too_much = HostError::TooMuch { mib: 1, during: During::Handshake };
        // Never a version; and packets of a type that nobody knows, which libssh2 keeps.
        assert_eq!(answer(b"", b"abcdef\n".repeat(1000)).await, too_much);
        let packet = [&[0, 0, 1, 0, 4, 200][..], &[7; 254][..]].concat();
        assert_eq!(answer(b"SSH-2.0-flood\r\n", packet.repeat(100)).await, too_much);
    }
}
