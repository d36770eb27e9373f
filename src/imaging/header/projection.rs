//! The dose of radiographs, for the dose report of template 10001.

use super::Subject;
use super::code::Code;
use super::dose::{region, stamp};
use super::dx::Shot;
use super::tree::{coded, container, moment, number, text, uid};
use crate::imaging::anatomy::Build;
use crate::imaging::joint_of;
use crate::imaging::render::dx::View;
use crate::wire::dicom::dataset::DataSet;
use crate::world::{Content, Series};

const PLANE: Code = ("113764", "DCM", "Acquisition Plane");
const SINGLE: Code = ("113622", "DCM", "Single Plane");
const AREA_PRODUCT: Code = ("Gy.m2", "UCUM", "Gy.m2");

/// What was accumulated, and each exposure.
pub(super) fn content(s: &Subject<'_>, build: Build) -> Vec<DataSet> {
    let views = exposures(s);
    let shots: Vec<Shot> =
        views.iter().map(|view| Shot::of(s.study.region, joint_of(s.study)).seen(*view, "L")).collect();
    let total = shots.iter().map(|shot| area_product(shot, build)).sum();
    let accumulated = container(
        ("113702", "DCM", "Accumulated X-Ray Dose Data"),
        vec![
            coded(PLANE, SINGLE),
            number(("113722", "DCM", "Dose Area Product Total"), total, AREA_PRODUCT),
            number(
                ("113731", "DCM", "Total Number of Radiographic Frames"),
                views.len() as f64,
                ("1", "UCUM", "no units"),
            ),
        ],
    );
    let events = shots.iter().zip(1..).map(|(shot, n)| event(s, shot, n, build));
    std::iter::once(accumulated).chain(events).collect()
}

/// The views that were taken.
fn exposures(s: &Subject<'_>) -> Vec<View> {
    let images = |series: &Series| series.content == Content::Image;
    let count: u32 = s.view.series(s.study).iter().filter(|s| images(s)).map(|s| s.instances).sum();
    (1..=count.max(1)).map(|number| View::of(&s.study.description, number)).collect()
}

/// Gy m²: follows the charge, the voltage and the field.
fn area_product(shot: &Shot, build: Build) -> f64 {
    let product = shot.charge(build) * (shot.kilovolts / 80.0).powi(2) * 4.2e-6;
    (product * 1e8).round() / 1e8
}

fn event(s: &Subject<'_>, shot: &Shot, number_of: u32, build: Build) -> DataSet {
    let concept = |value, meaning| -> Code { (value, "DCM", meaning) };
    let charge = shot.charge(build);
    let source = vec![
        number(concept("113733", "KVP"), shot.kilovolts, ("kV", "UCUM", "kV")),
        number(concept("113734", "X-Ray Tube Current"), 320.0, ("mA", "UCUM", "mA")),
        number(concept("113824", "Exposure Time"), (charge * 1000.0 / 320.0).round(), ("ms", "UCUM", "ms")),
        number(concept("113736", "Exposure"), (charge * 1000.0).round(), ("uA.s", "UCUM", "uA.s")),
    ];
    let mut items = vec![
        coded(PLANE, SINGLE),
        uid(concept("113769", "Irradiation Event UID"), &format!("{}{number_of}", s.series.uid)),
        moment(concept("111526", "DateTime Started"), &stamp(s, s.study.started)),
        coded(concept("113721", "Irradiation Event Type"), concept("113611", "Stationary Acquisition")),
        text(concept("125203", "Acquisition Protocol"), shot.part, s.charset),
        coded(concept("123014", "Target Region"), region(s.study.region)),
        number(concept("122130", "Dose Area Product"), area_product(shot, build), AREA_PRODUCT),
    ];
    items.extend(source);
    container(concept("113706", "Irradiation Event X-Ray Data"), items)
}
