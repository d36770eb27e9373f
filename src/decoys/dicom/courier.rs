//! Sends DIMSE messages as P-DATA (PS3.7 annex F, PS3.8 9.3.5), cut as the product cuts them.

use bytes::Bytes;

use super::behaviour::{Network, Segmentation};
use crate::session::Outbox;
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::TransferSyntax;
use crate::wire::dicom::elements::Elements;
use crate::wire::dicom::pdu::{DATA_HEAD, Fragment, HEADER, data_head};

/// Buffer of a product whose peer takes less than a header at once, bytes.
const SMALL_BUFFER: usize = 4096 - DATA_HEAD;

/// The peer takes PDUs so small that nothing fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooSmall;

/// A data set to send.
pub(crate) enum Payload {
    /// Made for this answer, in this transfer syntax.
    Small(Bytes, TransferSyntax),
    /// Pixels and all; the world can make it again under this name.
    Object(Bytes, String),
}

/// How messages are cut for one peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Courier {
    /// Bytes that the product takes from a message at a time.
    buffer: usize,
    /// Bytes of them that fit one PDU; `None` when no PDU is large enough.
    fragment: Option<usize>,
    segmentation: Segmentation,
    /// To a peer that takes no PDU it sends an empty one before it fails: dcm4che.
    sends_nothing: bool,
}

impl Courier {
    /// For a peer that takes PDUs of this size; 0 is no limit.
    pub(crate) fn new(network: &Network, peer_max_pdu: u32) -> Self {
        let most = network.max_send_pdu;
        let whole = if peer_max_pdu == 0 { most } else { peer_max_pdu.min(most) };
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        if network.segmentation != Segmentation::HeaderApart {
            // What counts to the peer's maximum beside the fragment.
            let head = if network.counts_header { DATA_HEAD } else { DATA_HEAD - HEADER };
            let least = if network.segmentation == Segmentation::Packed { 2 } else { 1 };
            let room = whole.saturating_sub(head);
            // A packed fragment is even, if need be by one byte more than the peer takes.
            let fragment = (room >= least).then_some(room.next_multiple_of(least));
            return Courier {
                buffer: usize::MAX,
                fragment,
                segmentation: network.segmentation,
                sends_nothing: !network.counts_header,
            };
        }
        let buffer = match (whole - whole % 2).saturating_sub(DATA_HEAD) {
            0..DATA_HEAD => SMALL_BUFFER,
            room => room,
        };
        let room = if peer_max_pdu == 0 { most } else { peer_max_pdu };
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let fragment = (room >= DATA_HEAD + 2).then(|| room - DATA_HEAD);
        Courier { buffer, fragment, segmentation: network.segmentation, sends_nothing: false }
    }

    /// Starts writing into an outbox; [`Batch::finish`] ends it.
    pub(crate) fn batch<'a>(&self, out: &'a mut Outbox) -> Batch<'a> {
        Batch { courier: *self, out, small: Vec::new(), begun: false }
    }
}

/// What is left of a data set, from where, and its name.
type Rest = (Bytes, usize, Option<String>);

/// How a data set went beside its command.
enum Packed {
    /// All of it, or so far.
    Rest(Option<Rest>),
    /// Not at all.
    Apart(Payload),
}

/// Messages on their way into an outbox.
///
/// With the header apart, the first header is one write and all that follows until the next pause
/// another: Nagle's algorithm joins the product's later small writes in just this way.
pub(crate) struct Batch<'a> {
    courier: Courier,
    out: &'a mut Outbox,
    small: Vec<u8>,
    begun: bool,
}

