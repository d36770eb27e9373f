//! Where resources are found: by id, by patient, by day. Ids lead back to the world's own numbers, so
//! a read is no search.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::node::Object;
use super::resources::{Held, Maker, observation_id};
use crate::session::Session;
use crate::world::{
    Encounter, LabOrder, Order, OrderKind, OrderState, PatientNo, Study, StudyFilter, View, VisitClass,
};

/// Resource types that hold the hospital's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A patient.
    Patient,
    /// A member of staff.
    Practitioner,
    /// A department, or the hospital.
    Organization,
    /// A visit.
    Encounter,
    /// An order.
    ServiceRequest,
    /// A study.
    ImagingStudy,
    /// A laboratory result.
    Observation,
    /// A report.
    DiagnosticReport,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Kind; 8] = [
        Kind::Patient,
        Kind::Practitioner,
        Kind::Organization,
        Kind::Encounter,
        Kind::ServiceRequest,
        Kind::ImagingStudy,
        Kind::Observation,
        Kind::DiagnosticReport,
    ];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Patient => "Patient",
            Kind::Practitioner => "Practitioner",
            Kind::Organization => "Organization",
            Kind::Encounter => "Encounter",
            Kind::ServiceRequest => "ServiceRequest",
            Kind::ImagingStudy => "ImagingStudy",
            Kind::Observation => "Observation",
            Kind::DiagnosticReport => "DiagnosticReport",
        }
    }

    /// By its name.
    pub(crate) fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The repository at one moment.
pub(crate) struct Store {
    session: Session,
    view: View,
    /// Days back that records reach.
    days: u32,
    /// When staff and departments were loaded.
    loaded: Timestamp,
}

impl Store {
    /// At a moment.
    pub(crate) fn new(session: &Session, now: Timestamp, days: u32, loaded: Timestamp) -> Self {
        Store { view: session.world().at(now), session: session.clone(), days, loaded }
    }

    /// What the hospital knows.
    pub(crate) fn view(&self) -> &View {
        &self.view
    }

    /// The same repository at another moment.
    fn at(&self, moment: Timestamp) -> Store {
        Store::new(&self.session, moment, self.days, self.loaded)
    }

    /// Its first day.
    pub(crate) fn first_day(&self) -> Date {
        self.today().checked_sub(i64::from(self.days).days()).unwrap_or(Date::MIN)
    }

    /// Today.
    pub(crate) fn today(&self) -> Date {
        self.view.local(self.view.now()).date()
    }

