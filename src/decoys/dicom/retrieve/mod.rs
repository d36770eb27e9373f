//! C-GET and C-MOVE (PS3.4 C.4.2, C.4.3): which objects, how many are left, what is said meanwhile.

pub(crate) mod get;
pub(crate) mod relocate;
pub(crate) mod scu;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::assembler::{Message, Violation};
use super::behaviour::RetrieveStatus;
use super::courier::{Batch, Payload, TooSmall};
use super::find::query::{Asked, Fault};
use super::profile::{Verb, model};
use super::report;
use super::task::{Desk, Turn};
use crate::archive::{Entry, Found, Hit, Holdings, InstanceEntry, Level, Search, SeriesEntry};
use crate::event::observation::MAX_IDS;
use crate::imaging::Form;
use crate::wire::dicom::command::{Command, NO_DATA_SET};
use crate::wire::dicom::dataset::{DataSet, Tag, TransferSyntax, tags};

/// Pending status (PS3.4 C.4.2.1.5).
const PENDING: u16 = 0xFF00;

/// Most studies or series of one retrieval held ready: some 8 MB. More is refused as out of
/// resources.
const MAX_HELD: usize = 8192;

/// Most failed instances named in a final response: the list is kept in memory until then.
const MAX_FAILED_NAMED: usize = 4096;

const FAILED_LIST: Tag = tags::FAILED_SOP_INSTANCE_UID_LIST;

/// One object to send.
pub(crate) struct Item {
    /// Study and patient.
    pub(crate) entry: Arc<Entry>,
    /// Its series.
    pub(crate) series: SeriesEntry,
    /// Itself.
    pub(crate) instance: InstanceEntry,
}

impl Item {
    /// What names its bytes in the transcript.
    pub(crate) fn name(&self) -> String {
        match self.instance.own() {
            Some(own) => format!("artefact {}", own.sha256),
            None => format!("instance {}", self.instance.uid()),
        }
    }

    /// In which transfer syntax the product keeps it.
    pub(crate) fn kept(&self, desk: &Desk) -> TransferSyntax {
        desk.shared.profile.sending.kept_form(&self.entry, &self.instance)
    }

    /// Its data set in a transfer syntax; `None` when it can't be had.
    pub(crate) fn object(&self, desk: &Desk, holdings: &Holdings, syntax: TransferSyntax) -> Option<Bytes> {
        if let Some(own) = self.instance.own() {
            return own.object(&desk.session, syntax);
        }
        let shared = &desk.shared;
        let charset = shared.profile.charset;
        let ((study, _), series) = self.entry.world().zip(self.series.world())?;
        let instance = self.instance.world()?;
        let form = Form { kept: self.kept(desk), sent: syntax };
        if let Some(object) = shared.imaging.ready(&instance.uid, form, charset) {
            return Some(object.bytes.clone());
        }
        let draw = || shared.imaging.coded(holdings.view(), study, series, instance, form, charset);
        desk.session.heavy(draw).map(|object| object.bytes.clone())
    }

    /// Has its picture drawn while the one before it is on its way.
    fn draw_ahead(&self, desk: &Desk, holdings: &Holdings, sent: TransferSyntax) {
        let (Some((study, _)), Some(series), Some(instance)) =
            (self.entry.world(), self.series.world(), self.instance.world())
        else {
            return;
        };
        let form = Form { kept: self.kept(desk), sent };
        if desk.shared.imaging.ready(&instance.uid, form, desk.shared.profile.charset).is_some() {
            return;
        }
        let (shared, holdings) = (Arc::clone(&desk.shared), holdings.clone());
        let (study, series, instance) = (study.clone(), series.clone(), instance.clone());
        desk.session.ahead(move || {
            let charset = shared.profile.charset;
            shared.imaging.coded_ahead(holdings.view(), (&study, &series, &instance), form, charset);
        });
    }
}

/// A retrieval: its matches and how far it has come.
pub(crate) struct Retrieval {
    /// Presentation context of the request.
    pub(crate) context: u8,
    /// The request.
    pub(crate) request: Command,
    /// The archive when it was asked.
    pub(crate) holdings: Holdings,
    operation: &'static str,
    syntax: TransferSyntax,
    statuses: RetrieveStatus,
    asked: Option<Asked>,
    search: Option<Search>,
    held: VecDeque<Hit>,
    ready: VecDeque<Item>,
    tally: Tally,
    ids: Vec<String>,
    patients: report::Patients,
}

#[derive(Default)]
struct Tally {
    remaining: u64,
    completed: u16,
    failed: u16,
    warnings: u16,
    failed_uids: Vec<String>,
}

/// How a sub-operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Status of success.
    Completed,
    /// A warning.
    Warning,
    /// Anything else.
    Failed,
}

