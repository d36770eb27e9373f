//! Basic authentication with the registered users.

use sha2::{Digest, Sha256};

use super::Behaviour;
use crate::decoys::http::events::basic;
use crate::decoys::http::head::Head;
use crate::event::Observation;
use crate::event::observation::AuthMethod;
use crate::persona::Protocol;
use crate::session::Session;

/// Whether the request's credentials are a registered user's. What is tried is told; what got in is
/// told once for each peer.
pub(super) fn allowed(behaviour: &Behaviour, head: &Head, session: &Session) -> bool {
    let Some((account, secret)) = head.header("Authorization").and_then(basic) else { return false };
    let (name, password) = (account.as_untrusted(), secret.as_untrusted());
    let lure = session.host().account(Protocol::Http, name).filter(|known| known.password == password);
    let listed = behaviour.user.iter().any(|user| user.name == name && user.password == password);
    let accepted = lure.is_some() || listed;
    let mark = format!(
        "http:basic:{}:{}",
        session.host().name,
        hex::encode(Sha256::digest(format!("{name}:{password}")))
    );
    if accepted && session.overlay().get(&mark).is_some() {
        return true;
    }
    if let Some(lure) = lure {
        session.emit(Observation::LureTouched {
            lure: lure.lure.clone(),
            how: "basic authentication of the archive's web server".to_owned(),
        });
    }
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::Basic,
        account,
        secret: Some(secret),
        accepted,
    });
    if accepted {
        // Without room the next request is told again.
        let _ = session.overlay().put(mark, Vec::new());
    }
    accepted
}
