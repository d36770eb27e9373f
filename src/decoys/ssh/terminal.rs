//! The task behind a shell or a command: prompt, line, run, and again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use russh::ChannelId;
use russh::server::Handle;
use tokio::sync::{Notify, mpsc};

use crate::event::Observation;
use crate::session::Session;

use super::complete::complete;
use super::console::{Console, Event, with_returns};
use super::line::{Key, Line};
use super::shell::parser::SyntaxError;
use super::shell::port::Port;
use super::shell::recall;
use super::shell::run::{Ended, explain, run};
use super::shell::site::{Account, Site};
use super::shell::state::{Screen, Shell};

/// How long a command may run before it is told without its exit status.
const TELL_AFTER: Duration = Duration::from_millis(500);

/// Idle time at a prompt after which bash leaves: `TMOUT` of /etc/profile.
const IDLE: Duration = Duration::from_secs(600);

/// Most bytes of a command that goes on over several lines.
const MAX_COMMAND: usize = 64 << 10;

/// Where a shell sits.
pub(super) struct Seat {
    /// The machine.
    pub site: Arc<Site>,
    /// The session.
    pub session: Session,
    /// Who is logged in.
    pub account: Account,
    /// The library's handle.
    pub handle: Handle,
    /// The channel.
    pub id: ChannelId,
    /// The terminal, if any.
    pub screen: Option<Screen>,
    /// Variables the peer set.
    pub environment: Vec<(String, String)>,
    /// What comes in.
    pub events: mpsc::Receiver<Event>,
    /// The other end of it.
    pub sender: mpsc::Sender<Event>,
    /// Ctrl-C and signals.
    pub interrupt: Arc<Notify>,
    /// Whether keys pass as they are.
    pub raw: Arc<AtomicBool>,
    /// Set when all is over.
    pub ended: Arc<AtomicBool>,
}

/// Tells of a command once: with its status, or without when it lasts or is cut off.
struct Told<'a> {
    session: &'a Session,
    line: &'a str,
    done: bool,
}

impl Told<'_> {
    fn tell(&mut self, exit: Option<i32>) {
        if !std::mem::replace(&mut self.done, true) {
            self.session.emit(Observation::Command { line: self.line.into(), exit });
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.tell(None);
    }
}

/// Runs a line; Ctrl-C ends it with 130.
async fn perform(
    shell: &mut Shell,
    console: &mut Console,
    interrupt: &Notify,
    line: &str,
) -> Result<Ended, SyntaxError> {
    let session = shell.session.clone();
    let mut told = Told { session: &session, line, done: false };
    let running = run(shell, console, line);
    tokio::pin!(running);
    let slow = tokio::time::sleep(TELL_AFTER);
    tokio::pin!(slow);
    loop {
        tokio::select! {
            biased;
            ended = &mut running => {
                told.tell(ended.as_ref().ok().map(|e| e.status).or(Some(2)));
                return ended;
            }
            () = interrupt.notified() => {
                told.tell(Some(130));
                return Ok(Ended { status: 130, exit: false });
            }
            () = &mut slow, if !told.done => told.tell(None),
        }
    }
}

impl Seat {
    fn sit(self) -> (Shell, Console, Arc<Notify>, Arc<AtomicBool>) {
        let recorder = self.screen.as_ref().map(|s| {
            let title = format!("{}@{}", self.account.name, self.site.host.hostname);
            self.session.terminal(s.columns, s.rows, &title)
        });
        let mut shell = Shell::new(self.site, self.session.clone(), self.account, self.screen);
        for (name, value) in self.environment {
            shell.set(&name, value);
            shell.export(&name);
        }
        let console = Console {
            handle: self.handle,
            id: self.id,
            session: self.session,
            events: self.events,
            waiting: VecDeque::new(),
            typed: Vec::new(),
            recorder,
            echo: true,
            raw: self.raw,
            over: false,
            input_over: false,
            size: None,
        };
        (shell, console, self.interrupt, self.ended)
    }
}

