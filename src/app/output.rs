//! Standard output, for commands.

use std::io::{self, Write};

use serde::Serialize;

/// Prints a line. A reader that went away (`| head`) is no fault of ours.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Prints one object as a line of JSON.
pub(crate) fn say_json(value: &impl Serialize) {
    say(&serde_json::to_string(value).unwrap_or_default());
}
