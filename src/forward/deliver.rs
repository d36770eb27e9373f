//! One task per destination: reads alerts behind its cursor, sends, settles, starts again.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::cursor::Cursor;
use super::format::message;
use super::transport::Connection;
use super::{Destination, Transport};
use crate::event::{Alert, Severity, SystemEvent};
use crate::runtime::Shutdown;

/// A stream's write succeeds long before the receiver has read it, so what was sent is believed to
/// have arrived only after this long on a living connection; until then it would be sent again.
const SETTLE: Duration = Duration::from_secs(30);

/// How often settling is looked at.
const TICK: Duration = Duration::from_secs(1);

/// First and last pause between attempts.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// Alerts read at once.
const PAGE: usize = 256;

/// Where alerts come from: the store.
pub trait AlertSource: Send + Sync {
    /// Alerts after a sequence number, this severe or more, ascending, at most `limit`, with their
    /// numbers.
    ///
    /// # Errors
    /// In words, when the store can't be read now.
    fn alerts_after(
        &self,
        sequence: u64,
        min_severity: Severity,
        limit: usize,
    ) -> Result<Vec<(u64, Alert)>, String>;
}

/// How a destination stands, for the status page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DestinationState {
    /// Its name.
    pub name: String,
    /// `connecting`, `up`, `down`.
    pub state: &'static str,
    /// Why it is down.
    pub reason: Option<String>,
    /// Alerts sent since the start, repeats included.
    pub sent: u64,
    /// Sequence number up to which everything has surely arrived.
    pub settled: u64,
}

/// Carries alerts to one destination.
pub struct Courier {
    destination: Destination,
    source: Arc<dyn AlertSource>,
    cursor: Cursor,
    state: Arc<Mutex<DestinationState>>,
    tell: Box<dyn Fn(SystemEvent) + Send + Sync>,
}

struct Sent {
    sequence: u64,
    at: Instant,
}

impl Courier {
    /// A courier with its cursor in `folder`; `tell` hears when the destination comes or goes.
    ///
    /// # Errors
    /// When the cursor can't be read.
    pub fn new(
        destination: Destination,
        source: Arc<dyn AlertSource>,
        folder: &Path,
        tell: Box<dyn Fn(SystemEvent) + Send + Sync>,
    ) -> io::Result<Self> {
        let cursor = Cursor::open(folder, &destination.name)?;
        let state = DestinationState {
            name: destination.name.clone(),
            state: "connecting",
            reason: None,
            sent: 0,
            settled: cursor.settled(),
        };
        Ok(Courier { destination, source, cursor, state: Arc::new(Mutex::new(state)), tell })
    }

    /// A view for the status page.
    pub fn state(&self) -> Arc<Mutex<DestinationState>> {
        Arc::clone(&self.state)
    }

    /// Delivers until told to stop. `news` changes whenever the store has a new alert.
    pub async fn run(mut self, mut news: watch::Receiver<u64>, mut ear: Shutdown) {
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match Connection::open(&self.destination).await {
                Ok(connection) => {
                    self.note("up", None);
                    pause = FIRST_PAUSE;
                    match self.deliver(connection, &mut news, &mut ear).await {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            self.note("down", Some(error.to_string()));
            tokio::select! {
                () = tokio::time::sleep(jittered(pause)) => {}
                () = ear.requested() => return,
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Sends behind the cursor until the connection fails (an error) or it is told to stop.
    async fn deliver(
        &mut self,
        mut connection: Connection,
        news: &mut watch::Receiver<u64>,
        ear: &mut Shutdown,
    ) -> io::Result<()> {
        let mut unsettled = VecDeque::new();
        let mut next = self.cursor.settled();
        loop {
            news.borrow_and_update();
            let more = self.send_page(&mut connection, &mut next, &mut unsettled).await?;
            self.settle(&connection, &mut unsettled)?;
            if more {
                continue;
            }
            tokio::select! {
                changed = news.changed() => if changed.is_err() { return self.leave(connection, unsettled).await },
                error = connection.ended() => return Err(error),
                () = tokio::time::sleep(TICK) => {}
                () = ear.requested() => return self.leave(connection, unsettled).await,
            }
        }
    }

    /// Sends at most a page; tells whether there may be more.
    async fn send_page(
        &mut self,
        connection: &mut Connection,
        next: &mut u64,
        unsettled: &mut VecDeque<Sent>,
    ) -> io::Result<bool> {
        let least = self.destination.min_severity;
        let page = self.source.alerts_after(*next, least, PAGE).map_err(io::Error::other)?;
        let full = page.len() == PAGE;
        for (sequence, alert) in page {
            connection.send(&message(&alert, &self.destination)).await?;
            self.lock().sent += 1;
            *next = sequence;
            unsettled.push_back(Sent { sequence, at: Instant::now() });
        }
        Ok(full)
    }

    fn settle(&mut self, connection: &Connection, unsettled: &mut VecDeque<Sent>) -> io::Result<()> {
        let wait = if self.destination.transport == Transport::Udp { Duration::ZERO } else { SETTLE };
        let mut settled = None;
        while let Some(sent) = unsettled.front()
            && sent.at.elapsed() >= wait
            && connection.all_acknowledged()
        {
            settled = Some(sent.sequence);
            unsettled.pop_front();
        }
        if let Some(sequence) = settled {
            self.cursor.settle(sequence)?;
            self.lock().settled = sequence;
        }
        Ok(())
    }

    /// Ends in order. An orderly end that the receiver acknowledged settles what was sent.
    async fn leave(&mut self, connection: Connection, unsettled: VecDeque<Sent>) -> io::Result<()> {
        if connection.all_acknowledged()
            && let Some(last) = unsettled.back()
        {
            self.cursor.settle(last.sequence)?;
        }
        connection.close().await;
        Ok(())
    }

    fn note(&self, state: &'static str, reason: Option<String>) {
        let mut shown = self.lock();
        let changed = shown.state != state;
        shown.state = state;
        shown.reason.clone_from(&reason);
        drop(shown);
        if changed {
            (self.tell)(SystemEvent::Destination {
                name: self.destination.name.clone(),
                state: state.to_owned(),
                reason: reason.unwrap_or_default(),
            });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DestinationState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to a fifth more, so that many appliances do not knock at once.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + rand::random::<f64>() / 5.0)
}

/// Sends marked test alerts now, past the cursor; tells of each whether it went out.
///
/// # Errors
/// When the destination can't be reached or stops taking.
pub async fn send_tests(destination: &Destination, alerts: &[Alert]) -> io::Result<()> {
    let mut connection = Connection::open(destination).await?;
    for alert in alerts {
        connection.send(&message(alert, destination)).await?;
    }
    // A receiver that refuses our certificate or the format says so by closing.
    if let Ok(error) = tokio::time::timeout(Duration::from_millis(300), connection.ended()).await {
        return Err(error);
    }
    connection.close().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_a_fifth() {
        for _ in 0..100 {
            let pause = jittered(FIRST_PAUSE);
            assert!(pause >= FIRST_PAUSE && pause <= FIRST_PAUSE.mul_f64(1.2));
        }
    }
}
