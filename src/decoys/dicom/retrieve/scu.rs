//! The requesting side of an association that stores objects elsewhere (PS3.4 annex B, PS3.8 7).

use bytes::{Bytes, BytesMut};

use crate::decoys::dicom::courier::{Courier, Payload, TooSmall};
use crate::decoys::dicom::profile::Profile;
use crate::session::Outbox;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{TransferSyntax, uids};
use crate::wire::dicom::pdu::{self, Associate, Context, HEADER, Header, Kind};

/// Classes that are proposed: those of the images that hospitals keep.
const CLASSES: [&str; 8] = [
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::CT_IMAGE_STORAGE,
    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
    uids::MR_IMAGE_STORAGE,
    uids::ULTRASOUND_IMAGE_STORAGE,
    uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
];

/// Largest PDU taken from the other side: its answers have some hundred bytes.
const MAX_PDU: usize = 64 << 10;

/// DICOM application context name (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &[u8] = b"1.2.840.10008.3.1.1.1";

/// What the other side did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// It took the association.
    Accepted,
    /// It answered a C-STORE with this status.
    Stored(Option<u16>),
    /// It released the association.
    Released,
    /// It refused, aborted or spoke nonsense.
    Broken,
}

/// An association as requestor.
pub(crate) struct Scu {
    inbox: BytesMut,
    accepted: Vec<(Bytes, u8, TransferSyntax)>,
    courier: Option<Courier>,
    next_id: u16,
}

impl Scu {
    /// A new association and its A-ASSOCIATE-RQ.
    pub(crate) fn request(profile: &Profile, calling: &Bytes, called: &Bytes) -> (Self, Bytes) {
        let syntaxes: Vec<Bytes> = profile.syntaxes.iter().map(|(uid, _)| uid.clone()).collect();
        let ids = (1u8..).step_by(2);
        let contexts = CLASSES.iter().zip(ids).map(|(class, id)| Context {
            id,
            result: 0,
            abstract_syntax: Bytes::from_static(class.as_bytes()),
            transfer_syntaxes: syntaxes.clone(),
        });
        let request = Associate {
            version: 1,
            called: called.clone(),
            calling: calling.clone(),
            application_context: Bytes::from_static(APPLICATION_CONTEXT),
            contexts: contexts.collect(),
            max_pdu: Some(profile.table.network.max_pdu),
            implementation_uid: profile.table.implementation.uid.clone().into(),
            implementation_version: profile.table.implementation.version.clone().into(),
            ..Associate::default()
        };
        let scu = Scu { inbox: BytesMut::new(), accepted: Vec::new(), courier: None, next_id: 1 };
        (scu, request.request())
    }

    /// Takes bytes from the other side; call again with none while it gives news.
    pub(crate) fn receive(&mut self, bytes: &[u8], profile: &Profile) -> Option<News> {
        self.inbox.extend_from_slice(bytes);
        let header = Header::read(&self.inbox)?;
        if header.whole() > MAX_PDU {
            return Some(News::Broken);
        }
        if self.inbox.len() < header.whole() {
            return None;
        }
        let body = self.inbox.split_to(header.whole()).freeze().slice(HEADER..);
        match header.kind {
            Some(Kind::AssociateAc) => Some(self.accept(&body, profile)),
            Some(Kind::Data) => Some(stored(&body)),
            Some(Kind::ReleaseRp) => Some(News::Released),
            Some(Kind::AssociateRq | Kind::AssociateRj | Kind::ReleaseRq | Kind::Abort) | None => {
                Some(News::Broken)
            }
        }
    }

    /// The transfer syntax in which a class can be sent.
    pub(crate) fn syntax_for(&self, sop_class: &str) -> Option<TransferSyntax> {
        self.accepted.iter().find(|(class, ..)| *class == sop_class.as_bytes()).map(|(.., syntax)| *syntax)
    }

    /// Sends an object. The command's message id is set here.
    ///
    /// # Errors
    /// [`TooSmall`] when its class was not accepted or nothing fits a PDU.
    pub(crate) fn store(
        &mut self,
        mut command: Command,
        object: Bytes,
        out: &mut Outbox,
    ) -> Result<(), TooSmall> {
        let class = command.sop_class.clone().unwrap_or_default();
        let context = self.accepted.iter().find(|(accepted, ..)| *accepted == class);
        let (Some((_, context, _)), Some(courier)) = (context, self.courier) else { return Err(TooSmall) };
        command.message_id = Some(self.next_id);
        command.field = Some(field::C_STORE);
        self.next_id = self.next_id.wrapping_add(1);
        let mut written = Outbox::default();
        let mut batch = courier.batch(&mut written);
        batch.message(*context, &command, Some(Payload::Object(object, String::new())))?;
        batch.finish();
        out.relay.extend(written.writes.into_iter().map(|write| write.bytes));
        Ok(())
    }

    fn accept(&mut self, body: &Bytes, profile: &Profile) -> News {
        let Ok(answer) = Associate::read(body) else { return News::Broken };
        for context in answer.contexts.iter().filter(|context| context.result == 0) {
            let class = CLASSES.get(usize::from(context.id / 2));
            let syntax = context.transfer_syntaxes.first();
            let syntax = syntax.and_then(|uid| profile.syntaxes.iter().find(|(known, _)| known == uid));
            if let (Some(class), Some((_, syntax))) = (class, syntax) {
                self.accepted.push((Bytes::from_static(class.as_bytes()), context.id, *syntax));
            }
        }
        self.courier = Some(Courier::new(&profile.table.network, answer.max_pdu.unwrap_or(0)));
        News::Accepted
    }
}

/// A C-STORE-RSP is short: the stores of the honeynet send it in one fragment.
fn stored(body: &Bytes) -> News {
    let Ok(values) = pdu::values(body) else { return News::Broken };
    let Some(value) = values.first().filter(|value| value.fragment.command && value.fragment.last) else {
        return News::Broken;
    };
    match Command::read(value.bytes.clone()) {
        Ok(response) if response.field == Some(field::C_STORE | field::RESPONSE) => {
            News::Stored(response.status)
        }
        Ok(_) | Err(_) => News::Broken,
    }
}
