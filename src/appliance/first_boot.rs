//! The first boot's answers: from a file on the medium, or else from the text screen; written to the data
//! partition once and never again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::answers::{self, Answers, FILE_MAX, Halves};
use super::disk::{self, Partition};
use super::network::{self, Card};
use super::screen::{Screen, words};
use super::{dialogue, drivers};
use crate::sys::boot::{Mount, mount, unmount};

/// A stick is known by its hub, then by its driver, which waits a second before it looks at it.
const STICKS_APPEAR: Duration = Duration::from_secs(6);

/// The file on the medium.
pub const FILE: &str = "honeyward/first-boot.toml";

/// What the answers' checks and questions need of the rest of the program.
#[derive(Clone, Copy)]
pub struct Program {
    /// Finds every fault of a `honeynet.toml`.
    pub check: fn(&Path) -> Result<(), String>,
    /// Names of the default pack's hosts.
    pub hosts: fn() -> Vec<String>,
    /// Where the console looks for the one-time secret, below its data directory.
    pub secret: fn(&Path) -> PathBuf,
}

/// Where the settings are.
#[derive(Debug, Clone)]
pub struct Settings {
    folder: PathBuf,
    /// The data directory of `run`.
    pub data: PathBuf,
}

impl Settings {
    /// On a mounted data partition.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Settings { folder: root.join("appliance"), data: root.join("honeyward") }
    }

    /// The config of `run`.
    #[must_use]
    pub fn honeynet(&self) -> PathBuf {
        self.folder.join("honeynet.toml")
    }

    fn appliance(&self) -> PathBuf {
        self.folder.join("appliance.toml")
    }

    /// The answers that were kept; none before the first boot has ended.
    ///
    /// # Errors
    /// In words, when they are there and can't be read.
    pub fn kept(&self) -> Result<Option<Answers>, String> {
        let path = self.appliance();
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let halves =
            answers::read(&path.display().to_string(), &text).map_err(|faults| faults.to_string())?;
        Ok(Some(halves.answers))
    }

    /// Keeps the answers, all or none of them.
    ///
    /// # Errors
    /// Those of the files.
    pub fn keep(&self, halves: &Halves, secret_file: &Path) -> io::Result<()> {
        if let Some(secret) = &halves.answers.administrator.secret {
            let folder = secret_file.parent().unwrap_or(Path::new("/"));
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            private_file(secret_file, secret.as_bytes())?;
        }
        let fresh = self.folder.with_extension("new");
        let _ = fs::remove_dir_all(&fresh);
        fs::DirBuilder::new().mode(0o700).create(&fresh)?;
        let own = toml::to_string(&halves.answers).map_err(io::Error::other)?;
        let own = own.replace("\n[", "\n[appliance.");
        private_file(&fresh.join("appliance.toml"), format!("[appliance]\n{own}").as_bytes())?;
        private_file(&fresh.join("honeynet.toml"), halves.honeynet.trim_start().as_bytes())?;
        fs::rename(&fresh, &self.folder)?;
        File::open(self.folder.parent().unwrap_or(Path::new("/")))?.sync_all()
    }
}

/// The answers: kept, or from a file, or asked for. Comes back only with answers that hold.
///
/// # Errors
/// In words, when the data partition can't be read or written.
pub fn answers(
    settings: &Settings,
    boot: Option<&Partition>,
    cards: &[Card],
    screen: &mut Screen,
    program: Program,
) -> Result<Answers, String> {
    if let Some(kept) = settings.kept()? {
        return Ok(kept);
    }
    let given = find(boot);
    let from_file = given.as_ref().map(|(name, text)| checked(name, text, cards, program));
    let halves = match from_file {
        Some(Ok(halves)) => halves,
        Some(Err(faults)) => {
            screen.say(&words("The answers on the medium can't be taken:", "介质上的配置无法采用："));
            screen.say(&super::screen::plain(faults));
            asked(screen, cards, program)
        }
        None => asked(screen, cards, program),
    };
    let secret = (program.secret)(&settings.data);
    settings.keep(&halves, &secret).map_err(|e| format!("the settings can't be written: {e}"))?;
    if let Some(boot) = boot {
        forget(boot);
    }
    Ok(halves.answers)
}

