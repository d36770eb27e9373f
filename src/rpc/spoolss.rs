//! The print spooler (MS-RPRN 3.1.4): no printer is there; what is tried on it is told.

use super::call::{Answer, Call, close, code, end, not_opened, only};
use super::handles::Object;
use super::interface::Entry;
use super::ndr::Writer;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "RpcEnumPrinters", run: none },
    Entry { opnum: 1, name: "RpcOpenPrinter", run: open },
    Entry { opnum: 10, name: "RpcEnumPrinterDrivers", run: drivers },
    Entry { opnum: 29, name: "CloseRpcPrinter", run: close },
    Entry { opnum: 62, name: "RpcRemoteFindFirstPrinterChangeNotification", run: notify },
    Entry { opnum: 65, name: "RpcRemoteFindFirstPrinterChangeNotificationEx", run: notify },
    Entry { opnum: 69, name: "RpcOpenPrinterEx", run: open },
    Entry { opnum: 89, name: "RpcAddPrinterDriverEx", run: add_driver },
];

/// Largest buffer that a caller may offer.
const MAX_BUFFER: usize = 1 << 20;

/// RpcOpenPrinter and RpcOpenPrinterEx, 3.1.4.2.1: the print server itself, by any name of the host.
fn open(call: &mut Call<'_>) -> Answer {
    let name = call.stub.wide_pointer()?.unwrap_or_default();
    call.of(&name);
    let is_server = name.trim_start_matches('\\').split('\\').nth(1).is_none();
    if is_server {
        call.opened(Object::Printer(name), code::INVALID_HANDLE)
    } else {
        not_opened(code::INVALID_PRINTER_NAME)
    }
}

/// The bytes of a buffer that is empty, as large as the caller's.
fn emptied(writer: &mut Writer, has: bool, size: usize) {
    writer.pointer_to(has);
    if has {
        writer.count(size);
        writer.raw(&vec![0; size]);
    }
}

/// RpcEnumPrinters, 3.1.4.2.1.
fn none(call: &mut Call<'_>) -> Answer {
    call.stub.u32()?;
    let _name = call.stub.wide_pointer()?;
    let _level = call.stub.u32()?;
    listed(call)
}

/// RpcEnumPrinterDrivers, 3.1.4.4.2.
fn drivers(call: &mut Call<'_>) -> Answer {
    let _name = call.stub.wide_pointer()?;
    let _environment = call.stub.wide_pointer()?;
    let _level = call.stub.u32()?;
    listed(call)
}

fn listed(call: &mut Call<'_>) -> Answer {
    let has = call.stub.pointer()?;
    let mut size = 0;
    if has {
        size = call.stub.count(MAX_BUFFER)?;
        call.stub.take(size)?;
    }
    let mut writer = Writer::new();
    emptied(&mut writer, has, size);
    writer.u32(0);
    writer.u32(0);
    end(writer, code::SUCCESS)
}

/// RpcRemoteFindFirstPrinterChangeNotification, 3.1.4.10.4: makes a host log on to its caller's
/// server. It can't be reached from here.
fn notify(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    (0..2).try_for_each(|_| call.stub.u32().map(|_| ()))?;
    let listener = call.stub.wide_pointer()?.unwrap_or_default();
    call.of(&listener);
    call.attack("PrinterBug (coerced logon over MS-RPRN)", &listener);
    only(code::RPC_UNAVAILABLE)
}

/// RpcAddPrinterDriverEx, 3.1.4.4.8: its files are libraries that the spooler would load.
fn add_driver(call: &mut Call<'_>) -> Answer {
    let name = call.stub.wide_pointer()?.unwrap_or_default();
    let (level, _) = (call.stub.u32()?, call.stub.u32()?);
    let mut files = Vec::new();
    // Level 2 is the one with which libraries are loaded; others are told by the printer's name alone.
    if call.stub.pointer()? && level == 2 {
        call.stub.u32()?;
        let there = (0..5).map(|_| call.stub.pointer()).collect::<Result<Vec<_>, _>>()?;
        for _ in there.into_iter().filter(|there| *there) {
            files.push(call.stub.wide()?);
        }
    }
    call.of(&name);
    call.attack("PrintNightmare (CVE-2021-34527)", &files.join(", "));
    only(if call.is_administrator() { code::FILE_NOT_FOUND } else { code::ACCESS_DENIED })
}
