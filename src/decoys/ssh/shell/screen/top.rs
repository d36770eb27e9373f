//! `top` on a terminal: draws itself every three seconds, and takes keys.

use std::time::Duration;

use super::keys::{Key, Keys};
use crate::decoys::ssh::shell::commands::{Call, processes};
use crate::decoys::ssh::shell::run::{Run, Sink};

/// Most pictures: two hours of them.
const MAX_ROUNDS: u32 = 2_400;

impl Run<'_> {
    pub(super) async fn top(&mut self, rest: &[String]) -> i32 {
        let value = |option: &str| {
            let at = rest.iter().position(|a| a == option)?;
            rest.get(at + 1)?.parse::<f64>().ok()
        };
        let every = value("-d").filter(|d| d.is_finite()).unwrap_or(3.0).clamp(0.1, 3_600.0);
        let rounds = value("-n").map_or(MAX_ROUNDS, |n| if n < 1.0 { 1 } else { rounds_of(n) });
        self.raw(true);
        self.write(&Sink::Out, b"\x1b[?1h\x1b=\x1b[H\x1b[2J".to_vec()).await;
        let (mut keys, mut order) = (Keys::default(), 'P');
        for _ in 0..rounds.min(MAX_ROUNDS) {
            let screen = self.top_picture(order);
            self.write(&Sink::Out, screen).await;
            match self.key_or_pause(&mut keys, Duration::from_secs_f64(every)).await {
                Some(Key::Char('q') | Key::Control('c')) => break,
                Some(Key::Char(key @ ('M' | 'P' | 'N' | 'T'))) => order = key,
                _ => {}
            }
        }
        self.write(&Sink::Out, b"\x1b[?1l\x1b>\r\n".to_vec()).await;
        self.raw(false);
        0
    }

    fn top_picture(&mut self, order: char) -> Vec<u8> {
        let arguments = ["top".to_owned()];
        let call = &mut Call::new(self.shell, &arguments, Vec::new(), true);
        let text = processes::top_screen(call, order);
        let mut out = String::from("\x1b[H");
        for line in text.lines() {
            out.push_str(line);
            out.push_str("\x1b[K\r\n");
        }
        out.push_str("\x1b[J");
        out.truncate(out.trim_end_matches("\x1b[J").trim_end_matches("\r\n").len());
        out.push_str("\x1b[J");
        out.into_bytes()
    }
}

fn rounds_of(n: f64) -> u32 {
    (1..MAX_ROUNDS).find(|r| f64::from(*r) >= n).unwrap_or(MAX_ROUNDS)
}
