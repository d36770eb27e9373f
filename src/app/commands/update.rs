//! `honeyward update check`: whether an update file is whole and signed, before it is taken to an appliance.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::Path;

use crate::app::exit::Exit;
use crate::app::output::say;
use crate::appliance::update::file::{self, Manifest, Refused};

/// Checks and says what it is.
pub(crate) fn check(update: &Path, key: &Path) -> Exit {
    let key = match fs::read(key) {
        Ok(key) => key,
        Err(error) => return Exit::Could(format!("{}: {error}", key.display())),
    };
    match whole(update, &key) {
        Ok(manifest) => {
            say(&format!(
                "version {}, release {}: whole, and signed with this key",
                manifest.version, manifest.release
            ));
            Exit::Done
        }
        Err(Refused::Io(error)) => Exit::Could(format!("{}: {error}", update.display())),
        Err(refused) => {
            say(&refused.to_string());
            Exit::Finding
        }
    }
}

fn whole(update: &Path, key: &[u8]) -> Result<Manifest, Refused> {
    let mut input = BufReader::new(File::open(update)?);
    let manifest = file::head(&mut input, key)?;
    match file::copy(&mut input, &manifest, &mut io::sink())? {
        true => Ok(manifest),
        false => Err(Refused::Damaged("its kernel image")),
    }
}
