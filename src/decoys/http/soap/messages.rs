//! What the channels behind the listener answer: patient queries of HL7 v3 (PRPA, as 互联互通 platforms
//! exchange them), the platform's plain requests, HL7 v2 text, and documents that are only taken.

use super::hl7;
use super::people::{self, Wish};
use crate::decoys::http::engine::Ask;
use crate::decoys::http::xml::{self, Element};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};

/// Answers one call: its last parameter is the message, the one before it the action. A channel that
/// gets no message answers none.
pub(super) fn answer(ask: &Ask<'_>, values: &[Option<String>]) -> Option<String> {
    let message = values.last().cloned().flatten()?;
    let action = if values.len() > 1 { values.first().cloned().flatten() } else { None };
    let action = action.unwrap_or_default();
    if message.trim_start().starts_with("MSH") {
        return Some(hl7::acknowledge(ask, &message));
    }
    let Ok(root) = xml::parse(message.trim().as_bytes()) else {
        told(ask, &action, "", "none");
        return Some(refusal("-1", "消息格式错误"));
    };
    let kind = root.name.clone();
    let (answer, code) = match kind.as_str() {
        "PRPA_IN201305UV02" => (people::candidates(ask, &root), "AA"),
        "PRPA_IN201307UV02" => (people::demographics(ask, &root), "AA"),
        name if name.starts_with("PRPA_IN2013") || name.starts_with("POOR_") || name.starts_with("POLB_") => {
            written(ask, &root, RecordKind::Patient);
            (people::accepted(ask, &root), "AA")
        }
        "ClinicalDocument" => {
            written(ask, &root, RecordKind::Report);
            (people::accepted(ask, &root), "AA")
        }
        _ => match people::wish(&action, &root) {
            Some(wish) => (plain(ask, &wish), "0"),
            None => (refusal("-1", "未找到对应的服务"), "-1"),
        },
    };
    told(ask, if kind.starts_with("PRPA") { &kind } else { &action }, &people::message_id(&root), code);
    Some(answer)
}

fn told(ask: &Ask<'_>, kind: &str, id: &str, answer: &str) {
    ask.session.emit(Observation::Message {
        message_type: Tainted::new(kind.to_owned()),
        control_id: Tainted::new(id.to_owned()),
        answer: answer.to_owned(),
        detail: None,
    });
}

/// A document that is taken: whose it is, as it says.
fn written(ask: &Ask<'_>, root: &Element, subject: RecordKind) {
    let ids: Vec<Tainted> = root
        .all("id")
        .iter()
        .map(|id| id.attribute("extension"))
        .filter(|extension| !extension.is_empty())
        .take(4)
        .map(|extension| Tainted::new(extension.to_owned()))
        .collect();
    ask.session.emit(Observation::RecordWrite { subject, count: 1, ids });
}

fn plain(ask: &Ask<'_>, wish: &Wish) -> String {
    let rows = people::rows(ask, wish);
    if rows.is_empty() {
        return refusal("1", "未查询到数据");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><ResultCode>0</ResultCode><ResultMsg>成功</ResultMsg><Data>{rows}</Data></Response>"
    )
}

fn refusal(code: &str, words: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><ResultCode>{code}</ResultCode><ResultMsg>{words}</ResultMsg></Response>"
    )
}
