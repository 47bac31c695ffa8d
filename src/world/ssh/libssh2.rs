//! Sessions by libssh2: a plain connection, and keys that need nothing but themselves.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use super::connect::connect;
use super::login::login;
use super::relay::{Meter, Relay};
use super::route::{Plain, Route};
use super::session::{Breaker, Channel, Connection, Ended, Errors, Session, first_of};
use crate::host::{During, HostError};
use crate::world::LONGEST_OUTPUT;

/// A login that takes longer does not end at all.
pub const LOGIN_LIMIT: Duration = Duration::from_secs(60);
/// The bytes that a host may send while a script runs: what it prints, and SSH's own part of it.
const LONGEST_TRAFFIC: u64 = (LONGEST_OUTPUT as u64) * 5 / 4;
/// The bytes that a host may send for each byte of a stream: its own part of a packet is several times a short line.
const PER_BYTE: u64 = 8;

/// The bytes that a host may send on one connection before it gets a new one: libssh2 keeps packets that it does not know for as long as the connection
/// lasts, and every script allows as many again. Scripts of a large host print some 100 KiB each.
const WORN: u64 = LONGEST_OUTPUT as u64;

struct Libssh2 {
    ssh: ssh2::Session,
    end: Arc<End>,
}

/// The end of the connection, and the bytes that the host may still send.
struct End {
    relay: AbortHandle,
    meter: Arc<Meter>,
}

impl std::fmt::Debug for Libssh2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "libssh2")
    }
}

impl Breaker for End {
    fn cut(&self) {
        self.relay.abort();
    }

    fn is_spent(&self) -> bool {
        self.meter.is_spent()
    }
}

/// A connection on which nobody has logged in yet: it costs a descriptor, and no thread.
#[derive(Debug)]
pub struct Way {
    route: Route,
    plain: Plain,
    stream: std::net::TcpStream,
}

impl Way {
    pub async fn to(route: Route, plain: Plain) -> Result<Way, HostError> {
        let stream = connect(&route).await?;
        Ok(Way { route, plain, stream })
    }

    pub async fn log_in(self) -> Result<Session, HostError> {
        let Way { route, plain, stream } = self;
        let lost = |why: String| HostError::Lost { during: During::Handshake, why };
        let Relay { socket, meter, end: relay } = Relay::to(stream).map_err(|error| lost(error.to_string()))?;
        let user = route.user.clone();
        // libssh2 looks at its own clock only when nothing comes.
        let opened = tokio::task::spawn_blocking(move || login(&route, &plain, socket));
        match tokio::time::timeout(LOGIN_LIMIT, opened).await {
            Ok(Ok(Ok(ssh))) => {
                let connection = Libssh2 { ssh, end: Arc::new(End { relay, meter }) };
                Ok(Session::new(Box::new(connection), user))
            }
            Ok(Ok(Err(_))) if meter.is_spent() => Err(HostError::TooMuch { mib: 1, during: During::Handshake }),
            Ok(Ok(Err(error))) => Err(error),
            Ok(Err(error)) => Err(lost(error.to_string())),
            Err(_) => {
                relay.abort();
                Err(HostError::Timeout { seconds: LOGIN_LIMIT.as_secs(), during: During::Handshake })
            }
        }
    }
}

impl Connection for Libssh2 {
    fn exec(&self, command: &str, _: Errors, limit: Duration, during: &During) -> Result<Box<dyn Channel>, HostError> {
        self.end.meter.allow(LONGEST_TRAFFIC);
        self.ssh.set_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX));
        let not_begun = |error: ssh2::Error| HostError::ConnectionGone { why: error.message().to_owned() };
        let mut channel = self.ssh.channel_session().map_err(not_begun)?;
        let lost = |error: ssh2::Error| HostError::Lost { during: during.clone(), why: error.message().to_owned() };
        channel.exec(command).map_err(lost)?;
        Ok(Box::new(Libssh2Channel { ssh: self.ssh.clone(), channel, end: self.end.clone(), during: during.clone() }))
    }

    fn is_worn(&self) -> bool {
        self.end.meter.sent() > WORN
    }

    fn breaker(&self) -> Arc<dyn Breaker> {
        self.end.clone()
    }
}

