//! Services and scheduled tasks.

use super::{Shell, lines};

/// Services that run: name, shown name, its type.
const SERVICES: &[(&str, &str, &str)] = &[
    ("BFE", "Base Filtering Engine", "20  WIN32_SHARE_PROCESS"),
    ("CryptSvc", "Cryptographic Services", "20  WIN32_SHARE_PROCESS"),
    ("DcomLaunch", "DCOM Server Process Launcher", "20  WIN32_SHARE_PROCESS"),
    ("Dhcp", "DHCP Client", "20  WIN32_SHARE_PROCESS"),
    ("Dnscache", "DNS Client", "20  WIN32_SHARE_PROCESS"),
    ("EventLog", "Windows Event Log", "20  WIN32_SHARE_PROCESS"),
    ("gpsvc", "Group Policy Client", "20  WIN32_SHARE_PROCESS"),
    ("LanmanServer", "Server", "20  WIN32_SHARE_PROCESS"),
    ("LanmanWorkstation", "Workstation", "20  WIN32_SHARE_PROCESS"),
    ("MSDTC", "Distributed Transaction Coordinator", "10  WIN32_OWN_PROCESS"),
    ("MSSQLFDLauncher", "SQL Full-text Filter Daemon Launcher (MSSQLSERVER)", "10  WIN32_OWN_PROCESS"),
    ("MSSQLSERVER", "SQL Server (MSSQLSERVER)", "10  WIN32_OWN_PROCESS"),
    ("Netlogon", "Netlogon", "20  WIN32_SHARE_PROCESS"),
    ("RpcSs", "Remote Procedure Call (RPC)", "20  WIN32_SHARE_PROCESS"),
    ("SamSs", "Security Accounts Manager", "20  WIN32_SHARE_PROCESS"),
    ("Schedule", "Task Scheduler", "20  WIN32_SHARE_PROCESS"),
    ("Spooler", "Print Spooler", "110  WIN32_OWN_PROCESS  (interactive)"),
    ("SQLBrowser", "SQL Server Browser", "10  WIN32_OWN_PROCESS"),
    ("SQLSERVERAGENT", "SQL Server 代理 (MSSQLSERVER)", "10  WIN32_OWN_PROCESS"),
    ("SQLWriter", "SQL Server VSS Writer", "10  WIN32_OWN_PROCESS"),
    ("TermService", "Remote Desktop Services", "20  WIN32_SHARE_PROCESS"),
    ("W32Time", "Windows Time", "20  WIN32_SHARE_PROCESS"),
    ("Winmgmt", "Windows Management Instrumentation", "20  WIN32_SHARE_PROCESS"),
    ("ZhuDongFangYu", "主动防御", "110  WIN32_OWN_PROCESS  (interactive)"),
];

fn status(name: &str, kind: &str, shown: Option<&str>) -> Vec<String> {
    let mut printed = vec![String::new(), format!("SERVICE_NAME: {name} ")];
    if let Some(shown) = shown {
        printed.push(format!("DISPLAY_NAME: {shown}"));
    }
    let stops = !matches!(name, "RpcSs" | "DcomLaunch" | "SamSs");
    printed.push(format!("        TYPE               : {kind}  "));
    printed.push("        STATE              : 4  RUNNING ".to_owned());
    printed.push(format!(
        "                                ({}, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)",
        if stops { "STOPPABLE" } else { "NOT_STOPPABLE" }
    ));
    printed.extend(lines(&[
        "        WIN32_EXIT_CODE    : 0  (0x0)",
        "        SERVICE_EXIT_CODE  : 0  (0x0)",
        "        CHECKPOINT         : 0x0",
        "        WAIT_HINT          : 0x0",
    ]));
    printed
}

