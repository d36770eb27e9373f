//! `ssh` and `scp` (OpenSSH's) to other hosts of the honeynet.

mod client;
mod copy;
mod known;

use std::time::Duration;

use russh::ChannelMsg;
use russh::client::{Handle, Msg};

use self::client::{Server, greet};
use super::files::{Known, Word, words};
use crate::decoys::ssh::shell::run::{Io, Run, Source};

/// Status of ssh's own errors.
const ERROR: i32 = 255;

/// Passwords that are asked for: `NumberOfPasswordPrompts`.
const PROMPTS: usize = 3;

const OPTIONS: &[Known] = &[
    ('p', "port", true),
    ('P', "port", true),
    ('l', "login", true),
    ('i', "identity", true),
    ('o', "option", true),
    ('L', "local-forward", true),
    ('R', "remote-forward", true),
    ('D', "dynamic-forward", true),
    ('J', "jump", true),
    ('F', "config", true),
    ('b', "bind", true),
    ('c', "cipher", true),
    ('e', "escape", true),
    ('E', "log", true),
    ('m', "mac", true),
    ('O', "control", true),
    ('Q', "query", true),
    ('S', "socket", true),
    ('W', "stdio", true),
    ('w', "tunnel", true),
    ('B', "interface", true),
    ('I', "pkcs11", true),
    ('t', "terminal", false),
    ('T', "no-terminal", false),
    ('N', "nothing", false),
    ('q', "quiet", false),
    ('r', "recursive", false),
    ('v', "verbose", false),
    ('C', "compress", false),
    ('4', "ipv4", false),
    ('n', "null", false),
    ('f', "background", false),
    ('A', "agent", false),
    ('a', "no-agent", false),
    ('X', "x11", false),
    ('Y', "x11-trusted", false),
    ('x', "no-x11", false),
    ('g', "gateway", false),
    ('k', "no-gss", false),
    ('K', "gss", false),
];

const SSH_USAGE: &str = "usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-B bind_interface]\n           [-b bind_address] [-c cipher_spec] [-D [bind_address:]port]\n           [-E log_file] [-e escape_char] [-F configfile] [-I pkcs11]\n           [-i identity_file] [-J [user@]host[:port]] [-L address]\n           [-l login_name] [-m mac_spec] [-O ctl_cmd] [-o option] [-p port]\n           [-Q query_option] [-R address] [-S ctl_path] [-W host:port]\n           [-w local_tun[:remote_tun]] destination [command [argument ...]]\n";

/// What a command line says of a connection.
struct Wish {
    user: String,
    host: String,
    port: u16,
    operands: Vec<String>,
    /// Takes unknown host keys without asking.
    trusting: bool,
    /// Asks for nothing.
    batch: bool,
    timeout: Option<Duration>,
    terminal: bool,
    quiet: bool,
}

impl Wish {
    fn new(user: &str) -> Self {
        Wish {
            user: user.to_owned(),
            host: String::new(),
            port: 22,
            operands: Vec::new(),
            trusting: false,
            batch: false,
            timeout: None,
            terminal: false,
            quiet: false,
        }
    }

    /// An option; `false` for a bad port.
    fn set(&mut self, name: &str, value: &str) -> bool {
        match name {
            "port" => match value.parse() {
                Ok(port) => self.port = port,
                Err(_) => return false,
            },
            "login" => self.user = value.to_owned(),
            "terminal" => self.terminal = true,
            "quiet" => self.quiet = true,
            "option" => {
                let (key, value) = value.split_once(['=', ' ']).unwrap_or((value, ""));
                let no = value.eq_ignore_ascii_case("no") || value.eq_ignore_ascii_case("accept-new");
                match key.to_ascii_lowercase().as_str() {
                    "stricthostkeychecking" => self.trusting = no,
                    "batchmode" => self.batch = value.eq_ignore_ascii_case("yes"),
                    "connecttimeout" => self.timeout = value.parse().ok().map(Duration::from_secs),
                    "port" => return self.set("port", value),
                    "user" => self.user = value.to_owned(),
                    // The rest changes nothing that is seen.
                    _ => {}
                }
            }
            // The rest changes nothing that is seen.
            _ => {}
        }
        true
    }

