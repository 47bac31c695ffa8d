//! usage: sshd-of-many PORT FOLDER. Takes any key, and answers every script with the file of FOLDER that is named as the address at
//! which the connection came in. `@CLOCK@` in it becomes the time. Its own host key goes to FOLDER/host_key.pub.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use russh::keys::{Algorithm, PrivateKey};
use russh::server::{Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey, run_stream};
use russh::{Channel, ChannelId};

struct Host {
    answer: Option<Arc<String>>,
}

impl Handler for Host {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, _user: &str, _key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(&mut self, channel: ChannelId, _data: &[u8], session: &mut Session) -> Result<(), Self::Error> {
        session.channel_success(channel)
    }

    /// The script has come to its end: so has the host.
    async fn channel_eof(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        let status = match &self.answer {
            Some(answer) => {
                session.data(channel, answer.replace("@CLOCK@", &nanos.to_string()).into_bytes())?;
                0
            }
            None => 1,
        };
        session.exit_status_request(channel, status)?;
        session.eof(channel)?;
        session.close(channel)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(folder)) = (arguments.next(), arguments.next()) else { return Err("usage: PORT FOLDER".into()) };
    let key = PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)?;
    let mut answers = HashMap::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        answers.insert(name, Arc::new(std::fs::read_to_string(&path)?));
    }
    std::fs::write(format!("{folder}/host_key.pub"), key.public_key().to_openssh()?)?;
    let config = Arc::new(Config { keys: vec![key], auth_rejection_time: std::time::Duration::ZERO, ..Config::default() });
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", port.parse()?)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let answer = answers.get(&stream.local_addr()?.ip().to_string()).cloned();
        let config = config.clone();
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            if let Ok(session) = run_stream(config, stream, Host { answer }).await {
                let _ = session.await;
            }
        });
    }
}
