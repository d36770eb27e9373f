//! Who is logged in. A login is a random token in a cookie; only its hash is kept, in memory, so that
//! a restart logs everybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::accounts::Role;
use super::totp::SECRET;

/// Nobody stays longer than a shift.
const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// Most logins at once: far more than a security team.
const MOST: usize = 1000;

/// Failures in a row after which a name or an address must wait.
const FAILURES: u32 = 5;

/// How long it waits.
const LOCKED: Duration = Duration::from_secs(300);

/// Most names and addresses whose failures are remembered.
const REMEMBERED: usize = 10_000;

/// One login.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// Whose.
    pub account: String,
    /// What forms must bring back.
    pub csrf: String,
    /// What the hospital's own provider lets him do; none for a local account.
    pub given: Option<Role>,
    began: Instant,
    last: Instant,
}

/// All logins, and who failed lately.
pub(super) struct Logins {
    idle: Duration,
    open: Mutex<HashMap<[u8; 32], Login>>,
    /// Secrets of second factors that were shown and not confirmed yet, by account.
    offers: Mutex<HashMap<String, ([u8; SECRET], Instant)>>,
    failed: Mutex<HashMap<String, (u32, Instant)>>,
}

impl Logins {
    /// Nobody yet.
    pub(super) fn new(idle_minutes: u32) -> Self {
        Logins {
            idle: Duration::from_secs(u64::from(idle_minutes) * 60),
            open: Mutex::default(),
            offers: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// Logs in; gives the cookie's token.
    pub(super) fn begin(&self, account: &str) -> String {
        self.begin_as(account, None)
    }

    /// The same for somebody whom the hospital's own provider names, with the role that this gives him.
    pub(super) fn begin_as(&self, account: &str, given: Option<Role>) -> String {
        let token = hex::encode(rand::random::<[u8; 32]>());
        let csrf = hex::encode(rand::random::<[u8; 16]>());
        let now = Instant::now();
        let mut open = lock(&self.open);
        open.retain(|_, login| self.lives(login, now));
        if open.len() >= MOST {
            open.clear();
        }
        open.insert(key(&token), Login { account: account.to_owned(), csrf, given, began: now, last: now });
        token
    }

    /// Whose token this is; whether that counts as a click is the caller's to say.
    pub(super) fn find(&self, token: &str, clicks: bool) -> Option<Login> {
        let (now, key) = (Instant::now(), key(token));
        let mut open = lock(&self.open);
        let login = open.get_mut(&key)?;
        if !self.lives(login, now) {
            open.remove(&key);
            return None;
        }
        if clicks {
            login.last = now;
        }
        Some(login.clone())
    }

    /// Remembers a secret that an account is shown, until it is confirmed.
    pub(super) fn offer(&self, account: &str, secret: [u8; SECRET]) {
        let mut offers = lock(&self.offers);
        offers.retain(|_, (_, since)| since.elapsed() < LOCKED);
        offers.insert(account.to_owned(), (secret, Instant::now()));
    }

    /// The secret that an account was shown a while ago.
    pub(super) fn offered(&self, account: &str) -> Option<[u8; SECRET]> {
        let offers = lock(&self.offers);
        offers.get(account).filter(|(_, since)| since.elapsed() < LOCKED).map(|(secret, _)| *secret)
    }

    /// Logs an account out everywhere but here.
    pub(super) fn end_all(&self, account: &str, here: Option<&String>) {
        let here = here.map(|token| key(token));
        lock(&self.open).retain(|token, login| login.account != account || Some(*token) == here);
    }

    /// Logs out.
    pub(super) fn end(&self, token: &str) {
        lock(&self.open).remove(&key(token));
    }

    /// Whether a name and an address may try now.
    pub(super) fn may_try(&self, account: &str, from: IpAddr) -> bool {
        let failed = lock(&self.failed);
        !marks(account, from).iter().any(|mark| {
            failed.get(mark).is_some_and(|(count, last)| *count >= FAILURES && last.elapsed() < LOCKED)
        })
    }

    /// Notes how an attempt went.
    pub(super) fn tried(&self, account: &str, from: IpAddr, succeeded: bool) {
        let mut failed = lock(&self.failed);
        failed.retain(|_, (_, last)| last.elapsed() < LOCKED);
        if failed.len() >= REMEMBERED {
            failed.clear();
        }
        for mark in marks(account, from) {
            if succeeded {
                failed.remove(&mark);
            } else {
                let entry = failed.entry(mark).or_insert((0, Instant::now()));
                *entry = (entry.0 + 1, Instant::now());
            }
        }
    }

    fn lives(&self, login: &Login, now: Instant) -> bool {
        now.duration_since(login.last) < self.idle && now.duration_since(login.began) < LONGEST
    }
}

impl Login {
    /// Whoever acts by a token of the API, which needs no form.
    pub(super) fn of_token(account: &str) -> Self {
        let now = Instant::now();
        Login { account: account.to_owned(), csrf: String::new(), given: None, began: now, last: now }
    }

    /// Whether a form came from a page of this login.
    pub(super) fn owns(&self, csrf: &str) -> bool {
        !self.csrf.is_empty() && bool::from(self.csrf.as_bytes().ct_eq(csrf.as_bytes()))
    }
}

fn marks(account: &str, from: IpAddr) -> [String; 2] {
    [format!("name {account}"), format!("from {from}")]
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_until_it_ends_or_is_idle() {
        let logins = Logins::new(30);
        let token = logins.begin("admin");
        let login = logins.find(&token, true).unwrap();
        assert!(login.account == "admin" && login.owns(&login.csrf) && !login.owns(""));
        assert!(logins.find("", true).is_none());
        logins.end(&token);
        assert!(logins.find(&token, true).is_none());
        let idle = Logins::new(0);
        let token = idle.begin("admin");
        assert!(idle.find(&token, true).is_none());
    }

    #[test]
    fn guessing_is_locked_out_by_name_and_by_address() {
        let logins = Logins::new(30);
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for _ in 0..FAILURES {
            assert!(logins.may_try("admin", here));
            logins.tried("admin", here, false);
        }
        assert!(!logins.may_try("admin", there) && !logins.may_try("zhang", here));
        assert!(logins.may_try("zhang", there));
    }
}
