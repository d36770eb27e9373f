//! Values of the registry.

use super::{Shell, lines};
use crate::database::facts::Facts;

/// A value by key and name, in any case: its type and text.
fn of(key: &str, name: &str, facts: &Facts) -> Option<(&'static str, String)> {
    let (key, name) = (key.to_lowercase(), name.to_lowercase());
    let machine = &facts.catalog.machine;
    let (system, build) = machine.system();
    let text = |text: &str| Some(("REG_SZ", text.to_owned()));
    let number = |number: u32| Some(("REG_DWORD", format!("{number:#x}")));
    let key = key.trim_end_matches('\\').replace("hkey_local_machine", "hklm");
    let ends = |part: &str| key.ends_with(part);
    match name.as_str() {
        "productname" if ends(r"windows nt\currentversion") => text(system),
        "currentversion" if ends(r"windows nt\currentversion") => text("6.3"),
        "currentbuild" | "currentbuildnumber" if ends(r"windows nt\currentversion") => {
            text(build.rsplit('.').next().unwrap_or(build))
        }
        "editionid" if ends(r"windows nt\currentversion") => text("ServerStandard"),
        "buildlabex" if ends(r"windows nt\currentversion") => {
            text("9600.17031.amd64fre.winblue_gdr.140221-1952")
        }
        "computername" if key.contains("computername") => text(&machine.computer()),
        "hostname" if ends(r"tcpip\parameters") => text(machine.hostname()),
        "domain" | "nv domain" if ends(r"tcpip\parameters") && !machine.domain().is_empty() => {
            text(&machine.hospital.domain)
        }
        "portnumber" if key.contains(r"winstations\rdp-tcp") => number(3389),
        "userauthentication" if key.contains(r"winstations\rdp-tcp") => number(1),
        "fdenytsconnections" if ends(r"control\terminal server") => number(0),
        "uselogoncredential" | "localaccounttokenfilterpolicy" => None,
        "enablelua" if ends(r"policies\system") => number(1),
        "objectname" if ends(r"services\mssqlserver") => text(r"NT Service\MSSQLSERVER"),
        "start" if ends(r"services\mssqlserver") || ends(r"services\sqlserveragent") => number(2),
        "loginmode" => number(2),
        "auditlevel" => number(2),
        "tcpport" => text("1433"),
        "backupdirectory" => text(r"E:\HISBAK"),
        "defaultdata" | "defaultlog" => text(&facts.catalog.server.data_folder),
        "sqldataroot" => text(r"C:\Program Files\Microsoft SQL Server\MSSQL11.MSSQLSERVER\MSSQL"),
        "version" | "patchlevel" if ends(r"\setup") => text(&facts.catalog.server.version),
        "edition" if ends(r"\setup") => text("Standard Edition"),
        "mssqlserver" if ends(r"instance names\sql") => text("MSSQL11.MSSQLSERVER"),
        "defaultusername" if ends("winlogon") => text("administrator"),
        "autoadminlogon" if ends("winlogon") => text("0"),
        "shell" if ends("winlogon") => text("explorer.exe"),
        "processornamestring" => text("Intel(R) Xeon(R) CPU E5-2630 v3 @ 2.40GHz"),
        "systemproductname" => text("ProLiant DL380 Gen9"),
        "systemmanufacturer" => text("HP"),
        _ => None,
    }
}

/// A value by its whole path, for the procedures that read the registry.
pub(in crate::database::procedures) fn value(key: &str, name: &str, facts: &Facts) -> Option<(bool, String)> {
    let (kind, text) = of(key, name, facts)?;
    if kind != "REG_DWORD" {
        return Some((false, text));
    }
    let number = u32::from_str_radix(text.trim_start_matches("0x"), 16).unwrap_or(0);
    Some((true, number.to_string()))
}

/// Names of values that are looked for where none is given.
const NAMES: &[&str] = &[
    "ProductName",
    "CurrentVersion",
    "CurrentBuild",
    "CurrentBuildNumber",
    "EditionID",
    "BuildLabEx",
    "ComputerName",
    "Hostname",
    "Domain",
    "NV Domain",
    "PortNumber",
    "UserAuthentication",
    "fDenyTSConnections",
    "EnableLUA",
    "ObjectName",
    "Start",
    "LoginMode",
    "AuditLevel",
    "BackupDirectory",
    "DefaultData",
    "DefaultLog",
    "MSSQLSERVER",
    "DefaultUserName",
    "AutoAdminLogon",
    "Shell",
    "ProcessorNameString",
    "SystemProductName",
    "SystemManufacturer",
];

impl Shell<'_> {
    pub(super) fn reg(&mut self, arguments: &[&str]) -> Vec<String> {
        let verb = arguments.first().map(|word| word.to_lowercase()).unwrap_or_default();
        let key = arguments.get(1).copied().unwrap_or_default();
        self.seen.deeds.push(crate::database::Deed::Files { means: "reg", path: key.to_owned() });
        if verb != "query" {
            return lines(&["错误: 拒绝访问。"]);
        }
        let lower = key.to_lowercase();
        if lower.starts_with(r"hklm\sam") || lower.starts_with(r"hklm\security") {
            return lines(&["错误: 拒绝访问。"]);
        }
        let whole = lower
            .strip_prefix("hklm")
            .map_or(key.to_owned(), |_| format!("HKEY_LOCAL_MACHINE{}", key.get(4..).unwrap_or_default()));
        let at = arguments.iter().position(|word| word.eq_ignore_ascii_case("/v"));
        let wanted = at.and_then(|at| arguments.get(at + 1)).copied();
        let names: Vec<&str> = wanted.map_or_else(|| NAMES.to_vec(), |name| vec![name]);
        let found: Vec<String> = names
            .into_iter()
            .filter_map(|name| {
                let (kind, text) = of(&whole, name, self.facts)?;
                Some(format!("    {name}    {kind}    {text}"))
            })
            .collect();
        if found.is_empty() {
            return lines(&["错误: 系统找不到指定的注册表项或值。"]);
        }
        let mut printed = vec![String::new(), whole];
        printed.extend(found);
        printed.push(String::new());
        printed
    }
}
