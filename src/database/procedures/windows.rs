//! What a Windows server would print: nothing is run.

use crate::database::facts::Facts;

/// Lines that a command prints.
pub(super) fn run(command: &str, facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    for part in command.split("&&").flat_map(|part| part.split('&')).take(8) {
        lines.extend(one(part.trim(), facts));
    }
    lines
}

fn one(command: &str, facts: &Facts) -> Vec<String> {
    let name = facts.catalog.server.name.clone();
    let plain =
        command.trim_start_matches("cmd /c ").trim_start_matches("cmd.exe /c ").trim().trim_matches('"');
    let lower = plain.to_lowercase();
    let mut words = lower.split_whitespace();
    let verb = words.next().unwrap_or_default().trim_end_matches(".exe").to_owned();
    let rest = plain.split_once(' ').map_or("", |(_, rest)| rest.trim());
    let text = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    match verb.as_str() {
        "" => Vec::new(),
        "whoami" if rest.contains("/priv") => text(&[
            "",
            "特权信息",
            "----------------------",
            "",
            "特权名                        描述                 状态  ",
            "============================= ==================== ======",
            "SeAssignPrimaryTokenPrivilege 替换一个进程级令牌   已禁用",
            "SeIncreaseQuotaPrivilege      为进程调整内存配额   已禁用",
            "SeChangeNotifyPrivilege       绕过遍历检查         已启用",
            "SeImpersonatePrivilege        身份验证后模拟客户端 已启用",
            "SeCreateGlobalPrivilege       创建全局对象         已启用",
        ]),
        "whoami" => text(&[r"nt service\mssqlserver"]),
        "hostname" => vec![name.to_lowercase()],
        "echo" => vec![rest.to_owned()],
        "ver" => text(&["", "Microsoft Windows [版本 6.3.9600]"]),
        "cd" | "chdir" if rest.is_empty() => text(&[r"C:\Windows\system32"]),
        "set" => vec![
            format!("COMPUTERNAME={}", name.to_uppercase()),
            "OS=Windows_NT".to_owned(),
            "PROCESSOR_ARCHITECTURE=AMD64".to_owned(),
            r"SystemRoot=C:\Windows".to_owned(),
            r"TEMP=C:\Windows\SERVIC~2\MSSQLS~1\AppData\Local\Temp".to_owned(),
            "USERNAME=MSSQLSERVER".to_owned(),
        ],
        "dir" => dir(rest, facts),
        "type" | "more" => text(&["系统找不到指定的文件。"]),
        "net" => net(words.next().unwrap_or_default(), &lower, &name),
        "tasklist" => tasks(),
        "systeminfo" => system(&name, facts),
        "ping" => text(&["", "请求超时。", "请求超时。", "请求超时。", "请求超时。"]),
        "certutil" | "bitsadmin" | "curl" | "powershell" | "pwsh" | "mshta" | "regsvr32" | "rundll32"
        | "wmic" | "start" => Vec::new(),
        "copy" | "move" => text(&["系统找不到指定的文件。", "已复制         0 个文件。"]),
        "del" | "erase" => vec![format!("找不到 {rest}")],
        "mkdir" | "md" | "taskkill" | "vssadmin" | "sc" | "schtasks" | "reg" | "netsh" | "icacls"
        | "attrib" | "bcdedit" | "wevtutil" => text(&["拒绝访问。"]),
        "ipconfig" | "netstat" | "arp" | "route" | "nslookup" | "query" | "quser" => Vec::new(),
        _ => {
            let shown = plain.split_whitespace().next().unwrap_or_default();
            vec![format!("'{shown}' 不是内部或外部命令，也不是可运行的程序"), "或批处理文件。".to_owned()]
        }
    }
}

fn dir(path: &str, facts: &Facts) -> Vec<String> {
    let path = path.split_whitespace().find(|word| !word.starts_with('/')).unwrap_or(r"C:\Windows\system32");
    let entries = entries(path, facts);
    if entries.is_empty() {
        return vec![
            " 驱动器 C 中的卷没有标签。".to_owned(),
            " 卷的序列号是 5CA1-0F3E".to_owned(),
            String::new(),
            "找不到文件".to_owned(),
        ];
    }
    let mut lines = vec![
        format!(" 驱动器 {} 中的卷没有标签。", path.chars().next().unwrap_or('C')),
        " 卷的序列号是 5CA1-0F3E".to_owned(),
        String::new(),
        format!(" {path} 的目录"),
        String::new(),
    ];
    let made = facts.started().strftime("%Y/%m/%d  %H:%M").to_string();
    lines.extend(entries.iter().map(|(name, folder)| match folder {
        true => format!("{made}    <DIR>          {name}"),
        false => format!("{made}     8,388,608 {name}"),
    }));
    lines
}

fn net(verb: &str, whole: &str, name: &str) -> Vec<String> {
    match verb {
        "user" if whole.contains("/add") || whole.split_whitespace().count() > 3 => {
            vec!["发生系统错误 5。".to_owned(), String::new(), "拒绝访问。".to_owned()]
        }
        "user" => vec![
            String::new(),
            format!("\\\\{} 的用户帐户", name.to_uppercase()),
            String::new(),
            "-".repeat(79),
            "Administrator            Guest                    hisbackup                ".to_owned(),
            "命令运行完毕，但发生一个或多个错误。".to_owned(),
        ],
        "localgroup" => vec![
            "别名     administrators".to_owned(),
            "注释     管理员对计算机/域有不受限制的完全访问权".to_owned(),
            String::new(),
            "成员".to_owned(),
            String::new(),
            "-".repeat(79),
            "Administrator".to_owned(),
            "命令成功完成。".to_owned(),
        ],
        "share" => vec![
            String::new(),
            "共享名       资源                            注解".to_owned(),
            String::new(),
            "-".repeat(79),
            "C$           C:\\                             默认共享".to_owned(),
            "D$           D:\\                             默认共享".to_owned(),
            "IPC$                                         远程 IPC".to_owned(),
            "ADMIN$       C:\\Windows                      远程管理".to_owned(),
            "命令成功完成。".to_owned(),
        ],
        _ => vec!["发生系统错误 5。".to_owned(), String::new(), "拒绝访问。".to_owned()],
    }
}

