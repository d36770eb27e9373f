//! Imaging: what was asked for, performed and reported.

use jiff::Timestamp;
use serde::Serialize;

use super::{Order, PatientNo};

/// Modalities this hospital has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Modality {
    /// Computed tomography.
    CT,
    /// Digital radiography.
    DX,
    /// Magnetic resonance.
    MR,
    /// Ultrasound.
    US,
    /// Mammography.
    MG,
    /// Radiography on storage phosphor plates, at the bedside.
    CR,
    /// Electrocardiography.
    ECG,
}

impl Modality {
    /// All of them.
    pub const ALL: [Modality; 7] =
        [Modality::CT, Modality::DX, Modality::MR, Modality::US, Modality::MG, Modality::CR, Modality::ECG];

    /// DICOM defined term, (0008,0060).
    pub fn as_str(self) -> &'static str {
        match self {
            Modality::CT => "CT",
            Modality::DX => "DX",
            Modality::MR => "MR",
            Modality::US => "US",
            Modality::MG => "MG",
            Modality::CR => "CR",
            Modality::ECG => "ECG",
        }
    }
}

/// The device that made a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Device {
    /// AE title (`CT01`).
    pub ae_title: String,
    /// Station name.
    pub station: String,
    /// Manufacturer, as its DICOM objects say it.
    pub manufacturer: String,
    /// Model name.
    pub model: String,
    /// Serial number of this installation.
    pub serial: String,
    /// Software versions.
    pub software: String,
    /// Modality.
    pub modality: Modality,
}

/// What the images show, for the renderer and the report alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Nothing abnormal.
    Normal,
    /// Pulmonary nodule.
    PulmonaryNodule,
    /// Pneumonia.
    Pneumonia,
    /// Pleural effusion.
    PleuralEffusion,
    /// Cerebral infarction.
    CerebralInfarction,
    /// Intracerebral haemorrhage.
    CerebralHaemorrhage,
    /// Hepatic cyst.
    HepaticCyst,
    /// Renal stone.
    RenalStone,
    /// Fracture.
    Fracture,
    /// Degenerative change.
    Degeneration,
    /// A mass in a breast.
    BreastMass,
    /// Atrial fibrillation.
    AtrialFibrillation,
    /// Lowered ST segments.
    Ischaemia,
}

/// What an object of a series is; several kinds may come from one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A single image.
    Image,
    /// A multi-frame clip.
    Cine,
    /// A waveform.
    Waveform,
    /// A radiation dose structured report.
    DoseReport,
    /// A secondary capture of the dose page.
    DoseSheet,
    /// The verified report as an encapsulated PDF.
    Document,
}

/// The words that a report fills in, so that images show what it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wording {
    /// The findings as they are written.
    pub findings: String,
    /// Name and value of each word, as the phrases of `tables/reports.txt` call them.
    pub words: Vec<(&'static str, String)>,
}

impl Wording {
    /// The value of a word.
    pub fn get(&self, word: &str) -> Option<&str> {
        self.words.iter().find(|(name, _)| *name == word).map(|(_, value)| value.as_str())
    }
}

/// Body region of an exam.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// Head.
    Head,
    /// Chest.
    Chest,
    /// Abdomen.
    Abdomen,
    /// Lumbar spine.
    LumbarSpine,
    /// Hand, knee and the like.
    Limb,
}

/// An imaging study that has been performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Study {
    /// Study Instance UID.
    pub uid: String,
    /// Study ID (0020,0010).
    pub id: String,
    /// Accession number.
    pub accession: String,
    /// Placer number of its order.
    pub order: String,
    /// Who.
    pub patient: PatientNo,
    /// Modality.
    pub modality: Modality,
    /// Region.
    pub region: Region,
    /// Study description in Chinese.
    pub description: String,
    /// When it began.
    pub started: Timestamp,
    /// The device.
    pub device: Device,
    /// Referring physician, staff number.
    pub referring: String,
    /// Performing technician, staff number.
    pub operator: String,
    /// What the images show.
    pub finding: Finding,
    /// Seed of its pixels.
    pub seed: u64,
}

/// One series of a study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Series {
    /// Series Instance UID.
    pub uid: String,
    /// Series number, from 1.
    pub number: u32,
    /// Description, in the vendor's English (`Thorax 5.0 B31f`).
    pub description: String,
    /// Protocol name.
    pub protocol: String,
    /// When it began.
    pub started: Timestamp,
    /// How many instances.
    pub instances: u32,
    /// What its instances are; those of ultrasound may end with clips.
    pub content: Content,
    /// (0008,0060) of its instances: that of the study's device, `SR`, `DOC` or `OT`.
    pub modality: &'static str,
    /// Frame of reference UID, for CT and MR.
    pub frame_of_reference: String,
}

/// One instance of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Instance {
    /// SOP Instance UID.
    pub uid: String,
    /// SOP Class UID.
    pub sop_class: String,
    /// Instance number, from 1.
    pub number: u32,
    /// What it is.
    pub content: Content,
}

/// An imaging report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImagingReport {
    /// Accession number of its study.
    pub accession: String,
    /// Findings in Chinese (检查所见).
    pub findings: String,
    /// Impression in Chinese (诊断意见).
    pub impression: String,
    /// Author, staff number.
    pub author: String,
    /// Verifier, staff number.
    pub verifier: String,
    /// When written.
    pub written: Timestamp,
    /// When verified: `None` while only written.
    pub verified: Option<Timestamp>,
}

/// A scheduled procedure step: imaging that is ordered and not yet performed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorklistEntry {
    /// The order.
    pub order: Order,
    /// Study Instance UID that the study will have.
    pub study_uid: String,
    /// Scheduled start.
    pub scheduled: Timestamp,
    /// The device.
    pub device: Device,
    /// Modality.
    pub modality: Modality,
}
