//! Who may use the console: names, roles and passwords, in one file that only this user may read.
//! Passwords are kept as Argon2id hashes (RFC 9106, second recommended option).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::totp;

/// File of the one-time secret in the console's folder, as long as there is no account.
pub const SETUP: &str = "setup-secret";

/// Shortest password.
pub(super) const PASSWORD_MIN: usize = 12;

/// Longest password: more only costs time.
pub(super) const PASSWORD_MAX: usize = 256;

/// Longest name.
const NAME_MAX: usize = 64;

/// 19 MiB, two passes, one lane: what small machines are advised to use.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// What a user may do. The auditor sees who did what, and is nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Reads incidents and sessions.
    Viewer,
    /// Also works on incidents, and takes out packets, transcripts and files.
    Analyst,
    /// Also asks for what a second person must approve.
    Responder,
    /// Also approves, and manages accounts, tokens and settings.
    Administrator,
    /// Reads the audit log.
    Auditor,
}

impl Role {
    /// Whether incidents and sessions are open to this role.
    pub(super) fn reads_sessions(self) -> bool {
        match self {
            Role::Viewer | Role::Analyst | Role::Responder | Role::Administrator => true,
            Role::Auditor => false,
        }
    }

    /// Whether evidence may be taken out.
    pub(super) fn takes_evidence(self) -> bool {
        match self {
            Role::Analyst | Role::Responder | Role::Administrator => true,
            Role::Viewer | Role::Auditor => false,
        }
    }

    /// Whether incidents are worked on by this role: states, notes, who does it.
    pub(super) fn works_on_cases(self) -> bool {
        self.takes_evidence()
    }

    /// Whether the audit log is open to this role.
    pub(super) fn audits(self) -> bool {
        match self {
            Role::Auditor => true,
            Role::Viewer | Role::Analyst | Role::Responder | Role::Administrator => false,
        }
    }

    /// Whether accounts are made and closed by this role.
    pub(super) fn manages_accounts(self) -> bool {
        match self {
            Role::Administrator => true,
            Role::Viewer | Role::Analyst | Role::Responder | Role::Auditor => false,
        }
    }

    /// Whether settings, baits and requests are open to this role, and it may ask for what a second person
    /// approves.
    pub(super) fn asks(self) -> bool {
        match self {
            Role::Responder | Role::Administrator => true,
            Role::Viewer | Role::Analyst | Role::Auditor => false,
        }
    }

    /// Whether this role approves what others ask for.
    pub(super) fn approves(self) -> bool {
        self.manages_settings()
    }

    /// Whether settings are changed by this role.
    pub(super) fn manages_settings(self) -> bool {
        match self {
            Role::Administrator => true,
            Role::Viewer | Role::Analyst | Role::Responder | Role::Auditor => false,
        }
    }

    /// How much it may, for who has several. The auditor stands beside all others.
    pub(super) fn rank(self) -> u8 {
        match self {
            Role::Auditor => 0,
            Role::Viewer => 1,
            Role::Analyst => 2,
            Role::Responder => 3,
            Role::Administrator => 4,
        }
    }

    /// By its name in forms and files.
    pub(super) fn named(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    role: Role,
    /// Hexadecimal.
    salt: String,
    /// Hexadecimal.
    hash: String,
    #[serde(default)]
    closed: bool,
    /// Secret of the second factor, hexadecimal; none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    second: Option<String>,
    /// The last step whose code was used: each is good once.
    #[serde(default)]
    last_step: u64,
}

/// All accounts.
pub(super) struct Accounts {
    folder: PathBuf,
    known: Mutex<BTreeMap<String, Account>>,
    /// One password is hashed at a time: each takes 19 MiB, and many browsers may knock at once.
    turn: Mutex<()>,
}

impl Accounts {
    /// Reads them; makes a one-time secret when there is none.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let known = match fs::read(folder.join("accounts.json")) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let accounts = Accounts { folder: folder.to_owned(), known: Mutex::new(known), turn: Mutex::new(()) };
        if accounts.is_empty() && !folder.join(SETUP).is_file() {
            let secret = hex::encode(rand::random::<[u8; 10]>());
            private_file(&folder.join(SETUP), secret.as_bytes())?;
        }
        Ok(accounts)
    }

