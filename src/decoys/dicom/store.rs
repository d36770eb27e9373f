//! C-STORE as provider (PS3.4 annex B): an object becomes an artefact, as a file of PS3.10.

use bytes::{Bytes, BytesMut};

use super::behaviour::StoreStatus;
use super::negotiate::Agreement;
use super::profile::Profile;
use super::report;
use super::task::{Desk, Link, Shared};
use super::traps;
use crate::archive::{Duplicates, Received, Stored, Taken};
use crate::event::Observation;
use crate::event::Tainted;
use crate::event::observation::{Direction, RecordKind};
use crate::session::{Artefact, ArtefactSink, Session};
use crate::wire::dicom::command::Command;
use crate::wire::dicom::dataset::{FileMeta, TransferSyntax, inflate, part10, tags};
use crate::wire::dicom::elements::Elements;

/// Objects up to this size are checked whole, larger ones by their first bytes, which name class and
/// instance: a session may hold no more of an object in memory.
const MAX_CHECKED: usize = 256 << 10;

/// An object that comes in.
pub(crate) struct Incoming {
    sink: Option<Box<dyn ArtefactSink>>,
    head: BytesMut,
    length: u64,
    syntax: TransferSyntax,
    /// Where the data set begins in the artefact.
    offset: usize,
}

/// A data set that can't be read: the product breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;

impl Incoming {
    /// Starts the artefact: preamble and meta information first.
    pub(crate) fn start(
        session: &Session,
        profile: &Profile,
        calling: &[u8],
        context: &Agreement,
        command: &Command,
    ) -> Self {
        let name =
            |bytes: &Option<Bytes>| String::from_utf8_lossy(bytes.as_deref().unwrap_or(b"")).into_owned();
        let meta = FileMeta {
            sop_class: &name(&command.sop_class),
            sop_instance: &name(&command.sop_instance),
            transfer_syntax: context.syntax.uid(),
            implementation: &profile.table.implementation.uid,
            version: &profile.table.implementation.version,
            source: &String::from_utf8_lossy(calling),
        };
        // What a console of the honeynet sends is the world's already.
        let mut sink = (!session.is_own()).then(|| session.artefact());
        let beginning = part10(&meta, &[]);
        if let Some(sink) = &mut sink {
            sink.write(&beginning);
        }
        let offset = beginning.len();
        Incoming { sink, head: BytesMut::new(), length: 0, syntax: context.syntax, offset }
    }

    /// Takes the next piece of the data set.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if let Some(sink) = &mut self.sink {
            sink.write(bytes);
        }
        let room = MAX_CHECKED.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }

    /// Ends the artefact, puts the object at hand and tells of it. Gives the status to answer.
    ///
    /// # Errors
    /// [`Unreadable`]; the artefact is kept all the same.
    pub(crate) fn finish(mut self, desk: &Desk, link: &Link, command: &Command) -> Result<u16, Unreadable> {
        let (session, shared) = (&desk.session, &*desk.shared);
        let profile = &shared.profile;
        let sop_class = command.sop_class.clone().unwrap_or_default();
        let sop_instance = command.sop_instance.clone().unwrap_or_default();
        let mut kept = self.sink.take().map(ArtefactSink::finish);
        let deflated = self.syntax == TransferSyntax::Deflated;
        let head = if deflated { inflate(&self.head, MAX_CHECKED) } else { self.head.split().freeze() };
        let mut real = false;
        if let Some(came) = kept.take() {
            let (syntax, offset) = (self.syntax, self.offset);
            let received = Received { head: &head, syntax, offset, kept: &came };
            let taken = traps::stored(desk, link, &sop_instance, &received);
            real = taken.real;
            kept = taken.stays;
        }
        if let Some(kept) = &kept {
            session.emit(Observation::Transfer {
                direction: Direction::Upload,
                name: Tainted::from_bytes(&sop_instance),
                size: kept.size,
                sha256: kept.sha256.clone(),
            });
        }
        let statuses = &profile.table.store.status;
        let status = self.judge(&head, &sop_class, &sop_instance, statuses)?;
        let known = !profile.table.store.checks_sop_class || profile.storage.contains(&sop_class);
        let status = match kept {
            Some(kept) if known && status == statuses.ok && !real => {
                self.put_at_hand(session, shared, &head, &kept)
            }
            Some(_) | None if known || status != statuses.ok => status,
            Some(_) | None => statuses.sop_class,
        };
        report::store(session, command, status);
        if status == statuses.ok {
            session.emit(Observation::RecordWrite {
                subject: RecordKind::Instance,
                count: 1,
                ids: vec![Tainted::from_bytes(&sop_instance)],
            });
        }
        Ok(status)
    }

    fn put_at_hand(&self, session: &Session, shared: &Shared, head: &Bytes, kept: &Artefact) -> u16 {
        let store = &shared.profile.table.store;
        let object = Stored::read(head, self.syntax, self.syntax.uid(), kept, self.offset);
        let Some(object) = object else {
            // A name that can't be one is kept all the same, where no later query looks.
            return if self.names_study(head) { store.status.ok } else { store.status.unplaced };
        };
        let there = || shared.archive.seen(shared.world.at(session.now()), session.overlay());
        if store.duplicates == Duplicates::Kept && there().find_instance(&object.sop_instance).is_some() {
            return store.status.ok;
        }
        match shared.archive.take(session.overlay(), object) {
            Taken::Full => store.status.full,
            Taken::New | Taken::Replaced => store.status.ok,
        }
    }

    fn names_study(&self, head: &Bytes) -> bool {
        let mut elements = Elements::of(head.clone(), self.syntax).map_while(Result::ok);
        elements.any(|element| element.tag == tags::STUDY_INSTANCE_UID && !element.value.is_empty())
    }

    fn judge(
        &self,
        head: &Bytes,
        sop_class: &[u8],
        sop_instance: &[u8],
        status: &StoreStatus,
    ) -> Result<u16, Unreadable> {
        if self.length == 0 {
            return Ok(status.empty);
        }
        let whole = self.length <= u64::try_from(MAX_CHECKED).unwrap_or(u64::MAX);
        let (mut class, mut instance) = (None, None);
        let whole = whole && head.len() < MAX_CHECKED;
        for element in Elements::of(head.clone(), self.syntax) {
            match element {
                Ok(element) if element.tag == tags::SOP_CLASS_UID => class = class.or(Some(element.value)),
                Ok(element) if element.tag == tags::SOP_INSTANCE_UID => {
                    instance = instance.or(Some(element.value))
                }
                Ok(_) => {}
                Err(_) if whole => return Err(Unreadable),
                Err(_) => break,
            }
        }
        let (Some(class), Some(instance)) = (class, instance) else { return Ok(status.not_understood) };
        let same = uid(&class) == sop_class && uid(&instance) == sop_instance;
        Ok(if same { status.ok } else { status.mismatch })
    }
}

fn uid(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|byte| *byte == 0).unwrap_or(value.len());
    value.get(..end).unwrap_or_default().trim_ascii()
}
