//! One task per destination: reads alerts behind its cursor, sends, settles, starts again.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::Destination;
use super::aside::Aside;
use super::cursor::Cursor;
use super::notice::Notice;
use super::state::{DestinationState, Standing};
use super::transport::{Connection, Fate, Parcel};
use crate::event::{Alert, SystemEvent};
use crate::runtime::Shutdown;

/// A stream's write succeeds long before the receiver has read it, so what was sent is believed to
/// have arrived only after this long on a living connection; until then it would be sent again.
const SETTLE: Duration = Duration::from_secs(30);

/// How often settling is looked at.
const TICK: Duration = Duration::from_secs(1);

/// First and last pause between attempts.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(60);

/// How often an alert is offered that the receiver refuses: once may be its mistake.
const TRIES: u32 = 3;

/// Alerts read at once.
const PAGE: usize = 256;

/// How long what is under way may take when it is time to stop.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Where alerts come from: the store.
pub trait AlertSource: Send + Sync {
    /// What this destination is told, after a sequence number, ascending, at most `limit`, with the
    /// numbers.
    ///
    /// # Errors
    /// In words, when the store can't be read now.
    fn notices_after(
        &self,
        sequence: u64,
        destination: &Destination,
        limit: usize,
    ) -> Result<Vec<(u64, Notice)>, String>;
}

/// Carries alerts to one destination.
pub struct Courier {
    destination: Destination,
    source: Arc<dyn AlertSource>,
    cursor: Cursor,
    aside: Aside,
    standing: Standing,
}

struct Sent {
    sequence: u64,
    at: Instant,
}

