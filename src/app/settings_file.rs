//! Settings as one file to keep elsewhere: the config and what users of the console made of it.
//!
//! It holds no secret: not the installation's, no account of the console, no certificate, key or token;
//! destinations name the files of theirs, which are kept and put back on their own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::managed::Managed;

/// The first words of each file.
const FORMAT: &str = "honeyward settings 1";

/// Longest file: some thousands of hosts, destinations and allowances.
pub(crate) const FILE_MAX: u64 = 16 << 20;

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    /// Which form it has.
    format: String,
    /// SHA-256 of the rest: a damaged file is refused.
    sha256: String,
    /// The settings.
    settings: Settings,
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// When.
    pub(crate) made: Timestamp,
    /// By which version of the program.
    pub(crate) program: String,
    /// The text of `honeynet.toml`; none where there was no such file.
    pub(crate) config: Option<String>,
    /// What the console made.
    pub(crate) managed: Managed,
}

impl SettingsFile {
    /// As it is written.
    ///
    /// # Errors
    /// In words, when a value has no form as JSON.
    pub(crate) fn of(settings: Settings) -> Result<Vec<u8>, String> {
        let sha256 = digest(&settings)?;
        let file = SettingsFile { format: FORMAT.to_owned(), sha256, settings };
        serde_json::to_vec_pretty(&file).map_err(|e| e.to_string())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// In words: it is none, or damaged, or of a form that this program does not know.
    pub(crate) fn read(bytes: &[u8]) -> Result<Settings, String> {
        let file: SettingsFile =
            serde_json::from_slice(bytes).map_err(|e| format!("no file of settings: {e}"))?;
        if file.format != FORMAT {
            return Err(format!("format \"{}\": expected \"{FORMAT}\"", file.format));
        }
        if digest(&file.settings)? != file.sha256 {
            return Err("damaged: its SHA-256 is another".to_owned());
        }
        Ok(file.settings)
    }
}

fn digest(settings: &Settings) -> Result<String, String> {
    let bytes = serde_json::to_vec(settings).map_err(|e| e.to_string())?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_and_damage_is_refused() {
        let settings = Settings {
            made: "2026-03-02T02:30:00Z".parse().unwrap(),
            program: "1.2.3".into(),
            config: Some("[host.lis]\naddress = \"10.9.0.13\"\n".into()),
            managed: Managed { version: 7, by: "zhang".into(), ..Managed::default() },
        };
        let bytes = SettingsFile::of(settings.clone()).unwrap();
        assert_eq!(SettingsFile::read(&bytes).unwrap(), settings);
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [("10.9.0.13", "10.9.0.14"), ("settings 1", "settings 2"), ("\"made\"", "\"done\"")]
        {
            assert!(SettingsFile::read(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
