//! Security descriptors of files (MS-DTYP 2.4.6), as a volume of Windows has them by default.

use crate::rpc::Setting;
use crate::rpc::sid::Sid;

/// OWNER_SECURITY_INFORMATION and its kin.
const OWNER: u32 = 1;
const GROUP: u32 = 2;
const DACL: u32 = 4;

/// Rights of one entry, and to whom it gives them.
struct Entry {
    flags: u8,
    rights: u32,
    sid: Sid,
}

/// The descriptor, as much of it as is wanted.
pub(super) fn descriptor(setting: &Setting, wanted: u32, folder: bool) -> Vec<u8> {
    /// SE_SELF_RELATIVE.
    const SELF_RELATIVE: u16 = 0x8000;
    /// SE_DACL_PRESENT and SE_DACL_AUTO_INHERITED.
    const WITH_DACL: u16 = 0x0404;
    const HEADER: usize = 20;
    let owner = if wanted & OWNER != 0 { Sid::builtin().with(544).to_bytes() } else { Vec::new() };
    let group = if wanted & GROUP != 0 { setting.machine.with(513).to_bytes() } else { Vec::new() };
    let dacl = if wanted & DACL != 0 { dacl(folder) } else { Vec::new() };
    let place = |before: usize, part: &Vec<u8>| {
        let at = if part.is_empty() { 0 } else { HEADER + before };
        u32::try_from(at).unwrap_or(0).to_le_bytes()
    };
    let control = if dacl.is_empty() { SELF_RELATIVE } else { SELF_RELATIVE | WITH_DACL };
    let mut out = vec![1, 0];
    out.extend(control.to_le_bytes());
    out.extend(place(dacl.len(), &owner));
    out.extend(place(dacl.len() + owner.len(), &group));
    out.extend([0; 4]);
    out.extend(place(0, &dacl));
    out.extend(dacl);
    out.extend(owner);
    out.extend(group);
    out
}

fn dacl(folder: bool) -> Vec<u8> {
    const INHERITED: u8 = 0x10;
    // OBJECT_INHERIT_ACE and CONTAINER_INHERIT_ACE.
    let flags = if folder { INHERITED | 3 } else { INHERITED };
    let all = 0x001f_01ff;
    let entries = [
        Entry { flags, rights: all, sid: Sid::nt(&[18]) },
        Entry { flags, rights: all, sid: Sid::builtin().with(544) },
        Entry { flags, rights: 0x0013_01bf, sid: Sid::nt(&[11]) },
        Entry { flags, rights: 0x0012_00a9, sid: Sid::builtin().with(545) },
    ];
    let mut body = Vec::new();
    for entry in &entries {
        let sid = entry.sid.to_bytes();
        let size = u16::try_from(8 + sid.len()).unwrap_or(0);
        body.extend([0, entry.flags]);
        body.extend(size.to_le_bytes());
        body.extend(entry.rights.to_le_bytes());
        body.extend(sid);
    }
    let mut out = vec![2, 0];
    out.extend(u16::try_from(8 + body.len()).unwrap_or(0).to_le_bytes());
    out.extend(u16::try_from(entries.len()).unwrap_or(0).to_le_bytes());
    out.extend([0; 2]);
    out.extend(body);
    out
}
