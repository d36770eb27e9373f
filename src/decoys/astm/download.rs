//! The answer to a host query: E1394 11 (request information record) and 6 to 9, 13.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Behaviour;
use super::answers::{Download, specimen_of};
use super::behaviour::{Driver, UnknownSpecimen};
use super::frame::encode;
use super::record::{Record, Writer};
use crate::event::Observation;
use crate::event::observation::{MAX_IDS, RecordKind};
use crate::session::Session;
use crate::world::{Flag, LabOrder, Sex, View};

/// Most days that one query searches.
const MAX_DAYS: i64 = 7;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    which: Which,
    results: bool,
    abort: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// These specimens.
    Specimens(Vec<String>),
    /// From one barcode to another.
    Range(String, String),
    /// Whatever is ordered, in a period if one is given.
    All(Option<Date>, Option<Date>),
}

impl Subject {
    /// Reads a Q record: the range of specimens, Q-7 and Q-8 the period, Q-13 whether
    /// orders, results or an end of the last query are wanted.
    pub(super) fn of(query: &Record<'_>) -> Self {
        let codes = query.field(13).to_ascii_uppercase();
        let ids: Vec<String> =
            query.repetitions(3).filter_map(|part| specimen_of(&Record::lone(part, query), 1)).collect();
        let all = ids.is_empty() || ids.iter().any(|id| id.eq_ignore_ascii_case("ALL"));
        let which = match (ids.first(), specimen_of(query, 4)) {
            _ if all => Which::All(date(query.field(7)), date(query.field(8))),
            (Some(first), Some(last)) => Which::Range(first.clone(), last),
            _ => Which::Specimens(ids),
        };
        Subject {
            which,
            results: codes.iter().any(|code| b"FPRSC".contains(code)),
            abort: codes.contains(&b'A'),
        }
    }

    /// Whether it would match every specimen.
    pub(super) fn unbounded(&self) -> bool {
        match self.which {
            Which::All(..) => true,
            Which::Specimens(_) | Which::Range(..) => false,
        }
    }

    fn orders(&self, view: &View, limit: usize) -> Vec<LabOrder> {
        let today = view.local(view.now()).date();
        match &self.which {
            Which::Specimens(ids) => ids.iter().take(limit).filter_map(|id| view.lab_order(id)).collect(),
            Which::Range(first, last) => {
                let days = barcode_date(first).zip(barcode_date(last));
                let (from, to) = days.unwrap_or((today, today));
                let inside = |o: &LabOrder| (first..=last).contains(&&o.specimen);
                on_days(view, from, to).filter(inside).take(limit).collect()
            }
            Which::All(None, None) => {
                let pending = |o: &LabOrder| o.collected.is_some() && o.analysed.is_none();
                on_days(view, today, today).filter(pending).take(limit).collect()
            }
            Which::All(from, to) => {
                let from = from.unwrap_or(today);
                on_days(view, from, to.unwrap_or(today)).take(limit).collect()
            }
        }
    }
}

fn on_days(view: &View, from: Date, to: Date) -> impl Iterator<Item = LabOrder> {
    let day = move |n: i64| from.checked_add(jiff::Span::new().days(n)).ok().filter(|day| *day <= to);
    (0..MAX_DAYS).map_while(day).flat_map(|day| view.lab_orders_on(day))
}

/// The date in a barcode: `YYMMDD` and a number.
fn barcode_date(barcode: &str) -> Option<Date> {
    date(format!("20{}", barcode.get(..6)?).as_bytes())
}

/// `YYYYMMDD`, more may follow.
fn date(raw: &[u8]) -> Option<Date> {
    let text = std::str::from_utf8(raw.get(..8)?).ok()?;
    let small = |from, to| text.get(from..to).and_then(|part| part.parse::<i8>().ok());
    Date::new(text.get(..4)?.parse().ok()?, small(4, 6)?, small(6, 8)?).ok()
}

