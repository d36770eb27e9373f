//! Modality worklist (PS3.4 annex K): today's orders that wait, as the clock has them.

mod items;

use std::collections::{BTreeSet, VecDeque};

use bytes::Bytes;
use jiff::civil::Date;
use serde::Deserialize;

use super::assembler::{Message, Violation};
use super::courier::{Payload, TooSmall};
use super::find::query::rules;
use super::performed;
use super::profile::Profile;
use super::report;
use super::task::{Progress, Turn};
use crate::archive::worklist;
use crate::event::Tainted;
use crate::event::observation::MAX_IDS;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{Charset, DataSet, TransferSyntax, tags};
use crate::world::{View, WorklistEntry};

/// Modality Worklist Information Model – FIND (PS3.4 K.6.1.2).
pub(crate) const WORKLIST_FIND: &str = "1.2.840.10008.5.1.4.31";

/// Pending, and pending though optional keys were not supported (PS3.4 K.4.1.1.4).
const PENDING: u16 = 0xFF00;

/// Data set follows, as the toolkits write it.
const DATA_SET: u16 = 0x0001;

/// Answers written in one go, after which a cancel can be heard.
const ANSWERS_AT_ONCE: usize = 32;

/// The worklist of a product, as a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorklistTable {
    /// The AE title that offers it, when it is not that of the archive.
    pub(crate) title: Option<String>,
    /// Status of a query that the peer cancelled.
    pub(crate) cancelled: u16,
    /// Whether requested attributes that an entry lacks are left out, else empty.
    #[serde(default)]
    pub(crate) leaves_out: bool,
    /// Whether answers have Timezone Offset From UTC, empty, unasked.
    #[serde(default)]
    pub(crate) timezone: bool,
}

/// A worklist query at work.
pub(crate) struct Listing {
    context: u8,
    request: Command,
    syntax: TransferSyntax,
    keys: DataSet,
    reading: Charset,
    view: View,
    days: VecDeque<Date>,
    waiting: VecDeque<WorklistEntry>,
    /// Ids of steps that this peer has begun.
    begun: BTreeSet<String>,
    status: Option<u16>,
    read: report::Read,
}

impl Listing {
    /// Reads the request.
    ///
    /// # Errors
    /// [`Violation`] when the identifier is no data set.
    pub(crate) fn start(turn: &Turn<'_>, message: &Message, identifier: &Bytes) -> Result<Self, Violation> {
        let profile = &turn.desk.shared.profile;
        let syntax = message.context.syntax;
        let keys = DataSet::decode(identifier, syntax).map_err(|_| Violation("unreadable identifier"))?;
        let term = keys.text(tags::SPECIFIC_CHARACTER_SET).unwrap_or_default();
        let view = turn.desk.shared.world.at(turn.now);
        Ok(Listing {
            context: message.context.id,
            request: message.command.clone(),
            syntax,
            reading: rules(profile).reading(&term, profile.charset),
            days: days(&keys, &view).into(),
            waiting: VecDeque::new(),
            begun: performed::begun(&turn.desk.session),
            keys,
            view,
            status: None,
            read: report::Read::default(),
        })
    }

    /// Takes a command that came meanwhile: only the C-CANCEL of this query.
    ///
    /// # Errors
    /// [`Violation`] for any other.
    pub(crate) fn hear(&mut self, turn: &Turn<'_>, context: u8, command: &Command) -> Result<(), Violation> {
        let meant = command.field == Some(field::C_CANCEL)
            && context == self.context
            && command.responded_id == self.request.message_id;
        if !meant {
            return Err(Violation("command while another is at work"));
        }
        self.status = turn.desk.shared.profile.table.worklist.as_ref().map(|table| table.cancelled);
        Ok(())
    }

    /// Writes the next answers.
    ///
    /// # Errors
    /// [`TooSmall`] when nothing can be sent.
    pub(crate) fn step(&mut self, turn: &mut Turn<'_>) -> Result<Progress, TooSmall> {
        let mut batch = turn.link.courier.batch(turn.out);
        for _ in 0..ANSWERS_AT_ONCE {
            if let Some(status) = self.status {
                batch.message(self.context, &self.request.response(status), None)?;
                batch.finish();
                self.report(turn);
                return Ok(Progress::Done);
            }
            let Some(step) = self.waiting.pop_front() else {
                match self.days.pop_front() {
                    Some(date) => self.waiting = self.view.worklist(date).into(),
                    None => self.status = Some(0),
                }
                continue;
            };
            if let Some(answer) = self.answer(&step, &turn.desk.shared.profile) {
                let mut response = self.request.response(PENDING);
                response.data_set = Some(DATA_SET);
                let payload = Payload::Small(answer.encode(self.syntax), self.syntax);
                batch.message(self.context, &response, Some(payload))?;
                self.count(&step);
            }
        }
        batch.finish();
        Ok(Progress::Again)
    }

    /// Tells what was asked and what went out: at the end, whatever the end.
    pub(crate) fn report(&mut self, turn: &Turn<'_>) {
        let read = std::mem::take(&mut self.read);
        let filter = Tainted::new(filter(&self.keys, self.reading));
        report::worklist(&turn.desk.session, &self.request, filter, items::is_open(&self.keys), read);
    }

    fn answer(&self, step: &WorklistEntry, profile: &Profile) -> Option<DataSet> {
        if self.begun.contains(&worklist::step_id(step)) {
            return None;
        }
        let table = profile.table.worklist.as_ref()?;
        let entry = worklist::entry(&self.view, step)?;
        if !items::matches(&self.keys, self.reading, &entry, rules(profile)) {
            return None;
        }
        let mut answer = items::select(&self.keys, &entry, profile.charset, table.leaves_out);
        let term = rules(profile).term(profile.charset);
        if !term.is_empty() {
            answer.put_str(tags::SPECIFIC_CHARACTER_SET, term);
        }
        if table.timezone {
            answer.put_empty(tags::TIMEZONE_OFFSET_FROM_UTC);
        }
        Some(answer)
    }

    fn count(&mut self, step: &WorklistEntry) {
        self.read.answers += 1;
        if self.read.ids.len() < MAX_IDS {
            self.read.ids.push(step.order.accession.clone().unwrap_or_else(|| step.order.placer.clone()));
        }
    }
}

/// The days that can match, around today.
fn days(keys: &DataSet, view: &View) -> Vec<Date> {
    let step = keys.items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE).first();
    let asked =
        step.and_then(|step| step.text(tags::SCHEDULED_PROCEDURE_STEP_START_DATE)).unwrap_or_default();
    worklist::days(view, asked.as_bytes())
}

/// The keys that have a value, for the event.
fn filter(keys: &DataSet, reading: Charset) -> String {
    let step = keys.items(tags::SCHEDULED_PROCEDURE_STEP_SEQUENCE).first();
    let mut words = vec!["WORKLIST".to_owned()];
    for set in [Some(keys), step].into_iter().flatten() {
        for (tag, _) in set.iter().filter(|(tag, _)| *tag != tags::SPECIFIC_CHARACTER_SET).take(MAX_IDS) {
            let text = set.text_in(tag, reading).filter(|text| !text.is_empty());
            words.extend(text.map(|text| format!("{}={text}", report::keyword(tag))));
        }
    }
    words.join(" ")
}
