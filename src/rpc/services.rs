//! The services of a Windows, and those that an intruder made.

use serde::{Deserialize, Serialize};

use super::setting::Setting;
use crate::session::Session;

/// Most services that one intruder may make on a host; remote execution makes one for each command.
pub(super) const MAX_MADE: usize = 200;
/// Longest text of one that is kept, characters.
const MAX_TEXT: usize = 8192;

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) display: String,
    /// SERVICE_…: 0x10 own process, 0x20 shared, MS-SCMR 2.2.15.
    pub(super) kind: u32,
    /// 2 automatic, 3 on demand, 4 disabled.
    pub(super) start: u32,
    pub(super) error: u32,
    pub(super) path: String,
    pub(super) account: String,
    pub(super) is_running: bool,
    /// Whether the intruder made it.
    pub(super) is_made: bool,
}

/// Name, display name, starts (2, 3, 4), runs, image after `C:\Windows\system32\`, account.
type Row = (&'static str, &'static str, u32, bool, &'static str, &'static str);

const SYSTEM: &str = "LocalSystem";
const LOCAL: &str = "NT AUTHORITY\\LocalService";
const NETWORK: &str = "NT AUTHORITY\\NetworkService";

const ROWS: &[Row] = &[
    ("AeLookupSvc", "Application Experience", 3, false, "svchost.exe -k netsvcs", SYSTEM),
    ("ALG", "Application Layer Gateway Service", 3, false, "alg.exe", LOCAL),
    ("AppIDSvc", "Application Identity", 3, false, "svchost.exe -k LocalServiceNetworkRestricted", LOCAL),
    ("Appinfo", "Application Information", 3, true, "svchost.exe -k netsvcs", SYSTEM),
    ("AudioSrv", "Windows Audio", 3, false, "svchost.exe -k LocalServiceNetworkRestricted", LOCAL),
    ("BFE", "Base Filtering Engine", 2, true, "svchost.exe -k LocalServiceNoNetwork", LOCAL),
    ("BITS", "Background Intelligent Transfer Service", 3, false, "svchost.exe -k netsvcs", SYSTEM),
    ("CertPropSvc", "Certificate Propagation", 3, true, "svchost.exe -k netsvcs", SYSTEM),
    ("CryptSvc", "Cryptographic Services", 2, true, "svchost.exe -k NetworkService", NETWORK),
    ("DcomLaunch", "DCOM Server Process Launcher", 2, true, "svchost.exe -k DcomLaunch", SYSTEM),
    ("Dhcp", "DHCP Client", 2, true, "svchost.exe -k LocalServiceNetworkRestricted", LOCAL),
    ("Dnscache", "DNS Client", 2, true, "svchost.exe -k NetworkService", NETWORK),
    ("DPS", "Diagnostic Policy Service", 2, true, "svchost.exe -k LocalServiceNoNetwork", LOCAL),
    ("EFS", "Encrypting File System (EFS)", 3, false, "lsass.exe", SYSTEM),
    ("EventLog", "Windows Event Log", 2, true, "svchost.exe -k LocalServiceNetworkRestricted", LOCAL),
    ("EventSystem", "COM+ Event System", 2, true, "svchost.exe -k LocalService", LOCAL),
    ("gpsvc", "Group Policy Client", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("IKEEXT", "IKE and AuthIP IPsec Keying Modules", 3, true, "svchost.exe -k netsvcs", SYSTEM),
    ("iphlpsvc", "IP Helper", 2, true, "svchost.exe -k NetSvcs", SYSTEM),
    ("KeyIso", "CNG Key Isolation", 3, true, "lsass.exe", SYSTEM),
    ("LanmanServer", "Server", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("LanmanWorkstation", "Workstation", 2, true, "svchost.exe -k NetworkService", NETWORK),
    ("lmhosts", "TCP/IP NetBIOS Helper", 3, true, "svchost.exe -k LocalServiceNetworkRestricted", LOCAL),
    ("LSM", "Local Session Manager", 2, true, "svchost.exe -k DcomLaunch", SYSTEM),
    ("MpsSvc", "Windows Firewall", 2, true, "svchost.exe -k LocalServiceNoNetwork", LOCAL),
    ("MSDTC", "Distributed Transaction Coordinator", 2, true, "msdtc.exe", NETWORK),
    ("Netlogon", "Netlogon", 3, false, "lsass.exe", SYSTEM),
    ("netprofm", "Network List Service", 3, true, "svchost.exe -k LocalService", LOCAL),
    ("NlaSvc", "Network Location Awareness", 2, true, "svchost.exe -k NetworkService", NETWORK),
    ("nsi", "Network Store Interface Service", 2, true, "svchost.exe -k LocalService", LOCAL),
    ("PlugPlay", "Plug and Play", 3, true, "svchost.exe -k DcomLaunch", SYSTEM),
    ("Power", "Power", 2, true, "svchost.exe -k DcomLaunch", SYSTEM),
    ("ProfSvc", "User Profile Service", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("RemoteRegistry", "Remote Registry", 2, false, "svchost.exe -k localService", LOCAL),
    ("RpcEptMapper", "RPC Endpoint Mapper", 2, true, "svchost.exe -k RPCSS", NETWORK),
    ("RpcSs", "Remote Procedure Call (RPC)", 2, true, "svchost.exe -k rpcss", NETWORK),
    ("SamSs", "Security Accounts Manager", 2, true, "lsass.exe", SYSTEM),
    ("Schedule", "Task Scheduler", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("SENS", "System Event Notification Service", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("SessionEnv", "Remote Desktop Configuration", 3, true, "svchost.exe -k netsvcs", SYSTEM),
    ("ShellHWDetection", "Shell Hardware Detection", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("SNMPTRAP", "SNMP Trap", 3, false, "snmptrap.exe", LOCAL),
    ("Spooler", "Print Spooler", 2, true, "spoolsv.exe", SYSTEM),
    ("sppsvc", "Software Protection", 2, false, "sppsvc.exe", NETWORK),
    ("TermService", "Remote Desktop Services", 3, true, "svchost.exe -k termsvcs", NETWORK),
    ("Themes", "Themes", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    (
        "TrkWks",
        "Distributed Link Tracking Client",
        2,
        true,
        "svchost.exe -k LocalSystemNetworkRestricted",
        SYSTEM,
    ),
    (
        "TrustedInstaller",
        "Windows Modules Installer",
        3,
        false,
        "C:\\Windows\\servicing\\TrustedInstaller.exe",
        SYSTEM,
    ),
    (
        "UmRdpService",
        "Remote Desktop Services UserMode Port Redirector",
        3,
        true,
        "svchost.exe -k LocalSystemNetworkRestricted",
        SYSTEM,
    ),
    ("VaultSvc", "Credential Manager", 3, false, "lsass.exe", SYSTEM),
    ("VSS", "Volume Shadow Copy", 3, false, "vssvc.exe", SYSTEM),
    ("W32Time", "Windows Time", 3, true, "svchost.exe -k LocalService", LOCAL),
    ("Winmgmt", "Windows Management Instrumentation", 2, true, "svchost.exe -k netsvcs", SYSTEM),
    ("WinRM", "Windows Remote Management (WS-Management)", 2, true, "svchost.exe -k NetworkService", NETWORK),
    ("wuauserv", "Windows Update", 4, false, "svchost.exe -k netsvcs", SYSTEM),
];

const SQL: &[Row] = &[
    (
        "MSSQLSERVER",
        "SQL Server (MSSQLSERVER)",
        2,
        true,
        "\"D:\\MSSQL11.MSSQLSERVER\\MSSQL\\Binn\\sqlservr.exe\" -sMSSQLSERVER",
        "NT Service\\MSSQLSERVER",
    ),
    (
        "SQLBrowser",
        "SQL Server Browser",
        2,
        true,
        "\"C:\\Program Files (x86)\\Microsoft SQL Server\\90\\Shared\\sqlbrowser.exe\"",
        LOCAL,
    ),
    (
        "SQLSERVERAGENT",
        "SQL Server 代理 (MSSQLSERVER)",
        2,
        true,
        "\"D:\\MSSQL11.MSSQLSERVER\\MSSQL\\Binn\\SQLAGENT.EXE\" -i MSSQLSERVER",
        "NT Service\\SQLSERVERAGENT",
    ),
    (
        "SQLWriter",
        "SQL Server VSS Writer",
        2,
        true,
        "\"C:\\Program Files\\Microsoft SQL Server\\90\\Shared\\sqlwriter.exe\"",
        SYSTEM,
    ),
];

fn of_row(row: &Row) -> Service {
    let (name, display, start, is_running, path, account) = *row;
    let is_shared = path.starts_with("svchost") || path.starts_with("lsass");
    let path = if path.contains('\\') { path.to_owned() } else { format!("C:\\Windows\\system32\\{path}") };
    Service {
        name: name.to_owned(),
        display: display.to_owned(),
        kind: if is_shared { 0x20 } else { 0x10 },
        start,
        error: 1,
        path,
        account: account.to_owned(),
        is_running,
        is_made: false,
    }
}

fn key(setting: &Setting, name: &str) -> String {
    format!("rpc:service:{}:{}", setting.host, name.to_lowercase())
}

fn made(session: &Session, key: &str) -> Option<Service> {
    serde_json::from_slice(&session.overlay().get(key)?).ok()
}

/// The services that came with Windows and its products.
pub(super) fn of_windows(setting: &Setting) -> Vec<Service> {
    let sql = if setting.has_sql_server { SQL } else { &[] };
    ROWS.iter().chain(sql).map(of_row).collect()
}

/// All services of a host as this intruder sees them, by name.
pub(super) fn all(session: &Session, setting: &Setting) -> Vec<Service> {
    let mut all = of_windows(setting);
    for key in session.overlay().keys(&key(setting, "")) {
        let Some(own) = made(session, &key) else { continue };
        all.retain(|service| !service.name.eq_ignore_ascii_case(&own.name));
        all.push(own);
    }
    all.sort_by_key(|service| service.name.to_lowercase());
    all
}

/// One of them.
pub(super) fn find(session: &Session, setting: &Setting, name: &str) -> Option<Service> {
    all(session, setting).into_iter().find(|service| service.name.eq_ignore_ascii_case(name))
}

/// Keeps one that the intruder made or changed; `false` when he has too many.
pub(super) fn keep(session: &Session, setting: &Setting, mut service: Service) -> bool {
    let cut = |text: &mut String| {
        if let Some((at, _)) = text.char_indices().nth(MAX_TEXT) {
            text.truncate(at);
        }
    };
    [&mut service.name, &mut service.display, &mut service.path, &mut service.account]
        .into_iter()
        .for_each(cut);
    let key = key(setting, &service.name);
    let is_new = session.overlay().get(&key).is_none();
    let kept = session.overlay().keys(&self::key(setting, "")).len();
    if is_new && kept >= MAX_MADE {
        return false;
    }
    serde_json::to_vec(&service).is_ok_and(|value| session.overlay().put(key, value))
}

/// Removes one that the intruder made.
pub(super) fn remove(session: &Session, setting: &Setting, name: &str) {
    session.overlay().remove(&key(setting, name));
}
