//! Who he says he is, and how he proves it.

use super::Station;
use super::failure::Failure;
use super::handshake::{Answer, CHALLENGE};
use super::native;
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Protocol};
use crate::session::Session;

/// Longest name of an account, characters.
const MAX_USER: usize = 32;

/// Checks an answer to the challenge and tells of it.
///
/// # Errors
/// As the server refuses him.
pub(super) fn check<'a>(
    station: &Station,
    session: &'a Session,
    answer: &Answer,
    challenge: &[u8; CHALLENGE],
) -> Result<&'a Account, Failure> {
    let user: String = String::from_utf8_lossy(&answer.user).chars().take(MAX_USER).collect();
    let account = session.host().account(Protocol::Mysql, &user);
    let right =
        account.filter(|account| native::shows(&answer.proof, account.password.as_bytes(), challenge));
    session.emit(Observation::AuthAttempt {
        method: AuthMethod::ChallengeResponse,
        account: Tainted::from_bytes(&answer.user),
        secret: Some(secret(answer, challenge)),
        accepted: right.is_some(),
    });
    let Some(account) = right else {
        let host = session.source().to_string();
        return Err(Failure::access_denied(&user, &host, !answer.proof.is_empty()));
    };
    station.blocked(|blocked| blocked.succeeded(session.source()));
    let how = "login to the database over mysql".to_owned();
    session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
    Ok(account)
}

/// The form that a cracker reads; nothing for no password.
fn secret(answer: &Answer, challenge: &[u8; CHALLENGE]) -> Tainted {
    if answer.proof.is_empty() {
        Tainted::default()
    } else {
        native::crackable(&answer.proof, challenge).into()
    }
}

/// Tells what the client says of itself: drivers and tools are known by it.
pub(super) fn tell_client(session: &Session, answer: &Answer) {
    let shown = |bytes: &[u8]| Tainted::from_bytes(bytes).as_untrusted().to_owned();
    let mut said: Vec<String> =
        answer.attributes.iter().map(|(key, value)| format!("{}={}", shown(key), shown(value))).collect();
    said.push(format!("capabilities={:08x}", answer.capabilities));
    said.push(format!("collation={}", answer.charset));
    session.emit(Observation::Fingerprint { mark: Mark::Tool, value: said.join("; ").into() });
}
