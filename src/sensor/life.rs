//! Lives the days of the honeynet's consoles: makes the connections that their habits ask for.
//!
//! One at a time for each console and never while many others are served: who listens hears a
//! hospital, and who asks never waits for it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::carrier::Carrier;
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

/// An errand that found nobody is tried again after so many seconds, as senders with a queue do.
const AGAIN: [i64; 4] = [20, 60, 180, 600];

/// Errands that wait to be tried again; the oldest of more is given up.
const MAX_WAITING: usize = 64;

/// Errands that found nobody.
#[derive(Default)]
struct Queue(VecDeque<Waiting>);

struct Waiting {
    errand: Errand,
    /// When it is tried again.
    due: Timestamp,
    tries: usize,
}

impl Queue {
    /// Keeps an errand that was tried so often, if it may be tried again.
    fn keep(&mut self, errand: Errand, tries: usize, now: Timestamp) {
        let Some(delay) = AGAIN.get(tries) else { return };
        let due = now.checked_add(SignedDuration::from_secs(*delay)).unwrap_or(Timestamp::MAX);
        if self.0.len() >= MAX_WAITING {
            self.0.pop_front();
        }
        self.0.push_back(Waiting { errand, due, tries: tries + 1 });
    }

    /// Takes the next one that is due by a moment.
    fn due_by(&mut self, at: Timestamp) -> Option<Waiting> {
        let first = self.0.iter().enumerate().min_by_key(|(_, waiting)| waiting.due);
        let place = first.filter(|(_, waiting)| waiting.due <= at).map(|(place, _)| place)?;
        self.0.remove(place)
    }
}

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
        let mut queue = Queue::default();
        tokio::time::sleep(self.interval / SETTLING).await;
        loop {
            let until = self.clock.now().checked_add(AHEAD).unwrap_or(Timestamp::MAX);
            for errand in heavy(|| Arc::clone(&self.habit).due(Span { since, from, until }, self.interval)) {
                self.again_until(errand.at, &mut queue).await;
                self.attempt(errand, 0, &mut queue).await;
            }
            from = until;
            self.again_until(until, &mut queue).await;
        }
    }

    async fn wait_until(&self, at: Timestamp) {
        let left = at.duration_since(self.clock.now());
        tokio::time::sleep(Duration::try_from(left).unwrap_or(Duration::ZERO)).await;
    }

    /// Tries again what is due, until a moment.
    async fn again_until(&self, at: Timestamp, queue: &mut Queue) {
        while let Some(Waiting { errand, due, tries }) = queue.due_by(at) {
            self.wait_until(due).await;
            self.attempt(errand, tries, queue).await;
        }
        self.wait_until(at).await;
    }

    async fn attempt(&self, errand: Errand, tries: usize, queue: &mut Queue) {
        if let Some(errand) = self.run(errand).await {
            queue.keep(errand, tries, self.clock.now());
        }
        tokio::time::sleep(self.interval / BREATH).await;
    }

    /// Runs an errand; gives it back when it found nobody who may come up yet. Who does not stand in
    /// this honeynet is never called.
    async fn run(&self, errand: Errand) -> Option<Errand> {
        if !self.directory.has(&errand.to) {
            return None;
        }
        if self.limits.is_busy() {
            return Some(errand);
        }
        let called = self.directory.call(self.address, &errand.to, &self.own_ends).await;
        let (stream, _end) = match called {
            Ok(called) => called,
            Err(error) => {
                tracing::debug!(host = self.host, purpose = errand.purpose, %error, "an errand found nobody");
                return Some(errand);
            }
        };
        let _ = stream.set_nodelay(!self.nagle);
        let line = Line {
            stream: Wired::Plain(Carrier::Socket(stream)),
            own_address: self.address,
            recorder: None,
            clock: Arc::clone(&self.clock),
            passed: Arc::<Passed>::default(),
            directory: Arc::clone(&self.directory),
            expecting: None,
            shutdown: self.shutdown.clone(),
        };
        let ended = tokio::time::timeout(LONGEST, drive(line, errand.machine)).await;
        tracing::debug!(host = self.host, purpose = errand.purpose, to = errand.to.host, ?ended, "an errand");
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Destination, Machine, Next, Outbox, Wake};

    struct Nothing;

    impl Machine for Nothing {
        fn open(&mut self, _: Timestamp, _: &mut Outbox) -> Next {
            Next::Close
        }
        fn receive(&mut self, _: Timestamp, _: &mut bytes::BytesMut, _: &mut Outbox) -> Next {
            Next::Close
        }
        fn wake(&mut self, _: Timestamp, _: Wake, _: &mut Outbox) -> Next {
            Next::Close
        }
    }

    fn errand(at: Timestamp) -> Errand {
        let to = Destination { host: "lis".to_owned(), port: 4010 };
        Errand { at, purpose: "test", to, machine: Box::new(Nothing) }
    }

    #[test]
    fn what_found_nobody_is_tried_again_later_and_later_and_then_given_up() {
        let mut now: Timestamp = "2026-03-02T02:00:00Z".parse().unwrap();
        let mut queue = Queue::default();
        queue.keep(errand(now), 0, now);
        for seconds in AGAIN {
            assert!(queue.due_by(now + SignedDuration::from_secs(seconds - 1)).is_none());
            now += SignedDuration::from_secs(seconds);
            let waiting = queue.due_by(now).unwrap();
            queue.keep(waiting.errand, waiting.tries, now);
        }
        assert!(queue.0.is_empty());
    }

    #[test]
    fn the_queue_is_bounded_and_the_first_due_comes_first() {
        let now: Timestamp = "2026-03-02T02:00:00Z".parse().unwrap();
        let mut queue = Queue::default();
        for n in 0..200 {
            queue.keep(errand(now), usize::from(n % 2 == 0), now);
        }
        assert_eq!(queue.0.len(), MAX_WAITING);
        let later = now + SignedDuration::from_hours(1);
        let due: Vec<Timestamp> = std::iter::from_fn(|| queue.due_by(later)).map(|w| w.due).collect();
        assert!(due.len() == MAX_WAITING && due.is_sorted());
    }
}
