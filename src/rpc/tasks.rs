//! The task scheduler (MS-TSCH 3.2.5): a task is registered, kept, run to no effect, deleted.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::call::{Answer, Call, code, end, nothing, only};
use super::interface::Entry;
use super::ndr::Writer;
use super::uuid::Uuid;
use crate::event::Tainted;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "SchRpcHighestVersion", run: version },
    Entry { opnum: 1, name: "SchRpcRegisterTask", run: register },
    Entry { opnum: 2, name: "SchRpcRetrieveTask", run: retrieve },
    Entry { opnum: 6, name: "SchRpcEnumFolders", run: folders },
    Entry { opnum: 7, name: "SchRpcEnumTasks", run: tasks },
    Entry { opnum: 12, name: "SchRpcRun", run: start },
    Entry { opnum: 13, name: "SchRpcDelete", run: delete },
    Entry { opnum: 16, name: "SchRpcGetLastRunInfo", run: last_run },
    Entry { opnum: 17, name: "SchRpcGetTaskInfo", run: info },
];

/// Tasks by `at`, MS-TSCH 3.2.5.2.
pub(super) const AT_OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "NetrJobAdd", run: job_add },
    Entry { opnum: 2, name: "NetrJobEnum", run: job_list },
];

/// Most tasks that one intruder may register on a host.
const MAX_TASKS: usize = 100;
/// Longest definition that is kept, bytes.
const MAX_XML: usize = 64 << 10;
/// SCHED_S_TASK_HAS_NOT_RUN.
const HAS_NOT_RUN: u32 = 0x0004_1303;
/// S_FALSE: nothing more.
const NO_MORE: u32 = 1;

/// A task that an intruder registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    path: String,
    xml: String,
    /// When it was run last, local time: a SYSTEMTIME.
    ran: Option<[u16; 8]>,
}

fn key(call: &Call<'_>, path: &str) -> String {
    let path = path.trim_start_matches('\\').to_lowercase();
    format!("rpc:task:{}:{path}", call.setting.host)
}

fn find(call: &Call<'_>, path: &str) -> Option<Task> {
    serde_json::from_slice(&call.session.overlay().get(&key(call, path))?).ok()
}

fn keep(call: &Call<'_>, task: &Task) -> bool {
    let key = key(call, &task.path);
    let many = call.session.overlay().keys(&self::key(call, "")).len() >= MAX_TASKS;
    let is_new = call.session.overlay().get(&key).is_none();
    if many && is_new {
        return false;
    }
    serde_json::to_vec(task).is_ok_and(|value| call.session.overlay().put(key, value))
}

/// SchRpcHighestVersion, 3.2.5.4.1: 1.2, 1.3 since Windows 8, 1.6 since Windows 10.
fn version(call: &mut Call<'_>) -> Answer {
    let windows = &call.setting.windows;
    let minor = match (windows.since(10_240), windows.since(9200)) {
        (true, _) => 6,
        (false, true) => 4,
        (false, false) => 3,
    };
    let mut writer = Writer::new();
    writer.u32(0x0001_0000 | minor);
    end(writer, code::SUCCESS)
}

/// The texts of all elements of a name in a definition; what was sent need be no XML.
fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = xml.split(&open).skip(1);
    parts.filter_map(|part| part.split_once(&close).map(|(text, _)| text.trim())).collect()
}

/// What a definition runs.
fn command(xml: &str) -> String {
    let commands = elements(xml, "Command")
        .into_iter()
        .zip(elements(xml, "Arguments").into_iter().map(Some).chain(std::iter::repeat(None)));
    let lines: Vec<_> = commands
        .map(|(command, arguments)| match arguments {
            Some(arguments) => format!("{command} {arguments}"),
            None => command.to_owned(),
        })
        .collect();
    lines.join("; ")
}

/// SchRpcRegisterTask, 3.2.5.4.2.
fn register(call: &mut Call<'_>) -> Answer {
    const VALIDATE_ONLY: u32 = 1;
    let path = call.stub.wide_pointer()?.unwrap_or_default();
    let xml = call.stub.wide()?;
    let flags = call.stub.u32()?;
    call.of(&path);
    call.attack("remote scheduled task", &command(&xml));
    let cut = xml.get(..MAX_XML).unwrap_or(&xml);
    call.session.keep(Tainted::new(format!("{path}.xml")), cut.as_bytes());
    let mut writer = Writer::new();
    let path = if path.starts_with('\\') { path } else { format!("\\{path}") };
    let task = Task { path: path.clone(), xml: cut.to_owned(), ran: None };
    let kept = call.is_administrator() && (flags & VALIDATE_ONLY != 0 || keep(call, &task));
    writer.pointer_to(kept);
    if kept {
        writer.wide(&path);
    }
    writer.null();
    end(writer, if kept { code::SUCCESS } else { code::COM_ACCESS_DENIED })
}

/// SchRpcRetrieveTask, 3.2.5.4.3.
fn retrieve(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    call.of(&path);
    match find(call, &path) {
        Some(task) => {
            let mut writer = Writer::new();
            writer.pointer();
            writer.wide(&task.xml);
            end(writer, code::SUCCESS)
        }
        None => nothing(missing(call)),
    }
}

fn missing(call: &Call<'_>) -> u32 {
    if call.is_administrator() { code::COM_FILE_NOT_FOUND } else { code::COM_ACCESS_DENIED }
}

