//! Commands on keys and texts.

use jiff::Timestamp;

use super::data::{Entry, Value, entry};
use super::machine::Client;
use super::resp::Reply;
use super::strings::{glob, integer, lower};
use crate::event::Observation;
use crate::event::observation::RecordKind;

const WRONG: &str = "WRONGTYPE Operation against a key holding the wrong kind of value";
pub(super) const NO_NUMBER: &str = "value is not an integer or out of range";
const FULL: &str = "OOM command not allowed when used memory > 'maxmemory'.";

/// Keys of one answer to SCAN where the client does not say: the product's own.
const SCAN: usize = 10;

pub(super) fn wrong() -> Reply {
    Reply::Error(WRONG.into())
}

pub(super) fn at(request: &[Vec<u8>], n: usize) -> &[u8] {
    request.get(n).map(Vec::as_slice).unwrap_or_default()
}

impl Client {
    /// A key's entry; told where it is a patient's.
    pub(super) fn seen(&self, request: &[Vec<u8>], now: Timestamp) -> Option<Entry> {
        let entry = self.data(now).get(at(request, 1))?;
        self.tell_patients(std::iter::once(&entry));
        Some(entry)
    }

    fn keep(&self, key: &[u8], entry: &Entry, now: Timestamp) -> Result<(), Reply> {
        if entry.patient.is_some() {
            self.session.emit(Observation::RecordWrite {
                subject: RecordKind::Patient,
                count: 1,
                ids: entry.patient.iter().map(|id| id.as_str().into()).collect(),
            });
        }
        if self.data(now).put(key, entry) { Ok(()) } else { Err(Reply::Error(FULL.into())) }
    }

    pub(super) fn kept(&self, key: &[u8], entry: &Entry, now: Timestamp, reply: Reply) -> Reply {
        self.keep(key, entry, now).err().unwrap_or(reply)
    }

    pub(super) fn get(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.seen(request, now).map(|entry| entry.value) {
            None => Reply::Nil,
            Some(Value::Text(text)) => Reply::Bulk(text),
            Some(Value::List(_) | Value::Set(_) | Value::Hash(_)) => wrong(),
        }
    }

    pub(super) fn set(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let mut new = entry(Value::Text(at(request, 2).to_vec()));
        let there = self.data(now).get(at(request, 1)).is_some();
        let (mut wanted, mut rest) = (None, request.iter().skip(3));
        while let Some(word) = rest.next() {
            match lower(Some(word)).as_str() {
                "nx" if wanted != Some(true) => wanted = Some(false),
                "xx" if wanted != Some(false) => wanted = Some(true),
                unit @ ("ex" | "px") if new.expires.is_none() => {
                    let Some(number) = rest.next().and_then(|number| integer(number)) else {
                        return Reply::error(NO_NUMBER);
                    };
                    if number <= 0 {
                        return Reply::error("invalid expire time in set");
                    }
                    let scale = if unit == "ex" { 1_000 } else { 1 };
                    new.expires = Some(now.as_millisecond().saturating_add(number.saturating_mul(scale)));
                }
                _ => return Reply::error("syntax error"),
            }
        }
        if wanted.is_some_and(|wanted| wanted != there) {
            return Reply::Nil;
        }
        self.kept(at(request, 1), &new, now, Reply::OK)
    }

    pub(super) fn setnx(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        if self.data(now).get(at(request, 1)).is_some() {
            return Reply::Number(0);
        }
        self.kept(at(request, 1), &entry(Value::Text(at(request, 2).to_vec())), now, Reply::Number(1))
    }

    pub(super) fn setex(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(seconds) = integer(at(request, 2)) else { return Reply::error(NO_NUMBER) };
        if seconds <= 0 {
            return Reply::error("invalid expire time in setex");
        }
        let mut new = entry(Value::Text(at(request, 3).to_vec()));
        new.expires = Some(now.as_millisecond().saturating_add(seconds.saturating_mul(1_000)));
        self.kept(at(request, 1), &new, now, Reply::OK)
    }

    pub(super) fn getset(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let old = self.get(request, now);
        if old.is_error() {
            return old;
        }
        self.kept(at(request, 1), &entry(Value::Text(at(request, 2).to_vec())), now, old)
    }

    pub(super) fn append(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let mut found = self.data(now).get(at(request, 1)).unwrap_or_else(|| entry(Value::Text(Vec::new())));
        let Value::Text(text) = &mut found.value else { return wrong() };
        text.extend_from_slice(at(request, 2));
        let length = text.len();
        self.kept(at(request, 1), &found, now, Reply::count(length))
    }

    pub(super) fn strlen(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.seen(request, now).map(|entry| entry.value) {
            None => Reply::Number(0),
            Some(Value::Text(text)) => Reply::count(text.len()),
            Some(Value::List(_) | Value::Set(_) | Value::Hash(_)) => wrong(),
        }
    }

    pub(super) fn incr(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let step = if request.len() > 2 { integer(at(request, 2)) } else { Some(1) };
        let Some(step) = step else { return Reply::error(NO_NUMBER) };
        let step = if lower(request.first()).starts_with("decr") { step.saturating_neg() } else { step };
        let mut found =
            self.data(now).get(at(request, 1)).unwrap_or_else(|| entry(Value::Text(b"0".to_vec())));
        let Value::Text(text) = &mut found.value else { return wrong() };
        let Some(old) = integer(text) else { return Reply::error(NO_NUMBER) };
        let Some(new) = old.checked_add(step) else {
            return Reply::error("increment or decrement would overflow");
        };
        *text = new.to_string().into_bytes();
        self.kept(at(request, 1), &found, now, Reply::Number(new))
    }