    fn maker(&self) -> Maker<'_> {
        Maker { view: &self.view }
    }

    /// The newest version of a resource.
    pub(crate) fn read(&self, kind: Kind, id: &str) -> Option<Held> {
        match kind {
            Kind::Patient => self.patient(id.strip_prefix("pat-")?),
            Kind::Practitioner => {
                let staff = self.view.staff_member(id.strip_prefix("stf-")?)?;
                Some(self.fixed(self.maker().practitioner(&staff)))
            }
            Kind::Organization => self.organization(id),
            Kind::Encounter => self.view.encounter(id).filter(|v| v.number == id).map(|v| self.encounter(&v)),
            Kind::ServiceRequest => self.view.order(id).filter(|o| o.placer == id).map(|o| self.order(&o)),
            Kind::ImagingStudy => {
                self.view.study_by_accession(id).filter(|s| s.accession == id).map(|s| self.study(&s))
            }
            Kind::Observation => {
                let (specimen, loinc) = id.split_once('-')?;
                let order = self.view.lab_order(specimen).filter(|order| order.specimen == specimen)?;
                let found = self.observations(&order).into_iter();
                found.filter(|_| !loinc.is_empty()).find(|held| held.object.str("id") == id)
            }
            Kind::DiagnosticReport => self.report(id),
        }
    }

    /// One version of a resource, as it stood then.
    pub(crate) fn version(&self, kind: Kind, id: &str, version: u32) -> Option<Held> {
        let newest = self.read(kind, id)?;
        if version == newest.version {
            return Some(newest);
        }
        let moments = self.moments(kind, id);
        let at = usize::try_from(version).ok()?.checked_sub(1)?;
        self.at(*moments.get(at)?).read(kind, id).filter(|held| held.version == version)
    }

    fn patient(&self, mrn: &str) -> Option<Held> {
        let patient = self.session.patient(&self.view, mrn).filter(|patient| patient.mrn == mrn)?;
        Some(self.maker().held(self.maker().patient(&patient), 1, patient.registered))
    }

    fn fixed(&self, object: Object) -> Held {
        self.maker().held(object, 1, self.loaded)
    }

    fn organization(&self, id: &str) -> Option<Held> {
        if id == self.maker().hospital_id() {
            return Some(self.fixed(self.maker().organization()));
        }
        let department = self.view.department(id.strip_prefix("dept-")?)?;
        Some(self.fixed(self.maker().department(&department)))
    }

    fn encounter(&self, visit: &Encounter) -> Held {
        self.staged(self.maker().encounter(visit), &[Some(visit.started), visit.ended])
    }

    fn order(&self, order: &Order) -> Held {
        self.staged(self.maker().service_request(order), &self.order_moments(order))
    }

    fn order_moments(&self, order: &Order) -> [Option<Timestamp>; 2] {
        let settled = match (order.state, order.kind) {
            (OrderState::Ordered | OrderState::InProgress | OrderState::Performed, _) => None,
            (OrderState::Cancelled, _) => Some(order.ordered),
            (OrderState::Verified, OrderKind::Laboratory) => {
                self.view.lab_order(&order.placer).and_then(|lab| lab.verified)
            }
            (OrderState::Verified, OrderKind::Imaging) => {
                let study = order.accession.as_ref().and_then(|number| self.view.study_by_accession(number));
                study.and_then(|study| self.view.report(&study)).and_then(|report| report.verified)
            }
        };
        [Some(order.ordered), settled]
    }

    fn study(&self, study: &Study) -> Held {
        self.staged(self.maker().imaging_study(study), &[Some(study.started), self.view.acquired(study)])
    }

    /// All results of a laboratory order.
    fn observations(&self, order: &LabOrder) -> Vec<Held> {
        let order = &self.session.with_written(order.clone());
        let moments = [order.analysed, order.verified];
        let made = order.results.iter().map(|result| self.maker().observation(order, result));
        made.map(|object| self.staged(object, &moments)).collect()
    }

    fn laboratory_report(&self, order: &LabOrder) -> Option<Held> {
        let order = &self.session.with_written(order.clone());
        let object = (!order.results.is_empty()).then(|| self.maker().laboratory_report(order))?;
        Some(self.staged(object, &[order.analysed, order.verified]))
    }

    fn imaging_report(&self, study: &Study) -> Option<Held> {
        let report = self.view.report(study)?;
        let object = self.maker().imaging_report(study, &report);
        Some(self.staged(object, &[Some(report.written), report.verified]))
    }

    fn report(&self, id: &str) -> Option<Held> {
        if let Some(order) = self.view.lab_order(id).filter(|order| order.filler == id) {
            return self.laboratory_report(&order);
        }
        let study = self.view.study_by_accession(id).filter(|study| study.accession == id)?;
        self.imaging_report(&study)
    }

    /// A resource that has come through these moments.
    fn staged(&self, object: Object, moments: &[Option<Timestamp>]) -> Held {
        let passed: Vec<Timestamp> = moments.iter().copied().flatten().collect();
        let version = u32::try_from(passed.len().max(1)).unwrap_or(1);
        self.maker().held(object, version, passed.last().copied().unwrap_or(self.loaded))
    }

    /// When each version of a resource was written.
    fn moments(&self, kind: Kind, id: &str) -> Vec<Timestamp> {
        let moments: Vec<Option<Timestamp>> = match kind {
            Kind::Patient | Kind::Practitioner | Kind::Organization => Vec::new(),
            Kind::Encounter => {
                self.view.encounter(id).map(|v| vec![Some(v.started), v.ended]).unwrap_or_default()
            }
            Kind::ServiceRequest => {
                self.view.order(id).map(|o| self.order_moments(&o).to_vec()).unwrap_or_default()
            }
            Kind::ImagingStudy => {
                let study = self.view.study_by_accession(id);
                study.map(|s| vec![Some(s.started), self.view.acquired(&s)]).unwrap_or_default()
            }
            Kind::Observation => {
                let order = id.split_once('-').and_then(|(specimen, _)| self.view.lab_order(specimen));
                order.map(|o| vec![o.analysed, o.verified]).unwrap_or_default()
            }
            Kind::DiagnosticReport => match self.view.lab_order(id) {
                Some(order) => vec![order.analysed, order.verified],
                None => {
                    let study = self.view.study_by_accession(id);
                    let report = study.and_then(|study| self.view.report(&study));
                    report.map(|r| vec![Some(r.written), r.verified]).unwrap_or_default()
                }
            },
        };
        moments.into_iter().flatten().collect()
    }

    /// All of a kind that belong to a patient, newest first.
    pub(crate) fn of_patient(&self, kind: Kind, mrn: &str) -> Vec<Held> {
        let Some(patient) = self.view.patient_by_mrn(mrn) else { return Vec::new() };
        let no = patient.no;
        match kind {
            Kind::Patient => self.patient(mrn).into_iter().collect(),
            Kind::Practitioner | Kind::Organization => Vec::new(),
            Kind::Encounter => {
                self.view.encounters_of(no, self.days).iter().map(|visit| self.encounter(visit)).collect()
            }
            Kind::ServiceRequest => {
                self.view.orders_of(no, self.days).iter().map(|order| self.order(order)).collect()
            }
            Kind::ImagingStudy => self.studies_of(no).iter().map(|study| self.study(study)).collect(),
            Kind::Observation => {
                let orders = self.view.lab_orders_of(no, self.days);
                orders.iter().flat_map(|order| self.observations(order)).collect()
            }
            Kind::DiagnosticReport => {
                let orders = self.view.lab_orders_of(no, self.days);
                let studies = self.studies_of(no);
                let imaging = studies.iter().filter_map(|study| self.imaging_report(study));
                orders.iter().filter_map(|order| self.laboratory_report(order)).chain(imaging).collect()
            }
        }
    }

    fn studies_of(&self, no: PatientNo) -> Vec<Study> {
        let from = Some(self.first_day());
        self.view.studies(&StudyFilter { patient: Some(no), from, ..StudyFilter::default() })
    }

    /// How many patients there are.
    pub(crate) fn patients(&self) -> u32 {
        self.view.patient_count()
    }

    /// The patient at a place of the index.
    pub(crate) fn patient_at(&self, no: u32) -> Option<Held> {
        let patient = self.session.with_written_patient(self.view.patient(PatientNo(no))?);
        Some(self.maker().held(self.maker().patient(&patient), 1, patient.registered))
    }

    /// All staff, departments and the hospital: kinds that belong to no day.
    pub(crate) fn registry(&self, kind: Kind) -> Vec<Held> {
        match kind {
            Kind::Practitioner => {
                let staff = self.view.staff();
                staff.iter().map(|staff| self.fixed(self.maker().practitioner(staff))).collect()
            }
            Kind::Organization => {
                let departments = self.view.departments();
                let made = departments.iter().map(|one| self.maker().department(one));
                std::iter::once(self.maker().organization()).chain(made).map(|one| self.fixed(one)).collect()
            }
            Kind::Patient
            | Kind::Encounter
            | Kind::ServiceRequest
            | Kind::ImagingStudy
            | Kind::Observation
            | Kind::DiagnosticReport => Vec::new(),
        }
    }

    /// All of a kind that began on a day, newest first.
    pub(crate) fn of_day(&self, kind: Kind, day: Date) -> Vec<Held> {
        let mut found: Vec<Held> = match kind {
            Kind::Patient | Kind::Practitioner | Kind::Organization => Vec::new(),
            Kind::Encounter => {
                self.view.encounters_on(day).iter().map(|visit| self.encounter(visit)).collect()
            }
            Kind::ServiceRequest => self.view.orders_on(day).iter().map(|order| self.order(order)).collect(),
            Kind::ImagingStudy => self.studies_on(day).iter().rev().map(|study| self.study(study)).collect(),
            Kind::Observation => {
                let orders = self.view.lab_orders_on(day);
                orders.iter().flat_map(|order| self.observations(order)).collect()
            }
            Kind::DiagnosticReport => {
                let (orders, studies) = (self.view.lab_orders_on(day), self.studies_on(day));
                let imaging = studies.iter().filter_map(|study| self.imaging_report(study));
                orders.iter().filter_map(|order| self.laboratory_report(order)).chain(imaging).collect()
            }
        };
        found.reverse();
        found
    }

    fn studies_on(&self, day: Date) -> Vec<Study> {
        self.view.studies(&StudyFilter { from: Some(day), to: Some(day), ..StudyFilter::default() })
    }

    /// How many of a kind began on a day, without making them.
    pub(crate) fn count_of_day(&self, kind: Kind, day: Date) -> usize {
        match kind {
            Kind::Patient | Kind::Practitioner | Kind::Organization => 0,
            Kind::Encounter => {
                let classes = [VisitClass::Outpatient, VisitClass::Emergency, VisitClass::Inpatient];
                classes.into_iter().map(|class| self.view.encounter_slots(class, day).len()).sum()
            }
            Kind::ServiceRequest => {
                let kinds = [OrderKind::Imaging, OrderKind::Laboratory];
                kinds.into_iter().map(|kind| self.view.order_numbers(kind, day).len()).sum()
            }
            Kind::ImagingStudy => self.view.study_numbers(day, false).len(),
            Kind::Observation => self.view.lab_orders_on(day).iter().map(|order| order.results.len()).sum(),
            Kind::DiagnosticReport => {
                let orders = self.view.lab_orders_on(day);
                let reported = self.view.study_numbers(day, true).len();
                orders.iter().filter(|order| !order.results.is_empty()).count() + reported
            }
        }
    }

    /// The record number behind a number of the hospital: a visit, an order, a specimen, an accession.
    pub(crate) fn owner(&self, number: &str) -> Option<String> {
        let order = self.view.order(number).map(|order| order.patient);
        let no = order.or_else(|| self.view.encounter(number).map(|visit| visit.patient))?;
        self.view.patient(no).map(|patient| patient.mrn)
    }

    /// The ids under which a number of the hospital stands as a resource of this kind.
    pub(crate) fn ids_of(&self, kind: Kind, number: &str) -> Vec<String> {
        match kind {
            Kind::Patient => {
                let found =
                    self.view.patient_by_mrn(number).or_else(|| self.view.patient_by_resident_id(number));
                found.map(|patient| super::people::patient_id(&patient.mrn)).into_iter().collect()
            }
            Kind::Practitioner => vec![super::people::practitioner_id(number)],
            Kind::Organization => {
                vec![super::people::department_id(number), self.maker().hospital_id()]
            }
            Kind::Encounter => vec![number.to_owned()],
            Kind::ServiceRequest => self.view.order(number).map(|order| order.placer).into_iter().collect(),
            Kind::ImagingStudy => {
                let uid = number.strip_prefix("urn:oid:").unwrap_or(number);
                let study = self.view.study(uid).or_else(|| self.view.study_by_accession(number));
                study.map(|study| study.accession).into_iter().collect()
            }
            Kind::Observation => {
                let order = self.view.lab_order(number);
                let ids = order
                    .map(|order| order.results.iter().map(|result| observation_id(&order, result)).collect());
                ids.unwrap_or_default()
            }
            Kind::DiagnosticReport => vec![number.to_owned()],
        }
    }
}