    /// Whether nobody can log in yet.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Names, roles, whether closed; sorted.
    pub(super) fn list(&self) -> Vec<(String, Role, bool)> {
        self.lock().iter().map(|(name, account)| (name.clone(), account.role, account.closed)).collect()
    }

    /// Whether this is the one-time secret.
    pub(super) fn is_setup(&self, secret: &str) -> bool {
        let kept = fs::read_to_string(self.folder.join(SETUP)).unwrap_or_default();
        let (kept, given) = (kept.trim(), secret.trim());
        !kept.is_empty() && bool::from(kept.as_bytes().ct_eq(given.as_bytes()))
    }

    /// Makes the first administrator; the one-time secret is worth nothing from then on.
    pub(super) fn set_up(&self, name: &str, password: &str) -> Result<(), &'static str> {
        if !self.is_empty() {
            return Err("setup_done");
        }
        self.add(name, password, Role::Administrator)?;
        let _ = fs::remove_file(self.folder.join(SETUP));
        Ok(())
    }

    /// Makes an account. An error is the key of a message.
    pub(super) fn add(&self, name: &str, password: &str, role: Role) -> Result<(), &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(plain) {
            return Err("bad_name");
        }
        if password.chars().count() < PASSWORD_MIN || password.len() > PASSWORD_MAX {
            return Err("bad_password");
        }
        let salt: [u8; 16] = rand::random();
        let hash = self.hash(password, &salt).ok_or("not_saved")?;
        let mut known = self.lock();
        if known.contains_key(name) {
            return Err("name_taken");
        }
        let account = Account {
            role,
            salt: hex::encode(salt),
            hash: hex::encode(hash),
            closed: false,
            second: None,
            last_step: 0,
        };
        known.insert(name.to_owned(), account);
        self.save(&known).map_err(|_| "not_saved")
    }

    /// Closes an account or opens it again. The last administrator stays.
    pub(super) fn close(&self, name: &str, closed: bool) -> Result<(), &'static str> {
        let mut known = self.lock();
        let is_other = |(other, account): (&String, &Account)| {
            other != name && account.role == Role::Administrator && !account.closed
        };
        let is_last =
            known.get(name).is_some_and(|a| a.role == Role::Administrator) && !known.iter().any(is_other);
        if closed && is_last {
            return Err("last_administrator");
        }
        known.get_mut(name).ok_or("no_account")?.closed = closed;
        self.save(&known).map_err(|_| "not_saved")
    }

    /// The role of a user, if name and password are right. Takes as long for a name that is not there.
    pub(super) fn check(&self, name: &str, password: &str) -> Option<Role> {
        let account = self.lock().get(name).cloned();
        let salt = account.as_ref().and_then(|a| hex::decode(&a.salt).ok()).unwrap_or(vec![0; 16]);
        let given = self.hash(password.get(..PASSWORD_MAX).unwrap_or(password), &salt)?;
        let account = account.filter(|account| !account.closed)?;
        let kept = hex::decode(&account.hash).ok()?;
        bool::from(kept.ct_eq(&given)).then_some(account.role)
    }

    /// Whether the code is that of the account's second factor now; so it is where there is none.
    pub(super) fn check_code(&self, name: &str, code: &str, seconds: u64) -> bool {
        let mut known = self.lock();
        let Some(account) = known.get_mut(name) else { return false };
        let Some(secret) = account.second.as_ref().and_then(|secret| hex::decode(secret).ok()) else {
            return account.second.is_none();
        };
        let Some(step) = totp::check(&secret, code, seconds, account.last_step) else { return false };
        account.last_step = step;
        self.save(&known).is_ok()
    }

    /// Whether a code is asked for.
    pub(super) fn has_second_factor(&self, name: &str) -> bool {
        self.lock().get(name).is_some_and(|account| account.second.is_some())
    }

    /// Turns the second factor on, if the code shows that its owner has the secret.
    pub(super) fn set_second_factor(
        &self,
        name: &str,
        secret: &[u8],
        code: &str,
    ) -> Result<(), &'static str> {
        let seconds = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
        let step = totp::check(secret, code, seconds, 0).ok_or("wrong_code")?;
        let mut known = self.lock();
        let account = known.get_mut(name).ok_or("no_account")?;
        account.second = Some(hex::encode(secret));
        account.last_step = step;
        self.save(&known).map_err(|_| "not_saved")
    }

    /// Turns the second factor off.
    pub(super) fn drop_second_factor(&self, name: &str) -> Result<(), &'static str> {
        let mut known = self.lock();
        known.get_mut(name).ok_or("no_account")?.second = None;
        self.save(&known).map_err(|_| "not_saved")
    }

    /// Gives an account another password.
    pub(super) fn change_password(&self, name: &str, password: &str) -> Result<(), &'static str> {
        if password.chars().count() < PASSWORD_MIN || password.len() > PASSWORD_MAX {
            return Err("bad_password");
        }
        let salt: [u8; 16] = rand::random();
        let hash = self.hash(password, &salt).ok_or("not_saved")?;
        let mut known = self.lock();
        let account = known.get_mut(name).ok_or("no_account")?;
        account.salt = hex::encode(salt);
        account.hash = hex::encode(hash);
        self.save(&known).map_err(|_| "not_saved")
    }

    /// The role of a user who is logged in; none once the account is closed.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        self.lock().get(name).filter(|account| !account.closed).map(|account| account.role)
    }

    fn hash(&self, password: &str, salt: &[u8]) -> Option<[u8; 32]> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        hash(password, salt)
    }

    fn save(&self, known: &BTreeMap<String, Account>) -> io::Result<()> {
        let fresh = self.folder.join("accounts.new");
        private_file(&fresh, &serde_json::to_vec_pretty(known)?)?;
        fs::rename(fresh, self.folder.join("accounts.json"))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Account>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(password: &str, salt: &[u8]) -> Option<[u8; 32]> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let mut out = [0; 32];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(password.as_bytes(), salt, &mut out).ok().map(|()| out)
}

