//! From the startup packet to the first ReadyForQuery: who he says he is, and how he proves it.

use md5::{Digest, Md5};
use rand::RngExt;
use subtle::ConstantTimeEq;

use super::Station;
use super::backend::Backend;
use super::behaviour::Authentication;
use super::failure::Failure;
use super::frontend::{Body, Options};
use super::scram::{Broken, Exchange, NONCE, SALT, Verifier};
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, Tainted};
use crate::persona::{Account, Protocol};
use crate::session::Session;

/// Longest name of a role or database, bytes; longer ones are cut (`NAMEDATALEN` less one).
const MAX_NAME: usize = 63;

/// Mechanism names.
const PLAIN_SCRAM: &[u8] = b"SCRAM-SHA-256";
const BOUND_SCRAM: &[u8] = b"SCRAM-SHA-256-PLUS";

/// Authentication request codes.
const OK: u32 = 0;
const MD5_PASSWORD: u32 = 5;
const SASL: u32 = 10;
const SASL_CONTINUE: u32 = 11;
const SASL_FINAL: u32 = 12;

/// Who logs in, and where to.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
    /// Settings that the startup packet asks for, in order.
    pub(super) settings: Vec<(String, String)>,
    pub(super) replication: bool,
    sealed: bool,
    step: Step,
}

#[derive(Debug, Clone)]
enum Step {
    Md5([u8; 4]),
    First,
    Last(Exchange),
}

/// What a message of the login leads to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Another message is awaited.
    Goes,
    /// He is who he says.
    In(Box<Login>),
    /// He is refused.
    Refused(Failure),
}

impl Login {
    /// Begins with the parameters of a startup packet, and asks for the proof.
    pub(super) fn begin(
        station: &Station,
        session: &Session,
        options: &Options,
        sealed: bool,
        out: &mut Backend,
    ) -> Result<Self, Failure> {
        let text = |name: &str| options.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        let user = text("user").map(cut).filter(|user| !user.is_empty()).ok_or_else(Failure::no_user)?;
        let database = text("database").map(cut).filter(|name| !name.is_empty());
        tell_client(session, options);
        let mut login = Login {
            database: database.unwrap_or_else(|| user.clone()),
            user,
            settings: settings(options),
            replication: text("replication").is_some_and(|value| wants(&value)),
            sealed,
            step: Step::First,
        };
        match station.behaviour().authentication {
            Authentication::Scram => {
                let offered: &[u8] =
                    if sealed { b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0" } else { b"SCRAM-SHA-256\0\0" };
                out.authentication(SASL, offered);
            }
            Authentication::Md5 => {
                let salt: [u8; 4] = session.rng("postgres/md5").random();
                out.authentication(MD5_PASSWORD, &salt);
                login.step = Step::Md5(salt);
            }
        }
        Ok(login)
    }

    /// Takes a message of the client.
    pub(super) fn step(
        mut self,
        station: &Station,
        session: &Session,
        message: (u8, &[u8]),
        out: &mut Backend,
        next: &mut Option<Login>,
    ) -> Outcome {
        let (kind, body) = message;
        let outcome = match (kind, &self.step) {
            (b'p', Step::Md5(salt)) => self.md5(session, body, *salt),
            (b'p', Step::First) => match self.first(station, session, body) {
                Ok(exchange) => {
                    out.authentication(SASL_CONTINUE, exchange.server_first.as_bytes());
                    self.step = Step::Last(exchange);
                    *next = Some(self);
                    return Outcome::Goes;
                }
                Err(failure) => Err(failure),
            },
            (b'p', Step::Last(exchange)) => self.last(station, session, exchange, body, out),
            (_, Step::Md5(_)) => Err(Failure::expected_password(kind)),
            (_, Step::First | Step::Last(_)) => Err(Failure::expected_sasl(kind)),
        };
        match outcome {
            Ok(()) => {
                out.authentication(OK, &[]);
                Outcome::In(Box::new(self))
            }
            Err(failure) => Outcome::Refused(failure),
        }
    }

    /// The lure account of this name, where there is one.
    fn account<'a>(&self, session: &'a Session) -> Option<&'a Account> {
        session.host().account(Protocol::Postgres, &self.user)
    }

    /// `md5` and the digest of the salted digest of password and name.
    fn md5(&self, session: &Session, body: &[u8], salt: [u8; 4]) -> Result<(), Failure> {
        let proof = Body(body).text().unwrap_or_default();
        let right = self.account(session).is_some_and(|account| {
            let inner =
                hex::encode(Md5::digest([account.password.as_bytes(), self.user.as_bytes()].concat()));
            let outer = hex::encode(Md5::digest([inner.as_bytes(), &salt].concat()));
            bool::from(format!("md5{outer}").as_bytes().ct_eq(proof))
        });
        // The form of hashcat's mode 11100.
        let shown = String::from_utf8_lossy(proof);
        let digest = shown.strip_prefix("md5").unwrap_or(&shown);
        self.tell(session, format!("$postgres${}*{}*{digest}", self.user, hex::encode(salt)), right);
        if right { Ok(()) } else { Err(Failure::wrong_password(&self.user)) }
    }

    fn first(&self, station: &Station, session: &Session, body: &[u8]) -> Result<Exchange, Failure> {
        let mut body = Body(body);
        let mechanism = body.text().unwrap_or_default();
        let bound = mechanism == BOUND_SCRAM && self.sealed;
        if mechanism != PLAIN_SCRAM && !bound {
            return Err(Failure::bad_mechanism());
        }
        let message = body.value().flatten().unwrap_or_default();
        let nonce: [u8; NONCE] = session.rng("postgres/nonce").random();
        let binding = self.sealed.then(|| station.binding());
        Exchange::begin(message, &self.salt(session), &nonce, bound, binding).map_err(|broken| match broken {
            Broken::Malformed => Failure::malformed_first(),
            Broken::Binding => Failure::binding(),
        })
    }

    fn salt(&self, session: &Session) -> [u8; SALT] {
        salt(session, &self.user)
    }

    fn last(
        &self,
        station: &Station,
        session: &Session,
        exchange: &Exchange,
        body: &[u8],
        out: &mut Backend,
    ) -> Result<(), Failure> {
        let proof = exchange.finish(body).map_err(|broken| match broken {
            Broken::Malformed => Failure::malformed_final(),
            Broken::Binding => Failure::binding(),
        })?;
        let verifier = self.account(session).map(|account| {
            station.verifier(&account.lure, || {
                session.heavy(|| Verifier::new(account.password.as_bytes(), &self.salt(session)))
            })
        });
        let answer = verifier.and_then(|verifier| proof.check(&verifier));
        self.tell(session, proof.crackable(), answer.is_some());
        let answer = answer.ok_or_else(|| Failure::wrong_password(&self.user))?;
        out.authentication(SASL_FINAL, answer.as_bytes());
        Ok(())
    }

    fn tell(&self, session: &Session, secret: String, accepted: bool) {
        session.emit(Observation::AuthAttempt {
            method: AuthMethod::ChallengeResponse,
            account: Tainted::new(self.user.as_str()),
            secret: Some(secret.into()),
            accepted,
        });
        if let Some(account) = self.account(session).filter(|_| accepted) {
            let how = format!("login to database {} over postgres", account_database(&self.database));
            session.emit(Observation::LureTouched { lure: account.lure.clone(), how });
        }
    }
}

