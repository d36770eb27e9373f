//! What a hospital keeps, as plain data. Times are UTC; local forms are made with [`super::View::local`].

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

/// Index of a patient in the master index, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PatientNo(pub u32);

/// Administrative sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Sex {
    /// Male.
    M,
    /// Female.
    F,
}

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Name {
    /// Family name in Chinese.
    pub family: String,
    /// Given name in Chinese.
    pub given: String,
    /// Family name in pinyin, first letter upper-case (`Zhang`).
    pub family_pinyin: String,
    /// Given name in pinyin, first letter upper-case, syllables joined (`Jianguo`).
    pub given_pinyin: String,
}

impl Name {
    /// Chinese name as written: family and given without a space.
    pub fn chinese(&self) -> String {
        format!("{}{}", self.family, self.given)
    }
}

/// A patient's master record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Patient {
    /// Index in the master index.
    pub no: PatientNo,
    /// Medical record number: ten digits.
    pub mrn: String,
    /// Name.
    pub name: Name,
    /// Sex.
    pub sex: Sex,
    /// Birth date.
    pub born: Date,
    /// Resident id, 18 characters, in an area code that was never assigned.
    pub resident_id: String,
    /// The same with its middle masked, as screens show it.
    pub resident_id_masked: String,
    /// Phone number with its middle masked, or a landline that can't be dialled.
    pub phone: String,
    /// Address: province, city, street, number.
    pub address: String,
    /// Ethnic group (`汉族`).
    pub ethnicity: String,
    /// When the record was made: the patient is unknown before.
    pub registered: Timestamp,
}

/// A department.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Department {
    /// Code (`0101`).
    pub code: String,
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
}

/// A member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Staff {
    /// Staff number, four digits.
    pub number: String,
    /// Name.
    pub name: Name,
    /// Title in Chinese (`主治医师`).
    pub title: String,
    /// Department code.
    pub department: String,
    /// Whether he or she may order and report.
    pub physician: bool,
}

/// A diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// ICD-10, Chinese clinical version (`I63.900`).
    pub icd10: String,
    /// Name in Chinese.
    pub name: String,
}

/// Kind of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VisitClass {
    /// Outpatient.
    Outpatient,
    /// Emergency.
    Emergency,
    /// Inpatient.
    Inpatient,
}

/// A visit or stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Encounter {
    /// Visit number.
    pub number: String,
    /// Who.
    pub patient: PatientNo,
    /// Kind.
    pub class: VisitClass,
    /// Department code.
    pub department: String,
    /// Attending physician, staff number.
    pub physician: String,
    /// Registration or admission.
    pub started: Timestamp,
    /// End of the visit or discharge; `None` while it lasts.
    pub ended: Option<Timestamp>,
    /// Ward and bed of inpatients (`0203-15`).
    pub bed: Option<String>,
    /// Main diagnosis.
    pub diagnosis: Diagnosis,
}

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// An imaging study.
    Imaging,
    /// A laboratory panel.
    Laboratory,
}

/// State of an order at the moment of the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Ordered; nothing done yet.
    Ordered,
    /// Scheduled or collected.
    InProgress,
    /// Performed or analysed; not yet signed.
    Performed,
    /// Report or result is verified.
    Verified,
    /// Cancelled.
    Cancelled,
}

/// An order: the join of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Placer order number (HIS).
    pub placer: String,
    /// Filler order number (RIS or LIS).
    pub filler: String,
    /// What kind.
    pub kind: OrderKind,
    /// Who.
    pub patient: PatientNo,
    /// Visit number.
    pub encounter: String,
    /// Ordering physician, staff number.
    pub physician: String,
    /// Ordering department code.
    pub department: String,
    /// When ordered.
    pub ordered: Timestamp,
    /// Code of the exam or panel.
    pub code: String,
    /// Name of the exam or panel in Chinese (`胸部CT平扫`).
    pub name: String,
    /// State at the moment of the view.
    pub state: OrderState,
    /// Accession number, for imaging.
    pub accession: Option<String>,
    /// Specimen barcode, for laboratory, once collected.
    pub specimen: Option<String>,
}

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

/// An item the laboratory measures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabItem {
    /// Short code (`WBC`).
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// LOINC.
    pub loinc: &'static str,
    /// Unit, UCUM-like as Chinese reports print it.
    pub unit: &'static str,
    /// Decimals reported.
    pub decimals: u8,
}

/// A laboratory order with its specimen, as far as it has come at the moment of the view.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabOrder {
    /// Placer number of its order.
    pub order: String,
    /// Filler number.
    pub filler: String,
    /// Specimen barcode: twelve digits, `YYMMDD` and six more.
    pub specimen: String,
    /// Who.
    pub patient: PatientNo,
    /// Panel code.
    pub panel: String,
    /// Panel name in Chinese (`血常规`).
    pub panel_name: String,
    /// Specimen type in Chinese (`全血`).
    pub specimen_type: String,
    /// When ordered.
    pub ordered: Timestamp,
    /// When collected.
    pub collected: Option<Timestamp>,
    /// When analysed.
    pub analysed: Option<Timestamp>,
    /// When verified.
    pub verified: Option<Timestamp>,
    /// Verifier, staff number, once verified.
    pub verifier: Option<String>,
    /// Results, once analysed.
    pub results: Vec<LabResult>,
    /// Items ordered, in report order: what an analyser is told to measure.
    pub items: Vec<&'static LabItem>,
}

/// Abnormal flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Flag {
    /// Within the reference range.
    N,
    /// Above.
    H,
    /// Below.
    L,
    /// Abnormal, for items without order.
    A,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LabResult {
    /// What was measured.
    pub item: &'static LabItem,
    /// Value as printed (`8.13`, `阴性(-)`).
    pub value: String,
    /// Reference range as printed for this patient (`3.5-9.5`).
    pub range: String,
    /// Flag.
    pub flag: Flag,
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
