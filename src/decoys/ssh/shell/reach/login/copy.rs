//! `scp` between this machine and another host of the honeynet; `sftp` as far as its login.

use russh::ChannelMsg;
use russh::client::Msg;

use super::{OPTIONS, Wish};
use crate::decoys::ssh::shell::reach::files::{Word, words};
use crate::decoys::ssh::shell::run::{Io, Run};

/// Largest file that is copied: what a file of the shell may hold.
const MAX_FILE: usize = 8 << 20;

/// Longest control line: `C0644 size name`.
const MAX_LINE: usize = 4_096;

const SCP_USAGE: &str = "usage: scp [-346ABCOpqRrsTv] [-c cipher] [-D sftp_server_path] [-F ssh_config]\n           [-i identity_file] [-J destination] [-l limit] [-o ssh_option]\n           [-P port] [-S program] [-X sftp_option] source ... target\n";
const SFTP_USAGE: &str = "usage: sftp [-46AaCfNpqrv] [-B buffer_size] [-b batchfile] [-c cipher]\n          [-D sftp_server_command] [-F ssh_config] [-i identity_file]\n          [-J destination] [-l limit] [-o ssh_option] [-P port]\n          [-R num_requests] [-S program] [-s subsystem | sftp_server]\n          [-X sftp_option] destination\n";

impl Run<'_> {
    pub(in crate::decoys::ssh::shell::reach) async fn scp(
        &mut self,
        name: &str,
        rest: &[String],
        io: &Io,
    ) -> i32 {
        let mut wish = Wish::new(&self.shell.account.name);
        let mut operands = Vec::new();
        for word in words(rest, OPTIONS) {
            match word {
                Word::Operand(operand) => operands.push(operand),
                Word::Option(option, value) => {
                    wish.set(option, &value);
                }
                Word::Unknown(_) | Word::Lacking(_) => {}
            }
        }
        if name == "sftp" {
            return self.sftp(wish, operands.first(), io).await;
        }
        let [from, to] = operands.as_slice() else {
            self.error(io, SCP_USAGE).await;
            return 1;
        };
        match (remote(from), remote(to)) {
            (Some((target, path)), None) => {
                wish.aim(target);
                self.fetch(wish, path, to, io).await
            }
            (None, Some((target, path))) => {
                wish.aim(target);
                self.send(wish, from, path, io).await
            }
            (Some(_), Some(_)) | (None, None) => {
                self.error(io, SCP_USAGE).await;
                1
            }
        }
    }

    async fn sftp(&mut self, mut wish: Wish, operand: Option<&String>, io: &Io) -> i32 {
        let Some(operand) = operand else {
            self.error(io, SFTP_USAGE).await;
            return 1;
        };
        wish.aim(remote(operand).map_or(operand, |(target, _)| target));
        if self.log_in("sftp", &wish, io).await.is_some() {
            self.error(io, "subsystem request failed on channel 0\n").await;
        }
        self.error(io, "Connection closed\n").await;
        255
    }

    async fn channel(&mut self, wish: &Wish, command: String, io: &Io) -> Option<Talk> {
        let Some(handle) = self.log_in("scp", wish, io).await else {
            self.error(io, "scp: Connection closed\n").await;
            return None;
        };
        let channel = handle.channel_open_session().await.ok()?;
        channel.exec(false, command).await.ok()?;
        Some(Talk { channel, waiting: Vec::new() })
    }

    async fn send(&mut self, wish: Wish, from: &str, path: &str, io: &Io) -> i32 {
        let Ok(bytes) = self.shell.fs.read(&self.shell.path(from)) else {
            self.error(io, &format!("scp: stat local \"{from}\": No such file or directory\n")).await;
            return 1;
        };
        let file = from.rsplit('/').next().unwrap_or(from);
        let path = if path.is_empty() { "." } else { path };
        let Some(mut talk) = self.channel(&wish, format!("scp -t {path}"), io).await else { return 255 };
        let head = format!("C0644 {} {file}\n", bytes.len()).into_bytes();
        let whole = [bytes.as_slice(), &[0]].concat();
        let steps = [Vec::new(), head, whole];
        for step in steps {
            if !step.is_empty() && talk.channel.data_bytes(step).await.is_err() {
                return 1;
            }
            if let Err(fault) = talk.agreed().await {
                self.error(io, &format!("{fault}\n")).await;
                return 1;
            }
        }
        let _ = talk.channel.eof().await;
        self.progress(file, bytes.len(), io).await;
        0
    }

    async fn fetch(&mut self, wish: Wish, path: &str, to: &str, io: &Io) -> i32 {
        let Some(mut talk) = self.channel(&wish, format!("scp -f {path}"), io).await else { return 255 };
        let fetched = talk.file().await;
        let (file, bytes) = match fetched {
            Ok(fetched) => fetched,
            Err(fault) => {
                self.error(io, &format!("{fault}\n")).await;
                return 1;
            }
        };
        let target = self.shell.path(to);
        let into = self.shell.fs.stat(&target).is_ok_and(|meta| meta.is_directory());
        let name = if into { format!("{}/{file}", to.trim_end_matches('/')) } else { to.to_owned() };
        if !self.store(&name, &bytes) {
            self.error(io, &format!("scp: open local \"{name}\": Permission denied\n")).await;
            return 1;
        }
        self.progress(&file, bytes.len(), io).await;
        0
    }

    /// The last state of the progress line, which only a terminal gets.
    async fn progress(&mut self, file: &str, bytes: usize, io: &Io) {
        let Some(screen) = &self.shell.screen else { return };
        let room = usize::from(screen.columns).saturating_sub(40).max(10);
        let size = match bytes {
            0..10_240 => format!("{bytes:>4}  "),
            10_240..10_485_760 => format!("{:>4}KB", bytes >> 10),
            _ => format!("{:>4}MB", bytes >> 20),
        };
        let rate = self.shell.site.trait_number(&format!("scp/{file}/{bytes}"), 80) + 10;
        let name: String = file.chars().take(room).collect();
        self.out(io, &format!("{name:<room$} 100% {size} {:>4}.{}KB/s   00:00    \n", bytes >> 8, rate % 10))
            .await;
    }
}

