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
