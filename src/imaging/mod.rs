//! The images of the world's studies: DICOM objects composed from what the world says, with pixels
//! drawn from the study's seed.
//!
//! For whoever answers C-GET, C-MOVE, WADO or a portal's viewer. It never holds a picture of a
//! person, never reads a clock or a file, and gives the same bytes for the same study for ever;
//! what is drawn comes from textbook shapes (`docs/design/images.md`). The spec is PS3.3, the
//! image object definitions in annex A.

mod anatomy;
mod brush;
mod cache;
pub mod codec;
mod compose;
mod form;
mod glyphs;
mod grain;
mod header;
mod lattice;
mod maths;
mod noise;
pub(crate) mod pdf;
mod plane;
mod preview;
mod render;
mod solid;
mod tissue;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;

use crate::wire::dicom::dataset::{Charset, DataSet, Tag, TransferSyntax};
use crate::world::{Content, Instance, Modality, Patient, Region, Series, Sex, Study, View};
use anatomy::{Body, Build, Joint, Lesion, Plan};
use cache::Cache;
pub use form::{Form, has_pixels};
use header::Subject;
pub use preview::GrayImage;
use render::dx;

/// Bytes of whole objects that are kept by default: some 360 CT slices, so that a thin series that
/// is pulled again fits whole; it fills only while images are pulled.
pub const DEFAULT_CACHE: usize = 192 << 20;

/// Bytes of bodies that are kept: about 20 studies that are read side by side.
const BODIES: usize = 16 << 20;

/// Objects drawn at a time before they are asked for: small appliances have few cores, and whoever
/// is not drawn for ahead is drawn for when he asks.
const MAX_AHEAD: usize = 2;

/// An image as it goes over the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// SOP Class UID.
    pub sop_class: String,
    /// SOP Instance UID.
    pub sop_instance: String,
    /// The data set in the transfer syntax asked for, without group 0002.
    pub bytes: Bytes,
}

/// The syntax it is in, and whether its pixels went through one that loses.
type ObjectKey = (String, TransferSyntax, bool, Charset);

/// Composes objects and keeps the latest. Share one between all who ask.
///
/// Drawing takes milliseconds for a slice and some tens for a radiograph: call it where
/// blocking is allowed.
pub struct Imaging {
    objects: Cache<ObjectKey, Arc<Object>>,
    previews: Cache<(String, u32), Arc<GrayImage>>,
    bodies: Cache<(String, bool), Arc<Body>>,
    /// How many are drawn before they are asked for.
    ahead: AtomicUsize,
}

impl Default for Imaging {
    fn default() -> Self {
        Imaging::new(DEFAULT_CACHE)
    }
}

impl Imaging {
    /// Keeps at most this many bytes of objects, and an eighth of it of previews.
    pub fn new(cache_bytes: usize) -> Self {
        Imaging {
            objects: Cache::new(cache_bytes),
            previews: Cache::new(cache_bytes / 8),
            bodies: Cache::new(BODIES),
            ahead: AtomicUsize::new(0),
        }
    }

    /// The object of an instance.
    pub fn object(
        &self,
        view: &View,
        study: &Study,
        series: &Series,
        instance: &Instance,
        ts: TransferSyntax,
        charset: Charset,
    ) -> Arc<Object> {
        let key = (instance.uid.clone(), ts, false, charset);
        self.objects.get_or(
            &key,
            |object| object.bytes.len(),
            || {
                let bytes = of(view, study, series, instance, charset, |s| {
                    let build = build_of(view, study, s.patient);
                    compose::object(s, &self.body(s, build), build, ts)
                });
                Arc::new(Object {
                    sop_class: instance.sop_class.clone(),
                    sop_instance: instance.uid.clone(),
                    bytes,
                })
            },
        )
    }

    /// All that an instance says beside its pixels, in UTF-8, without drawing them.
    pub fn header(&self, view: &View, study: &Study, series: &Series, instance: &Instance) -> DataSet {
        of(view, study, series, instance, Charset::Utf8, |s| {
            let build = build_of(view, study, s.patient);
            compose::header(s, &self.body(s, build), build)
        })
    }

    /// An 8-bit picture of an instance, windowed for reading, its longer side at most `max_side`
    /// pixels (16 to 2048).
    pub fn preview(
        &self,
        view: &View,
        study: &Study,
        series: &Series,
        instance: &Instance,
        max_side: u32,
    ) -> GrayImage {
        let max_side = max_side.clamp(16, 2048);
        let key = (instance.uid.clone(), max_side);
        let image = self.previews.get_or(
            &key,
            |image| image.pixels.len(),
            || {
                let drawn = of(view, study, series, instance, Charset::Utf8, |s| {
                    let build = build_of(view, study, s.patient);
                    preview::draw(s, &self.body(s, build), build, max_side as usize)
                });
                Arc::new(drawn)
            },
        );
        GrayImage::clone(&image)
    }

