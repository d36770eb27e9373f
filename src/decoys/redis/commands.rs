//! The commands of 5.0 that are there: names, numbers of arguments, and the server's own.

use jiff::Timestamp;

use super::data::Entry;
use super::machine::Client;
use super::resp::Reply;
use super::strings::{integer, lower};
use crate::event::Observation;
use crate::event::observation::{MAX_IDS, RecordKind};

/// Does the work of a command.
pub(super) type Work = fn(&mut Client, &[Vec<u8>], Timestamp) -> Reply;

/// One command.
pub(super) struct Command {
    name: &'static str,
    /// Number of words, the name included; at least so many where it is negative.
    pub(super) arity: i32,
    /// Whether replicas refuse it.
    pub(super) writes: bool,
    /// Whether scripts may call it.
    pub(super) scripted: bool,
    pub(super) run: Work,
}

const fn reads(name: &'static str, arity: i32, run: Work) -> Command {
    Command { name, arity, writes: false, scripted: true, run }
}

const fn writes(name: &'static str, arity: i32, run: Work) -> Command {
    Command { name, arity, writes: true, scripted: true, run }
}

const fn serves(name: &'static str, arity: i32, run: Work) -> Command {
    Command { name, arity, writes: false, scripted: false, run }
}

/// Those whose work is done before the table is asked.
fn done(_: &mut Client, _: &[Vec<u8>], _: Timestamp) -> Reply {
    Reply::OK
}

const COMMANDS: &[Command] = &[
    serves("module", -2, |c, r, _| c.module(r)),
    reads("get", 2, Client::get),
    writes("set", -3, Client::set),
    writes("setnx", 3, Client::setnx),
    writes("setex", 4, Client::setex),
    writes("append", 3, Client::append),
    reads("strlen", 2, Client::strlen),
    writes("del", -2, Client::del),
    writes("unlink", -2, Client::del),
    reads("exists", -2, Client::exists),
    writes("incr", 2, Client::incr),
    writes("decr", 2, Client::incr),
    writes("incrby", 3, Client::incr),
    writes("decrby", 3, Client::incr),
    reads("mget", -2, Client::mget),
    writes("mset", -3, Client::mset),
    writes("getset", 3, Client::getset),
    writes("rpush", -3, Client::push),
    writes("lpush", -3, Client::push),
    writes("rpop", 2, Client::pop),
    writes("lpop", 2, Client::pop),
    reads("llen", 2, Client::count),
    reads("lindex", 3, Client::lindex),
    reads("lrange", 4, Client::lrange),
    writes("sadd", -3, Client::sadd),
    writes("srem", -3, Client::srem),
    reads("scard", 2, Client::count),
    reads("smembers", 2, Client::smembers),
    reads("sismember", 3, Client::sismember),
    writes("hset", -4, Client::hset),
    writes("hmset", -4, Client::hset),
    reads("hget", 3, Client::hget),
    reads("hmget", -3, Client::hmget),
    writes("hdel", -3, Client::hdel),
    reads("hlen", 2, Client::count),
    reads("hkeys", 2, Client::hgetall),
    reads("hvals", 2, Client::hgetall),
    reads("hgetall", 2, Client::hgetall),
    reads("hexists", 3, Client::hexists),
    reads("randomkey", 1, Client::randomkey),
    reads("select", 2, |c, r, _| c.select(r)),
    writes("rename", 3, Client::rename),
    writes("expire", 3, Client::expire),
    writes("pexpire", 3, Client::expire),
    writes("expireat", 3, Client::expire),
    writes("pexpireat", 3, Client::expire),
    writes("persist", 2, Client::persist),
    reads("keys", 2, Client::keys),
    reads("scan", -2, Client::scan),
    reads("dbsize", 1, |c, _, now| Reply::count(c.data(now).all().len())),
    serves("auth", 2, done),
    reads("ping", -1, |_, r, _| ping(r)),
    reads("echo", 2, |_, r, _| Reply::Bulk(r.get(1).cloned().unwrap_or_default())),
    serves("save", 1, |c, _, now| c.save(false, now)),
    serves("bgsave", -1, |c, _, now| c.save(true, now)),
    serves("bgrewriteaof", 1, |_, _, _| Reply::Status("Background append only file rewriting started")),
    serves("shutdown", -1, |c, r, _| c.shutdown(r)),
    reads("lastsave", 1, |c, _, now| Reply::Number(c.last_save(now))),
    reads("type", 2, Client::kind),
    serves("multi", 1, done),
    serves("exec", 1, done),
    serves("discard", 1, done),
    serves("watch", -2, |_, _, _| Reply::OK),
    serves("unwatch", 1, |_, _, _| Reply::OK),
    serves("sync", 1, |c, _, now| c.synchronise(false, now)),
    serves("psync", 3, |c, _, now| c.synchronise(true, now)),
    serves("replconf", -1, |_, _, _| Reply::OK),
    writes("flushdb", -1, |c, _, now| c.flush(false, now)),
    writes("flushall", -1, |c, _, now| c.flush(true, now)),
    reads("info", -1, |c, r, now| c.asked_info(r, now)),
    serves("monitor", 1, |_, _, _| Reply::OK),
    reads("ttl", 2, Client::ttl),
    reads("pttl", 2, Client::ttl),
    serves("slaveof", 3, Client::replicate),
    serves("replicaof", 3, Client::replicate),
    serves("role", 1, |c, _, _| c.role()),
    serves("config", -2, |c, r, _| c.config(r)),
    serves("subscribe", -2, |_, r, _| subscribed(r)),
    serves("psubscribe", -2, |_, r, _| subscribed(r)),
    reads("publish", 3, |_, _, _| Reply::Number(0)),
    reads("object", -2, Client::object),
    serves("client", -2, Client::client),
    serves("eval", -3, Client::eval),
    serves("evalsha", -3, |_, _, _| Reply::Error("NOSCRIPT No matching script. Please use EVAL.".into())),
    serves("script", -2, |c, r, _| c.script(r)),
    serves("slowlog", -2, |c, r, _| c.slowlog(r)),
    reads("time", 1, |_, _, now| time(now)),
    serves("command", 0, |c, r, _| c.command(r)),
    serves("wait", 3, |_, _, _| Reply::Number(0)),
    serves("lolwut", -1, |c, _, _| Reply::text(format!("Redis ver. {}\n", c.behaviour().version))),
];

