//! The old copy protocol behind `scp -t` and `scp -f`, as rcp had it.

use sha2::{Digest, Sha256};

use crate::event::Observation;
use crate::event::observation::Direction;
use crate::session::{ArtefactSink, Session};

use super::shell::fs::Fs;

/// Longest control line.
const MAX_LINE: usize = 4_096;

/// Deepest directory that is copied in.
const MAX_DEPTH: usize = 32;

enum State {
    /// Waits for a control line.
    Line,
    /// Takes a file's bytes: path, bytes left, where they go.
    Body { path: String, left: u64, sink: Box<dyn ArtefactSink> },
    /// Waits for the zero byte behind a file.
    Trailer,
    /// Sends: pieces that wait for the peer's acknowledgements.
    Send(Vec<Vec<u8>>),
    /// All done.
    Done,
}

/// One copy.
pub(super) struct Scp {
    fs: Fs,
    session: Session,
    state: State,
    line: Vec<u8>,
    folder: Vec<String>,
    into_folder: bool,
    sending: bool,
}

impl Scp {
    /// Takes a command line when it is `scp` with `-t` or `-f`.
    pub(super) fn start(command: &str, fs: Fs, session: Session, home: &str) -> Option<Self> {
        let words: Vec<&str> = command.split_whitespace().collect();
        let (name, rest) = words.split_first()?;
        if name.rsplit('/').next() != Some("scp") {
            return None;
        }
        let has = |letter: char| {
            rest.iter().any(|w| w.starts_with('-') && !w.starts_with("--") && w.contains(letter))
        };
        let (to, from) = (has('t'), has('f'));
        if !to && !from {
            return None;
        }
        let target =
            rest.iter().rev().find(|w| !w.starts_with('-')).copied().unwrap_or(".").trim_matches(['\'', '"']);
        let path = match target.strip_prefix("~/") {
            Some(rest) => format!("{home}/{rest}"),
            None if target.starts_with('/') => target.to_owned(),
            None => format!("{home}/{target}"),
        };
        session.emit(Observation::Command { line: command.into(), exit: None });
        let into_folder = fs.stat(&path).is_ok_and(|m| m.is_directory());
        let mut scp = Scp {
            fs,
            session,
            state: State::Line,
            line: Vec::new(),
            folder: vec![path.clone()],
            into_folder,
            sending: from,
        };
        if from {
            scp.state = State::Send(scp.pieces(&path));
        }
        Some(scp)
    }

    /// What is sent before anything comes.
    pub(super) fn hello(&self) -> Vec<u8> {
        if self.sending { Vec::new() } else { vec![0] }
    }

    /// Whether all is done.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// The pieces of a file to send, last first.
    fn pieces(&self, path: &str) -> Vec<Vec<u8>> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let problem = |text: String| vec![format!("\x01scp: {path}: {text}\n").into_bytes()];
        match self.fs.stat(path) {
            Ok(meta) if meta.is_directory() => problem("not a regular file".into()),
            Err(errno) => problem(errno.to_string()),
            Ok(meta) => match self.fs.read(path) {
                Err(errno) => problem(errno.to_string()),
                Ok(bytes) => {
                    self.session.emit(Observation::Transfer {
                        direction: Direction::Download,
                        name: path.into(),
                        size: u64::try_from(bytes.len()).unwrap_or(0),
                        sha256: hex::encode(Sha256::digest(&bytes)),
                    });
                    let head = format!("C{:04o} {} {name}\n", meta.mode & 0o7777, bytes.len()).into_bytes();
                    let mut body = bytes;
                    body.push(0);
                    vec![body, head]
                }
            },
        }
    }

    /// Takes bytes; gives what is answered.
    pub(super) fn receive(&mut self, data: &[u8]) -> Vec<u8> {
        self.session.transcript(false, data);
        let mut out = Vec::new();
        let mut rest = data;
        while let Some((first, tail)) = rest.split_first() {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Done => return out,
                State::Send(mut pieces) => {
                    rest = tail;
                    if *first == 0
                        && let Some(piece) = pieces.pop()
                    {
                        out.extend_from_slice(&piece);
                        self.state = State::Send(pieces);
                    }
                }
                State::Trailer => {
                    rest = tail;
                    out.push(0);
                    self.state = State::Line;
                }
                State::Body { path, left, mut sink } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
                    let (body, after) = rest.split_at(take);
                    sink.write(body);
                    rest = after;
                    self.state = self.body(path, left - u64::try_from(take).unwrap_or(left), sink);
                }
                State::Line => {
                    rest = tail;
                    self.state = State::Line;
                    if *first != b'\n' {
                        if self.line.len() < MAX_LINE {
                            self.line.push(*first);
                        }
                        continue;
                    }
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                    out.extend_from_slice(&self.control(&line));
                }
            }
        }
        self.session.transcript(true, &out);
        out
    }

    fn body(&mut self, path: String, left: u64, sink: Box<dyn ArtefactSink>) -> State {
        if left > 0 {
            return State::Body { path, left, sink };
        }
        let kept = sink.finish();
        let _ = self.fs.put_artefact(&path, &kept.sha256, kept.size);
        self.session.examine(&path.as_str().into(), &kept);
        self.session.emit(Observation::Transfer {
            direction: Direction::Upload,
            name: path.as_str().into(),
            size: kept.size,
            sha256: kept.sha256,
        });
        State::Trailer
    }

    fn control(&mut self, line: &str) -> Vec<u8> {
        match line.chars().next() {
            Some('T') => vec![0],
            Some('E') => {
                if self.folder.len() > 1 {
                    self.folder.pop();
                }
                vec![0]
            }
            Some('C' | 'D') => match self.announced(line) {
                Ok(()) => vec![0],
                Err(text) => format!("\x01scp: {text}\n").into_bytes(),
            },
            _ => {
                self.session.malformed("scp control line", line.as_bytes());
                self.state = State::Done;
                b"\x02scp: protocol error: expected control record\n".to_vec()
            }
        }
    }

    /// `C0644 12 name` or `D0755 0 name`.
    fn announced(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.splitn(3, ' ');
        let (_, size, name) = (words.next(), words.next(), words.next().unwrap_or_default());
        let size: u64 = size.and_then(|s| s.parse().ok()).ok_or("protocol error: size not delimited")?;
        if name.is_empty() || name.contains('/') || name == ".." {
            return Err("protocol error: unexpected filename".into());
        }
        let base = self.folder.last().cloned().unwrap_or_default();
        let path = if self.into_folder || self.folder.len() > 1 {
            format!("{}/{name}", base.trim_end_matches('/'))
        } else {
            base
        };
        if line.starts_with('D') {
            if self.folder.len() >= MAX_DEPTH {
                return Err(format!("{path}: File name too long"));
            }
            let _ = self.fs.make_directory(&path);
            self.folder.push(path);
            return Ok(());
        }
        self.fs.write(&path, b"", false).map_err(|errno| format!("{path}: {errno}"))?;
        let sink = self.session.artefact();
        self.state = self.body(path, size, sink);
        Ok(())
    }
}