/// What is sent for a query, and for how many specimens; `None` when it only ended an earlier one.
pub(super) fn answer(
    behaviour: &Behaviour,
    session: &Session,
    view: &View,
    subject: &Subject,
    header: &Record<'_>,
) -> Option<(Download, u32)> {
    if subject.abort {
        return None;
    }
    let orders = subject.orders(view, behaviour.answer_limit);
    let receiver = header.field(5);
    let driver = behaviour.driver_of(receiver);
    let mut text = Writing { behaviour, driver, session, view, w: Writer::default() };
    text.header(&String::from_utf8_lossy(receiver));
    for (at, order) in orders.iter().enumerate() {
        text.patient(at + 1, order);
        text.order(order);
        if subject.results {
            text.results(&session.with_written(order.clone()));
            text.others(session, order);
        }
    }
    if orders.is_empty() {
        text.nothing(subject);
    } else {
        text.w.record("L").put(2, &["1"]).put(3, &["N"]);
    }
    let count = u32::try_from(orders.len()).unwrap_or(u32::MAX);
    let text = behaviour.charset.encode(text.w.finish().into_bytes());
    let frames = if driver.is_some_and(|driver| driver.one_frame) {
        vec![encode(1, &text, true)]
    } else {
        frames(&text, behaviour.frame_text)
    };
    Some((Download { frames, told: told(subject, &orders) }, count))
}

fn told(subject: &Subject, orders: &[LabOrder]) -> Vec<Observation> {
    if orders.is_empty() {
        return Vec::new();
    }
    let kind = if subject.results { RecordKind::LabResult } else { RecordKind::Specimen };
    vec![Observation::RecordRead {
        subject: kind,
        count: u32::try_from(orders.len()).unwrap_or(u32::MAX),
        ids: orders.iter().take(MAX_IDS).map(|order| order.specimen.clone()).collect(),
    }]
}

/// Each record in frames of its own, the last of a record ended by ETX, E1381 6.3.1.
pub(super) fn frames(text: &[u8], longest: usize) -> Vec<Vec<u8>> {
    let records = text.split_inclusive(|b| *b == b'\r');
    let chunks = records.flat_map(|record| {
        let count = record.len().div_ceil(longest);
        record.chunks(longest).enumerate().map(move |(at, chunk)| (chunk, at + 1 == count))
    });
    let numbers = (0..8u8).cycle().skip(1);
    chunks.zip(numbers).map(|((chunk, last), number)| encode(number, chunk, last)).collect()
}

struct Writing<'a> {
    session: &'a Session,
    behaviour: &'a Behaviour,
    driver: Option<&'a Driver>,
    view: &'a View,
    w: Writer,
}

