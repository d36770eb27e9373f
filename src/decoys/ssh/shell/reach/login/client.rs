//! The calling side of SSH.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::SshId;
use russh::client::{AuthResult, Config, Handle, Handler, connect_stream};
use russh::keys::{PublicKey, PublicKeyOrCertificate};

use crate::session::BoxStream;

/// Time for a key exchange inside the honeynet: a peer that speaks no SSH says nothing we wait for.
const GREETING: Duration = Duration::from_secs(20);

/// Notes the server's key; whether it is trusted is asked afterwards.
pub(super) struct Server(Arc<Mutex<Option<PublicKey>>>);

impl Handler for Server {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, Self::Error> {
        if let PublicKeyOrCertificate::PublicKey { key, .. } = shown {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        }
        Ok(true)
    }
}

/// Exchanges keys over a stream, as the build of this machine; `None` when the other side is no SSH.
pub(super) async fn greet(stream: BoxStream, banner: String) -> Option<(Handle<Server>, PublicKey)> {
    let config = Config { client_id: SshId::Standard(Cow::Owned(banner)), ..Config::default() };
    let slot = Arc::<Mutex<Option<PublicKey>>>::default();
    let greeting = connect_stream(Arc::new(config), stream, Server(Arc::clone(&slot)));
    let handle = tokio::time::timeout(GREETING, Box::pin(greeting)).await.ok()?.ok()?;
    let key = slot.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    Some((handle, key))
}

/// Tries to log in with nothing: the methods that remain, or `None` when that was enough.
pub(super) async fn without(handle: &mut Handle<Server>, user: &str) -> Result<Option<String>, ()> {
    match handle.authenticate_none(user).await {
        Ok(AuthResult::Success) => Ok(None),
        Ok(AuthResult::Failure { remaining_methods, .. }) => {
            let names: Vec<String> = remaining_methods.iter().map(String::from).collect();
            Ok(Some(names.join(",")))
        }
        Err(_) => Err(()),
    }
}

/// Tries a password.
pub(super) async fn with_password(
    handle: &mut Handle<Server>,
    user: &str,
    password: String,
) -> Result<bool, ()> {
    handle.authenticate_password(user, password).await.map(|result| result.success()).map_err(|_| ())
}
