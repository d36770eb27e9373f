//! The update file: a line with the format's name, a line of JSON that says what follows, a line with its
//! Ed25519 signature (RFC 8032) in base64, then the kernel image.

use std::io::{self, BufRead, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// First line.
const FORMAT: &str = "HONEYWARD-UPDATE 1";

/// Longest line of the head.
const LINE_MAX: u64 = 4096;

/// Largest kernel image: the boot partition holds three of them, twice.
pub const IMAGE_MAX: u64 = 150 << 20;

/// What an update is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What people call it.
    pub version: String,
    /// Only grows.
    pub release: u64,
    /// `x86_64`.
    pub architecture: String,
    /// Bytes of the kernel image.
    pub size: u64,
    /// SHA-256 of the kernel image, hexadecimal.
    pub sha256: String,
}

/// Why an update is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Not such a file, or damaged.
    #[error("not an update file, or a damaged one: {0}")]
    Damaged(&'static str),
    /// Signed by nobody this appliance knows.
    #[error("the signature is not that of this appliance's maker")]
    Signature,
    /// Not newer.
    #[error("version {version} (release {release}) is not newer than release {newest}, which ran here")]
    Older {
        /// The update's version.
        version: String,
        /// The update's release.
        release: u64,
        /// The newest that was found good here.
        newest: u64,
    },
    /// It was tried here and did not work.
    #[error("release {0} was tried on this appliance and did not become healthy")]
    Failed(u64),
    /// The version that runs is on trial itself.
    #[error("the version that runs has not been found good yet; wait some minutes")]
    OnTrial,
    /// What was written is not what was read back.
    #[error("the medium did not keep what was written; nothing was changed")]
    Medium,
    /// A file could not be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads the head and checks its signature; the input then stands at the kernel image.
///
/// # Errors
/// When it is no update file, or not signed with this key (32 bytes).
pub fn head(input: &mut impl BufRead, key: &[u8]) -> Result<Manifest, Refused> {
    if line(input)? != FORMAT {
        return Err(Refused::Damaged("its first line"));
    }
    let said = line(input)?;
    let signature = STANDARD.decode(line(input)?).map_err(|_| Refused::Damaged("its signature"))?;
    UnparsedPublicKey::new(&ED25519, key)
        .verify(said.as_bytes(), &signature)
        .map_err(|_| Refused::Signature)?;
    let manifest: Manifest = serde_json::from_str(&said).map_err(|_| Refused::Damaged("its manifest"))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    let is_name = !manifest.version.is_empty()
        && manifest.version.len() <= 32
        && manifest.version.chars().all(plain)
        && !manifest.version.starts_with('.');
    if !is_name {
        return Err(Refused::Damaged("its version"));
    }
    if manifest.architecture != "x86_64" {
        return Err(Refused::Damaged("its architecture"));
    }
    if manifest.size > IMAGE_MAX {
        return Err(Refused::Damaged("its size"));
    }
    Ok(manifest)
}

fn line(input: &mut impl BufRead) -> Result<String, Refused> {
    let mut bytes = Vec::new();
    input.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)?;
    match bytes.split_last() {
        Some((b'\n', line)) => {
            String::from_utf8(line.to_owned()).map_err(|_| Refused::Damaged("a line of its head"))
        }
        _ => Err(Refused::Damaged("a line of its head")),
    }
}

/// Copies the kernel image, and tells whether it is the one that the manifest says.
///
/// # Errors
/// Those of either side.
pub fn copy(input: &mut impl Read, manifest: &Manifest, output: &mut impl io::Write) -> io::Result<bool> {
    let mut hash = Sha256::new();
    let (mut left, mut buffer) = (manifest.size, vec![0u8; 1 << 16]);
    while left > 0 {
        let some = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let read = input.read(&mut buffer[..some])?;
        if read == 0 {
            return Ok(false);
        }
        hash.update(&buffer[..read]);
        output.write_all(&buffer[..read])?;
        left -= read as u64;
    }
    // Nothing may follow.
    let has_more = input.read(&mut buffer[..1])? > 0;
    Ok(!has_more && hex::encode(hash.finalize()) == manifest.sha256)
}
