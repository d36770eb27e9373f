//! What the rest of the appliance gives the console of its settings: to show them, to check a wish, to try
//! a destination. Nothing here changes anything: that is core's, when it is told.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::event::wish::Wish;

/// Shows all settings.
pub type Show = Box<dyn Fn() -> Result<Shown, String> + Send + Sync>;

/// Checks what somebody wants.
pub type Check = Box<dyn Fn(&Wish, &str) -> Checked + Send + Sync>;

/// Sends a marked test alert to a destination.
pub type Try = Box<dyn Fn(&str) -> Result<Tried, String> + Send + Sync>;

/// Counts what each allowance downgraded in the last hours, by its name.
pub type Count = Box<dyn Fn(u16) -> Result<Vec<Counted>, String> + Send + Sync>;

/// Proposes allowances for sources that came back in the last days.
pub type Propose = Box<dyn Fn(u16) -> Result<Vec<Value>, String> + Send + Sync>;

/// The settings as the console sees them.
pub struct Desk {
    /// All of them.
    pub show: Show,
    /// What is wrong with a wish of a user's.
    pub check: Check,
    /// Whether a destination takes a test alert.
    pub try_destination: Try,
    /// What allowances did.
    pub count: Count,
    /// What they might cover: tables as `honeyward allowances proposed --json` gives them.
    pub propose: Propose,
    /// Where certificates and secrets go that users give; core reads them there.
    pub files: PathBuf,
    /// Where bundles wait to be taken.
    pub bundles: PathBuf,
    /// Where the files of baits are, a folder each.
    pub lure_files: PathBuf,
}

/// What is to be said of a wish before it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Keys and what is wrong with them, in plain words.
    pub problems: Vec<(String, String)>,
    /// Whether it is of the kind that a second person looks at.
    pub weighty: bool,
}

/// How a test went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// Id of the test alert.
    pub id: String,
    /// Where it went.
    pub place: String,
    /// Milliseconds until the receiver had taken it, or had failed to.
    pub milliseconds: u64,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// What an allowance downgraded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// Its name.
    pub name: String,
    /// Events.
    pub events: u64,
    /// Addresses.
    pub sources: usize,
    /// The last of them.
    pub last: Option<Timestamp>,
}

/// All settings that the console shows.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// Destinations of alerts.
    pub destinations: Vec<ShownDestination>,
    /// Allowances.
    pub allowances: Vec<ShownAllowance>,
    /// Baits for the hospital's own machines.
    pub lures: Vec<ShownLure>,
    /// Kinds of baits that can be made.
    pub kinds: Vec<&'static str>,
    /// Earlier settings, newest first.
    pub versions: Vec<Version>,
    /// MiB of the disk that packets may fill from the next start on.
    pub quota_mib: u64,
    /// The same as it is now.
    pub quota_mib_now: u64,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The operator's config file: it is not the console's to change.
    File,
    /// The console.
    Console,
    /// The console, but the config file has one of this name by now, which goes first.
    Hidden,
}

/// One destination.
#[derive(Debug, Clone, Serialize)]
pub struct ShownDestination {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub place: String,
    /// Where the setting comes from.
    pub from: From,
    /// Its table, files by their names, without the content of any.
    pub settings: Value,
}

/// One allowance.
#[derive(Debug, Clone, Serialize)]
pub struct ShownAllowance {
    /// Its name.
    pub name: String,
    /// How it stands: `active`, `expiring`, `expired`.
    pub standing: String,
    /// Where the setting comes from.
    pub from: From,
    /// Its table.
    pub settings: Value,
}

/// One bait.
#[derive(Debug, Clone, Serialize)]
pub struct ShownLure {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: &'static str,
    /// The machine that it is put on.
    pub endpoint: String,
    /// Where on that machine.
    pub path: String,
    /// The deception host that it leads to.
    pub host: String,
    /// What the hospital wants to remember.
    pub note: String,
    /// When it was made.
    pub minted: Timestamp,
    /// When it was withdrawn.
    pub revoked: Option<Timestamp>,
    /// Whether its file can be taken here.
    pub file: bool,
}

/// One version of the settings that the console made.
#[derive(Debug, Clone, Serialize)]
pub struct Version {
    /// Its number.
    pub version: u64,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// Who asked for it.
    pub by: String,
    /// What changed.
    pub change: String,
}
