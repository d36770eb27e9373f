//! Commands on lists, sets and hashes.

use jiff::Timestamp;

use super::data::{Entry, Pairs, Value, entry};
use super::kinds::{NO_NUMBER, at, wrong};
use super::machine::Client;
use super::resp::Reply;
use super::strings::{integer, lower};

/// What a list or set holds.
type Words = Vec<Vec<u8>>;

impl Client {
    /// Length of a list, set or hash.
    pub(super) fn count(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let name = lower(request.first());
        match self.data(now).get(at(request, 1)).map(|entry| entry.value) {
            None => Reply::Number(0),
            Some(Value::List(items)) if name == "llen" => Reply::count(items.len()),
            Some(Value::Set(items)) if name == "scard" => Reply::count(items.len()),
            Some(Value::Hash(pairs)) if name == "hlen" => Reply::count(pairs.len()),
            Some(_) => wrong(),
        }
    }

    fn list(&self, request: &[Vec<u8>], now: Timestamp) -> Result<Words, Reply> {
        match self.seen(request, now).map(|entry| entry.value) {
            None => Ok(Vec::new()),
            Some(Value::List(items)) => Ok(items),
            Some(Value::Text(_) | Value::Set(_) | Value::Hash(_)) => Err(wrong()),
        }
    }

    pub(super) fn push(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let mut items = match self.list(request, now) {
            Ok(items) => items,
            Err(reply) => return reply,
        };
        for word in request.iter().skip(2) {
            let place = if lower(request.first()) == "lpush" { 0 } else { items.len() };
            items.insert(place, word.clone());
        }
        let length = items.len();
        self.kept(at(request, 1), &entry(Value::List(items)), now, Reply::count(length))
    }

    pub(super) fn pop(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let mut items = match self.list(request, now) {
            Ok(items) if items.is_empty() => return Reply::Nil,
            Ok(items) => items,
            Err(reply) => return reply,
        };
        let last = items.len() - 1;
        let one = items.remove(if lower(request.first()) == "lpop" { 0 } else { last });
        if items.is_empty() {
            self.data(now).remove(at(request, 1));
            return Reply::Bulk(one);
        }
        self.kept(at(request, 1), &entry(Value::List(items)), now, Reply::Bulk(one))
    }

    pub(super) fn lindex(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let Some(index) = integer(at(request, 2)) else { return Reply::error(NO_NUMBER) };
        match self.list(request, now) {
            Err(reply) => reply,
            Ok(items) => {
                let place = usize::try_from(from_end(index, items.len())).ok();
                place.and_then(|place| items.get(place).cloned()).map_or(Reply::Nil, Reply::Bulk)
            }
        }
    }

    pub(super) fn lrange(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let (Some(first), Some(last)) = (integer(at(request, 2)), integer(at(request, 3))) else {
            return Reply::error(NO_NUMBER);
        };
        match self.list(request, now) {
            Err(reply) => reply,
            Ok(items) => {
                let first = usize::try_from(from_end(first, items.len()).max(0)).unwrap_or(0);
                let end = usize::try_from(from_end(last, items.len()).saturating_add(1).max(0))
                    .unwrap_or(usize::MAX);
                Reply::texts(items.into_iter().take(end).skip(first))
            }
        }
    }

    fn members(&self, request: &[Vec<u8>], now: Timestamp) -> Result<Words, Reply> {
        match self.data(now).get(at(request, 1)).map(|entry| entry.value) {
            None => Ok(Vec::new()),
            Some(Value::Set(items)) => Ok(items),
            Some(Value::Text(_) | Value::List(_) | Value::Hash(_)) => Err(wrong()),
        }
    }

    pub(super) fn sadd(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        self.change_members(request, now, |items, word| {
            let new = !items.contains(word);
            if new {
                items.push(word.clone());
            }
            new
        })
    }

    pub(super) fn srem(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        self.change_members(request, now, |items, word| {
            let before = items.len();
            items.retain(|item| item != word);
            items.len() < before
        })
    }