    fn aim(&mut self, target: &str) {
        let target = target.strip_prefix("ssh://").unwrap_or(target);
        match target.rsplit_once('@') {
            Some((user, host)) => (self.user, self.host) = (user.to_owned(), host.to_owned()),
            None => self.host = target.to_owned(),
        }
    }
}

impl Run<'_> {
    pub(super) async fn ssh(&mut self, rest: &[String], io: &Io) -> i32 {
        if rest.iter().any(|word| word == "-V") {
            let build = self.shell.site.behaviour.banner.trim_start_matches("SSH-2.0-").to_owned();
            self.error(io, &format!("{build}, OpenSSL 3.0.17 1 Jul 2025\n")).await;
            return 0;
        }
        let mut wish = Wish::new(&self.shell.account.name);
        let at = destination(rest);
        let (before, after) = rest.split_at_checked(at + 1).unwrap_or((rest, &[]));
        for word in words(before, OPTIONS) {
            match word {
                Word::Operand(target) => wish.aim(&target),
                Word::Option(name, value) if !wish.set(name, &value) => {
                    self.error(io, &format!("Bad port '{value}'\n")).await;
                    return ERROR;
                }
                Word::Option(..) => {}
                Word::Unknown(option) => {
                    let letter = option.trim_start_matches('-').chars().next().unwrap_or('-');
                    self.error(io, &format!("unknown option -- {letter}\n{SSH_USAGE}")).await;
                    return ERROR;
                }
                Word::Lacking(option) => {
                    let letter = option.trim_start_matches('-');
                    self.error(io, &format!("option requires an argument -- {letter}\n{SSH_USAGE}")).await;
                    return ERROR;
                }
            }
        }
        if wish.host.is_empty() {
            self.error(io, SSH_USAGE).await;
            return ERROR;
        }
        wish.operands = after.to_vec();
        match self.log_in("ssh", &wish, io).await {
            Some(handle) => self.remote(handle, &wish, io).await,
            None => ERROR,
        }
    }

    /// Connects, checks the host's key and logs in; what failed is told to the one who typed.
    async fn log_in(&mut self, means: &str, wish: &Wish, io: &Io) -> Option<Handle<Server>> {
        let Wish { user, host, port, .. } = wish;
        let target = format!("{user}@{host}:{port}");
        let Some(place) = self.resolved(means, &target, host).await else {
            let line =
                format!("ssh: Could not resolve hostname {host}: Temporary failure in name resolution\n");
            self.error(io, &line).await;
            return None;
        };
        let stream = match self.dial(means, &target, (&place, *port), wish.timeout).await {
            Ok(stream) => stream,
            Err(failure) => {
                let line = format!("ssh: connect to host {host} port {port}: {}\n", failure.text());
                self.error(io, &line).await;
                return None;
            }
        };
        let banner = self.shell.site.behaviour.banner.clone();
        let Some((mut handle, key)) = greet(stream, banner).await else {
            let line = format!(
                "kex_exchange_identification: Connection closed by remote host\nConnection closed by {} port {port}\n",
                place.address()
            );
            self.error(io, &line).await;
            return None;
        };
        if !self.trusts(wish, place.address(), &key, io).await {
            return None;
        }
        let methods = match client::without(&mut handle, user).await {
            Ok(None) => return Some(handle),
            Ok(Some(methods)) => methods,
            Err(()) => return self.closed(&place, *port, io).await,
        };
        let tries = if wish.batch || !methods.contains("password") || self.shell.screen.is_none() {
            0
        } else {
            PROMPTS
        };
        for n in 0..tries {
            let password = self.asked(&format!("{user}@{host}'s password: "), io).await?;
            match client::with_password(&mut handle, user, password).await {
                Ok(true) => return Some(handle),
                Ok(false) if n + 1 < tries => self.error(io, "Permission denied, please try again.\n").await,
                Ok(false) => {}
                Err(()) => return self.closed(&place, *port, io).await,
            }
        }
        self.error(io, &format!("{user}@{host}: Permission denied ({methods}).\n")).await;
        None
    }

    async fn closed<T>(&mut self, place: &super::Place, port: u16, io: &Io) -> Option<T> {
        self.error(io, &format!("Connection closed by {} port {port}\n", place.address())).await;
        None
    }

    /// Asks for a password on the terminal. What is typed is told by the host that it goes to.
    async fn asked(&mut self, prompt: &str, io: &Io) -> Option<String> {
        let terminal = Io { input: Source::Port, ..io.clone() };
        self.error(io, prompt).await;
        self.echo(false);
        let line = self.read_line(&terminal).await;
        self.echo(true);
        self.error(io, "\n").await;
        line
    }

    /// Runs a shell or a command on the other host until it ends.
    async fn remote(&mut self, handle: Handle<Server>, wish: &Wish, io: &Io) -> i32 {
        let Ok(channel) = handle.channel_open_session().await else { return ERROR };
        let command = wish.operands.join(" ");
        let screen = self.shell.screen.clone().filter(|_| command.is_empty() || wish.terminal);
        let screen = screen.filter(|_| io.input == Source::Port);
        if screen.is_none() && command.is_empty() && self.shell.screen.is_some() {
            self.error(io, "Pseudo-terminal will not be allocated because stdin is not a terminal.\n").await;
        }
        if let Some(screen) = &screen {
            let (columns, rows) = (u32::from(screen.columns), u32::from(screen.rows));
            let _ = channel.request_pty(false, &screen.name, columns, rows, 0, 0, &[]).await;
        }
        let asked = if command.is_empty() {
            channel.request_shell(false).await
        } else {
            channel.exec(false, command).await
        };
        if asked.is_err() {
            return ERROR;
        }
        if screen.is_some() {
            self.raw(true);
        }
        let status = self.carry(channel, io).await;
        if screen.is_some() {
            self.raw(false);
            if !wish.quiet {
                self.error(io, &format!("Connection to {} closed.\n", wish.host)).await;
            }
        }
        status
    }

    async fn carry(&mut self, mut channel: russh::Channel<Msg>, io: &Io) -> i32 {
        let (mut status, mut reading) = (ERROR, true);
        loop {
            let typed = tokio::select! {
                biased;
                message = channel.wait() => {
                    match message {
                        Some(ChannelMsg::Data { data }) => self.write(&io.out, data.to_vec()).await,
                        Some(ChannelMsg::ExtendedData { data, .. }) => self.write(&io.error, data.to_vec()).await,
                        Some(ChannelMsg::ExitStatus { exit_status }) => {
                            status = i32::try_from(exit_status).unwrap_or(ERROR);
                        }
                        Some(ChannelMsg::Close) | None => return status,
                        // Replies and window changes: the library's own affair.
                        Some(_) => {}
                    }
                    continue;
                }
                typed = self.read_some(io), if reading => typed,
            };
            let sent = match typed {
                Some(bytes) => channel.data_bytes(bytes).await,
                None => {
                    reading = false;
                    channel.eof().await
                }
            };
            if sent.is_err() {
                return status;
            }
        }
    }
}

/// The place of the destination: the first word that is neither option nor an option's value.
fn destination(rest: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = rest.get(at) {
        let Some(letters) = word.strip_prefix('-') else { return at };
        let valued = |letter: char| OPTIONS.iter().any(|(known, _, valued)| *known == letter && *valued);
        let takes_next = letters.chars().position(valued).is_some_and(|n| n + 1 == letters.chars().count());
        at += if takes_next { 2 } else { 1 };
    }
    at
}
