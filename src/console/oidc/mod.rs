//! Login by the hospital's own OpenID provider: authorization code with PKCE (OpenID Connect Core 1.0,
//! RFC 6749, RFC 7636, RFC 9207). Local accounts stay for the day when it is away.

mod settings;
mod token;

use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::settings::Oidc;
use self::token::{Keys, Unfit, Wanted};
use super::accounts::Role;

/// How long somebody may take at the provider.
const PATIENCE: Duration = Duration::from_secs(600);

/// Most logins under way: far more than a security team.
const UNDER_WAY: usize = 200;

/// How long what the provider says of itself is believed.
const FRESH: Duration = Duration::from_secs(600);

/// A key that is not known is looked for no more often than this: tokens could make it busy otherwise.
const AGAIN: Duration = Duration::from_secs(30);

/// Longest name of a user.
const NAME: usize = 64;

/// In front of names that the provider gives: no local account has a colon.
const MARK: &str = "oidc:";

/// Something to ask of the provider.
pub struct Question<'a> {
    /// Where.
    pub url: &'a str,
    /// The value of `Authorization`.
    pub authorization: Option<&'a str>,
    /// The form to post; without one it is a GET.
    pub form: Option<String>,
    /// PEM file of the authorities that may sign the server's certificate.
    pub ca: Option<&'a std::path::Path>,
}

/// Asks it; an error is in words.
pub type Ask = Box<dyn Fn(&Question<'_>) -> Result<Vec<u8>, String> + Send + Sync>;

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Debug, Clone)]
struct Known {
    discovery: Discovery,
    keys: Keys,
    since: Instant,
}

/// A login that began here and is at the provider now.
struct UnderWay {
    nonce: String,
    verifier: String,
    /// Hash of the cookie of the browser that began it.
    browser: [u8; 32],
    since: Instant,
}

/// Where to send a browser, and the cookie that it must bring back.
pub(super) struct Begun {
    pub(super) location: String,
    pub(super) cookie: String,
}

/// Why nobody came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// The provider can't be asked, or what it says is of no use.
    Away(String),
    /// The login did not begin here, is over, or was used.
    NotBegun,
    /// The provider says no.
    Denied,
    /// What the provider sent proves nothing.
    Unproven(&'static str),
    /// No value of the claim gives a role.
    NoRole,
}

impl Refused {
    /// The key of what a page says.
    pub(super) fn key(&self) -> &'static str {
        match self {
            Refused::Away(_) => "oidc_away",
            Refused::NotBegun => "oidc_old",
            Refused::Denied => "oidc_denied",
            Refused::Unproven(_) => "oidc_unproven",
            Refused::NoRole => "oidc_no_role",
        }
    }

    /// For the audit log.
    pub(super) fn reason(&self) -> &str {
        match self {
            Refused::Away(reason) => reason,
            Refused::NotBegun => "the login did not begin here, or is over",
            Refused::Denied => "the provider refused",
            Refused::Unproven(reason) => reason,
            Refused::NoRole => "no role",
        }
    }
}

/// Who came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Admitted {
    pub(super) account: String,
    pub(super) role: Role,
}

/// What a browser brings back.
pub(super) struct Brought<'a> {
    pub(super) state: &'a str,
    pub(super) code: &'a str,
    pub(super) issuer: Option<&'a str>,
    pub(super) failed: bool,
    pub(super) cookie: &'a str,
}

/// The provider, and the logins that are there.
pub(super) struct Provider {
    settings: Oidc,
    ask: Ask,
    known: Mutex<Option<Known>>,
    under_way: Mutex<HashMap<[u8; 32], UnderWay>>,
}

impl Provider {
    pub(super) fn new(settings: Oidc, ask: Ask) -> Self {
        Provider { settings, ask, known: Mutex::default(), under_way: Mutex::default() }
    }

