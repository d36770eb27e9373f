//! Lives the days of the honeynet's consoles: makes the connections that their habits ask for.
//!
//! One at a time for each console and never while many others are served: who listens hears a
//! hospital, and who asks never waits for it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::driver::{Line, drive};
use super::limits::Limits;
use super::relay::{Directory, OwnEnds};
use super::tap::Passed;
use super::wired::Wired;
use crate::runtime::Shutdown;
use crate::session::{Clock, Errand, Habit, Span, heavy};

/// How far back a console that comes up makes up for: its queue of what was not delivered.
const QUEUE: Duration = Duration::from_secs(30 * 60);

/// How far ahead is planned at a time: plans are cheap but not free.
const AHEAD: Duration = Duration::from_secs(10 * 60);

/// A console that comes up is quiet for this part of the interval.
const SETTLING: u32 = 20;

/// Between two errands a console rests for this part of the interval.
const BREATH: u32 = 600;

/// Longest errand: a series on a slow machine. Its connection is then closed.
const LONGEST: Duration = Duration::from_secs(5 * 60);

/// One console's life.
pub(super) struct Living {
    pub(super) habit: Arc<dyn Habit>,
    pub(super) address: IpAddr,
    pub(super) host: String,
    pub(super) nagle: bool,
    pub(super) interval: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) directory: Arc<Directory>,
    pub(super) own_ends: Arc<OwnEnds>,
    pub(super) limits: Arc<Limits>,
    pub(super) shutdown: Shutdown,
}

impl Living {
    /// Runs errands until the sensor stops.
    pub(super) async fn live(self) {
        let mut shutdown = self.shutdown.clone();
        tokio::select! {
            () = shutdown.requested() => {}
            () = self.days() => {}
        }
    }

    async fn days(&self) {
        let up = self.clock.now();
        let since = up.checked_sub(QUEUE).unwrap_or(up);
        let mut from = since;
        tokio::time::sleep(self.interval / SETTLING).await;
        loop {
            let until = self.clock.now().checked_add(AHEAD).unwrap_or(Timestamp::MAX);
            for errand in heavy(|| Arc::clone(&self.habit).due(Span { since, from, until }, self.interval)) {
                self.wait_until(errand.at).await;
                self.run(errand).await;
                tokio::time::sleep(self.interval / BREATH).await;
            }
            from = until;
            self.wait_until(until).await;
        }
    }

    async fn wait_until(&self, at: Timestamp) {
        let left = at.duration_since(self.clock.now());
        tokio::time::sleep(Duration::try_from(left).unwrap_or(Duration::ZERO)).await;
    }

    async fn run(&self, errand: Errand) {
        if !self.directory.has(&errand.to) || self.limits.is_busy() {
            return;
        }
        let called = self.directory.call(self.address, &errand.to, &self.own_ends).await;
        let (stream, _end) = match called {
            Ok(called) => called,
            Err(error) => {
                tracing::debug!(host = self.host, purpose = errand.purpose, %error, "an errand found nobody");
                return;
            }
        };
        let _ = stream.set_nodelay(!self.nagle);
        let line = Line {
            stream: Wired::Plain(stream),
            own_address: self.address,
            recorder: None,
            clock: Arc::clone(&self.clock),
            passed: Arc::<Passed>::default(),
            directory: Arc::clone(&self.directory),
            shutdown: self.shutdown.clone(),
        };
        let ended = tokio::time::timeout(LONGEST, drive(line, errand.machine)).await;
        tracing::debug!(host = self.host, purpose = errand.purpose, to = errand.to.host, ?ended, "an errand");
    }
}
