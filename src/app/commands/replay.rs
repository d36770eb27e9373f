//! `honeyward replay`: a terminal session, as it was typed.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use super::terminal::Screen;
use crate::app::cli::ReplayArgs;
use crate::app::exit::Exit;
use crate::app::{Layout, find};
use crate::record::{SessionFiles, cast};

/// Plays every terminal of the session, one after the other.
pub(crate) fn run(args: &ReplayArgs, layout: &Layout) -> Exit {
    if !(args.speed >= 0.0 && args.speed.is_finite()) {
        return Exit::Usage("--speed: expected 0 or more".into());
    }
    let row = match find::store(layout).and_then(|reader| find::session(&reader, &args.session)) {
        Ok(row) => row,
        Err(exit) => return exit,
    };
    let terminals = SessionFiles::new(&layout.sessions(), row.id).terminals();
    if terminals.is_empty() {
        return Exit::Could(format!("session {} ({}) has no terminal recording", row.id, row.service));
    }
    for terminal in &terminals {
        match play(terminal, args.speed, &mut io::stdout().lock()) {
            Ok(()) => {}
            // The reader of our output has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            Err(error) => return Exit::Could(format!("{}: {error}", terminal.display())),
        }
    }
    Exit::Done
}

/// Waits between events as long as the peer did, divided by `speed`; 0 does not wait.
fn play(path: &Path, speed: f64, out: &mut impl Write) -> io::Result<()> {
    let (header, events) = cast::read(path)?;
    let mut screen = Screen::default();
    let mut shown = Duration::ZERO;
    let title: String = header.title.chars().filter(|c| !c.is_control()).collect();
    writeln!(out, "-- {title}, {} columns, {} rows --", header.width, header.height)?;
    for event in events.filter(|event| event.code == "o") {
        let pause = event.after.saturating_sub(shown).as_secs_f64() / speed;
        if speed > 0.0 {
            std::thread::sleep(Duration::try_from_secs_f64(pause).unwrap_or_default());
        }
        shown = event.after;
        out.write_all(screen.show(&event.text).as_bytes())?;
        out.flush()?;
    }
    writeln!(out, "\x1b[0m\r\n-- end --")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::SessionId;
    use crate::record::Cast;

    #[test]
    fn what_was_shown_comes_back_without_what_was_typed() {
        let (dir, id) = (tempfile::tempdir().unwrap(), SessionId(uuid::Uuid::now_v7()));
        let now = jiff::Timestamp::now();
        let mut cast = Cast::create(dir.path(), id, 1, now, (80, 24), "his");
        cast.output(now, b"$ ");
        cast.input(now, b"id\r");
        cast.output(now + jiff::SignedDuration::from_secs(3600), b"uid=0\r\n\x1b]0;own\x07");
        drop(cast);
        let mut out = Vec::new();
        play(&SessionFiles::new(dir.path(), id).terminal(1), 0.0, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "-- his, 80 columns, 24 rows --\n$ uid=0\r\n\x1b[0m\r\n-- end --\n");
    }
}
