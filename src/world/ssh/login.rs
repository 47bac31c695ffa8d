//! Handshake, host key, login.

use std::os::unix::net::UnixStream;

use ssh2::{ErrorCode, MethodType, Session};

use super::known_hosts::KnownHosts;
use super::route::{Plain, Route};
use crate::host::{During, HostError};

/// A handshake or a login that takes longer than this does not end at all.
const HANDSHAKE_MILLIS: u32 = 20_000;

/// The codes of libssh2 for two sides that have no method in common (`libssh2.h`: `KEX_FAILURE`, `METHOD_NOT_SUPPORTED`).
const NO_COMMON_METHOD: [ErrorCode; 2] = [ErrorCode::Session(-5), ErrorCode::Session(-33)];

/// Blocking: runs in a thread of its own.
pub fn login(route: &Route, plain: &Plain, stream: UnixStream) -> Result<Session, HostError> {
    let lost = |during: During, error: &ssh2::Error| HostError::Lost { during, why: error.message().to_owned() };
    let known = KnownHosts::read(&plain.known_hosts).map_err(|error| HostError::Unreachable {
        address: route.address.clone(),
        why: format!("its host key cannot be checked: {error}"),
    })?;
    let mut session = Session::new().map_err(|error| lost("starting ssh".into(), &error))?;
    session.set_timeout(HANDSHAKE_MILLIS);
    let algorithms = known.algorithms(&plain.known_as);
    if !algorithms.is_empty() {
        session
            .method_pref(MethodType::HostKey, &algorithms.join(","))
            .map_err(|error| lost("choosing host keys".into(), &error))?;
    }
    session.set_tcp_stream(stream);
    session.handshake().map_err(|error| {
        if NO_COMMON_METHOD.contains(&error.code()) {
            return HostError::NeedsOpenSsh { name: route.name.clone(), why: error.message().to_owned() };
        }
        lost(During::Handshake, &error)
    })?;
    let (key, _) = session
        .host_key()
        .ok_or_else(|| HostError::KeyPolicy { name: route.name.clone(), why: "it offered none".to_owned() })?;
    known.check(&route.name, &plain.known_as, key)?;
    authenticate(&session, route, plain)?;
    Ok(session)
}

/// As OpenSSH does: the agent's keys that are configured, its other keys, then the files.
fn authenticate(session: &Session, route: &Route, plain: &Plain) -> Result<(), HostError> {
    let mut tried = Vec::new();
    if let Ok(mut agent) = session.agent()
        && agent.connect().is_ok()
        && agent.list_identities().is_ok()
    {
        let wanted: Vec<Vec<u8>> = plain.identities.iter().filter_map(|path| public_key(path)).collect();
        let place = |blob: &[u8]| wanted.iter().position(|key| key == blob);
        let mut identities = agent.identities().unwrap_or_default();
        identities.retain(|identity| !plain.identities_only || place(identity.blob()).is_some());
        identities.sort_by_key(|identity| place(identity.blob()).unwrap_or(usize::MAX));
        for identity in identities {
            tried.push(format!("agent: {}", identity.comment()));
            if agent.userauth(&route.user, &identity).is_ok() {
                return Ok(());
            }
        }
    }
    for path in plain.identities.iter().filter(|path| path.is_file()) {
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
