//! The sheets of a hospital information system: lists over the world that its web products show as
//! tables, answer as JSON and give out as files. What a sheet holds is here, once; how it looks is
//! the product's.

mod export;
mod fees;
mod inpatient;
mod outpatient;
mod pharmacy;
mod print;
mod results;
mod statistics;
mod xlsx;

pub(crate) use export::{Format, file};
pub(crate) use print::{lab_report, study_report};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::event::observation::{MAX_IDS, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::world::{Patient, PatientNo, Sex, View, VisitClass};

/// Most rows of one file: what such products allow before they say that it is too much.
pub(crate) const MOST_ROWS: usize = 5_000;
/// Most rows of one page.
pub(crate) const MOST_PAGE: usize = 500;
/// Most rows that are put into another order.
const MOST_SORTED: usize = 10_000;

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Its head in Chinese.
    pub(crate) title: &'static str,
    /// Its key in the portal's JSON.
    pub(crate) key: &'static str,
    /// Its key in the other product's JSON, in the words of its tables.
    pub(crate) field: &'static str,
    /// Whether it holds numbers.
    pub(crate) number: bool,
}

/// What a sheet can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A day, a department, words.
    Day,
    /// A department, words.
    Now,
    /// One visit.
    Visit,
}

/// A sheet.
pub(crate) struct Sheet {
    /// Its path (`outp/registers`).
    pub(crate) path: &'static str,
    /// The method's name in the other product (`queryRegisterList`).
    pub(crate) method: &'static str,
    /// Its title.
    pub(crate) title: &'static str,
    /// What it can be asked for.
    pub(crate) ask: Ask,
    /// What its rows are.
    pub(crate) kind: RecordKind,
    /// Its columns.
    pub(crate) columns: &'static [Column],
    /// Finds its rows.
    run: fn(&Lookup<'_>) -> Found,
}

/// A question to a sheet.
pub(crate) struct Lookup<'a> {
    /// Who asks.
    pub(crate) session: &'a Session,
    /// The hospital.
    pub(crate) view: &'a View,
    /// The day.
    pub(crate) date: Date,
    /// Department code; empty for all.
    pub(crate) department: &'a str,
    /// Words to find; empty for all.
    pub(crate) word: &'a str,
    /// Visit number, for sheets of one visit.
    pub(crate) visit: &'a str,
    /// First row, from 0.
    pub(crate) from: usize,
    /// Most rows.
    pub(crate) most: usize,
    /// Column to sort by, and whether from its end.
    pub(crate) sort: Option<(usize, bool)>,
}

/// Rows of a sheet.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many there are in all.
    pub(crate) total: usize,
    /// Those asked for, a cell for each column.
    pub(crate) rows: Vec<Vec<String>>,
    /// Their world ids.
    pub(crate) ids: Vec<String>,
}

/// All sheets, in the order of the menu.
pub(crate) fn sheets() -> impl Iterator<Item = &'static Sheet> {
    let all = [
        outpatient::SHEETS,
        inpatient::SHEETS,
        pharmacy::SHEETS,
        fees::SHEETS,
        results::SHEETS,
        statistics::SHEETS,
    ];
    all.into_iter().flatten()
}

/// A sheet by path.
pub(crate) fn sheet(path: &str) -> Option<&'static Sheet> {
    sheets().find(|sheet| sheet.path == path)
}

impl Sheet {
    /// Its rows; work that may take many milliseconds.
    pub(crate) fn find(&self, lookup: &Lookup<'_>) -> Found {
        let found = lookup.session.heavy(|| (self.run)(lookup));
        self.tell(lookup.session, lookup, &found);
        found
    }

    fn tell(&self, session: &Session, lookup: &Lookup<'_>, found: &Found) {
        let count = u32::try_from(found.rows.len()).unwrap_or(u32::MAX);
        let filter = format!(
            "{}: date={} dept={} word={} visit={} from={}",
            self.path, lookup.date, lookup.department, lookup.word, lookup.visit, lookup.from
        );
        let open = lookup.word.is_empty() && lookup.department.is_empty() && lookup.visit.is_empty();
        session.emit(Observation::Query {
            subject: self.kind,
            filter: Tainted::new(filter),
            answers: count,
            unbounded: open && lookup.most >= MOST_ROWS,
            detail: None,
        });
        if count > 0 {
            let ids = found.ids.iter().take(MAX_IDS).cloned().collect();
            session.emit(Observation::RecordRead { subject: self.kind, count, ids });
        }
    }

