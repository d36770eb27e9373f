//! What must be remembered of a source to judge its next event. Bounded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::damage::sign;
use super::rules::Words;
use crate::event::observation::{AuthMethod, Mark, RecordKind};
use crate::event::{Detail, Observation, SessionEvent, SessionId, Tainted};

/// Window of sweeps and guesses.
const SHORT: SignedDuration = SignedDuration::from_mins(10);

/// Status of an A-ASSOCIATE whose called AE title the host doesn't have: result 1, source 1, reason 7.
const CALLED_NOT_RECOGNISED: u32 = 0x01_01_07;

/// Ports remembered: enough for the sweep rule on many hosts.
const MAX_TOUCHES: usize = 256;

/// Guesses remembered: the rules need few.
const MAX_GUESSES: usize = 64;

/// Open sessions of one source whose names are remembered.
const MAX_SESSIONS: usize = 64;

/// Accounts named in an alert.
const MAX_ACCOUNTS: usize = 8;

/// Hosts and services remembered.
const MAX_PLACES: usize = 64;

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    touches: Vec<Touch>,
    guesses: Vec<Guess>,
    names: Vec<Name>,
    pub(super) hosts: BTreeSet<String>,
    services: BTreeSet<String>,
    pub(super) accounts: Vec<Tainted>,
    /// Sessions in which a real device sent real data.
    #[serde(default)]
    real: Vec<SessionId>,
    /// Called AE titles that were refused.
    #[serde(default)]
    titles: Vec<Title>,
    /// Files that were seen to be encrypted.
    #[serde(default)]
    damaged: Vec<Damaged>,
    /// Records handed out, by kind, since the incident began.
    #[serde(default)]
    taken: BTreeMap<RecordKind, u64>,
    /// Services that handed them out.
    #[serde(default)]
    takers: BTreeSet<String>,
    /// That this very event shows it to be the same source as one under another address, in words.
    #[serde(skip)]
    pub(super) moved: Option<Words>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Touch {
    host: String,
    port: u16,
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Guess {
    host: String,
    service: String,
    /// Digests: no password is kept twice.
    account: u64,
    pair: u64,
    at: Timestamp,
}

/// A called AE title that was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Title {
    host: String,
    title: u64,
    at: Timestamp,
}

/// A file that was seen to be encrypted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Damaged {
    host: String,
    file: u64,
    at: Timestamp,
}

/// What a peer called itself in a session that is still open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Name {
    session: SessionId,
    name: Tainted,
}

impl Memory {
    /// Takes one event in.
    pub(super) fn note(&mut self, event: &SessionEvent) {
        let session = event.origin.session;
        if let Some(name) = own_name(&event.observation) {
            self.name(session, name);
        }
        if let Observation::Opened { .. } = &event.observation {
            self.touch(event);
        }
        if let Observation::Closed { .. } = &event.observation {
            self.names.retain(|name| name.session != session);
            self.real.retain(|real| *real != session);
        }
        if let Observation::RealData { device: true, .. } = &event.observation
            && !self.real.contains(&session)
        {
            make_room(&mut self.real, MAX_SESSIONS);
            self.real.push(session);
        }
        if let Observation::RecordRead { subject, count, .. } = &event.observation {
            let taken = self.taken.entry(*subject).or_default();
            *taken = taken.saturating_add(u64::from(*count));
            remember(&mut self.takers, &event.origin.service);
        }
        if let Observation::Request { verb, target, status: CALLED_NOT_RECOGNISED, .. } = &event.observation
            && verb.as_untrusted() == "A-ASSOCIATE"
        {
            self.title(event, target);
        }
        if let Some(file) = sign(&event.observation) {
            self.damage(event, &file.into());
        }
        if let Observation::AuthAttempt { method, account, secret, .. } = &event.observation {
            self.account(account);
            if is_guess(*method) {
                // A response to a challenge never comes twice, whatever the password.
                let secret = secret.as_ref().filter(|_| *method != AuthMethod::ChallengeResponse);
                self.guess(event, account, secret);
            }
        }
    }

