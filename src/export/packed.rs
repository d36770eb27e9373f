//! A bag as one ZIP file.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Where the file grows until it is whole.
pub(super) fn growing(to: &Path) -> PathBuf {
    to.with_extension("zip.growing")
}

/// Packs a folder; all names begin with the file's own, as RFC 8493 section 4 asks.
pub(super) fn pack(folder: &Path, to: &Path) -> io::Result<()> {
    let name = to.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut archive = ZipWriter::new(File::create_new(growing(to))?);
    add(&mut archive, folder, &name)?;
    archive.finish()?.sync_all()?;
    fs::rename(growing(to), to)
}

fn add(archive: &mut ZipWriter<File>, folder: &Path, name: &str) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            add(archive, &entry.path(), &inner)?;
            continue;
        }
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .large_file(entry.metadata()?.len() >= u64::from(u32::MAX));
        archive.start_file(inner, options)?;
        io::copy(&mut File::open(entry.path())?, archive)?;
    }
    Ok(())
}
