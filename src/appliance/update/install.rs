//! Installs an update on the boot partition, for both loaders.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::file::{self, Manifest, Refused};
use super::state::{State, Trial};
use super::{BIOS, ENVIRONMENT, Environment, IMAGES, Running, TRIES, images_of, sections};

/// Name of a kernel image that is being written; no loader looks for it.
const FRESH: &str = "update.new";

/// What an update is installed on.
pub struct Target<'a> {
    /// The boot partition, mounted.
    pub boot: &'a Path,
    /// Makes the medium forget what it holds in memory: the read-back must come from the disk.
    pub forget: &'a mut dyn FnMut() -> io::Result<()>,
    /// Where the state of updates is kept.
    pub state: &'a Path,
    /// What runs, and stays.
    pub running: &'a Running,
    /// The maker's public key, 32 bytes.
    pub key: &'a [u8],
}

/// Checks an update and installs it on trial; what was installed. Whatever fails, what runs stays as it is.
///
/// # Errors
/// Why it was not taken.
pub fn install(update: &Path, target: &mut Target<'_>) -> Result<Manifest, Refused> {
    let mut state = State::read(target.state)?;
    let manifest = check(update, target, &state)?;
    clear(target)?;
    let fresh = target.boot.join(IMAGES).join(FRESH);
    let mut input = BufReader::new(File::open(update)?);
    file::head(&mut input, target.key)?;
    let mut output = File::create(&fresh)?;
    file::copy(&mut input, &manifest, &mut output)?;
    let folder = unpack(&fresh, &target.boot.join(BIOS), &manifest.version)?;
    output.sync_all()?;
    drop(output);
    (target.forget)()?;
    if !file::copy(&mut File::open(&fresh)?, &manifest, &mut io::sink())? || !same(&fresh, &folder)? {
        let _ = fs::remove_file(&fresh);
        let _ = fs::remove_dir_all(&folder);
        return Err(Refused::Medium);
    }
    state.trial = Some(Trial { version: manifest.version.clone(), release: manifest.release });
    state.write(target.state)?;
    announce(target.boot, &fresh, &folder, &manifest)?;
    Ok(manifest)
}

/// Reads the whole file once before anything is written.
fn check(update: &Path, target: &Target<'_>, state: &State) -> Result<Manifest, Refused> {
    if state.trial.is_some() {
        return Err(Refused::OnTrial);
    }
    let mut input = BufReader::new(File::open(update)?);
    let manifest = file::head(&mut input, target.key)?;
    let newest = state.newest.max(target.running.release);
    if manifest.release <= newest || manifest.version == target.running.version {
        return Err(Refused::Older { version: manifest.version, release: manifest.release, newest });
    }
    if state.failed.contains(&manifest.release) {
        return Err(Refused::Failed(manifest.release));
    }
    if !file::copy(&mut input, &manifest, &mut io::sink())? {
        return Err(Refused::Damaged("its kernel image"));
    }
    Ok(manifest)
}

/// Makes room: all versions go but the one that runs, which has been found good.
fn clear(target: &Target<'_>) -> io::Result<()> {
    let kept = images_of(target.boot, &target.running.version);
    if kept.is_empty() {
        return Err(io::Error::other("the version that runs is not on this boot partition"));
    }
    for entry in fs::read_dir(target.boot.join(IMAGES))?.flatten() {
        if !kept.contains(&entry.path()) {
            fs::remove_file(entry.path())?;
        }
    }
    for entry in fs::read_dir(target.boot.join(BIOS))?.flatten() {
        if entry.file_name().to_str() != Some(&target.running.version) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// The two parts that BIOS's loader reads, below a name that it does not look for.
fn unpack(image: &Path, folder: &Path, version: &str) -> io::Result<PathBuf> {
    let fresh = folder.join(format!("{version}.new"));
    fs::create_dir_all(&fresh)?;
    for (section, name) in PARTS {
        let mut output = File::create(fresh.join(name))?;
        io::copy(&mut part(image, section)?, &mut output)?;
        output.sync_all()?;
    }
    Ok(fresh)
}

/// Sections of the kernel image and the files that they become.
const PARTS: [(&str, &str); 2] = [(".linux", "vmlinuz"), (".initrd", "initrd")];

fn part(image: &Path, section: &str) -> io::Result<io::Take<File>> {
    let mut input = File::open(image)?;
    let (place, length) = sections::find(&mut input, section)?;
    input.seek(SeekFrom::Start(place))?;
    Ok(input.take(length))
}

/// Whether the two parts are those of the image, byte for byte.
fn same(image: &Path, folder: &Path) -> io::Result<bool> {
    for (section, name) in PARTS {
        let mut ours = BufReader::with_capacity(1 << 16, part(image, section)?);
        let mut written = BufReader::with_capacity(1 << 16, File::open(folder.join(name))?);
        if !equal(&mut ours, &mut written)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal(one: &mut impl Read, other: &mut impl Read) -> io::Result<bool> {
    let (mut a, mut b) = (vec![0u8; 1 << 16], vec![0u8; 1 << 16]);
    loop {
        let (m, n) = (fill(one, &mut a)?, fill(other, &mut b)?);
        if a[..m] != b[..n] {
            return Ok(false);
        }
        if m == 0 {
            return Ok(true);
        }
    }
}

fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Gives both the names that the loaders look for.
fn announce(boot: &Path, fresh: &Path, folder: &Path, manifest: &Manifest) -> io::Result<()> {
    let Manifest { version, .. } = manifest;
    fs::rename(folder, boot.join(BIOS).join(version))?;
    let environment = boot.join(ENVIRONMENT);
    let mut variables = Environment::read(&environment)?;
    variables.set("trial", version);
    variables.set("tries", &TRIES.to_string());
    variables.write(&environment)?;
    fs::rename(fresh, boot.join(IMAGES).join(format!("honeyward_{version}+{TRIES}.efi")))?;
    File::open(boot.join(IMAGES))?.sync_all()
}

/// Says on the boot partition that a version works: no loader counts it any longer, and both start it.
///
/// # Errors
/// Those of the files.
pub fn bless(boot: &Path, version: &str) -> io::Result<()> {
    let good = boot.join(IMAGES).join(format!("honeyward_{version}.efi"));
    let mut images = images_of(boot, version);
    if images.is_empty() {
        // The power went between the two loaders' names, and BIOS's has started it.
        images.push(boot.join(IMAGES).join(FRESH));
    }
    for image in images.into_iter().filter(|image| *image != good) {
        fs::rename(image, &good)?;
    }
    let environment = boot.join(ENVIRONMENT);
    let mut variables = Environment::read(&environment)?;
    variables.set("good", version);
    variables.set("trial", "");
    variables.set("tries", "");
    variables.write(&environment)?;
    File::open(boot.join(IMAGES))?.sync_all()
}

/// Takes a version that failed off the boot partition.
///
/// # Errors
/// Those of the files.
pub fn remove(boot: &Path, version: &str) -> io::Result<()> {
    let environment = boot.join(ENVIRONMENT);
    let mut variables = Environment::read(&environment)?;
    if variables.get("good") == version {
        return Err(io::Error::other("the last good version is never removed"));
    }
    variables.set("trial", "");
    variables.set("tries", "");
    variables.write(&environment)?;
    for image in images_of(boot, version) {
        fs::remove_file(image)?;
    }
    let _ = fs::remove_dir_all(boot.join(BIOS).join(version));
    Ok(())
}
