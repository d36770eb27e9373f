//! The hospital at one moment.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::convert::{self, OrderKey};
use super::imaging::uid::Part;
use super::imaging::{Course, Imaging, SeriesPlan};
use super::time::{Day, Moment};
use super::visits::Visit;
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
    /// Of patients whose name matches, as in [`PatientFilter::name`].
    pub name: Option<String>,
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
    pub(super) world: Arc<World>,
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
        staff::departments()
    }

    /// A department by code.
    pub fn department(&self, code: &str) -> Option<Department> {
        staff::department_by_code(code)
    }

    /// All staff.
    pub fn staff(&self) -> Vec<Staff> {
        self.world.roster.all().to_vec()
    }

    /// A member of staff by number.
    pub fn staff_member(&self, number: &str) -> Option<Staff> {
        self.world.roster.member(number).cloned()
    }

    /// A patient by index; `None` when not registered yet.
    pub fn patient(&self, no: PatientNo) -> Option<Patient> {
        let person = self.world.person(no.0).filter(|p| p.registered <= self.moment())?;
        Some(self.world.record(&person))
    }

    /// A patient by medical record number (leading zeros may be missing).
    pub fn patient_by_mrn(&self, mrn: &str) -> Option<Patient> {
        self.patient(PatientNo(self.world.no_of_mrn(mrn)?))
    }

    /// A patient by resident id.
    pub fn patient_by_resident_id(&self, id: &str) -> Option<Patient> {
        self.patient(PatientNo(self.world.no_of_resident_id(id)?))
    }

    /// Patients by filter, by medical record number.
    pub fn patients(&self, filter: &PatientFilter) -> Vec<Patient> {
        let found = self.world.find_patients(filter, self.moment());
        found.into_iter().filter_map(|no| self.patient(PatientNo(no))).collect()
    }

    /// How many patients are registered.
    pub fn patient_count(&self) -> u32 {
        self.world.registered_at(self.moment())
    }

    /// A patient's visits, newest first, over the last `days` days.
    pub fn encounters_of(&self, patient: PatientNo, days: u32) -> Vec<Encounter> {
        let today = self.moment().day();
        let visits = self.world.visits_of(patient.0, back(today, days), today);
        visits.into_iter().filter_map(|visit| self.shown_visit(visit)).collect()
    }

    /// A visit by number.
    pub fn encounter(&self, number: &str) -> Option<Encounter> {
        let visit = self.world.visit(convert::parse_visit_number(number)?)?;
        self.shown_visit(visit)
    }

    /// Visits that began on a local date, oldest first.
    pub fn encounters_on(&self, date: Date) -> Vec<Encounter> {
        let day = Day::of(date);
        let mut visits: Vec<Visit> =
            calendar::CLASSES.into_iter().flat_map(|class| self.world.visits_on(class, day)).collect();
        visits.sort_by_key(|visit| visit.started);
        visits.into_iter().map_while(|visit| self.shown_visit(visit)).collect()
    }

    /// Stays that last now.
    pub fn inpatients(&self) -> Vec<Encounter> {
        let visits = self.world.stays_at(self.moment());
        visits.into_iter().filter_map(|visit| self.shown_visit(visit)).collect()
    }

    /// A patient's orders, newest first, over the last `days` days.
    pub fn orders_of(&self, patient: PatientNo, days: u32) -> Vec<Order> {
        let from = back(self.moment().day(), days).start();
        let keys = self.order_keys_of(patient, days);
        let mut orders: Vec<Order> = keys.into_iter().filter_map(|key| self.order_of(key)).collect();
        orders.retain(|order| self.world.moment(order.ordered) >= from);
        orders.sort_by(|a, b| (b.ordered, &b.placer).cmp(&(a.ordered, &a.placer)));
        orders
    }

    /// An order by placer or filler number, accession number or specimen barcode.
    pub fn order(&self, number: &str) -> Option<Order> {
        self.order_of(convert::parse_order(number)?)
    }

    /// Orders of a local date, oldest first.
    pub fn orders_on(&self, date: Date) -> Vec<Order> {
        let (world, now, day) = (&self.world, self.moment(), Day::of(date));
        let due = |ordered: Moment| ordered.day() == day && ordered <= now;
        let days = || [day.plus(-1), day].into_iter().filter(|d| d.in_world());
        let imaging = days()
            .flat_map(|d| cases::MODALITIES.into_iter().flat_map(move |m| world.imaging_registered(m, d)));
        let imaging = imaging.filter_map(|key| world.course(key)).filter(|c| due(c.ordered));
        let tubes = [day.plus(-1), day, day.plus(1)].into_iter().filter(|d| d.in_world());
        let tubes = tubes.flat_map(|d| world.tubes_on(d));
        let tubes = tubes.filter_map(|key| world.tube_course(key)).filter(|c| due(c.ordered));
        let mut orders: Vec<Order> = imaging
            .map(|course| world.imaging_order(&world.explain(course), now))
            .chain(tubes.map(|course| world.lab_order_row(&world.explain_tube(course), now)))
            .collect();
        orders.sort_by(|a, b| (a.ordered, &a.placer).cmp(&(b.ordered, &b.placer)));
        orders
    }

    /// Studies by filter, newest first. Without dates: the last 180 days; never more than 400 days
    /// back, which is what is kept online.
    pub fn studies(&self, filter: &StudyFilter) -> Vec<Study> {
        let found = self.world.find_studies(filter, self.moment());
        found.into_iter().map(|course| self.world.study_row(&self.world.explain(course))).collect()
    }

    /// A study by Study Instance UID.
    pub fn study(&self, uid: &str) -> Option<Study> {
        let (imaging, part) = self.named(uid)?;
        (part == Part::Study).then(|| self.world.study_row(&imaging))
    }

    /// A study by accession number.
    pub fn study_by_accession(&self, accession: &str) -> Option<Study> {
        self.imaging(accession).map(|imaging| self.world.study_row(&imaging))
    }

    /// The series of a study that are complete at the moment.
    pub fn series(&self, study: &Study) -> Vec<Series> {
        let Some(imaging) = self.imaging(&study.accession) else { return Vec::new() };
        let plans = self.world.series_plan(&imaging).into_iter();
        let complete = plans.filter(|plan| plan.complete <= self.moment());
        complete.map(|plan| self.world.series_row(&imaging.course, &plan)).collect()
    }

    /// When the device had made all of a study; the report is added later. `None` while it has not.
    pub fn acquired(&self, study: &Study) -> Option<Timestamp> {
        let plans = self.world.series_plan(&self.imaging(&study.accession)?);
        let own = plans.iter().filter(|plan| plan.content != Content::Document);
        let last = own.map(|plan| plan.complete).max()?;
        (last <= self.moment()).then(|| self.world.timestamp(last))
    }

    /// The instances of a series.
    pub fn instances(&self, study: &Study, series: &Series) -> Vec<Instance> {
        let Some(imaging) = self.imaging(&study.accession) else { return Vec::new() };
        let plans = self.world.series_plan(&imaging);
        let Some(plan) = plans.iter().find(|plan| plan.number == series.number) else { return Vec::new() };
        (1..=series.instances).map(|n| self.world.instance_row(&imaging.course, plan, n)).collect()
    }

    /// Study and series of a Series Instance UID.
    pub fn find_series(&self, uid: &str) -> Option<(Study, Series)> {
        let (imaging, part) = self.named(uid)?;
        let plan = self.plan_of(&imaging, part)?;
        (plan.part() == part)
            .then(|| (self.world.study_row(&imaging), self.world.series_row(&imaging.course, &plan)))
    }

    /// Study, series and instance of a SOP Instance UID.
    pub fn find_instance(&self, uid: &str) -> Option<(Study, Series, Instance)> {
        let (imaging, part) = self.named(uid)?;
        let plan = self.plan_of(&imaging, part)?;
        let number = (1..=plan.instances).find(|number| plan.instance(*number) == part)?;
        let series = self.world.series_row(&imaging.course, &plan);
        let instance = self.world.instance_row(&imaging.course, &plan, number);
        Some((self.world.study_row(&imaging), series, instance))
    }

    /// The report of a study, once written.
    pub fn report(&self, study: &Study) -> Option<ImagingReport> {
        self.world.report_of(&self.imaging(&study.accession)?, self.moment())
    }

    /// The words of a study's report, whether it is written yet or not: its images show the same.
    pub fn wording(&self, study: &Study) -> Option<Wording> {
        self.world.wording(&self.imaging(&study.accession)?)
    }

    /// Imaging that is scheduled for a local date and not yet performed, by scheduled time.
    pub fn worklist(&self, date: Date) -> Vec<WorklistEntry> {
        let now = self.moment();
        let waits = |c: &Course| c.ordered <= now && now < c.started && c.cancelled.is_none_or(|at| now < at);
        let mut courses: Vec<Course> = self.world.courses_on(Day::of(date)).filter(waits).collect();
        courses.sort_by_key(|course| course.started);
        courses.into_iter().map(|course| self.worklist_entry(course, now)).collect()
    }

    /// The imaging devices.
    pub fn devices(&self) -> Vec<Device> {
        self.world.devices.all().iter().map(|info| info.device.clone()).collect()
    }

    /// A laboratory order by placer or filler number or specimen barcode.
    pub fn lab_order(&self, number: &str) -> Option<LabOrder> {
        match convert::parse_order(number)? {
            OrderKey::Lab(key) => self.lab_order_of(key),
            OrderKey::Imaging(_) => None,
        }
    }

    /// A patient's laboratory orders, newest first, over the last `days` days.
    pub fn lab_orders_of(&self, patient: PatientNo, days: u32) -> Vec<LabOrder> {
        let from = back(self.moment().day(), days).start();
        let keys = self.order_keys_of(patient, days).into_iter().filter_map(|key| match key {
            OrderKey::Lab(key) => Some(key),
            OrderKey::Imaging(_) => None,
        });
        let mut orders: Vec<LabOrder> = keys.filter_map(|key| self.lab_order_of(key)).collect();
        orders.retain(|order| self.world.moment(order.ordered) >= from);
        orders.sort_by(|a, b| (b.ordered, &b.order).cmp(&(a.ordered, &a.order)));
        orders
    }

    /// Laboratory orders with a barcode of a local date, oldest first.
    pub fn lab_orders_on(&self, date: Date) -> Vec<LabOrder> {
        let day = Day::of(date);
        let keys = if day.in_world() { self.world.tubes_on(day) } else { Vec::new() };
        let mut orders: Vec<LabOrder> = keys.into_iter().filter_map(|key| self.lab_order_of(key)).collect();
        orders.sort_by(|a, b| (a.ordered, &a.order).cmp(&(b.ordered, &b.order)));
        orders
    }

    pub(super) fn moment(&self) -> Moment {
        self.world.moment(self.now)
    }

    pub(super) fn shown_visit(&self, visit: Visit) -> Option<Encounter> {
        let now = self.moment();
        (visit.started <= now).then(|| self.world.encounter_at(&self.world.case(visit), now))
    }

    fn order_keys_of(&self, patient: PatientNo, days: u32) -> Vec<OrderKey> {
        let today = self.moment().day();
        // A stay may have begun four weeks before its last order.
        let visits = self.world.visits_of(patient.0, back(today, days).plus(-40), today);
        let keys = visits.iter().flat_map(|visit| {
            let imaging = self.world.imaging_of(&visit.key).into_iter().map(OrderKey::Imaging);
            imaging.chain(self.world.tubes_of(&visit.key).into_iter().map(OrderKey::Lab))
        });
        keys.collect()
    }

    fn order_of(&self, key: OrderKey) -> Option<Order> {
        let now = self.moment();
        match key {
            OrderKey::Imaging(key) => {
                let course = self.world.course(key).filter(|c| c.ordered <= now)?;
                Some(self.world.imaging_order(&self.world.explain(course), now))
            }
            OrderKey::Lab(key) => {
                let course = self.world.tube_course(key).filter(|c| c.ordered <= now)?;
                Some(self.world.lab_order_row(&self.world.explain_tube(course), now))
            }
        }
    }

    fn lab_order_of(&self, key: lab::LabKey) -> Option<LabOrder> {
        let now = self.moment();
        let course = self.world.tube_course(key).filter(|c| c.ordered <= now)?;
        Some(self.world.lab_order_at(&self.world.explain_tube(course), now))
    }

    fn shown_course(&self, key: imaging::ImagingKey) -> Option<Course> {
        self.world.course(key).filter(|course| self.world.shown(course, self.moment()))
    }

    fn imaging(&self, accession: &str) -> Option<Imaging> {
        let course = self.shown_course(convert::parse_accession(accession)?)?;
        Some(self.world.explain(course))
    }

    /// What a UID of a study that is there names.
    fn named(&self, uid: &str) -> Option<(Imaging, Part)> {
        let (course, part) = self.world.of_uid(uid)?;
        self.world.shown(&course, self.moment()).then(|| (self.world.explain(course), part))
    }

    /// The complete series that a part is, or is in.
    fn plan_of(&self, imaging: &Imaging, part: Part) -> Option<SeriesPlan> {
        let plans = self.world.series_plan(imaging).into_iter();
        let mut complete = plans.filter(|plan| plan.complete <= self.moment());
        complete.find(|plan| plan.holds(part))
    }

    fn worklist_entry(&self, course: Course, now: Moment) -> WorklistEntry {
        let study = self.world.study_row(&self.world.explain(course));
        WorklistEntry {
            order: self.world.imaging_order(&self.world.explain(course), now),
            study_uid: study.uid,
            scheduled: study.started,
            device: study.device,
            modality: study.modality,
        }
    }
}

/// The day so many days before; never before records began.
pub(super) fn back(today: Day, days: u32) -> Day {
    today.plus(-(days.min(20_000) as i32))
}
