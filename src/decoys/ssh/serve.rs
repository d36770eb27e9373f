//! One connection from its first byte to its last.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::{Config, run_stream};
use russh::{MethodKind, MethodSet, SshId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::OnceCell;

use crate::event::Observation;
use crate::event::observation::Mark;
use crate::session::{BoxStream, Session};

use super::keys::HostKeys;
use super::preamble::{self, Line};
use super::server::Peer;
use super::shell::Site;
use super::stream::{Guard, Stopper, Tapped};

/// What all connections of one service share.
pub(super) struct Shared {
    /// The machine.
    pub site: Arc<Site>,
    keys: Arc<HostKeys>,
    config: OnceCell<Option<Arc<Config>>>,
}

impl Shared {
    /// For one machine and its keys.
    pub(super) fn new(site: Arc<Site>, keys: Arc<HostKeys>) -> Self {
        Shared { site, keys, config: OnceCell::new() }
    }

    async fn config(&self) -> Option<Arc<Config>> {
        let make = || async { configure(&self.site, self.keys.get().await).map(Arc::new) };
        self.config.get_or_init(make).await.clone()
    }
}

/// The methods a peer is offered: `PasswordAuthentication yes`, keyboard-interactive off.
pub(super) fn methods() -> MethodSet {
    MethodSet::from(&[MethodKind::PublicKey, MethodKind::Password][..])
}

fn configure(site: &Site, keys: &[PrivateKey]) -> Option<Config> {
    let behaviour = &site.behaviour;
    let wanted = |key: &&PrivateKey| {
        let name = key.algorithm().to_string();
        behaviour.host_keys.iter().any(|h| *h == name || name == "ssh-rsa" && h.starts_with("rsa-sha2-"))
    };
    let alive = behaviour.client_alive_seconds;
    Some(Config {
        server_id: SshId::Standard(Cow::Owned(behaviour.banner.clone())),
        methods: methods(),
        auth_rejection_time: Duration::ZERO,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: keys.iter().filter(wanted).cloned().collect(),
        preferred: behaviour.preferred().ok()?,
        max_auth_attempts: 0,
        inactivity_timeout: None,
        keepalive_interval: (alive > 0).then(|| Duration::from_secs(alive)),
        keepalive_max: 3,
        channel_buffer_size: 8,
        event_buffer_size: 8,
        ..Config::default()
    })
}

/// Serves one connection.
pub(super) async fn serve(shared: Arc<Shared>, session: Session, mut stream: BoxStream) {
    let grace = tokio::time::sleep(Duration::from_secs(shared.site.behaviour.login_grace_seconds));
    tokio::pin!(grace);
    let line = tokio::select! {
        line = exchange(&shared.site.behaviour.banner, &session, &mut stream) => line,
        () = &mut grace => None,
    };
    // Dropping the stream closes it; with unread bytes the kernel resets it, as for sshd.
    let Some(line) = line else { return };
    let Some(config) = shared.config().await else { return };
    let stopper = Arc::new(Stopper::default());
    let _guard = Guard(Arc::clone(&stopper));
    let swallow = shared.site.behaviour.banner.len() + 2;
    let tapped = Tapped::new(stream, session.clone(), &preamble::for_library(&line), swallow, stopper);
    let authenticated = Arc::new(AtomicBool::new(false));
    let peer = Peer::new(Arc::clone(&shared.site), session.clone(), Arc::clone(&authenticated));
    let handle = peer.handle_slot();
    let Ok(mut running) = Box::pin(run_stream(config, tapped, peer)).await else { return };
    let _ = handle.set(running.handle());
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = &mut grace => {
            if !authenticated.load(Ordering::Acquire) {
                return;
            }
            running.await
        }
    };
    if let Err(error) = ended {
        note(&session, &error);
    }
}

/// Sends the banner and reads the client's line as sshd does, byte by byte.
async fn exchange(banner: &str, session: &Session, stream: &mut BoxStream) -> Option<String> {
    stream.write_all(format!("{banner}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    let mut line = Vec::with_capacity(64);
    loop {
        // One byte at a time: what is left unread makes the kernel reset the connection, as it
        // does for sshd.
        let byte = match stream.read_u8().await {
            Ok(byte) => byte,
            Err(_) => {
                let probe = if line.is_empty() { "banner-grab" } else { "ssh-line" };
                session.emit(Observation::Probe { means: probe.into() });
                return None;
            }
        };
        line.push(byte);
        let answer = match preamble::judge(&line) {
            Line::More => continue,
            Line::Client(text) => {
                // Who was led here calls with our own client.
                if session.origin().led.is_none() {
                    session.emit(Observation::Fingerprint {
                        mark: Mark::SshClient,
                        value: text.as_str().into(),
                    });
                }
                return Some(text);
            }
            Line::Invalid(rule) => {
                session.malformed(rule, &line);
                preamble::INVALID
            }
            Line::Differ => {
                session.malformed("another major version of SSH", &line);
                preamble::DIFFER
            }
            Line::Scanner => {
                session.emit(Observation::Probe { means: "ssh-scanner".into() });
                b""
            }
        };
        let _ = stream.write_all(answer).await;
        let _ = stream.flush().await;
        return None;
    }
}

/// Keeps what the library refused, where the peer's bytes were the cause.
fn note(session: &Session, error: &russh::Error) {
    match error {
        russh::Error::IO(_)
        | russh::Error::Disconnect
        | russh::Error::HUP
        | russh::Error::KeepaliveTimeout
        | russh::Error::InactivityTimeout
        | russh::Error::SendError
        | russh::Error::Join(_) => {}
        other => session.malformed(&format!("SSH: {other}"), b""),
    }
}
