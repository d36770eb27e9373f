//! The workstation service (MS-WKST 3.2.4).

use super::call::{Answer, Call, code, end};
use super::interface::Entry;
use super::ndr::Writer;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "NetrWkstaGetInfo", run: info },
    Entry { opnum: 2, name: "NetrWkstaUserEnum", run: users },
    Entry { opnum: 20, name: "NetrGetJoinInformation", run: joined },
];

/// PLATFORM_ID_NT, 2.2.5.1.
const PLATFORM_NT: u32 = 500;

/// NetrWkstaGetInfo, 3.2.4.1.
fn info(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let level = call.stub.u32()?;
    call.of(&format!("level {level}"));
    let mut writer = Writer::new();
    writer.u32(level);
    let refused = match level {
        100 => None,
        101 | 102 if call.is_administrator() => None,
        101 | 102 | 502 => Some(code::ACCESS_DENIED),
        _ => Some(code::INVALID_LEVEL),
    };
    if let Some(refused) = refused {
        writer.null();
        return end(writer, refused);
    }
    let (names, windows) = (&call.setting.names, &call.setting.windows);
    writer.pointer();
    writer.u32(PLATFORM_NT);
    writer.pointer();
    writer.pointer();
    writer.u32(windows.major);
    writer.u32(windows.minor);
    if level > 100 {
        writer.pointer();
    }
    if level == 102 {
        writer.u32(1);
    }
    writer.wide(&names.netbios_computer);
    writer.wide(&call.setting.group());
    if level > 100 {
        writer.wide("");
    }
    end(writer, code::SUCCESS)
}

/// NetrWkstaUserEnum, 3.2.4.3: who is logged on at the console; the machine's room has nobody there
/// but its services.
fn users(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let level = call.stub.u32()?;
    call.of(&format!("level {level}"));
    let refused = match level {
        0 | 1 if call.is_administrator() => None,
        0 | 1 => Some(code::ACCESS_DENIED),
        _ => Some(code::INVALID_LEVEL),
    };
    let mut writer = Writer::new();
    writer.u32(level);
    writer.u32(level);
    writer.pointer();
    if let Some(refused) = refused {
        writer.u32(0);
        writer.null();
        writer.u32(0);
        writer.null();
        return end(writer, refused);
    }
    let names = &call.setting.names;
    let service = format!("{}$", names.netbios_computer);
    writer.u32(1);
    writer.pointer();
    writer.u32(1);
    writer.pointer();
    if level == 1 {
        (0..3).for_each(|_| writer.pointer());
    }
    writer.wide(&service);
    if level == 1 {
        writer.wide(&call.setting.group());
        writer.wide("");
        writer.wide("");
    }
    writer.u32(1);
    writer.pointer();
    writer.u32(0);
    end(writer, code::SUCCESS)
}

/// NetrGetJoinInformation, 3.2.4.13.
fn joined(call: &mut Call<'_>) -> Answer {
    const WORKGROUP: u16 = 2;
    const DOMAIN: u16 = 3;
    let mut writer = Writer::new();
    writer.pointer();
    writer.wide(&call.setting.group());
    writer.u16(if call.setting.domain.is_some() { DOMAIN } else { WORKGROUP });
    end(writer, code::SUCCESS)
}
