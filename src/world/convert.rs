//! Numbers as the hospital prints them, and the public types made from the world's own.

use super::calendar::class_index;
use super::cases::{Case, MODALITIES, modality_index};
use super::dice::Purpose;
use super::imaging::uid::Part;
use super::imaging::{Course, Imaging, ImagingKey, SeriesPlan};
use super::lab::{LabKey, Tube};
use super::time::{Day, Moment};
use super::visits::VisitKey;
use super::*;

/// Prefixes of visit numbers, by class.
const VISIT_PREFIX: [&str; 3] = ["MZ", "JZ", "ZY"];

/// What stands for the laboratory where imaging has its modality's digit.
const LAB_DIGIT: u32 = 6;

/// The digits of the modalities, in the order of [`MODALITIES`].
const MODALITY_DIGITS: [u32; MODALITIES.len()] = [1, 2, 3, 4, 5, 7, 8];

fn modality_digit(modality: Modality) -> u32 {
    MODALITY_DIGITS[modality_index(modality)]
}

/// Two letters that begin an accession number.
fn accession_prefix(modality: Modality) -> &'static str {
    &modality.as_str()[..2]
}

/// An order's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OrderKey {
    Imaging(ImagingKey),
    Lab(LabKey),
}

/// Visit number: kind, date, and place in the day.
pub(super) fn visit_number(key: VisitKey) -> String {
    let (y, m, d) = key.day.ymd();
    format!("{}{y:04}{m:02}{d:02}{:04}", VISIT_PREFIX[class_index(key.class)], key.slot + 1)
}

/// The visit with this number, if one could have it.
pub(super) fn parse_visit_number(text: &str) -> Option<VisitKey> {
    let class = calendar::CLASSES.into_iter().find(|c| text.starts_with(VISIT_PREFIX[class_index(*c)]))?;
    let digits = text.get(2..).filter(|d| (12..=15).contains(&d.len()))?;
    let day = Day::parse_yyyymmdd(digits.get(..8)?)?;
    let slot = count(digits.get(8..)?)?.checked_sub(1)?;
    let key = VisitKey { class, day, slot };
    (visit_number(key) == text).then_some(key)
}

/// Accession number: modality, date, number of the day.
pub(super) fn accession(key: ImagingKey) -> String {
    format!("{}{}{:04}", accession_prefix(key.modality), key.day.yymmdd(), key.number)
}

/// The study with this accession number, if one could have it.
pub(super) fn parse_accession(text: &str) -> Option<ImagingKey> {
    let modality = MODALITIES.into_iter().find(|m| text.starts_with(accession_prefix(*m)))?;
    let digits = text.get(2..).filter(|d| d.len() == 10)?;
    Some(ImagingKey { modality, day: Day::parse_yymmdd(digits.get(..6)?)?, number: count(digits.get(6..)?)? })
}

fn specimen(key: LabKey) -> String {
    format!("{}{:06}", key.day.yymmdd(), key.number)
}

pub(super) fn placer(key: OrderKey) -> String {
    let (day, digit, number) = match key {
        OrderKey::Imaging(key) => (key.day, modality_digit(key.modality), key.number),
        OrderKey::Lab(key) => (key.day.plus(-i32::from(key.ordered_before())), LAB_DIGIT, key.number),
    };
    format!("{}{digit}{number:06}", day.yymmdd())
}

fn filler(key: OrderKey) -> String {
    match key {
        OrderKey::Imaging(key) => {
            format!("R{}{}{:04}", key.day.yymmdd(), modality_digit(key.modality), key.number)
        }
        OrderKey::Lab(key) => format!("L{}", specimen(key)),
    }
}

/// The order with this placer, filler, accession or specimen number, if one could have it.
pub(super) fn parse_order(text: &str) -> Option<OrderKey> {
    if !text.is_ascii() {
        return None;
    }
    let day = |at: usize| Day::parse_yymmdd(text.get(at..at + 6)?);
    let modality = |digit: u32| MODALITIES.into_iter().find(|m| modality_digit(*m) == digit);
    match (text.as_bytes().first()?, text.len()) {
        (b'0'..=b'9', 12) => Some(OrderKey::Lab(LabKey { day: day(0)?, number: count(&text[6..])? })),
        (b'L', 13) => Some(OrderKey::Lab(LabKey { day: day(1)?, number: count(&text[7..])? })),
        (b'R', 12) => {
            let modality = modality(count(&text[7..8])?)?;
            Some(OrderKey::Imaging(ImagingKey { modality, day: day(1)?, number: count(&text[8..])? }))
        }
        (b'0'..=b'9', 13) => {
            let (digit, number) = (count(&text[6..7])?, count(&text[7..])?);
            if digit != LAB_DIGIT {
                let key = ImagingKey { modality: modality(digit)?, day: day(0)?, number };
                return Some(OrderKey::Imaging(key));
            }
            let same_day = LabKey { day: day(0)?, number };
            let later = i32::from(same_day.ordered_before());
            Some(OrderKey::Lab(LabKey { day: same_day.day.plus(later), number }))
        }
        _ => parse_accession(text).map(OrderKey::Imaging),
    }
}