/// A list of names behind a resumed index.
fn listed(from: u32, names: &[String]) -> Answer {
    let names = names.get(usize::try_from(from).unwrap_or(usize::MAX)..).unwrap_or_default();
    let mut writer = Writer::new();
    writer.u32(from.saturating_add(u32::try_from(names.len()).unwrap_or(0)));
    writer.count(names.len());
    writer.pointer_to(!names.is_empty());
    if !names.is_empty() {
        writer.count(names.len());
    }
    names.iter().for_each(|_| writer.pointer());
    names.iter().for_each(|name| writer.wide(name));
    end(writer, NO_MORE)
}

/// SchRpcEnumFolders, 3.2.5.4.7.
fn folders(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    let (_flags, from) = (call.stub.u32()?, call.stub.u32()?);
    call.of(&path);
    let names: &[&str] = match path.as_str() {
        "\\" | "" => &["Microsoft"],
        "\\Microsoft" => &["Windows"],
        _ => &[],
    };
    listed(from, &names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
}

/// SchRpcEnumTasks, 3.2.5.4.8: his own stand in the root.
fn tasks(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    let (_flags, from) = (call.stub.u32()?, call.stub.u32()?);
    call.of(&path);
    let own = key(call, "");
    let mut names: Vec<String> = Vec::new();
    if matches!(path.as_str(), "\\" | "") {
        let keys = call.session.overlay().keys(&own);
        let values = keys.iter().filter_map(|key| call.session.overlay().get(key));
        let tasks = values.filter_map(|value| serde_json::from_slice::<Task>(&value).ok());
        names.extend(tasks.map(|task| task.path.trim_start_matches('\\').to_owned()));
    }
    listed(from, &names)
}

/// SchRpcRun, 3.2.5.4.13.
fn start(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    call.of(&path);
    let task = find(call, &path);
    let mut writer = Writer::new();
    let Some(mut task) = task.filter(|_| call.is_administrator()) else {
        writer.uuid(Uuid::default());
        return end(writer, missing(call));
    };
    call.attack("remote scheduled task", &command(&task.xml));
    let now = call.session.now();
    let local = call.session.world().at(now).local(now);
    let number = |value: i32| u16::try_from(value).unwrap_or(0);
    let small = |value: i8| number(i32::from(value));
    let weekday = local.date().weekday().to_sunday_zero_offset();
    let parts = [local.month(), weekday, local.day(), local.hour(), local.minute(), local.second()];
    let [month, weekday, day, hour, minute, second] = parts.map(small);
    task.ran = Some([number(local.year().into()), month, weekday, day, hour, minute, second, 0]);
    keep(call, &task);
    writer.uuid(Uuid::random(call.session.rng(&format!("rpc/task/{now}")).random()));
    end(writer, code::SUCCESS)
}

/// SchRpcDelete, 3.2.5.4.14.
fn delete(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    call.of(&path);
    if find(call, &path).is_none() || !call.is_administrator() {
        return only(missing(call));
    }
    let key = key(call, &path);
    call.session.overlay().remove(&key);
    only(code::SUCCESS)
}

/// SchRpcGetLastRunInfo, 3.2.5.4.17: it ran, and its program was not let.
fn last_run(call: &mut Call<'_>) -> Answer {
    let path = call.stub.wide()?;
    call.of(&path);
    let task = find(call, &path);
    let mut writer = Writer::new();
    let (time, outcome, status) = match task.map(|task| task.ran) {
        Some(Some(time)) => (time, code::COM_ACCESS_DENIED, code::SUCCESS),
        Some(None) => ([0; 8], HAS_NOT_RUN, HAS_NOT_RUN),
        None => ([0; 8], 0, missing(call)),
    };
    time.iter().for_each(|part| writer.u16(*part));
    writer.u32(outcome);
    end(writer, status)
}

/// SchRpcGetTaskInfo, 3.2.5.4.18: on, and ready.
fn info(call: &mut Call<'_>) -> Answer {
    const READY: u32 = 3;
    let path = call.stub.wide()?;
    call.of(&path);
    let is_there = find(call, &path).is_some();
    let mut writer = Writer::new();
    writer.u32(u32::from(is_there));
    writer.u32(if is_there { READY } else { 0 });
    end(writer, if is_there { code::SUCCESS } else { missing(call) })
}

/// NetrJobAdd, 3.2.5.2.1: not supported since Windows 8.
fn job_add(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    (0..2).try_for_each(|_| call.stub.u32().map(|_| ()))?;
    call.stub.u16()?;
    let line = call.stub.wide_pointer()?.unwrap_or_default();
    call.of(&line);
    call.attack("remote scheduled task", &line);
    let mut writer = Writer::new();
    writer.u32(0);
    end(writer, unsupported(call))
}

/// NetrJobEnum, 3.2.5.2.3.
fn job_list(call: &mut Call<'_>) -> Answer {
    let _server = call.stub.wide_pointer()?;
    let mut writer = Writer::new();
    writer.u32(0);
    writer.null();
    writer.u32(0);
    writer.null();
    end(writer, unsupported(call))
}

fn unsupported(call: &Call<'_>) -> u32 {
    if call.setting.windows.since(9200) { code::NOT_SUPPORTED } else { code::ACCESS_DENIED }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_runs_is_found() {
        let xml = "<Actions><Exec>\n<Command>cmd.exe</Command><Arguments>/C whoami &gt; x</Arguments></Exec>\
                   <Exec><Command>calc</Command></Exec></Actions>";
        assert_eq!(command(xml), "cmd.exe /C whoami &gt; x; calc");
        assert_eq!(command("<Command>never closed"), "");
    }
}
