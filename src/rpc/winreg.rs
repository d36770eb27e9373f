//! The registry from afar (MS-RRP 3.1.5): the keys that tools ask for, and what they want with them.

use super::call::{Answer, Call, Fault, close, code, end, not_opened, only};
use super::handles::Object;
use super::interface::Entry;
use super::ndr::Writer;
use super::registry::{self, Value};
use super::samr_info::filetime;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "OpenClassesRoot", run: |call| root(call, "HKCR") },
    Entry { opnum: 1, name: "OpenCurrentUser", run: |call| root(call, "HKU\\.DEFAULT") },
    Entry { opnum: 2, name: "OpenLocalMachine", run: |call| root(call, "HKLM") },
    Entry { opnum: 4, name: "OpenUsers", run: |call| root(call, "HKU") },
    Entry { opnum: 5, name: "CloseBaseRegKey", run: close },
    Entry { opnum: 6, name: "BaseRegCreateKey", run: create },
    Entry { opnum: 7, name: "BaseRegDeleteKey", run: change },
    Entry { opnum: 8, name: "BaseRegDeleteValue", run: change },
    Entry { opnum: 9, name: "BaseRegEnumKey", run: enum_key },
    Entry { opnum: 10, name: "BaseRegEnumValue", run: enum_value },
    Entry { opnum: 15, name: "BaseRegOpenKey", run: open },
    Entry { opnum: 16, name: "BaseRegQueryInfoKey", run: info },
    Entry { opnum: 17, name: "BaseRegQueryValue", run: query },
    Entry { opnum: 20, name: "BaseRegSaveKey", run: save },
    Entry { opnum: 22, name: "BaseRegSetValue", run: set },
    Entry { opnum: 26, name: "BaseRegGetVersion", run: version },
    Entry { opnum: 31, name: "BaseRegSaveKeyEx", run: save },
];

/// Largest value that a caller may have room for.
const MAX_ROOM: usize = 64 << 10;

/// OpenLocalMachine and its kin, 3.1.5.1: for administrators.
fn root(call: &mut Call<'_>, path: &str) -> Answer {
    call.of(path);
    if call.is_administrator() {
        call.opened(Object::Key(path.to_owned()), code::INVALID_HANDLE)
    } else {
        not_opened(code::ACCESS_DENIED)
    }
}

/// The key whose handle comes next.
fn key(call: &mut Call<'_>) -> Result<String, Fault> {
    let Object::Key(path) = call.handle()? else { return Err(Fault::ContextMismatch) };
    Ok(path)
}

fn joined(path: &str, more: &str) -> String {
    let more = more.trim_matches(|c| c == '\\' || c == '\0');
    if more.is_empty() { path.to_owned() } else { format!("{path}\\{more}") }
}

/// BaseRegOpenKey, 3.1.5.15.
fn open(call: &mut Call<'_>) -> Answer {
    let (path, more) = (key(call)?, call.stub.unicode()?);
    let path = joined(&path, &more);
    call.of(&path);
    if registry::exists(call.setting, &path) {
        call.opened(Object::Key(path), code::INVALID_HANDLE)
    } else {
        not_opened(code::FILE_NOT_FOUND)
    }
}

/// BaseRegCreateKey, 3.1.5.7: what is there is opened (impacket opens all keys so), the rest refused.
fn create(call: &mut Call<'_>) -> Answer {
    let (path, more) = (key(call)?, call.stub.unicode()?);
    let path = joined(&path, &more);
    call.of(&path);
    let mut writer = Writer::new();
    if !registry::exists(call.setting, &path) {
        writer.handle(None);
        writer.null();
        return end(writer, code::ACCESS_DENIED);
    }
    let handle = call.handles.open(call.session, Object::Key(path));
    writer.handle(handle);
    writer.pointer();
    // REG_OPENED_EXISTING_KEY.
    writer.u32(2);
    end(writer, if handle.is_some() { code::SUCCESS } else { code::INVALID_HANDLE })
}

/// Deleting of keys and values: refused, and told.
fn change(call: &mut Call<'_>) -> Answer {
    let (path, more) = (key(call)?, call.stub.unicode()?);
    let path = joined(&path, &more);
    call.of(&path);
    call.attack("registry changed from afar", &path);
    only(code::ACCESS_DENIED)
}

/// BaseRegSetValue, 3.1.5.22.
fn set(call: &mut Call<'_>) -> Answer {
    let (path, name, kind) = (key(call)?, call.stub.unicode()?, call.stub.u32()?);
    let bytes = call.stub.bytes()?;
    let value = Value::shown(kind, bytes);
    let path = joined(&path, &name);
    call.of(&path);
    call.attack("registry changed from afar", &format!("{path} = {value}"));
    only(code::ACCESS_DENIED)
}

/// BaseRegSaveKey, 3.1.5.20: how the host's passwords are carried off. Protection keeps the hives.
fn save(call: &mut Call<'_>) -> Answer {
    let (path, file) = (key(call)?, call.stub.unicode()?);
    call.of(&path);
    call.attack("registry hive saved from afar (secretsdump)", &format!("{path} to {file}"));
    only(code::ACCESS_DENIED)
}

/// BaseRegGetVersion, 3.1.5.25.
fn version(call: &mut Call<'_>) -> Answer {
    key(call)?;
    let mut writer = Writer::new();
    writer.u32(6);
    end(writer, code::SUCCESS)
}

