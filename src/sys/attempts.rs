//! What an intruder in a process would try of the kernel. Nobody else in the house calls these; the
//! self-test of the walls does.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr;

/// Opens a socket of any kind, to see whether it may be had.
///
/// # Errors
/// The refusal.
pub fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
    // SAFETY: a call without pointers.
    let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
    // SAFETY: when it is one, it was just opened and nothing else owns it.
    if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(unsafe { OwnedFd::from_raw_fd(fd) }) }
}

/// Takes hold of another process.
///
/// # Errors
/// The refusal.
pub fn trace(pid: u32) -> io::Result<()> {
    let none = ptr::null_mut::<libc::c_void>();
    // SAFETY: PTRACE_SEIZE takes no pointers; the other process is let go when this one ends.
    checked(unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid as libc::pid_t, none, none) })
}

/// Asks whether another process could be sent a signal; none is sent.
///
/// # Errors
/// The refusal.
pub fn reach(pid: u32) -> io::Result<()> {
    // SAFETY: signal 0 only asks.
    checked(unsafe { libc::kill(pid as libc::pid_t, 0) }.into())
}

/// Mounts an empty file system over a folder.
///
/// # Errors
/// The refusal.
pub fn mount() -> io::Result<()> {
    let (kind, place) = (c"tmpfs".as_ptr(), c"/mnt".as_ptr());
    // SAFETY: the pointers are to constants that end with a zero; no data is given.
    checked(unsafe { libc::mount(kind, place, kind, 0, ptr::null()) }.into())
}

/// Loads a kernel module from nothing, which the kernel refuses in another way where it may be tried.
///
/// # Errors
/// The refusal.
pub fn load_module() -> io::Result<()> {
    // SAFETY: no module is at the pointer, and its length is 0.
    checked(unsafe { libc::syscall(libc::SYS_init_module, ptr::null::<u8>(), 0, c"".as_ptr()) })
}

/// Leaves for namespaces of its own.
///
/// # Errors
/// The refusal.
pub fn leave() -> io::Result<()> {
    // SAFETY: a call without pointers.
    checked(unsafe { libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET) }.into())
}

fn checked(result: libc::c_long) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