    pub(super) fn mget(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let data = self.data(now);
        let one = |key: &Vec<u8>| match data.get(key).map(|entry| entry.value) {
            Some(Value::Text(text)) => Reply::Bulk(text),
            Some(Value::List(_) | Value::Set(_) | Value::Hash(_)) | None => Reply::Nil,
        };
        Reply::Array(request.iter().skip(1).map(one).collect())
    }

    pub(super) fn mset(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let pairs = request.get(1..).unwrap_or_default();
        if pairs.len() % 2 == 1 {
            return Reply::error("wrong number of arguments for MSET");
        }
        for pair in pairs.chunks(2) {
            if let Err(full) = self.keep(at(pair, 0), &entry(Value::Text(at(pair, 1).to_vec())), now) {
                return full;
            }
        }
        Reply::OK
    }

    pub(super) fn del(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let data = self.data(now);
        Reply::count(request.iter().skip(1).filter(|key| data.remove(key)).count())
    }

    pub(super) fn exists(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let data = self.data(now);
        Reply::count(request.iter().skip(1).filter(|key| data.get(key).is_some()).count())
    }

    pub(super) fn kind(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        Reply::Status(self.data(now).get(at(request, 1)).map_or("none", |entry| entry.value.kind()))
    }

    pub(super) fn rename(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(found) = self.data(now).get(at(request, 1)) else { return Reply::error("no such key") };
        self.data(now).remove(at(request, 1));
        self.kept(at(request, 2), &found, now, Reply::OK)
    }

    pub(super) fn expire(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(number) = integer(at(request, 2)) else { return Reply::error(NO_NUMBER) };
        let Some(mut found) = self.data(now).get(at(request, 1)) else { return Reply::Number(0) };
        let name = lower(request.first());
        let number = number.saturating_mul(if name.starts_with('p') { 1 } else { 1_000 });
        let base = if name.ends_with("at") { 0 } else { now.as_millisecond() };
        found.expires = Some(number.saturating_add(base));
        self.kept(at(request, 1), &found, now, Reply::Number(1))
    }

    pub(super) fn persist(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.data(now).get(at(request, 1)) {
            Some(mut found) if found.expires.is_some() => {
                found.expires = None;
                self.kept(at(request, 1), &found, now, Reply::Number(1))
            }
            Some(_) | None => Reply::Number(0),
        }
    }

    pub(super) fn ttl(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(found) = self.data(now).get(at(request, 1)) else { return Reply::Number(-2) };
        let left = found.expires.map(|end| end - now.as_millisecond());
        let seconds = lower(request.first()) == "ttl";
        Reply::Number(left.map_or(-1, |left| if seconds { (left + 500) / 1_000 } else { left }))
    }

    /// KEYS: told as a search of the cache.
    pub(super) fn keys(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let pattern = at(request, 1);
        let all = self.data(now).all();
        let found: Vec<String> = all.into_keys().filter(|key| glob(pattern, key.as_bytes())).collect();
        self.session.emit(Observation::Query {
            subject: RecordKind::Patient,
            filter: String::from_utf8_lossy(pattern).as_ref().into(),
            answers: u32::try_from(found.len()).unwrap_or(u32::MAX),
            unbounded: pattern == b"*",
            detail: None,
        });
        Reply::texts(found)
    }

    /// SCAN: cursors are places in the order of the keys.
    pub(super) fn scan(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(cursor) = integer(at(request, 1)).and_then(|cursor| usize::try_from(cursor).ok()) else {
            return Reply::error("invalid cursor");
        };
        let (mut pattern, mut count, mut rest) = (b"*".to_vec(), SCAN, request.iter().skip(2));
        while let Some(word) = rest.next() {
            match (lower(Some(word)).as_str(), rest.next()) {
                ("match", Some(given)) => pattern = given.clone(),
                ("count", Some(given)) => match integer(given).and_then(|n| usize::try_from(n).ok()) {
                    Some(0) => return Reply::error("syntax error"),
                    Some(number) => count = number,
                    None => return Reply::error(NO_NUMBER),
                },
                _ => return Reply::error("syntax error"),
            }
        }
        let all = self.data(now).all();
        let piece: Vec<String> = all.keys().skip(cursor).take(count).cloned().collect();
        let next = if cursor.saturating_add(count) < all.len() { cursor + count } else { 0 };
        let found = piece.into_iter().filter(|key| glob(&pattern, key.as_bytes()));
        Reply::Array(vec![Reply::text(next.to_string()), Reply::texts(found)])
    }

    pub(super) fn randomkey(&mut self, _: &[Vec<u8>], now: Timestamp) -> Reply {
        let all = self.data(now).all();
        let place = usize::try_from(now.as_microsecond()).unwrap_or(0) % all.len().max(1);
        all.into_keys().nth(place).map_or(Reply::Nil, Reply::text)
    }

    pub(super) fn object(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(found) = request.get(2).and_then(|key| self.data(now).get(key)) else {
            return match request.len() {
                3 => Reply::Nil,
                _ => self.unknown_subcommand("OBJECT", request),
            };
        };
        match (lower(request.get(1)).as_str(), &found.value) {
            ("encoding", Value::Text(text)) if integer(text).is_some() => Reply::text("int"),
            ("encoding", Value::Text(text)) if text.len() <= 44 => Reply::text("embstr"),
            ("encoding", Value::Text(_)) => Reply::text("raw"),
            ("encoding", Value::List(_)) => Reply::text("quicklist"),
            ("encoding", Value::Set(_)) => Reply::text("hashtable"),
            ("encoding", Value::Hash(_)) => Reply::text("ziplist"),
            ("refcount", _) => Reply::Number(1),
            ("idletime", _) => Reply::Number(now.as_second() % 61),
            _ => self.unknown_subcommand("OBJECT", request),
        }
    }
}