impl Shell<'_> {
    pub(super) fn started_services(&self) -> Vec<String> {
        let mut printed = lines(&["已经启动以下 Windows 服务:", ""]);
        let mut names: Vec<&str> = SERVICES.iter().map(|(_, shown, _)| *shown).collect();
        names.sort_unstable();
        printed.extend(names.into_iter().map(|name| format!("   {name}")));
        printed.extend(lines(&["", "命令成功完成。", ""]));
        printed
    }

    pub(super) fn sc(&self, arguments: &[&str]) -> Vec<String> {
        let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        let words: Vec<&str> =
            lower.iter().map(String::as_str).filter(|word| !word.starts_with(r"\\")).collect();
        let known = |name: &str| SERVICES.iter().find(|(service, ..)| service.eq_ignore_ascii_case(name));
        let missing = |call: &str| {
            vec![
                format!("[SC] {call} 失败 1060:"),
                String::new(),
                "指定的服务未安装。".to_owned(),
                String::new(),
            ]
        };
        match words.as_slice() {
            ["query" | "queryex"] | ["query" | "queryex", "state=" | "type=", ..] => {
                SERVICES.iter().flat_map(|(name, shown, kind)| status(name, kind, Some(shown))).collect()
            }
            ["query" | "queryex", name, ..] => match known(name) {
                Some((name, _, kind)) => status(name, kind, None),
                None => missing("EnumQueryServicesStatus:OpenService"),
            },
            ["qc", name, ..] => match known(name) {
                Some((name, shown, kind)) => vec![
                    "[SC] QueryServiceConfig 成功".to_owned(),
                    String::new(),
                    format!("SERVICE_NAME: {name}"),
                    format!("        TYPE               : {kind} "),
                    "        START_TYPE         : 2   AUTO_START".to_owned(),
                    "        ERROR_CONTROL      : 1   NORMAL".to_owned(),
                    format!("        BINARY_PATH_NAME   : {}", binary(name)),
                    "        LOAD_ORDER_GROUP   : ".to_owned(),
                    "        TAG                : 0".to_owned(),
                    format!("        DISPLAY_NAME       : {shown}"),
                    "        DEPENDENCIES       : ".to_owned(),
                    format!("        SERVICE_START_NAME : {}", account(name)),
                ],
                None => missing("OpenService"),
            },
            ["create" | "delete" | "config" | "failure" | "sdset", ..] => {
                lines(&["[SC] OpenSCManager 失败 5:", "", "拒绝访问。", ""])
            }
            ["start" | "stop" | "pause", name, ..] if known(name).is_some() => {
                lines(&["[SC] OpenService 失败 5:", "", "拒绝访问。", ""])
            }
            ["start" | "stop" | "pause", ..] => missing("OpenService"),
            _ => lines(&[
                "描述:",
                "        SC 是用来与服务控制管理器和服务进行通信的命令行程序。",
                "用法:",
                "        sc <server> [command] [service name] <option1> <option2>...",
            ]),
        }
    }

    pub(super) fn tasks(&self, arguments: &[&str]) -> Vec<String> {
        let text = arguments.join(" ").to_lowercase();
        if text.contains("/create")
            || text.contains("/delete")
            || text.contains("/run")
            || text.contains("/change")
        {
            return lines(&["错误: 拒绝访问。"]);
        }
        let now = self.facts.now();
        let next = now.date().tomorrow().unwrap_or(now.date());
        lines(&[
            "",
            r"文件夹: \",
            "任务名                                   下次运行时间           模式           ",
            "======================================== ====================== ===============",
        ])
        .into_iter()
        .chain([format!(
            "{:<40} {:<22} {:<15}",
            "HISBAK_CLEAN",
            format!("{} 4:30:00", next.strftime("%Y/%-m/%-d")),
            "就绪"
        )])
        .collect()
    }
}

fn binary(name: &str) -> &'static str {
    match name {
        "MSSQLSERVER" => {
            "\"C:\\Program Files\\Microsoft SQL Server\\MSSQL11.MSSQLSERVER\\MSSQL\\Binn\\sqlservr.exe\" -sMSSQLSERVER"
        }
        "SQLSERVERAGENT" => {
            "\"C:\\Program Files\\Microsoft SQL Server\\MSSQL11.MSSQLSERVER\\MSSQL\\Binn\\SQLAGENT.EXE\" -i MSSQLSERVER"
        }
        "SQLBrowser" => "\"C:\\Program Files (x86)\\Microsoft SQL Server\\90\\Shared\\sqlbrowser.exe\"",
        "SQLWriter" => "\"C:\\Program Files\\Microsoft SQL Server\\90\\Shared\\sqlwriter.exe\"",
        "ZhuDongFangYu" => "\"C:\\Program Files (x86)\\360\\360safe\\deepscan\\zhudongfangyu.exe\"",
        "Spooler" => r"C:\Windows\System32\spoolsv.exe",
        "SamSs" | "Netlogon" => r"C:\Windows\system32\lsass.exe",
        _ => r"C:\Windows\system32\svchost.exe -k netsvcs",
    }
}

fn account(name: &str) -> &'static str {
    match name {
        "MSSQLSERVER" => r"NT Service\MSSQLSERVER",
        "SQLSERVERAGENT" => r"NT Service\SQLSERVERAGENT",
        "SQLBrowser" | "W32Time" | "Dhcp" | "EventLog" => r"NT AUTHORITY\LOCAL SERVICE",
        "Dnscache" | "TermService" | "CryptSvc" | "RpcSs" | "MSDTC" => r"NT AUTHORITY\NETWORK SERVICE",
        _ => "LocalSystem",
    }
}