fn count(digits: &str) -> Option<u32> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

impl World {
    /// A visit as others see it at a moment.
    pub(super) fn encounter_at(&self, case: &Case, now: Moment) -> Encounter {
        let visit = &case.visit;
        let department = self.department_of(case);
        Encounter {
            number: visit_number(visit.key),
            patient: PatientNo(visit.person.no),
            class: visit.key.class,
            department: department.row().code.to_owned(),
            physician: self.physician_of(case).number.clone(),
            started: self.timestamp(visit.started),
            ended: (visit.ended <= now).then(|| self.timestamp(visit.ended)),
            bed: self.bed_of(visit.key),
            diagnosis: Diagnosis { icd10: case.dx.icd10.to_owned(), name: case.dx.name.to_owned() },
        }
    }

    /// An imaging order as it stands at a moment.
    pub(super) fn imaging_order(&self, imaging: &Imaging, now: Moment) -> Order {
        let course = &imaging.course;
        let key = OrderKey::Imaging(course.key);
        let state = match course.cancelled {
            Some(at) if at <= now => OrderState::Cancelled,
            _ if self.report_times(course).1 <= now => OrderState::Verified,
            _ if course.ended <= now => OrderState::Performed,
            _ if course.started <= now => OrderState::InProgress,
            _ => OrderState::Ordered,
        };
        let names = (imaging.exam.code, imaging.exam.name);
        let mut order = self.order_at(key, &imaging.case, course.ordered, names, state);
        order.accession = Some(accession(course.key));
        order
    }

    /// A laboratory order as it stands at a moment.
    pub(super) fn lab_order_row(&self, tube: &Tube, now: Moment) -> Order {
        let course = &tube.course;
        let state = match course.cancelled {
            Some(at) if at <= now => OrderState::Cancelled,
            _ if tube.verified <= now => OrderState::Verified,
            _ if tube.analysed <= now => OrderState::Performed,
            _ if course.collected <= now => OrderState::InProgress,
            _ => OrderState::Ordered,
        };
        let names = (tube.panel.code, tube.panel.name);
        let mut order = self.order_at(OrderKey::Lab(course.key), &tube.case, course.ordered, names, state);
        let collected = course.cancelled.is_none() && course.collected <= now;
        order.specimen = collected.then(|| specimen(course.key));
        order
    }

    fn order_at(
        &self,
        key: OrderKey,
        case: &Case,
        ordered: Moment,
        (code, name): (&str, &str),
        state: OrderState,
    ) -> Order {
        Order {
            placer: placer(key),
            filler: filler(key),
            kind: match key {
                OrderKey::Imaging(_) => OrderKind::Imaging,
                OrderKey::Lab(_) => OrderKind::Laboratory,
            },
            patient: PatientNo(case.visit.person.no),
            encounter: visit_number(case.visit.key),
            physician: self.physician_of(case).number.clone(),
            department: self.department_of(case).row().code.to_owned(),
            ordered: self.timestamp(ordered),
            code: code.to_owned(),
            name: name.to_owned(),
            state,
            accession: None,
            specimen: None,
        }
    }

    /// A study as others see it.
    pub(super) fn study_row(&self, imaging: &Imaging) -> Study {
        let course = &imaging.course;
        let accession = accession(course.key);
        Study {
            uid: self.uid(course, Part::Study),
            id: accession[2..].to_owned(),
            accession,
            order: placer(OrderKey::Imaging(course.key)),
            patient: PatientNo(course.visit.person.no),
            modality: course.key.modality,
            region: imaging.exam.region,
            description: imaging.exam.name.to_owned(),
            started: self.timestamp(course.started),
            device: self.devices.all()[self.devices.of(course.key)].device.clone(),
            referring: self.physician_of(&imaging.case).number.clone(),
            operator: self.operator_of(course).number.clone(),
            finding: imaging.finding,
            seed: self.dice_imaging(Purpose::Pixels, course.key).next(),
        }
    }

