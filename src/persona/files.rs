//! The files of a pack, from the binary or from a folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rust_embed::RustEmbed;

use super::Fault;

/// The pack that is used when the config names none.
pub const DEFAULT_PACK: &str = "chenglan";

/// Largest file of a pack: pages, templates and small images; more is a mistake.
const MAX_FILE: u64 = 8 << 20;

#[derive(RustEmbed)]
#[folder = "personas/"]
struct Embedded;

/// All files of one pack by path below its folder, `/` as separator.
#[derive(Clone, Debug)]
pub struct PackFiles {
    /// What to call the folder in messages.
    root: String,
    files: Arc<BTreeMap<String, Vec<u8>>>,
}

impl PackFiles {
    /// A pack that is part of the binary.
    ///
    /// # Errors
    /// A [`Fault`] when there is no such pack.
    pub fn embedded(name: &str) -> Result<Self, Fault> {
        let prefix = format!("{name}/");
        let files: BTreeMap<_, _> = Embedded::iter()
            .filter_map(|path| {
                let below = path.strip_prefix(&prefix)?.to_owned();
                Some((below, Embedded::get(&path)?.data.into_owned()))
            })
            .collect();
        if files.is_empty() {
            return Err(Fault::of_file(format!("personas/{name}"), "no such pack is part of this binary"));
        }
        Ok(PackFiles { root: format!("personas/{name}"), files: Arc::new(files) })
    }

    /// A pack in a folder on disk.
    ///
    /// # Errors
    /// A [`Fault`] naming the file that can't be read or is too large.
    pub fn folder(root: &Path) -> Result<Self, Fault> {
        let mut files = BTreeMap::new();
        read_below(root, "", &mut files)?;
        Ok(PackFiles { root: root.display().to_string(), files: Arc::new(files) })
    }

    /// The same with another file in the place of one.
    pub fn replacing(mut self, path: &str, bytes: Vec<u8>) -> Self {
        Arc::make_mut(&mut self.files).insert(path.to_owned(), bytes);
        self
    }

    /// The bytes of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// The UTF-8 text of a file.
    ///
    /// # Errors
    /// A [`Fault`] when it is missing or not UTF-8.
    pub fn text(&self, path: &str) -> Result<&str, Fault> {
        let bytes = self.get(path).ok_or_else(|| Fault::of_file(self.display(path), "file is missing"))?;
        std::str::from_utf8(bytes).map_err(|_| Fault::of_file(self.display(path), "expected UTF-8 text"))
    }

    /// Paths below a folder of the pack, sorted.
    pub fn below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.files.keys().map(String::as_str).filter(move |path| path.starts_with(folder))
    }

    /// How messages name a file.
    pub fn display(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }
}

fn read_below(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Fault> {
    let fault =
        |e: std::io::Error| Fault::of_file(folder.display().to_string(), format!("can't be read: {e}"));
    for entry in std::fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if path.is_dir() {
            read_below(&path, &format!("{name}/"), files)?;
            continue;
        }
        let size = entry.metadata().map_err(fault)?.len();
        if size > MAX_FILE {
            return Err(Fault::of_file(
                path.display().to_string(),
                format!("{size} bytes: a pack's file has at most {MAX_FILE}"),
            ));
        }
        let bytes = std::fs::read(&path)
            .map_err(|e| Fault::of_file(path.display().to_string(), format!("can't be read: {e}")))?;
        files.insert(name, bytes);
    }
    Ok(())
}
