//! Messages of a real engine, sent to the wrong place.

use crate::session::{Real, RealObjects, Session};
use crate::wire::hl7::Message;
use crate::wire::identity::resident_id;

/// Fields of PID that may hold a resident id: PID-2, PID-3, PID-4, PID-19.
const FIELDS: [usize; 4] = [2, 3, 4, 19];

/// Takes care of a message that is real; whether nothing of it may be kept.
pub(super) fn care(message: &Message<'_>, session: &Session) -> bool {
    if session.pack().hosts.iter().any(|host| host.address == session.source()) {
        return false;
    }
    let pid = message.first("PID");
    let id = pid.map(|pid| pid.field(3).component(1).text()).unwrap_or_default();
    if session.world().at(session.now()).patient_by_mrn(&id).is_some() {
        return false;
    }
    let device = session.is_registered(message.msh(3).raw());
    let issued = |number: usize| pid.is_some_and(|pid| resident_id(pid.field(number).raw()).is_some());
    let mut signs = Vec::new();
    if device {
        signs.push("registered sender".to_owned());
    }
    if FIELDS.into_iter().any(issued) {
        signs.push("resident id whose check digit is right".to_owned());
    }
    if signs.is_empty() {
        return false;
    }
    let _ = session.take_care(Real { signs, device, patient: id.as_bytes(), kept: None }, |_| None);
    session.privacy().objects != RealObjects::Keep
}