/// Writes a file that only this user may read, down to the disk.
pub(super) fn private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_administrator_needs_the_secret_and_ends_it() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(dir.path()).unwrap();
        let secret = fs::read_to_string(dir.path().join(SETUP)).unwrap();
        assert!(accounts.is_setup(&secret) && !accounts.is_setup("") && !accounts.is_setup("x"));
        assert_eq!(accounts.set_up("admin", "short"), Err("bad_password"));
        accounts.set_up("admin", "correct horse battery").unwrap();
        assert!(!accounts.is_setup(&secret) && !accounts.is_setup(""));
        assert_eq!(accounts.set_up("other", "correct horse battery"), Err("setup_done"));
        let again = Accounts::open(dir.path()).unwrap();
        assert_eq!(again.check("admin", "correct horse battery"), Some(Role::Administrator));
        assert_eq!(again.check("admin", "correct horse batterz"), None);
        assert_eq!(again.check("nobody", "correct horse battery"), None);
        assert!(!dir.path().join(SETUP).exists());
    }

    #[test]
    fn a_second_factor_is_asked_for_and_each_code_is_good_once() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(dir.path()).unwrap();
        accounts.set_up("admin", "correct horse battery").unwrap();
        assert!(accounts.check_code("admin", "", 0) && !accounts.has_second_factor("admin"));
        let (secret, now) = ([7; totp::SECRET], u64::try_from(jiff::Timestamp::now().as_second()).unwrap());
        assert_eq!(accounts.set_second_factor("admin", &secret, "000000x"), Err("wrong_code"));
        accounts.set_second_factor("admin", &secret, &totp::now(&secret, now)).unwrap();
        let again = Accounts::open(dir.path()).unwrap();
        assert!(again.has_second_factor("admin") && !again.check_code("admin", "", now));
        let later = now + 120;
        assert!(again.check_code("admin", &totp::now(&secret, later), later));
        assert!(!again.check_code("admin", &totp::now(&secret, later), later));
        again.drop_second_factor("admin").unwrap();
        again.change_password("admin", "another horse battery").unwrap();
        assert_eq!(again.check("admin", "correct horse battery"), None);
        assert!(again.check("admin", "another horse battery").is_some());
    }

    #[test]
    fn a_closed_account_is_out_and_the_last_administrator_stays() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(dir.path()).unwrap();
        accounts.set_up("admin", "correct horse battery").unwrap();
        accounts.add("zhang", "correct horse battery", Role::Analyst).unwrap();
        assert_eq!(accounts.add("zhang", "correct horse battery", Role::Viewer), Err("name_taken"));
        assert_eq!(accounts.close("admin", true), Err("last_administrator"));
        accounts.close("zhang", true).unwrap();
        assert_eq!((accounts.check("zhang", "correct horse battery"), accounts.role("zhang")), (None, None));
    }
}