/// A command by its name in lower case.
pub(super) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

fn ping(request: &[Vec<u8>]) -> Reply {
    match request {
        [_] => Reply::Status("PONG"),
        [_, text] => Reply::Bulk(text.clone()),
        _ => Reply::error("wrong number of arguments for 'ping' command"),
    }
}

fn time(now: Timestamp) -> Reply {
    let micros = now.as_microsecond();
    Reply::texts([(micros / 1_000_000).to_string(), (micros % 1_000_000).to_string()])
}

fn subscribed(request: &[Vec<u8>]) -> Reply {
    let mut out = Vec::new();
    let kind = lower(request.first());
    for (n, channel) in request.iter().skip(1).enumerate() {
        let items = vec![Reply::text(kind.as_str()), Reply::Bulk(channel.clone()), Reply::count(n + 1)];
        Reply::Array(items).write(&mut out);
    }
    Reply::Raw(out)
}

impl Client {
    /// Tells which patients' records went out.
    pub(super) fn tell_patients<'a>(&self, entries: impl Iterator<Item = &'a Entry>) {
        let ids: Vec<String> = entries.filter_map(|entry| entry.patient.clone()).collect();
        if !ids.is_empty() {
            self.session.emit(Observation::RecordRead {
                subject: RecordKind::Patient,
                count: u32::try_from(ids.len()).unwrap_or(u32::MAX),
                ids: ids.into_iter().take(MAX_IDS).collect(),
            });
        }
    }

    fn asked_info(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        match request.len() {
            1 | 2 => self.info(&lower(request.get(1)), now),
            _ => Reply::error("syntax error"),
        }
    }

    fn select(&mut self, request: &[Vec<u8>]) -> Reply {
        match request.get(1).and_then(|index| integer(index)) {
            None => Reply::error("invalid DB index"),
            Some(index) => match u8::try_from(index).ok().filter(|index| *index < 16) {
                Some(index) => {
                    self.database = index;
                    Reply::OK
                }
                None => Reply::error("DB index is out of range"),
            },
        }
    }

    fn flush(&mut self, every: bool, now: Timestamp) -> Reply {
        let databases = if every { 0..=15 } else { self.database..=self.database };
        let keys: usize = databases.map(|database| self.data_of(database, now).flush()).sum();
        self.exploit("data destroyed", format!("{keys} keys"));
        Reply::OK
    }

    /// The server does not end: the connection does, as when somebody starts it again at once.
    fn shutdown(&mut self, request: &[Vec<u8>]) -> Reply {
        let word = lower(request.get(1));
        if request.len() > 2 || !matches!(word.as_str(), "" | "nosave" | "save") {
            return Reply::error("syntax error");
        }
        self.exploit("server stopped", "SHUTDOWN".to_owned());
        self.leave();
        Reply::Raw(Vec::new())
    }

    fn client(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let word = lower(request.get(1));
        match (word.as_str(), request) {
            ("list", _) => {
                let peer = self.session.peer();
                Reply::text(format!(
                    "id={} addr={peer} fd=9 name={} age={} idle=0 flags=N db={} sub=0 psub=0 multi=-1 qbuf=26 qbuf-free=32742 obl=0 oll=0 omem=0 events=r cmd=client\n",
                    self.id(now),
                    String::from_utf8_lossy(&self.name),
                    self.age(now),
                    self.database
                ))
            }
            ("id", [_, _]) => Reply::Number(self.id(now)),
            ("getname", [_, _]) if self.name.is_empty() => Reply::Nil,
            ("getname", [_, _]) => Reply::Bulk(self.name.clone()),
            ("setname", [_, _, name]) if name.iter().all(|byte| (b'!'..=b'~').contains(byte)) => {
                self.name = name.iter().copied().take(256).collect();
                Reply::OK
            }
            ("setname", [_, _, _]) => {
                Reply::error("Client names cannot contain spaces, newlines or special characters.")
            }
            ("reply", [_, _, _]) | ("pause", [_, _, _]) => Reply::OK,
            ("kill", [_, _, ..]) => Reply::error("No such client"),
            _ => self.unknown_subcommand("CLIENT", request),
        }
    }

    fn id(&self, now: Timestamp) -> i64 {
        (now.as_second() - self.age(now) - self.started(now)) / 47 + 4
    }

    fn script(&mut self, request: &[Vec<u8>]) -> Reply {
        use sha1::Digest;
        let word = lower(request.get(1));
        match (word.as_str(), request) {
            ("load", [_, _, script]) => Reply::text(hex::encode(sha1::Sha1::digest(script))),
            ("flush", [_, _]) => Reply::OK,
            ("exists", [_, _, names @ ..]) => Reply::Array(names.iter().map(|_| Reply::Number(0)).collect()),
            ("kill", [_, _]) => Reply::Error("NOTBUSY No scripts in execution right now.".into()),
            _ => self.unknown_subcommand("SCRIPT", request),
        }
    }

    fn slowlog(&mut self, request: &[Vec<u8>]) -> Reply {
        match lower(request.get(1)).as_str() {
            "get" => Reply::Array(Vec::new()),
            "len" => Reply::Number(0),
            "reset" => Reply::OK,
            _ => self.unknown_subcommand("SLOWLOG", request),
        }
    }

    fn command(&mut self, request: &[Vec<u8>]) -> Reply {
        match lower(request.get(1)).as_str() {
            "" => Reply::Array(COMMANDS.iter().map(described).collect()),
            "count" => Reply::count(COMMANDS.len()),
            "info" => {
                let names = request.iter().skip(2);
                let found = names.map(|name| find(&lower(Some(name))).map_or(Reply::Nil, described));
                Reply::Array(found.collect())
            }
            _ => self.unknown_subcommand("COMMAND", request),
        }
    }
}

fn described(command: &Command) -> Reply {
    let flag = if command.writes { "write" } else { "readonly" };
    let keyed = if command.scripted && command.arity.abs() > 1 { 1 } else { 0 };
    Reply::Array(vec![
        Reply::text(command.name),
        Reply::Number(command.arity.into()),
        Reply::Array(vec![Reply::Status(flag)]),
        Reply::Number(keyed),
        Reply::Number(keyed),
        Reply::Number(keyed),
    ])
}