    /// The place of a column by either of its keys.
    pub(crate) fn place(&self, key: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.key == key || column.field == key)
    }
}

/// Cuts records to the page asked for, sorted when that was asked.
fn paged<T>(
    lookup: &Lookup<'_>,
    records: &[T],
    cells: impl Fn(&T) -> Vec<String>,
    id: impl Fn(&T) -> String,
) -> Found {
    let total = records.len();
    let most = lookup.most.min(MOST_ROWS);
    let (chosen, rows): (Vec<&T>, Vec<Vec<String>>) = match lookup.sort.filter(|_| total <= MOST_SORTED) {
        Some((column, backwards)) => {
            let mut all: Vec<(&T, Vec<String>)> =
                records.iter().map(|record| (record, cells(record))).collect();
            all.sort_by(|a, b| by_cell(a.1.get(column), b.1.get(column)));
            if backwards {
                all.reverse();
            }
            all.into_iter().skip(lookup.from).take(most).unzip()
        }
        None => records.iter().skip(lookup.from).take(most).map(|record| (record, cells(record))).unzip(),
    };
    Found { total, rows, ids: chosen.into_iter().map(id).collect() }
}

/// Numbers by value, all else by text.
fn by_cell(a: Option<&String>, b: Option<&String>) -> std::cmp::Ordering {
    let number = |cell: Option<&String>| cell.and_then(|text| text.parse::<f64>().ok());
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.cmp(&b),
    }
}

/// What most sheets show of a patient: number, name, sex, age.
fn person(view: &View, patient: &Patient) -> [String; 4] {
    let today = view.local(view.now()).date();
    [patient.mrn.clone(), patient.name.chinese(), sex(patient.sex).to_owned(), age(patient.born, today)]
}

fn person_of(view: &View, no: PatientNo) -> [String; 4] {
    view.patient(no).map_or_else(Default::default, |patient| person(view, &patient))
}

/// Whether a patient's name or number holds the words asked for.
fn is_asked(view: &View, no: PatientNo, word: &str) -> bool {
    word.is_empty()
        || view.patient(no).is_some_and(|p| p.mrn.ends_with(word) || p.name.chinese().contains(word))
}

fn sex(sex: Sex) -> &'static str {
    match sex {
        Sex::M => "男",
        Sex::F => "女",
    }
}

/// Age as Chinese records print it.
pub(crate) fn age(born: Date, today: Date) -> String {
    super::portal::rows::age(born, today)
}

/// `2026-03-02 08:15:30`.
pub(crate) fn time(view: &View, at: Timestamp) -> String {
    view.local(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn time_or_none(view: &View, at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| time(view, at))
}

/// Name of a department.
pub(crate) fn department(view: &View, code: &str) -> String {
    view.department(code).map_or_else(|| code.to_owned(), |d| d.name)
}

/// Name of a member of staff; empty for none.
pub(crate) fn staff(view: &View, number: &str) -> String {
    view.staff_member(number).map_or_else(|| number.to_owned(), |s| s.name.chinese())
}

fn staff_or_none(view: &View, number: Option<&String>) -> String {
    number.map_or_else(String::new, |number| staff(view, number))
}

fn class(class: VisitClass) -> &'static str {
    match class {
        VisitClass::Outpatient => "门诊",
        VisitClass::Emergency => "急诊",
        VisitClass::Inpatient => "住院",
    }
}

/// A column of text.
const fn text(title: &'static str, key: &'static str, field: &'static str) -> Column {
    Column { title, key, field, number: false }
}

/// A column of numbers.
const fn number(title: &'static str, key: &'static str, field: &'static str) -> Column {
    Column { title, key, field, number: true }
}

/// Columns in which every sheet shows a patient.
macro_rules! with_patient {
    ($($column:expr),* $(,)?) => {
        &[
            $crate::decoys::http::business::text("患者ID", "patientId", "MZHM"),
            $crate::decoys::http::business::text("姓名", "patientName", "BRXM"),
            $crate::decoys::http::business::text("性别", "sex", "BRXB"),
            $crate::decoys::http::business::text("年龄", "age", "BRNL"),
            $($column),*
        ]
    };
}
use with_patient;