impl Batch<'_> {
    /// Adds a message.
    ///
    /// # Errors
    /// [`TooSmall`]: nothing can be sent to this peer.
    pub(crate) fn message(
        &mut self,
        context: u8,
        command: &Command,
        data: Option<Payload>,
    ) -> Result<(), TooSmall> {
        let mut bytes = Vec::with_capacity(192);
        command.write(&mut bytes);
        let packed = self.courier.segmentation == Segmentation::Packed;
        let data = match data {
            Some(data) if packed => match self.packed(context, &bytes, data) {
                Packed::Rest(rest) => return self.rest(context, rest),
                Packed::Apart(data) => Some(data),
            },
            data => data,
        };
        self.elements(context, true, &Bytes::from(bytes), TransferSyntax::ImplicitLittle)?;
        match data {
            None => Ok(()),
            Some(Payload::Small(bytes, syntax)) => self.elements(context, false, &bytes, syntax),
            Some(Payload::Object(bytes, name)) => self.pieces(context, false, &bytes, true, Some(&name)),
        }
    }

    /// Sends elements, of which the product never splits a header over two buffers.
    fn elements(
        &mut self,
        context: u8,
        command: bool,
        bytes: &Bytes,
        syntax: TransferSyntax,
    ) -> Result<(), TooSmall> {
        let mut at = 0;
        while bytes.len() - at > self.courier.buffer {
            let room = at.saturating_add(self.courier.buffer);
            let mut headers = Elements::of(bytes.clone(), syntax).map_while(Result::ok).map(|e| e.header);
            let split = headers.find(|header| header.start < room && room < header.end);
            let end = split.map_or(room, |header| header.start).max(at + 1);
            self.pieces(context, command, &bytes.slice(at..end), false, None)?;
            at = end;
        }
        self.pieces(context, command, &bytes.slice(at..), true, None)
    }

    /// Sends a command and what fits of its data set in one PDU.
    fn packed(&mut self, context: u8, command: &[u8], data: Payload) -> Packed {
        const VALUE_HEAD: usize = DATA_HEAD - HEADER;
        let room = self.courier.fragment.unwrap_or(0).saturating_sub(command.len() + VALUE_HEAD);
        if room < 2 {
            return Packed::Apart(data);
        }
        let (bytes, name) = match data {
            Payload::Small(bytes, _) => (bytes, None),
            Payload::Object(bytes, name) => (bytes, Some(name)),
        };
        let end = bytes.len().min(room);
        let first = Fragment { context, command: true, last: true };
        let second = Fragment { context, command: false, last: end == bytes.len() };
        let length = command.len() + end + 2 * VALUE_HEAD;
        let mut pdu = Vec::with_capacity(HEADER + length);
        pdu.extend_from_slice(&[4, 0]);
        pdu.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        pdu.extend_from_slice(data_head(first, command.len()).get(HEADER..).unwrap_or_default());
        pdu.extend_from_slice(command);
        pdu.extend_from_slice(data_head(second, end).get(HEADER..).unwrap_or_default());
        pdu.extend_from_slice(bytes.get(..end).unwrap_or_default());
        match &name {
            Some(name) => self.out.send_bulk(pdu, format!("{name} from byte 0")),
            None => self.out.send(pdu),
        }
        Packed::Rest((end < bytes.len()).then_some((bytes, end, name)))
    }

    /// Sends what did not fit beside its command.
    fn rest(&mut self, context: u8, rest: Option<Rest>) -> Result<(), TooSmall> {
        let Some((bytes, at, name)) = rest else { return Ok(()) };
        self.pieces(context, false, &bytes.slice(at..), true, name.as_deref())
    }

    /// Hands over what was gathered.
    pub(crate) fn finish(mut self) {
        self.flush();
    }

    fn pieces(
        &mut self,
        context: u8,
        command: bool,
        bytes: &Bytes,
        ends: bool,
        name: Option<&str>,
    ) -> Result<(), TooSmall> {
        let Some(fragment_room) = self.courier.fragment else {
            if self.courier.sends_nothing {
                self.piece(Fragment { context, command, last: false }, Bytes::new(), None);
            }
            return Err(TooSmall);
        };
        let mut at = 0;
        loop {
            let buffer_end = bytes.len().min(self.courier.buffer.saturating_add(at));
            let end = buffer_end.min(at + fragment_room);
            let done = end == bytes.len();
            let fragment = Fragment { context, command, last: done && ends };
            self.piece(fragment, bytes.slice(at..end), name.map(|name| (name, at)));
            if done {
                return Ok(());
            }
            at = end;
        }
    }

    fn piece(&mut self, fragment: Fragment, bytes: Bytes, bulk: Option<(&str, usize)>) {
        let head = data_head(fragment, bytes.len());
        let apart = self.courier.segmentation == Segmentation::HeaderApart;
        if apart && !self.begun {
            self.out.send(Bytes::copy_from_slice(&head));
        } else {
            self.small.extend_from_slice(&head);
        }
        self.begun = true;
        match bulk.map(|(name, at)| format!("{name} from byte {at}")) {
            Some(name) if apart => {
                self.flush();
                self.out.send_bulk(bytes, name);
            }
            Some(name) => {
                self.small.extend_from_slice(&bytes);
                self.out.send_bulk(std::mem::take(&mut self.small), name);
            }
            None => self.small.extend_from_slice(&bytes),
        }
        if !apart {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if !self.small.is_empty() {
            self.out.send(std::mem::take(&mut self.small));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::pdu::Header;

    fn network(segmentation: Segmentation) -> Network {
        Network {
            nagle: true,
            segmentation,
            counts_header: segmentation != Segmentation::Whole,
            max_pdu: 16384,
            largest_data: None,
            max_send_pdu: 131_072,
            largest_request: 1 << 20,
            looks_after: HEADER,
            shuts_down_first: false,
            peer_closes: false,
        }
    }

    fn fragments(segmentation: Segmentation, peer_max: u32, length: usize) -> Option<Vec<usize>> {
        let courier = Courier::new(&network(segmentation), peer_max);
        let mut out = Outbox::default();
        let mut batch = courier.batch(&mut out);
        batch.pieces(1, false, &Bytes::from(vec![0; length]), true, None).ok()?;
        batch.finish();
        Some(lengths(&out))
    }

    /// Bytes of each fragment.
    fn lengths(out: &Outbox) -> Vec<usize> {
        let mut rest = Bytes::from(out.joined());
        let mut found = Vec::new();
        while let Some(header) = Header::read(&rest) {
            found.push(rest.split_to(header.whole()).len() - DATA_HEAD);
        }
        found
    }

    #[test]
    fn fragments_fill_what_the_peer_takes() {
        assert_eq!(fragments(Segmentation::HeaderApart, 16384, 20000), Some(vec![16372, 3628]));
        assert_eq!(fragments(Segmentation::HeaderApart, 0, 200_000), Some(vec![131_060, 68940]));
        assert_eq!(fragments(Segmentation::HeaderApart, 14, 6), Some(vec![2, 2, 2]));
        assert_eq!(fragments(Segmentation::HeaderApart, 25, 30), Some(vec![12, 12, 6]));
        assert_eq!(fragments(Segmentation::HeaderApart, 16384, 0), Some(vec![0]));
        assert_eq!(fragments(Segmentation::HeaderApart, 13, 4), None);
        assert_eq!(fragments(Segmentation::Whole, 16384, 20000), Some(vec![16378, 3622]));
        assert_eq!(fragments(Segmentation::Whole, 8, 5), Some(vec![2, 2, 1]));
        assert_eq!(fragments(Segmentation::Whole, 7, 3), Some(vec![1, 1, 1]));
        assert_eq!(fragments(Segmentation::Whole, 6, 3), None);
        assert_eq!(fragments(Segmentation::Packed, 15, 6), Some(vec![4, 2]));
    }

    #[test]
    fn headers_of_elements_stay_whole() {
        let echo = Command {
            sop_class: Some(Bytes::from_static(b"1.2.840.10008.1.1")),
            field: Some(0x8030),
            responded_id: Some(1),
            data_set: Some(0x0101),
            status: Some(0),
            ..Command::default()
        };
        for (peer_max, expected) in
            [(30, vec![12, 18, 18, 18, 12]), (25, vec![12, 12, 12, 12, 10, 10, 10]), (20, [8; 9].to_vec())]
        {
            let mut out = Outbox::default();
            let mut batch = Courier::new(&network(Segmentation::HeaderApart), peer_max).batch(&mut out);
            batch.message(1, &echo, None).unwrap();
            batch.finish();
            let lengths = lengths(&out);
            assert_eq!(lengths[..expected.len()], expected, "{peer_max}");
            assert_eq!(lengths.iter().sum::<usize>(), 78);
        }
    }

    #[test]
    fn the_first_header_goes_alone() {
        let courier = Courier::new(&network(Segmentation::HeaderApart), 16384);
        let mut out = Outbox::default();
        let mut batch = courier.batch(&mut out);
        let command = Command { field: Some(0x8030), ..Command::default() };
        batch.message(1, &command, None).unwrap();
        batch
            .message(1, &command, Some(Payload::Object(Bytes::from_static(b"ab"), "instance 1".into())))
            .unwrap();
        batch.finish();
        let lengths: Vec<_> = out.writes.iter().map(|w| (w.bytes.len(), w.reference.is_some())).collect();
        let command_len = 12 + 10;
        assert_eq!(lengths, [(12, false), (command_len + 12 + command_len + 12, false), (2, true)]);
    }
}