    fn body(&self, s: &Subject<'_>, build: Build) -> Arc<Body> {
        let (study, lying) = (s.study, lies(s.study, s.instance));
        let plan = Plan {
            seed: study.seed,
            build,
            region: study.region,
            finding: study.finding,
            lesion: lesion_of(s),
            joint: joint_of(study),
            lying,
        };
        let size = |body: &Arc<Body>| body.solids.len() * size_of::<solid::Solid>();
        self.bodies.get_or(&(study.uid.clone(), lying), size, || Arc::new(anatomy::body(&plan)))
    }
}

/// What every object of a study says of its patient and of itself, as text by attribute, sorted, without
/// composing one: for an archive's index.
pub fn study_texts(view: &View, study: &Study, patient: &Patient) -> Vec<(Tag, String)> {
    header::of_study(view, study, patient, Charset::Utf8, build_of(view, study, Some(patient)))
}

/// The same as attributes in UTF-8.
pub fn study_attributes(view: &View, study: &Study, patient: &Patient) -> DataSet {
    let mut set = DataSet::new();
    for (tag, text) in study_texts(view, study, patient) {
        set.put_text(tag, &text, Charset::Utf8);
    }
    set
}

/// What every object of a series says of it, in UTF-8, without composing one: for an archive's index.
pub fn series_attributes(view: &View, study: &Study, series: &Series) -> DataSet {
    let instance =
        Instance { uid: String::new(), sop_class: String::new(), number: 0, content: series.content };
    header::of_series(&Subject::unnamed(view, study, series, &instance))
}

/// What an object says of itself beside study and series, in UTF-8, without composing it.
pub fn instance_attributes(view: &View, study: &Study, series: &Series, instance: &Instance) -> DataSet {
    header::of_instance(&Subject::unnamed(view, study, series, instance))
}

/// What images of a study say of the order, in UTF-8: Procedure Code Sequence and Request Attributes
/// Sequence, for an archive's index.
pub fn request_attributes(view: &View, study: &Study) -> DataSet {
    header::request(view, study, Charset::Utf8)
}

/// The verified report of a study as PDF, as it lies beside the images too; `None` before it is
/// verified.
pub fn report_pdf(view: &View, study: &Study) -> Option<Vec<u8>> {
    let series = view.series(study).into_iter().find(|series| series.content == Content::Document)?;
    let instance = view.instances(study, &series).into_iter().next()?;
    Some(of(view, study, &series, &instance, Charset::Utf8, header::report_pdf))
}

/// Does something with all that an object of an instance is made from.
fn of<T>(
    view: &View,
    study: &Study,
    series: &Series,
    instance: &Instance,
    charset: Charset,
    make: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let (patient, wording) = (view.patient(study.patient), view.wording(study).unwrap_or_default());
    make(&Subject {
        patient: patient.as_ref(),
        charset,
        wording: &wording,
        ..Subject::unnamed(view, study, series, instance)
    })
}

/// The build follows the patient, so that all his studies show the same person.
fn build_of(view: &View, study: &Study, patient: Option<&Patient>) -> Build {
    let Some(patient) = patient else {
        return Build { seed: study.seed, sex: Sex::M, age: 50.0 };
    };
    let own = format!("{}{}", patient.resident_id, patient.mrn);
    let seed = own.bytes().fold(0, |seed, byte| noise::mix(seed ^ u64::from(byte)));
    let on = view.local(study.started).date();
    let days = (on - patient.born).get_days();
    Build { seed, sex: patient.sex, age: (days as f32 / 365.25).clamp(0.0, 110.0) }
}

/// Arms are raised for CT and for the side view of a chest, where they would hide it.
fn lies(study: &Study, instance: &Instance) -> bool {
    let side = dx::View::of(&study.description, instance.number) != dx::View::Frontal;
    match study.modality {
        Modality::CT => true,
        Modality::DX => side && study.region == Region::Chest,
        Modality::MR | Modality::US | Modality::MG | Modality::CR | Modality::ECG => false,
    }
}

fn exposure_of(study: &Study, instance: &Instance, body: &Body) -> dx::Exposure {
    let view = dx::View::of(&study.description, instance.number);
    dx::Exposure::of(study.region, joint_of(study), body).seen(view, study.region)
}

/// What the report says; limbs are of the side that the header names too.
fn lesion_of(s: &Subject<'_>) -> Lesion {
    let mut lesion = Lesion::of(s.wording);
    if s.study.region == Region::Limb {
        lesion.side = Some(if header::laterality(s) == "L" { 1.0 } else { -1.0 });
    }
    lesion
}

/// The joint that a description names; a hand when it names none.
fn joint_of(study: &Study) -> Joint {
    let says = |words: &[&str]| words.iter().any(|word| study.description.contains(word));
    if says(&["膝", "胫", "股骨"]) {
        Joint::Knee
    } else if says(&["踝", "足", "跟骨"]) {
        Joint::Ankle
    } else if says(&["腕"]) {
        Joint::Wrist
    } else {
        Joint::Hand
    }
}
