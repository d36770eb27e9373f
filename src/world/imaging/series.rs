//! Series of a study, as the maker's default protocols name them.

use super::uid::{ADDED, Part};
use super::{Course, Imaging};
use crate::world::dice::Purpose;
use crate::world::tables::devices::Maker;
use crate::world::time::Moment;
use crate::world::{Content, Finding, Modality, Region, World};

/// A series before it is written out.
#[derive(Debug, Clone)]
pub(in crate::world) struct SeriesPlan {
    /// Its place among the study's series, which its UIDs hold.
    place: u32,
    pub number: u32,
    pub description: String,
    pub protocol: String,
    pub instances: u32,
    /// How many of the instances, the last ones, are clips.
    pub clips: u32,
    pub content: Content,
    pub started: Moment,
    /// Complete, and so visible, from here on.
    pub complete: Moment,
}

impl SeriesPlan {
    /// What its UID names.
    pub(in crate::world) fn part(&self) -> Part {
        Part::Series(self.place)
    }

    /// What the UID of one of its instances names.
    pub(in crate::world) fn instance(&self, number: u32) -> Part {
        Part::Instance(self.place, number)
    }

    /// Whether a part is it, or in it.
    pub(in crate::world) fn holds(&self, part: Part) -> bool {
        match part {
            Part::Series(place) | Part::Instance(place, _) => place == self.place,
            Part::Study | Part::FrameOfReference => false,
        }
    }
}

/// Place of the dose report among a study's series.
const DOSE_REPORT: u32 = 80;
/// Place of the dose page among a study's series.
const DOSE_SHEET: u32 = 81;

impl World {
    /// The series of a study: as the device made them, then what it says of the dose, then the
    /// verified report, which the information system adds.
    pub(in crate::world) fn series_plan(&self, imaging: &Imaging) -> Vec<SeriesPlan> {
        let maker = self.devices.all()[self.devices.of(imaging.course.key)].maker;
        let mut plans = self.acquired(imaging, maker);
        plans.extend(dose(maker, imaging));
        plans.push(self.document(imaging));
        plans
    }

    fn document(&self, imaging: &Imaging) -> SeriesPlan {
        let (_, verified) = self.report_times(&imaging.course);
        SeriesPlan {
            place: ADDED,
            number: 9_000,
            description: "诊断报告".to_owned(),
            protocol: String::new(),
            instances: 1,
            clips: 0,
            content: Content::Document,
            started: verified,
            complete: verified.plus(4),
        }
    }

    /// The series that hold images or waveforms, in acquisition order.
    fn acquired(&self, imaging: &Imaging, maker: Maker) -> Vec<SeriesPlan> {
        let course = &imaging.course;
        let mut dice = self.dice_imaging(Purpose::Series, course.key);
        let named: Vec<(String, u32)> = match course.key.modality {
            Modality::CT => {
                let slices =
                    dice.between(slices(imaging.exam.region).0, slices(imaging.exam.region).1) as u32;
                ct(maker, imaging, slices)
            }
            Modality::MR => {
                let slices = dice.between(15, 24) as u32;
                mr(maker, imaging).iter().map(|name| ((*name).to_owned(), slices)).collect()
            }
            Modality::DX => vec![(dx(imaging).to_owned(), views(imaging))],
            Modality::US => vec![(String::new(), dice.between(6, 12) as u32)],
            Modality::MG => MG_VIEWS.map(|view| (view.to_owned(), 1)).to_vec(),
            Modality::CR => vec![("Chest AP".to_owned(), 1)],
            Modality::ECG => vec![("12-Lead ECG".to_owned(), 1)],
        };
        let clips = match (course.key.modality, imaging.exam.region) {
            (Modality::US, Region::Chest) => 2 + dice.below(2),
            (Modality::US, _) => u32::from(dice.permille(550)),
            _ => 0,
        };
        let protocol = protocol(maker, imaging);
        let count = named.len() as i64;
        let named = named.into_iter().zip(0..);
        named
            .map(|((name, images), i)| SeriesPlan {
                clips,
                ..place(course, i, count, name, images, &protocol)
            })
            .collect()
    }
}

/// Puts a series in its share of the study's time.
fn place(
    course: &Course,
    i: i64,
    count: i64,
    description: String,
    instances: u32,
    protocol: &str,
) -> SeriesPlan {
    let rest = course.ended.0 - course.visible.0;
    let end = |i: i64| course.visible.plus(if count > 1 { rest * i / (count - 1) } else { 0 });
    let content = if course.key.modality == Modality::ECG { Content::Waveform } else { Content::Image };
    SeriesPlan {
        place: i as u32 + 1,
        number: i as u32 + 1,
        description,
        protocol: protocol.to_owned(),
        instances,
        clips: 0,
        content,
        started: if i == 0 { course.started } else { end(i - 1).plus(1) },
        complete: end(i),
    }
}

