//! What the service manager says of its services (MS-SCMR 2.2, 3.1.4).

use super::call::{Answer, Call, code, end};
use super::ndr::Writer;
use super::services::{self, Service};
use super::svcctl::service;

/// Largest buffer that a caller may offer, MS-SCMR 3.1.4.14: 256 KiB.
const MAX_BUFFER: usize = 256 << 10;
/// Length of an ENUM_SERVICE_STATUSW.
const ENTRY: usize = 36;

/// SERVICE_STATUS, 2.2.47.
fn status_of(service: &Service) -> [u32; 7] {
    const STOPPED: u32 = 1;
    const RUNNING: u32 = 4;
    const ACCEPTS_STOP_AND_SHUTDOWN: u32 = 5;
    const NEVER_STARTED: u32 = 1077;
    match service.is_running {
        true => [service.kind, RUNNING, ACCEPTS_STOP_AND_SHUTDOWN, 0, 0, 0, 0],
        false => [service.kind, STOPPED, 0, NEVER_STARTED, 0, 0, 0],
    }
}

pub(super) fn write_status(writer: &mut Writer, service: Option<&Service>) {
    service.map_or([0; 7], status_of).iter().for_each(|value| writer.u32(*value));
}

/// RQueryServiceStatus, 3.1.4.7.
pub(super) fn status(call: &mut Call<'_>) -> Answer {
    let service = service(call)?;
    let mut writer = Writer::new();
    write_status(&mut writer, service.as_ref());
    end(writer, if service.is_some() { code::SUCCESS } else { code::SERVICE_DOES_NOT_EXIST })
}

/// A conformant array of bytes of the caller's size, then how much is needed.
fn buffer(offered: usize, bytes: &[u8]) -> (Writer, u32) {
    let fits = bytes.len() <= offered;
    let mut writer = Writer::new();
    writer.count(offered);
    let mut filled = if fits { bytes.to_vec() } else { Vec::new() };
    filled.resize(offered, 0);
    writer.raw(&filled);
    writer.count(bytes.len());
    (writer, if fits { code::SUCCESS } else { code::INSUFFICIENT_BUFFER })
}

/// RQueryServiceStatusEx, 3.1.4.38.
pub(super) fn status_ex(call: &mut Call<'_>) -> Answer {
    let service = service(call)?;
    let _class = call.stub.u32()?;
    let offered = call.stub.count(MAX_BUFFER)?;
    let process = service.as_ref().filter(|service| service.is_running).map_or(0, |service| {
        let label = format!("rpc/{}/process/{}", call.setting.host, service.path);
        u32::try_from(call.setting.installation.number(&label, 900)).unwrap_or(0) * 4 + 404
    });
    let values = service.as_ref().map_or([0; 7], status_of).into_iter().chain([process, 0]);
    let bytes: Vec<u8> = values.flat_map(u32::to_le_bytes).collect();
    let (writer, status) = buffer(offered, &bytes);
    end(writer, if service.is_some() { status } else { code::SERVICE_DOES_NOT_EXIST })
}

/// REnumServicesStatusW, 3.1.4.14.
pub(super) fn list(call: &mut Call<'_>) -> Answer {
    const DRIVERS: u32 = 0x0b;
    const ACTIVE: u32 = 1;
    const INACTIVE: u32 = 2;
    call.handle()?;
    let (kinds, states) = (call.stub.u32()?, call.stub.u32()?);
    let offered = call.stub.count(MAX_BUFFER)?;
    let resume = if call.stub.pointer()? { call.stub.u32()? } else { 0 };
    let wanted = |service: &Service| {
        let state = if service.is_running { ACTIVE } else { INACTIVE };
        service.kind & kinds & !DRIVERS != 0 && states & state != 0
    };
    let mut all = services::all(call.session, call.setting);
    all.retain(wanted);
    let left = all.get(usize::try_from(resume).unwrap_or(usize::MAX)..).unwrap_or_default();
    let (packed, count) = pack(left, offered);
    let needed: usize = left.iter().skip(count).map(size).sum();
    let mut writer = Writer::new();
    writer.count(offered);
    writer.raw(&packed);
    writer.count(needed);
    writer.count(count);
    writer.pointer();
    writer.u32(if needed == 0 { 0 } else { resume.saturating_add(u32::try_from(count).unwrap_or(0)) });
    end(writer, if needed == 0 { code::SUCCESS } else { code::MORE_DATA })
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// Bytes that a service takes in the buffer.
fn size(service: &Service) -> usize {
    ENTRY + wide(&service.name).len() + wide(&service.display).len()
}

/// As many entries as fit, in front, with their texts behind, from the end; offsets from the start.
fn pack(services: &[Service], offered: usize) -> (Vec<u8>, usize) {
    let (mut entries, mut texts, mut count) = (Vec::new(), Vec::new(), 0);
    let mut used = 0;
    for service in services {
        used += size(service);
        if used > offered {
            break;
        }
        for text in [&service.name, &service.display] {
            let mut text = wide(text);
            text.append(&mut texts);
            texts = text;
            let offset = offered - texts.len();
            entries.extend(u32::try_from(offset).unwrap_or(0).to_le_bytes());
        }
        entries.extend(status_of(service).into_iter().flat_map(u32::to_le_bytes));
        count += 1;
    }
    entries.resize(offered - texts.len(), 0);
    entries.append(&mut texts);
    (entries, count)
}

/// RQueryServiceConfigW, 3.1.4.17.
pub(super) fn config(call: &mut Call<'_>) -> Answer {
    let service = service(call)?;
    let offered = call.stub.count(MAX_BUFFER)?;
    let mut writer = Writer::new();
    let needed = service.as_ref().map_or(0, |service| {
        let texts = [&service.path, &service.account, &service.display];
        36 + texts.iter().map(|text| wide(text).len()).sum::<usize>() + 4
    });
    let fits = service.filter(|_| needed <= offered);
    let Some(service) = fits else {
        (0..9).for_each(|_| writer.u32(0));
        writer.count(needed);
        let missing = if needed == 0 { code::SERVICE_DOES_NOT_EXIST } else { code::INSUFFICIENT_BUFFER };
        return end(writer, missing);
    };
    for value in [service.kind, service.start, service.error] {
        writer.u32(value);
    }
    writer.pointer();
    writer.pointer();
    writer.u32(0);
    (0..3).for_each(|_| writer.pointer());
    for text in [&service.path, "", "", &service.account, &service.display] {
        writer.wide(text);
    }
    writer.count(needed);
    end(writer, code::SUCCESS)
}

/// RQueryServiceConfig2W, 3.1.4.36: the description, which ours have not, and all other levels empty.
pub(super) fn config_2(call: &mut Call<'_>) -> Answer {
    let service = service(call)?;
    let _level = call.stub.u32()?;
    let offered = call.stub.count(MAX_BUFFER)?;
    let (writer, status) = buffer(offered, &[0; 4]);
    end(writer, if service.is_some() { status } else { code::SERVICE_DOES_NOT_EXIST })
}
