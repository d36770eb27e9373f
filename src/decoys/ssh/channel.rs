//! One session channel: a shell, a command, SFTP or scp.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use russh::server::{Handle, Session as Library};
use russh::{ChannelId, Error};
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

use crate::session::Session;

use super::console::Event;
use super::scp::Scp;
use super::sftp::Sftp;
use super::shell::fs::{Fs, Who};
use super::shell::site::{Account, Site};
use super::shell::state::Screen;
use super::terminal::{self, Seat};

/// Input events that wait for a running command; past it a peer's bytes are dropped, as a terminal
/// driver drops what overflows its queue.
const QUEUE: usize = 256;

/// What a channel does.
enum Work {
    /// Nothing was asked yet.
    Fresh,
    /// A shell or command runs in its own task.
    Seat { events: mpsc::Sender<Event>, interrupt: Arc<Notify>, raw: Arc<AtomicBool>, task: AbortHandle },
    /// File transfer, answered at once.
    Sftp(Box<Sftp>),
    /// The old copy protocol.
    Scp(Box<Scp>),
}

/// One session channel.
pub(super) struct Channel {
    site: Arc<Site>,
    session: Session,
    account: Account,
    handle: Handle,
    id: ChannelId,
    screen: Option<Screen>,
    work: Work,
    ended: Arc<AtomicBool>,
    /// Variables the peer set.
    pub environment: Vec<(String, String)>,
}

impl Channel {
    /// A channel just opened.
    pub(super) fn new(
        site: Arc<Site>,
        session: Session,
        account: Account,
        handle: Handle,
        id: ChannelId,
    ) -> Self {
        Channel {
            site,
            session,
            account,
            handle,
            id,
            screen: None,
            work: Work::Fresh,
            ended: Arc::default(),
            environment: Vec::new(),
        }
    }

    /// Whether nothing runs on it yet.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.work, Work::Fresh)
    }

    /// Whether what ran on it has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// A terminal was asked for.
    pub(super) fn set_screen(&mut self, name: &str, columns: u32, rows: u32) {
        let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
        let size =
            |n: u32, usual: u16| u16::try_from(n).ok().filter(|n| (1..=1000).contains(n)).unwrap_or(usual);
        self.screen = Some(Screen { columns: size(columns, 80), rows: size(rows, 24), name, number: 0 });
    }

    fn seat(&mut self) -> Seat {
        let (sender, events) = mpsc::channel(QUEUE);
        let interrupt = Arc::new(Notify::new());
        self.work = Work::Fresh;
        Seat {
            site: Arc::clone(&self.site),
            session: self.session.clone(),
            account: self.account.clone(),
            handle: self.handle.clone(),
            id: self.id,
            screen: self.screen.clone(),
            environment: std::mem::take(&mut self.environment),
            events,
            sender,
            interrupt,
            raw: Arc::default(),
            ended: Arc::clone(&self.ended),
        }
    }

    fn spawn(&mut self, seat: Seat, command: Option<String>) {
        let (events, interrupt) = (seat.sender.clone(), Arc::clone(&seat.interrupt));
        let raw = Arc::clone(&seat.raw);
        let task = match command {
            None => tokio::spawn(terminal::shell(seat)),
            Some(line) => tokio::spawn(terminal::command(seat, line)),
        };
        self.work = Work::Seat { events, interrupt, raw, task: task.abort_handle() };
    }

    /// Starts a login shell.
    pub(super) fn start_shell(&mut self) {
        let seat = self.seat();
        self.spawn(seat, None);
    }

    /// Starts a command.
    pub(super) fn start_command(&mut self, command: &[u8]) {
        self.session.transcript(false, command);
        let text = String::from_utf8_lossy(command).into_owned();
        if let Some(scp) = Scp::start(&text, self.fs(), self.session.clone(), &self.account.home) {
            let hello = scp.hello();
            self.work = Work::Scp(Box::new(scp));
            if !hello.is_empty() {
                let (handle, id) = (self.handle.clone(), self.id);
                tokio::spawn(async move { handle.data(id, hello).await });
            }
            return;
        }
        let seat = self.seat();
        self.spawn(seat, Some(text));
    }

    fn fs(&self) -> Fs {
        let who = Who { uid: self.account.uid, gid: self.account.gid };
        Fs::new(Arc::clone(&self.site), self.session.clone(), who)
    }

    /// Starts SFTP.
    pub(super) fn start_sftp(&mut self) {
        self.work = Work::Sftp(Box::new(Sftp::new(self.fs(), self.session.clone(), &self.account.home)));
    }

    /// The window changed.
    pub(super) fn resize(&mut self, columns: u32, rows: u32) {
        let name = self.screen.as_ref().map(|s| s.name.clone()).unwrap_or_default();
        self.set_screen(&name, columns, rows);
        if let (Work::Seat { events, .. }, Some(screen)) = (&self.work, &self.screen) {
            let _ = events.try_send(Event::Resize(screen.columns, screen.rows));
        }
    }

    /// A signal came.
    pub(super) fn interrupt(&mut self) {
        if let Work::Seat { interrupt, .. } = &self.work {
            interrupt.notify_one();
        }
    }

    /// Bytes came.
    ///
    /// # Errors
    /// What the library says when it can't send.
    pub(super) fn receive(&mut self, data: &[u8], library: &mut Library) -> Result<(), Error> {
        match &mut self.work {
            Work::Fresh => {}
            Work::Seat { events, interrupt, raw, .. } => {
                if self.screen.is_some() && data.contains(&3) && !raw.load(Ordering::Acquire) {
                    interrupt.notify_one();
                }
                let _ = events.try_send(Event::Bytes(data.to_vec()));
            }
            Work::Sftp(sftp) => {
                let out = sftp.receive(data);
                if !out.is_empty() {
                    library.data(self.id, out)?;
                }
            }
            Work::Scp(scp) => {
                let out = scp.receive(data);
                if !out.is_empty() {
                    library.data(self.id, out)?;
                }
                if scp.is_done() {
                    self.finish(0, library)?;
                }
            }
        }
        Ok(())
    }

    /// The peer sends no more.
    ///
    /// # Errors
    /// What the library says when it can't send.
    pub(super) fn end_of_input(&mut self, library: &mut Library) -> Result<(), Error> {
        match &mut self.work {
            Work::Seat { events, .. } => {
                let _ = events.try_send(Event::End);
                Ok(())
            }
            Work::Sftp(sftp) => {
                sftp.close_all();
                self.finish(0, library)
            }
            Work::Scp(_) => self.finish(0, library),
            Work::Fresh => Ok(()),
        }
    }

    fn finish(&mut self, status: u32, library: &mut Library) -> Result<(), Error> {
        self.ended.store(true, Ordering::Release);
        library.exit_status_request(self.id, status)?;
        library.eof(self.id)?;
        library.close(self.id)
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        if let Work::Seat { task, .. } = &self.work {
            task.abort();
        }
    }
}
