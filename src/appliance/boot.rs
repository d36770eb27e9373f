//! From the first instruction of the image's first process to `run`, and to the end of the machine.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;

use super::answers::Answers;
use super::disk::{self, Partition};
use super::first_boot::{self, Program, Settings};
use super::keeper::{self, Kept};
use super::reset::{self, Reset};
use super::screen::{Screen, plain, words};
use super::update::Running;
use super::updating::Updating;
use super::{clock, drivers, network};
use crate::sys::boot::{Mount, mount, unmount};
use crate::sys::machine::{self, Ending};

/// Where the data partition is mounted.
const DATA: &str = "/data";

/// What the machine shows before it starts again after a fault that nothing here can mend.
const READ: Duration = Duration::from_secs(60);

/// What the start needs of the rest of the program.
#[derive(Clone, Copy)]
pub struct Parts {
    /// Checks and questions of the first boot.
    pub program: Program,
    /// Whether every process that should run on a data directory does.
    pub healthy: fn(&Path) -> bool,
}

/// Runs the machine from its start to its end. Comes back only with a fault.
///
/// # Errors
/// When this is not the first process of a machine.
pub fn run(parts: Parts) -> Result<(), String> {
    if std::process::id() != 1 {
        return Err("`init` is the first process of the appliance's image; it does not run elsewhere".into());
    }
    let ending = match start(parts) {
        Ok(ending) => ending,
        Err(fault) => {
            let mut screen = Screen::open();
            screen.say(&words("The appliance can't start:", "设备无法启动："));
            screen.say(&plain(fault));
            std::thread::sleep(READ);
            Ending::Restart
        }
    };
    end(ending)
}

fn start(parts: Parts) -> Result<Ending, String> {
    mount_kernel().map_err(|e| e.to_string())?;
    drivers::load_all();
    let mut screen = Screen::open();
    let running = Running::read(&fs::read_to_string("/etc/os-release").unwrap_or_default());
    screen.say(&plain(format!("\nHoneyward {} ({})", running.version, running.release)));
    let boot = disk::find_boot();
    mount_data(boot.as_ref(), &mut screen)?;
    let settings = Settings::below(Path::new(DATA));
    let cards = network::cards();
    let answers = first_boot::answers(&settings, boot.as_ref(), &cards, &mut screen, parts.program)?;
    screen.language = answers.language;
    set_up(&answers, &cards, &settings, &mut screen)?;
    let console = SocketAddr::from((answers.management.address.address, answers.management.port));
    screen.say(&words(format!("Console: https://{console}/"), format!("控制台：https://{console}/")));
    let state = Path::new(DATA).join("updates.json");
    let updating = boot.map(|boot| Updating { boot, running, state });
    let is_trial = updating.as_ref().map_or(Ok(false), |updating| updating.judge(&mut screen))?;
    let data = settings.data.clone();
    let kept = Kept {
        command: Box::new(|| run_command(&settings, console)),
        healthy: Box::new(move || (parts.healthy)(&data)),
        is_trial,
        updating,
        name: answers.name.clone(),
        root: DATA.into(),
    };
    Ok(keeper::keep(&kept, &mut screen))
}

/// The kernel's own file systems, and memory for what need not last.
fn mount_kernel() -> io::Result<()> {
    mount("proc", Path::new("/proc"), "proc", Mount::Data, "hidepid=2")?;
    mount("sysfs", Path::new("/sys"), "sysfs", Mount::Data, "")?;
    mount("tmpfs", Path::new("/run"), "tmpfs", Mount::Data, "mode=0755,size=16m")?;
    mount("tmpfs", Path::new("/tmp"), "tmpfs", Mount::Data, "mode=1777,size=64m")?;
    if Path::new("/sys/firmware/efi").exists() {
        let _ = mount("efivarfs", Path::new("/sys/firmware/efi/efivars"), "efivarfs", Mount::Data, "");
    }
    Ok(())
}

/// The data partition, or memory when the machine was started from a medium without one.
fn mount_data(boot: Option<&Partition>, screen: &mut Screen) -> Result<(), String> {
    if let Some(boot) = boot {
        let data = disk::prepare_data(boot)?;
        disk::mount_data(&data, Path::new(DATA)).map_err(|e| e.to_string())?;
        return begin_again(&data, screen);
    }
    screen.say(&words(
        "No disk of the appliance is here: all is kept in memory and lost when the machine ends.",
        "未找到设备磁盘：所有数据仅保存在内存中，关机后丢失。",
    ));
    mount("tmpfs", Path::new(DATA), "tmpfs", Mount::Data, "mode=0700").map_err(|e| e.to_string())
}

/// Does the reset that was ordered before this start.
fn begin_again(data: &Partition, screen: &mut Screen) -> Result<(), String> {
    let root = Path::new(DATA);
    let could = |e: io::Error| format!("reset: {e}");
    match reset::ordered(root) {
        None => Ok(()),
        Some(Reset::Seal) => {
            reset::seal(root, Timestamp::now()).map_err(could)?;
            screen.say(&words("Settings are gone; the evidence is sealed.", "设置已清除，证据已封存。"));
            Ok(())
        }
        Some(Reset::Wipe) => {
            unmount(root).map_err(could)?;
            disk::format(&data.device)?;
            disk::mount_data(data, root).map_err(could)?;
            screen.say(&words("Settings and evidence are deleted.", "设置与证据已全部清除。"));
            Ok(())
        }
    }
}

fn set_up(
    answers: &Answers,
    cards: &[network::Card],
    settings: &Settings,
    screen: &mut Screen,
) -> Result<(), String> {
    machine::set_name(&answers.name).map_err(|e| format!("{}: {e}", answers.name))?;
    let management = network::choose(cards, &answers.management.interface, None)?;
    let honeynet = settings.honeynet();
    let text = fs::read_to_string(&honeynet).map_err(|e| format!("{}: {e}", honeynet.display()))?;
    network::refuse_management(&honeynet.display().to_string(), &text, management)
        .map_err(|fault| fault.to_string())?;
    network::set_management(management, &answers.management)?;
    let decoys = network::choose(cards, &answers.decoys.interface, Some(management))?;
    network::name_decoys(decoys)?;
    clock::keep(answers.time.servers.clone()).map_err(|e| e.to_string())?;
    let (own, address, theirs) = (&management.name, answers.management.address, &decoys.mac);
    screen.say(&words(
        format!("Network: management {own} {address}, decoys {theirs}"),
        format!("网络：管理 {own} {address}，诱捕 {theirs}"),
    ));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&settings.data).map_err(|e| e.to_string())
}

fn run_command(settings: &Settings, console: SocketAddr) -> Command {
    let mut command = Command::new("/usr/bin/honeyward");
    command.arg("--data").arg(&settings.data).arg("run").arg("--config").arg(settings.honeynet());
    command.args(["--console", &console.to_string()]).env_clear().env("PATH", "/usr/sbin:/usr/bin");
    command
}

/// Ends all that runs and the machine.
fn end(ending: Ending) -> Result<(), String> {
    let _ = machine::kill_all();
    machine::write_out();
    // Clean where it can be; the journal mends it where something still holds it.
    let _ = unmount(Path::new(DATA));
    machine::end_machine(ending).map_err(|e| e.to_string())
}
