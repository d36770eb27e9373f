//! X-Ray Radiation Dose SR (PS3.3 A.35.8), after the templates 10011 for CT and 10001 for
//! projections (PS3.16). Images, report and the scanner's own page state the same figures.

use super::code::{Code, code};
use super::tree::{coded, container, moment as at, number, related, text, uid, with};
use super::{Subject, date, object};
use crate::imaging::anatomy::{Body, Build};
use crate::imaging::render::ct::Scan;
use crate::imaging::render::protocol::{Phase, Protocol};
use crate::imaging::render::scout;
use crate::wire::dicom::dataset::{DataSet, tags};
use crate::world::{Content, Modality, Region, Series};

/// What one switching-on of the tube did.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Name of the acquisition.
    pub(crate) name: String,
    /// Its first series.
    series: Series,
    /// A projection without turning.
    pub(crate) still: bool,
    pub(crate) kilovolts: f64,
    /// Mean tube current, mA.
    pub(crate) current: f64,
    /// Seconds of a turn.
    pub(crate) turn: f64,
    /// Millimetres.
    pub(crate) length: f64,
    /// mGy.
    pub(crate) index: f64,
}

impl Event {
    /// mGy cm.
    pub(crate) fn product(&self) -> f64 {
        (self.index * self.length).round() / 10.0
    }

    fn seconds(&self) -> f64 {
        let speed = if self.still { 100.0 } else { 38.4 * PITCH / self.turn };
        (self.length / speed * 100.0).round() / 100.0
    }

    fn uid(&self) -> String {
        event_uid(&self.series)
    }
}

/// Table feed per turn and collimation.
pub(crate) const PITCH: f64 = 1.2;

/// The UID of the irradiation event of a series: no series or instance has it.
pub(crate) fn event_uid(series: &Series) -> String {
    format!("{}1", series.uid)
}

/// The dose of a study.
#[derive(Debug, Clone)]
pub(crate) struct Dose {
    pub(crate) events: Vec<Event>,
    /// Head or body, which decides the phantom.
    pub(crate) head: bool,
}

impl Dose {
    /// Of a CT study: one event for the localizer and one for each pass; series that were only
    /// reconstructed again do not count.
    pub(crate) fn of_ct(s: &Subject<'_>, body: &Body, build: Build) -> Self {
        let head = s.study.region == Region::Head;
        let mut events: Vec<Event> = Vec::new();
        for series in scanned(s) {
            let scan = Scan::of(s.study, &series, body, build);
            let still = scout::is_scout(&series);
            let passes = events.iter().filter(|event| !event.still).count();
            // A second plain series is a second reconstruction.
            let again = passes > 0 && !is_phase(&series);
            if !still && again {
                continue;
            }
            let length = if still { f64::from(body.top - body.bottom) } else { scan.length() };
            let event = Event {
                name: series.protocol.clone(),
                still,
                kilovolts: 120.0,
                current: if still { 35.0 } else { current(head, build) },
                turn: turn(head),
                length: (length * 10.0).round() / 10.0,
                index: if still { 0.12 } else { index(head, build) },
                series,
            };
            events.push(event);
        }
        Dose { events, head }
    }

    /// mGy cm of all events.
    pub(crate) fn total(&self) -> f64 {
        let sum: f64 = self.events.iter().map(Event::product).sum();
        (sum * 10.0).round() / 10.0
    }
}

fn is_phase(series: &Series) -> bool {
    Protocol::read(&series.description).phase != Phase::Plain
}

/// Series that the scanner made; those at hand when the study is not one of the world's.
fn scanned(s: &Subject<'_>) -> Vec<Series> {
    let mut all = s.view.series(s.study);
    all.retain(|series| series.content == Content::Image);
    if all.is_empty() { vec![s.series.clone()] } else { all }
}

/// Mean tube current, mA: the generator follows the patient's thickness.
pub(crate) fn current(head: bool, build: Build) -> f64 {
    if head { 260.0 } else { (120.0 + 170.0 * f64::from(build.fat())).round() }
}

/// Seconds of a turn.
pub(crate) fn turn(head: bool) -> f64 {
    if head { 1.0 } else { 0.5 }
}

/// CTDIvol, mGy.
pub(crate) fn index(head: bool, build: Build) -> f64 {
    let charge = current(head, build) * turn(head) / PITCH;
    (charge * if head { 0.19 } else { 0.098 } * 100.0).round() / 100.0
}

