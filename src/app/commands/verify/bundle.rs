//! A bundle that somebody holds.

use std::path::Path;

use crate::app::cli::Json;
use crate::app::exit::Exit;
use crate::app::output::{say, say_json};
use crate::export;
use crate::store::Known;

/// Checks it and says what was found.
pub(super) fn run(path: &Path, known: &Known, json: &Json) -> Exit {
    let checked = match export::check(path, known) {
        Ok(checked) => checked,
        Err(error) => return Exit::Could(format!("{}: {error}", path.display())),
    };
    if json.json {
        say_json(&checked);
    } else {
        for fault in &checked.faults {
            say(&format!("{}: {}: {}", super::super::word(&fault.verdict), fault.place, fault.problem));
        }
        let (files, records, roots) = (checked.files, checked.records, checked.roots);
        if checked.ok {
            say(&format!("Bundle good: {files} files, {records} records under {roots} signed roots."));
        } else {
            say(&format!("BROKEN: {} faults in {files} files and {records} records.", checked.faults.len()));
        }
        say(&format!("Signed by {}", checked.key));
        if known.key.is_none() {
            say("Compare this key with the one that was written down when the appliance was installed.");
        }
    }
    if checked.ok { Exit::Done } else { Exit::Finding }
}
