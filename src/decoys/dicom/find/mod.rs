//! C-FIND (PS3.4 C.4.1): a query walked through the archive, answered a piece at a time.

mod answer;
pub(crate) mod query;
pub(crate) mod rules;

use bytes::Bytes;

use self::answer::Template;
use self::query::{Asked, Fault, rules};
use self::rules::Reason;
use super::assembler::{Message, Violation};
use super::behaviour::FindStatus;
use super::courier::{Payload, TooSmall};
use super::profile::{Verb, model};
use super::report;
use super::task::{Progress, Turn};
use crate::archive::{Found, Hit, Holdings, Level, Record, Search};
use crate::event::observation::MAX_IDS;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::TransferSyntax;

/// Pending status (PS3.4 C.4.1.1.4).
const PENDING: u16 = 0xFF00;

/// Data set follows, as the toolkits write it.
const DATA_SET: u16 = 0x0001;

/// Answers written in one go: some 16 KB, after which a cancel can be heard.
const ANSWERS_AT_ONCE: usize = 64;

/// A C-FIND at work.
pub(crate) struct Finding {
    context: u8,
    request: Command,
    holdings: Holdings,
    walk: Option<Walk>,
    /// The status to end with, once known.
    status: Option<u16>,
    /// Why it was refused, for products that say so.
    reason: Option<Reason>,
    answers: u32,
    ids: Vec<String>,
    patients: report::Patients,
}

struct Walk {
    asked: Asked,
    template: Template,
    search: Search,
    syntax: TransferSyntax,
}

impl Finding {
    /// Reads the request.
    ///
    /// # Errors
    /// [`Violation`] when the identifier is no data set.
    pub(crate) fn start(turn: &Turn<'_>, message: &Message, identifier: &Bytes) -> Result<Self, Violation> {
        let profile = &turn.desk.shared.profile;
        let mut finding = Finding {
            context: message.context.id,
            request: message.command.clone(),
            holdings: turn.desk.holdings(turn.now),
            walk: None,
            status: None,
            reason: None,
            answers: 0,
            ids: Vec::new(),
            patients: report::Patients::default(),
        };
        let Some(statuses) = profile.table.query.as_ref().map(|query| &query.find_status) else {
            return Err(Violation("no query service"));
        };
        let sop_class = message.command.sop_class.as_deref().unwrap_or_default();
        let Some((root, Verb::Find)) = model(sop_class) else {
            finding.status = Some(statuses.sop_class);
            return Ok(finding);
        };
        match Asked::read(identifier, &message.context, root, profile) {
            Err(Fault::Unreadable) => return Err(Violation("unreadable identifier")),
            Err(fault) => {
                finding.status = Some(refused(&fault, statuses));
                finding.reason = fault.reason();
            }
            Ok(asked) => {
                finding.reason = asked.lacks(profile);
                if finding.reason.is_some() {
                    finding.status = Some(statuses.missing_key);
                    return Ok(finding);
                }
                let template = Template::new(&asked, message.context.syntax, profile);
                let search = Search::new(&asked.query, &finding.holdings);
                finding.walk = Some(Walk { asked, template, search, syntax: message.context.syntax });
            }
        }
        Ok(finding)
    }

    /// Takes a command that came meanwhile: only the C-CANCEL of this query, which ends it.
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
        self.status = turn.desk.shared.profile.table.query.as_ref().map(|q| q.find_status.cancelled);
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
                let says_why = rules(&turn.desk.shared.profile).comments;
                let response = match self.reason.as_ref().filter(|_| says_why) {
                    Some(reason) => reason.response(&self.request, status),
                    None => self.request.response(status),
                };
                batch.message(self.context, &response, None)?;
                batch.finish();
                self.report(turn);
                return Ok(Progress::Done);
            }
            let Some(walk) = &mut self.walk else { break };
            match walk.search.next(&walk.asked.query, &self.holdings) {
                Found::Hit(hit) => {
                    let mut response = self.request.response(PENDING);
                    response.data_set = Some(DATA_SET);
                    let (identifier, id) = walk.answer(&hit, &self.holdings);
                    batch.message(self.context, &response, Some(Payload::Small(identifier, walk.syntax)))?;
                    self.answers += 1;
                    self.patients.note(hit.entry.patient_id());
                    if self.ids.len() < MAX_IDS {
                        self.ids.push(id);
                    }
                }
                Found::Pause => break,
                Found::End => self.status = Some(0),
            }
        }
        batch.finish();
        Ok(Progress::Again)
    }

    /// Tells what was asked and what went out: at the end, whatever the end.
    pub(crate) fn report(&mut self, turn: &Turn<'_>) {
        let patients = std::mem::take(&mut self.patients);
        let read = report::Read { answers: self.answers, ids: std::mem::take(&mut self.ids), patients };
        let query = self.walk.as_ref().map(|walk| &walk.asked);
        report::query(&turn.desk.session, "C-FIND", &self.request, query, read);
    }
}

impl Walk {
    /// The identifier of an answer, and the world's id of what it tells.
    fn answer(&self, hit: &Hit, holdings: &Holdings) -> (Bytes, String) {
        let first_series = match &hit.series {
            None if self.template.depth >= Level::Series => holdings.series(&hit.entry).into_iter().next(),
            None | Some(_) => None,
        };
        let series = hit.series.as_ref().or(first_series.as_ref());
        let first_instance = match (&hit.instance, series) {
            (None, Some(series)) if self.template.depth >= Level::Image => {
                holdings.instances(&hit.entry, series).into_iter().next()
            }
            (None | Some(_), _) => None,
        };
        let instance = hit.instance.as_ref().or(first_instance.as_ref());
        let record = Record { holdings, entry: &hit.entry, series, instance };
        (self.template.write(&record), record.id(self.asked.query.level).to_owned())
    }
}

fn refused(fault: &Fault, statuses: &FindStatus) -> u16 {
    match fault {
        Fault::NoLevel => statuses.no_level,
        Fault::BadLevel(_) | Fault::Unreadable => statuses.bad_level,
    }
}