/// The usual four views, right before left.
const MG_VIEWS: [&str; 4] = ["R CC", "L CC", "R MLO", "L MLO"];

/// What the device says of the dose, under the names and numbers of its maker: a report by all
/// scanners and by the radiographs of makers who send one, and a page by those who still draw one.
fn dose(maker: Maker, imaging: &Imaging) -> Vec<SeriesPlan> {
    let (report, page) = match (imaging.course.key.modality, maker) {
        (Modality::CT, Maker::Siemens) => (Some((502, "Dose Report")), Some((501, "Patient Protocol"))),
        (Modality::CT, Maker::Ge) => (Some((997, "Dose Report")), Some((999, "Dose Report"))),
        (Modality::CT, Maker::Canon) => (Some((9_001, "Dose Information")), Some((9_000, "Exam Summary"))),
        (Modality::CT, _) => (Some((9_001, "Dose Report")), None),
        (Modality::DX, Maker::Siemens | Maker::Philips) => (Some((99, "Radiation Dose Report")), None),
        (Modality::DX | Modality::MR | Modality::US, _) => (None, None),
        (Modality::MG | Modality::CR | Modality::ECG, _) => (None, None),
    };
    let ended = imaging.course.ended;
    let made = |place, content, (number, name): (u32, &str), after| SeriesPlan {
        place,
        number,
        description: name.to_owned(),
        protocol: String::new(),
        instances: 1,
        clips: 0,
        content,
        started: ended,
        complete: ended.plus(after),
    };
    let page = page.map(|named| made(DOSE_SHEET, Content::DoseSheet, named, 6));
    let report = report.map(|named| made(DOSE_REPORT, Content::DoseReport, named, 9));
    page.into_iter().chain(report).collect()
}

fn slices(region: Region) -> (i64, i64) {
    match region {
        Region::Head => (24, 32),
        Region::Chest => (52, 60),
        Region::Abdomen => (38, 58),
        Region::LumbarSpine => (36, 52),
        Region::Limb => (20, 34),
    }
}

fn ct(maker: Maker, imaging: &Imaging, slices: u32) -> Vec<(String, u32)> {
    let scout = match maker {
        Maker::Siemens => "Topogram  0.6  T20f",
        Maker::Ge => "Scout",
        Maker::Uih => "Topo",
        Maker::Philips => "Surview",
        Maker::Canon => "Scano",
        Maker::Agfa | Maker::Samsung => "Scout",
    };
    let (soft, hard) = kernels(maker, imaging.exam.region);
    let mut series = vec![(scout.to_owned(), 1), (soft.to_owned(), slices)];
    if imaging.exam.contrast {
        let phases: &[&str] = match maker {
            Maker::Siemens => &["ART  5.0  B31f", "VEN  5.0  B31f"],
            Maker::Ge => &["C+ ART 5mm", "C+ PV 5mm"],
            Maker::Uih | Maker::Philips | Maker::Canon | Maker::Agfa | Maker::Samsung => {
                &["Arterial 5.0", "Venous 5.0"]
            }
        };
        series.extend(phases.iter().map(|p| ((*p).to_owned(), slices)));
    } else if !hard.is_empty() {
        series.push((hard.to_owned(), slices));
    }
    series
}

/// Soft and hard kernel series; no hard one for the abdomen.
fn kernels(maker: Maker, region: Region) -> (&'static str, &'static str) {
    match (maker, region) {
        (Maker::Siemens, Region::Head) => ("Head  5.0  H31s", "Head  5.0  H60s"),
        (Maker::Siemens, Region::Chest) => ("Thorax  5.0  B31f", "Thorax  5.0  B60f"),
        (Maker::Siemens, Region::Abdomen) => ("Abdomen  5.0  B31f", ""),
        (Maker::Siemens, Region::LumbarSpine) => ("L-Spine  3.0  B31s", "L-Spine  3.0  B60s"),
        (Maker::Siemens, Region::Limb) => ("Extremity  3.0  B31s", "Extremity  3.0  B60s"),
        (Maker::Ge, Region::Head) => ("5mm BRAIN STND", "5mm BONE"),
        (Maker::Ge, Region::Chest) => ("5mm STND", "5mm LUNG"),
        (Maker::Ge, Region::Abdomen) => ("ABD 5mm STND", ""),
        (Maker::Ge, Region::LumbarSpine) => ("L-SPINE 3mm STND", "L-SPINE 3mm BONE"),
        (Maker::Ge, Region::Limb) => ("EXT 3mm STND", "EXT 3mm BONE"),
        (Maker::Uih | Maker::Philips | Maker::Canon | Maker::Agfa | Maker::Samsung, region) => match region {
            Region::Head => ("Head 5.0 Soft", "Head 5.0 Bone"),
            Region::Chest => ("Chest 5.0 Soft", "Chest 5.0 Lung"),
            Region::Abdomen => ("Abdomen 5.0 Soft", ""),
            Region::LumbarSpine => ("LSpine 3.0 Soft", "LSpine 3.0 Bone"),
            Region::Limb => ("Joint 3.0 Soft", "Joint 3.0 Bone"),
        },
    }
}