    /// Takes over what the same source did under another address.
    pub(super) fn absorb(&mut self, other: Memory) {
        let all = (other.touches, other.guesses, other.titles, other.damaged);
        append(&mut self.touches, all.0, MAX_TOUCHES);
        append(&mut self.guesses, all.1, MAX_GUESSES);
        append(&mut self.titles, all.2, MAX_GUESSES);
        append(&mut self.damaged, all.3, MAX_GUESSES);
        append(&mut self.names, other.names, MAX_SESSIONS);
        append(&mut self.real, other.real, MAX_SESSIONS);
        other.hosts.iter().for_each(|host| remember(&mut self.hosts, host));
        other.services.iter().for_each(|service| remember(&mut self.services, service));
        other.takers.iter().for_each(|taker| remember(&mut self.takers, taker));
        other.accounts.iter().for_each(|account| self.account(account));
        for (kind, count) in other.taken {
            let taken = self.taken.entry(kind).or_default();
            *taken = taken.saturating_add(count);
        }
    }

    /// Hosts touched within the short window, and the most ports touched on one of them.
    pub(super) fn reach(&self) -> (usize, usize) {
        let hosts: BTreeSet<_> = self.touches.iter().map(|touch| touch.host.as_str()).collect();
        let ports = |host| self.touches.iter().filter(|touch| touch.host == host).count();
        (hosts.len(), hosts.iter().map(|host| ports(*host)).max().unwrap_or(0))
    }

    /// Distinct pairs of account and secret tried on a host within the short window.
    pub(super) fn pairs_on(&self, host: &str) -> usize {
        let guesses = self.guesses.iter().filter(|guess| guess.host == host);
        distinct(guesses.map(|guess| guess.pair))
    }

    /// Services on which this account was tried within the short window.
    pub(super) fn decoys_tried_as(&self, account: &Tainted) -> usize {
        // Communities of SNMP and the like have no account that could be sprayed.
        if account.is_empty() {
            return 0;
        }
        let digest = digest(&[account]);
        let tried = self.guesses.iter().filter(|guess| guess.account == digest);
        distinct(tried.map(|guess| (guess.host.as_str(), guess.service.as_str())))
    }

    /// Whether a real device sent real data in this session.
    pub(super) fn is_real(&self, session: SessionId) -> bool {
        self.real.contains(&session)
    }

    /// Distinct called AE titles that a host refused within the short window.
    pub(super) fn titles_on(&self, host: &str) -> usize {
        distinct(self.titles.iter().filter(|title| title.host == host).map(|title| title.title))
    }

    /// Distinct files of a host that were seen to be encrypted within the short window.
    pub(super) fn damaged_on(&self, host: &str) -> usize {
        distinct(self.damaged.iter().filter(|damaged| damaged.host == host).map(|damaged| damaged.file))
    }

    /// Records of these kinds handed out since the incident began, whatever the protocol.
    pub(super) fn taken(&self, kinds: &[RecordKind]) -> u64 {
        kinds.iter().filter_map(|kind| self.taken.get(kind)).copied().max().unwrap_or(0)
    }

