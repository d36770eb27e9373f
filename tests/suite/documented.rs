//! `docs/events.md` names every field there is, and no other.

use std::collections::BTreeSet;

use honeyward::event::alert::Reason;
use honeyward::event::observation::{
    AuthMethod, Change, CloseReason, Direction, FileDigest, Handling, Mark, RecordKind,
};
use honeyward::event::system::Aged;
use honeyward::event::wish::Decision;
use honeyward::event::{Alert, Detail, Observation, Origin, Root, Severity, Stamp, SystemEvent};
use honeyward::store::{Access, Counts, SessionRow};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const DOCS: &str = include_str!("../../docs/events.md");

/// A name that no field or variant has.
const NONE: &str = "\u{1}";

/// The names that serde says it would have taken.
fn expected<T: DeserializeOwned>(value: Value) -> BTreeSet<String> {
    let error = serde_json::from_value::<T>(value).err().expect("refused").to_string();
    let (_, names) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// First cells of the tables of one section, its subsections left out.
fn documented(heading: &str) -> BTreeSet<String> {
    let marked = format!("\n{heading}\n");
    let (_, section) = DOCS.split_once(&marked).unwrap_or_else(|| panic!("no section {heading}"));
    let rows = section.lines().take_while(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.strip_prefix("| `")?.split('`').next()).map(str::to_owned).collect()
}

/// Names of the subsections of a section.
fn subsections(heading: &str) -> BTreeSet<String> {
    let (_, section) = DOCS.split_once(&format!("\n{heading}\n")).expect("the section");
    let lines = section.lines().take_while(|line| !line.starts_with("## "));
    lines.filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).map(str::to_owned).collect()
}

fn variants_agree<T: DeserializeOwned>(tag: &str, heading: &str) {
    let variants = expected::<T>(json!({ tag: NONE }));
    assert_eq!(variants, subsections(heading), "{heading}");
    for variant in variants {
        let fields = expected::<T>(json!({ tag: variant, NONE: 0 }));
        assert_eq!(fields, documented(&format!("### `{variant}`")), "{variant}");
    }
}

fn fields_agree<T: DeserializeOwned>(heading: &str) {
    assert_eq!(expected::<T>(json!({ NONE: 0 })), documented(heading), "{heading}");
}

fn words_agree<T: DeserializeOwned>(heading: &str) {
    assert_eq!(expected::<T>(json!(NONE)), documented(heading), "{heading}");
}

#[test]
fn every_event_and_field_is_documented() {
    variants_agree::<Observation>("what", "## Observations");
    variants_agree::<SystemEvent>("what", "## System events");
    variants_agree::<Detail>("protocol", "## Detail");
    fields_agree::<Origin>("## Origin");
    fields_agree::<FileDigest>("## FileDigest");
    fields_agree::<Change>("## Change");
    fields_agree::<Root>("## Root");
    fields_agree::<Stamp>("## Stamp");
}

#[test]
fn every_word_is_documented() {
    words_agree::<Aged>("### Aged");
    words_agree::<CloseReason>("### CloseReason");
    words_agree::<Mark>("### Mark");
    words_agree::<AuthMethod>("### AuthMethod");
    words_agree::<RecordKind>("### RecordKind");
    words_agree::<Handling>("### Handling");
    words_agree::<Direction>("### Direction");
    words_agree::<Severity>("### Severity");
    words_agree::<Decision>("### Decision");
}

#[test]
fn alerts_and_sessions_are_documented() {
    fields_agree::<Alert>("## Alerts");
    fields_agree::<Reason>("### Reason");
    fields_agree::<SessionRow>("### `honeyward sessions --json`");
    fields_agree::<Access>("#### Access");
    fields_agree::<Counts>("#### Counts");
}
