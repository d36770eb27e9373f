//! The server service (MS-SRVS 3.1.4): shares, sessions, the server itself, its clock.

use super::call::{Answer, Call, code, end};
use super::interface::Entry;
use super::ndr::Writer;
use super::setting::{Setting, ShareInfo, ShareKind};
use crate::event::Tainted;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 12, name: "NetrSessionEnum", run: sessions },
    Entry { opnum: 15, name: "NetrShareEnum", run: shares },
    Entry { opnum: 16, name: "NetrShareGetInfo", run: share },
    Entry { opnum: 21, name: "NetrServerGetInfo", run: server },
    Entry { opnum: 28, name: "NetrRemoteTOD", run: clock },
    Entry { opnum: 36, name: "NetrShareEnumSticky", run: shares },
];

/// As many uses as there may be.
const UNLIMITED: u32 = u32::MAX;

/// NetrShareEnum, 3.1.4.8.
fn shares(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let level = call.stub.u32()?;
    let _union = call.stub.u32()?;
    call.of(&format!("level {level}"));
    let mut writer = Writer::new();
    writer.u32(level);
    writer.u32(level);
    let shares = &call.setting.shares;
    let refused = match level {
        0 | 1 | 501 => None,
        2 | 502 | 503 if call.is_administrator() => None,
        2 | 502 | 503 => Some(code::ACCESS_DENIED),
        _ => Some(code::INVALID_LEVEL),
    };
    writer.pointer();
    if let Some(refused) = refused {
        writer.u32(0);
        writer.null();
        writer.u32(0);
        writer.null();
        return end(writer, refused);
    }
    writer.count(shares.len());
    writer.pointer();
    writer.count(shares.len());
    for share in shares {
        fixed(&mut writer, share, level);
    }
    for share in shares {
        texts(&mut writer, share, level);
    }
    writer.count(shares.len());
    // The resume handle is answered where one was given; every client gives one or takes one.
    writer.pointer();
    writer.u32(0);
    end(writer, code::SUCCESS)
}

/// The fixed part of SHARE_INFO_0, 1, 2, 501, 502 and 503, 2.2.4.22 and on.
fn fixed(writer: &mut Writer, share: &ShareInfo, level: u32) {
    writer.pointer();
    if level == 0 {
        return;
    }
    writer.u32(share.kind.number());
    writer.pointer();
    match level {
        501 => writer.u32(0),
        2 | 502 | 503 => {
            writer.u32(0);
            writer.u32(UNLIMITED);
            writer.u32(u32::from(share.kind == ShareKind::Ipc));
            writer.pointer();
            writer.null();
            if level == 503 {
                writer.pointer();
            }
            if level != 2 {
                writer.u32(0);
                writer.null();
            }
        }
        _ => {}
    }
}

fn texts(writer: &mut Writer, share: &ShareInfo, level: u32) {
    writer.wide(&share.name);
    if level > 0 {
        writer.wide(&share.comment);
    }
    if matches!(level, 2 | 502 | 503) {
        writer.wide(&share.path);
    }
    if level == 503 {
        writer.wide("*");
    }
}

/// NetrShareGetInfo, 3.1.4.10.
fn share(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let name = call.stub.wide()?;
    let level = call.stub.u32()?;
    call.of(&name);
    let mut writer = Writer::new();
    writer.u32(level);
    let found = call.setting.share(&name);
    let refused = match (level, found) {
        (0 | 1 | 2 | 501 | 502 | 503 | 1005, None) => Some(code::NET_NAME_NOT_FOUND),
        (2 | 502 | 503, Some(_)) if !call.is_administrator() => Some(code::ACCESS_DENIED),
        (0 | 1 | 2 | 501 | 502 | 503 | 1005, Some(_)) => None,
        _ => Some(code::INVALID_LEVEL),
    };
    let Some(found) = found.filter(|_| refused.is_none()) else {
        writer.null();
        return end(writer, refused.unwrap_or(code::INVALID_LEVEL));
    };
    writer.pointer();
    if level == 1005 {
        writer.u32(0);
    } else {
        fixed(&mut writer, found, level);
        texts(&mut writer, found, level);
    }
    end(writer, code::SUCCESS)
}

/// NetrSessionEnum, 3.1.4.5: the caller's own session is one of them.
fn sessions(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let _client = call.stub.wide_pointer()?;
    let _user = call.stub.wide_pointer()?;
    let level = call.stub.u32()?;
    call.of(&format!("level {level}"));
    let mut writer = Writer::new();
    writer.u32(level);
    writer.u32(level);
    writer.pointer();
    // Since Windows Server 2019 and 10 1709 only administrators see sessions.
    let everybody = level == 10 && !call.setting.windows.since(17_763);
    let refused = match level {
        10 | 502 | 0 | 1 | 2 if !everybody && !call.is_administrator() => Some(code::ACCESS_DENIED),
        0 | 10 => None,
        _ => Some(code::INVALID_LEVEL),
    };
    if let Some(refused) = refused {
        writer.u32(0);
        writer.null();
        writer.u32(0);
        writer.null();
        return end(writer, refused);
    }
    session(&mut writer, call, level);
    writer.u32(1);
    writer.pointer();
    writer.u32(0);
    end(writer, code::SUCCESS)
}

