//! Orders that a peer sends about orders that the hospital holds.

use crate::event::observation::{Change, RecordKind};
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::hl7::Message;
use crate::world::OrderState;

/// Tells of orders of the hospital that a message would change; whether all that it holds are such.
pub(super) fn orders(session: &Session, message: &Message<'_>) -> bool {
    let view = session.world().at(session.now());
    let mut own = true;
    for segment in message.segments().filter(|segment| segment.is("ORC")) {
        let numbers = [2, 3].map(|field| segment.field(field).component(1).text());
        let known = numbers.iter().filter(|n| !n.is_empty()).find_map(|number| view.order(number));
        let Some(order) = known else {
            own = false;
            continue;
        };
        let from = match order.state {
            OrderState::Ordered => "ordered",
            OrderState::InProgress => "in progress",
            OrderState::Performed => "performed",
            OrderState::Verified => "verified",
            OrderState::Cancelled => "cancelled",
        };
        let change = Change {
            field: "ORC-1".to_owned(),
            from: from.to_owned(),
            to: Tainted::new(segment.field(1).text()),
        };
        session.emit(Observation::Tampering {
            subject: RecordKind::Order,
            id: order.placer,
            changes: vec![change],
        });
    }
    own
}