    /// A series as others see it.
    pub(super) fn series_row(&self, course: &Course, plan: &SeriesPlan) -> Series {
        let framed =
            plan.content == Content::Image && matches!(course.key.modality, Modality::CT | Modality::MR);
        Series {
            uid: self.uid(course, plan.part()),
            number: plan.number,
            description: plan.description.clone(),
            protocol: plan.protocol.clone(),
            started: self.timestamp(plan.started),
            instances: plan.instances,
            content: plan.content,
            modality: match plan.content {
                Content::Image | Content::Cine | Content::Waveform => course.key.modality.as_str(),
                Content::DoseReport => "SR",
                Content::DoseSheet => "OT",
                Content::Document => "DOC",
            },
            frame_of_reference: if framed { self.uid(course, Part::FrameOfReference) } else { String::new() },
        }
    }

    /// An instance as others see it.
    pub(super) fn instance_row(&self, course: &Course, plan: &SeriesPlan, number: u32) -> Instance {
        let content = if number > plan.instances - plan.clips.min(plan.instances) {
            Content::Cine
        } else {
            plan.content
        };
        Instance {
            uid: self.uid(course, plan.instance(number)),
            sop_class: sop_class(course.key.modality, content).to_owned(),
            number,
            content,
        }
    }

    /// A laboratory order with its specimen as it stands at a moment.
    pub(super) fn lab_order_at(&self, tube: &Tube, now: Moment) -> LabOrder {
        let mut order = self.lab_order_brief(tube, now);
        if order.analysed.is_some() {
            order.results = self.results_of(tube);
        }
        order
    }

    /// The same without results.
    pub(super) fn lab_order_brief(&self, tube: &Tube, now: Moment) -> LabOrder {
        let course = &tube.course;
        let alive = course.cancelled.is_none();
        let seen = |at: Moment| (alive && at <= now).then(|| self.timestamp(at));
        let verified = seen(tube.verified);
        let analysed = seen(tube.analysed);
        let verifier = self.roster.senior(tables::departments::Dept::Laboratory, self.verifier_draw(tube));
        LabOrder {
            order: placer(OrderKey::Lab(course.key)),
            filler: filler(OrderKey::Lab(course.key)),
            specimen: specimen(course.key),
            patient: PatientNo(course.visit.person.no),
            panel: tube.panel.code.to_owned(),
            panel_name: tube.panel.name.to_owned(),
            specimen_type: tube.panel.specimen.to_owned(),
            ordered: self.timestamp(course.ordered),
            collected: seen(course.collected),
            analysed,
            run: analysed.map(|_| self.run_of(tube)),
            verified,
            verifier: verified.map(|_| verifier.number.clone()),
            results: Vec::new(),
            items: tube.panel.items.iter().map(|item| &item.item).collect(),
        }
    }

    fn verifier_draw(&self, tube: &Tube) -> u64 {
        // One verifier signs for an hour, not a new one for every tube.
        self.key.hash(Purpose::Staff, 9, (tube.verified.0 / time::HOUR) as u64) >> 8
    }
}

/// SOP classes of PS3.4 table B.5-1.
fn sop_class(modality: Modality, content: Content) -> &'static str {
    match (content, modality) {
        (Content::Cine, _) => "1.2.840.10008.5.1.4.1.1.3.1",
        (Content::DoseReport, _) => "1.2.840.10008.5.1.4.1.1.88.67",
        (Content::DoseSheet, _) => "1.2.840.10008.5.1.4.1.1.7",
        (Content::Document, _) => "1.2.840.10008.5.1.4.1.1.104.1",
        (Content::Waveform, _) | (Content::Image, Modality::ECG) => "1.2.840.10008.5.1.4.1.1.9.1.1",
        (Content::Image, Modality::CT) => "1.2.840.10008.5.1.4.1.1.2",
        (Content::Image, Modality::DX) => "1.2.840.10008.5.1.4.1.1.1.1",
        (Content::Image, Modality::MR) => "1.2.840.10008.5.1.4.1.1.4",
        (Content::Image, Modality::US) => "1.2.840.10008.5.1.4.1.1.6.1",
        (Content::Image, Modality::MG) => "1.2.840.10008.5.1.4.1.1.1.2",
        (Content::Image, Modality::CR) => "1.2.840.10008.5.1.4.1.1.1",
    }
}
