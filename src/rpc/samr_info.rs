//! What the account database says of its domains, groups and users (MS-SAMR 2.2.3 to 2.2.8).

use jiff::Timestamp;

use super::call::{Answer, Call, Fault, code, end, nothing};
use super::groups::NONE;
use super::handles::{Object, SamDomain};
use super::ndr::Writer;
use super::samr::{aliases_of, domain as domain_of, users_of};
use super::setting::{AccountInfo, Setting};

/// "Never" as an interval and as a time, MS-SAMR 2.2.2.1.
const NEVER: u64 = 0x8000_0000_0000_0000;
const NEVER_AT: u64 = 0x7fff_ffff_ffff_ffff;
/// One day in units of 100 ns.
const DAY: u64 = 864_000_000_000;
/// Password policy of a host that nobody changed: 42 days, complexity on servers.
const MAX_AGE_DAYS: u64 = 42;
/// USER_ACCOUNT_…, 2.2.1.12.
const DISABLED: u32 = 0x0001;
const NOT_REQUIRED: u32 = 0x0004;
const NORMAL: u32 = 0x0010;
const DOES_NOT_EXPIRE: u32 = 0x0200;

/// An OLD_LARGE_INTEGER: two halves.
fn halves(writer: &mut Writer, value: u64) {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    writer.u32(u32::from_le_bytes([a, b, c, d]));
    writer.u32(u32::from_le_bytes([e, f, g, h]));
}

/// A FILETIME: 100 ns since 1601.
pub(super) fn filetime(at: Timestamp) -> u64 {
    const SINCE_1601: i128 = 11_644_473_600_000_000_000;
    u64::try_from(at.as_nanosecond().saturating_add(SINCE_1601) / 100).unwrap_or(0)
}

fn minus(interval: u64) -> u64 {
    0u64.wrapping_sub(interval)
}

/// DOMAIN_PASSWORD_COMPLEX where an edition asks for it.
fn properties(setting: &Setting) -> u32 {
    u32::from(setting.windows.is_server)
}

/// SamrGetDomainPasswordInformation, 3.1.5.13.3.
pub(super) fn password(call: &mut Call<'_>) -> Answer {
    let mut writer = Writer::new();
    writer.u16(0);
    writer.u32(properties(call.setting));
    end(writer, code::SUCCESS)
}

/// SamrQueryInformationDomain, 3.1.5.5.1.
pub(super) fn domain(call: &mut Call<'_>) -> Answer {
    let domain = domain_of(call)?;
    let class = call.stub.u16()?;
    call.of(&format!("class {class}"));
    let setting = call.setting;
    let name = match domain {
        SamDomain::Own => setting.names.netbios_computer.as_str(),
        SamDomain::Builtin => "Builtin",
    };
    let mut writer = Writer::new();
    writer.pointer();
    writer.u16(class);
    writer.align(4);
    match class {
        1 => {
            writer.u16(0);
            writer.u16(0);
            writer.u32(properties(setting));
            halves(&mut writer, minus(MAX_AGE_DAYS * DAY));
            halves(&mut writer, 0);
        }
        2 => general(&mut writer, setting, domain, name),
        3 => halves(&mut writer, NEVER),
        4..=6 => {
            let text = if class == 5 { name } else { "" };
            writer.unicode_header(text);
            writer.unicode_body(text);
        }
        7 => writer.u16(3),
        8 => {
            halves(&mut writer, 1);
            halves(&mut writer, filetime(setting.installed_at()));
        }
        12 => {
            writer.u64(minus(DAY / 48));
            writer.u64(minus(DAY / 48));
            writer.u16(0);
        }
        _ => return nothing(code::NT_INVALID_CLASS),
    }
    end(writer, code::SUCCESS)
}

/// SAMPR_DOMAIN_GENERAL_INFORMATION, 2.2.3.10.
fn general(writer: &mut Writer, setting: &Setting, domain: SamDomain, name: &str) {
    halves(writer, NEVER);
    writer.unicode_header("");
    writer.unicode_header(name);
    writer.unicode_header("");
    halves(writer, 1);
    writer.u32(1);
    writer.u32(3);
    writer.u8(1);
    writer.count(users_of(setting, domain).len());
    writer.u32(u32::from(domain == SamDomain::Own));
    writer.count(aliases_of(setting, domain).len());
    for text in ["", name, ""] {
        writer.unicode_body(text);
    }
}

/// SamrQueryInformationGroup, 3.1.5.5.3.
pub(super) fn group(call: &mut Call<'_>) -> Answer {
    let Object::SamGroup = call.handle()? else { return Err(Fault::ContextMismatch) };
    let about = "普通用户";
    about_group(call.stub.u16()?, NONE.1, about, Some(call.setting.accounts.len()))
}

/// SamrQueryInformationAlias, 3.1.5.5.4.
pub(super) fn alias(call: &mut Call<'_>) -> Answer {
    let Object::SamAlias(domain, rid) = call.handle()? else { return Err(Fault::ContextMismatch) };
    let class = call.stub.u16()?;
    match aliases_of(call.setting, domain).into_iter().find(|(own, ..)| *own == rid) {
        Some((_, name, about)) => about_group(class, &name, &about, None),
        None => nothing(code::NT_NO_SUCH_ALIAS),
    }
}

