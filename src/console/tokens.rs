//! Tokens of programs that use the API: scoped, kept as hashes, and they end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::accounts::private_file;

/// What a token begins with, so that scanners of repositories find one that got lost.
const MARK: &str = "hwt_";

/// Longest life, in days.
pub(super) const LONGEST: i64 = 366;

/// Most tokens.
const MOST: usize = 200;

/// Between two notes of its last use.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Scope {
    /// Reads incidents, sessions, decoys and health.
    Read,
    /// Changes states, assignees and notes of incidents.
    Triage,
    /// Takes packets, transcripts, lists and files out.
    Evidence,
    /// Reads the audit log.
    Audit,
    /// Reads and changes settings, asks and approves.
    Settings,
}

impl Scope {
    /// All of them.
    pub(super) const ALL: [Scope; 5] =
        [Scope::Read, Scope::Triage, Scope::Evidence, Scope::Audit, Scope::Settings];

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Triage => "triage",
            Scope::Evidence => "evidence",
            Scope::Audit => "audit",
            Scope::Settings => "settings",
        }
    }

    /// By its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// One token; its secret is known to its user alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// Its public part.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// In whose name it acts: it may never do more than he.
    pub account: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it ends.
    pub ends: Timestamp,
    /// When it was used last, to the minute.
    pub used: Option<Timestamp>,
    /// SHA-256 of the secret part, hexadecimal: it is random, so it needs no salt.
    hash: String,
}

/// All tokens.
pub(super) struct Tokens {
    file: PathBuf,
    kept: Mutex<Vec<Token>>,
}

impl Tokens {
    /// Reads them.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let file = folder.join("tokens.json");
        let kept = match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Tokens { file, kept: Mutex::new(kept) })
    }

    /// All of them, those that ended too.
    pub(super) fn list(&self) -> Vec<Token> {
        self.lock().clone()
    }

    /// Makes one; gives it whole, which happens once. An error is the key of a message.
    pub(super) fn make(
        &self,
        name: &str,
        account: &str,
        scopes: Vec<Scope>,
        days: i64,
        now: Timestamp,
    ) -> Result<String, &'static str> {
        if name.is_empty() || name.len() > 80 || scopes.is_empty() || !(1..=LONGEST).contains(&days) {
            return Err("bad_token");
        }
        let id = hex::encode(rand::random::<[u8; 6]>());
        let secret = hex::encode(rand::random::<[u8; 24]>());
        let token = Token {
            id: id.clone(),
            name: name.to_owned(),
            account: account.to_owned(),
            scopes,
            ends: now + SignedDuration::from_hours(24 * days),
            used: None,
            hash: hex::encode(Sha256::digest(secret.as_bytes())),
        };
        let mut kept = self.lock();
        if kept.len() >= MOST {
            return Err("bad_token");
        }
        kept.push(token);
        self.write(&kept).map_err(|_| "not_saved")?;
        Ok(format!("{MARK}{id}_{secret}"))
    }

    /// Ends one.
    pub(super) fn revoke(&self, id: &str) -> io::Result<()> {
        let mut kept = self.lock();
        kept.retain(|token| token.id != id);
        self.write(&kept)
    }

    /// The token that this is, if it has not ended.
    pub(super) fn find(&self, whole: &str, now: Timestamp) -> Option<Token> {
        let (id, secret) = whole.strip_prefix(MARK)?.split_once('_')?;
        let given = hex::encode(Sha256::digest(secret.as_bytes()));
        let mut kept = self.lock();
        let token = kept.iter_mut().find(|token| token.id == id)?;
        if token.ends <= now || !bool::from(token.hash.as_bytes().ct_eq(given.as_bytes())) {
            return None;
        }
        let stale = token.used.is_none_or(|used| now.duration_since(used) > NOTED);
        let mut found = token.clone();
        if stale {
            token.used = Some(now);
            found.used = Some(now);
            if let Err(error) = self.write(&kept) {
                tracing::warn!(%error, "the use of a token is not noted");
            }
        }
        Some(found)
    }

    fn write(&self, kept: &[Token]) -> io::Result<()> {
        let fresh = self.file.with_extension("new");
        private_file(&fresh, &serde_json::to_vec_pretty(kept)?)?;
        fs::rename(fresh, &self.file)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Token>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_until_it_ends_and_its_secret_is_nowhere() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_second(1_790_000_000).unwrap();
        let tokens = Tokens::open(dir.path()).unwrap();
        assert_eq!(tokens.make("siem", "zhang", Vec::new(), 30, now), Err("bad_token"));
        assert_eq!(tokens.make("siem", "zhang", vec![Scope::Read], 3000, now), Err("bad_token"));
        let whole = tokens.make("siem", "zhang", vec![Scope::Read], 30, now).unwrap();
        let kept = fs::read_to_string(dir.path().join("tokens.json")).unwrap();
        assert!(!kept.contains(whole.rsplit('_').next().unwrap()));
        let again = Tokens::open(dir.path()).unwrap();
        let found = again.find(&whole, now).unwrap();
        assert_eq!((found.account.as_str(), found.scopes.as_slice()), ("zhang", &[Scope::Read][..]));
        let end = now + SignedDuration::from_hours(24 * 30);
        assert!(again.find(&whole, end).is_none());
        assert!(again.find(&format!("{whole}0"), now).is_none() && again.find("hwt_", now).is_none());
        again.revoke(&found.id).unwrap();
        assert!(again.find(&whole, now).is_none());
    }
}
