//! The bag: payload, lists of digests, and a signature over the list of lists (RFC 8493).

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256, Sha512};
use sm3::Sm3;

use super::{Case, Custody};
use crate::store::Signer;

/// What a file is, for the list of electronic data.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// Its name, Chinese.
    pub(super) zh: &'static str,
    /// Its name, English.
    pub(super) en: &'static str,
    /// Its category, Chinese.
    pub(super) category: &'static str,
    /// What it was taken from.
    pub(super) source: String,
}

/// A file of the payload, as it is listed.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    /// Below `data/`.
    pub(super) path: String,
    pub(super) about: About,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) sha512: String,
    pub(super) sm3: String,
}

/// A bag that is being filled.
pub(super) struct Bag {
    root: PathBuf,
    files: Vec<Filed>,
}

impl Bag {
    /// A bag in this folder, which is empty.
    pub(super) fn new(root: &Path) -> Self {
        Bag { root: root.to_owned(), files: Vec::new() }
    }

    /// What is in it so far.
    pub(super) fn files(&self) -> &[Filed] {
        &self.files
    }

    /// How many files, and how many bytes.
    pub(super) fn size(&self) -> (usize, u64) {
        (self.files.len(), self.files.iter().map(|file| file.size).sum())
    }

    /// Adds a file of these bytes.
    pub(super) fn bytes(&mut self, path: &str, about: About, bytes: &[u8]) -> io::Result<()> {
        self.fill(path, about, |out| out.write_all(bytes))
    }

    /// Adds a copy of a file.
    pub(super) fn file(&mut self, path: &str, about: About, from: &Path) -> io::Result<()> {
        self.fill(path, about, |out| io::copy(&mut File::open(from)?, out).map(drop))
    }

    /// Adds a file that is written bit by bit.
    pub(super) fn fill(
        &mut self,
        path: &str,
        about: About,
        write: impl FnOnce(&mut Hashing<BufWriter<File>>) -> io::Result<()>,
    ) -> io::Result<()> {
        let place = self.root.join("data").join(path);
        fs::create_dir_all(place.parent().unwrap_or(&self.root))?;
        let mut out = Hashing::new(BufWriter::new(File::create_new(&place)?));
        write(&mut out)?;
        out.flush()?;
        self.listed(path, about, out);
        Ok(())
    }

    /// Adds a file that its writer has put in its place already.
    pub(super) fn placed(&mut self, path: &str, about: About) -> io::Result<()> {
        let mut hashing = Hashing::new(io::sink());
        io::copy(&mut File::open(self.place(path))?, &mut hashing)?;
        self.listed(path, about, hashing);
        Ok(())
    }

    /// Where a file of the payload is.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.root.join("data").join(path)
    }

    fn listed<W>(&mut self, path: &str, about: About, hashing: Hashing<W>) {
        self.files.push(Filed {
            path: path.to_owned(),
            about,
            size: hashing.size,
            sha256: hex::encode(hashing.sha256.finalize()),
            sha512: hex::encode(hashing.sha512.finalize()),
            sm3: hex::encode(hashing.sm3.finalize()),
        });
    }

    /// Writes the lists and signs them; gives the SHA-256 of the list of lists.
    pub(super) fn finish(mut self, case: &Case, custody: &Custody, signer: &Signer) -> io::Result<String> {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut tags =
            vec![("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n".to_owned())];
        tags.push(("bag-info.txt", self.information(case, custody, signer)));
        let list = |digest: fn(&Filed) -> &str| -> String {
            self.files.iter().map(|file| format!("{}  data/{}\n", digest(file), file.path)).collect()
        };
        tags.push(("manifest-sha256.txt", list(|file| &file.sha256)));
        tags.push(("manifest-sha512.txt", list(|file| &file.sha512)));
        let all = |digest: fn(&str) -> String| -> String {
            tags.iter().map(|(name, text)| format!("{}  {name}\n", digest(text))).collect()
        };
        let sha256 = all(|text| hex::encode(Sha256::digest(text)));
        let sha512 = all(|text| hex::encode(Sha512::digest(text)));
        let signature = format!("{}\n", signer.sign(sha256.as_bytes()));
        let digest = hex::encode(Sha256::digest(&sha256));
        tags.push(("tagmanifest-sha512.txt", sha512));
        tags.push(("tagmanifest-sha256.txt", sha256));
        tags.push((SIGNATURE, signature));
        for (name, text) in tags {
            let mut file = File::create_new(self.root.join(name))?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
        }
        Ok(digest)
    }

    fn information(&self, case: &Case, custody: &Custody, signer: &Signer) -> String {
        let (files, bytes) = self.size();
        let date = custody.at.strftime("%Y-%m-%d");
        let software = custody.tool();
        // A label's value is one line.
        let line = |text: &str| text.replace(['\r', '\n'], " ");
        let facts = [
            ("Source-Organization", line(&custody.organisation)),
            ("Contact-Name", line(&custody.by)),
            ("External-Description", line(&custody.reason)),
            ("External-Identifier", case.subject.clone()),
            ("Bagging-Date", date.to_string()),
            ("Payload-Oxum", format!("{bytes}.{files}")),
            ("Bag-Software-Agent", software),
            ("Honeyward-Key", signer.key()),
        ];
        let said = facts.iter().filter(|(_, value)| !value.is_empty());
        said.map(|(label, value)| format!("{label}: {value}\n")).collect()
    }
}

/// The signature over `tagmanifest-sha256.txt`: Ed25519, 64 bytes in lower-case hex.
pub(super) const SIGNATURE: &str = "tagmanifest-sha256.txt.sig";

/// Digests of what goes through.
pub(super) struct Hashing<W> {
    to: W,
    size: u64,
    sha256: Sha256,
    sha512: Sha512,
    sm3: Sm3,
}

impl<W> Hashing<W> {
    fn new(to: W) -> Self {
        Hashing { to, size: 0, sha256: Sha256::new(), sha512: Sha512::new(), sm3: Sm3::new() }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        let (written, _) = bytes.split_at(count);
        self.size += u64::try_from(count).unwrap_or(0);
        self.sha256.update(written);
        self.sha512.update(written);
        self.sm3.update(written);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
