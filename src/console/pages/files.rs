//! Files that intruders left: taken out only sealed.

use super::reader;
use crate::console::accounts::Role;
use crate::console::answer::Answer;
use crate::console::router::{Refusal, Visit};
use crate::console::sealed;
use crate::record::artefacts;
use crate::store::SessionFilter;

/// Largest file that a browser gets; larger ones are the command line's.
const LARGEST: usize = 256 << 20;

/// Bytes of a file whose entropy is told.
const LOOKED_AT: usize = 1 << 20;

/// Gives a file out in a sealed archive.
pub(in crate::console) fn download(visit: &Visit<'_>, sha256: &str) -> Result<Answer, Refusal> {
    visit.needs(Role::takes_evidence)?;
    let folder = &visit.console.given.places.artefacts;
    // Only what sessions left: the name is no way to other files.
    let filter =
        SessionFilter { sha256: Some(sha256.to_owned()), limit: Some(1), ..SessionFilter::default() };
    if artefacts::path(folder, sha256).is_none() || reader(visit)?.sessions(&filter)?.is_empty() {
        return Err(Refusal::NotFound);
    }
    let content = artefacts::read(folder, sha256, LARGEST + 1).map_err(|_| Refusal::NotFound)?;
    if content.len() > LARGEST {
        return Err(Refusal::TooLong);
    }
    let archive = sealed::zip(&format!("{sha256}.bin"), &content, rand::random()).ok_or(Refusal::TooLong)?;
    visit.tell("took file", sha256);
    Ok(Answer::file("application/zip", &format!("{sha256}.zip"), archive))
}

/// Entropy of the beginning of a kept file, as bits per byte; none when it is not kept.
pub(in crate::console) fn entropy(visit: &Visit<'_>, sha256: &str) -> Option<String> {
    let beginning = artefacts::read(&visit.console.given.places.artefacts, sha256, LOOKED_AT).ok()?;
    let hundredths = sealed::entropy(&beginning);
    Some(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}
