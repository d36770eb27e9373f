//! What a small device says of itself on each of its faces.

use jiff::Timestamp;

use super::{Host, Installation, Pack, Running};

/// Its hardware address, as such devices write it.
pub fn mac(host: &Host) -> String {
    host.mac.map(|byte| format!("{byte:02X}")).join(":")
}

/// Its serial number, of the installation's own.
pub fn serial(installation: &Installation, host: &Host) -> String {
    installation.fill(&format!("device/{}/serial", host.name), "{4d}")
}

/// For how long it runs, as its consoles write it.
pub fn uptime(pack: &Pack, host: &Host, now: Timestamp) -> String {
    let up = now.duration_since(Running::of(pack, host).booted(now)).as_secs().max(0);
    format!("{} days, {:02}h:{:02}m:{:02}s", up / 86_400, up / 3_600 % 24, up / 60 % 60, up % 60)
}

/// Pages that a printer of an office prints on a day, at the least.
const PAGES_A_DAY: i64 = 180;

/// What a printer counts, and is called.
pub struct Printer {
    running: Running,
    /// Pages a day.
    rate: i64,
    /// Its serial number, as its maker writes it.
    pub serial: String,
}

impl Printer {
    /// Of a host, with the installation's own numbers.
    pub fn of(pack: &Pack, host: &Host) -> Self {
        let own = |what: &str| format!("device/{}/{what}", host.name);
        let more = pack.installation.number(&own("pages"), 90);
        Printer {
            running: Running::of(pack, host),
            rate: PAGES_A_DAY + i64::try_from(more).unwrap_or(0),
            serial: pack.installation.fill(&own("serial"), "VNB3{1d}{4d}{1A}"),
        }
    }

    /// Pages printed since it was put up.
    pub fn printed(&self, now: Timestamp) -> i64 {
        let seconds = now.duration_since(self.running.installed_at()).as_secs().max(0);
        self.rate * (seconds / 86_400) + self.rate * (seconds % 86_400) / 86_400
    }
}
