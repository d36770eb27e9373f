//! What a first process asks of the kernel: file systems, modules, the root, power. The appliance's
//! early stage is built from this file alone, so it needs nothing but `libc`.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How a file system is mounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mount {
    /// Written and read; no programs, devices or set-uid files on it.
    Data,
    /// Read only, with programs.
    ReadOnly,
    /// Devices live there.
    Devices,
    /// The mount moves here from another place.
    Move,
}

impl Mount {
    fn flags(self) -> libc::c_ulong {
        let guarded = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
        match self {
            Mount::Data => guarded,
            Mount::ReadOnly => libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV,
            Mount::Devices => libc::MS_NOSUID | libc::MS_NOEXEC,
            Mount::Move => libc::MS_MOVE,
        }
    }
}

/// mount(2).
///
/// # Errors
/// Those of the call, with the place in words.
pub fn mount(source: &str, target: &Path, kind: &str, how: Mount, options: &str) -> io::Result<()> {
    let (from, to) = (text(source.as_bytes())?, text(target.as_os_str().as_bytes())?);
    let (kind, options) = (text(kind.as_bytes())?, text(options.as_bytes())?);
    // SAFETY: four strings that end in zero and outlive the call, which only reads them.
    let result = unsafe {
        libc::mount(from.as_ptr(), to.as_ptr(), kind.as_ptr(), how.flags(), options.as_ptr().cast())
    };
    done(result).map_err(|e| io::Error::new(e.kind(), format!("{source} on {}: {e}", target.display())))
}

/// umount(2).
///
/// # Errors
/// Those of the call.
pub fn unmount(target: &Path) -> io::Result<()> {
    let target = text(target.as_os_str().as_bytes())?;
    // SAFETY: a string that ends in zero and outlives the call.
    done(unsafe { libc::umount(target.as_ptr()) })
}

/// Loads one kernel module, as it lies on disk (xz included). One that is loaded already is no error.
///
/// # Errors
/// Those of finit_module(2).
pub fn load_module(file: &Path) -> io::Result<()> {
    /// `linux/module.h`.
    const COMPRESSED: libc::c_int = 4;
    let flags = if file.extension().is_some_and(|e| e == "xz") { COMPRESSED } else { 0 };
    let module = File::open(file)?;
    // SAFETY: an open descriptor and an empty string of parameters; the kernel only reads.
    let result = unsafe { libc::syscall(libc::SYS_finit_module, module.as_raw_fd(), c"".as_ptr(), flags) };
    match done(result as libc::c_int) {
        Err(error) if error.raw_os_error() == Some(libc::EEXIST) => Ok(()),
        other => other,
    }
}

/// Ties a file to a loop device, read only. The file may be removed afterwards.
///
/// # Errors
/// When the device is not a free loop device.
pub fn attach_loop(device: &Path, file: &File) -> io::Result<()> {
    /// `linux/loop.h`.
    const LOOP_SET_FD: libc::c_ulong = 0x4C00;
    let device = File::open(device)?;
    // SAFETY: two open descriptors; a loop device opened for reading makes the tie read only.
    done(unsafe { libc::ioctl(device.as_raw_fd(), LOOP_SET_FD as _, file.as_raw_fd() as RawFd) })
}

/// Makes a mounted folder the root of this process and of all that it starts.
///
/// # Errors
/// Those of the calls.
pub fn enter_root(root: &Path) -> io::Result<()> {
    std::env::set_current_dir(root)?;
    mount(".", Path::new("/"), "", Mount::Move, "")?;
    // SAFETY: a constant string that ends in zero.
    done(unsafe { libc::chroot(c".".as_ptr()) })?;
    std::env::set_current_dir("/")
}

fn text(bytes: &[u8]) -> io::Result<CString> {
    CString::new(bytes).map_err(io::Error::other)
}

fn done(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
