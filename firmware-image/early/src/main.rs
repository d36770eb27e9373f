//! The first program of the image. The kernel starts it from a small memory file system; it makes the
//! squashfs file that lies beside it the root, and hands over to `honeyward init`.

#[allow(dead_code, reason = "shared with the init of the main program, which needs all of it")]
#[path = "../../../src/sys/boot.rs"]
mod boot;

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use boot::Mount;

/// What the root needs before it can load modules itself, in the order of their needs.
const MODULES: [&str; 2] = ["/loop.ko", "/squashfs.ko"];

fn main() {
    let error = hand_over();
    eprintln!("honeyward: the root can't be made: {error}");
    // The kernel starts the machine again when its first program ends (panic=10 on its command line).
    std::thread::sleep(Duration::from_secs(5));
}

/// Comes back only with an error.
fn hand_over() -> io::Error {
    match make_root() {
        Ok(()) => Command::new("/usr/bin/honeyward").arg("init").env_clear().exec(),
        Err(error) => error,
    }
}

fn make_root() -> io::Result<()> {
    for module in MODULES {
        boot::load_module(Path::new(module))?;
        fs::remove_file(module)?;
    }
    boot::mount("devtmpfs", Path::new("/dev"), "devtmpfs", Mount::Devices, "mode=0755")?;
    let image = File::open("/root.sqfs")?;
    boot::attach_loop(Path::new("/dev/loop0"), &image)?;
    boot::mount("/dev/loop0", Path::new("/root"), "squashfs", Mount::ReadOnly, "")?;
    // The loop device keeps what it holds; only the name goes.
    fs::remove_file("/root.sqfs")?;
    boot::mount("/dev", Path::new("/root/dev"), "", Mount::Move, "")?;
    boot::enter_root(Path::new("/root"))
}