impl Outcome {
    /// Of a C-STORE-RSP's status (PS3.7 annex C).
    pub(crate) fn of(status: Option<u16>) -> Self {
        match status {
            Some(0) => Outcome::Completed,
            Some(0x0001 | 0x0107 | 0x0116 | 0xB000..=0xBFFF) => Outcome::Warning,
            Some(_) | None => Outcome::Failed,
        }
    }
}

/// What the search for matches has come to.
pub(crate) enum Collected {
    /// It goes on.
    More,
    /// All matches are known.
    Ready,
    /// It ends with this status and no sub-operations.
    Ended(u16),
}

impl Retrieval {
    /// Reads the request. A status when it is refused at once.
    ///
    /// # Errors
    /// [`Violation`] when the identifier is no data set.
    pub(crate) fn start(
        turn: &Turn<'_>,
        message: &Message,
        identifier: &Bytes,
        operation: &'static str,
    ) -> Result<(Self, Option<u16>), Violation> {
        let profile = &turn.desk.shared.profile;
        let Some(statuses) = profile.table.retrieve.as_ref().map(|retrieve| retrieve.status.clone()) else {
            return Err(Violation("no retrieve service"));
        };
        let mut retrieval = Retrieval {
            context: message.context.id,
            request: message.command.clone(),
            holdings: turn.desk.holdings(turn.now),
            operation,
            syntax: message.context.syntax,
            statuses,
            asked: None,
            search: None,
            held: VecDeque::new(),
            ready: VecDeque::new(),
            tally: Tally::default(),
            ids: Vec::new(),
            patients: report::Patients::default(),
        };
        let sop_class = message.command.sop_class.as_deref().unwrap_or_default();
        let Some((root, Verb::Get | Verb::Move)) = model(sop_class) else {
            let status = retrieval.statuses.sop_class;
            return Ok((retrieval, Some(status)));
        };
        let refused = match Asked::read(identifier, &message.context, root, profile) {
            Err(Fault::Unreadable) => return Err(Violation("unreadable identifier")),
            Err(Fault::NoLevel) => Some(retrieval.statuses.no_level),
            Err(Fault::BadLevel(_)) => Some(retrieval.statuses.bad_level),
            Ok(asked) if asked.lacks_a_key_to_retrieve(profile) => Some(retrieval.statuses.missing_key),
            Ok(asked) => {
                retrieval.search = Some(Search::new(&asked.query, &retrieval.holdings));
                retrieval.asked = Some(asked);
                None
            }
        };
        Ok((retrieval, refused))
    }

    /// Goes on looking for matches.
    pub(crate) fn collect(&mut self) -> Collected {
        let (Some(search), Some(asked)) = (&mut self.search, &self.asked) else { return Collected::Ready };
        loop {
            match search.next(&asked.query, &self.holdings) {
                Found::Pause => return Collected::More,
                Found::End => break,
                Found::Hit(_) if self.held.len() >= MAX_HELD => {
                    return Collected::Ended(self.statuses.too_many);
                }
                Found::Hit(hit) => {
                    hold(&mut self.held, &mut self.tally, *hit, asked.query.level, &self.holdings);
                }
            }
        }
        self.search = None;
        if self.tally.remaining == 0 { Collected::Ended(self.statuses.no_match) } else { Collected::Ready }
    }

    /// The next object, taken off the count; `None` at the end.
    pub(crate) fn next_item(&mut self) -> Option<Item> {
        while self.ready.is_empty() {
            let hit = self.held.pop_front()?;
            self.ready = items(&hit, &self.holdings);
        }
        self.tally.remaining = self.tally.remaining.saturating_sub(1);
        let item = self.ready.pop_front()?;
        self.patients.note(item.entry.patient_id());
        Some(item)
    }

    /// Has the object after the one that goes out now drawn, in the syntax that `choose` names for it.
    pub(crate) fn draw_ahead(&self, desk: &Desk, choose: impl FnOnce(&Item) -> Option<TransferSyntax>) {
        if let Some(next) = self.ready.front()
            && let Some(syntax) = choose(next)
        {
            next.draw_ahead(desk, &self.holdings, syntax);
        }
    }

    /// Counts a sub-operation.
    pub(crate) fn count(&mut self, outcome: Outcome, instance: &str) {
        let tally = &mut self.tally;
        match outcome {
            Outcome::Completed => tally.completed = tally.completed.wrapping_add(1),
            Outcome::Warning => tally.warnings = tally.warnings.wrapping_add(1),
            Outcome::Failed => {
                tally.failed = tally.failed.wrapping_add(1);
                if tally.failed_uids.len() < MAX_FAILED_NAMED {
                    tally.failed_uids.push(instance.to_owned());
                }
            }
        }
        if outcome != Outcome::Failed && self.ids.len() < MAX_IDS {
            self.ids.push(instance.to_owned());
        }
    }