/// SESSION_INFO_0 and 10, 2.2.4.13 and 2.2.4.16.
fn session(writer: &mut Writer, call: &Call<'_>, level: u32) {
    let caller = &call.setting.caller;
    let seconds = call.session.now().duration_since(caller.since).as_secs().max(0);
    writer.u32(1);
    writer.pointer();
    writer.u32(1);
    writer.pointer();
    if level == 10 {
        writer.pointer();
        writer.u32(u32::try_from(seconds).unwrap_or(u32::MAX));
        writer.u32(0);
    }
    writer.wide(&format!("\\\\{}", caller.client));
    if level == 10 {
        writer.wide(&caller.account);
    }
}

/// NetrServerGetInfo, 3.1.4.17.
fn server(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let level = call.stub.u32()?;
    call.of(&format!("level {level}"));
    let mut writer = Writer::new();
    writer.u32(level);
    let refused = match level {
        100 | 101 => None,
        102 if call.is_administrator() => None,
        102 | 502 | 503 => Some(code::ACCESS_DENIED),
        _ => Some(code::INVALID_LEVEL),
    };
    if let Some(refused) = refused {
        writer.null();
        return end(writer, refused);
    }
    server_info(&mut writer, call.setting, level);
    end(writer, code::SUCCESS)
}

/// SV_TYPE_… of workstations, servers, NT and NT servers, 2.2.2.7.
fn server_type(setting: &Setting) -> u32 {
    const WORKSTATION: u32 = 0x1;
    const SERVER: u32 = 0x2;
    const SQL_SERVER: u32 = 0x4;
    const NT: u32 = 0x1000;
    const SERVER_NT: u32 = 0x8000;
    const POTENTIAL_BROWSER: u32 = 0x1_0000;
    let base = WORKSTATION | SERVER | NT;
    let sql = if setting.has_sql_server { SQL_SERVER } else { 0 };
    let edition = if setting.windows.is_server { SERVER_NT } else { 0 };
    let browser = if setting.windows.build < 10_000 { POTENTIAL_BROWSER } else { 0 };
    base | sql | edition | browser
}

/// SERVER_INFO_100, 101 and 102, 2.2.4.40 to 2.2.4.42.
fn server_info(writer: &mut Writer, setting: &Setting, level: u32) {
    const PLATFORM_NT: u32 = 500;
    const USERS: u32 = 0xffff_ffff;
    writer.pointer();
    writer.u32(PLATFORM_NT);
    writer.pointer();
    if level > 100 {
        writer.u32(setting.windows.major);
        writer.u32(setting.windows.minor);
        writer.u32(server_type(setting));
        writer.pointer();
    }
    if level == 102 {
        // Users, minutes to an automatic disconnect, visible, announced each 240 s give or take 3 s,
        // licences: what an installation is set to.
        for value in [USERS, 15, 0, 240, 3000, 0] {
            writer.u32(value);
        }
        writer.pointer();
    }
    writer.wide(&setting.names.netbios_computer);
    if level > 100 {
        writer.wide("");
    }
    if level == 102 {
        writer.wide("C:\\");
    }
}

/// NetrRemoteTOD, 3.1.4.21.
fn clock(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let now = call.session.now();
    call.target = Tainted::default();
    let utc = now.to_zoned(jiff::tz::TimeZone::UTC);
    let minutes_west = -call.session.pack().hospital.utc_offset_minutes;
    let number = |value: i32| u32::from_le_bytes(value.to_le_bytes());
    let small = |value: i8| number(i32::from(value));
    let mut writer = Writer::new();
    writer.pointer();
    writer.u32(u32::try_from(now.as_second()).unwrap_or(0));
    writer.u32(u32::try_from(call.setting.up(now).as_millis() & 0xffff_ffff).unwrap_or(0));
    writer.u32(small(utc.hour()));
    writer.u32(small(utc.minute()));
    writer.u32(small(utc.second()));
    writer.u32(u32::try_from(utc.subsec_nanosecond() / 10_000_000).unwrap_or(0));
    writer.u32(number(minutes_west));
    // The clock's tick in tenths of a millisecond.
    writer.u32(310);
    writer.u32(small(utc.day()));
    writer.u32(small(utc.month()));
    writer.u32(number(i32::from(utc.year())));
    writer.u32(small(utc.weekday().to_sunday_zero_offset()));
    end(writer, code::SUCCESS)
}
