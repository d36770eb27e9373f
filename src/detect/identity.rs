//! By what a source is known again under another address.
//!
//! What many people share (a tool's fingerprint, an account everybody tries, one bait) says nothing by
//! itself. One thing suffices where nobody else can have it: a network card, a private key. All else
//! must agree three times over, in things of different kinds, and the other address must have begun
//! only when the first had fallen silent.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Bait;
use super::rules::quote;
use crate::event::observation::{AuthMethod, Mark};
use crate::event::{Observation, SessionEvent, SessionId, Tainted};

/// Kinds that must agree where none of them suffices by itself.
const ENOUGH: usize = 3;

/// Traits remembered of one source, proven or not; the newest stay.
const MAX_TRAITS: usize = 32;

/// Sessions remembered in which an attack was proven; the newest stay.
const MAX_SESSIONS: usize = 32;

/// Accounts that everybody tries.
const COMMON_ACCOUNTS: [&str; 16] = [
    "admin",
    "administrator",
    "anonymous",
    "ftp",
    "guest",
    "mysql",
    "oracle",
    "pi",
    "postgres",
    "root",
    "sa",
    "scott",
    "system",
    "test",
    "ubuntu",
    "user",
];

/// Names that systems and tools give themselves.
const COMMON_NAMES: [&str; 12] = [
    "admin-pc",
    "debian",
    "desktop",
    "kali",
    "localhost",
    "null",
    "parrot",
    "pc",
    "ubuntu",
    "user-pc",
    "windows",
    "workstation",
];

/// What speaks for who somebody is, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The hardware address of a machine on the decoy's own segment.
    Card,
    /// A private key that he proved or offered.
    Key,
    /// A bait that he used.
    Lure,
    /// The name of his own machine.
    Name,
    /// How his SSH speaks: HASSH.
    Ssh,
    /// How his TLS speaks: JA4.
    Tls,
    /// An account that he tried in vain and that not everybody tries.
    Account,
}

/// One thing by which a source is known again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Trait {
    kind: Kind,
    value: Tainted,
}

/// All that is known of who a source is.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Shown in sessions in which nothing is proven.
    shown: Vec<(SessionId, Trait)>,
    /// Shown in sessions in which an attack was proven: by these he is known again.
    proven: Vec<Trait>,
    sessions: Vec<SessionId>,
}

impl Trait {
    /// The hardware address of a machine on the segment.
    pub(super) fn card(address: &str) -> Self {
        Trait { kind: Kind::Card, value: address.into() }
    }

    /// What an event shows.
    pub(super) fn of(event: &SessionEvent, bait: Option<&Bait>) -> Vec<Self> {
        let own = match &event.observation {
            Observation::Fingerprint { mark, value } => of_mark(*mark, value),
            Observation::AuthAttempt { method, account, accepted, .. } => {
                of_login(event, *method, account, *accepted)
            }
            _ => None,
        };
        let lure = bait.map(|bait| (Kind::Lure, Tainted::new(bait.id.as_str())));
        own.into_iter().chain(lure).map(|(kind, value)| Trait { kind, value }).collect()
    }

    /// A short stand-in, for an index.
    pub(super) fn digest(&self) -> u64 {
        let text = format!("{:?}\n{}", self.kind, self.value.as_untrusted());
        let digest: [u8; 32] = Sha256::digest(text).into();
        digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    fn words(&self) -> (String, String) {
        let value = quote(&self.value);
        match self.kind {
            Kind::Card => (format!("network card {value}"), format!("网卡地址{value}")),
            Kind::Key => (format!("SSH key {value}"), format!("SSH密钥{value}")),
            Kind::Lure => (format!("bait {value}"), format!("诱饵{value}")),
            Kind::Name => (format!("machine name {value}"), format!("主机名{value}")),
            Kind::Ssh => (format!("HASSH {value}"), format!("HASSH {value}")),
            Kind::Tls => (format!("JA4 {value}"), format!("JA4 {value}")),
            Kind::Account => (format!("account {value}"), format!("账号{value}")),
        }
    }
}

impl Identity {
    /// Takes in what a session showed.
    pub(super) fn show(&mut self, session: SessionId, shown: &Trait) {
        if self.sessions.contains(&session) {
            keep(&mut self.proven, shown.clone(), MAX_TRAITS);
        } else {
            keep(&mut self.shown, (session, shown.clone()), MAX_TRAITS);
        }
    }

    /// What this session showed, and will show, is the intruder's.
    pub(super) fn prove(&mut self, session: SessionId) {
        keep(&mut self.sessions, session, MAX_SESSIONS);
        let (his, rest) = std::mem::take(&mut self.shown).into_iter().partition(|(of, _)| *of == session);
        self.shown = rest;
        let his: Vec<(SessionId, Trait)> = his;
        his.into_iter().for_each(|(_, shown)| keep(&mut self.proven, shown, MAX_TRAITS));
    }