fn tasks() -> Vec<String> {
    let head = [
        "",
        "映像名称                       PID 会话名              会话#       内存使用 ",
        "========================= ======== ================ =========== ============",
    ];
    let rows = [
        ("System Idle Process", 0, 24),
        ("System", 4, 288),
        ("smss.exe", 272, 1_124),
        ("csrss.exe", 388, 4_912),
        ("wininit.exe", 448, 4_388),
        ("services.exe", 544, 10_220),
        ("lsass.exe", 552, 18_404),
        ("svchost.exe", 716, 14_036),
        ("sqlservr.exe", 1884, 31_442_108),
        ("SQLAGENT.EXE", 2716, 18_220),
        ("360tray.exe", 3308, 41_112),
    ];
    let row = |(name, id, kb): &(&str, u32, u32)| {
        format!("{name:<25} {id:>8} Services                   0 {kb:>10} K")
    };
    head.iter().map(|line| (*line).to_owned()).chain(rows.iter().map(row)).collect()
}

fn system(name: &str, facts: &Facts) -> Vec<String> {
    let (role, domain) = match facts.catalog.server.domain.as_str() {
        "" => ("独立服务器", "WORKGROUP"),
        domain => ("成员服务器", domain),
    };
    vec![
        String::new(),
        format!("主机名:           {}", name.to_uppercase()),
        "OS 名称:          Microsoft Windows Server 2012 R2 Standard".to_owned(),
        "OS 版本:          6.3.9600 暂缺 Build 9600".to_owned(),
        "OS 制造商:        Microsoft Corporation".to_owned(),
        format!("OS 配置:          {role}"),
        format!("系统启动时间:     {}", facts.started().strftime("%Y/%m/%d, %H:%M:%S")),
        "系统型号:         ProLiant DL380 Gen9".to_owned(),
        "系统类型:         x64-based PC".to_owned(),
        "处理器:           安装了 2 个处理器。".to_owned(),
        "系统区域设置:     zh-cn;中文(中国)".to_owned(),
        "时区:             (UTC+08:00)北京，重庆，香港特别行政区，乌鲁木齐".to_owned(),
        "物理内存总量:     65,535 MB".to_owned(),
        format!("域:               {domain}"),
    ]
}

/// What stands in a folder: name, and whether it is a folder itself.
pub(super) fn entries(path: &str, facts: &Facts) -> Vec<(String, bool)> {
    let folder = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), true)).collect::<Vec<_>>();
    let data = facts.catalog.server.data_folder.to_lowercase();
    let path = path.replace('/', "\\").trim_end_matches('\\').to_lowercase();
    if path == data {
        let databases = facts.catalog.databases.iter().filter(|database| !database.system);
        return databases
            .flat_map(|d| [(format!("{}_Data.mdf", d.name), false), (format!("{}_Log.ldf", d.name), false)])
            .collect();
    }
    match path.as_str() {
        "c:" => folder(&[
            "$Recycle.Bin",
            "inetpub",
            "PerfLogs",
            "Program Files",
            "Program Files (x86)",
            "ProgramData",
            "Users",
            "Windows",
        ]),
        r"c:\users" => folder(&["Administrator", "Default", "Public"]),
        "d:" => data
            .split('\\')
            .nth(1)
            .map(|name| folder(&[&name.to_uppercase(), "HISBAK", "Tools"]))
            .unwrap_or_default(),
        "e:" => folder(&["HISBAK", "RECYCLER"]),
        _ => Vec::new(),
    }
}

/// Whether a path is a file, and whether it is a folder.
pub(super) fn exists(path: &str, facts: &Facts) -> (bool, bool) {
    let lower = path.to_lowercase();
    let known = [
        r"c:\windows\win.ini",
        r"c:\windows\system32\cmd.exe",
        r"c:\windows\system32\drivers\etc\hosts",
        r"c:\windows\system32\sethc.exe",
    ];
    (known.contains(&lower.as_str()), !entries(path, facts).is_empty())
}

/// A value of the registry.
pub(super) fn registry(path: &str, facts: &Facts) -> Option<String> {
    let lower = path.to_lowercase();
    let last = lower.rsplit('\\').next()?;
    Some(match last {
        "computername" | "hostname" => facts.catalog.server.name.to_uppercase(),
        "productname" => "Windows Server 2012 R2 Standard".to_owned(),
        "currentversion" => "6.3".to_owned(),
        "currentbuild" | "currentbuildnumber" => "9600".to_owned(),
        "objectname" => r"NT Service\MSSQLSERVER".to_owned(),
        "loginmode" => "2".to_owned(),
        "tcpport" => "1433".to_owned(),
        "backupdirectory" => r"E:\HISBAK".to_owned(),
        "portnumber" => "3389".to_owned(),
        _ => return None,
    })
}
