//! DIMSE command sets (PS3.7 sections 6.3 and 9, annex E): always Implicit VR Little Endian.
//!
//! For both sides of an association. It never keeps a UID or title longer than its field.

use bytes::Bytes;

use super::dataset::{Tag, TransferSyntax, Vr};
use super::elements::{ElementError, Elements};

/// (0000,0800) of a message without a data set.
pub const NO_DATA_SET: u16 = 0x0101;

/// (0000,0100) of the messages that products know; a response has bit 15 set (PS3.7 table E.1-1).
pub mod field {
    /// C-STORE-RQ.
    pub const C_STORE: u16 = 0x0001;
    /// C-GET-RQ.
    pub const C_GET: u16 = 0x0010;
    /// C-FIND-RQ.
    pub const C_FIND: u16 = 0x0020;
    /// C-MOVE-RQ.
    pub const C_MOVE: u16 = 0x0021;
    /// C-ECHO-RQ.
    pub const C_ECHO: u16 = 0x0030;
    /// N-EVENT-REPORT-RQ.
    pub const N_EVENT_REPORT: u16 = 0x0100;
    /// N-GET-RQ.
    pub const N_GET: u16 = 0x0110;
    /// N-SET-RQ.
    pub const N_SET: u16 = 0x0120;
    /// N-ACTION-RQ.
    pub const N_ACTION: u16 = 0x0130;
    /// N-CREATE-RQ.
    pub const N_CREATE: u16 = 0x0140;
    /// N-DELETE-RQ.
    pub const N_DELETE: u16 = 0x0150;
    /// C-CANCEL-RQ.
    pub const C_CANCEL: u16 = 0x0FFF;
    /// Bit of a response.
    pub const RESPONSE: u16 = 0x8000;
}

/// Longest UID (PS3.5 9.1).
const MAX_UID: usize = 64;

/// Longest AE title (PS3.5 6.2).
const MAX_TITLE: usize = 16;

/// Longest Error Comment, in bytes: 64 characters of up to four.
const MAX_COMMENT: usize = 256;

/// A command set; fields that are absent are `None`. Texts are without padding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// (0000,0002) Affected SOP Class UID.
    pub sop_class: Option<Bytes>,
    /// (0000,0003) Requested SOP Class UID.
    pub requested_class: Option<Bytes>,
    /// (0000,0100) Command Field.
    pub field: Option<u16>,
    /// (0000,0110) Message ID.
    pub message_id: Option<u16>,
    /// (0000,0120) Message ID Being Responded To.
    pub responded_id: Option<u16>,
    /// (0000,0600) Move Destination.
    pub destination: Option<Bytes>,
    /// (0000,0700) Priority.
    pub priority: Option<u16>,
    /// (0000,0800) Command Data Set Type.
    pub data_set: Option<u16>,
    /// (0000,0900) Status.
    pub status: Option<u16>,
    /// (0000,0901) Offending Element: one tag.
    pub offending: Option<Tag>,
    /// (0000,0902) Error Comment, at most 64 characters.
    pub comment: Option<Bytes>,
    /// (0000,0903) Error ID.
    pub error_id: Option<u16>,
    /// (0000,1000) Affected SOP Instance UID.
    pub sop_instance: Option<Bytes>,
    /// (0000,1001) Requested SOP Instance UID.
    pub requested_instance: Option<Bytes>,
    /// (0000,1002) Event Type ID.
    pub event_type: Option<u16>,
    /// (0000,1008) Action Type ID.
    pub action_type: Option<u16>,
    /// (0000,1020) Number of Remaining Sub-operations.
    pub remaining: Option<u16>,
    /// (0000,1021) Number of Completed Sub-operations.
    pub completed: Option<u16>,
    /// (0000,1022) Number of Failed Sub-operations.
    pub failed: Option<u16>,
    /// (0000,1023) Number of Warning Sub-operations.
    pub warnings: Option<u16>,
    /// (0000,1030) Move Originator Application Entity Title.
    pub originator: Option<Bytes>,
    /// (0000,1031) Move Originator Message ID.
    pub originator_id: Option<u16>,
}

impl Command {
    /// Reads a whole command set. Elements that it has no field for are skipped.
    ///
    /// # Errors
    /// The element that can't be read or is longer than its field may be.
    pub fn read(bytes: Bytes) -> Result<Command, ElementError> {
        let mut found = Command::default();
        for element in Elements::of(bytes, TransferSyntax::ImplicitLittle) {
            let element = element?;
            let value = element.value;
            let fault = ElementError(element.tag);
            let Tag(0, number) = element.tag else { continue };
            match number {
                0x0002 => found.sop_class = Some(text(&value, MAX_UID).ok_or(fault)?),
                0x0003 => found.requested_class = Some(text(&value, MAX_UID).ok_or(fault)?),
                0x1001 => found.requested_instance = Some(text(&value, MAX_UID).ok_or(fault)?),
                0x0901 => found.offending = tag(&value),
                0x0902 => found.comment = Some(text(&value, MAX_COMMENT).ok_or(fault)?),
                0x0600 => found.destination = Some(text(&value, MAX_TITLE).ok_or(fault)?),
                0x1000 => found.sop_instance = Some(text(&value, MAX_UID).ok_or(fault)?),
                0x1030 => found.originator = Some(text(&value, MAX_TITLE).ok_or(fault)?),
                _ => {
                    if let Some(slot) = found.number(number) {
                        *slot = value.first_chunk::<2>().map(|raw| u16::from_le_bytes(*raw));
                    }
                }
            }
        }
        Ok(found)
    }

