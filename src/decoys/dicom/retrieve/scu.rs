//! The requesting side of an association that stores objects elsewhere (PS3.4 annex B, PS3.8 7).

use bytes::{Bytes, BytesMut};

use crate::decoys::dicom::courier::{Courier, Payload, TooSmall};
use crate::decoys::dicom::profile::Profile;
use crate::imaging::has_pixels;
use crate::session::Outbox;
use crate::wire::dicom::command::{Command, field};
use crate::wire::dicom::dataset::{TransferSyntax, uids};
use crate::wire::dicom::pdu::{self, Associate, Context, HEADER, Header, Kind, Role};

/// Classes that are proposed: those of what hospitals keep.
const CLASSES: [&str; 16] = [
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::CT_IMAGE_STORAGE,
    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
    uids::MR_IMAGE_STORAGE,
    uids::ULTRASOUND_IMAGE_STORAGE,
    uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::TWELVE_LEAD_ECG_WAVEFORM_STORAGE,
    uids::BASIC_TEXT_SR_STORAGE,
    uids::ENHANCED_SR_STORAGE,
    uids::X_RAY_RADIATION_DOSE_SR_STORAGE,
    uids::KEY_OBJECT_SELECTION_DOCUMENT_STORAGE,
    uids::ENCAPSULATED_PDF_STORAGE,
];

/// Largest PDU taken from the other side: its answers have some hundred bytes.
const MAX_PDU: usize = 64 << 10;

/// Largest command or data set taken from the other side: a commitment's report of a day.
const MAX_MESSAGE: usize = 1 << 20;

/// Answers of which only the status counts.
const ANSWERS: [u16; 2] = [field::C_STORE | field::RESPONSE, field::N_EVENT_REPORT | field::RESPONSE];

/// DICOM application context name (PS3.7 A.2.1).
const APPLICATION_CONTEXT: &[u8] = b"1.2.840.10008.3.1.1.1";

/// What the other side did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// It took the association.
    Accepted,
    /// It answered a request with this status.
    Stored(Option<u16>),
    /// It sent a message of another kind, which [`Scu::message`] has.
    Message,
    /// It released the association.
    Released,
    /// It refused, aborted or spoke nonsense.
    Broken,
}

/// A proposed context: id, class, syntaxes.
type Proposed = (u8, Bytes, Vec<TransferSyntax>);

/// An association as requestor.
pub(crate) struct Scu {
    inbox: BytesMut,
    proposed: Vec<Proposed>,
    accepted: Vec<(Bytes, u8, TransferSyntax)>,
    courier: Option<Courier>,
    next_id: u16,
    gathering: Gathering,
    message: Option<(u8, Command, Bytes)>,
}

/// A message that comes in pieces.
#[derive(Default)]
struct Gathering {
    command: BytesMut,
    data: BytesMut,
}

impl Scu {
    /// A new association and its A-ASSOCIATE-RQ.
    pub(crate) fn request(profile: &Profile, calling: &Bytes, called: &Bytes) -> (Self, Bytes) {
        Self::proposing(profile, calling, called, proposed(profile), Vec::new())
    }

    /// The same with other contexts and roles.
    pub(crate) fn proposing(
        profile: &Profile,
        calling: &Bytes,
        called: &Bytes,
        proposed: Vec<Proposed>,
        roles: Vec<Role>,
    ) -> (Self, Bytes) {
        let contexts = proposed.iter().map(|(id, class, syntaxes)| Context {
            id: *id,
            result: 0,
            abstract_syntax: class.clone(),
            transfer_syntaxes: syntaxes.iter().map(|ts| Bytes::from_static(ts.uid().as_bytes())).collect(),
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
            roles,
            ..Associate::default()
        };
        let request = request.request();
        let scu = Scu {
            inbox: BytesMut::new(),
            proposed,
            accepted: Vec::new(),
            courier: None,
            next_id: 1,
            gathering: Gathering::default(),
            message: None,
        };
        (scu, request)
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
            Some(Kind::Data) => self.data(&body),
            Some(Kind::ReleaseRp) => Some(News::Released),
            Some(Kind::AssociateRq | Kind::AssociateRj | Kind::ReleaseRq | Kind::Abort) | None => {
                Some(News::Broken)
            }
        }
    }

    /// The contexts in which a class can be sent, with their syntaxes.
    pub(crate) fn taken(&self, sop_class: &str) -> Vec<(u8, TransferSyntax)> {
        let of_class = self.accepted.iter().filter(|(class, ..)| *class == sop_class.as_bytes());
        of_class.map(|(_, context, syntax)| (*context, *syntax)).collect()
    }

