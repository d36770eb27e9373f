//! Imaging devices of a hospital.

use crate::world::Modality;

/// How a maker builds its UIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Maker {
    Siemens,
    Ge,
    Uih,
    Philips,
    Canon,
    Agfa,
    Samsung,
}

/// A device's row.
#[derive(Debug)]
pub(in crate::world) struct Row {
    pub ae: &'static str,
    pub modality: Modality,
    pub maker: Maker,
    pub manufacturer: &'static str,
    pub model: &'static str,
    pub software: &'static str,
    /// Where it stands: only emergency and night patients, or everybody.
    pub emergency: bool,
}

const fn row(
    ae: &'static str,
    modality: Modality,
    maker: Maker,
    names: (&'static str, &'static str, &'static str),
    emergency: bool,
) -> Row {
    Row { ae, modality, maker, manufacturer: names.0, model: names.1, software: names.2, emergency }
}

/// All devices, by modality.
pub(in crate::world) static DEVICES: &[Row] = &[
    row("CT01", Modality::CT, Maker::Uih, ("UIH", "uCT 760", "R002.1.0"), false),
    row("CT02", Modality::CT, Maker::Ge, ("GE MEDICAL SYSTEMS", "Revolution EVO", "revo_ct_22bc.56"), false),
    row("CT03", Modality::CT, Maker::Canon, ("Canon Medical Systems", "Aquilion PRIME", "V8.4SP0002"), false),
    row("CT04", Modality::CT, Maker::Siemens, ("SIEMENS", "SOMATOM Definition AS+", "syngo CT VA48A"), true),
    row("DR01", Modality::DX, Maker::Agfa, ("Agfa", "DX-D 600", "NX_4.0.17600.0"), false),
    row("DR02", Modality::DX, Maker::Siemens, ("SIEMENS", "Ysio Max", "VE10G"), false),
    row("DR03", Modality::DX, Maker::Uih, ("UIH", "uDR 770i", "R002.2.0"), false),
    row("DR04", Modality::DX, Maker::Philips, ("Philips Medical Systems", "DigitalDiagnost", "4.2.1"), true),
    row("MR01", Modality::MR, Maker::Siemens, ("SIEMENS", "Verio", "syngo MR B19"), false),
    row("MR02", Modality::MR, Maker::Ge, ("GE MEDICAL SYSTEMS", "SIGNA Pioneer", "DV28.0_R03_2031.b"), false),
    row("US01", Modality::US, Maker::Samsung, ("SAMSUNG MEDISON CO., LTD.", "V8", "1.02.00.0213"), false),
    row("US02", Modality::US, Maker::Ge, ("GE Healthcare", "LOGIQ E9", "LOGIQE9:R6.2.4"), false),
    row("US03", Modality::US, Maker::Ge, ("GE Healthcare", "LOGIQ E9", "LOGIQE9:R6.2.4"), false),
    row("US04", Modality::US, Maker::Canon, ("TOSHIBA_MEC_US", "TUS-A500", "AB_V6.00*R003"), false),
    row(
        "US05",
        Modality::US,
        Maker::Philips,
        ("Philips Medical Systems", "Affiniti 70G", "Affiniti 70_3.0.2"),
        false,
    ),
    row("US06", Modality::US, Maker::Ge, ("GE Vingmed Ultrasound", "Vivid E95", "203.59.0"), false),
    row("MG01", Modality::MG, Maker::Ge, ("GE MEDICAL SYSTEMS", "Senographe DS", "ADS_54.20.10"), false),
    row("CR01", Modality::CR, Maker::Agfa, ("Agfa", "CR 30-X", "NX_3.0.8950.0"), false),
    row("ECG01", Modality::ECG, Maker::Ge, ("GE Healthcare", "MAC 2000", "2.0.4"), false),
    row("US07", Modality::US, Maker::Canon, ("TOSHIBA_MEC_US", "TUS-A400", "AB_V6.00*R003"), true),
];