/// The salt of an account: as lasting as a stored one, for names that nobody has too.
pub(super) fn salt(session: &Session, user: &str) -> [u8; SALT] {
    let label = format!("postgres/salt/{}/{user}", session.host().name);
    let mut salt = [0; SALT];
    salt.iter_mut().zip(session.pack().installation.derive(&label)).for_each(|(to, from)| *to = from);
    salt
}

/// Whether a client asks for the protocol of replicas.
fn wants(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "false" | "off" | "no" | "0")
}

/// Parameters that are settings, and those of `options=-c name=value`.
fn settings(options: &Options) -> Vec<(String, String)> {
    let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut found = Vec::new();
    for (name, value) in &options.0 {
        match name.as_slice() {
            b"user" | b"database" | b"replication" => {}
            name if name.starts_with(b"_pq_.") => {}
            b"options" => {
                let value = shown(value);
                let words = value.split(' ').map(|word| word.strip_prefix("-c").unwrap_or(word));
                let words = words.map(|word| word.trim_start_matches("--"));
                let pairs = words.filter_map(|word| word.split_once('='));
                found.extend(pairs.map(|(name, value)| (name.replace('-', "_"), value.to_owned())));
            }
            name => found.push((shown(name), shown(value))),
        }
    }
    found
}

/// A database's name as an event of ours may show it: the peer chose it.
fn account_database(name: &str) -> String {
    Tainted::new(name).for_terminal()
}

fn cut(mut name: String) -> String {
    let mut end = MAX_NAME.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.truncate(end);
    name
}

/// What the client says of itself beside user and database: drivers are known by it.
fn tell_client(session: &Session, options: &Options) {
    let said = options.0.iter().filter(|(name, _)| !matches!(name.as_slice(), b"user" | b"database"));
    let said: Vec<String> = said
        .map(|(name, value)| format!("{}={}", String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    if !said.is_empty() {
        session.emit(Observation::Fingerprint { mark: Mark::Tool, value: said.join("; ").into() });
    }
}
