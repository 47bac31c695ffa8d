//! Handshake, host key, login.

use ssh2::{MethodType, Session};

use super::config::Config;
use super::connect::Relayed;
use super::route::Route;
use crate::host::{During, HostError};

/// A handshake or a login that takes longer than this does not end at all.
const HANDSHAKE_MILLIS: u32 = 20_000;

/// Blocking: runs in a thread of its own.
pub fn login(route: &Route, stream: Relayed) -> Result<Session, HostError> {
    let lost = |during: During, error: &ssh2::Error| HostError::Lost { during, why: error.message().to_owned() };
    let known = Config::known_hosts(route).map_err(|error| HostError::Unreachable {
        address: route.address.clone(),
        why: format!("its host key cannot be checked: {error}"),
    })?;
    let mut session = Session::new().map_err(|error| lost("starting ssh".into(), &error))?;
    session.set_timeout(HANDSHAKE_MILLIS);
    let algorithms = known.algorithms(route);
    if !algorithms.is_empty() {
        session
            .method_pref(MethodType::HostKey, &algorithms.join(","))
            .map_err(|error| lost("choosing host keys".into(), &error))?;
    }
    session.set_tcp_stream(stream);
    session.handshake().map_err(|error| lost(During::Handshake, &error))?;
    let (key, _) = session
        .host_key()
        .ok_or_else(|| HostError::KeyPolicy { name: route.name.clone(), why: "it offered none".to_owned() })?;
    known.check(route, key)?;
    authenticate(&session, route)?;
    Ok(session)
}

/// The agent's keys first, as OpenSSH does, then the files.
fn authenticate(session: &Session, route: &Route) -> Result<(), HostError> {
    let mut tried = Vec::new();
    if let Ok(mut agent) = session.agent()
        && agent.connect().is_ok()
        && agent.list_identities().is_ok()
    {
        let wanted: Vec<Vec<u8>> = route.identities.iter().filter_map(|path| public_key(path)).collect();
        for identity in agent.identities().unwrap_or_default() {
            if route.identities_only && !wanted.iter().any(|key| key == identity.blob()) {
                continue;
            }
            tried.push(format!("agent: {}", identity.comment()));
            if agent.userauth(&route.user, &identity).is_ok() {
                return Ok(());
            }
        }
    }
    for path in route.identities.iter().filter(|path| path.is_file()) {
        match session.userauth_pubkey_file(&route.user, None, path, None) {
            Ok(()) => return Ok(()),
            Err(error) => tried.push(format!("{}: {}", path.display(), error.message())),
        }
    }
    let why = if tried.is_empty() {
        "there is no key to try: neither in an agent nor in a file".to_owned()
    } else {
        format!("tried {}; a key with a passphrase must be in the agent (ssh-add)", tried.join(", "))
    };
    Err(HostError::Login { name: route.name.clone(), user: route.user.clone(), why })
}

/// The public half beside a private key.
fn public_key(path: &std::path::Path) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let text = std::fs::read_to_string(name).ok()?;
    base64::engine::general_purpose::STANDARD.decode(text.split_whitespace().nth(1)?).ok()
}
