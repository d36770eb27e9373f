//! One entry of the file system, and the errors of its calls.

use std::sync::Arc;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// A directory.
    Directory,
    /// A file with these bytes.
    File(Arc<[u8]>),
    /// A program of the system, of this size; its bytes are made when read.
    Program(u64),
    /// A file whose bytes are kept as an artefact.
    Artefact {
        /// SHA-256, lower-case hex.
        sha256: String,
        /// Size in bytes.
        size: u64,
    },
    /// A symbolic link.
    Link(String),
    /// A character or block device.
    Device(bool, u32, u32),
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub body: Body,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Time of last change, seconds since 1970 UTC.
    pub mtime: i64,
}

/// Kind of an entry, as `stat` tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A directory.
    Directory,
    /// A regular file.
    File,
    /// A symbolic link.
    Link,
    /// A character device.
    Character,
    /// A block device.
    Block,
}

/// What `stat` tells of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meta {
    /// Its kind.
    pub form: Form,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Time of last change, seconds since 1970 UTC.
    pub mtime: i64,
    /// Target of a link.
    pub target: Option<String>,
    /// Major and minor number of a device.
    pub device: (u32, u32),
}

impl Meta {
    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.form == Form::Directory
    }

    /// File type bits and permissions, as `st_mode`.
    pub fn st_mode(&self) -> u32 {
        let kind = match self.form {
            Form::Directory => 0o040_000,
            Form::File => 0o100_000,
            Form::Link => 0o120_000,
            Form::Character => 0o020_000,
            Form::Block => 0o060_000,
        };
        kind | self.mode
    }

    /// `drwxr-xr-x`
    pub fn mode_text(&self) -> String {
        let kind = match self.form {
            Form::Directory => 'd',
            Form::File => '-',
            Form::Link => 'l',
            Form::Character => 'c',
            Form::Block => 'b',
        };
        let mut text = String::from(kind);
        for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
            let bits = self.mode >> shift;
            text.push(if bits & 4 != 0 { 'r' } else { '-' });
            text.push(if bits & 2 != 0 { 'w' } else { '-' });
            text.push(match (bits & 1 != 0, self.mode & special != 0) {
                (true, true) => letter,
                (false, true) => letter.to_ascii_uppercase(),
                (true, false) => 'x',
                (false, false) => '-',
            });
        }
        text
    }
}

impl Node {
    /// How a removed entry of the host's tree is kept.
    pub const GONE: &'static [u8] = b"w";

    /// What `stat` tells.
    pub fn meta(&self) -> Meta {
        let (form, size, target, device) = match &self.body {
            Body::Directory => (Form::Directory, 4096, None, (0, 0)),
            Body::File(bytes) => (Form::File, u64::try_from(bytes.len()).unwrap_or(0), None, (0, 0)),
            Body::Program(size) | Body::Artefact { size, .. } => (Form::File, *size, None, (0, 0)),
            Body::Link(target) => {
                (Form::Link, u64::try_from(target.len()).unwrap_or(0), Some(target.clone()), (0, 0))
            }
            Body::Device(block, major, minor) => {
                (if *block { Form::Block } else { Form::Character }, 0, None, (*major, *minor))
            }
        };
        Meta { form, mode: self.mode, uid: self.uid, gid: self.gid, size, mtime: self.mtime, target, device }
    }

    /// Its form in the intruder's overlay: a letter, four numbers, the body.
    pub fn encode(&self) -> Vec<u8> {
        let (letter, body): (u8, Vec<u8>) = match &self.body {
            Body::Directory => (b'd', Vec::new()),
            Body::File(bytes) => (b'f', bytes.to_vec()),
            Body::Program(size) => (b'p', size.to_be_bytes().to_vec()),
            Body::Artefact { sha256, size } => (b'a', format!("{size} {sha256}").into_bytes()),
            Body::Link(target) => (b'l', target.clone().into_bytes()),
            Body::Device(block, major, minor) => {
                let mut body = vec![u8::from(*block)];
                body.extend(major.to_be_bytes());
                body.extend(minor.to_be_bytes());
                (b'n', body)
            }
        };
        let mut out = vec![letter];
        out.extend(self.mode.to_be_bytes());
        out.extend(self.uid.to_be_bytes());
        out.extend(self.gid.to_be_bytes());
        out.extend(self.mtime.to_be_bytes());
        out.extend(body);
        out
    }

    /// Reads what [`Node::encode`] wrote; `None` for a removed entry.
    pub fn decode(bytes: &[u8]) -> Option<Node> {
        let (letter, rest) = bytes.split_first()?;
        let (mode, rest) = rest.split_first_chunk::<4>()?;
        let (uid, rest) = rest.split_first_chunk::<4>()?;
        let (gid, rest) = rest.split_first_chunk::<4>()?;
        let (mtime, body) = rest.split_first_chunk::<8>()?;
        let body = match letter {
            b'd' => Body::Directory,
            b'f' => Body::File(body.into()),
            b'p' => Body::Program(u64::from_be_bytes(*body.first_chunk()?)),
            b'a' => {
                let text = std::str::from_utf8(body).ok()?;
                let (size, sha256) = text.split_once(' ')?;
                Body::Artefact { sha256: sha256.to_owned(), size: size.parse().ok()? }
            }
            b'l' => Body::Link(String::from_utf8(body.to_vec()).ok()?),
            b'n' => {
                let (block, rest) = body.split_first()?;
                let (major, rest) = rest.split_first_chunk::<4>()?;
                Body::Device(
                    *block == 1,
                    u32::from_be_bytes(*major),
                    u32::from_be_bytes(*rest.first_chunk()?),
                )
            }
            _ => return None,
        };
        Some(Node {
            body,
            mode: u32::from_be_bytes(*mode),
            uid: u32::from_be_bytes(*uid),
            gid: u32::from_be_bytes(*gid),
            mtime: i64::from_be_bytes(*mtime),
        })
    }
}

/// Errors of file system calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errno {
    /// ENOENT
    NoEntry,
    /// EACCES
    Access,
    /// EISDIR
    IsDirectory,
    /// ENOTDIR
    NotDirectory,
    /// EEXIST
    Exists,
    /// ENOTEMPTY
    NotEmpty,
    /// ENOSPC
    NoSpace,
    /// ELOOP
    Loop,
    /// EPERM
    NotPermitted,
    /// EFBIG
    TooLarge,
    /// ENAMETOOLONG
    NameTooLong,
    /// EINVAL
    Invalid,
}

impl std::fmt::Display for Errno {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Errno::NoEntry => "No such file or directory",
            Errno::Access => "Permission denied",
            Errno::IsDirectory => "Is a directory",
            Errno::NotDirectory => "Not a directory",
            Errno::Exists => "File exists",
            Errno::NotEmpty => "Directory not empty",
            Errno::NoSpace => "No space left on device",
            Errno::Loop => "Too many levels of symbolic links",
            Errno::NotPermitted => "Operation not permitted",
            Errno::TooLarge => "File too large",
            Errno::NameTooLong => "File name too long",
            Errno::Invalid => "Invalid argument",
        })
    }
}
