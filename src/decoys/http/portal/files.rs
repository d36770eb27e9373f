//! Files that a user hangs on a patient. Kept as artefacts, read back to the same intruder only,
//! and never run: they come back as plain downloads.

use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::super::answer::Answer;
use super::super::attacks;
use super::super::form;
use super::super::tomcat::TomcatError;
use super::{Visit, found, rows};
use crate::event::observation::RecordKind;
use crate::event::{Observation, Tainted};

/// Most files on one patient.
const MOST: usize = 32;
/// Longest file name that is shown, characters.
const MAX_NAME: usize = 128;
/// Largest file: no request is larger.
const MAX_FILE: usize = 1 << 20;

/// One file, as the overlay keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Attachment {
    name: String,
    size: u64,
    sha256: String,
    at: jiff::Timestamp,
    by: String,
}

/// The files of a patient, for his page.
pub(crate) fn list(visit: &Visit<'_>, mrn: &str) -> Vec<Value> {
    let view = visit.view();
    let keys = visit.session.overlay().keys(&prefix(mrn));
    keys.iter()
        .enumerate()
        .filter_map(|(number, key)| Some((number, load(visit, key)?)))
        .map(|(number, file)| {
            context! {
                number,
                name => file.name,
                size => file.size,
                at => rows::time(&view, file.at),
                by => file.by,
            }
        })
        .collect()
}

/// Takes the files of a multipart form.
pub(crate) fn upload(visit: &Visit<'_>, mrn: &str) -> Answer {
    let view = visit.view();
    let Some(patient) = view.patient_by_mrn(mrn) else { return visit.not_found() };
    let Some(boundary) = visit.header("Content-Type").and_then(form::boundary) else {
        let message = "Current request is not a multipart request";
        return visit.error(TomcatError::Internal, Some(message));
    };
    for part in form::parts(visit.body, boundary) {
        if let Some(name) = part.file.as_deref().filter(|n| !n.is_empty()) {
            keep(visit, &patient.mrn, name, part.body);
        }
    }
    visit.redirect(&format!("/patient/{}#files", patient.mrn))
}

fn keep(visit: &Visit<'_>, mrn: &str, name: &str, body: &[u8]) {
    if attacks::is_web_shell(name) {
        visit.session.emit(Observation::ExploitAttempt {
            weakness: "webshell-upload".to_owned(),
            payload: Tainted::new(name),
        });
    }
    let kept = visit.session.keep(Tainted::new(name), body);
    let overlay = visit.session.overlay();
    let count = overlay.keys(&prefix(mrn)).len();
    let file = Attachment {
        name: name.chars().take(MAX_NAME).collect(),
        size: kept.size,
        sha256: kept.sha256,
        at: visit.now,
        by: visit.user().map(|a| a.full_name.clone()).unwrap_or_default(),
    };
    let Ok(value) = serde_json::to_vec(&file) else { return };
    if count < MOST && overlay.put(format!("{}{count:03}", prefix(mrn)), value) {
        visit.session.emit(Observation::RecordWrite {
            subject: RecordKind::File,
            count: 1,
            ids: vec![Tainted::new(name)],
        });
    }
}

/// Gives a file back.
pub(crate) fn download(visit: &Visit<'_>, mrn: &str, number: &str) -> Option<Answer> {
    let keys = visit.session.overlay().keys(&prefix(mrn));
    let file = load(visit, keys.get(number.parse::<usize>().ok()?)?)?;
    let body = visit.session.read_artefact(&file.sha256, MAX_FILE)?;
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(&file.name));
    let answer = found(200).typed("application/octet-stream").with_body(body);
    Some(answer.with("Content-Disposition", disposition))
}

fn load(visit: &Visit<'_>, key: &str) -> Option<Attachment> {
    serde_json::from_slice(&visit.session.overlay().get(key)?).ok()
}

fn prefix(mrn: &str) -> String {
    format!("http:attachment:{mrn}:")
}

/// RFC 8187 encoding of a file name.
fn percent(name: &str) -> String {
    name.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_') {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
