//! Signs what the chain holds, from time to time. The root is a record itself, so that each one is
//! covered by the next.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::couriers::Voice;
use super::patiently;
use crate::app::Layout;
use crate::event::SystemEvent;
use crate::runtime::Shutdown;
use crate::store::root::end_of;
use crate::store::{Head, Reader, Signer, StoreError};

/// How often it is looked whether a root is due.
const PERIOD: Duration = Duration::from_secs(10);

/// Who signs, and how often.
pub(super) struct Notary {
    pub(super) signer: Signer,
    pub(super) every: Duration,
    pub(super) sm3: bool,
}

/// Signs until told to stop. What came before the start is signed at once: nobody did so since.
pub(super) async fn run(layout: Layout, notary: Notary, voice: Voice, mut ear: Shutdown) {
    let signed = patiently(
        &ear,
        |error| tracing::warn!(%error, "the chain is not signed yet"),
        || Signing::last(&layout),
    );
    let mut signing = match signed.await {
        Ok(Some((reader, signed))) => Signing { reader, notary, signed, last: None },
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "the chain is not signed"),
    };
    loop {
        match tokio::task::block_in_place(|| signing.renew(Timestamp::now())) {
            Ok(Some(event)) => voice.say(event),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the chain is not signed yet"),
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

struct Signing {
    reader: Reader,
    notary: Notary,
    /// Up to where it is signed.
    signed: Head,
    /// When the last root of this run was made.
    last: Option<Timestamp>,
}

impl Signing {
    /// A reader, and up to where it is signed.
    fn last(layout: &Layout) -> Result<(Reader, Head), StoreError> {
        let reader = Reader::open(&layout.store()?)?;
        let mut signed = Head::EMPTY;
        for record in reader.records_after(0, "system/chain_root")? {
            signed = record.root().map_or(signed, end_of);
        }
        Ok((reader, signed))
    }

    /// A root, when one is due. A clock that was set back does not put it off by more than a period.
    fn renew(&mut self, now: Timestamp) -> Result<Option<SystemEvent>, StoreError> {
        let every = SignedDuration::try_from(self.notary.every).unwrap_or(SignedDuration::MAX);
        if self.last.is_some_and(|last| now.duration_since(last).abs() < every) {
            return Ok(None);
        }
        let root = self.notary.signer.root(&self.reader, self.signed, self.notary.sm3, now)?;
        let Some(root) = root else { return Ok(None) };
        self.signed = end_of(&root);
        self.last = Some(now);
        Ok(Some(SystemEvent::ChainRoot { root }))
    }
}
