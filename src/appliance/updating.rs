//! Updates on the running machine: from a medium when the operator says so, and the verdict on the version
//! that was started.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, Partition};
use super::first_boot::{media, on_medium};
use super::screen::{Screen, words};
use super::update::file::{Manifest, Refused};
use super::update::install::{self, Target};
use super::update::state::State;
use super::update::{ENVIRONMENT, Environment, Running, images_of};
use crate::sys::boot::unmount;

/// Where the boot partition is mounted while it is written.
const BOOT: &str = "/run/boot";

/// The maker's public key.
const KEY: &str = "/usr/share/honeyward/update.pub";

/// What updates need to know of the machine.
#[derive(Clone)]
pub struct Updating {
    /// The boot partition.
    pub boot: Partition,
    /// What runs.
    pub running: Running,
    /// Where the state of updates is kept.
    pub state: PathBuf,
}

impl Updating {
    /// After a start: a version that should run and does not has failed. Whether what runs is on trial.
    ///
    /// # Errors
    /// In words.
    pub fn judge(&self, screen: &mut Screen) -> Result<bool, String> {
        let mut state = State::read(&self.state).map_err(|e| e.to_string())?;
        let Some(trial) = state.trial.clone() else { return Ok(false) };
        if trial.version == self.running.version {
            return Ok(true);
        }
        let was_tried = self.on_boot(|boot| {
            let environment = Environment::read(&boot.join(ENVIRONMENT))?;
            let was_tried =
                environment.get("trial") == trial.version || !images_of(boot, &trial.version).is_empty();
            install::remove(boot, &trial.version)?;
            Ok(was_tried)
        })?;
        if was_tried {
            state.judge(&self.running);
            screen.say(&words(
                format!("Version {} did not work; {} is back.", trial.version, self.running.version),
                format!("版本 {} 未能正常运行，已恢复到 {}。", trial.version, self.running.version),
            ));
        } else {
            // The power went before any loader knew of it.
            state.trial = None;
        }
        state.write(&self.state).map_err(|e| e.to_string())?;
        Ok(false)
    }

    /// The version that runs works.
    ///
    /// # Errors
    /// In words; it is then still on trial.
    pub fn bless(&self) -> Result<(), String> {
        self.on_boot(|boot| install::bless(boot, &self.running.version))?;
        let mut state = State::read(&self.state).map_err(|e| e.to_string())?;
        state.found_good(&self.running);
        state.write(&self.state).map_err(|e| e.to_string())
    }

    /// Installs the first update file that is on a medium; says how it went. Whether the machine is to start
    /// again.
    pub fn from_medium(&self, screen: &mut Screen) -> bool {
        screen.say(&words("Looking for an update file ...", "正在查找更新文件……"));
        let installed = media(Some(&self.boot)).iter().find_map(|device| {
            on_medium(device, |place| Some(self.install(&update_file(&place.join("honeyward"))?)))
        });
        match installed {
            None => screen.say(&words(
                "No honeyward/*.hwu is on any USB stick or CD.",
                "U 盘或光盘上没有 honeyward/*.hwu 文件。",
            )),
            Some(Err(refused)) => screen.say(&words(
                format!("The update is not taken: {refused}"),
                format!("更新未被采用：{refused}"),
            )),
            Some(Ok(manifest)) => {
                screen.say(&words(
                    format!("Version {} is installed and is tried now.", manifest.version),
                    format!("版本 {} 已安装，现在试运行。", manifest.version),
                ));
                return true;
            }
        }
        false
    }

    fn install(&self, file: &Path) -> Result<Manifest, Refused> {
        let key = fs::read(KEY)?;
        let place = Path::new(BOOT);
        disk::mount_boot(&self.boot, place)?;
        let mut forget = || {
            unmount(place)?;
            disk::mount_boot(&self.boot, place)
        };
        let mut target = Target {
            boot: place,
            forget: &mut forget,
            state: &self.state,
            running: &self.running,
            key: &key,
        };
        let installed = install::install(file, &mut target);
        unmount(place)?;
        installed
    }

    fn on_boot<T>(&self, work: impl FnOnce(&Path) -> io::Result<T>) -> Result<T, String> {
        let place = Path::new(BOOT);
        disk::mount_boot(&self.boot, place).map_err(|e| e.to_string())?;
        let done = work(place).map_err(|e| e.to_string());
        unmount(place).map_err(|e| e.to_string())?;
        done
    }
}

/// The first update file of a folder, by name.
fn update_file(folder: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("hwu")));
    files.sort();
    files.into_iter().next()
}