fn mr(maker: Maker, imaging: &Imaging) -> &'static [&'static str] {
    let stroke = matches!(imaging.finding, Finding::CerebralInfarction | Finding::CerebralHaemorrhage);
    let diffusion = stroke || imaging.exam.name.contains("DWI");
    match (maker, imaging.exam.region) {
        (Maker::Siemens, Region::Head) if diffusion => &[
            "t1_se_tra",
            "t2_tse_tra_p2",
            "t2_tirm_tra_dark-fluid",
            "ep2d_diff_3scan_trace_p2_TRACEW",
            "t1_se_sag",
        ],
        (Maker::Siemens, Region::Head) => {
            &["t1_se_tra", "t2_tse_tra_p2", "t2_tirm_tra_dark-fluid", "t1_se_sag"]
        }
        (Maker::Siemens, Region::LumbarSpine) => {
            &["t2_tse_sag", "t1_tse_sag", "t2_tse_stir_sag", "t2_tse_tra"]
        }
        (Maker::Siemens, Region::Limb) => &["pd_tse_fs_sag", "t1_tse_sag", "pd_tse_fs_cor", "pd_tse_fs_tra"],
        (Maker::Siemens, Region::Chest | Region::Abdomen) => {
            &["t2_haste_cor", "t2_blade_fs_tra_trig", "t1_vibe_dixon_tra_W"]
        }
        (_, region) => match region {
            Region::Head if diffusion => {
                &["OAx T1 FLAIR", "OAx T2 FSE", "OAx T2 FLAIR", "OAx DWI 1000b", "OSag T1 FLAIR"]
            }
            Region::Head => &["OAx T1 FLAIR", "OAx T2 FSE", "OAx T2 FLAIR", "OSag T1 FLAIR"],
            Region::LumbarSpine => &["OSag T2 FRFSE", "OSag T1 FSE", "OSag T2 STIR", "OAx T2 FRFSE"],
            Region::Limb => &["Sag PD FS", "Sag T1 FSE", "Cor PD FS", "Ax PD FS"],
            Region::Chest | Region::Abdomen => &["Cor SSFSE", "Ax T2 FRFSE RTr", "Ax LAVA-Flex Water"],
        },
    }
}

fn views(imaging: &Imaging) -> u32 {
    let two = ["正侧位", "正斜位"];
    if two.iter().any(|v| imaging.exam.name.contains(v)) { 2 } else { 1 }
}

fn dx(imaging: &Imaging) -> &'static str {
    match (imaging.exam.region, views(imaging)) {
        (Region::Chest, 1) => "Chest PA",
        (Region::Chest, _) => "Chest PA/LAT",
        (Region::Abdomen, _) => "Abdomen erect AP",
        (Region::LumbarSpine, _) => "L-Spine AP/LAT",
        (Region::Limb, _) if imaging.exam.name.contains("手") => "Hand PA/OBL",
        (Region::Limb, _) if imaging.exam.name.contains("腕") => "Wrist PA/LAT",
        (Region::Limb, _) if imaging.exam.name.contains("踝") => "Ankle AP/LAT",
        (Region::Limb, _) => "Knee AP/LAT",
        (Region::Head, _) => "Skull AP",
    }
}

fn protocol(maker: Maker, imaging: &Imaging) -> String {
    let region = match imaging.exam.region {
        Region::Head => ("HeadSeq", "1.1 Routine Head", "Head Routine"),
        Region::Chest => ("ThoraxRoutine", "5.1 Chest Routine", "Chest Routine"),
        Region::Abdomen => ("AbdomenRoutine", "6.1 Abdomen Routine", "Abdomen Routine"),
        Region::LumbarSpine => ("SpineRoutine", "7.3 L-Spine", "LSpine Routine"),
        Region::Limb => ("ExtrRoutine", "9.2 Extremity", "Joint Routine"),
    };
    match (imaging.course.key.modality, maker) {
        (Modality::CT, Maker::Siemens) => region.0.to_owned(),
        (Modality::CT, Maker::Ge) => region.1.to_owned(),
        (Modality::CT | Modality::MR, _) => region.2.to_owned(),
        (Modality::DX, _) => dx(imaging).to_owned(),
        (Modality::US, _) => match imaging.exam.region {
            Region::Chest => "Adult Echo".to_owned(),
            Region::Limb => "LE Venous".to_owned(),
            Region::Head | Region::Abdomen | Region::LumbarSpine => "Abd Gen".to_owned(),
        },
        (Modality::MG, _) => "Screening Bilateral".to_owned(),
        (Modality::CR, _) => "Chest AP Bedside".to_owned(),
        (Modality::ECG, _) => "12-Lead Resting".to_owned(),
    }
}
