//! Which of the installed versions was started, and whether it is still on trial. A new version is tried a
//! few times; the loader counts, and goes back to the last good one when nobody says that it works.
//!
//! With UEFI the loader is systemd-boot, which counts in the file's name (`honeyward_2+3-0.efi`: three tries
//! left; UAPI boot loader specification, "Automatic Boot Assessment"). With BIOS it is GRUB, which counts in
//! its environment block.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The loader's variable with the path of a file that is on trial.
const COUNTED: &str = "LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/// Where the kernel shows the firmware's variables.
const VARIABLES: &str = "/sys/firmware/efi/efivars";

/// The version on trial that runs, as a path on the boot partition; none when it has been found good.
#[must_use]
pub fn on_trial() -> Option<PathBuf> {
    let bytes = fs::read(Path::new(VARIABLES).join(COUNTED)).ok()?;
    // Four bytes of attributes, then UTF-16 that ends in zero.
    let units: Vec<u16> =
        bytes.get(4..)?.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let path = String::from_utf16(&units).ok()?;
    Some(path.trim_end_matches('\0').trim_start_matches('\\').replace('\\', "/").into())
}

/// Says that the version works: its file loses the counter, so it is tried no longer.
///
/// # Errors
/// Those of the rename; the file is then still on trial.
pub fn bless(boot: &Path, trial: &Path) -> io::Result<()> {
    let name = trial.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
    let good = uncounted(name).ok_or(io::ErrorKind::InvalidInput)?;
    let folder = boot.join(trial.parent().unwrap_or(Path::new("")));
    fs::rename(folder.join(name), folder.join(good))?;
    File::open(folder)?.sync_all()
}

/// `honeyward_2+2-1.efi` is `honeyward_2.efi`; none for a name without a counter.
#[must_use]
pub fn uncounted(name: &str) -> Option<String> {
    let stem = name.strip_suffix(".efi")?;
    let (version, counter) = stem.rsplit_once('+')?;
    let is_counter = !counter.is_empty() && counter.chars().all(|c| c.is_ascii_digit() || c == '-');
    (is_counter && !version.is_empty()).then(|| format!("{version}.efi"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_goes_when_a_version_is_good() {
        assert_eq!(uncounted("honeyward_1.2.0+2-1.efi").as_deref(), Some("honeyward_1.2.0.efi"));
        assert_eq!(uncounted("honeyward_1.2.0+3.efi").as_deref(), Some("honeyward_1.2.0.efi"));
        assert_eq!(uncounted("honeyward_1.2.0.efi"), None);
        assert_eq!(uncounted("honeyward_1+x.efi"), None);
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("EFI/Linux");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("honeyward_2+2-1.efi"), "x").unwrap();
        bless(dir.path(), Path::new("EFI/Linux/honeyward_2+2-1.efi")).unwrap();
        assert!(folder.join("honeyward_2.efi").exists());
    }
}
