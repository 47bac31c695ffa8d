//! A connection to a host, over TCP.

use std::net::TcpStream;
use std::time::Duration;

use super::route::Route;
use crate::host::HostError;

/// A machine that does not take a connection within this is not there.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(8);
/// A peer that does not acknowledge what was sent within this is gone. Systems other than Linux have no such limit: there a step's own is
/// what ends it.
#[cfg(target_os = "linux")]
const SILENCE_LIMIT: Duration = Duration::from_secs(15);

/// Connects, all hosts at once, each within its limit: a hundred dead hosts cost no more than one.
pub async fn connect(route: &Route) -> Result<TcpStream, HostError> {
    let unreachable =
        |why: String| HostError::Unreachable { address: format!("{}:{}", route.address, route.port), why };
    let attempt = tokio::net::TcpStream::connect((route.address.as_str(), route.port));
    let stream = tokio::time::timeout(CONNECT_LIMIT, attempt)
        .await
        .map_err(|_| unreachable(format!("silence for {} s", CONNECT_LIMIT.as_secs())))?
        .map_err(|error| unreachable(error.to_string()))?;
    let stream = stream.into_std().map_err(|error| unreachable(error.to_string()))?;
    let prepare = || -> std::io::Result<()> {
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
    Ok(stream)
}
