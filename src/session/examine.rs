//! What a peer handed over, looked at once it is whole.

use bytes::Bytes;

use super::{Artefact, Session};
use crate::event::observation::Direction;
use crate::event::{Observation, Tainted};
use crate::wire::content::{Finding, inspect};

/// Most bytes of a file that are looked at: an object's elements before its pixels, a whole document.
const EXAMINED: usize = 16 << 20;

/// Most bytes of one payload that are kept again by themselves.
const MAX_PAYLOAD: usize = 4 << 20;

impl Session {
    /// Tells what a file is and what it carries, before its transfer is told. What it carries as an
    /// attack is an exploit attempt, and kept by itself as well. Nothing is unpacked or run.
    ///
    /// A file that is over the quota was never kept and stays unknown. Gives whether it carries an
    /// attack.
    pub fn examine(&self, name: &Tainted, kept: &Artefact) -> bool {
        let Some(bytes) = self.read_artefact(&kept.sha256, EXAMINED) else { return false };
        let file = Bytes::from(bytes);
        let report = self.heavy(|| inspect(&file));
        for finding in &report.found {
            self.carries(name, &file, finding);
        }
        let attack = report.found.iter().any(|finding| finding.weakness.is_some());
        self.emit(Observation::Content {
            sha256: kept.sha256.clone(),
            media: report.kind.media().to_owned(),
            found: report.found.into_iter().map(|finding| finding.what).collect(),
        });
        attack
    }

    fn carries(&self, name: &Tainted, file: &Bytes, finding: &Finding) {
        let Some(weakness) = finding.weakness else { return };
        let end = finding.at.end.min(file.len()).min(finding.at.start.saturating_add(MAX_PAYLOAD));
        let payload = file.get(finding.at.start..end).unwrap_or_default();
        let mut said = format!("{}, {} bytes", finding.what, payload.len());
        // What is the whole file is kept as such.
        let part = (payload.len() < file.len()).then(|| self.keep_part(payload));
        if let Some(part) = &part {
            said.push_str(", sha256 ");
            said.push_str(&part.sha256);
        }
        self.emit(Observation::ExploitAttempt { weakness: weakness.to_owned(), payload: said.into() });
        if let Some(part) = part {
            self.emit(Observation::Transfer {
                direction: Direction::Upload,
                name: format!("{} of {}", finding.what, name.as_untrusted()).into(),
                size: part.size,
                sha256: part.sha256,
            });
        }
    }

    fn keep_part(&self, payload: &[u8]) -> Artefact {
        let mut sink = self.artefact();
        sink.write(payload);
        sink.finish()
    }
}
