//! Answers of sftp-server(8).

use super::wire::Packet;
use super::{FAILURE, NO_SUCH_FILE, OK, PERMISSION_DENIED};
use crate::decoys::ssh::shell::node::{Errno, Meta};

/// Extensions that OpenSSH 9.2 names, in its order.
const EXTENSIONS: [(&str, &str); 11] = [
    ("posix-rename@openssh.com", "1"),
    ("statvfs@openssh.com", "2"),
    ("fstatvfs@openssh.com", "2"),
    ("hardlink@openssh.com", "1"),
    ("fsync@openssh.com", "1"),
    ("lsetstat@openssh.com", "1"),
    ("limits@openssh.com", "1"),
    ("expand-path@openssh.com", "1"),
    ("copy-data", "1"),
    ("home-directory", "1"),
    ("users-groups-by-id@openssh.com", "1"),
];

/// VERSION 3 with the extensions. The version stands where other answers have their id.
pub(super) fn version() -> Vec<u8> {
    let mut packet = Packet::new(2, 3);
    for (name, value) in EXTENSIONS {
        packet.bytes(name.as_bytes()).bytes(value.as_bytes());
    }
    packet.done()
}

/// The status of a failed call (`errno_to_portable`).
pub(super) fn code(errno: Errno) -> u32 {
    match errno {
        Errno::NoEntry | Errno::NotDirectory | Errno::Loop => NO_SUCH_FILE,
        Errno::Access | Errno::NotPermitted => PERMISSION_DENIED,
        Errno::NameTooLong | Errno::Invalid => super::BAD_MESSAGE,
        Errno::IsDirectory | Errno::Exists | Errno::NotEmpty | Errno::NoSpace | Errno::TooLarge => FAILURE,
    }
}

/// STATUS with OpenSSH's words.
pub(super) fn status(id: u32, code: u32) -> Vec<u8> {
    const WORDS: [&str; 9] = [
        "Success",
        "End of file",
        "No such file",
        "Permission denied",
        "Failure",
        "Bad message",
        "No connection",
        "Connection lost",
        "Operation unsupported",
    ];
    let words = usize::try_from(code).ok().and_then(|c| WORDS.get(c)).copied().unwrap_or("Unknown error");
    let mut packet = Packet::new(101, id);
    packet.number(code).bytes(words.as_bytes()).bytes(b"");
    packet.done()
}

/// STATUS of a call.
pub(super) fn result(id: u32, result: Result<(), Errno>) -> Vec<u8> {
    status(id, result.map_or_else(code, |()| OK))
}

/// ATTRS, or the status of the failed call.
pub(super) fn attributes(id: u32, meta: Result<Meta, Errno>) -> Vec<u8> {
    match meta {
        Ok(meta) => {
            let mut packet = Packet::new(105, id);
            packet.attributes(&meta);
            packet.done()
        }
        Err(errno) => status(id, code(errno)),
    }
}

/// NAME with one path and empty attributes.
pub(super) fn name(id: u32, path: &str) -> Vec<u8> {
    let mut packet = Packet::new(104, id);
    packet.number(1).bytes(path.as_bytes()).bytes(path.as_bytes()).number(0);
    packet.done()
}

/// `limits@openssh.com`
pub(super) fn limits(id: u32) -> Vec<u8> {
    let mut packet = Packet::new(201, id);
    packet.long(262_144).long(261_120).long(261_120).long(19_995);
    packet.done()
}

/// `statvfs@openssh.com`: total and free blocks of 4 KiB.
pub(super) fn statvfs(id: u32, [total, free]: [u64; 2]) -> Vec<u8> {
    let mut packet = Packet::new(201, id);
    packet.long(4096).long(4096).long(total).long(free + total / 20).long(free);
    packet.long(total / 4).long(total / 5).long(total / 5).long(0x0801).long(2).long(255);
    packet.done()
}

/// `users-groups-by-id@openssh.com`: two lists of names, each in one string.
pub(super) fn names(id: u32, lists: &[Vec<String>; 2]) -> Vec<u8> {
    let mut packet = Packet::new(201, id);
    for list in lists {
        let mut inner = Vec::new();
        for name in list {
            inner.extend(u32::try_from(name.len()).unwrap_or(0).to_be_bytes());
            inner.extend_from_slice(name.as_bytes());
        }
        packet.bytes(&inner);
    }
    packet.done()
}