/// BaseRegQueryInfoKey, 3.1.5.16.
fn info(call: &mut Call<'_>) -> Answer {
    let path = key(call)?;
    call.of(&path);
    if path.to_lowercase().contains("\\control\\lsa\\") {
        call.attack("boot key read from afar (secretsdump)", &path);
    }
    let class = registry::class(call.setting, &path);
    let (keys, values) = (registry::keys(call.setting, &path), registry::values(call.setting, &path));
    let longest =
        |names: &mut dyn Iterator<Item = usize>| u32::try_from(names.max().unwrap_or(0)).unwrap_or(0);
    let mut writer = Writer::new();
    put_name(&mut writer, &class);
    writer.count(keys.len());
    writer.u32(longest(&mut keys.iter().map(|key| key.encode_utf16().count() * 2)));
    writer.u32(0);
    writer.count(values.len());
    writer.u32(longest(&mut values.iter().map(|(name, _)| name.encode_utf16().count() * 2)));
    writer.u32(longest(&mut values.iter().map(|(_, value)| value.bytes().len())));
    writer.u32(0x98);
    written(&mut writer, call);
    end(writer, code::SUCCESS)
}

/// A name: its zero counts, MS-RRP 2.2.4.
fn put_name(writer: &mut Writer, name: &str) {
    let text = format!("{name}\0");
    writer.unicode_header(&text);
    writer.unicode_body(&text);
}

/// When a key was written: with the installation.
fn written(writer: &mut Writer, call: &Call<'_>) {
    let [a, b, c, d, e, f, g, h] = filetime(call.setting.installed_at()).to_le_bytes();
    writer.u32(u32::from_le_bytes([a, b, c, d]));
    writer.u32(u32::from_le_bytes([e, f, g, h]));
}

/// BaseRegEnumKey, 3.1.5.10.
fn enum_key(call: &mut Call<'_>) -> Answer {
    let (path, index) = (key(call)?, call.stub.u32()?);
    call.of(&path);
    let keys = registry::keys(call.setting, &path);
    let mut writer = Writer::new();
    let Some(name) = usize::try_from(index).ok().and_then(|index| keys.get(index)) else {
        writer.unicode_header("");
        writer.unicode_body("");
        writer.null();
        writer.null();
        return end(writer, code::NO_MORE_ITEMS);
    };
    put_name(&mut writer, name);
    writer.null();
    writer.pointer();
    written(&mut writer, call);
    end(writer, code::SUCCESS)
}

/// What a caller offers for a value: pointers to type, data, their size and length.
struct Room {
    has_type: bool,
    has_data: bool,
    size: Option<usize>,
    has_length: bool,
}

fn room(call: &mut Call<'_>) -> Result<Room, Fault> {
    let has_type = call.stub.pointer()?;
    if has_type {
        call.stub.u32()?;
    }
    let has_data = call.stub.pointer()?;
    if has_data {
        // Room with an offset and a length of what stands in it.
        let most = call.stub.count(super::ndr::MAX_BYTES)?;
        call.stub.u32()?;
        let filled = call.stub.count(most)?;
        call.stub.take(filled)?;
    }
    let size = if call.stub.pointer()? { usize::try_from(call.stub.u32()?).ok() } else { None };
    let has_length = call.stub.pointer()?;
    Ok(Room { has_type, has_data, size, has_length })
}

/// Type, data, size and length of a value as the caller has room for them.
fn answer(mut writer: Writer, room: &Room, value: &Value) -> Answer {
    let bytes = value.bytes();
    let offered = room.size.unwrap_or(0).min(MAX_ROOM);
    let fits = !room.has_data || bytes.len() <= offered;
    writer.pointer_to(room.has_type);
    if room.has_type {
        writer.u32(value.kind());
    }
    writer.pointer_to(room.has_data);
    if room.has_data {
        let sent: &[u8] = if fits { &bytes } else { &[] };
        writer.varying(offered, sent.len());
        writer.raw(sent);
    }
    writer.pointer_to(room.size.is_some());
    if room.size.is_some() {
        writer.count(bytes.len());
    }
    writer.pointer_to(room.has_length);
    if room.has_length {
        writer.count(if room.has_data && fits { bytes.len() } else { 0 });
    }
    end(writer, if fits { code::SUCCESS } else { code::MORE_DATA })
}

/// An answer without a value.
fn no_value(mut writer: Writer, status: u32) -> Answer {
    (0..4).for_each(|_| writer.null());
    end(writer, status)
}

/// BaseRegQueryValue, 3.1.5.17.
fn query(call: &mut Call<'_>) -> Answer {
    let (path, name) = (key(call)?, call.stub.unicode()?);
    let room = room(call)?;
    call.of(&joined(&path, &name));
    let values = registry::values(call.setting, &path);
    match values.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name)) {
        Some((_, value)) => answer(Writer::new(), &room, value),
        None => no_value(Writer::new(), code::FILE_NOT_FOUND),
    }
}

/// BaseRegEnumValue, 3.1.5.11.
fn enum_value(call: &mut Call<'_>) -> Answer {
    let (path, index) = (key(call)?, call.stub.u32()?);
    call.of(&path);
    let _name = call.stub.unicode()?;
    let room = room(call)?;
    let values = registry::values(call.setting, &path);
    let mut writer = Writer::new();
    let Some((name, value)) = usize::try_from(index).ok().and_then(|index| values.get(index)) else {
        writer.unicode_header("");
        writer.unicode_body("");
        return no_value(writer, code::NO_MORE_ITEMS);
    };
    put_name(&mut writer, name);
    answer(writer, &room, value)
}