    /// Sends an object over one of [`Scu::taken`]. The command's message id is set here.
    ///
    /// # Errors
    /// [`TooSmall`] when there is no association yet or nothing fits a PDU.
    pub(crate) fn store(
        &mut self,
        context: u8,
        mut command: Command,
        object: Bytes,
        out: &mut Outbox,
    ) -> Result<(), TooSmall> {
        command.field = Some(field::C_STORE);
        self.send(context, command, Some(Payload::Object(object, String::new())), out)
    }

    /// Sends a request. Its message id is set here.
    ///
    /// # Errors
    /// [`TooSmall`] when there is no association yet or nothing fits a PDU.
    pub(crate) fn send(
        &mut self,
        context: u8,
        mut command: Command,
        data: Option<Payload>,
        out: &mut Outbox,
    ) -> Result<(), TooSmall> {
        command.message_id = Some(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        self.write(context, &command, data, out)
    }

    /// Sends a message as it is.
    ///
    /// # Errors
    /// [`TooSmall`] when there is no association yet or nothing fits a PDU.
    pub(crate) fn write(
        &self,
        context: u8,
        command: &Command,
        data: Option<Payload>,
        out: &mut Outbox,
    ) -> Result<(), TooSmall> {
        let Some(courier) = self.courier else { return Err(TooSmall) };
        let mut written = Outbox::default();
        let mut batch = courier.batch(&mut written);
        batch.message(context, command, data)?;
        batch.finish();
        out.relay.extend(written.writes.into_iter().map(|write| write.bytes));
        Ok(())
    }

    /// The message of the last [`News::Message`]: context, command and data set.
    pub(crate) fn message(&mut self) -> Option<(u8, Command, Bytes)> {
        self.message.take()
    }

    /// Puts a message together; one PDU holds no more than the end of one.
    fn data(&mut self, body: &Bytes) -> Option<News> {
        let Ok(values) = pdu::values(body) else { return Some(News::Broken) };
        let mut news = None;
        for value in values {
            let (fragment, gathering) = (value.fragment, &mut self.gathering);
            let part = if fragment.command { &mut gathering.command } else { &mut gathering.data };
            part.extend_from_slice(&value.bytes);
            if part.len() > MAX_MESSAGE {
                return Some(News::Broken);
            }
            if fragment.last {
                news = self.whole(fragment.context, fragment.command).or(news);
            }
        }
        news
    }

    /// What came, when it is whole with its command or its data set.
    fn whole(&mut self, context: u8, command_ends: bool) -> Option<News> {
        let Ok(command) = Command::read(Bytes::copy_from_slice(&self.gathering.command)) else {
            return Some(News::Broken);
        };
        if command_ends && command.has_data_set() {
            return None;
        }
        let data = std::mem::take(&mut self.gathering).data.freeze();
        if command.field.is_some_and(|field| ANSWERS.contains(&field)) {
            return Some(News::Stored(command.status));
        }
        self.message = Some((context, command, data));
        Some(News::Message)
    }

    fn accept(&mut self, body: &Bytes, profile: &Profile) -> News {
        let Ok(answer) = Associate::read(body) else { return News::Broken };
        for context in answer.contexts.iter().filter(|context| context.result == 0) {
            let proposed = self.proposed.iter().find(|(id, ..)| *id == context.id);
            let uid = context.transfer_syntaxes.first();
            let syntax = |(_, class, syntaxes): &Proposed| {
                let syntax = syntaxes.iter().find(|ts| uid.is_some_and(|uid| uid == ts.uid().as_bytes()))?;
                Some((class.clone(), context.id, *syntax))
            };
            self.accepted.extend(proposed.and_then(syntax));
        }
        self.courier = Some(Courier::new(&profile.table.network, answer.max_pdu.unwrap_or(0)));
        News::Accepted
    }
}

/// For each class the uncompressed syntaxes of the product together, and for images each compressed
/// one in which it keeps them in a context of its own.
fn proposed(profile: &Profile) -> Vec<Proposed> {
    let compressed: Vec<_> = profile.sending.compressed().collect();
    let contexts = CLASSES.iter().flat_map(|class| {
        let all = profile.syntaxes(&Bytes::from_static(class.as_bytes())).iter().map(|(_, ts)| *ts);
        let plain: Vec<_> = all.filter(|ts| ts.is_plain()).collect();
        let coded = compressed.iter().filter(|_| has_pixels(class)).map(|ts| vec![*ts]);
        let syntaxes: Vec<_> = coded.chain([plain]).collect();
        syntaxes.into_iter().map(|syntaxes| (Bytes::from_static(class.as_bytes()), syntaxes))
    });
    (1u8..).step_by(2).zip(contexts).map(|(id, (class, syntaxes))| (id, class, syntaxes)).collect()
}
