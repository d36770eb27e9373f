//! What becomes of a PDU or a command before it is served: where products differ most.

use super::assembler::{NORMALIZED, Stop};
use super::behaviour::{Behaviour, Break, Registry};
use super::commitment::PUSH_MODEL;
use super::performed::PERFORMED_STEP;
use super::profile::{Profile, VERIFICATION, Verb, model};
use super::worklist::WORKLIST_FIND;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::pdu::{Header, Kind};

/// Length of a PDU that has no items (PS3.8 9.3.4, 9.3.6 to 9.3.8).
const FIXED: u32 = 4;

/// What is wrong with a PDU of an open association by its header alone.
pub(crate) fn misplaced(table: &Behaviour, header: Header, kind: Kind) -> Option<Stop> {
    let network = &table.network;
    // A product that tells lengths apart reads whole what it judges.
    let judges_length = table.abort.bad_length.is_some();
    let broken = |what, rule| Some(Stop { what, rule });
    match kind {
        Kind::Data if header.length > network.largest_data.unwrap_or(network.max_pdu) => {
            broken(Break::Oversized, "P-DATA-TF above the maximum length")
        }
        Kind::AssociateRq if table.association.proposes_again => None,
        Kind::AssociateRq | Kind::AssociateAc
            if judges_length && header.length <= network.largest_request =>
        {
            None
        }
        Kind::ReleaseRq | Kind::Abort | Kind::AssociateRj | Kind::ReleaseRp
            if judges_length && header.length != FIXED =>
        {
            broken(Break::BadLength, "PDU of a length that its type can't have")
        }
        Kind::AssociateRq | Kind::AssociateAc | Kind::AssociateRj | Kind::ReleaseRp => {
            broken(Break::Unexpected, "PDU that has no place here")
        }
        Kind::Data | Kind::ReleaseRq | Kind::Abort => None,
    }
}

/// Whether the peer may query and retrieve, if that is what it asks for.
pub(crate) fn may_ask(table: &Behaviour, command: &Command, calling: &[u8]) -> bool {
    let asks = matches!(command.field, Some(field::C_FIND | field::C_GET | field::C_MOVE));
    let Some(callers) = table.services.callers.as_ref().filter(|_| asks) else { return true };
    callers.iter().any(|title| title.as_bytes() == calling)
}

/// Whether the product serves a normalized request at all.
pub(crate) fn serves_normalized(profile: &Profile, request: u16) -> bool {
    match request {
        field::N_CREATE | field::N_SET => profile.table.performed.is_some(),
        field::N_ACTION => profile.table.commitment.is_some(),
        field::N_EVENT_REPORT => profile.table.asks_to_commit(),
        _ => false,
    }
}

/// The status with which a product that looks classes up refuses a request; `None` when it is served.
pub(crate) fn unregistered(profile: &Profile, command: &Command) -> Option<u16> {
    let statuses = profile.table.services.registry.as_ref()?;
    let request = command.field.filter(|field| field & field::RESPONSE == 0 && *field != field::C_CANCEL)?;
    let class = command.sop_class.as_ref().or(command.requested_class.as_ref());
    let Some(class) = class else { return Some(statuses.no_class) };
    let offered = profile.services.contains(class);
    let serves: &[u16] = match model(class).filter(|_| offered) {
        Some((_, Verb::Find)) => &[field::C_FIND],
        Some((_, Verb::Get)) => &[field::C_GET],
        Some((_, Verb::Move)) => &[field::C_MOVE],
        None if *class == VERIFICATION => &[field::C_ECHO],
        None if offered && *class == WORKLIST_FIND => &[field::C_FIND],
        None if offered && *class == PERFORMED_STEP => &[field::N_CREATE, field::N_SET],
        None if offered && *class == PUSH_MODEL => &[field::N_ACTION],
        // Any other class is a storage class to it when an object comes with it.
        None if request == field::C_STORE => &[field::C_STORE],
        None if profile.storage.contains(class) => &[field::C_STORE],
        None => return Some(unknown(statuses, request)),
    };
    (!serves.contains(&request)).then_some(statuses.unknown_operation)
}

fn unknown(statuses: &Registry, request: u16) -> u16 {
    if NORMALIZED.contains(&request) { statuses.unknown_normalized } else { statuses.unknown_class }
}

/// A response that says no more than a status.
pub(crate) fn bare_response(command: &Command, status: u16) -> Command {
    Command { sop_class: None, ..command.response(status) }
}
