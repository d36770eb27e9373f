//! Documents inside results: OBX of type ED, kept as files of their own.

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::event::Tainted;
use crate::session::Session;
use crate::wire::hl7::Message;

/// Most documents kept from one message.
const MAX_DOCUMENTS: usize = 16;

/// Senders leave the padding out, or do not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keeps what OBX-5 carries as encapsulated data (2.A.24: source, type, subtype, encoding, data).
pub(super) fn keep(message: &Message<'_>, session: &Session) {
    let carriers = message.segments().filter(|segment| segment.is("OBX") && segment.field(2).raw() == b"ED");
    for (at, segment) in carriers.take(MAX_DOCUMENTS).enumerate() {
        let value = segment.field(5);
        if !value.component(4).raw().eq_ignore_ascii_case(b"Base64") {
            continue;
        }
        let data: Vec<u8> =
            value.component(5).value().iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        let Ok(file) = LENIENT.decode(&data) else {
            session.malformed("encapsulated data is not Base64", &data);
            continue;
        };
        let kind = value.component(3).text();
        session.keep(Tainted::new(format!("OBX-{} {kind}", at + 1)), &file);
    }
}