    /// Writes a pending response.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn pending(&self, batch: &mut Batch<'_>) -> Result<(), TooSmall> {
        let mut response = self.counted(PENDING);
        response.remaining = Some(self.remaining());
        batch.message(self.context, &response, None)
    }

    /// Writes the final response and tells of the operation. `wish` is the status before failures
    /// of sub-operations are seen to.
    ///
    /// # Errors
    /// [`TooSmall`].
    pub(crate) fn finish(&mut self, turn: &mut Turn<'_>, wish: u16) -> Result<(), TooSmall> {
        let tally = &self.tally;
        let status = match (tally.failed, tally.completed + tally.warnings, tally.warnings) {
            (1.., 0, _) => self.statuses.all_failed,
            (1.., ..) | (_, _, 1..) => self.statuses.some_failed,
            (0, _, 0) => wish,
        };
        let mut response = self.counted(status);
        if status == self.statuses.cancelled {
            response.remaining = Some(self.remaining());
        }
        let mut failed = None;
        if status != 0 && !tally.failed_uids.is_empty() {
            response.data_set = Some(1);
            let mut set = DataSet::new();
            set.put_str(FAILED_LIST, &tally.failed_uids.join("\\"));
            failed = Some(Payload::Small(set.encode(self.syntax), self.syntax));
        }
        let mut batch = turn.link.courier.batch(turn.out);
        batch.message(self.context, &response, failed)?;
        batch.finish();
        self.report(turn);
        Ok(())
    }

    /// The status of a retrieval that the peer cancelled.
    pub(crate) fn cancelled(&self) -> u16 {
        self.statuses.cancelled
    }

    /// The status for a move destination that is not known.
    pub(crate) fn unknown_destination(&self) -> u16 {
        self.statuses.unknown_destination
    }

    /// The status for a known destination that can't be reached; `None` when all just fails.
    pub(crate) fn unreachable(&self) -> Option<u16> {
        self.statuses.unreachable
    }

    /// Fails all that is left, as when the destination can't be reached.
    pub(crate) fn fail_rest(&mut self) {
        while let Some(item) = self.next_item() {
            self.count(Outcome::Failed, item.instance.uid());
        }
    }

    /// Tells what was asked and what went out: once, whatever the end.
    pub(crate) fn report(&mut self, turn: &Turn<'_>) {
        let answers = u32::from(self.tally.completed) + u32::from(self.tally.warnings);
        let patients = std::mem::take(&mut self.patients);
        let read = report::Read { answers, ids: std::mem::take(&mut self.ids), patients };
        report::query(&turn.desk.session, self.operation, &self.request, self.asked.as_ref(), read);
    }

    fn counted(&self, status: u16) -> Command {
        let mut response = self.request.response(status);
        response.data_set = Some(NO_DATA_SET);
        response.completed = Some(self.tally.completed);
        response.failed = Some(self.tally.failed);
        response.warnings = Some(self.tally.warnings);
        response
    }

    /// The field holds 16 bits, which toolkits fill with the low ones.
    fn remaining(&self) -> u16 {
        u16::try_from(self.tally.remaining & 0xFFFF).unwrap_or(u16::MAX)
    }
}

/// Keeps a match: a patient as his studies.
fn hold(held: &mut VecDeque<Hit>, tally: &mut Tally, hit: Hit, level: Level, holdings: &Holdings) {
    let entries = match level {
        Level::Patient => holdings.of_patient(hit.entry.patient_id()),
        Level::Study => vec![Arc::clone(&hit.entry)],
        Level::Series | Level::Image => {
            let instances =
                hit.series.as_ref().map_or(0, |series| holdings.instance_count(&hit.entry, series));
            tally.remaining += if hit.instance.is_some() { 1 } else { u64::from(instances) };
            held.push_back(hit);
            return;
        }
    };
    for entry in entries {
        let series = holdings.series(&entry);
        tally.remaining +=
            series.iter().map(|series| u64::from(holdings.instance_count(&entry, series))).sum::<u64>();
        held.push_back(Hit { entry, series: None, instance: None });
    }
}

/// The objects of a match.
fn items(hit: &Hit, holdings: &Holdings) -> VecDeque<Item> {
    let of_series = |series: &SeriesEntry| {
        let instances = holdings.instances(&hit.entry, series);
        let make = |instance| Item { entry: Arc::clone(&hit.entry), series: series.clone(), instance };
        instances.into_iter().map(make).collect::<Vec<_>>()
    };
    match (&hit.series, &hit.instance) {
        (Some(series), Some(instance)) => {
            let (series, instance) = (series.clone(), instance.clone());
            VecDeque::from([Item { entry: Arc::clone(&hit.entry), series, instance }])
        }
        (Some(series), None) => of_series(series).into(),
        (None, _) => holdings.series(&hit.entry).iter().flat_map(of_series).collect(),
    }
}
