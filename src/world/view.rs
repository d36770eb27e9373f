//! The hospital at one moment.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::*;

/// Which studies. Empty fields match everything; all given ones must match.
#[derive(Debug, Clone, Default)]
pub struct StudyFilter {
    /// Local dates, inclusive; an open end is `None`.
    pub from: Option<Date>,
    /// Last local date, inclusive.
    pub to: Option<Date>,
    /// Of this patient.
    pub patient: Option<PatientNo>,
    /// Of these modalities.
    pub modalities: Vec<Modality>,
    /// Stop after this many.
    pub limit: Option<usize>,
}

/// Which patients. Empty fields match everything; all given ones must match.
#[derive(Debug, Clone, Default)]
pub struct PatientFilter {
    /// DICOM-style pattern (`*`, `?`), matched without case against `Zhang^Jianguo`, `ZHANG JIANGUO`
    /// and the Chinese name.
    pub name: Option<String>,
    /// Birth date.
    pub born: Option<Date>,
    /// Stop after this many.
    pub limit: Option<usize>,
}

/// All that the hospital knows at one moment.
#[derive(Clone)]
pub struct View {
    world: Arc<World>,
    now: Timestamp,
}

impl View {
    pub(super) fn new(world: Arc<World>, now: Timestamp) -> Self {
        View { world, now }
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The hospital's fixed facts.
    pub fn hospital(&self) -> &Arc<Hospital> {
        self.world.hospital()
    }

    /// Local time of a moment.
    pub fn local(&self, at: Timestamp) -> DateTime {
        let seconds = self.hospital().utc_offset_minutes * 60;
        let offset = jiff::tz::Offset::from_seconds(seconds).unwrap_or(jiff::tz::Offset::UTC);
        offset.to_datetime(at)
    }

    /// All departments.
    pub fn departments(&self) -> Vec<Department> {
        Vec::new()
    }
    /// A department by code.
    pub fn department(&self, _code: &str) -> Option<Department> {
        None
    }
    /// All staff.
    pub fn staff(&self) -> Vec<Staff> {
        Vec::new()
    }
    /// A member of staff by number.
    pub fn staff_member(&self, _number: &str) -> Option<Staff> {
        None
    }
    /// A patient by index; `None` when not registered yet.
    pub fn patient(&self, _no: PatientNo) -> Option<Patient> {
        None
    }
    /// A patient by medical record number (leading zeros may be missing).
    pub fn patient_by_mrn(&self, _mrn: &str) -> Option<Patient> {
        None
    }
    /// A patient by resident id.
    pub fn patient_by_resident_id(&self, _id: &str) -> Option<Patient> {
        None
    }
    /// Patients by filter, by medical record number.
    pub fn patients(&self, _filter: &PatientFilter) -> Vec<Patient> {
        Vec::new()
    }
    /// How many patients are registered.
    pub fn patient_count(&self) -> u32 {
        0
    }
    /// A patient's visits, newest first, over the last `days` days.
    pub fn encounters_of(&self, _patient: PatientNo, _days: u32) -> Vec<Encounter> {
        Vec::new()
    }
    /// A visit by number.
    pub fn encounter(&self, _number: &str) -> Option<Encounter> {
        None
    }
    /// Visits that began on a local date, oldest first.
    pub fn encounters_on(&self, _date: Date) -> Vec<Encounter> {
        Vec::new()
    }
    /// Stays that last now.
    pub fn inpatients(&self) -> Vec<Encounter> {
        Vec::new()
    }
    /// A patient's orders, newest first, over the last `days` days.
    pub fn orders_of(&self, _patient: PatientNo, _days: u32) -> Vec<Order> {
        Vec::new()
    }
    /// An order by placer or filler number, accession number or specimen barcode.
    pub fn order(&self, _number: &str) -> Option<Order> {
        None
    }
    /// Orders of a local date, oldest first.
    pub fn orders_on(&self, _date: Date) -> Vec<Order> {
        Vec::new()
    }
    /// Studies by filter, newest first. Without dates: the last 180 days.
    pub fn studies(&self, _filter: &StudyFilter) -> Vec<Study> {
        Vec::new()
    }
    /// A study by Study Instance UID.
    pub fn study(&self, _uid: &str) -> Option<Study> {
        None
    }
    /// A study by accession number.
    pub fn study_by_accession(&self, _accession: &str) -> Option<Study> {
        None
    }
    /// The series of a study that are complete at the moment.
    pub fn series(&self, _study: &Study) -> Vec<Series> {
        Vec::new()
    }
    /// The instances of a series.
    pub fn instances(&self, _study: &Study, _series: &Series) -> Vec<Instance> {
        Vec::new()
    }
    /// Study and series of a Series Instance UID.
    pub fn find_series(&self, _uid: &str) -> Option<(Study, Series)> {
        None
    }
    /// Study, series and instance of a SOP Instance UID.
    pub fn find_instance(&self, _uid: &str) -> Option<(Study, Series, Instance)> {
        None
    }
    /// The report of a study, once written.
    pub fn report(&self, _study: &Study) -> Option<ImagingReport> {
        None
    }
    /// Imaging that is scheduled for a local date and not yet performed.
    pub fn worklist(&self, _date: Date) -> Vec<WorklistEntry> {
        Vec::new()
    }
    /// The imaging devices.
    pub fn devices(&self) -> Vec<Device> {
        Vec::new()
    }
    /// A laboratory order by placer or filler number or specimen barcode.
    pub fn lab_order(&self, _number: &str) -> Option<LabOrder> {
        None
    }
    /// A patient's laboratory orders, newest first, over the last `days` days.
    pub fn lab_orders_of(&self, _patient: PatientNo, _days: u32) -> Vec<LabOrder> {
        Vec::new()
    }
    /// Laboratory orders of a local date, oldest first.
    pub fn lab_orders_on(&self, _date: Date) -> Vec<LabOrder> {
        Vec::new()
    }
}
