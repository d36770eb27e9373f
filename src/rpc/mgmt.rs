//! What every RPC server says of itself (C706 appendix Q).

use super::call::{Answer, Call, Reply, code, end};
use super::interface::Entry;
use super::ndr::Writer;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "inq_if_ids", run: interfaces },
    Entry { opnum: 2, name: "is_server_listening", run: is_listening },
    Entry { opnum: 3, name: "stop_server_listening", run: stop },
];

/// rpc__mgmt_inq_if_ids.
fn interfaces(call: &mut Call<'_>) -> Answer {
    let mut writer = Writer::new();
    writer.pointer();
    writer.count(call.interfaces.len());
    writer.count(call.interfaces.len());
    call.interfaces.iter().for_each(|_| writer.pointer());
    for interface in call.interfaces {
        let syntax = interface.syntax();
        writer.uuid(syntax.uuid);
        writer.u16(syntax.major);
        writer.u16(syntax.minor);
    }
    end(writer, code::SUCCESS)
}

/// rpc__mgmt_is_server_listening: a status, then yes.
fn is_listening(_: &mut Call<'_>) -> Answer {
    let mut writer = Writer::new();
    writer.u32(code::SUCCESS);
    writer.u32(1);
    Ok(Reply { stub: writer.finish(), status: code::SUCCESS })
}

/// rpc__mgmt_stop_server_listening.
fn stop(_: &mut Call<'_>) -> Answer {
    end(Writer::new(), code::ACCESS_DENIED)
}