/// What CTDIvol of a head is measured in.
pub(super) const HEAD_PHANTOM: Code = ("113690", "DCM", "IEC Head Dosimetry Phantom");
/// What CTDIvol of a body is measured in.
pub(super) const BODY_PHANTOM: Code = ("113691", "DCM", "IEC Body Dosimetry Phantom");

const REPORT: Code = ("113701", "DCM", "X-Ray Radiation Dose Report");
const PROCEDURE: Code = ("121058", "DCM", "Procedure reported");
const INTENT: Code = ("G-C0E8", "SRT", "Has Intent");
const DIAGNOSTIC: Code = ("R-408C3", "SRT", "Diagnostic Intent");
const EVENTS: Code = ("{events}", "UCUM", "events");
const MGY: Code = ("mGy", "UCUM", "mGy");
const MGY_CM: Code = ("mGy.cm", "UCUM", "mGy.cm");
const MM: Code = ("mm", "UCUM", "mm");
const S: Code = ("s", "UCUM", "s");
const MA: Code = ("mA", "UCUM", "mA");
const KV: Code = ("kV", "UCUM", "kV");
const RATIO: Code = ("{ratio}", "UCUM", "ratio");

/// The dose report of a study.
pub(crate) fn dose_report(s: &Subject<'_>, body: &Body, build: Build) -> DataSet {
    let mut set = object(s, build);
    set.put_items(tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, Vec::new());
    set.put_items(tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, Vec::new());
    set.put_str(tags::COMPLETION_FLAG, "COMPLETE");
    set.put_str(tags::VERIFICATION_FLAG, "UNVERIFIED");
    set.put_str(tags::VALUE_TYPE, "CONTAINER");
    set.put_items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code(REPORT)]);
    set.put_str(tags::CONTINUITY_OF_CONTENT, "SEPARATE");
    let ct = s.study.modality == Modality::CT;
    set.put_items(tags::CONTENT_TEMPLATE_SEQUENCE, vec![template(if ct { "10011" } else { "10001" })]);
    let mut tree = heading(s, ct);
    if ct {
        let dose = Dose::of_ct(s, body, build);
        tree.push(accumulated(&dose));
        tree.extend(dose.events.iter().map(|event| acquisition(s, event, &dose)));
    } else {
        tree.extend(super::projection::content(s, build));
    }
    tree.push(coded(
        ("113854", "DCM", "Source of Dose Information"),
        ("113856", "DCM", "Automated Data Collection"),
    ));
    with(set, tree)
}

fn template(number: &str) -> DataSet {
    let mut set = DataSet::new();
    set.put_str(tags::MAPPING_RESOURCE, "DCMR");
    set.put_str(tags::TEMPLATE_IDENTIFIER, number);
    set
}

