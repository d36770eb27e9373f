//! Updates: one signed file that carries the next kernel image. It is checked before anything is written,
//! written beside what runs, read back from the medium, and only then given the name that the loaders look
//! for, with three tries to show that it works.

mod environment;
pub mod file;
pub mod install;
mod sections;
pub mod state;

pub use environment::Environment;

use std::path::{Path, PathBuf};

/// Tries that a new version has.
pub const TRIES: u32 = 3;

/// Folder of the kernel images on the boot partition.
pub const IMAGES: &str = "EFI/Linux";

/// Folder of kernel and memory file system, per version, for BIOS.
pub const BIOS: &str = "bios";

/// GRUB's environment block.
pub const ENVIRONMENT: &str = "grub/grubenv";

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its version, as its root says.
    pub version: String,
    /// Its number, which only grows.
    pub release: u64,
}

impl Running {
    /// Reads an `os-release`.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let value = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            line.map(|value| value.trim_matches('"').to_owned())
        };
        Running {
            version: value("IMAGE_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").into()),
            release: value("HONEYWARD_RELEASE").and_then(|n| n.parse().ok()).unwrap_or(0),
        }
    }
}

/// Files of the boot partition that belong to a version: its kernel images, on trial or not.
pub(super) fn images_of(boot: &Path, version: &str) -> Vec<PathBuf> {
    let plain = format!("honeyward_{version}.efi");
    let entries = std::fs::read_dir(boot.join(IMAGES)).into_iter().flatten().flatten();
    let is_its = |name: &str| name == plain || uncounted(name).as_deref() == Some(&*plain);
    entries.filter(|e| e.file_name().to_str().is_some_and(is_its)).map(|e| e.path()).collect()
}

/// `honeyward_2+2-1.efi` is `honeyward_2.efi`; none for a name without a counter (UAPI boot loader
/// specification, "Automatic Boot Assessment").
fn uncounted(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".efi")?;
    let (version, counter) = stem.rsplit_once('+')?;
    let is_counter = !counter.is_empty() && counter.chars().all(|c| c.is_ascii_digit() || c == '-');
    (is_counter && !version.is_empty()).then(|| format!("{version}.efi"))
}

#[cfg(test)]
mod tests;