    fn number(&mut self, element: u16) -> Option<&mut Option<u16>> {
        Some(match element {
            0x0100 => &mut self.field,
            0x0110 => &mut self.message_id,
            0x0120 => &mut self.responded_id,
            0x0700 => &mut self.priority,
            0x0800 => &mut self.data_set,
            0x0900 => &mut self.status,
            0x0903 => &mut self.error_id,
            0x1002 => &mut self.event_type,
            0x1008 => &mut self.action_type,
            0x1020 => &mut self.remaining,
            0x1021 => &mut self.completed,
            0x1022 => &mut self.failed,
            0x1023 => &mut self.warnings,
            0x1031 => &mut self.originator_id,
            _ => return None,
        })
    }

    /// The response to this request: same SOP class, its message id, this status, no data set.
    pub fn response(&self, status: u16) -> Command {
        Command {
            sop_class: self.sop_class.clone(),
            field: self.field.map(|field| field | field::RESPONSE),
            responded_id: self.message_id,
            data_set: Some(NO_DATA_SET),
            status: Some(status),
            ..Command::default()
        }
    }

    /// Whether a data set follows.
    pub fn has_data_set(&self) -> bool {
        self.data_set != Some(NO_DATA_SET)
    }

    /// Adds the command set with its group length to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        put(out, 0x0000, &[0; 4]);
        put_text(out, 0x0002, self.sop_class.as_deref(), 0);
        put_text(out, 0x0003, self.requested_class.as_deref(), 0);
        put_number(out, 0x0100, self.field);
        put_number(out, 0x0110, self.message_id);
        put_number(out, 0x0120, self.responded_id);
        put_text(out, 0x0600, self.destination.as_deref(), b' ');
        put_number(out, 0x0700, self.priority);
        put_number(out, 0x0800, self.data_set);
        put_number(out, 0x0900, self.status);
        if let Some(Tag(group, element)) = self.offending {
            put(out, 0x0901, &[group.to_le_bytes(), element.to_le_bytes()].concat());
        }
        put_text(out, 0x0902, self.comment.as_deref(), b' ');
        put_number(out, 0x0903, self.error_id);
        put_text(out, 0x1000, self.sop_instance.as_deref(), 0);
        put_text(out, 0x1001, self.requested_instance.as_deref(), 0);
        put_number(out, 0x1002, self.event_type);
        put_number(out, 0x1008, self.action_type);
        put_number(out, 0x1020, self.remaining);
        put_number(out, 0x1021, self.completed);
        put_number(out, 0x1022, self.failed);
        put_number(out, 0x1023, self.warnings);
        put_text(out, 0x1030, self.originator.as_deref(), b' ');
        put_number(out, 0x1031, self.originator_id);
        let length = u32::try_from(out.len() - start - 12).unwrap_or(u32::MAX);
        if let Some(slot) = out.get_mut(start + 8..start + 12) {
            slot.copy_from_slice(&length.to_le_bytes());
        }
    }
}

/// The first of one or more tags.
fn tag(value: &Bytes) -> Option<Tag> {
    let [a, b, c, d] = *value.first_chunk::<4>()?;
    Some(Tag(u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])))
}

/// A text without padding; `None` when it is longer than `most`.
fn text(value: &Bytes, most: usize) -> Option<Bytes> {
    if value.len() > most {
        return None;
    }
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    let field = value.slice(..end);
    Some(field.slice_ref(field.trim_ascii()))
}

fn put_text(out: &mut Vec<u8>, element: u16, text: Option<&[u8]>, padding: u8) {
    let Some(text) = text else { return };
    let odd = text.len() % 2 == 1;
    put_head(out, element, text.len() + usize::from(odd));
    out.extend_from_slice(text);
    if odd {
        out.push(padding);
    }
}

fn put_number(out: &mut Vec<u8>, element: u16, number: Option<u16>) {
    if let Some(number) = number {
        put(out, element, &number.to_le_bytes());
    }
}

fn put(out: &mut Vec<u8>, element: u16, value: &[u8]) {
    put_head(out, element, value.len());
    out.extend_from_slice(value);
}

fn put_head(out: &mut Vec<u8>, element: u16, length: usize) {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    super::dataset::element_header(Tag(0, element), Vr::UN, length, TransferSyntax::ImplicitLittle, out);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn echo() -> Command {
        Command {
            sop_class: Some(Bytes::from_static(b"1.2.840.10008.1.1")),
            field: Some(field::C_ECHO),
            message_id: Some(1),
            data_set: Some(NO_DATA_SET),
            ..Command::default()
        }
    }

    #[test]
    fn the_echo_response_is_that_of_the_toolkit() {
        let mut out = Vec::new();
        echo().response(0).write(&mut out);
        let expected = "000000000400000042000000\
            00000200120000003\
            12e322e3834302e31303030382e312e3100\
            0000000102000000308000002001020000000100000000080200000001010000000902000000\
            0000";
        assert_eq!(hex::encode(&out), expected);
        assert_eq!(Command::read(Bytes::from(out)).unwrap(), echo().response(0));
    }

    #[test]
    fn padding_goes_and_long_texts_are_refused() {
        let mut asked = echo();
        asked.destination = Some(Bytes::from_static(b"HISIMG"));
        asked.originator = Some(Bytes::from_static(b"A"));
        let mut out = Vec::new();
        asked.write(&mut out);
        assert_eq!(Command::read(Bytes::from(out)).unwrap(), asked);
        asked.destination = Some(Bytes::from_static(b"SEVENTEEN-LETTERS"));
        let mut out = Vec::new();
        asked.write(&mut out);
        assert_eq!(Command::read(Bytes::from(out)), Err(ElementError(Tag(0, 0x0600))));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(command) = Command::read(Bytes::from(bytes)) {
                let mut out = Vec::new();
                command.write(&mut out);
            }
        }
    }
}