/// Ends the channel as sshd does: status, end of file, close.
async fn leave(console: &Console, status: i32, ended: &AtomicBool) {
    ended.store(true, Ordering::Release);
    let status = u32::try_from(status & 255).unwrap_or(0);
    let _ = console.handle.exit_status_request(console.id, status).await;
    let _ = console.handle.eof(console.id).await;
    let _ = console.handle.close(console.id).await;
}

/// Serves a command.
pub(super) async fn command(seat: Seat, line: String) {
    let (mut shell, mut console, interrupt, ended) = seat.sit();
    shell.name = "bash".into();
    let status = match perform(&mut shell, &mut console, &interrupt, &line).await {
        Ok(ended) => ended.status,
        Err(error) => {
            let text = explain(&error, "bash", &line);
            console.write(true, text.into_bytes()).await;
            2
        }
    };
    leave(&console, status, &ended).await;
}

/// Serves a login shell.
pub(super) async fn shell(seat: Seat) {
    let (mut shell, mut console, interrupt, ended) = seat.sit();
    let interactive = shell.screen.is_some();
    if interactive {
        let hello = greeting(&shell);
        console.send(false, with_returns(hello.as_bytes())).await;
    } else {
        shell.name = "-bash".into();
    }
    load_history(&mut shell);
    let status = lines(&mut shell, &mut console, &interrupt, interactive).await;
    save_history(&shell);
    leave(&console, status, &ended).await;
}

/// What a login prints: the kernel's line, the motd, the last login.
fn greeting(shell: &Shell) -> String {
    let host = &shell.site.host;
    let kernel = format!(
        "Linux {} {} {} x86_64\n",
        host.hostname, host.os.kernel, shell.site.behaviour.machine.kernel_build
    );
    let motd = shell.fs.read("/etc/motd").unwrap_or_default();
    let key = format!("ssh:{}:last-login:{}", host.name, shell.account.name);
    let last = shell
        .session
        .overlay()
        .get(&key)
        .map(|b| format!("{}\r\n", String::from_utf8_lossy(&b)))
        .unwrap_or_default();
    let when = shell.session.now().to_zoned(shell.site.zone()).strftime("%a %b %e %H:%M:%S %Y").to_string();
    shell
        .session
        .overlay()
        .put(key, format!("Last login: {when} from {}", shell.session.source()).into_bytes());
    format!("{kernel}{}{last}", String::from_utf8_lossy(&motd))
}

fn load_history(shell: &mut Shell) {
    let path = format!("{}/.bash_history", shell.account.home);
    let text = shell.fs.read(&path).unwrap_or_default();
    for line in String::from_utf8_lossy(&text).lines() {
        shell.remember(line);
    }
}

fn save_history(shell: &Shell) {
    if shell.history.is_empty() {
        return;
    }
    let path = format!("{}/.bash_history", shell.account.home);
    let new = shell.fs.stat(&path).is_err();
    if shell.fs.write(&path, format!("{}\n", shell.history.join("\n")).as_bytes(), false).is_ok() && new {
        let _ = shell.fs.change(&path, |n| n.mode = 0o600);
    }
}

/// Reads and runs lines until the shell ends.
async fn lines(shell: &mut Shell, console: &mut Console, interrupt: &Notify, interactive: bool) -> i32 {
    let mut command = String::new();
    loop {
        let prompt = if !command.is_empty() { "> ".to_owned() } else { shell.prompt() };
        let read = if interactive { prompted(shell, console, &prompt).await } else { plain(console).await };
        if let (Some((columns, rows)), Some(screen)) = (console.size.take(), &mut shell.screen) {
            (screen.columns, screen.rows) = (columns, rows);
        }
        let Some(line) = read else {
            match shell.leave() {
                Some(farewell) => {
                    console.write(false, farewell.into_bytes()).await;
                    command.clear();
                    continue;
                }
                None => return shell.status,
            }
        };
        let Some(line) = line else {
            command.clear();
            shell.status = 130;
            continue;
        };
        let Some(line) = recalled(shell, console, line, interactive).await else {
            command.clear();
            continue;
        };
        if !command.is_empty() {
            command.push('\n');
        }
        command.push_str(&line);
        if command.trim().is_empty() {
            command.clear();
            continue;
        }
        // A late Ctrl-C at the prompt must not end the next command.
        let _ = futures_util::FutureExt::now_or_never(interrupt.notified());
        match super::shell::parser::parse(&command) {
            Err(SyntaxError::Unfinished | SyntaxError::Open(_)) if command.len() < MAX_COMMAND => continue,
            Ok(_) | Err(_) => {}
        }
        let whole = std::mem::take(&mut command);
        shell.remember(whole.trim_end());
        // On the heap: a shell that waits at its prompt should not hold the room of a run.
        match Box::pin(perform(shell, console, interrupt, &whole)).await {
            Ok(ended) => {
                console.typed.clear();
                console.cook();
                if ended.status == 130 && interactive {
                    console.discard();
                    console.send(false, b"^C\r\n".to_vec()).await;
                }
                shell.status = ended.status;
                if ended.exit {
                    return ended.status;
                }
            }
            Err(error) => {
                let text = explain(&error, &shell.name, &whole);
                console.write(true, text.into_bytes()).await;
                shell.status = 2;
            }
        }
        if console.over {
            return shell.status;
        }
    }
}

