//! What draws itself again until a key ends it: `top` and `watch`.

use std::time::Duration;

use super::keys::{Key, Keys};
use crate::decoys::ssh::shell::parser;
use crate::decoys::ssh::shell::port::Came;
use crate::decoys::ssh::shell::run::{Io, Run, Sink, Source, explain};

/// Most times that one command draws itself: two hours of `top`.
const MAX_ROUNDS: u32 = 2_400;

impl Run<'_> {
    /// Waits, or for a key that comes first; the end of input counts as `q`.
    pub(super) async fn key_or_pause(&mut self, keys: &mut Keys, pause: Duration) -> Option<Key> {
        if let Some(key) = keys.next() {
            return Some(key);
        }
        match self.read_within(pause).await {
            Came::Bytes(bytes) => keys.take(&bytes),
            Came::Nothing => return None,
            Came::End => return Some(Key::Char('q')),
        }
        keys.next()
    }

    pub(super) async fn watch(&mut self, rest: &[String], here: bool, io: &Io) -> i32 {
        let (mut every, mut title, mut words) = (2.0_f64, true, rest.iter().peekable());
        while let Some(option) = words.next_if(|w| w.starts_with('-')) {
            match option.as_str() {
                "-t" | "--no-title" => title = false,
                "-n" | "--interval" => every = words.next().and_then(|n| n.parse().ok()).unwrap_or(2.0),
                other => every = other.strip_prefix("-n").and_then(|n| n.parse().ok()).unwrap_or(every),
            }
        }
        let line = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            self.error(io, "\nUsage:\n watch [options] command\n\nFor more details see watch(1).\n").await;
            return 1;
        }
        if !here {
            self.error(io, "Error opening terminal: unknown.\n").await;
            return 1;
        }
        let every = if every.is_finite() { every.clamp(0.1, 86_400.0) } else { 2.0 };
        self.raw(true);
        self.write(&Sink::Out, b"\x1b[?1049h\x1b[22;0;0t".to_vec()).await;
        let mut keys = Keys::default();
        for _ in 0..MAX_ROUNDS {
            let shown = self.watched(&line, every, title).await;
            self.write(&Sink::Out, shown).await;
            let key = self.key_or_pause(&mut keys, Duration::from_secs_f64(every)).await;
            if matches!(key, Some(Key::Control('c') | Key::Char('q'))) {
                break;
            }
        }
        self.write(&Sink::Out, b"\x1b[?1049l\x1b[23;0;0t".to_vec()).await;
        self.raw(false);
        0
    }

    async fn watched(&mut self, line: &str, every: f64, title: bool) -> Vec<u8> {
        let (columns, rows) =
            self.shell.screen.as_ref().map_or((80, 24), |s| (usize::from(s.columns), usize::from(s.rows)));
        let io = Io { input: Source::Null, out: Sink::Out, error: Sink::Null };
        let text = match parser::parse(line) {
            Ok(script) => Box::pin(self.capture(&script, &io)).await,
            Err(error) => explain(&error, "sh", line),
        };
        let mut out = String::from("\x1b[H\x1b[2J");
        if title {
            let now = self.shell.session.now().to_zoned(self.shell.site.zone());
            let right =
                format!("{}: {}", self.shell.site.host.hostname, now.strftime("%a %b %e %H:%M:%S %Y"));
            let left = format!("Every {every:.1}s: {line}");
            let blank = columns.saturating_sub(left.chars().count() + right.len()).max(1);
            out.push_str(&format!("{left}{}{right}\r\n\r\n", " ".repeat(blank)));
        }
        let room = rows.saturating_sub(if title { 2 } else { 0 });
        let shown: Vec<String> = text.lines().take(room).map(|l| l.chars().take(columns).collect()).collect();
        out.push_str(&shown.join("\r\n"));
        out.into_bytes()
    }
}