    /// Every kind of record handed out, with how many.
    pub(super) fn all_taken(&self) -> impl Iterator<Item = (RecordKind, u64)> {
        self.taken.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Services that handed records out, by name.
    pub(super) fn takers(&self) -> String {
        self.takers.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// What the peer called itself in this session.
    pub(super) fn name_in(&self, session: SessionId) -> Option<&Tainted> {
        self.names.iter().find(|name| name.session == session).map(|name| &name.name)
    }

    /// Whether all that the source ever used is one service of one host.
    pub(super) fn stays_in_one_place(&self) -> bool {
        self.services.len() <= 1
    }

    fn touch(&mut self, event: &SessionEvent) {
        let origin = &event.origin;
        let (host, port) = (&origin.host, origin.target.port());
        remember(&mut self.hosts, host);
        remember(&mut self.services, &format!("{host}/{}", origin.service));
        self.touches
            .retain(|touch| is_recent(touch.at, event.at) && !(touch.port == port && touch.host == *host));
        make_room(&mut self.touches, MAX_TOUCHES);
        self.touches.push(Touch { host: host.clone(), port, at: event.at });
    }

    fn guess(&mut self, event: &SessionEvent, account: &Tainted, secret: Option<&Tainted>) {
        let origin = &event.origin;
        let nothing = Tainted::default();
        let guess = Guess {
            host: origin.host.clone(),
            service: origin.service.clone(),
            account: digest(&[account]),
            pair: digest(&[account, secret.unwrap_or(&nothing)]),
            at: event.at,
        };
        self.guesses.retain(|old| {
            is_recent(old.at, event.at)
                && (&old.pair, &old.host, &old.service) != (&guess.pair, &guess.host, &guess.service)
        });
        make_room(&mut self.guesses, MAX_GUESSES);
        self.guesses.push(guess);
    }

    fn title(&mut self, event: &SessionEvent, title: &Tainted) {
        let title = Title { host: event.origin.host.clone(), title: digest(&[title]), at: event.at };
        self.titles.retain(|old| {
            is_recent(old.at, event.at) && (old.title, &old.host) != (title.title, &title.host)
        });
        make_room(&mut self.titles, MAX_GUESSES);
        self.titles.push(title);
    }

    fn damage(&mut self, event: &SessionEvent, file: &Tainted) {
        let damaged = Damaged { host: event.origin.host.clone(), file: digest(&[file]), at: event.at };
        self.damaged.retain(|old| {
            is_recent(old.at, event.at) && (old.file, &old.host) != (damaged.file, &damaged.host)
        });
        make_room(&mut self.damaged, MAX_GUESSES);
        self.damaged.push(damaged);
    }

    fn account(&mut self, account: &Tainted) {
        if self.accounts.len() < MAX_ACCOUNTS && !account.is_empty() && !self.accounts.contains(account) {
            self.accounts.push(account.clone());
        }
    }

    fn name(&mut self, session: SessionId, name: &str) {
        self.names.retain(|old| old.session != session);
        make_room(&mut self.names, MAX_SESSIONS);
        self.names.push(Name { session, name: name.into() });
    }
}

/// Keys don't count: an agent offers all it has at once, and nobody guesses them.
fn is_guess(method: AuthMethod) -> bool {
    match method {
        AuthMethod::Password
        | AuthMethod::Form
        | AuthMethod::Basic
        | AuthMethod::KeyboardInteractive
        | AuthMethod::DicomUserIdentity
        | AuthMethod::ChallengeResponse => true,
        AuthMethod::PublicKey => false,
    }
}

/// What a peer calls itself: calling AE title, MSH-3, H-5.
fn own_name(observation: &Observation) -> Option<&str> {
    if let Observation::Fingerprint { mark, value } = observation {
        return match mark {
            Mark::CallingAe | Mark::AstmSender => Some(value.as_untrusted()),
            // MSH-3 and MSH-4, joined.
            Mark::HlSender => value.as_untrusted().split('|').next(),
            Mark::SshClient
            | Mark::Hassh
            | Mark::SshKey
            | Mark::Ja4
            | Mark::TcpSyn
            | Mark::DicomImplementation
            | Mark::UserAgent
            | Mark::DatabaseClient
            | Mark::RdpClient
            | Mark::SmbClient
            | Mark::NtlmClient
            | Mark::Tool
            | Mark::Scanner
            | Mark::ClientHabits => None,
        };
    }
    let (Observation::Request { detail, .. }
    | Observation::Message { detail, .. }
    | Observation::Query { detail, .. }) = observation
    else {
        return None;
    };
    match detail.as_ref()? {
        Detail::DicomAssociation(association) => Some(association.calling_ae.as_untrusted()),
        Detail::Hl7(message) => Some(message.sending_application.as_untrusted()),
        Detail::Astm(message) => Some(message.sender.as_untrusted()),
        Detail::Dimse(_)
        | Detail::Http(_)
        | Detail::Tds(_)
        | Detail::Rpc(_)
        | Detail::RdpNegotiation(_)
        | Detail::RdpClient(_)
        | Detail::Smb(_)
        | Detail::SmbFile(_) => None,
    }
}

fn is_recent(then: Timestamp, now: Timestamp) -> bool {
    now.duration_since(then) <= SHORT
}

fn remember(set: &mut BTreeSet<String>, place: &str) {
    if set.len() < MAX_PLACES && !set.contains(place) {
        set.insert(place.to_owned());
    }
}

fn make_room<T>(list: &mut Vec<T>, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
}

fn append<T>(list: &mut Vec<T>, more: Vec<T>, most: usize) {
    list.extend(more);
    list.drain(..list.len().saturating_sub(most));
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> usize {
    let mut items: Vec<_> = items.collect();
    items.sort_unstable();
    items.dedup();
    items.len()
}

fn digest(parts: &[&Tainted]) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_untrusted().as_bytes());
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}
