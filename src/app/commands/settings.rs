//! `honeyward settings`: keeps the settings in a file, and puts them back, all or none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::check;
use crate::app::cli::{SettingsBackupArgs, SettingsRestoreArgs};
use crate::app::config::Config;
use crate::app::exit::Exit;
use crate::app::managed::Managed;
use crate::app::output::say;
use crate::app::settings_file::{FILE_MAX, Settings, SettingsFile};
use crate::app::{Layout, supervisor};
use crate::console;
use crate::persona::Installation;

/// Writes the file.
pub(crate) fn backup(args: &SettingsBackupArgs, layout: &Layout) -> Exit {
    let made = kept(args.config.config.as_deref(), layout).and_then(|bytes| {
        private(&args.output, &bytes).map_err(|e| Exit::Could(format!("{}: {e}", args.output.display())))
    });
    match made {
        Ok(()) => {
            say(&format!(
                "{}: the settings, without secrets; keep certificates, keys and tokens on their own.",
                args.output.display()
            ));
            Exit::Done
        }
        Err(exit) => exit,
    }
}

fn kept(config: Option<&Path>, layout: &Layout) -> Result<Vec<u8>, Exit> {
    // What could not be put back is not kept either.
    valid(config)?;
    let config = match config {
        Some(file) => {
            Some(fs::read_to_string(file).map_err(|e| Exit::Could(format!("{}: {e}", file.display())))?)
        }
        None => None,
    };
    let managed =
        Managed::load(layout).map_err(|e| Exit::Could(format!("{}: {e}", layout.managed().display())))?;
    let program = env!("CARGO_PKG_VERSION").to_owned();
    SettingsFile::of(Settings { made: Timestamp::now(), program, config, managed }).map_err(Exit::Could)
}

/// Puts the settings of a file in the place of the present ones.
pub(crate) fn restore(args: &SettingsRestoreArgs, layout: &Layout) -> Exit {
    match restored(args, layout) {
        Ok(said) => {
            said.iter().for_each(|line| say(line));
            Exit::Done
        }
        Err(exit) => exit,
    }
}

fn restored(args: &SettingsRestoreArgs, layout: &Layout) -> Result<Vec<String>, Exit> {
    let shown = args.file.display();
    let bytes = read_capped(&args.file).map_err(|e| Exit::Could(format!("{shown}: {e}")))?;
    let settings = SettingsFile::read(&bytes).map_err(|e| Exit::Usage(format!("{shown}: {e}")))?;
    // Nobody runs on this data directory meanwhile.
    let _lock = supervisor::hold(layout)?;
    let present =
        Managed::load(layout).map_err(|e| Exit::Could(format!("{}: {e}", layout.managed().display())))?;
    let config = match (&settings.config, args.config.config.as_deref()) {
        (Some(text), Some(file)) => Some(Waiting::new(file, text)?),
        (Some(_), None) => {
            return Err(Exit::Usage(format!("{shown}: it has a config; --config FILE says where it goes")));
        }
        (None, Some(file)) => {
            return Err(Exit::Usage(format!("{shown}: it has no config for {}", file.display())));
        }
        (None, None) => None,
    };
    let managed = Managed {
        version: present.version + 1,
        at: Some(Timestamp::now()),
        by: args.by.clone().unwrap_or_else(|| "command line".to_owned()),
        change: "restore".to_owned(),
        request: String::new(),
        ..settings.managed
    };
    let mut said = vec![format!("The settings of {} stand.", settings.made)];
    let taken = config.as_ref().map(Waiting::take).transpose()?;
    if let Err(error) = managed.save(layout) {
        if let (Some(config), Some(before)) = (&config, &taken) {
            config.put_back(before.as_deref());
        }
        return Err(Exit::Could(format!("{}: {error}; nothing was changed", layout.managed().display())));
    }
    if let Some(Some(before)) = taken {
        said.push(format!("The config of before is {}.", before.display()));
    }
    Ok(said)
}

