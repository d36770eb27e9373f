//! The logon: who he says he is, the server's session key, and what he proves his password by.

use rand::RngExt;

use super::Station;
use super::o5logon::{self, Exchange, KEY, SALT, VERIFIER_11G};
use super::ttc::{Marshal, Reader, Writer, end_of_call};
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Protocol};
use crate::session::Session;

/// Most pairs of name and value in one message of a logon.
const MAX_PAIRS: u32 = 64;

/// Longest account name, characters (30 bytes by the product's rule, with room for quotes).
const MAX_USER: usize = 64;

/// A message of the logon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it carries the proof, or only asks for the session key.
    pub proves: bool,
    /// The account as the client writes it.
    pub user: Vec<u8>,
    /// Names and values.
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Function codes of a logon.
const SESSION_KEY: u8 = 0x76;
const AUTHENTICATE: u8 = 0x73;

impl Message {
    /// Reads a function call of the logon; `None` where it is none.
    pub fn read(payload: &[u8], marshal: Marshal) -> Option<Message> {
        let mut body = Reader::new(payload, marshal);
        let (3, function) = (body.u8()?, body.u8()?) else { return None };
        if function != SESSION_KEY && function != AUTHENTICATE {
            return None;
        }
        // Sequence number, and whether a name follows.
        body.take(2)?;
        let length = usize::try_from(body.number()?).ok()?;
        body.number()?;
        body.u8()?;
        let count = body.number()?;
        body.take(2)?;
        let user = user(&mut body, length)?;
        let pairs = (0..count.min(MAX_PAIRS)).map_while(|_| body.pair()).collect();
        Some(Message { proves: function == AUTHENTICATE, user, pairs })
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> String {
        let found = self.pairs.iter().find(|(known, _)| known == name.as_bytes());
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }
}

/// The name stands after its length once more, but for drivers that leave that out.
fn user(body: &mut Reader<'_>, length: usize) -> Option<Vec<u8>> {
    let mut with_length = body.clone();
    let counted = with_length.text();
    let again = body.rest().first().copied().map(usize::from);
    let printable = |text: &[u8]| text.iter().all(|byte| *byte >= 0x20);
    match counted.filter(|text| printable(text)) {
        Some(text) if again == Some(length) || again.is_some_and(|first| first < 0x20) => {
            *body = with_length;
            Some(text)
        }
        Some(_) | None => body.take(length).map(<[u8]>::to_vec),
    }
}

/// One logon under way.
pub(super) struct Logon {
    user: String,
    exchange: Exchange,
}

/// How a logon ends.
pub(super) enum Outcome {
    /// He is refused: the error's number and text.
    Refused(u16, String),
    /// He knows a lure account's password, whose account is locked.
    Locked(u16, String),
}

impl Logon {
    /// Takes the first message; gives the logon and the answer to it.
    pub(super) fn begin(session: &Session, message: &Message, marshal: Marshal) -> (Self, Vec<u8>) {
        tell_client(session, message);
        let user: String = String::from_utf8_lossy(&message.user).chars().take(MAX_USER).collect();
        let user = user.trim_matches('"').to_uppercase();
        let salt = salt(session, &user);
        // Nobody knows the password of a name that no account has: its key is the installation's.
        let verifier = match account(session, &user) {
            Some(account) => o5logon::verifier(account.password.as_bytes(), &salt),
            None => {
                let mut key = [0; 24];
                key.iter_mut().zip(derived(session, "verifier", &user)).for_each(|(to, from)| *to = from);
                key
            }
        };
        let server: [u8; KEY] = session.rng("tns/session-key").random();
        let exchange = Exchange::new(verifier, salt, server);
        let mut out = Writer::new(marshal);
        out.raw(&[8]).ub2(2);
        out.pair("AUTH_SESSKEY", exchange.server_key().as_bytes(), 1);
        out.pair("AUTH_VFR_DATA", hex::encode_upper(salt).as_bytes(), VERIFIER_11G);
        out.raw(&end_of_call(marshal, 0, ""));
        (Logon { user, exchange }, out.finish())
    }

