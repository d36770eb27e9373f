//! What is answered to a request, and told of it.

use std::ops::Bound;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Desk;
use super::ber::{self, tag};
use super::message::{Request, Secured, pdu};
use super::mib::Mib;
use super::value::{Value, binding};
use crate::event::observation::AuthMethod;
use crate::event::{Observation, Tainted};

/// Longest list of variables that is sent, bytes: with its headers it fits an Ethernet frame.
const MAX_LIST: usize = 1400;
/// Most rounds of a walk in bulk.
const MAX_ROUNDS: usize = 32;
/// Communities of one peer that are remembered as told.
const MAX_TOLD: usize = 64;

/// Status in events where nothing is answered.
const NO_ANSWER: u32 = 255;

/// error-status, RFC 3416 3 and RFC 1157 4.1.1.
mod error {
    pub(super) const NONE: i64 = 0;
    pub(super) const NO_SUCH_NAME: i64 = 2;
    pub(super) const NOT_WRITABLE: i64 = 17;
    pub(super) const NO_ACCESS: i64 = 6;
}

/// What an answer holds.
struct Found {
    error: i64,
    index: usize,
    list: Vec<u8>,
}

impl Desk {
    /// A request with a community; an unknown one gets no answer.
    pub(super) fn request(&mut self, now: Timestamp, request: &Request) -> Option<Vec<u8>> {
        let is = |names: &[String]| names.iter().any(|name| name.as_bytes() == request.community);
        let behaviour = &self.agent.behaviour;
        let (reads, writes) = (is(&behaviour.read), is(&behaviour.write));
        self.tell_community(&request.community, reads || writes);
        let found = (reads || writes).then(|| self.find(now, request, writes));
        self.tell(request, found.as_ref());
        found.map(|found| response(request, &found))
    }

    fn find(&self, now: Timestamp, request: &Request, writes: bool) -> Found {
        let mib = self.agent.mib(now);
        match request.kind {
            pdu::SET => refused(request, writes),
            pdu::BULK => bulk(&mib, request),
            kind => each(&mib, request, kind == pdu::NEXT),
        }
    }

    fn tell_community(&mut self, community: &[u8], accepted: bool) {
        if self.told.len() >= MAX_TOLD || self.told.iter().any(|told| told == community) {
            return;
        }
        self.told.push(community.to_vec());
        self.session.emit(Observation::AuthAttempt {
            method: AuthMethod::Password,
            account: Tainted::default(),
            secret: Some(Tainted::from_bytes(community)),
            accepted,
        });
    }

    fn tell(&self, request: &Request, found: Option<&Found>) {
        let verb = match request.kind {
            pdu::GET => "get",
            pdu::NEXT => "get-next",
            pdu::BULK => "get-bulk",
            _ => "set",
        };
        let name = |name: &[u32]| name.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let first = request.variables.first().map(|(parts, value)| (name(parts), value));
        let target = match (&first, request.kind) {
            (Some((name, value)), pdu::SET) => {
                let mut text = format!("{name} = ").into_bytes();
                text.extend_from_slice(value);
                Tainted::from_bytes(&text)
            }
            (Some((name, _)), _) => Tainted::new(name.as_str()),
            (None, _) => Tainted::default(),
        };
        if request.kind == pdu::SET {
            let weakness = "settings changed over SNMP".to_owned();
            self.session.emit(Observation::ExploitAttempt { weakness, payload: target.clone() });
        }
        let status = found.map_or(NO_ANSWER, |found| u32::try_from(found.error).unwrap_or(NO_ANSWER));
        self.session.emit(Observation::Request { verb: verb.into(), target, status, detail: None });
    }

    /// Version 3: the engine says who it is; no user is known to it.
    pub(super) fn secured(&mut self, now: Timestamp, asked: &Secured) -> Option<Vec<u8>> {
        const UNKNOWN_ENGINE: u32 = 4;
        const UNKNOWN_USER: u32 = 3;
        let enterprise = self.agent.behaviour.enterprise;
        if enterprise == 0 {
            self.tell_discovery(asked, NO_ANSWER);
            return None;
        }
        let engine = self.engine(enterprise);
        let is_known = asked.engine == engine;
        if !asked.user.is_empty() {
            self.session.emit(Observation::AuthAttempt {
                method: AuthMethod::ChallengeResponse,
                account: Tainted::from_bytes(&asked.user),
                secret: None,
                accepted: false,
            });
        }
        let counter = if is_known { UNKNOWN_USER } else { UNKNOWN_ENGINE };
        self.tell_discovery(asked, counter);
        Some(self.report(now, asked, &engine, counter))
    }

    fn tell_discovery(&self, asked: &Secured, status: u32) {
        self.session.emit(Observation::Request {
            verb: "discovery".into(),
            target: Tainted::from_bytes(&asked.user),
            status,
            detail: None,
        });
    }