fn asked(screen: &mut Screen, cards: &[Card], program: Program) -> Halves {
    loop {
        let text = dialogue::ask(screen, cards, &(program.hosts)());
        match checked("answers", &text, cards, program) {
            Ok(halves) => return halves,
            Err(faults) => screen.say(&super::screen::plain(faults)),
        }
    }
}

/// Reads and checks both halves.
fn checked(name: &str, text: &str, cards: &[Card], program: Program) -> Result<Halves, String> {
    let halves = answers::read(name, text).map_err(|faults| faults.to_string())?;
    let management = network::choose(cards, &halves.answers.management.interface, None)?;
    network::refuse_management(name, &halves.honeynet, management).map_err(|fault| fault.to_string())?;
    let folder = Path::new("/run/honeyward-first-boot");
    let file = folder.join("first-boot.toml");
    fs::create_dir_all(folder).map_err(|e| e.to_string())?;
    private_file(&file, halves.honeynet.as_bytes()).map_err(|e| e.to_string())?;
    (program.check)(&file).map_err(|faults| faults.replace(&file.display().to_string(), name))?;
    Ok(halves)
}

/// The file on the system's own disk, or on any other medium: its name for messages, and its text.
fn find(boot: Option<&Partition>) -> Option<(String, String)> {
    let answers = |device: &Path| {
        let text = on_medium(device, |place| read_capped(&place.join(FILE)))?;
        Some((format!("{}:{FILE}", device.display()), text))
    };
    let own = boot.and_then(|boot| answers(&boot.device));
    own.or_else(|| media(boot).iter().find_map(|device| answers(device)))
}

/// All devices that may hold a file system, but the system's own boot partition. Waits for sticks that were
/// just plugged in.
pub(super) fn media(but: Option<&Partition>) -> Vec<PathBuf> {
    let started = Instant::now();
    while started.elapsed() < STICKS_APPEAR {
        drivers::load_all();
        std::thread::sleep(Duration::from_millis(500));
    }
    let mut names = disk::block_devices();
    names.retain(|name| !["loop", "ram", "zram"].iter().any(|kind| name.starts_with(kind)));
    names.sort();
    let devices = names.into_iter().map(|name| Path::new("/dev").join(name));
    devices.filter(|device| but.is_none_or(|but| but.device != *device)).collect()
}

/// Mounts a medium, read only, and looks there.
pub(super) fn on_medium<T>(device: &Path, look: impl FnOnce(&Path) -> Option<T>) -> Option<T> {
    let place = Path::new("/run/medium");
    fs::create_dir_all(place).ok()?;
    let source = device.display().to_string();
    ["vfat", "iso9660"].iter().find(|kind| mount(&source, place, kind, Mount::ReadOnly, "").is_ok())?;
    let found = look(place);
    let _ = unmount(place);
    found
}

fn read_capped(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(FILE_MAX).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Takes the file off the system's own disk: it holds the secret.
fn forget(boot: &Partition) {
    let place = Path::new("/run/medium");
    if disk::mount_boot(boot, place).is_ok() {
        let _ = fs::remove_file(place.join(FILE));
        let _ = unmount(place);
    }
}

fn private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_whole_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let settings = Settings::below(dir.path());
        assert_eq!(settings.kept().unwrap(), None);
        let text = "[appliance]\nname = \"ward-3\"\n[appliance.management]\naddress = \"10.0.2.15/24\"\n\
                    [appliance.time]\nservers = [\"10.0.2.2\"]\n[appliance.administrator]\n\
                    secret = \"twelve or more\"\n[host.lis]\naddress = \"10.9.0.13\"\n";
        let halves = answers::read("first-boot.toml", text).unwrap();
        let secret = settings.data.join("console/secret");
        settings.keep(&halves, &secret).unwrap();
        let kept = settings.kept().unwrap().unwrap();
        assert_eq!(kept.name, "ward-3");
        assert_eq!(kept.time.servers, ["10.0.2.2"]);
        assert_eq!(kept.administrator.secret, None, "the secret is only where the console looks for it");
        let honeynet = fs::read_to_string(settings.honeynet()).unwrap();
        assert!(honeynet.starts_with("[host.lis]"), "{honeynet}");
        assert_eq!(fs::read_to_string(secret).unwrap(), "twelve or more");
    }
}
