//! QUERY_INFO (2.2.37): what is told of files, volumes and rights (MS-FSCC 2.4, 2.5).

use super::dialect::Dialect;
use super::directory::buffer;
use super::link::{Answer, Answered, Link, Request};
use super::open::{Open, Target};
use super::packet::{HEADER, long, wide};
use super::security;
use super::status::Status;
use super::store::{Node, Times, filetime};
use super::tree::Tree;

/// InfoType.
const FILE: u8 = 1;
const VOLUME: u8 = 2;
const SECURITY: u8 = 3;
const QUOTA: u8 = 4;

/// What every open of a file says of itself beside its node.
struct Facts<'a> {
    open: &'a Open,
    node: Node,
    /// The path below the share, with a backslash before it.
    name: String,
}

impl Link {
    pub(super) fn query_info(&mut self, request: &Request<'_>, tree: &Tree, file: Option<u64>) -> Answered {
        let bad = Status::INVALID_PARAMETER;
        let message = request.message;
        let id = self.handle(request, 24, file)?;
        let kind = message.u8(HEADER + 2).ok_or(bad)?;
        let class = message.u8(HEADER + 3).ok_or(bad)?;
        let room = usize::try_from(message.u32(HEADER + 4).ok_or(bad)?).map_err(|_| bad)?;
        let wanted = message.u32(HEADER + 16).ok_or(bad)?;
        if room > self.largest() {
            return Err(bad);
        }
        let open = self.opens.get(id).ok_or(Status::FILE_CLOSED)?;
        let (bytes, fixed) = match kind {
            FILE => self.file_info(open, tree, class)?,
            VOLUME => self.volume_info(open, class)?,
            SECURITY => {
                let bytes = security::descriptor(&self.server.setting, wanted, open.node.is_folder());
                if bytes.len() > room {
                    let body = self.error_with(&long(bytes.len()).to_le_bytes());
                    return Ok(Answer { status: Status::BUFFER_TOO_SMALL, body });
                }
                (bytes, 0)
            }
            QUOTA => return Err(Status::NOT_SUPPORTED),
            _ => return Err(bad),
        };
        cut(bytes, fixed, room)
    }

    /// A class of a file; with the length that there must be room for.
    fn file_info(&self, open: &Open, tree: &Tree, class: u8) -> Result<(Vec<u8>, usize), Status> {
        let below = open.path.below(&tree.folder).unwrap_or(open.path.parts());
        let name = format!("\\{}", below.join("\\"));
        let facts = Facts { open, node: self.current(open), name };
        let bytes = match class {
            4 => facts.basic(),
            5 => facts.standard(),
            6 => facts.node.id.to_le_bytes().to_vec(),
            7 => vec![0; 4],
            8 => open.granted.to_le_bytes().to_vec(),
            9 | 48 => facts.named(class == 48),
            14 => open.position.to_le_bytes().to_vec(),
            16 | 17 => vec![0; 4],
            18 => facts.all(),
            21 => {
                let name = facts.short();
                if name.is_empty() {
                    return Err(Status::OBJECT_NAME_NOT_FOUND);
                }
                [&long(name.len()).to_le_bytes()[..], &name].concat()
            }
            22 => facts.streams(),
            23 => [1u32.to_le_bytes(), 0u32.to_le_bytes()].concat(),
            24 => facts.local_pipe(),
            28 => facts.compression(),
            34 => facts.network_open(),
            35 => [facts.node.attributes.to_le_bytes(), 0u32.to_le_bytes()].concat(),
            59 => [&self.serial(open).to_le_bytes()[..], &facts.node.id.to_le_bytes(), &[0; 8]].concat(),
            _ => return Err(Status::INVALID_INFO_CLASS),
        };
        let fixed = match class {
            9 | 48 => 4,
            18 => 100,
            21 => 4,
            22 => 24,
            _ => bytes.len(),
        };
        Ok((bytes, fixed))
    }

    /// The body of an error with data, 2.2.2: in a context of its own since 3.1.1.
    fn error_with(&self, data: &[u8]) -> Vec<u8> {
        let in_context = self.agreed.as_ref().is_some_and(|agreed| agreed.dialect == Dialect::Smb311);
        let context = if in_context { [long(data.len()).to_le_bytes(), [0; 4]].concat() } else { Vec::new() };
        let mut out = 9u16.to_le_bytes().to_vec();
        out.extend([u8::from(in_context), 0]);
        out.extend(long(context.len() + data.len()).to_le_bytes());
        out.extend(context);
        out.extend(data);
        out
    }

    fn serial(&self, open: &Open) -> u64 {
        let volume = open.path.drive().and_then(|drive| self.server.disk.volume(drive));
        volume.map_or(0, |volume| u64::from(volume.serial) << 32 | u64::from(volume.serial.rotate_left(13)))
    }

