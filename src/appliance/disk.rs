//! The system's disk: found by the name of its boot partition, with a data partition that is made and
//! grown as far as the disk goes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::sys::boot::{Mount, mount};

/// Name of the boot partition (EFI system partition) in the partition table.
pub const BOOT: &str = "honeyward-boot";

/// Name of the data partition.
pub const DATA: &str = "honeyward-data";

/// Slow controllers and USB sticks show their disks late.
const DISKS_APPEAR: Duration = Duration::from_secs(20);

/// An end of the disk that is smaller is left alone: alignment and the copy of the table.
const SLACK: u64 = 16 << 20;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its device.
    pub device: PathBuf,
    /// Its number in the table.
    pub number: u32,
    /// The disk's name below `/sys/class/block`.
    pub disk: String,
    /// First byte after it.
    end: u64,
}

/// Waits for the disk that the system is on; none when it was started from another medium.
pub fn find_boot() -> Option<Partition> {
    let started = Instant::now();
    loop {
        if let Some(found) = named(BOOT, None) {
            return Some(found);
        }
        if started.elapsed() > DISKS_APPEAR {
            return None;
        }
        super::drivers::load_all();
        std::thread::sleep(Duration::from_millis(300));
    }
}

/// The data partition on the same disk, made or grown where needed, with its file system checked.
///
/// # Errors
/// In words, with what the tool said.
pub fn prepare_data(boot: &Partition) -> Result<Partition, String> {
    let disk = Path::new("/dev").join(&boot.disk);
    let size = bytes_of(&boot.disk).map_err(|e| format!("{}: {e}", disk.display()))?;
    let Some(found) = named(DATA, Some(&boot.disk)) else {
        // An image on a larger disk has the copy of its table where the image ended.
        table(&disk, &["--relocate", "gpt-bak-std"], "")?;
        table(&disk, &["--append"], &format!("type=linux, name={DATA}\n"))?;
        let made = appeared(&boot.disk)?;
        format(&made.device)?;
        return Ok(made);
    };
    if found.end + SLACK < size {
        let number = found.number.to_string();
        table(&disk, &["--relocate", "gpt-bak-std"], "")?;
        table(&disk, &["--no-reread", "-N", &number], ", +\n")?;
    }
    check(&found.device)?;
    run("/usr/sbin/resize2fs", &[&found.device], "")?;
    Ok(found)
}

/// Mounts the boot partition for as long as it is needed; what was written is on the medium when it is
/// unmounted.
///
/// # Errors
/// Those of mount(2).
pub fn mount_boot(boot: &Partition, place: &Path) -> io::Result<()> {
    fs::create_dir_all(place)?;
    mount(&boot.device.display().to_string(), place, "vfat", Mount::Data, "umask=0077")
}

/// Mounts the data partition.
///
/// # Errors
/// Those of mount(2).
pub fn mount_data(data: &Partition, place: &Path) -> io::Result<()> {
    mount(&data.device.display().to_string(), place, "ext4", Mount::Data, "data=ordered")
}

fn table(disk: &Path, options: &[&str], script: &str) -> Result<(), String> {
    let mut arguments: Vec<&Path> = ["--force", "--quiet"].map(Path::new).to_vec();
    arguments.extend(options.iter().map(Path::new));
    arguments.push(disk);
    run("/usr/sbin/sfdisk", &arguments, script)
}

fn appeared(disk: &str) -> Result<Partition, String> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(10) {
        if let Some(found) = named(DATA, Some(disk))
            && found.device.exists()
        {
            return Ok(found);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(format!("{disk}: the data partition does not appear after it was made"))
}

/// Makes the data partition's file system; what was there is discarded where the disk can, and gone for
/// whoever reads files.
///
/// # Errors
/// In words, with what the tool said.
pub fn format(device: &Path) -> Result<(), String> {
    let options = ["-q", "-F", "-L", DATA, "-m", "1", "-E", "lazy_itable_init=1"].map(Path::new);
    let arguments: Vec<&Path> = options.into_iter().chain([device]).collect();
    run("/usr/sbin/mkfs.ext4", &arguments, "")
}

/// Replays the journal and repairs what can be without asking.
fn check(device: &Path) -> Result<(), String> {
    let output = Command::new("/usr/sbin/e2fsck").args(["-f", "-p"]).arg(device).output();
    let output = output.map_err(|e| format!("e2fsck: {e}"))?;
    // 0: clean, 1: repaired (e2fsck(8)).
    match output.status.code() {
        Some(0 | 1) => Ok(()),
        _ => Err(format!("e2fsck: {}", String::from_utf8_lossy(&output.stdout).trim())),
    }
}

fn run(program: &str, arguments: &[&Path], input: &str) -> Result<(), String> {
    let could = |e: io::Error| format!("{program}: {e}");
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(could)?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes()).map_err(could)?;
    }
    let output = child.wait_with_output().map_err(could)?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("{program}: {}", String::from_utf8_lossy(&said).trim()))
}

/// A partition by its name in the table, on any disk or on one.
fn named(name: &str, disk: Option<&str>) -> Option<Partition> {
    let mut names: Vec<String> = block_devices();
    names.sort();
    let found = names.iter().filter_map(|device| partition(device, name));
    found.into_iter().find(|p| disk.is_none_or(|disk| p.disk == disk))
}

/// Names of all block devices, partitions included.
pub(super) fn block_devices() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/block").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn partition(device: &str, name: &str) -> Option<Partition> {
    let folder = Path::new("/sys/class/block").join(device);
    let about = fs::read_to_string(folder.join("uevent")).ok()?;
    let value = |key: &str| about.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    if value("PARTNAME") != Some(name) {
        return None;
    }
    let whole = fs::canonicalize(&folder).ok()?;
    let disk = whole.parent()?.file_name()?.to_str()?.to_owned();
    let number = |file: &str| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(Partition {
        device: Path::new("/dev").join(device),
        number: value("PARTN")?.parse().ok()?,
        disk,
        end: (number("start")? + number("size")?) * 512,
    })
}

/// Size of a disk in bytes.
fn bytes_of(disk: &str) -> io::Result<u64> {
    let sectors = fs::read_to_string(Path::new("/sys/class/block").join(disk).join("size"))?;
    let sectors: u64 = sectors.trim().parse().map_err(io::Error::other)?;
    Ok(sectors * 512)
}
