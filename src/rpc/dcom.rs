//! Objects from afar (MS-DCOM 3.1.2.5): who the host is (IObjectExporter), and the making of objects,
//! by which programs are run (WMI, MMC, the shell's windows).

use super::call::{Answer, Call, Fault, code, end};
use super::interface::Entry;
use super::ndr::Writer;
use super::setting::{Rights, Setting};
use super::uuid::Uuid;

pub(super) const EXPORTER: &[Entry] = &[
    Entry { opnum: 1, name: "SimplePing", run: ping },
    Entry { opnum: 3, name: "ServerAlive", run: alive },
    Entry { opnum: 5, name: "ServerAlive2", run: alive_2 },
];

pub(super) const ACTIVATOR: &[Entry] = &[
    Entry { opnum: 3, name: "RemoteGetClassObject", run: activate },
    Entry { opnum: 4, name: "RemoteCreateInstance", run: activate },
];

pub(super) const ACTIVATION: &[Entry] = &[Entry { opnum: 0, name: "RemoteActivation", run: activate }];

/// SimplePing, 3.1.2.5.1.2: of a set that is not here.
fn ping(call: &mut Call<'_>) -> Answer {
    call.stub.u64()?;
    let mut writer = Writer::new();
    writer.u32(code::INVALID_PARAMETER);
    Ok(super::call::Reply { stub: writer.finish(), status: code::INVALID_PARAMETER })
}

/// ServerAlive, 3.1.2.5.1.4.
fn alive(_: &mut Call<'_>) -> Answer {
    end(Writer::new(), code::SUCCESS)
}

/// ServerAlive2, 3.1.2.5.1.6: version 5.7 and how the host is reached.
fn alive_2(call: &mut Call<'_>) -> Answer {
    let bindings = bindings(call.setting);
    let mut writer = Writer::new();
    writer.u16(5);
    writer.u16(7);
    writer.pointer();
    writer.count(bindings.units.len());
    writer.u16(u16::try_from(bindings.units.len()).unwrap_or(0));
    writer.u16(bindings.security);
    bindings.units.iter().for_each(|unit| writer.u16(*unit));
    writer.u32(0);
    end(writer, code::SUCCESS)
}

/// A DUALSTRINGARRAY, 2.2.19: string bindings, then security bindings from `security` on.
struct Bindings {
    units: Vec<u16>,
    security: u16,
}

fn bindings(setting: &Setting) -> Bindings {
    /// ncacn_ip_tcp, 2.2.19.1.
    const TCP: u16 = 7;
    /// NTLM, Kerberos, negotiation, TLS and the kin of them that Windows has, 2.2.19.4.
    const SERVICES: [u16; 7] = [0x0a, 0x10, 0x16, 0x1f, 0x0e, 0x1e, 0x09];
    let mut units = Vec::new();
    for name in [setting.names.netbios_computer.clone(), setting.address.to_string()] {
        units.push(TCP);
        units.extend(name.encode_utf16());
        units.push(0);
    }
    units.push(0);
    let security = u16::try_from(units.len()).unwrap_or(0);
    for service in SERVICES {
        units.extend([service, 0xffff, 0]);
    }
    units.push(0);
    Bindings { units, security }
}

/// Classes by which programs are run, and what is said of them.
const CLASSES: &[(Uuid, &str)] = &[
    (Uuid::new(0x8bc3_f05e, 0xd86b, 0x11d0, 0xa075_00c0_4fb6_8820), "WMI (IWbemLevel1Login)"),
    (Uuid::new(0x49b2_791a, 0xb1ae, 0x4c90, 0x9b8e_e860_ba07_f889), "MMC20.Application"),
    (Uuid::new(0x9ba0_5972, 0xf6a8, 0x11cf, 0xa442_00a0_c90a_8f39), "ShellWindows"),
    (Uuid::new(0xc08a_fd90, 0xf2a1, 0x11d1, 0x8455_00a0_c91f_3880), "ShellBrowserWindow"),
    (Uuid::new(0x4991_d34b, 0x80a1, 0x4291, 0x83b6_3328_366b_9097), "BITS"),
];

/// RemoteCreateInstance and its kin, 3.1.2.5.2.3: the class stands somewhere in the properties.
fn activate(call: &mut Call<'_>) -> Answer {
    let stub = call.stub.rest();
    let known = CLASSES.iter().find(|(class, _)| {
        let class = class.to_le();
        stub.windows(class.len()).any(|window| window == class)
    });
    let name = known.map_or("class unknown", |(_, name)| *name);
    call.of(name);
    if call.setting.caller.rights == Rights::Anonymous {
        return Err(Fault::AccessDenied);
    }
    call.attack("remote execution over DCOM", name);
    // The object's process is started for administrators, and does not come up.
    let status = if call.is_administrator() { code::COM_START_FAILED } else { code::COM_ACCESS_DENIED };
    let mut writer = Writer::new();
    // ORPCTHAT: no flags, no extensions; then no properties.
    writer.u32(0);
    writer.null();
    writer.null();
    end(writer, status)
}
