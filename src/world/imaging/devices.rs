//! The hospital's devices, with serial numbers of this installation.

use super::ImagingKey;
use crate::world::dice::{Key, Purpose};
use crate::world::tables::devices::{DEVICES, Maker, Row};
use crate::world::{Device, Modality};

/// A device with its numbers.
#[derive(Debug)]
pub(in crate::world) struct DeviceInfo {
    pub device: Device,
    pub maker: Maker,
    /// What all its UIDs begin with, final dot included.
    pub uid_prefix: String,
    emergency: bool,
}

/// All devices.
#[derive(Debug)]
pub(in crate::world) struct Devices {
    all: Vec<DeviceInfo>,
}

impl Devices {
    /// Draws serial numbers.
    pub(in crate::world) fn new(key: Key) -> Devices {
        Devices { all: DEVICES.iter().enumerate().map(|(i, row)| info(key, i, row)).collect() }
    }

    /// All devices with their places.
    pub(in crate::world) fn all(&self) -> &[DeviceInfo] {
        &self.all
    }

    /// The device that does a study: numbers go round the devices of their desk.
    pub(in crate::world) fn of(&self, key: ImagingKey) -> usize {
        let night = key.number >= 8_000;
        let serves = |d: &DeviceInfo| d.device.modality == key.modality && d.emergency == night;
        let count = self.all.iter().filter(|d| serves(d)).count();
        let any = |d: &DeviceInfo| d.device.modality == key.modality;
        let mut places =
            self.all.iter().enumerate().filter(|(_, d)| if count > 0 { serves(d) } else { any(d) });
        let total = if count > 0 { count } else { places.clone().count() };
        places.nth(key.number as usize % total.max(1)).map_or(0, |(i, _)| i)
    }
}

fn info(key: Key, index: usize, row: &Row) -> DeviceInfo {
    let mut dice = key.dice(Purpose::Device, index as u64, 0);
    let five = 40_000 + dice.below(59_999);
    let ten = 2_000_000_000 + u64::from(dice.below(2_000_000_000));
    let long = 10_000_000_000_000 + dice.next() % 89_999_999_999_999;
    let (serial, uid_prefix) = match (row.maker, row.modality) {
        (Maker::Siemens, Modality::MR) => (five.to_string(), format!("1.3.12.2.1107.5.2.19.{five}.")),
        (Maker::Siemens, Modality::DX) => (five.to_string(), format!("1.3.12.2.1107.5.3.33.{five}.")),
        (Maker::Siemens, _) => (five.to_string(), format!("1.3.12.2.1107.5.1.4.{five}.")),
        (Maker::Ge, Modality::US) => {
            (format!("{}US{}", five, ten % 9), format!("1.2.840.113619.2.391.{five}."))
        }
        (Maker::Ge, Modality::ECG) => (format!("SDE{ten}SA"), format!("1.2.840.113619.2.408.{five}.")),
        (Maker::Ge, _) => (format!("{ten}"), format!("1.2.840.113619.2.415.3.{ten}.")),
        (Maker::Uih, _) => (format!("{}", long % 1_000_000), format!("1.2.156.112605.{long}.")),
        // Both numbers of a Philips UID are drawn; the device is in the first of them.
        (Maker::Philips, _) => (format!("{}", ten % 100_000_000), "1.3.46.670589.33.1.".to_owned()),
        (Maker::Agfa, _) => (format!("A5{five}"), format!("1.3.51.0.7.{ten}.")),
        (Maker::Samsung, _) => {
            (format!("S1K0M3HK{five}A"), format!("1.2.410.200001.1.1185.{}.", five * 7 + 3))
        }
        (Maker::Canon, _) => {
            (format!("{}", ten % 10_000_000), format!("1.2.392.200036.9116.2.6.1.48.{ten}."))
        }
    };
    let device = Device {
        ae_title: row.ae.to_owned(),
        station: format!("{}{}", row.ae, station_suffix(row.maker)),
        manufacturer: row.manufacturer.to_owned(),
        model: row.model.to_owned(),
        serial,
        software: row.software.to_owned(),
        modality: row.modality,
    };
    DeviceInfo { device, maker: row.maker, uid_prefix, emergency: row.emergency }
}

fn station_suffix(maker: Maker) -> &'static str {
    match maker {
        Maker::Siemens => "AWP",
        Maker::Ge => "OC0",
        Maker::Uih => "AC",
        Maker::Philips => "EL",
        Maker::Canon => "CON",
        Maker::Agfa => "NX",
        Maker::Samsung => "SM",
    }
}
