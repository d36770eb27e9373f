//! Data of real patients that comes by mistake: kept from the appliance itself, and told.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Artefact, Session};
use crate::event::Observation;
use crate::event::observation::Handling;

/// Largest object that is reduced: what is larger is only hashed.
const MAX_REDUCED: usize = 128 << 20;

/// What becomes of a real object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RealObjects {
    /// Encrypted for the hospital's key.
    Seal,
    /// Its pixels are dropped and its identifiers replaced by digests.
    #[default]
    DropPixels,
    /// It is kept as it came.
    Keep,
}

/// What the hospital set for real data.
#[derive(Debug, Clone, Default)]
pub struct Privacy {
    /// What becomes of a real object.
    pub objects: RealObjects,
    /// Registered devices: address, and the name each calls itself by.
    pub devices: Vec<(IpAddr, String)>,
}

/// Something real.
pub struct Real<'a> {
    /// Why it is taken for real.
    pub signs: Vec<String>,
    /// Whether a real device sent it: a registered one, or one with a vendor's toolkit.
    pub device: bool,
    /// The patient's identifier; empty when there is none.
    pub patient: &'a [u8],
    /// The file that came, if there is one.
    pub kept: Option<Artefact>,
}

impl Session {
    /// What the hospital set for real data.
    pub fn privacy(&self) -> &Privacy {
        self.parts_privacy()
    }

    /// Whether the peer is a registered device that calls itself by this name.
    pub fn is_registered(&self, name: &[u8]) -> bool {
        let source = self.source();
        self.privacy().devices.iter().any(|(address, own)| *address == source && own.as_bytes() == name)
    }

    /// A digest that stands for an identifier of a real person: the same on this appliance, and
    /// useless elsewhere.
    pub fn pseudonym(&self, identifier: &[u8]) -> String {
        if identifier.is_empty() {
            return String::new();
        }
        let key = self.pack().installation.derive("privacy/pseudonym/1");
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
        mac.update(identifier);
        hex::encode(mac.finalize().into_bytes())
    }

    /// Takes care of something real and tells of it. `reduce` makes of a file what may be kept where
    /// pixels are dropped. Gives the file that stays.
    ///
    /// From now on the transcript holds none of the peer's bytes.
    pub fn take_care(
        &self,
        real: Real<'_>,
        reduce: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Option<Artefact> {
        let objects = self.privacy().objects;
        if objects != RealObjects::Keep {
            self.recorder().withhold();
        }
        let stays = real.kept.and_then(|kept| match objects {
            RealObjects::Keep => Some(kept),
            RealObjects::Seal => self.heavy(|| self.recorder().seal(&kept.sha256)),
            RealObjects::DropPixels => self.heavy(|| self.reduced(&kept, reduce)),
        });
        let handling = match (objects, &stays) {
            (RealObjects::Keep, _) => Handling::Kept,
            (RealObjects::Seal, Some(_)) => Handling::Sealed,
            (RealObjects::DropPixels, Some(_)) => Handling::PixelsDropped,
            (RealObjects::Seal | RealObjects::DropPixels, None) => Handling::NotKept,
        };
        self.emit(Observation::RealData {
            signs: real.signs,
            device: real.device,
            patient: self.pseudonym(real.patient),
            sha256: stays.as_ref().map(|stays| stays.sha256.clone()).unwrap_or_default(),
            handling,
        });
        stays
    }

    fn reduced(&self, kept: &Artefact, reduce: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Option<Artefact> {
        let whole = usize::try_from(kept.size).is_ok_and(|size| size <= MAX_REDUCED);
        let bytes = whole.then(|| self.read_artefact(&kept.sha256, MAX_REDUCED)).flatten();
        self.recorder().discard(&kept.sha256);
        let reduced = reduce(&bytes?)?;
        let mut sink = self.artefact();
        sink.write(&reduced);
        Some(sink.finish())
    }
}