    fn volume_info(&self, open: &Open, class: u8) -> Result<(Vec<u8>, usize), Status> {
        const CLUSTER: u64 = 4096;
        let volume = open.path.drive().and_then(|drive| self.server.disk.volume(drive));
        let volume = volume.ok_or(Status::INVALID_DEVICE_REQUEST)?;
        let (all, free) = (volume.size / CLUSTER, volume.free(self.now) / CLUSTER);
        let mut out = Vec::new();
        match class {
            1 => {
                let label = wide(&volume.label);
                out.extend(filetime(volume.made).to_le_bytes());
                out.extend(volume.serial.to_le_bytes());
                out.extend(long(label.len()).to_le_bytes());
                out.extend([1, 0]);
                out.extend(label);
                return Ok((out, 18));
            }
            3 => {
                out.extend(all.to_le_bytes());
                out.extend(free.to_le_bytes());
                out.extend([8, 0, 0, 0, 0, 2, 0, 0]);
            }
            4 => out.extend([7, 0, 0, 0, 0x20, 0, 0, 0]),
            5 => {
                // Names with case, in Unicode; rights; compression; quotas; streams; and so on: NTFS.
                out.extend(0x03e7_00ff_u32.to_le_bytes());
                out.extend(255u32.to_le_bytes());
                let name = wide("NTFS");
                out.extend(long(name.len()).to_le_bytes());
                out.extend(name);
                return Ok((out, 12));
            }
            6 => out.resize(48, 0),
            7 => {
                out.extend(all.to_le_bytes());
                out.extend(free.to_le_bytes());
                out.extend(free.to_le_bytes());
                out.extend([8, 0, 0, 0, 0, 2, 0, 0]);
            }
            8 => {
                out.extend(self.serial(open).to_le_bytes());
                out.extend(self.serial(open).rotate_left(29).to_le_bytes());
                out.resize(64, 0);
            }
            11 => {
                out.extend([0, 2, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 3, 0, 0, 0]);
                out.resize(28, 0);
            }
            _ => return Err(Status::INVALID_INFO_CLASS),
        }
        let length = out.len();
        Ok((out, length))
    }
}

impl Facts<'_> {
    fn times(&self) -> Vec<u8> {
        let Times { created, accessed, written, changed } = self.node.times;
        [created, accessed, written, changed].into_iter().flat_map(u64::to_le_bytes).collect()
    }

    fn basic(&self) -> Vec<u8> {
        [&self.times()[..], &self.node.attributes.to_le_bytes(), &[0; 4]].concat()
    }

    fn standard(&self) -> Vec<u8> {
        let (allocation, size) = match (&self.open.target, self.node.is_folder()) {
            (Target::Pipe(_), _) => (4096, 0),
            (Target::Disk | Target::Job(_), true) => (0, 0),
            (Target::Disk | Target::Job(_), false) => (self.node.allocation(), self.node.size),
        };
        let mut out = Vec::new();
        out.extend(u64::to_le_bytes(allocation));
        out.extend(u64::to_le_bytes(size));
        out.extend(1u32.to_le_bytes());
        out.extend([u8::from(self.open.delete_on_close), u8::from(self.node.is_folder()), 0, 0]);
        out
    }

    fn named(&self, without_backslash: bool) -> Vec<u8> {
        let name = if without_backslash { self.name.trim_start_matches('\\') } else { &self.name };
        let name = wide(name);
        [&long(name.len()).to_le_bytes()[..], &name].concat()
    }

    fn all(&self) -> Vec<u8> {
        let mut out = self.basic();
        out.extend(self.standard());
        out.extend(self.node.id.to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.open.granted.to_le_bytes());
        out.extend(self.open.position.to_le_bytes());
        out.extend([0; 8]);
        out.extend(self.named(false));
        out
    }

    fn short(&self) -> Vec<u8> {
        wide(&super::directory::alternate(&self.node.name))
    }

    fn streams(&self) -> Vec<u8> {
        if self.node.is_folder() {
            return Vec::new();
        }
        let name = wide("::$DATA");
        let mut out = 0u32.to_le_bytes().to_vec();
        out.extend(long(name.len()).to_le_bytes());
        out.extend(self.node.size.to_le_bytes());
        out.extend(self.node.allocation().to_le_bytes());
        out.extend(name);
        out
    }

    fn local_pipe(&self) -> Vec<u8> {
        let numbers = [2u32, 2, 0xffff_ffff, 1, 65_536, 0, 65_536, 65_536, 3, 1];
        numbers.into_iter().flat_map(u32::to_le_bytes).collect()
    }

    fn compression(&self) -> Vec<u8> {
        let mut out = self.node.size.to_le_bytes().to_vec();
        out.resize(16, 0);
        out
    }

    fn network_open(&self) -> Vec<u8> {
        let (allocation, size) =
            if self.node.is_folder() { (0, 0) } else { (self.node.allocation(), self.node.size) };
        let mut out = self.times();
        out.extend(u64::to_le_bytes(allocation));
        out.extend(u64::to_le_bytes(size));
        out.extend(self.node.attributes.to_le_bytes());
        out.extend([0; 4]);
        out
    }
}

/// As much of a class as there is room for.
fn cut(mut bytes: Vec<u8>, fixed: usize, room: usize) -> Answered {
    if room < fixed {
        return Err(Status::INFO_LENGTH_MISMATCH);
    }
    if bytes.len() <= room {
        return Ok(Answer::good(buffer(&bytes)));
    }
    bytes.truncate(room);
    Ok(Answer { status: Status::BUFFER_OVERFLOW, body: buffer(&bytes) })
}
