//! SSH: logins with one command, and shells held open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use russh::client::{self, Handle};
use russh::{ChannelMsg, keys::PublicKeyOrCertificate};
use tokio::runtime::Runtime;

use crate::{Load, measure};

struct AnyHost;

impl client::Handler for AnyHost {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _key: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        Ok(true)
    }
}

/// Full handshakes with password, `id` and close, a second.
pub(crate) fn logins(load: &Load, user: &str, password: &str) {
    let runtime = runtime();
    measure(load, "logins", |_| (), |()| runtime.block_on(login(load, user, password)));
}

async fn login(load: &Load, user: &str, password: &str) -> Option<u64> {
    let session = connect(load, user, password).await?;
    let mut channel = session.channel_open_session().await.ok()?;
    channel.exec(true, "id").await.ok()?;
    let mut output = Vec::new();
    while let Some(message) = channel.wait().await {
        if let ChannelMsg::Data { data } = message {
            output.extend_from_slice(&data);
        }
    }
    output.starts_with(b"uid=").then_some(1)
}

/// Opens CLIENTS shells and holds them for SECONDS, so that their memory can be read.
pub(crate) fn hold(load: &Load, user: &str, password: &str) {
    runtime().block_on(async {
        let start = Instant::now();
        let mut held = Vec::new();
        for _ in 0..load.clients {
            let Some(session) = connect(load, user, password).await else { continue };
            let Ok(channel) = session.channel_open_session().await else { continue };
            let _ = channel.request_pty(true, "xterm", 80, 24, 0, 0, &[]).await;
            let _ = channel.request_shell(true).await;
            held.push((session, channel));
        }
        println!("open={} opened_in_s={:.1}", held.len(), start.elapsed().as_secs_f64());
        tokio::time::sleep(load.duration).await;
    });
}

async fn connect(load: &Load, user: &str, password: &str) -> Option<Handle<AnyHost>> {
    let config = Arc::new(client::Config { inactivity_timeout: None, ..client::Config::default() });
    let connecting = client::connect(config, load.address, AnyHost);
    let mut session = tokio::time::timeout(Duration::from_secs(30), connecting).await.ok()?.ok()?;
    let accepted = session.authenticate_password(user, password).await.ok()?;
    accepted.success().then_some(session)
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("runtime")
}
