//! Room on a file system, and what waits for its disk.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How much room a file system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that we may still write.
    pub free: u64,
    /// Bytes that it has.
    pub total: u64,
    /// Which file system it is, as long as it is mounted.
    pub id: u64,
}

/// Asks for the room where a path is (statvfs(3)).
///
/// # Errors
/// There is no such path.
pub fn room(path: &Path) -> io::Result<Room> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut found = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: the path ends with a zero, and the pointer is to a statvfs of our own; both outlive the call.
    let status = unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the struct holds integers only, for which zero is a value, and the call has filled it.
    let found = unsafe { found.assume_init() };
    let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Ok(Room { free: bytes(found.f_bavail), total: bytes(found.f_blocks), id: found.f_fsid })
}

/// Writes out all that waits for the disk of the file system where this file or folder is (syncfs(2)).
///
/// # Errors
/// The disk failed since the last time that somebody asked.
pub fn sync_file_system(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open as long as `file` is, and the call takes no pointer.
    match unsafe { libc::syncfs(file.as_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    #[test]
    fn what_waits_for_a_disk_is_written_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "b").unwrap();
        sync_file_system(&File::open(dir.path()).unwrap()).unwrap();
        let nowhere = File::options().read(true).custom_flags(libc::O_PATH).open(dir.path()).unwrap();
        assert!(sync_file_system(&nowhere).is_err());
    }

    #[test]
    fn a_disk_has_room_and_what_is_not_there_has_none() {
        let room_here = room(Path::new("/")).unwrap();
        assert!(room_here.total > 0 && room_here.free <= room_here.total);
        assert!(room(Path::new("/no/such/place")).is_err());
    }
}