    /// Begins a login.
    pub(super) fn begin(&self) -> Result<Begun, Refused> {
        let known = self.known()?;
        let (state, nonce, verifier, cookie) = (random(), random(), random(), random());
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
        let scope = format!("openid {}", self.settings.scopes.join(" "));
        let callback = self.settings.callback();
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &callback),
            ("scope", scope.trim_end()),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &known.discovery.authorization_endpoint;
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let location = format!("{endpoint}{joint}{query}");
        let mut under_way = lock(&self.under_way);
        under_way.retain(|_, login| login.since.elapsed() < PATIENCE);
        if under_way.len() >= UNDER_WAY {
            let oldest = under_way.iter().min_by_key(|(_, login)| login.since).map(|(key, _)| *key);
            oldest.map(|key| under_way.remove(&key));
        }
        let login = UnderWay { nonce, verifier, browser: digest(&cookie), since: Instant::now() };
        under_way.insert(digest(&state), login);
        Ok(Begun { location, cookie })
    }

    /// Ends a login: whoever comes back with a code.
    pub(super) fn end(&self, brought: &Brought<'_>, now: i64) -> Result<Admitted, Refused> {
        // Whatever comes of it, a state is good once, and for the browser that began alone.
        let login = lock(&self.under_way).remove(&digest(brought.state)).ok_or(Refused::NotBegun)?;
        let same = bool::from(login.browser.ct_eq(&digest(brought.cookie)));
        if !same || login.since.elapsed() >= PATIENCE {
            return Err(Refused::NotBegun);
        }
        if brought.issuer.is_some_and(|issuer| issuer != self.settings.issuer) {
            return Err(Refused::Unproven(Unfit::Issuer.as_str()));
        }
        if brought.failed || brought.code.is_empty() {
            return Err(Refused::Denied);
        }
        let token = self.redeem(brought.code, &login.verifier)?;
        let claims = self.claims(&token, &login.nonce, now)?;
        self.admitted(&claims)
    }

    /// The code becomes a token.
    fn redeem(&self, code: &str, verifier: &str) -> Result<String, Refused> {
        let (known, settings) = (self.known()?, &self.settings);
        let callback = settings.callback();
        let form = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &callback),
            ("client_id", &settings.client_id),
            ("code_verifier", verifier),
        ]);
        let authorization = settings.secret_file.as_ref().map(|file| {
            let secret =
                fs::read_to_string(file).map_err(|e| Refused::Away(format!("{}: {e}", file.display())))?;
            // RFC 6749 section 2.3.1: each is encoded as in a form first.
            let pair = format!("{}:{}", encoded(&settings.client_id), encoded(secret.trim()));
            Ok(format!("Basic {}", BASE64_STANDARD.encode(pair)))
        });
        let authorization = authorization.transpose()?;
        let answer: Value =
            self.asked(&known.discovery.token_endpoint, authorization.as_deref(), Some(form))?;
        let token = answer["id_token"].as_str().map(str::to_owned);
        token.ok_or(Refused::Unproven("the provider gave no token"))
    }

    fn claims(&self, token: &str, nonce: &str, now: i64) -> Result<Value, Refused> {
        let settings = &self.settings;
        let wanted = Wanted { issuer: &settings.issuer, client: &settings.client_id, nonce, now };
        let known = self.known()?;
        let judged = match token::claims(token, &known.keys, wanted) {
            // Providers change their keys.
            Err(Unfit::Key) if known.since.elapsed() >= AGAIN => {
                token::claims(token, &self.learned()?.keys, wanted)
            }
            judged => judged,
        };
        judged.map_err(|unfit| Refused::Unproven(unfit.as_str()))
    }

    fn admitted(&self, claims: &Value) -> Result<Admitted, Refused> {
        let name = claims[self.settings.account_claim.as_str()].as_str().or(claims["sub"].as_str());
        let plain = |c: char| c.is_alphanumeric() || "-_.@".contains(c);
        let name =
            name.filter(|name| !name.is_empty() && name.chars().count() <= NAME && name.chars().all(plain));
        let name = name.ok_or(Refused::Unproven("the token names nobody"))?;
        let role = match &claims[self.settings.role_claim.as_str()] {
            Value::String(one) => self.settings.role(std::iter::once(one.as_str())),
            Value::Array(all) => self.settings.role(all.iter().filter_map(Value::as_str)),
            _ => None,
        };
        Ok(Admitted { account: format!("{MARK}{name}"), role: role.ok_or(Refused::NoRole)? })
    }

    fn known(&self) -> Result<Known, Refused> {
        let known = lock(&self.known).clone();
        match known.filter(|known| known.since.elapsed() < FRESH) {
            Some(known) => Ok(known),
            None => self.learned(),
        }
    }

    /// Asks the provider what it is.
    fn learned(&self) -> Result<Known, Refused> {
        let issuer = &self.settings.issuer;
        let place = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let discovery: Discovery = self.asked(&place, None, None)?;
        let wrong = |what: &str| Err(Refused::Away(format!("{place}: {what}")));
        if discovery.issuer != *issuer {
            return wrong("another issuer");
        }
        let places = [&discovery.authorization_endpoint, &discovery.token_endpoint, &discovery.jwks_uri];
        if !places.into_iter().all(|place| settings::is_safe(place)) {
            return wrong("an endpoint without TLS");
        }
        let keys: Keys = self.asked(&discovery.jwks_uri, None, None)?;
        let known = Known { discovery, keys, since: Instant::now() };
        *lock(&self.known) = Some(known.clone());
        Ok(known)
    }

    fn asked<T: serde::de::DeserializeOwned>(
        &self,
        url: &str,
        authorization: Option<&str>,
        form: Option<String>,
    ) -> Result<T, Refused> {
        let question = Question { url, authorization, form, ca: self.settings.ca.as_deref() };
        let answer = (self.ask)(&question).map_err(|e| Refused::Away(format!("{url}: {e}")))?;
        serde_json::from_slice(&answer).map_err(|e| Refused::Away(format!("{url}: {e}")))
    }
}

fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn form(pairs: &[(&str, &str)]) -> String {
    let whole: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    whole.join("&")
}

/// All but unreserved characters (RFC 3986 section 2.3) by percent.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
