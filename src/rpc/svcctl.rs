//! The service manager (MS-SCMR 3.1.4): the usual way to run something on a host from afar.
//!
//! A service is made, told with its command line, and fails to start as a program does that is no
//! service or that protection stops.

use super::call::{Answer, Call, Fault, close, code, end, not_opened, only};
use super::handles::Object;
use super::interface::Entry;
use super::ndr::{BadStub, Writer};
use super::services::{self, Service};
use super::svcctl_query;

pub(super) const OPERATIONS: &[Entry] = &[
    Entry { opnum: 0, name: "CloseServiceHandle", run: close },
    Entry { opnum: 1, name: "RControlService", run: control },
    Entry { opnum: 2, name: "RDeleteService", run: delete },
    Entry { opnum: 6, name: "RQueryServiceStatus", run: svcctl_query::status },
    Entry { opnum: 11, name: "RChangeServiceConfigW", run: change },
    Entry { opnum: 12, name: "RCreateServiceW", run: create },
    Entry { opnum: 14, name: "REnumServicesStatusW", run: svcctl_query::list },
    Entry { opnum: 15, name: "ROpenSCManagerW", run: open_manager },
    Entry { opnum: 16, name: "ROpenServiceW", run: open },
    Entry { opnum: 17, name: "RQueryServiceConfigW", run: svcctl_query::config },
    Entry { opnum: 19, name: "RStartServiceW", run: start },
    Entry { opnum: 27, name: "ROpenSCManagerA", run: open_manager_narrow },
    Entry { opnum: 28, name: "ROpenServiceA", run: open_narrow },
    Entry { opnum: 31, name: "RStartServiceA", run: start },
    Entry { opnum: 39, name: "RQueryServiceConfig2W", run: svcctl_query::config_2 },
    Entry { opnum: 40, name: "RQueryServiceStatusEx", run: svcctl_query::status_ex },
];

/// What is not to change, MS-SCMR 3.1.4.12.
const NO_CHANGE: u32 = u32::MAX;

/// ROpenSCManagerW, 3.1.4.15: from afar only administrators may.
fn open_manager(call: &mut Call<'_>) -> Answer {
    let _machine = call.stub.wide_pointer()?;
    let _database = call.stub.wide_pointer()?;
    let _access = call.stub.u32()?;
    manager(call)
}

fn open_manager_narrow(call: &mut Call<'_>) -> Answer {
    for _ in 0..2 {
        if call.stub.pointer()? {
            call.stub.narrow()?;
        }
    }
    let _access = call.stub.u32()?;
    manager(call)
}

fn manager(call: &mut Call<'_>) -> Answer {
    if call.is_administrator() {
        call.opened(Object::Services(true), code::INVALID_HANDLE)
    } else {
        not_opened(code::ACCESS_DENIED)
    }
}

/// ROpenServiceW, 3.1.4.16.
fn open(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let name = call.stub.wide()?;
    open_named(call, &name)
}

fn open_narrow(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let name = call.stub.narrow()?;
    open_named(call, &name)
}

fn open_named(call: &mut Call<'_>, name: &str) -> Answer {
    call.of(name);
    match services::find(call.session, call.setting, name) {
        Some(service) => call.opened(Object::Service(service.name), code::INVALID_HANDLE),
        None => not_opened(code::SERVICE_DOES_NOT_EXIST),
    }
}

/// The service whose handle comes next.
pub(super) fn service(call: &mut Call<'_>) -> Result<Option<Service>, Fault> {
    let Object::Service(name) = call.handle()? else { return Err(Fault::ContextMismatch) };
    call.of(&name);
    Ok(services::find(call.session, call.setting, &name))
}

/// What RCreateServiceW and RChangeServiceConfigW are given.
struct Wanted {
    name: Option<String>,
    display: Option<String>,
    kind: u32,
    start: u32,
    error: u32,
    path: Option<String>,
    account: Option<String>,
}

/// Load order group, tag, dependencies, account, password: the account.
fn tail(call: &mut Call<'_>) -> Result<Option<String>, BadStub> {
    let _group = call.stub.wide_pointer()?;
    if call.stub.pointer()? {
        call.stub.u32()?;
    }
    if call.stub.pointer()? {
        call.stub.bytes()?;
    }
    call.stub.u32()?;
    call.stub.wide_pointer()
}

/// RCreateServiceW, 3.1.4.12.
fn create(call: &mut Call<'_>) -> Answer {
    call.handle()?;
    let (name, display) = (call.stub.wide()?, call.stub.wide_pointer()?);
    call.stub.u32()?;
    let (kind, start, error) = (call.stub.u32()?, call.stub.u32()?, call.stub.u32()?);
    let path = call.stub.wide()?;
    let account = tail(call)?;
    call.of(&name);
    call.attack("remote service execution", &path);
    let wanted = Wanted { name: Some(name), display, kind, start, error, path: Some(path), account };
    let mut writer = Writer::new();
    writer.null();
    let handle = match made(call, wanted) {
        Ok(handle) => handle,
        Err(status) => {
            writer.handle(None);
            return end(writer, status);
        }
    };
    writer.handle(Some(handle));
    end(writer, code::SUCCESS)
}

