//! HL7 v2 text in a call: the channel's automatic acknowledgement.

use crate::decoys::http::engine::Ask;
use crate::event::detail::{Detail, Hl7};
use crate::event::{Observation, Tainted};
use crate::wire::hl7::{Message, Writer};

/// MSH and MSA, in the shape of the engine's own responses.
pub(super) fn acknowledge(ask: &Ask<'_>, text: &str) -> String {
    let Ok(message) = Message::parse(text.trim_start().as_bytes()) else { return String::new() };
    let kind = message.msh(9);
    let field = |n: usize| Tainted::from_bytes(message.msh(n).raw());
    ask.session.emit(Observation::Message {
        message_type: Tainted::new(format!("{}^{}", kind.component(1).text(), kind.component(2).text())),
        control_id: field(10),
        answer: "AA".to_owned(),
        detail: Some(Detail::Hl7(Hl7 {
            sending_application: field(3),
            sending_facility: field(4),
            version: field(12),
            charset: field(18),
        })),
    });
    let view = ask.session.world().at(ask.now);
    let time = view.local(ask.now).strftime("%Y%m%d%H%M%S.%3f").to_string();
    let event = kind.component(2).text();
    let version = message.msh(12).component(1).text();
    let version = if version.is_empty() { "2.4".to_owned() } else { version };
    let structured = version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()) >= Some(4);
    let parts: &[&str] = if structured { &["ACK", &event, "ACK"] } else { &["ACK"] };
    let mut w = Writer::new(message.delimiters());
    w.header("MSH")
        .verbatim(3, message.msh(5).raw())
        .verbatim(4, message.msh(6).raw())
        .verbatim(5, message.msh(3).raw())
        .verbatim(6, message.msh(4).raw())
        .put(7, &time)
        .parts(9, parts)
        .put(10, &time)
        .put(11, "P")
        .put(12, &version);
    w.segment("MSA").put(1, "AA").verbatim(2, message.msh(10).raw());
    String::from_utf8_lossy(&w.finish()).into_owned()
}
