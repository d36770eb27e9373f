//! Has the newest root stamped by an authority of the hospital's choice (RFC 3161), so that nobody, the
//! appliance's owner included, can claim later that the chain was another one then. The stamp is a record.

use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::couriers::Voice;
use super::patiently;
use crate::app::Layout;
use crate::app::config::Timestamp as Settings;
use crate::event::{Root, Stamp, SystemEvent};
use crate::forward::{Asking, ask};
use crate::runtime::Shutdown;
use crate::store::stamp::{self, Token};
use crate::store::{Reader, StoreError};

/// How often it is looked whether there is a new root; also the first pause after a failure.
const PERIOD: Duration = Duration::from_secs(10);

/// Longest pause between two attempts: an authority that is away for a day is asked when it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// Asks until told to stop.
pub(super) async fn run(layout: Layout, settings: Settings, voice: Voice, mut ear: Shutdown) {
    let opened = patiently(
        &ear,
        |error| tracing::warn!(%error, "the chain is not stamped yet"),
        || Stamping::last(&layout, &settings),
    );
    let mut stamping = match opened.await {
        Ok(Some(stamping)) => stamping,
        Ok(None) => return,
        Err(error) => return tracing::error!(%error, "the chain is not stamped"),
    };
    let mut pause = PERIOD;
    loop {
        match stamping.renew().await {
            Ok(event) => {
                pause = PERIOD;
                event.into_iter().for_each(|event| voice.say(event));
            }
            Err(reason) => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                tracing::warn!(reason, "the chain is not stamped yet");
                stamping.refused(reason).into_iter().for_each(|event| voice.say(event));
            }
        }
        tokio::select! {
            () = ear.requested() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

struct Stamping {
    reader: Reader,
    settings: Settings,
    /// The newest root, and the record that holds it.
    newest: Option<(u64, Root)>,
    /// Last record of the last root that is stamped.
    stamped: u64,
    /// Whether it was told that none can be had.
    told: bool,
}

impl Stamping {
    fn last(layout: &Layout, settings: &Settings) -> Result<Self, StoreError> {
        let reader = Reader::open(&layout.store()?)?;
        let stamps = reader.records_after(0, "system/chain_stamp")?;
        let stamped =
            stamps.iter().filter_map(|record| record.stamp()).map(|stamp| stamp.to).max().unwrap_or(0);
        Ok(Stamping { reader, settings: settings.clone(), newest: None, stamped, told: false })
    }

    /// A stamp, when there is a root without one. One stamp holds for all roots before it.
    async fn renew(&mut self) -> Result<Option<SystemEvent>, String> {
        let root = tokio::task::block_in_place(|| self.newest()).map_err(|error| error.to_string())?;
        let Some(root) = root.filter(|root| root.to > self.stamped) else { return Ok(None) };
        let digest = stamp::digest(&root);
        let settings = self.settings.clone();
        let (response, token) = Box::pin(asked(&settings, &digest)).await?;
        self.stamped = root.to;
        self.told = false;
        let stamp = Stamp {
            to: root.to,
            digest: hex::encode(digest),
            at: token.at,
            authority: self.settings.url.clone(),
            response: STANDARD.encode(response),
        };
        Ok(Some(SystemEvent::ChainStamp { stamp }))
    }

    /// The newest root in the store.
    fn newest(&mut self) -> Result<Option<Root>, StoreError> {
        let after = self.newest.as_ref().map_or(0, |(seq, _)| *seq);
        let fresh = self.reader.records_after(after, "system/chain_root")?;
        if let Some(last) = fresh.iter().rev().find_map(|record| Some((record.seq, record.root()?.clone()))) {
            self.newest = Some(last);
        }
        Ok(self.newest.as_ref().map(|(_, root)| root.clone()))
    }

    /// That none can be had is told once until one is.
    fn refused(&mut self, reason: String) -> Option<SystemEvent> {
        let is_news = !std::mem::replace(&mut self.told, true);
        is_news.then(|| SystemEvent::StampRefused { authority: self.settings.url.clone(), reason })
    }
}

/// The authority's answer, which holds.
async fn asked(settings: &Settings, digest: &[u8; 32]) -> Result<(Vec<u8>, Token), String> {
    let nonce = rand::random();
    let asking = Asking {
        url: &settings.url,
        ca: settings.tls_ca.as_deref(),
        proxy: settings.proxy.as_deref(),
        kind: stamp::QUERY,
        authorization: None,
        longest: stamp::LONGEST,
    };
    let response = ask(&asking, stamp::query(digest, nonce)).await.map_err(|error| error.to_string())?;
    let token = Token::read(&response)?;
    if token.digest != digest || !token.answers(nonce) {
        return Err("the authority answered another question".to_owned());
    }
    token.vouched_by(&authorities(&settings.ca)?)?;
    Ok((response, token))
}

fn authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let pem = std::fs::read(file).map_err(|error| said(&error))?;
    CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| said(&error))
}
