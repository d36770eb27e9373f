//! The endpoint mapper (C706 appendix O): which interface is reached where.

use super::call::{Answer, Call, end};
use super::interface::{Entry, Process, is_shown};
use super::ndr::Writer;
use super::pdu::Syntax;
use super::setting::Setting;
use super::tower::{self, Binding, MAX_TOWER};
use super::uuid::Uuid;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 2, name: "ept_lookup", run: lookup },
    Entry { opnum: 3, name: "ept_map", run: map },
    Entry { opnum: 4, name: "Close ept_lookup_handle", run: free },
];

/// ept_s_not_registered: nothing, or nothing more.
const NOT_REGISTERED: u32 = 0x16c9_a0d6;
/// Most entries of one answer.
const MAX_ENTRIES: usize = 500;
/// Room for an annotation, C706 appendix O.
const ANNOTATION: u32 = 64;

/// One entry of the map.
struct Registered {
    interface: Syntax,
    annotation: &'static str,
    binding: Binding,
}

/// All that the host has registered: each shown interface of a process at each of its endpoints.
fn registered(setting: &Setting) -> Vec<Registered> {
    let mut all = Vec::new();
    for process in Process::all().iter().filter(|process| (process.runs)(setting)) {
        let port = setting.port(process.name).map(|port| Binding::Tcp(setting.address, port));
        let host = &setting.names.netbios_computer;
        let pipe =
            (!process.address.is_empty()).then(|| Binding::Pipe(host.clone(), process.address.to_owned()));
        for interface in process.interfaces.iter().filter(|interface| is_shown(**interface)) {
            for binding in pipe.iter().chain(&port) {
                all.push(Registered {
                    interface: interface.syntax(),
                    annotation: interface.annotation(),
                    binding: binding.clone(),
                });
            }
        }
    }
    all
}

/// ept_lookup: all entries, or those of an interface, as many at a time as are asked for. The handle
/// holds where it went on.
fn lookup(call: &mut Call<'_>) -> Answer {
    const BY_INTERFACE: u32 = 1;
    const BY_BOTH: u32 = 3;
    let inquiry = call.stub.u32()?;
    if call.stub.pointer()? {
        call.stub.uuid()?;
    }
    let mut wanted = None;
    if call.stub.pointer()? {
        wanted = Some(call.stub.uuid()?);
        call.stub.u32()?;
    }
    let _versions = call.stub.u32()?;
    let from = place(call.stub.handle()?);
    let most = usize::try_from(call.stub.u32()?).unwrap_or(MAX_ENTRIES);
    let mut all = registered(call.setting);
    if matches!(inquiry, BY_INTERFACE | BY_BOTH) {
        all.retain(|entry| wanted == Some(entry.interface.uuid));
    }
    let left = all.get(from..).unwrap_or_default();
    let now = left.get(..most.min(MAX_ENTRIES).min(left.len())).unwrap_or_default();
    let mut writer = Writer::new();
    let next = from + now.len();
    writer.handle((next < all.len()).then(|| handle(next)));
    writer.count(now.len());
    writer.varying(most, now.len());
    for entry in now {
        writer.uuid(Uuid::default());
        writer.pointer();
        writer.u32(0);
        let annotation = [entry.annotation.as_bytes(), &[0]].concat();
        writer.count(annotation.len().min(usize::try_from(ANNOTATION).unwrap_or(0)));
        writer.raw(&annotation);
        writer.align(4);
    }
    now.iter().for_each(|entry| write_tower(&mut writer, entry));
    end(writer, if now.is_empty() { NOT_REGISTERED } else { 0 })
}

fn write_tower(writer: &mut Writer, entry: &Registered) {
    let tower = tower::write(&entry.interface, &entry.binding);
    writer.count(tower.len());
    writer.count(tower.len());
    writer.raw(&tower);
    writer.align(4);
}

/// A lookup's handle: the place at which it goes on.
fn handle(place: usize) -> Uuid {
    let mut bytes = *b"\0\0\0\0\0\0\x40\0\x80\0hdlept";
    let place = u32::try_from(place).unwrap_or(0).to_be_bytes();
    bytes.iter_mut().zip(place).for_each(|(slot, byte)| *slot = byte);
    Uuid(bytes)
}

fn place(handle: Uuid) -> usize {
    let [a, b, c, d, ..] = handle.0;
    usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(0)
}

/// ept_map: where an interface is reached over a transport.
fn map(call: &mut Call<'_>) -> Answer {
    if call.stub.pointer()? {
        call.stub.uuid()?;
    }
    let mut asked = None;
    if call.stub.pointer()? {
        call.stub.u32()?;
        let length = call.stub.count(MAX_TOWER)?;
        asked = tower::read(call.stub.take(length)?).ok();
    }
    let _handle = call.stub.handle()?;
    let most = usize::try_from(call.stub.u32()?).unwrap_or(0);
    if let Some((interface, _)) = &asked {
        call.of(&interface.uuid.to_string());
    }
    let fits = |entry: &Registered| {
        asked.as_ref().is_some_and(|(wanted, tcp)| {
            entry.interface.uuid == wanted.uuid
                && entry.interface.major == wanted.major
                && matches!(entry.binding, Binding::Tcp(..)) == *tcp
        })
    };
    let found: Vec<_> = registered(call.setting).into_iter().filter(fits).take(most).collect();
    let mut writer = Writer::new();
    writer.handle(None);
    writer.count(found.len());
    writer.varying(most, found.len());
    found.iter().for_each(|_| writer.pointer());
    found.iter().for_each(|entry| write_tower(&mut writer, entry));
    end(writer, if found.is_empty() { NOT_REGISTERED } else { 0 })
}

/// ept_lookup_handle_free.
fn free(call: &mut Call<'_>) -> Answer {
    call.stub.handle()?;
    let mut writer = Writer::new();
    writer.handle(None);
    end(writer, 0)
}