    /// By what he is known again.
    pub(super) fn proven(&self) -> impl Iterator<Item = &Trait> {
        self.proven.iter()
    }

    /// All that he ever showed.
    pub(super) fn all(&self) -> impl Iterator<Item = &Trait> {
        self.proven.iter().chain(self.shown.iter().map(|(_, shown)| shown))
    }

    /// What of all that he showed is an intruder's, by which that one is known.
    pub(super) fn shared<'s>(&'s self, intruder: &Identity) -> BTreeSet<&'s Trait> {
        self.all().filter(|shown| intruder.proven.contains(shown)).collect()
    }

    /// Takes over what another source showed that turned out to be the same.
    pub(super) fn absorb(&mut self, other: Identity) {
        other.proven.into_iter().for_each(|shown| keep(&mut self.proven, shown, MAX_TRAITS));
        other.shown.into_iter().for_each(|shown| keep(&mut self.shown, shown, MAX_TRAITS));
        other.sessions.into_iter().for_each(|session| keep(&mut self.sessions, session, MAX_SESSIONS));
    }
}

/// Whether this much in common makes one source of two addresses; `succeeds`: the second began only when
/// the first had fallen silent.
pub(super) fn suffices(shared: &BTreeSet<&Trait>, succeeds: bool) -> bool {
    let kinds: BTreeSet<_> = shared.iter().map(|shown| shown.kind).collect();
    kinds.iter().any(|kind| is_enough(*kind)) || (succeeds && kinds.len() >= ENOUGH)
}

/// What two addresses have in common, one word of each kind, in both languages.
pub(super) fn in_words(shared: &BTreeSet<&Trait>) -> (String, String) {
    let mut seen = BTreeSet::new();
    let (en, zh): (Vec<_>, Vec<_>) =
        shared.iter().filter(|shown| seen.insert(shown.kind)).map(|shown| shown.words()).unzip();
    (en.join(", "), zh.join("、"))
}

/// Whether one of a kind suffices.
fn is_enough(kind: Kind) -> bool {
    match kind {
        Kind::Card | Kind::Key => true,
        Kind::Lure | Kind::Name | Kind::Ssh | Kind::Tls | Kind::Account => false,
    }
}

fn of_mark(mark: Mark, value: &Tainted) -> Option<(Kind, Tainted)> {
    match mark {
        Mark::SshKey => Some((Kind::Key, value.clone())),
        Mark::Hassh => Some((Kind::Ssh, value.clone())),
        Mark::Ja4 => Some((Kind::Tls, value.clone())),
        // The machine's name stands before what it runs.
        Mark::NtlmClient | Mark::RdpClient => own_name(value.as_untrusted()).map(|name| (Kind::Name, name)),
        Mark::SshClient
        | Mark::TcpSyn
        | Mark::CallingAe
        | Mark::DicomImplementation
        | Mark::HlSender
        | Mark::AstmSender
        | Mark::UserAgent
        | Mark::DatabaseClient
        | Mark::SmbClient
        | Mark::Tool
        | Mark::Scanner
        | Mark::ClientHabits => None,
    }
}

fn own_name(value: &str) -> Option<Tainted> {
    let name = value.split('|').next().unwrap_or(value).trim().to_lowercase();
    (!name.is_empty() && !COMMON_NAMES.contains(&name.as_str())).then(|| name.into())
}

/// A login that got in used a bait, which others may have found too; one that was refused names whom he
/// believes to be there.
fn of_login(
    event: &SessionEvent,
    method: AuthMethod,
    account: &Tainted,
    accepted: bool,
) -> Option<(Kind, Tainted)> {
    let name = account.as_untrusted().to_lowercase();
    match method {
        _ if name.is_empty() => None,
        _ if accepted => Some((Kind::Lure, format!("{name}@{}", event.origin.host).into())),
        _ if COMMON_ACCOUNTS.contains(&name.as_str()) => None,
        AuthMethod::Password
        | AuthMethod::Form
        | AuthMethod::Basic
        | AuthMethod::KeyboardInteractive
        | AuthMethod::DicomUserIdentity
        | AuthMethod::ChallengeResponse
        | AuthMethod::PublicKey => Some((Kind::Account, name.into())),
    }
}

fn keep<T: PartialEq>(list: &mut Vec<T>, item: T, most: usize) {
    if !list.contains(&item) {
        if list.len() >= most {
            list.remove(0);
        }
        list.push(item);
    }
}
