//! A session with nobody logged on: the screen, what is typed on it, and what comes of that.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

use super::bitmap::{Painter, Update};
use super::capabilities::{Client, Screen};
use super::info::Info;
use super::input::Event;
use super::logon::{Logon, Outcome, Rect, View, Words};
use super::server::Server;
use super::told::Teller;
use crate::session::heavy;

/// Most times that the whole screen is drawn for one client; more than somebody at a keyboard asks for.
const MAX_SCREENS: u32 = 500;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// The client's next packet.
    Wait,
    /// The product takes its time.
    Think(Duration),
    /// The end.
    Close,
}

/// One session.
pub(super) struct Session {
    server: Arc<Server>,
    teller: Teller,
    painter: Painter,
    logon: Logon,
    /// A password that came with the connection and is to be looked at first.
    at_once: bool,
    screens: u32,
    pace: StdRng,
}

impl Session {
    pub(super) fn new(
        server: Arc<Server>,
        teller: Teller,
        words: &Words,
        screen: Screen,
        client: Client,
        info: &Info,
    ) -> Self {
        let mut logon = Logon::new(words, screen, &info.user);
        logon.password.clone_from(&info.password);
        let pace = teller.session.rng("rdp/logon");
        let at_once = info.is_automatic() && !info.user.is_empty() && !info.password.is_empty();
        if !at_once {
            logon.password.clear();
        }
        Session { server, teller, painter: Painter { screen, client }, logon, at_once, screens: 0, pace }
    }

    /// Shows the first screen.
    pub(super) fn begin(&mut self, updates: &mut Vec<Update>) -> Turn {
        updates.extend(self.painter.palette());
        if std::mem::take(&mut self.at_once) {
            // It was told of when it came.
            self.logon.show(View::Busy);
            self.paint(self.logon.whole(), updates);
            return self.think();
        }
        self.paint(self.logon.whole(), updates);
        Turn::Wait
    }

    /// Shows the screen again.
    pub(super) fn refresh(&mut self, updates: &mut Vec<Update>) -> Turn {
        self.paint(self.logon.whole(), updates);
        Turn::Wait
    }

    /// Takes keys and clicks.
    pub(super) fn input(&mut self, events: &[Event], updates: &mut Vec<Update>) -> Turn {
        let mut changed: Option<Rect> = None;
        for event in events {
            match self.logon.take(*event) {
                Outcome::Nothing => {}
                Outcome::Changed(part) => changed = Some(changed.map_or(part, |rest| rest.around(part))),
                Outcome::Leave => return Turn::Close,
                Outcome::Attempt => {
                    self.teller.typed(&self.logon.user, &self.logon.password, self.account().is_some());
                    let part = self.logon.show(View::Busy);
                    self.paint(changed.map_or(part, |rest| rest.around(part)), updates);
                    return self.think();
                }
            }
        }
        if let Some(part) = changed {
            self.paint(part, updates);
        }
        Turn::Wait
    }

    /// The password was looked at.
    pub(super) fn thought(&mut self, updates: &mut Vec<Update>) -> Turn {
        if self.logon.view == View::Busy {
            let account = self.account();
            if let Some(account) = account {
                self.teller.lure(account, "logon screen of Remote Desktop");
            }
            let view = if account.is_some() { View::Denied } else { View::Wrong };
            let part = self.logon.show(view);
            self.paint(part, updates);
        }
        Turn::Wait
    }

    /// The lure account that what is in the fields opens.
    fn account(&self) -> Option<&crate::persona::Account> {
        self.server.account(&self.logon.user).filter(|account| account.password == self.logon.password)
    }

    fn think(&mut self) -> Turn {
        let [shortest, longest] = self.server.behaviour.time.logon_ms;
        let delay = Duration::from_millis(self.pace.random_range(shortest..=longest));
        Turn::Think(self.teller.session.pace(delay))
    }

    fn paint(&mut self, part: Rect, updates: &mut Vec<Update>) {
        if self.screens >= MAX_SCREENS && part == self.logon.whole() {
            return;
        }
        self.screens += u32::from(part == self.logon.whole());
        updates.extend(heavy(|| self.painter.paint(part, |row| self.logon.draw(row))));
    }
}