impl Writing<'_> {
    fn time(&self, at: Timestamp) -> String {
        self.view.local(at).strftime("%Y%m%d%H%M%S").to_string()
    }

    /// H, E1394 6: sender, receiver, version, time.
    fn header(&mut self, receiver: &str) {
        let reply: Vec<&str> = self.driver.map(|d| d.reply.split('^').collect()).unwrap_or_default();
        let receiver: String = receiver.chars().take_while(|c| *c != '^').collect();
        let now = self.time(self.view.now());
        self.w
            .header()
            .put(5, &[&self.behaviour.sender])
            .put(10, &[&receiver])
            .put(11, &reply)
            .put(12, &["P"])
            .put(13, &[&self.behaviour.version])
            .put(14, &[&now]);
    }

    /// The code of an item as the analyser knows it.
    fn code<'a>(&'a self, own: &'a str) -> &'a str {
        self.driver.map_or(own, |driver| driver.their_code(own))
    }

    /// P, E1394 7, in the places that haematology lines of this country read: P-5 number, P-6 name,
    /// P-8 birth date, P-9 sex, P-14 physician, P-26 department.
    fn patient(&mut self, set: usize, order: &LabOrder) {
        let Some(patient) = self.view.patient(order.patient) else { return };
        let patient = self.session.with_written_patient(patient);
        let asked = self.view.order(&order.order);
        let physician = asked.as_ref().and_then(|o| self.view.staff_member(&o.physician));
        let physician = physician.map(|staff| staff.name.chinese()).unwrap_or_default();
        let sex = match patient.sex {
            Sex::M => "M",
            Sex::F => "F",
        };
        self.w
            .record("P")
            .put(2, &[&set.to_string()])
            .put(5, &[&patient.mrn])
            .put(6, &["", &patient.name.chinese()])
            .put(8, &[&patient.born.strftime("%Y%m%d").to_string()])
            .put(9, &[sex])
            .put(14, &["", &physician])
            .put(26, &["", "", "", &asked.map(|o| o.department).unwrap_or_default()]);
    }

    /// O, E1394 9: specimen, tests, times, action code, specimen type, report type.
    fn order(&mut self, order: &LabOrder) {
        let (ordered, collected) = (self.time(order.ordered), order.collected.map(|at| self.time(at)));
        self.w.record("O").put(2, &["1"]).put(3, &[&order.specimen]);
        for (at, item) in order.items.iter().enumerate() {
            let code = self.code(item.code).to_owned();
            let test = ["", "", "", &code];
            if at == 0 {
                self.w.put(5, &test)
            } else {
                self.w.repeat(&test)
            };
        }
        self.w
            .put(6, &["R"])
            .put(7, &[&ordered])
            .put(8, &[&collected.unwrap_or_default()])
            .put(12, &[if order.analysed.is_some() { "A" } else { "N" }])
            .put(16, &[&order.specimen_type])
            .put(26, &["Q"]);
    }

    /// R, E1394 10: the hospital's own results.
    fn results(&mut self, order: &LabOrder) {
        let analysed = order.analysed.map(|at| self.time(at)).unwrap_or_default();
        for (at, result) in order.results.iter().enumerate() {
            let flag = match result.flag {
                Flag::N => "N",
                Flag::H => "H",
                Flag::L => "L",
                Flag::A => "A",
            };
            let code = self.code(result.item.code).to_owned();
            self.w
                .record("R")
                .put(2, &[&(at + 1).to_string()])
                .put(3, &["", "", "", &code])
                .put(4, &[&result.value])
                .put(5, &[result.item.unit])
                .put(6, &[&result.range])
                .put(7, &[flag])
                .put(9, &[if order.verified.is_some() { "F" } else { "P" }])
                .put(13, &[&analysed]);
        }
    }

    /// What the peer himself sent for the specimen of items that nobody ordered.
    fn others(&mut self, session: &Session, order: &LabOrder) {
        let mut count = order.results.len();
        let written = session.written_results(&order.specimen).into_iter();
        let ordered = |code: &str| order.items.iter().any(|item| item.code.eq_ignore_ascii_case(code));
        for one in written.filter(|one| !ordered(&one.code)) {
            count += 1;
            let at = self.time(one.at);
            self.w
                .record("R")
                .put(2, &[&count.to_string()])
                .put(3, &["", "", "", &one.code])
                .put(4, &[&one.value])
                .put(5, &[&one.unit])
                .put(6, &[&one.range])
                .put(7, &[&one.flag])
                .put(9, &["F"])
                .put(13, &[&at]);
        }
    }

    fn nothing(&mut self, subject: &Subject) {
        if let (UnknownSpecimen::NoOrder, Which::Specimens(ids)) =
            (self.behaviour.unknown_specimen, &subject.which)
        {
            for id in ids.iter().take(self.behaviour.answer_limit) {
                self.w.record("O").put(2, &["1"]).put(3, &[id]).put(26, &["Y"]);
            }
        }
        self.w.record("L").put(2, &["1"]).put(3, &["I"]);
    }
}