    fn change_members(
        &mut self,
        request: &[Vec<u8>],
        now: Timestamp,
        change: impl Fn(&mut Words, &Vec<u8>) -> bool,
    ) -> Reply {
        match self.members(request, now) {
            Err(reply) => reply,
            Ok(mut items) => {
                let changed = request.iter().skip(2).filter(|word| change(&mut items, word)).count();
                self.kept(at(request, 1), &entry(Value::Set(items)), now, Reply::count(changed))
            }
        }
    }

    pub(super) fn smembers(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        self.members(request, now).map_or_else(|reply| reply, Reply::texts)
    }

    pub(super) fn sismember(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let wanted = at(request, 2);
        let found = |items: Words| Reply::Number(i64::from(items.iter().any(|item| item == wanted)));
        self.members(request, now).map_or_else(|reply| reply, found)
    }

    fn hash(&self, request: &[Vec<u8>], now: Timestamp) -> Result<Entry, Reply> {
        let found = self.seen(request, now).unwrap_or_else(|| entry(Value::Hash(Vec::new())));
        if matches!(found.value, Value::Hash(_)) { Ok(found) } else { Err(wrong()) }
    }

    fn pairs(&self, request: &[Vec<u8>], now: Timestamp) -> Result<Pairs, Reply> {
        self.hash(request, now).map(|found| match found.value {
            Value::Hash(pairs) => pairs,
            Value::Text(_) | Value::List(_) | Value::Set(_) => Vec::new(),
        })
    }

    pub(super) fn hset(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let words = request.get(2..).unwrap_or_default();
        let name = lower(request.first());
        if words.len() % 2 == 1 {
            return Reply::error(format!("wrong number of arguments for {}", name.to_uppercase()));
        }
        let mut found = match self.hash(request, now) {
            Ok(found) => found,
            Err(reply) => return reply,
        };
        let Value::Hash(pairs) = &mut found.value else { return wrong() };
        let mut new = 0;
        for pair in words.chunks(2) {
            match pairs.iter_mut().find(|(field, _)| field == at(pair, 0)) {
                Some((_, value)) => *value = at(pair, 1).to_vec(),
                None => {
                    pairs.push((at(pair, 0).to_vec(), at(pair, 1).to_vec()));
                    new += 1;
                }
            }
        }
        let reply = if name == "hmset" { Reply::OK } else { Reply::Number(new) };
        self.kept(at(request, 1), &found, now, reply)
    }

    pub(super) fn hget(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.pairs(request, now) {
            Err(reply) => reply,
            Ok(pairs) => value_of(&pairs, at(request, 2)),
        }
    }

    pub(super) fn hmget(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.pairs(request, now) {
            Err(reply) => reply,
            Ok(pairs) => Reply::Array(request.iter().skip(2).map(|field| value_of(&pairs, field)).collect()),
        }
    }

    pub(super) fn hexists(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match self.pairs(request, now) {
            Err(reply) => reply,
            Ok(pairs) => Reply::Number(i64::from(pairs.iter().any(|(field, _)| field == at(request, 2)))),
        }
    }

    pub(super) fn hdel(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let mut found = match self.hash(request, now) {
            Ok(found) => found,
            Err(reply) => return reply,
        };
        let Value::Hash(pairs) = &mut found.value else { return wrong() };
        let before = pairs.len();
        pairs.retain(|(field, _)| !request.iter().skip(2).any(|gone| gone == field));
        let gone = before - pairs.len();
        self.kept(at(request, 1), &found, now, Reply::count(gone))
    }

    pub(super) fn hgetall(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let name = lower(request.first());
        match self.pairs(request, now) {
            Err(reply) => reply,
            Ok(pairs) => Reply::texts(pairs.into_iter().flat_map(|(field, value)| match name.as_str() {
                "hkeys" => vec![field],
                "hvals" => vec![value],
                _ => vec![field, value],
            })),
        }
    }
}

fn value_of(pairs: &[(Vec<u8>, Vec<u8>)], wanted: &[u8]) -> Reply {
    let found = pairs.iter().find(|(field, _)| field == wanted);
    found.map_or(Reply::Nil, |(_, value)| Reply::Bulk(value.clone()))
}

/// A place counted from the end where it is negative.
fn from_end(index: i64, length: usize) -> i64 {
    if index < 0 { index.saturating_add(i64::try_from(length).unwrap_or(i64::MAX)) } else { index }
}