fn made(call: &mut Call<'_>, wanted: Wanted) -> Result<super::uuid::Uuid, u32> {
    let name = wanted.name.filter(|name| !name.is_empty()).ok_or(code::INVALID_PARAMETER)?;
    if services::find(call.session, call.setting, &name).is_some() {
        return Err(code::SERVICE_EXISTS);
    }
    let service = Service {
        display: wanted.display.unwrap_or_else(|| name.clone()),
        name: name.clone(),
        kind: wanted.kind,
        start: wanted.start,
        error: wanted.error,
        path: wanted.path.unwrap_or_default(),
        account: wanted.account.unwrap_or_else(|| "LocalSystem".to_owned()),
        is_running: false,
        is_made: true,
    };
    if !services::keep(call.session, call.setting, service) {
        return Err(code::ACCESS_DENIED);
    }
    call.handles.open(call.session, Object::Service(name)).ok_or(code::INVALID_HANDLE)
}

/// RChangeServiceConfigW, 3.1.4.11.
fn change(call: &mut Call<'_>) -> Answer {
    let service = service(call)?;
    let (kind, start, error) = (call.stub.u32()?, call.stub.u32()?, call.stub.u32()?);
    let path = call.stub.wide_pointer()?;
    let account = tail(call)?;
    if let Some(path) = &path {
        call.attack("remote service execution", path);
    }
    let mut writer = Writer::new();
    writer.null();
    let Some(mut service) = service else { return end(writer, code::SERVICE_DOES_NOT_EXIST) };
    for (own, new) in [(&mut service.kind, kind), (&mut service.start, start), (&mut service.error, error)] {
        if new != NO_CHANGE {
            *own = new;
        }
    }
    service.path = path.unwrap_or(service.path);
    service.account = account.unwrap_or(service.account);
    let kept = services::keep(call.session, call.setting, service);
    end(writer, if kept { code::SUCCESS } else { code::ACCESS_DENIED })
}

/// RDeleteService, 3.1.4.2: those of Windows protect themselves.
fn delete(call: &mut Call<'_>) -> Answer {
    match service(call)? {
        Some(service) if service.is_made => {
            services::remove(call.session, call.setting, &service.name);
            only(code::SUCCESS)
        }
        Some(_) => only(code::ACCESS_DENIED),
        None => only(code::SERVICE_DOES_NOT_EXIST),
    }
}

/// RStartServiceW, 3.1.4.19.
fn start(call: &mut Call<'_>) -> Answer {
    match service(call)? {
        Some(service) if service.is_made => {
            call.attack("remote service execution", &service.path);
            only(outcome(call, &service.path))
        }
        Some(service) if service.is_running => only(code::SERVICE_ALREADY_RUNNING),
        Some(service) if service.start == 4 => only(1058),
        Some(mut service) => {
            service.is_running = true;
            let kept = services::keep(call.session, call.setting, service);
            only(if kept { code::SUCCESS } else { code::ACCESS_DENIED })
        }
        None => only(code::SERVICE_DOES_NOT_EXIST),
    }
}

/// What the start of an intruder's program comes to. A command of the shell runs no service, so that
/// the manager waits in vain; a program of his own is stopped by Defender, where Windows brings it, and
/// elsewhere is no service either.
fn outcome(call: &Call<'_>, path: &str) -> u32 {
    let path = path.to_lowercase();
    let is_shell = ["%comspec%", "cmd", "powershell", "rundll32", "regsvr32", "mshta"];
    let protects = call.setting.windows.since(14_393);
    if protects && !is_shell.iter().any(|word| path.contains(word)) {
        code::VIRUS_INFECTED
    } else {
        code::SERVICE_REQUEST_TIMEOUT
    }
}

/// RControlService, 3.1.4.1.
fn control(call: &mut Call<'_>) -> Answer {
    const STOP: u32 = 1;
    let service = service(call)?;
    let asked = call.stub.u32()?;
    let mut writer = Writer::new();
    let Some(mut service) = service else {
        svcctl_query::write_status(&mut writer, None);
        return end(writer, code::SERVICE_DOES_NOT_EXIST);
    };
    let status = match (asked, service.is_running) {
        (_, false) => code::SERVICE_NOT_ACTIVE,
        (STOP, true) => {
            call.attack("service stopped from afar", &service.name);
            service.is_running = false;
            let kept = services::keep(call.session, call.setting, service.clone());
            if kept { code::SUCCESS } else { code::ACCESS_DENIED }
        }
        (_, true) => code::SUCCESS,
    };
    svcctl_query::write_status(&mut writer, Some(&service));
    end(writer, status)
}
