//! CONFIG: the parameters of 5.0, in the order in which it lists them.

use super::machine::Client;
use super::resp::Reply;
use super::strings::{glob, lower};
use crate::event::Observation;

/// The product's parameters and their values where nothing is set.
const PARAMETERS: &str = include_str!("parameters.txt");

fn parameters() -> impl Iterator<Item = (&'static str, &'static str)> {
    PARAMETERS.lines().map(|line| line.split_once(' ').unwrap_or((line, "")))
}

/// Whether there is such a parameter.
pub(super) fn is_known(name: &str) -> bool {
    parameters().any(|(known, _)| known == name)
}

/// Parameters that can't be set while it runs.
const FIXED: [&str; 14] = [
    "databases",
    "bind",
    "port",
    "unixsocket",
    "unixsocketperm",
    "logfile",
    "pidfile",
    "daemonize",
    "supervised",
    "syslog-enabled",
    "syslog-ident",
    "syslog-facility",
    "rdbchecksum",
    "slaveof",
];

impl Client {
    /// What the intruder set for himself.
    pub(super) fn setting(&self, name: &str) -> Option<String> {
        let bytes = self.session.overlay().get(&self.setting_key(name))?;
        String::from_utf8(bytes).ok()
    }

    pub(super) fn set_setting(&self, name: &str, value: &str) {
        self.session.overlay().put(self.setting_key(name), value.as_bytes().to_vec());
    }

    fn setting_key(&self, name: &str) -> String {
        // The product's old and new names of one parameter.
        let name = name.replace("replica", "slave");
        format!("redis/{}/setting/{name}", self.session.host().name)
    }

    /// A parameter's value.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let own = || parameters().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
        if name == "requirepass" && self.setting(name).is_none() {
            return Some(self.station.password.clone().unwrap_or_default());
        }
        if name == "port" {
            return Some(self.station.port.to_string());
        }
        self.setting(name).or_else(|| self.behaviour().config.get(name).cloned()).or_else(own)
    }

    pub(super) fn config(&mut self, arguments: &[Vec<u8>]) -> Reply {
        let word = lower(arguments.get(1));
        match (word.as_str(), arguments) {
            ("get", [_, _, pattern]) => {
                let pattern = pattern.to_ascii_lowercase();
                let found = parameters().filter(|(name, _)| glob(&pattern, name.as_bytes()));
                let pairs =
                    found.flat_map(|(name, _)| [name.to_owned(), self.parameter(name).unwrap_or_default()]);
                Reply::texts(pairs)
            }
            ("set", [_, _, name, value]) => self.config_set(&lower(Some(name)), value),
            ("resetstat", [_, _]) => Reply::OK,
            ("rewrite", [_, _]) => {
                self.exploit("configuration rewritten", "CONFIG REWRITE".to_owned());
                Reply::OK
            }
            ("help", [_, _]) => Reply::Array(
                [
                    "CONFIG <subcommand> arg arg ... arg. Subcommands are:",
                    "GET <pattern> -- Return parameters matching the glob-like <pattern> and their values.",
                    "SET <parameter> <value> -- Set parameter to value.",
                    "RESETSTAT -- Reset statistics reported by INFO.",
                    "REWRITE -- Rewrite the configuration file.",
                ]
                .map(Reply::Status)
                .to_vec(),
            ),
            _ => self.unknown_subcommand("CONFIG", arguments),
        }
    }

    fn config_set(&mut self, name: &str, value: &[u8]) -> Reply {
        let text = String::from_utf8_lossy(value).into_owned();
        if !is_known(name) || FIXED.contains(&name) {
            return Reply::error(format!("Unsupported CONFIG parameter: {name}"));
        }
        let invalid = || Reply::error(format!("Invalid argument '{text}' for CONFIG SET '{name}'"));
        match name {
            "dir" => {
                let behaviour = self.behaviour();
                let folder = text.trim_end_matches('/');
                let folder = if folder.is_empty() { "/" } else { folder };
                let there = |list: &[String]| list.iter().any(|known| known == folder);
                if !there(&behaviour.folders) && !there(&behaviour.locked) {
                    self.exploit("folder of files tried", text);
                    return Reply::error("Changing directory: No such file or directory");
                }
                self.exploit("folder of files changed", text.clone());
                self.set_setting("dir", folder);
            }
            "dbfilename" => {
                if text.contains('/') {
                    return Reply::error("dbfilename can't be a path, just a filename");
                }
                self.exploit("name of files changed", text.clone());
                self.set_setting("dbfilename", &text);
            }
            "requirepass" => {
                self.exploit("password changed", text.clone());
                self.set_setting("requirepass", &text);
            }
            _ => {
                let old = self.parameter(name).unwrap_or_default();
                let switch = matches!(old.as_str(), "yes" | "no");
                let number = !old.is_empty() && old.bytes().all(|byte| byte.is_ascii_digit());
                let lowered = text.to_ascii_lowercase();
                if switch && !matches!(lowered.as_str(), "yes" | "no")
                    || number && text.parse::<u64>().is_err()
                {
                    return invalid();
                }
                self.set_setting(name, if switch { &lowered } else { &text });
            }
        }
        Reply::OK
    }

    /// Tells of an attack on the product.
    pub(super) fn exploit(&self, what: &str, payload: String) {
        self.session.emit(Observation::ExploitAttempt {
            weakness: format!("Redis: {what}"),
            payload: payload.into(),
        });
    }

    pub(super) fn unknown_subcommand(&self, command: &str, arguments: &[Vec<u8>]) -> Reply {
        let word =
            arguments.get(1).map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default();
        let end = if command == "CLIENT" { "" } else { "." };
        Reply::error(format!(
            "Unknown subcommand or wrong number of arguments for '{word}'. Try {command} HELP{end}"
        ))
    }
}
