//! What takes servers over: files by snapshots, masters that send code, modules, scripts.

use jiff::Timestamp;
use sha1::{Digest, Sha1};

use super::machine::Client;
use super::rdb;
use super::resp::Reply;
use super::strings::{integer, lower};
use crate::event::{Observation, Tainted};

impl Client {
    /// Host and port of the master that was set, and since when.
    pub(super) fn master(&self) -> Option<(String, u16, i64)> {
        let text = self.setting("master").filter(|text| !text.is_empty())?;
        let mut parts = text.splitn(3, ' ');
        Some((parts.next()?.to_owned(), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// SLAVEOF and REPLICAOF.
    pub(super) fn replicate(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let (host, port) =
            (request.get(1).cloned().unwrap_or_default(), request.get(2).cloned().unwrap_or_default());
        if lower(Some(&host)) == "no" && lower(Some(&port)) == "one" {
            self.set_setting("master", "");
            return Reply::OK;
        }
        let Some(port) = integer(&port) else {
            return Reply::error("value is not an integer or out of range");
        };
        let host = String::from_utf8_lossy(&host).into_owned();
        let target = format!("{host}:{port}");
        self.session.emit(Observation::Tunnel {
            means: "REPLICAOF".into(),
            target: target.as_str().into(),
            relayed: false,
        });
        self.exploit("master set", target);
        let port = u16::try_from(port).unwrap_or(0);
        if self.master().is_some_and(|(old, old_port, _)| old == host && old_port == port) {
            return Reply::Status("OK Already connected to specified master");
        }
        // The master is stored without spaces: a name with one would be no name.
        self.set_setting("master", &format!("{} {port} {}", host.replace(' ', "_"), now.as_second()));
        Reply::OK
    }

    /// MODULE.
    pub(super) fn module(&mut self, request: &[Vec<u8>]) -> Reply {
        let word = lower(request.get(1));
        let name = request.get(2).map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
        match (word.as_str(), request.len()) {
            ("load", 3..) => {
                self.exploit("module loaded", name);
                Reply::error("Error loading the extension. Please check the server logs.")
            }
            ("unload", 3) => {
                self.exploit("module unloaded", name);
                Reply::error("Error unloading module: no such module with that name")
            }
            ("list", 2) => Reply::Array(Vec::new()),
            ("help", 2) => Reply::Array(
                [
                    "MODULE <subcommand> arg arg ... arg. Subcommands are:",
                    "LIST -- Return a list of loaded modules.",
                    "LOAD <path> [arg ...] -- Load a module library from <path>.",
                    "UNLOAD <name> -- Unload a module.",
                ]
                .map(Reply::Status)
                .to_vec(),
            ),
            _ => self.unknown_subcommand("MODULE", request),
        }
    }

    /// SAVE and BGSAVE: where the file has another name than it should, it is an attack, and what would
    /// have been written is kept.
    pub(super) fn save(&mut self, in_background: bool, now: Timestamp) -> Reply {
        let folder = self.parameter("dir").unwrap_or_default();
        let behaviour = self.behaviour();
        if behaviour.locked.contains(&folder) {
            self.exploit("file written", format!("{folder} refused"));
            return if in_background {
                Reply::Status("Background saving started")
            } else {
                Reply::Error("ERR".into())
            };
        }
        self.set_setting("lastsave", &now.as_second().to_string());
        let name = self.parameter("dbfilename").unwrap_or_default();
        let moved = self.setting("dir").is_some() || self.setting("dbfilename").is_some();
        if moved {
            let path = format!("{}/{name}", folder.trim_end_matches('/'));
            let aux = [
                ("redis-ver", behaviour.version.clone()),
                ("redis-bits", "64".to_owned()),
                ("ctime", now.as_second().to_string()),
            ];
            let written = self.data(now).written();
            let file = rdb::write(&aux, written.iter());
            self.session.keep(Tainted::new(path.as_str()), &file);
            self.exploit("file written", path);
        }
        if in_background { Reply::Status("Background saving started") } else { Reply::OK }
    }

    /// SYNC and PSYNC: the whole database goes out.
    pub(super) fn synchronise(&mut self, partial: bool, now: Timestamp) -> Reply {
        if self.master().is_some() {
            return Reply::Error("NOMASTERLINK Can't SYNC while not connected with my master".into());
        }
        let all = self.data_of(0, now).all();
        self.exploit("database copied away", format!("{} keys", all.len()));
        self.tell_patients(all.values());
        let aux = [
            ("redis-ver", self.behaviour().version.clone()),
            ("redis-bits", "64".to_owned()),
            ("ctime", now.as_second().to_string()),
        ];
        let file = rdb::write(&aux, all.iter());
        let mut out = Vec::new();
        if partial {
            out.extend_from_slice(format!("+FULLRESYNC {} 0\r\n", self.run_id(now)).as_bytes());
        }
        out.extend_from_slice(format!("${}\r\n", file.len()).as_bytes());
        out.extend_from_slice(&file);
        Reply::Raw(out)
    }

    /// EVAL. Scripts of one `return` are answered, others end without a value.
    pub(super) fn eval(&mut self, request: &[Vec<u8>], now: Timestamp) -> Reply {
        let script = request.get(1).map(|s| String::from_utf8_lossy(s).into_owned()).unwrap_or_default();
        let Some(count) = request.get(2).and_then(|count| integer(count)) else {
            return Reply::error("value is not an integer or out of range");
        };
        let rest = request.get(3..).unwrap_or_default();
        let Ok(count) = usize::try_from(count) else {
            return Reply::error("Number of keys can't be negative");
        };
        if count > rest.len() {
            return Reply::error("Number of keys can't be greater than number of args");
        }
        let digest = hex::encode(Sha1::digest(script.as_bytes()));
        let failed = |what: &str| Reply::error(format!("Error running script (call to f_{digest}): {what} "));
        // Globals that the sandbox does not have; scripts that reach for them want out of it.
        for name in ["package", "io", "os", "require", "dofile"] {
            let used = script.contains(&format!("{name}.")) || script.contains(&format!("{name}("));
            if used && !script.contains(&format!("local {name}")) {
                self.exploit("script that leaves its sandbox", script.clone());
                return failed(&format!(
                    "@enable_strict_lua:15: user_script:1: Script attempted to access nonexistent global variable '{name}'"
                ));
            }
        }
        let (keys, arguments) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        match self.returned(&script, keys, arguments, now) {
            Ok(reply) => reply,
            Err(what) => failed(what),
        }
    }

    fn returned(
        &mut self,
        script: &str,
        keys: &[Vec<u8>],
        arguments: &[Vec<u8>],
        now: Timestamp,
    ) -> Result<Reply, &'static str> {
        let script = script.trim().trim_end_matches(';').trim();
        let Some(value) =
            script.strip_prefix("return").filter(|rest| rest.starts_with([' ', '\'', '"', '{', '(']))
        else {
            return Ok(Reply::Nil);
        };
        let value = value.trim();
        let call = ["redis.call(", "redis.pcall("]
            .iter()
            .find_map(|name| value.strip_prefix(name)?.strip_suffix(')'));
        if let Some(words) = call {
            let request: Vec<Vec<u8>> =
                words.split(',').filter_map(|word| literal(word, keys, arguments)).collect();
            let name = lower(request.first());
            let count = i32::try_from(request.len()).unwrap_or(i32::MAX);
            let found = super::commands::find(&name);
            let found = found.filter(|c| if c.arity > 0 { c.arity == count } else { count >= -c.arity });
            return match found.filter(|command| command.scripted) {
                Some(command) => Ok((command.run)(self, &request, now)),
                None => Err("@user_script:1: @user_script: 1: Unknown Redis command called from Lua script"),
            };
        }
        if let Some(items) = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            let items = items.split(',').filter_map(|item| shown(item, keys, arguments));
            return Ok(Reply::Array(items.collect()));
        }
        Ok(if value == "true" {
            Reply::Number(1)
        } else {
            shown(value, keys, arguments).unwrap_or(Reply::Nil)
        })
    }
}

/// A literal as a script returns it.
fn shown(word: &str, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Option<Reply> {
    integer(word.trim().as_bytes())
        .map(Reply::Number)
        .or_else(|| literal(word, keys, arguments).map(Reply::Bulk))
}

/// `'x'`, `"x"`, `5`, `KEYS[1]`, `ARGV[2]`
fn literal(word: &str, keys: &[Vec<u8>], arguments: &[Vec<u8>]) -> Option<Vec<u8>> {
    let word = word.trim();
    for (name, list) in [("KEYS[", keys), ("ARGV[", arguments)] {
        if let Some(place) = word.strip_prefix(name).and_then(|rest| rest.strip_suffix(']')) {
            return list.get(place.parse::<usize>().ok()?.checked_sub(1)?).cloned();
        }
    }
    let quoted = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    let text = quoted('\'').or_else(|| quoted('"')).or_else(|| word.parse::<i64>().ok().map(|_| word))?;
    Some(text.as_bytes().to_vec())
}
