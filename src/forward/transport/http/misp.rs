//! MISP adds an event once; from then on it is edited.

use std::io;

use serde_json::Value;

use super::answer::Answer;
use super::seal::Sealed;
use super::{Fate, Parcel, Poster};
use crate::forward::Api;

/// Whether an event is there already: MISP answers 404 to who adds it again.
pub(super) fn is_known(answer: &Answer) -> bool {
    says(answer, "already exists")
}

/// Whether this revision or a later one is there already.
fn is_there(answer: &Answer) -> bool {
    says(answer, "not newer than the local copy")
}

fn says(answer: &Answer, words: &str) -> bool {
    let Some(Value::Object(body)) = answer.json() else { return false };
    !answer.is_success() && body.values().filter_map(Value::as_str).any(|text| text.contains(words))
}

impl Poster {
    /// Edits the event of an alert, which its own id names.
    pub(super) async fn edit(&mut self, parcels: &[Parcel]) -> io::Result<Vec<Fate>> {
        let Some(parcel) = parcels.first() else { return Ok(Vec::new()) };
        let event: Value = serde_json::from_slice(&parcel.body)?;
        let id = event.pointer("/Event/uuid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let path = self.target.path().strip_suffix("/add").unwrap_or_default();
        let path = format!("{path}/edit/{id}");
        let sealed = Sealed { body: parcel.body.clone(), query: String::new(), signature: None };
        let answer = self.post_again_if_stale(Some(&path), &parcel.key, sealed).await?;
        if is_there(&answer) {
            return Ok(vec![Fate::Settled]);
        }
        Ok(answer.fates(Api::Misp, parcels.len()))
    }
}