    /// snmpEngineID: enterprise, format 5, bytes of the installation's own (RFC 3411 5).
    fn engine(&self, enterprise: u32) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.session.pack().installation.derive("snmp/engine"));
        hash.update(&self.agent.name);
        let own = hash.finalize();
        let head = (enterprise | 0x8000_0000).to_be_bytes();
        head.into_iter().chain([5]).chain(own.into_iter().take(8)).collect()
    }

    /// A report in the clear, RFC 3414 4.
    fn report(&self, now: Timestamp, asked: &Secured, engine: &[u8], counter: u32) -> Vec<u8> {
        let up = i64::try_from(self.agent.up(now)).unwrap_or(0);
        let since = now.duration_since(self.agent.running.installed_at()).as_secs().max(0);
        let boots = since / i64::from(self.agent.running.restart_days.max(1)) / 86_400 + 1;
        let name = [1, 3, 6, 1, 6, 3, 15, 1, 1, counter, 0];
        let list = binding(&name, &Value::Counter(1));
        let report = fields(pdu::REPORT, asked.request.unwrap_or(0).into(), 0, 0, &list);
        let mut scoped = Vec::new();
        ber::put(&mut scoped, tag::OCTETS, engine);
        ber::put(&mut scoped, tag::OCTETS, &[]);
        scoped.extend(report);
        let mut parameters = Vec::new();
        ber::put(&mut parameters, tag::OCTETS, engine);
        ber::put_signed(&mut parameters, tag::INTEGER, boots);
        ber::put_signed(&mut parameters, tag::INTEGER, up);
        ber::put(&mut parameters, tag::OCTETS, &asked.user);
        ber::put(&mut parameters, tag::OCTETS, &[]);
        ber::put(&mut parameters, tag::OCTETS, &[]);
        let mut global = Vec::new();
        ber::put_signed(&mut global, tag::INTEGER, asked.id.into());
        ber::put_signed(&mut global, tag::INTEGER, 65_507);
        ber::put(&mut global, tag::OCTETS, &[0]);
        ber::put_signed(&mut global, tag::INTEGER, 3);
        let mut body = Vec::new();
        ber::put_signed(&mut body, tag::INTEGER, 3);
        ber::put(&mut body, tag::SEQUENCE, &global);
        let mut wrapped = Vec::new();
        ber::put(&mut wrapped, tag::SEQUENCE, &parameters);
        ber::put(&mut body, tag::OCTETS, &wrapped);
        ber::put(&mut body, tag::SEQUENCE, &scoped);
        whole(&body)
    }
}

fn whole(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ber::put(&mut out, tag::SEQUENCE, body);
    out
}

fn fields(kind: u8, id: i64, error: i64, index: usize, list: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    ber::put_signed(&mut body, tag::INTEGER, id);
    ber::put_signed(&mut body, tag::INTEGER, error);
    ber::put_signed(&mut body, tag::INTEGER, i64::try_from(index).unwrap_or(0));
    ber::put(&mut body, tag::SEQUENCE, list);
    let mut out = Vec::new();
    ber::put(&mut out, kind, &body);
    out
}

fn response(request: &Request, found: &Found) -> Vec<u8> {
    let mut body = Vec::new();
    ber::put_signed(&mut body, tag::INTEGER, request.version.into());
    ber::put(&mut body, tag::OCTETS, &request.community);
    body.extend(fields(pdu::RESPONSE, request.id.into(), found.error, found.index, &found.list));
    whole(&body)
}

/// The names asked for, without values: what goes beside an error.
fn names(request: &Request) -> Vec<u8> {
    request.variables.iter().flat_map(|(name, _)| binding(name, &Value::Null)).collect()
}

fn next<'a>(mib: &'a Mib, name: &[u32]) -> Option<(&'a Vec<u32>, &'a Value)> {
    mib.range::<[u32], _>((Bound::Excluded(name), Bound::Unbounded)).next()
}

/// GetRequest and GetNextRequest, RFC 3416 4.2.1 and 4.2.2; version 1 knows an error alone.
fn each(mib: &Mib, request: &Request, goes_on: bool) -> Found {
    let mut list = Vec::new();
    for (at, (name, _)) in request.variables.iter().enumerate() {
        let found = if goes_on { next(mib, name) } else { mib.get_key_value(name) };
        match found {
            Some((name, value)) => list.extend(binding(name, value)),
            None if request.version == 0 => {
                return Found { error: error::NO_SUCH_NAME, index: at + 1, list: names(request) };
            }
            None if goes_on => list.extend(binding(name, &Value::End)),
            None => list.extend(binding(name, &Value::NoObject)),
        }
        if list.len() > MAX_LIST {
            const TOO_BIG: i64 = 1;
            return Found { error: TOO_BIG, index: 0, list: Vec::new() };
        }
    }
    Found { error: error::NONE, index: 0, list }
}

/// GetBulkRequest, RFC 3416 4.2.3: as many as fit.
fn bulk(mib: &Mib, request: &Request) -> Found {
    let mut list = Vec::new();
    let (once, repeated) = request.variables.split_at(request.once.min(request.variables.len()));
    let mut put = |name: &[u32]| -> Option<Vec<u32>> {
        let (found, value) = next(mib, name).map_or((name, &Value::End), |(name, value)| (&name[..], value));
        let bound = binding(found, value);
        if list.len() + bound.len() > MAX_LIST {
            return None;
        }
        list.extend(bound);
        Some(found.to_vec())
    };
    let all_once = once.iter().all(|(name, _)| put(name).is_some());
    let mut places: Vec<Vec<u32>> = repeated.iter().map(|(name, _)| name.clone()).collect();
    let mut rounds = if all_once { request.repeat.min(MAX_ROUNDS) } else { 0 };
    while rounds > 0 {
        let mut has_moved = false;
        for place in &mut places {
            let Some(found) = put(place) else {
                return Found { error: error::NONE, index: 0, list };
            };
            has_moved |= found != *place;
            *place = found;
        }
        // A round in which all have come to the end is the last.
        rounds = if has_moved { rounds - 1 } else { 0 };
    }
    Found { error: error::NONE, index: 0, list }
}

/// SetRequest: a community that reads has no right to; one that writes finds it fixed.
fn refused(request: &Request, writes: bool) -> Found {
    let error = match (request.version, writes) {
        (0, _) => error::NO_SUCH_NAME,
        (_, true) => error::NOT_WRITABLE,
        (_, false) => error::NO_ACCESS,
    };
    Found { error, index: 1, list: names(request) }
}
