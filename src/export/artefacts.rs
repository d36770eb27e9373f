//! What intruders left, in an archive that no scanner opens and no one starts by mistake.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

use super::bag::{About, Bag};
use super::{Case, PASSWORD, Places, table};
use crate::event::SessionId;
use crate::record::artefacts;

/// Where the archive is in the bag.
pub(super) const ARCHIVE: &str = "artefacts.zip";

/// One file with all the names it came under.
struct Artefact {
    names: Vec<(SessionId, String)>,
    size: u64,
    path: Option<PathBuf>,
}

/// Adds the archive, if there is anything to put into it, and a list.
pub(super) fn add(bag: &mut Bag, case: &Case, places: &Places, absent: &mut Vec<String>) -> io::Result<()> {
    let found = gather(case, places);
    if found.is_empty() {
        return Ok(());
    }
    let about = |zh, en| About { zh, en, category: "恶意程序样本", source: "artefacts".into() };
    bag.bytes("artefacts.csv", about("留存文件清单", "list of artefacts"), list(&found).as_bytes())?;
    for (sha256, artefact) in &found {
        if artefact.path.is_none() {
            absent.push(format!("artefact {sha256}: known by its digest only"));
        }
    }
    if found.values().any(|artefact| artefact.path.is_some()) {
        write(bag.place(ARCHIVE), &found)?;
        bag.placed(ARCHIVE, about("留存文件（加密，口令 infected）", "artefacts, password infected"))?;
    }
    Ok(())
}

fn gather(case: &Case, places: &Places) -> BTreeMap<String, Artefact> {
    let mut found: BTreeMap<String, Artefact> = BTreeMap::new();
    for taken in &case.sessions {
        for (name, size, sha256) in taken.uploads() {
            let artefact = found.entry(sha256.to_owned()).or_insert_with(|| Artefact {
                names: Vec::new(),
                size,
                path: artefacts::path(&places.artefacts, sha256).filter(|path| path.is_file()),
            });
            artefact.names.push((taken.row.id, name));
        }
    }
    found
}

fn list(found: &BTreeMap<String, Artefact>) -> String {
    let mut text = format!("{}{}", table::MARK, table::row(&["sha256", "size", "kept", "session", "name"]));
    for (sha256, artefact) in found {
        for (session, name) in &artefact.names {
            let kept = if artefact.path.is_some() { "yes" } else { "no" };
            text.push_str(&table::row(&[
                sha256,
                &artefact.size.to_string(),
                kept,
                &session.to_string(),
                name,
            ]));
        }
    }
    text
}

/// Names inside are digests: what the peer called a file may be a path, or a trap.
fn write(place: PathBuf, found: &BTreeMap<String, Artefact>) -> io::Result<()> {
    let mut archive = ZipWriter::new(File::create_new(place)?);
    for (sha256, artefact) in found {
        let Some(path) = &artefact.path else { continue };
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(artefact.size >= u64::from(u32::MAX))
            .with_aes_encryption(AesMode::Aes256, PASSWORD);
        archive.start_file(format!("{sha256}.bin"), options)?;
        io::copy(&mut File::open(path)?, &mut archive)?;
    }
    archive.finish()?.sync_all()
}