struct Libssh2Channel {
    /// Its timeout is that of all its channels.
    ssh: ssh2::Session,
    channel: ssh2::Channel,
    end: Arc<End>,
    during: During,
}

impl Read for Libssh2Channel {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.channel.read(buffer)
    }
}

impl Write for Libssh2Channel {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.channel.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.channel.flush()
    }
}

impl Channel for Libssh2Channel {
    fn set_timeout(&mut self, millis: u32) {
        self.ssh.set_timeout(millis);
    }

    fn read_errors(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.channel.stderr().read(buffer)
    }

    fn errors(&mut self) -> io::Result<Vec<u8>> {
        first_of(self.channel.stderr())
    }

    fn waiting(&self) -> usize {
        self.channel.read_window().available as usize
    }

    fn allow_more(&self, bytes: u64) {
        self.end.meter.add(PER_BYTE * bytes);
    }

    fn is_at_end(&mut self) -> bool {
        self.channel.eof()
    }

    fn send_eof(&mut self) -> Result<(), String> {
        self.channel.send_eof().map_err(|error| error.message().to_owned())
    }

    fn end(&mut self) -> Result<Ended, HostError> {
        let lost =
            |error: ssh2::Error| HostError::Lost { during: self.during.clone(), why: error.message().to_owned() };
        self.channel.wait_close().map_err(lost)?;
        // A command ended by a signal has no status, for which the library returns 0.
        if let Some(signal) = self.channel.exit_signal().map_err(lost)?.exit_signal {
            return Ok(Ended::Signal(signal));
        }
        self.channel.exit_status().map(Ended::Status).map_err(lost)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::super::route::Client;
    use super::*;

    /// Bytes that a host sends over and over, after a beginning.
    async fn answer(beginning: &'static [u8], endless: Vec<u8>) -> HostError {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("it listens").port();
        let host = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = stream.write_all(beginning);
            while stream.write_all(&endless).is_ok() {}
        });
        let address = Ipv4Addr::LOCALHOST.to_string();
        let plain =
            Plain { known_as: address.clone(), identities: Vec::new(), identities_only: true, known_hosts: Vec::new() };
        let (name, user, client) = ("h1".to_owned(), "ops".to_owned(), Client::Libssh2(plain.clone()));
        let route = Route { name, address, port, user, client, includes: Vec::new(), arguments: Vec::new() };
        let way = Way::to(route, plain).await.expect("it listens");
        let error = way.log_in().await.expect_err("that is no SSH server");
        host.join().expect("its end is closed, too");
        error
    }

    #[test]
    fn a_connection_on_which_much_came_is_not_used_again() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let ours = std::net::TcpStream::connect(listener.local_addr().expect("it listens")).expect("it answers");
        let (host, _) = listener.accept().expect("a client");
        let Relay { mut socket, meter, end } = Relay::to(ours).expect("a relay");
        let connection =
            Libssh2 { ssh: ssh2::Session::new().expect("a session"), end: Arc::new(End { relay: end, meter }) };
        let mut hear = |mib: usize| {
            let flood = host.try_clone().expect("a second handle");
            let flood = std::thread::spawn(move || (&flood).write_all(&vec![7; mib << 20]));
            // Each script allows as much again.
            connection.end.meter.allow(LONGEST_TRAFFIC);
            socket.read_exact(&mut vec![0; mib << 20]).expect("it comes");
            flood.join().expect("no panic").expect("it is taken");
            connection.is_worn()
        };
        assert_eq!([hear(16), hear(15), hear(2)], [false, false, true]);
        host.shutdown(std::net::Shutdown::Both).expect("it ends");
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