/// What was done, by which device, when, and that the whole study is meant.
fn heading(s: &Subject<'_>, ct: bool) -> Vec<DataSet> {
    let done: Code = if ct {
        ("P5-08000", "SRT", "Computed Tomography X-Ray")
    } else {
        ("113704", "DCM", "Projection X-Ray")
    };
    let device = &s.study.device;
    let intent = related("HAS CONCEPT MOD", coded(INTENT, DIAGNOSTIC));
    let named = |value, meaning, word: &str| text((value, "DCM", meaning), word, s.charset);
    let context = vec![
        coded(("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        uid(("121012", "DCM", "Device Observer UID"), &observer(s)),
        named("121013", "Device Observer Name", &device.station),
        named("121014", "Device Observer Manufacturer", &device.manufacturer),
        named("121015", "Device Observer Model Name", &device.model),
        named("121016", "Device Observer Serial Number", &device.serial),
    ];
    let study = uid(("110180", "DCM", "Study Instance UID"), &s.study.uid);
    let scope = with(
        coded(("113705", "DCM", "Scope of Accumulation"), ("113014", "DCM", "Study")),
        vec![related("HAS PROPERTIES", study)],
    );
    let begin = at(("113809", "DCM", "Start of X-Ray Irradiation"), &stamp(s, s.study.started));
    let end = at(("113810", "DCM", "End of X-Ray Irradiation"), &stamp(s, s.series.started));
    let mut all = vec![related("HAS CONCEPT MOD", with(coded(PROCEDURE, done), vec![intent]))];
    let times = if ct { vec![begin, end] } else { Vec::new() };
    all.extend(context.into_iter().chain(times).chain([scope]).map(|item| related("HAS OBS CONTEXT", item)));
    all
}

/// A UID of the device itself: what its studies' UIDs begin with, and nothing of a study.
fn observer(s: &Subject<'_>) -> String {
    let root: Vec<&str> = s.study.uid.split('.').take(7).collect();
    let digits: String = s.study.device.serial.chars().filter(char::is_ascii_digit).collect();
    format!("{}.{}.1", root.join("."), digits.trim_start_matches('0'))
}

pub(super) fn stamp(s: &Subject<'_>, moment: jiff::Timestamp) -> String {
    let local = s.view.local(moment);
    format!("{}{}", date(local.date()), s.maker().time(local))
}

fn accumulated(dose: &Dose) -> DataSet {
    let count = dose.events.len() as f64;
    container(
        ("113811", "DCM", "CT Accumulated Dose Data"),
        vec![
            number(("113812", "DCM", "Total Number of Irradiation Events"), count, EVENTS),
            number(("113813", "DCM", "CT Dose Length Product Total"), dose.total(), MGY_CM),
        ],
    )
}

fn acquisition(s: &Subject<'_>, event: &Event, dose: &Dose) -> DataSet {
    let kind: Code = if event.still {
        ("113805", "DCM", "Constant Angle Acquisition")
    } else {
        ("P5-08001", "SRT", "Spiral Acquisition")
    };
    let mut items = vec![
        text(("125203", "DCM", "Acquisition Protocol"), &event.name, s.charset),
        coded(("123014", "DCM", "Target Region"), region(s.study.region)),
        coded(("113820", "DCM", "CT Acquisition Type"), kind),
        uid(("113769", "DCM", "Irradiation Event UID"), &event.uid()),
        container(("113822", "DCM", "CT Acquisition Parameters"), parameters(s, event)),
    ];
    if !event.still {
        items.push(container(("113829", "DCM", "CT Dose"), doses(event, dose.head)));
    }
    container(("113819", "DCM", "CT Acquisition"), items)
}

fn parameters(s: &Subject<'_>, event: &Event) -> Vec<DataSet> {
    let source = container(
        ("113831", "DCM", "CT X-Ray Source Parameters"),
        vec![
            text(("113832", "DCM", "Identification of the X-Ray Source"), "1", s.charset),
            number(("113733", "DCM", "KVP"), event.kilovolts, KV),
            number(("113833", "DCM", "Maximum X-Ray Tube Current"), (event.current * 1.3).round(), MA),
            number(("113734", "DCM", "X-Ray Tube Current"), event.current, MA),
            number(("113834", "DCM", "Exposure Time per Rotation"), event.turn, S),
        ],
    );
    let mut all = vec![
        number(("113824", "DCM", "Exposure Time"), event.seconds(), S),
        number(("113825", "DCM", "Scanning Length"), event.length, MM),
        number(("113826", "DCM", "Nominal Single Collimation Width"), 0.6, MM),
        number(
            ("113827", "DCM", "Nominal Total Collimation Width"),
            if event.still { 3.6 } else { 38.4 },
            MM,
        ),
    ];
    if !event.still {
        all.push(number(("113828", "DCM", "Pitch Factor"), PITCH, RATIO));
    }
    let sources: Code = ("{X-Ray sources}", "UCUM", "X-Ray sources");
    all.push(number(("113823", "DCM", "Number of X-Ray Sources"), 1.0, sources));
    all.push(source);
    all
}

fn doses(event: &Event, head: bool) -> Vec<DataSet> {
    let phantom = if head { HEAD_PHANTOM } else { BODY_PHANTOM };
    vec![
        number(("113830", "DCM", "Mean CTDIvol"), event.index, MGY),
        coded(("113835", "DCM", "CTDIw Phantom Type"), phantom),
        number(("113838", "DCM", "DLP"), event.product(), MGY_CM),
    ]
}

pub(super) fn region(region: Region) -> Code {
    match region {
        Region::Head => ("T-D1100", "SRT", "Head"),
        Region::Chest => ("T-D3000", "SRT", "Chest"),
        Region::Abdomen => ("T-D4000", "SRT", "Abdomen"),
        Region::LumbarSpine => ("T-11503", "SRT", "Lumbar spine"),
        Region::Limb => ("T-D0300", "SRT", "Extremity"),
    }
}
