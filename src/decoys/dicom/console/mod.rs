//! A console's day: it looks at its worklist, tells when an exam begins and ends, sends the images
//! and asks for the promise to keep them (PS3.4 annexes A, B, F, J and K, the user's side).
//!
//! All of it follows the world: what a console says of an exam, the hospital's systems say too.

mod asks;
mod caller;
mod plan;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;

use self::caller::Caller;
use self::plan::{Kind, Planned};
use super::behaviour::Peer;
use super::task::Shared;
use crate::persona::Pack;
use crate::session::{Destination, Errand, Habit, Span};
use crate::wire::dicom::dataset::Charset;
use crate::world::Device;

/// What a console does of its own accord, as a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleTable {
    /// What the UIDs of its steps and transactions begin with, before its serial number.
    pub(crate) uid_root: String,
    /// Specific Character Set of what it writes.
    pub(crate) charset: String,
    /// Where images go; it is verified now and then.
    pub(crate) archive: Peer,
    /// Who has the worklist and is told of performed steps.
    pub(crate) broker: Peer,
    /// Who is asked to commit, when anybody is.
    pub(crate) commitment: Option<Peer>,
}

impl ConsoleTable {
    /// All that it calls.
    pub(crate) fn peers(&self) -> impl Iterator<Item = &Peer> {
        [&self.archive, &self.broker].into_iter().chain(&self.commitment)
    }

    fn peer(&self, kind: Kind) -> Option<&Peer> {
        match kind {
            Kind::Verify | Kind::Store => Some(&self.archive),
            Kind::Worklist | Kind::Begin | Kind::End => Some(&self.broker),
            Kind::Commit => self.commitment.as_ref(),
        }
    }
}

/// A console, ready for its day.
pub(crate) struct Console {
    shared: Arc<Shared>,
    device: Device,
    charset: Charset,
    /// AE title and place of each whom it calls.
    called: Vec<(Kind, Bytes, Destination)>,
}

impl Console {
    /// The console of a table that has one, if the hospital has such a device.
    pub(crate) fn new(shared: &Arc<Shared>, pack: &Pack) -> Option<Self> {
        let table = shared.profile.table.console.as_ref()?;
        let title = &shared.profile.table.ae_title;
        let devices = shared.world.at(Timestamp::UNIX_EPOCH).devices();
        let device = devices.into_iter().find(|device| device.ae_title == *title)?;
        let called = Kind::ALL.into_iter().filter_map(|kind| {
            let peer = table.peer(kind)?;
            Some((kind, Bytes::from(peer.ae_title.clone()), peer.destination(pack)?))
        });
        Some(Console {
            called: called.collect(),
            charset: Charset::from_term(&table.charset)?,
            device,
            shared: Arc::clone(shared),
        })
    }

    fn errand(self: &Arc<Self>, planned: Planned) -> Option<Errand> {
        let (kind, title, to) = self.called.iter().find(|(kind, ..)| *kind == planned.kind)?;
        Some(Errand {
            at: planned.at,
            purpose: kind.purpose(),
            to: to.clone(),
            machine: Box::new(Caller::new(Arc::clone(self), planned, title.clone())),
        })
    }
}

impl Habit for Console {
    fn due(self: Arc<Self>, span: Span, interval: Duration) -> Vec<Errand> {
        let planned = plan::due(&self.shared.world, &self.device, span, interval);
        planned.into_iter().filter_map(|planned| self.errand(planned)).collect()
    }
}