/// Whether what runs would start with this config.
fn valid(config: Option<&Path>) -> Result<(), Exit> {
    let loaded = Config::load(config).map_err(|faults| Exit::Usage(faults.to_string()))?;
    console::check(&loaded.console).and_then(|()| loaded.store.check_files()).map_err(Exit::Usage)?;
    check::load_pack(&loaded, Installation::new([0; 32])).map(|_| ())
}

/// A config that was found good and waits beside the present one.
struct Waiting {
    file: PathBuf,
    fresh: PathBuf,
}

impl Waiting {
    fn new(file: &Path, text: &str) -> Result<Waiting, Exit> {
        let waiting = Waiting { file: file.to_owned(), fresh: beside(file, "new") };
        private(&waiting.fresh, text.as_bytes())
            .map_err(|e| Exit::Could(format!("{}: {e}", waiting.fresh.display())))?;
        let fresh = waiting.fresh.display().to_string();
        valid(Some(&waiting.fresh))
            .map_err(|exit| Exit::Usage(exit.reason().replace(&fresh, &file.display().to_string())))?;
        Ok(waiting)
    }

    /// Takes the place of the present one, which stays under another name.
    fn take(&self) -> Result<Option<PathBuf>, Exit> {
        let could = |e: io::Error| Exit::Could(format!("{}: {e}; nothing was changed", self.file.display()));
        let before = beside(&self.file, "before");
        let there = self.file.exists();
        if there {
            fs::copy(&self.file, &before).map_err(could)?;
        }
        fs::rename(&self.fresh, &self.file).map_err(could)?;
        Ok(there.then_some(before))
    }

    fn put_back(&self, before: Option<&Path>) {
        let _ = match before {
            Some(before) => fs::rename(before, &self.file),
            None => fs::remove_file(&self.file),
        };
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.fresh);
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}

fn read_capped(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file that only its owner reads, down to the disk.
fn private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::cli::ConfigArgs;

    fn config(file: &Path) -> ConfigArgs {
        ConfigArgs { config: Some(file.to_owned()) }
    }

    #[test]
    fn settings_come_back_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (file, kept) = (dir.path().join("honeynet.toml"), dir.path().join("kept.json"));
        let layout = Layout::new(dir.path().join("data"));
        fs::write(&file, "[host.lis]\naddress = \"10.9.0.13\"\n").unwrap();
        Managed { version: 1, quota_mib: Some(64), ..Managed::default() }.save(&layout).unwrap();
        let args = SettingsBackupArgs { output: kept.clone(), config: config(&file) };
        assert!(matches!(backup(&args, &layout), Exit::Done));
        fs::write(&file, "[host.his]\naddress = \"10.9.0.11\"\n").unwrap();
        Managed { version: 2, quota_mib: Some(32), ..Managed::default() }.save(&layout).unwrap();
        let args =
            SettingsRestoreArgs { file: kept.clone(), by: Some("zhang".into()), config: config(&file) };
        assert!(matches!(restore(&args, &layout), Exit::Done));
        assert!(fs::read_to_string(&file).unwrap().contains("host.lis"));
        assert!(fs::read_to_string(beside(&file, "before")).unwrap().contains("host.his"));
        let managed = Managed::load(&layout).unwrap();
        assert_eq!((managed.version, managed.quota_mib, managed.by.as_str()), (3, Some(64), "zhang"));
        let text = fs::read_to_string(&kept).unwrap();
        fs::write(&kept, text.replace("host.lis", "host.nobody")).unwrap();
        assert!(matches!(restore(&args, &layout), Exit::Usage(_)));
        let settings = Settings {
            made: Timestamp::UNIX_EPOCH,
            program: String::new(),
            config: Some("[host.nobody]\naddress = \"10.9.0.1\"\n".into()),
            managed: Managed::default(),
        };
        fs::write(&kept, SettingsFile::of(settings).unwrap()).unwrap();
        let Exit::Usage(reason) = restore(&args, &layout) else { panic!("it was taken") };
        assert!(reason.contains("host.nobody"), "{reason}");
        assert!(fs::read_to_string(&file).unwrap().contains("host.lis"), "nothing was changed");
        assert_eq!(Managed::load(&layout).unwrap().version, 3);
        assert!(!beside(&file, "new").exists());
    }
}
