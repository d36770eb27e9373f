//! The event log's older interface (MS-EVEN 3.1.4): logs are opened and counted; clearing one is told.

use super::call::{Answer, Call, Fault, close, code, end, not_opened, only};
use super::handles::Object;
use super::interface::Entry;
use super::ndr::Writer;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "ElfrClearELFW", run: clear },
    Entry { opnum: 2, name: "CloseElfr", run: close },
    Entry { opnum: 4, name: "ElfrNumberOfRecords", run: count },
    Entry { opnum: 5, name: "ElfrOldestRecord", run: oldest },
    Entry { opnum: 7, name: "ElfrOpenELW", run: open },
];

/// STATUS_OBJECT_NAME_NOT_FOUND.
const NOT_FOUND: u32 = 0xc000_0034;
/// The logs, with the records that fit into each.
const LOGS: &[(&str, u64)] = &[("Application", 41_000), ("Security", 29_000), ("System", 33_000)];

/// ElfrOpenELW, 3.1.4.3.
fn open(call: &mut Call<'_>) -> Answer {
    if call.stub.pointer()? {
        call.stub.u32()?;
    }
    let name = call.stub.unicode()?;
    call.of(&name);
    match LOGS.iter().find(|(log, _)| log.eq_ignore_ascii_case(&name)) {
        Some(_) if !call.is_administrator() => not_opened(code::NT_ACCESS_DENIED),
        Some((log, _)) => call.opened(Object::EventLog((*log).to_owned()), code::NT_ACCESS_DENIED),
        None => not_opened(NOT_FOUND),
    }
}

fn log(call: &mut Call<'_>) -> Result<(String, u32), Fault> {
    let Object::EventLog(name) = call.handle()? else { return Err(Fault::ContextMismatch) };
    let most = LOGS.iter().find(|(log, _)| *log == name).map_or(0, |(_, most)| *most);
    // Full logs lose as much as they gain.
    let label = format!("rpc/{}/log/{name}", call.setting.host);
    let count = most + call.setting.installation.number(&label, 4000);
    call.of(&name);
    Ok((name, u32::try_from(count).unwrap_or(0)))
}

/// ElfrNumberOfRecords, 3.1.4.18.
fn count(call: &mut Call<'_>) -> Answer {
    let (_, count) = log(call)?;
    let mut writer = Writer::new();
    writer.u32(count);
    end(writer, code::SUCCESS)
}

/// ElfrOldestRecord, 3.1.4.19: some records come each minute.
fn oldest(call: &mut Call<'_>) -> Answer {
    let (_, count) = log(call)?;
    let since = call.session.now().duration_since(call.setting.installed_at()).as_mins().max(0);
    let written = u32::try_from(since / 4).unwrap_or(u32::MAX);
    let mut writer = Writer::new();
    writer.u32(written.saturating_sub(count).max(1));
    end(writer, code::SUCCESS)
}

/// ElfrClearELFW, 3.1.4.9.
fn clear(call: &mut Call<'_>) -> Answer {
    let (name, _) = log(call)?;
    call.attack("event log cleared from afar", &name);
    only(code::NT_ACCESS_DENIED)
}