    /// Takes the proof.
    pub(super) fn finish(self, station: &Station, session: &Session, message: &Message) -> Outcome {
        let (key, sealed) = (message.get("AUTH_SESSKEY"), message.get("AUTH_PASSWORD"));
        let account = account(session, &self.user);
        let right = account
            .filter(|account| self.exchange.shows(&key, &sealed, account.password.as_bytes()).is_some());
        session.emit(Observation::AuthAttempt {
            method: AuthMethod::ChallengeResponse,
            account: Tainted::from_bytes(&message.user),
            secret: Some(self.exchange.crackable(&key, &sealed).into()),
            accepted: false,
        });
        if let Some(account) = right {
            let how = "the right password at the logon of the database over tns".to_owned();
            session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
            return Outcome::Locked(28000, "ORA-28000: the account is locked\n".to_owned());
        }
        if station.behaviour().locked.iter().any(|name| name.eq_ignore_ascii_case(&self.user)) {
            return Outcome::Locked(28000, "ORA-28000: the account is locked\n".to_owned());
        }
        Outcome::Refused(1017, "ORA-01017: invalid username/password; logon denied\n".to_owned())
    }
}

fn account<'a>(session: &'a Session, user: &str) -> Option<&'a Account> {
    let services = |account: &&Account| account.services.contains(&Protocol::Tns);
    session.host().accounts.iter().filter(services).find(|account| account.name.eq_ignore_ascii_case(user))
}

fn derived(session: &Session, purpose: &str, user: &str) -> [u8; 32] {
    session.pack().installation.derive(&format!("tns/{purpose}/{}/{user}", session.host().name))
}

/// The salt of an account: as lasting as a stored one, for names that nobody has too.
fn salt(session: &Session, user: &str) -> [u8; SALT] {
    let mut salt = [0; SALT];
    salt.iter_mut().zip(derived(session, "salt", user)).for_each(|(to, from)| *to = from);
    salt
}

/// Program, machine and user of the client, as drivers and tools tell them.
fn tell_client(session: &Session, message: &Message) {
    let shown = |bytes: &[u8]| Tainted::from_bytes(bytes).as_untrusted().to_owned();
    let said: Vec<String> =
        message.pairs.iter().map(|(name, value)| format!("{}={}", shown(name), shown(value))).collect();
    session.emit(Observation::Fingerprint { mark: Mark::Tool, value: said.join("; ").into() });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_of_drivers_are_read() {
        // A thin driver: counted numbers, the name after its length.
        let mut thin = Writer::new(Marshal::Universal);
        thin.raw(&[3, 0x76, 1, 1]).ub4(6).ub4(1).raw(&[1]).ub4(1).raw(&[1, 1]).text(b"SYSTEM");
        thin.pair("AUTH_TERMINAL", b"pts/1", 0);
        let read = Message::read(&thin.finish(), Marshal::Universal).unwrap();
        assert_eq!((read.proves, read.user.as_slice()), (false, &b"SYSTEM"[..]));
        assert_eq!(read.get("AUTH_TERMINAL"), "pts/1");
        // One that leaves the length out.
        let mut bare = Writer::new(Marshal::Universal);
        bare.raw(&[3, 0x73, 1, 1]).ub4(6).ub4(1).raw(&[1]).ub4(0).raw(&[1, 1]).raw(b"SYSTEM");
        let read = Message::read(&bare.finish(), Marshal::Universal).unwrap();
        assert_eq!((read.proves, read.user.as_slice()), (true, &b"SYSTEM"[..]));
        // What nmap sends, whose own length is always four.
        let mut native = vec![3, 0x76];
        native.extend(hex::decode("0201040000000100000001050000000101").unwrap());
        native.extend_from_slice(b"\x06SYSTEM\x0d\0\0\0\x0dAUTH_TERMINAL\x01\0\0\0\x01x\0\0\0\0");
        let read = Message::read(&native, Marshal::Native).unwrap();
        assert_eq!((read.user.as_slice(), read.get("AUTH_TERMINAL")), (&b"SYSTEM"[..], "x".to_owned()));
        assert_eq!(Message::read(b"\x03\x5e", Marshal::Native), None);
    }
}