/// Why delivery pauses.
struct Trouble {
    reason: String,
    /// How long the receiver asked to be left alone.
    after: Duration,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble { reason: error.to_string(), after: Duration::ZERO }
    }
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
        let aside = Aside::new(folder, &destination.name);
        let standing = Standing::new(&destination.name, cursor.settled(), tell);
        Ok(Courier { destination, source, cursor, aside, standing })
    }

    /// A view for the status page.
    pub fn state(&self) -> Arc<Mutex<DestinationState>> {
        self.standing.view()
    }

    /// Delivers until told to stop. `news` changes whenever the store has a new alert.
    pub async fn run(mut self, mut news: watch::Receiver<u64>, mut ear: Shutdown) {
        let mut pause = FIRST_PAUSE;
        loop {
            let (began, settled) = (Instant::now(), self.cursor.settled());
            let Err(trouble) = self.connect_and_deliver(&mut news, &mut ear).await else { return };
            self.standing.down(trouble.reason);
            if began.elapsed() >= SETTLE || self.cursor.settled() > settled {
                pause = FIRST_PAUSE;
            }
            let asked = trouble.after.min(LAST_PAUSE);
            tokio::select! {
                () = tokio::time::sleep(jittered(pause.max(asked))) => {}
                () = ear.requested() => return,
            }
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn connect_and_deliver(
        &mut self,
        news: &mut watch::Receiver<u64>,
        ear: &mut Shutdown,
    ) -> Result<(), Trouble> {
        let connection = Connection::open(&self.destination).await?;
        self.deliver(connection, news, ear).await
    }

    /// Sends behind the cursor until the connection fails (an error) or it is told to stop.
    async fn deliver(
        &mut self,
        mut connection: Connection,
        news: &mut watch::Receiver<u64>,
        ear: &mut Shutdown,
    ) -> Result<(), Trouble> {
        let mut unsettled = VecDeque::new();
        let mut next = self.cursor.settled();
        loop {
            news.borrow_and_update();
            let sending = self.send_page(&mut connection, &mut next, &mut unsettled);
            let Some(more) = until_told(sending, ear).await else { break };
            let more = more?;
            self.standing.up();
            self.settle(&connection, &mut unsettled)?;
            if more {
                continue;
            }
            tokio::select! {
                changed = news.changed() => if changed.is_err() { break },
                error = connection.ended() => return Err(error.into()),
                () = tokio::time::sleep(TICK) => {}
                () = ear.requested() => break,
            }
        }
        Ok(self.leave(connection, unsettled).await?)
    }

    /// Sends at most a page; tells whether there may be more.
    async fn send_page(
        &mut self,
        connection: &mut Connection,
        next: &mut u64,
        unsettled: &mut VecDeque<Sent>,
    ) -> Result<bool, Trouble> {
        let page = self.source.notices_after(*next, &self.destination, PAGE).map_err(io::Error::other)?;
        let parcels: Vec<Parcel> = page.iter().map(|(_, notice)| parcel(notice, &self.destination)).collect();
        let mut begin = 0;
        while begin < page.len() {
            let end = begin + connection.batch(&parcels[begin..]);
            let fates = connection.send(&parcels[begin..end]).await?;
            let batch = page[begin..end].iter().zip(&parcels[begin..end]).zip(fates);
            for (((sequence, notice), parcel), fate) in batch {
                if self.take(connection, (notice, parcel), fate).await? {
                    self.settle_up_to(*sequence)?;
                } else {
                    unsettled.push_back(Sent { sequence: *sequence, at: Instant::now() });
                }
                *next = *sequence;
            }
            begin = end;
        }
        Ok(page.len() == PAGE)
    }

    /// Takes what became of an alert, offers it again where it was refused, and sets it aside in the
    /// end; tells whether that settles it.
    async fn take(
        &self,
        connection: &mut Connection,
        (notice, parcel): (&Notice, &Parcel),
        mut fate: Fate,
    ) -> Result<bool, Trouble> {
        let mut tries = 1;
        loop {
            let refusal = match fate {
                Fate::Later { reason, after } => return Err(Trouble { reason, after }),
                Fate::Refused(reason) => reason,
                taken @ (Fate::Sent | Fate::Settled) => {
                    self.standing.sent();
                    return Ok(matches!(taken, Fate::Settled));
                }
            };
            if tries == TRIES {
                let kept = self.aside.keep(&notice.name(), &parcel.body)?;
                self.standing.set_aside(format!("{refusal}; the alert is kept in {}", kept.display()));
                return Ok(true);
            }
            tries += 1;
            tokio::time::sleep(FIRST_PAUSE).await;
            let again = connection.send(std::slice::from_ref(parcel)).await?;
            fate = again.into_iter().next().unwrap_or(Fate::Sent);
        }
    }

    /// Settles what has been on a living connection for long enough.
    fn settle(&mut self, connection: &Connection, unsettled: &mut VecDeque<Sent>) -> io::Result<()> {
        let mut settled = None;
        while let Some(sent) = unsettled.front()
            && sent.at.elapsed() >= SETTLE
            && connection.all_acknowledged()
        {
            settled = Some(sent.sequence);
            unsettled.pop_front();
        }
        settled.map_or(Ok(()), |sequence| self.settle_up_to(sequence))
    }

    fn settle_up_to(&mut self, sequence: u64) -> io::Result<()> {
        self.cursor.settle(sequence)?;
        self.standing.settled(sequence);
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
}

/// The work's result; none when it is time to stop and the work goes on for too long.
async fn until_told<T>(work: impl Future<Output = T>, ear: &mut Shutdown) -> Option<T> {
    tokio::pin!(work);
    tokio::select! {
        biased;
        result = &mut work => Some(result),
        () = ear.requested() => tokio::time::timeout(LAST_WORDS, work).await.ok(),
    }
}

/// Its key is the same whenever the same thing is told, however often it is sent.
fn parcel(notice: &Notice, destination: &Destination) -> Parcel {
    Parcel { key: notice.key(), body: notice.message(destination) }
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
        let notice = Notice::Alert(Box::new(alert.clone()));
        for fate in connection.send(&[parcel(&notice, destination)]).await? {
            match fate {
                Fate::Sent | Fate::Settled => {}
                Fate::Later { reason, .. } | Fate::Refused(reason) => return Err(io::Error::other(reason)),
            }
        }
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