/// SAMPR_GROUP_GENERAL_INFORMATION and that of aliases, which have no attributes, 2.2.4 and 2.2.5.
fn about_group(class: u16, name: &str, about: &str, members: Option<usize>) -> Answer {
    let is_group = members.is_some();
    let mut writer = Writer::new();
    writer.pointer();
    writer.u16(class);
    writer.align(4);
    match (class, is_group) {
        (1 | 5, _) => {
            writer.unicode_header(name);
            if is_group {
                writer.u32(7);
            }
            writer.count(members.unwrap_or(0));
            writer.unicode_header(about);
            writer.unicode_body(name);
            writer.unicode_body(about);
        }
        (2, _) => {
            writer.unicode_header(name);
            writer.unicode_body(name);
        }
        (3, true) => writer.u32(7),
        (3, false) | (4, true) => {
            writer.unicode_header(about);
            writer.unicode_body(about);
        }
        _ => return nothing(code::NT_INVALID_CLASS),
    }
    end(writer, code::SUCCESS)
}

fn control(account: &AccountInfo) -> u32 {
    let disabled = if account.is_disabled { DISABLED } else { 0 };
    let open = if account.rid == 501 { NOT_REQUIRED } else { 0 };
    NORMAL | DOES_NOT_EXPIRE | disabled | open
}

/// SamrQueryInformationUser, 3.1.5.5.5.
pub(super) fn user(call: &mut Call<'_>) -> Answer {
    let Object::SamUser(rid) = call.handle()? else { return Err(Fault::ContextMismatch) };
    let class = call.stub.u16()?;
    let Some(account) = call.setting.accounts.iter().find(|account| account.rid == rid) else {
        return nothing(code::NT_NO_SUCH_USER);
    };
    call.target = account.name.as_str().into();
    let mut writer = Writer::new();
    writer.pointer();
    writer.u16(class);
    writer.align(4);
    let single = match class {
        7 => Some(&account.name),
        8 => Some(&account.full_name),
        13 => Some(&account.comment),
        _ => None,
    };
    match (class, single) {
        (_, Some(text)) => {
            writer.unicode_header(text);
            writer.unicode_body(text);
        }
        (9, _) => writer.u32(NONE.0),
        (16, _) => writer.u32(control(account)),
        (21, _) => all(&mut writer, account, call),
        _ => return nothing(code::NT_INVALID_CLASS),
    }
    end(writer, code::SUCCESS)
}

/// SAMPR_USER_ALL_INFORMATION, 2.2.6.6.
fn all(writer: &mut Writer, account: &AccountInfo, call: &Call<'_>) {
    const EVERYTHING: u32 = 0x00ff_ffff;
    /// Hours of a week at which he may log on: one bit each, all set.
    const HOURS: usize = 168;
    let is_caller = account.name.eq_ignore_ascii_case(&call.setting.caller.account);
    let last_logon = if is_caller { filetime(call.setting.caller.since) } else { 0 };
    let set = if account.is_disabled { 0 } else { call.setting.password_set(account) };
    for time in [last_logon, 0, set, NEVER_AT, set, NEVER_AT] {
        halves(writer, time);
    }
    let texts = [&account.name, &account.full_name, "", "", "", "", &account.comment, "", "", ""];
    texts.iter().for_each(|text| writer.unicode_header(text));
    for _ in 0..2 {
        writer.u16(0);
        writer.u16(0);
        writer.null();
    }
    writer.unicode_header("");
    writer.u32(0);
    writer.null();
    for value in [account.rid, NONE.0, control(account), EVERYTHING] {
        writer.u32(value);
    }
    writer.u16(168);
    writer.align(4);
    writer.pointer();
    for value in [0, u16::from(is_caller), 0, 0] {
        writer.u16(value);
    }
    (0..4).for_each(|_| writer.u8(0));
    texts.iter().for_each(|text| writer.unicode_body(text));
    writer.unicode_body("");
    writer.varying(1260, HOURS / 8);
    writer.raw(&[0xff; HOURS / 8]);
}

/// SamrQueryDisplayInformation, 3.1.5.3.1: pages of users, machines or groups.
pub(super) fn display(call: &mut Call<'_>) -> Answer {
    const USERS: u16 = 1;
    const GROUPS: u16 = 3;
    let domain = domain_of(call)?;
    let (class, from) = (call.stub.u16()?, call.stub.u32()?);
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let mut writer = Writer::new();
    let users = match class {
        USERS => users_of(call.setting, domain).get(from..).unwrap_or_default(),
        _ => &[],
    };
    let none = class == GROUPS && domain == SamDomain::Own && from == 0;
    let count = users.len() + usize::from(none);
    writer.count(count * 64);
    writer.count(count * 64);
    writer.u16(class);
    writer.align(4);
    writer.count(count);
    writer.pointer_to(count > 0);
    if count > 0 {
        writer.count(count);
    }
    if none {
        writer.u32(1);
        writer.u32(NONE.0);
        writer.u32(7);
        writer.unicode_header(NONE.1);
        writer.unicode_header("普通用户");
        writer.unicode_body(NONE.1);
        writer.unicode_body("普通用户");
    }
    for (at, user) in users.iter().enumerate() {
        writer.count(from + at + 1);
        writer.u32(user.rid);
        writer.u32(control(user));
        [&user.name, &user.comment, &user.full_name].iter().for_each(|text| writer.unicode_header(text));
    }
    for user in users {
        [&user.name, &user.comment, &user.full_name].iter().for_each(|text| writer.unicode_body(text));
    }
    end(writer, code::SUCCESS)
}
