//! What goes over the data connection.

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::machine::{FtpMachine, Who};
use super::tree::{ANONYMOUS, LOCAL, Left, Node, absolute, line};
use crate::event::observation::{Direction, MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::{ArtefactSink, Outbox};

/// What waits for the data connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Waiting {
    /// A listing.
    List(String),
    /// A file that goes out: its name, its bytes, the orders that it lists.
    Send(String, Vec<u8>, Vec<String>),
    /// A file that comes in, by its path.
    Receive(String),
}

/// A file that comes in.
pub(super) struct Coming {
    path: String,
    sink: Box<dyn ArtefactSink>,
}

impl FtpMachine {
    /// Begins once the peer has connected; until then waits for him.
    pub(super) fn transfer(&mut self, waiting: Waiting, out: &mut Outbox) {
        if !self.passive {
            return self.say(out, "425 Use PORT or PASV first.");
        }
        self.waiting = Some(waiting);
        if self.connected {
            self.start(out);
        }
    }

    /// Starts what waits.
    pub(super) fn start(&mut self, out: &mut Outbox) {
        let Some(waiting) = self.waiting.take() else { return };
        match waiting {
            Waiting::List(text) => {
                self.say(out, "150 Here comes the directory listing.");
                self.goes(text.into_bytes(), "226 Directory send OK.", out);
            }
            Waiting::Send(name, bytes, ids) => {
                let mode = if self.binary { "BINARY" } else { "ASCII" };
                self.say(
                    out,
                    format!("150 Opening {mode} mode data connection for {name} ({} bytes).", bytes.len()),
                );
                self.session.emit(Observation::Transfer {
                    direction: Direction::Download,
                    name: Tainted::new(name),
                    size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
                    sha256: hex::encode(Sha256::digest(&bytes)),
                });
                if !ids.is_empty() {
                    self.session.emit(Observation::RecordRead {
                        subject: RecordKind::Order,
                        count: u32::try_from(ids.len()).unwrap_or(u32::MAX),
                        ids: ids.into_iter().take(MAX_IDS).collect(),
                    });
                }
                self.goes(bytes, "226 Transfer complete.", out);
            }
            Waiting::Receive(path) => {
                self.say(out, "150 Ok to send data.");
                self.coming = Some(Coming { path, sink: self.session.artefact() });
            }
        }
    }

    fn goes(&mut self, bytes: Vec<u8>, after: &'static str, out: &mut Outbox) {
        let offset = std::mem::take(&mut self.restart).min(bytes.len());
        out.relay.push(Bytes::from(bytes).slice(offset..));
        out.relay_close = true;
        (self.passive, self.connected, self.after) = (false, false, Some(after));
    }

    /// More of a file.
    pub(super) fn came(&mut self, bytes: &[u8]) {
        if let Some(coming) = &mut self.coming {
            coming.sink.write(bytes);
        }
    }

    /// The data connection ended.
    pub(super) fn ended(&mut self, now: Timestamp, out: &mut Outbox) {
        (self.passive, self.connected) = (false, false);
        let Some(Coming { path, sink }) = self.coming.take() else { return };
        let kept = sink.finish();
        let name = Tainted::new(path.as_str());
        self.session.examine(&name, &kept);
        self.session.emit(Observation::Transfer {
            direction: Direction::Upload,
            name,
            size: kept.size,
            sha256: kept.sha256.clone(),
        });
        let owner = if self.who == Who::Local { LOCAL } else { ANONYMOUS };
        let left = Left { sha256: kept.sha256, size: kept.size, owner, at: now.as_second() };
        if self.tree(now).leave(&path, &left) {
            self.say(out, "226 Transfer complete.");
        } else {
            self.say(out, "451 Failure writing to local file.");
        }
    }

    /// LIST, NLST and STAT: the lines of a path. `-a` shows the folder itself and the one above it.
    pub(super) fn listing(&self, said: &str, names: bool, now: Timestamp) -> String {
        let (options, path) = match said.strip_prefix('-') {
            Some(rest) => rest.split_once(' ').unwrap_or((rest, "")),
            None => ("", said),
        };
        let tree = self.tree(now);
        let whole = absolute(&self.folder, path);
        let Some(node) = tree.node(&whole) else { return String::new() };
        let mut entries: Vec<_> = if node.folder {
            tree.list(&whole).into_iter().collect()
        } else {
            vec![(path.to_owned(), node.clone())]
        };
        if node.folder && options.contains('a') {
            entries.insert(0, ("..".to_owned(), node.clone()));
            entries.insert(0, (".".to_owned(), node.clone()));
        }
        let before = if path.is_empty() || !node.folder { String::new() } else { format!("{path}/") };
        let one = |(name, node): &(String, Node)| {
            if names { format!("{before}{name}\r\n") } else { line(name, node, now) }
        };
        entries.iter().map(one).collect()
    }
}