/// Host and path of a place on another host: a colon before any slash.
fn remote(operand: &str) -> Option<(&str, &str)> {
    operand.split_once(':').filter(|(host, _)| !host.contains('/') && !host.is_empty())
}

/// The old copy protocol on a channel.
struct Talk {
    channel: russh::Channel<Msg>,
    waiting: Vec<u8>,
}

impl Talk {
    /// Waits for more; `false` at the end.
    async fn more(&mut self) -> bool {
        loop {
            match self.channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    self.waiting.extend_from_slice(&data);
                    return true;
                }
                Some(ChannelMsg::Close | ChannelMsg::Eof) | None => return false,
                // Replies and exit codes.
                Some(_) => {}
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                return Some(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.waiting.len() > MAX_LINE || !self.more().await {
                return None;
            }
        }
    }

    /// One answer: nothing, or the other side's complaint.
    async fn agreed(&mut self) -> Result<(), String> {
        const LOST: &str = "scp: Connection closed";
        while self.waiting.is_empty() {
            if !self.more().await {
                return Err(LOST.to_owned());
            }
        }
        if self.waiting.first() == Some(&0) {
            self.waiting.remove(0);
            return Ok(());
        }
        let line = self.line().await.unwrap_or_default();
        Err(line.trim_start_matches(['\x01', '\x02']).to_owned())
    }

    /// One file: its name and bytes.
    async fn file(&mut self) -> Result<(String, Vec<u8>), String> {
        const LOST: &str = "scp: Connection closed";
        let lost = || LOST.to_owned();
        self.channel.data_bytes(vec![0]).await.map_err(|_| lost())?;
        let line = self.line().await.ok_or_else(lost)?;
        let Some(rest) = line.strip_prefix('C') else {
            return Err(line.trim_start_matches(['\x01', '\x02']).to_owned());
        };
        let mut parts = rest.splitn(3, ' ').skip(1);
        let size: usize = parts.next().and_then(|size| size.parse().ok()).ok_or_else(lost)?;
        let name = parts.next().unwrap_or_default().to_owned();
        if size > MAX_FILE {
            return Err(lost());
        }
        self.channel.data_bytes(vec![0]).await.map_err(|_| lost())?;
        while self.waiting.len() <= size {
            if !self.more().await {
                return Err(lost());
            }
        }
        let _ = self.channel.data_bytes(vec![0]).await;
        self.waiting.truncate(size);
        Ok((name, std::mem::take(&mut self.waiting)))
    }
}
