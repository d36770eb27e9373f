//! A bag to be read: a folder or a ZIP file. Nothing is unpacked to the disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

/// Deepest folder that is looked into: ours have three.
const DEPTH: usize = 8;

/// Largest list that is read into memory: a year of roots and a million proofs are below.
const LIST_CAP: u64 = 2 << 30;

/// Where the bag's files are.
pub(super) enum Source {
    Folder(PathBuf),
    /// With what all names begin with.
    Packed(ZipArchive<File>, String),
}

impl Source {
    /// Opens it.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Ok(Source::Folder(path.to_owned()));
        }
        let archive = ZipArchive::new(File::open(path)?)?;
        let tag =
            archive.file_names().flatten().find_map(|name| name.strip_suffix("bagit.txt").map(str::to_owned));
        let missing = || io::Error::new(io::ErrorKind::InvalidData, "it holds no bagit.txt");
        let prefix = tag.ok_or_else(missing)?;
        Ok(Source::Packed(archive, prefix))
    }

    /// All files, by their names from where `bagit.txt` is.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = match self {
            Source::Folder(root) => {
                let mut names = Vec::new();
                walk(root, "", &mut names, DEPTH)?;
                names
            }
            Source::Packed(archive, prefix) => archive
                .file_names()
                .flatten()
                .filter(|name| !name.ends_with('/'))
                .map(|name| name.strip_prefix(prefix.as_str()).unwrap_or(&name).to_owned())
                .collect(),
        };
        names.sort();
        Ok(names)
    }

    /// Does something with the bytes of a file.
    pub(super) fn with<T>(
        &mut self,
        name: &str,
        look: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> io::Result<T> {
        match self {
            Source::Folder(root) => {
                // Names come from lists that anybody may have written: none leads out of the folder.
                if name.split('/').any(|part| part == ".." || part.is_empty()) {
                    return Err(io::ErrorKind::InvalidInput.into());
                }
                look(&mut File::open(root.join(name))?)
            }
            Source::Packed(archive, prefix) => look(&mut archive.by_name(&format!("{prefix}{name}"))?),
        }
    }

    /// A file as a whole.
    pub(super) fn bytes(&mut self, name: &str) -> io::Result<Vec<u8>> {
        self.with(name, |file| {
            let mut bytes = Vec::new();
            file.take(LIST_CAP).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    /// A file as text.
    pub(super) fn text(&mut self, name: &str) -> io::Result<String> {
        String::from_utf8(self.bytes(name)?)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

fn walk(folder: &Path, before: &str, names: &mut Vec<String>, depth: usize) -> io::Result<()> {
    let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), names, depth)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
