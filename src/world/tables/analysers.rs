//! Instruments of a laboratory, the panels that each runs, and what they are controlled with.

use super::panels::{self as p, Panel};
use crate::world::Discipline;

/// An instrument's row.
#[derive(Debug)]
pub(in crate::world) struct Row {
    pub code: &'static str,
    pub discipline: Discipline,
    pub manufacturer: &'static str,
    pub model: &'static str,
    pub software: &'static str,
    /// Serial number: `#` is a digit, `@` a letter, of this installation.
    pub serial: &'static str,
    /// Where it stands.
    pub place: &'static str,
    /// Of the emergency laboratory: it takes emergency specimens, and others where nobody else can.
    pub emergency: bool,
    pub panels: &'static [&'static Panel],
}

const fn row(
    code: &'static str,
    discipline: Discipline,
    (manufacturer, model, software): (&'static str, &'static str, &'static str),
    serial: &'static str,
    (place, emergency): (&'static str, bool),
    panels: &'static [&'static Panel],
) -> Row {
    Row { code, discipline, manufacturer, model, software, serial, place, emergency, panels }
}

const ROUTINE: (&str, bool) = ("检验科门诊楼3层", false);
const EMERGENCY: (&str, bool) = ("急诊检验室", true);

static CHEMISTRY: [&Panel; 6] =
    [&p::LIVER, &p::RENAL, &p::ELECTROLYTES, &p::GLUCOSE, &p::LIPIDS, &p::AMYLASE];
static IMMUNOLOGY: [&Panel; 7] = [&p::THYROID, &p::HBV, &p::HCG, &p::TUMOUR, &p::CARDIAC, &p::BNP, &p::PCT];

/// All instruments.
pub(in crate::world) static ANALYSERS: &[Row] = &[
    row("HEME01", Discipline::Haematology, ("Sysmex", "XN-1000", "00-24"), "#####", ROUTINE, &[&p::CBC]),
    row(
        "HEME02",
        Discipline::Haematology,
        ("Mindray", "BC-6800", "01.24.00"),
        "RH-2####C##",
        ROUTINE,
        &[&p::CBC],
    ),
    row(
        "HEME03",
        Discipline::Haematology,
        ("Mindray", "BC-5390 CRP", "02.11.00"),
        "TN-5#####",
        EMERGENCY,
        &[&p::CBC, &p::CRP],
    ),
    row(
        "CHEM01",
        Discipline::Chemistry,
        ("Mindray", "BS-2000M", "01.03.10"),
        "WA-38####",
        ROUTINE,
        &CHEMISTRY,
    ),
    row(
        "CHEM02",
        Discipline::Chemistry,
        ("Beckman Coulter", "AU5800", "2.14"),
        "20####",
        ROUTINE,
        &CHEMISTRY,
    ),
    row(
        "CHEM03",
        Discipline::Chemistry,
        ("Mindray", "BS-830", "02.00.06"),
        "WK-41####",
        EMERGENCY,
        &CHEMISTRY,
    ),
    row("IMMU01", Discipline::Immunology, ("Roche", "cobas 6000", "06-03"), "1##@-##", ROUTINE, &IMMUNOLOGY),
    row(
        "IMMU02",
        Discipline::Immunology,
        ("Mindray", "CL-6000i", "03.02.00"),
        "CL6-#####",
        ROUTINE,
        &[&p::THYROID, &p::HBV, &p::TUMOUR],
    ),
    row(
        "IMMU03",
        Discipline::Immunology,
        ("Mindray", "CL-900i", "02.07.01"),
        "CL9-#####",
        EMERGENCY,
        &[&p::CARDIAC, &p::BNP, &p::PCT, &p::HCG],
    ),
    row(
        "COAG01",
        Discipline::Coagulation,
        ("Sysmex", "CA-1500", "00-15"),
        "A####",
        EMERGENCY,
        &[&p::COAGULATION],
    ),
    row(
        "COAG02",
        Discipline::Coagulation,
        ("Sysmex", "CS-5100", "00-31"),
        "1####",
        ROUTINE,
        &[&p::COAGULATION],
    ),
    row(
        "GLYC01",
        Discipline::Chemistry,
        ("TOSOH", "HLC-723G8", "5.23"),
        "1#######",
        ROUTINE,
        &[&p::GLYCATED],
    ),
    row("URIN01", Discipline::Urinalysis, ("DIRUI", "H-800", "V3.2"), "H8#######", ROUTINE, &[&p::URINE]),
    row(
        "GAS01",
        Discipline::BloodGas,
        ("Radiometer", "ABL90 FLEX", "3.1"),
        "393-090R0###N00##",
        EMERGENCY,
        &[&p::BLOOD_GAS],
    ),
];

/// A control material.
#[derive(Debug)]
pub(in crate::world) struct Material {
    pub name: &'static str,
    /// How many levels it has.
    pub levels: u8,
    /// Days that a lot is used.
    pub days: i32,
    /// Usual spread of an item, in per mille of its target.
    pub spread: f64,
}

/// What the instruments of a discipline are controlled with.
pub(in crate::world) fn material(discipline: Discipline) -> Material {
    let material = |name, levels, days, spread| Material { name, levels, days, spread };
    match discipline {
        Discipline::Haematology => material("XN CHECK", 3, 56, 18.0),
        Discipline::Chemistry => material("Lyphochek Assayed Chemistry", 2, 365, 24.0),
        Discipline::Immunology => material("Elecsys PreciControl", 2, 270, 38.0),
        Discipline::Coagulation => material("Dade Ci-Trol", 2, 300, 30.0),
        Discipline::Urinalysis => material("尿液质控物", 2, 180, 20.0),
        Discipline::BloodGas => material("AutoCheck", 3, 240, 14.0),
    }
}

/// Days between two calibrations of an item; `None` where the instrument needs none.
pub(in crate::world) fn calibration_days(discipline: Discipline) -> Option<i32> {
    match discipline {
        Discipline::Haematology => Some(180),
        Discipline::Chemistry => Some(14),
        Discipline::Immunology => Some(28),
        Discipline::Coagulation => Some(90),
        Discipline::Urinalysis => None,
        Discipline::BloodGas => Some(1),
    }
}

/// Values that are told to the ward at once: item, below, above. The figures are those that most
/// hospitals of this size print; each may set its own.
pub(in crate::world) static CRITICAL: [(&str, Option<f64>, Option<f64>); 19] = [
    ("WBC", Some(1.0), Some(30.0)),
    ("HGB", Some(50.0), None),
    ("PLT", Some(30.0), Some(1000.0)),
    ("K", Some(2.8), Some(6.2)),
    ("Na", Some(120.0), Some(160.0)),
    ("Ca", Some(1.6), Some(3.5)),
    ("GLU", Some(2.2), Some(22.2)),
    ("CREA", None, Some(650.0)),
    ("UREA", None, Some(36.0)),
    ("AMY", None, Some(600.0)),
    ("PT", None, Some(30.0)),
    ("APTT", None, Some(70.0)),
    ("FIB", Some(1.0), None),
    ("cTnI", None, Some(0.5)),
    ("PCT", None, Some(10.0)),
    ("pH", Some(7.2), Some(7.6)),
    ("pCO2", Some(20.0), Some(70.0)),
    ("pO2", Some(45.0), None),
    ("Lac", None, Some(5.0)),
];
