//! What one maker's devices write differently from another's.

use jiff::civil::DateTime;

use crate::world::Region;

/// A maker, as far as its headers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    Siemens,
    Ge,
    Philips,
    Canon,
    UnitedImaging,
    Samsung,
    Agfa,
    Other,
}

impl Maker {
    pub(crate) fn of(manufacturer: &str) -> Self {
        let name = manufacturer.to_ascii_uppercase();
        let says = |word: &str| name.contains(word);
        if says("SIEMENS") {
            Maker::Siemens
        } else if name.starts_with("GE") {
            Maker::Ge
        } else if says("PHILIPS") {
            Maker::Philips
        } else if says("TOSHIBA") || says("CANON") {
            Maker::Canon
        } else if says("UIH") || says("UNITED IMAGING") {
            Maker::UnitedImaging
        } else if says("SAMSUNG") {
            Maker::Samsung
        } else if says("AGFA") {
            Maker::Agfa
        } else {
            Maker::Other
        }
    }

    /// A time of day, `TM`, with as many digits as the maker writes.
    pub(crate) fn time(self, at: DateTime) -> String {
        let whole = at.strftime("%H%M%S").to_string();
        match self {
            Maker::Siemens | Maker::UnitedImaging => {
                format!("{whole}.{:06}", at.subsec_nanosecond() / 1000)
            }
            Maker::Canon => format!("{whole}.{:03}", at.subsec_nanosecond() / 1_000_000),
            Maker::Agfa => format!("{whole}.{:03}", at.subsec_nanosecond() / 1_000_000),
            Maker::Ge | Maker::Philips | Maker::Samsung | Maker::Other => whole,
        }
    }

    /// (0008,0008) of an axial slice.
    pub(crate) fn axial(self) -> &'static str {
        match self {
            Maker::Siemens => "ORIGINAL\\PRIMARY\\AXIAL\\CT_SOM5 SPI",
            Maker::Philips => "ORIGINAL\\PRIMARY\\AXIAL\\HELIX",
            Maker::Ge | Maker::Canon | Maker::UnitedImaging | Maker::Samsung | Maker::Agfa | Maker::Other => {
                "ORIGINAL\\PRIMARY\\AXIAL"
            }
        }
    }

    /// (0008,0008) of a localizer.
    pub(crate) fn localizer(self) -> &'static str {
        match self {
            Maker::Siemens => "ORIGINAL\\PRIMARY\\LOCALIZER\\CT_SOM5 TOP",
            _ => "ORIGINAL\\PRIMARY\\LOCALIZER",
        }
    }

    /// (0018,1210) when the series' name does not tell; `hard` for bone and lung.
    pub(crate) fn kernel(self, region: Region, hard: bool) -> &'static str {
        let head = region == Region::Head;
        match (self, hard) {
            (Maker::Siemens, true) if head => "H60s",
            (Maker::Siemens, true) => "B60f",
            (Maker::Siemens, false) if head => "H31s",
            (Maker::Siemens, false) => "B31f",
            (Maker::Ge, true) if region == Region::Chest => "LUNG",
            (Maker::Ge, true) => "BONE",
            (Maker::Ge, false) => "STANDARD",
            (Maker::Philips, true) => "YC",
            (Maker::Philips, false) if head => "UB",
            (Maker::Philips, false) => "B",
            (Maker::Canon, true) if region == Region::Chest => "FC52",
            (Maker::Canon, true) => "FC30",
            (Maker::Canon, false) if head => "FC26",
            (Maker::Canon, false) => "FC08",
            (_, true) => "B_SHARP_C",
            (_, false) if head => "H_SOFT_A",
            (_, false) => "B_SOFT_A",
        }
    }

    /// (0018,1160).
    pub(crate) fn filter(self, region: Region) -> &'static str {
        let head = region == Region::Head;
        match self {
            Maker::Siemens => "0",
            Maker::Ge if head => "HEAD FILTER",
            Maker::Ge => "BODY FILTER",
            Maker::Philips => "UB",
            Maker::Canon if head => "SMALL",
            Maker::Canon => "LARGE",
            Maker::UnitedImaging | Maker::Samsung | Maker::Agfa | Maker::Other => "NONE",
        }
    }

    /// Distances from the source to the detector and to the patient, mm.
    pub(crate) fn geometry(self) -> [f64; 2] {
        match self {
            Maker::Siemens => [1085.6, 595.0],
            Maker::Ge => [949.075, 541.0],
            Maker::Philips => [1040.0, 570.0],
            Maker::Canon => [1072.0, 600.0],
            Maker::UnitedImaging | Maker::Samsung | Maker::Agfa | Maker::Other => [1058.0, 570.0],
        }
    }
}