/// A line after history expansion, shown where it differs; `None`: the event is not there.
async fn recalled(
    shell: &mut Shell,
    console: &mut Console,
    line: String,
    interactive: bool,
) -> Option<String> {
    if !interactive {
        return Some(line);
    }
    match recall::expand(&line, &shell.history) {
        Ok(None) => Some(line),
        Ok(Some(changed)) => {
            console.write(true, format!("{changed}\n").into_bytes()).await;
            Some(changed)
        }
        Err(problem) => {
            console.write(true, format!("{}{problem}\n", shell.prefix()).into_bytes()).await;
            None
        }
    }
}

/// A line at a prompt: outer `None` at the end, inner `None` after Ctrl-C.
async fn prompted(shell: &Shell, console: &mut Console, prompt: &str) -> Option<Option<String>> {
    console.send(false, format!("\x1b[?2004h{prompt}").into_bytes()).await;
    let mut line = Line::default();
    loop {
        let mut echo = Vec::new();
        while let Some(byte) = console.waiting.pop_front() {
            let end = match line.key(byte, &shell.history, &mut echo) {
                Key::None => continue,
                Key::Line(text) => Some(Some(text)),
                Key::Interrupt => {
                    echo.extend_from_slice(b"\x1b[?2004l\r\x1b[?2004h\x1b[?2004l\r\r\n");
                    console.send(false, echo).await;
                    return Some(None);
                }
                Key::End => {
                    echo.extend_from_slice(b"\x1b[?2004l\r\r\n");
                    if !shell.is_inner() {
                        echo.extend_from_slice(b"logout\r\n");
                    }
                    console.send(false, echo).await;
                    return None;
                }
                Key::Clear => {
                    echo.extend_from_slice(format!("\x1b[H\x1b[2J{prompt}{}", line.shown()).as_bytes());
                    continue;
                }
                Key::Complete(text) => {
                    complete(shell, &mut line, &text, prompt, &mut echo);
                    continue;
                }
            };
            echo.extend_from_slice(b"\x1b[?2004l\r");
            console.send(false, echo).await;
            return end;
        }
        if !echo.is_empty() {
            console.send(false, echo).await;
        }
        match tokio::time::timeout(IDLE, console.next()).await {
            Ok(true) => {}
            Ok(false) => return None,
            Err(_) => {
                console.send(false, b"\x07timed out waiting for input: auto-logout\r\n".to_vec()).await;
                return None;
            }
        }
    }
}

/// A line of a shell without terminal: outer `None` at the end.
async fn plain(console: &mut Console) -> Option<Option<String>> {
    loop {
        if let Some(at) = console.waiting.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = console.waiting.drain(..=at).collect();
            return Some(Some(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned()));
        }
        if console.waiting.len() > MAX_COMMAND {
            console.waiting.clear();
        }
        if !console.next().await {
            let rest: Vec<u8> = console.waiting.drain(..).collect();
            return (!rest.is_empty()).then(|| Some(String::from_utf8_lossy(&rest).into_owned()));
        }
    }
}
