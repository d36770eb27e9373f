//! Who is who: `whoami`, `net`, `query user`.

use super::{Shell, lines};
use jiff::ToSpan;

const RULE: &str = "-------------------------------------------------------------------------------";
const DONE: &str = "命令成功完成。";

fn denied() -> Vec<String> {
    lines(&["发生系统错误 5。", "", "拒绝访问。", ""])
}

/// What `net` prints of names: three in a line.
fn in_columns(names: &[String]) -> Vec<String> {
    names.chunks(3).map(|row| row.iter().map(|name| format!("{name:<25}")).collect::<String>()).collect()
}

impl Shell<'_> {
    pub(super) fn whoami(&self, arguments: &[&str]) -> Vec<String> {
        let switches: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        let has = |switch: &str| switches.iter().any(|given| given == switch || given == "/all");
        let mut printed = Vec::new();
        if has("/user") {
            printed.extend(lines(&[
                "",
                "用户信息",
                "----------------",
                "",
                "用户名                 SID                                                           ",
                "====================== ==============================================================",
                r"nt service\mssqlserver S-1-5-80-3880718306-3832830129-1677859214-2598158968-1052248003",
            ]));
        }
        if has("/groups") {
            printed.extend(groups());
        }
        if has("/priv") {
            printed.extend(lines(&[
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
                "SeIncreaseWorkingSetPrivilege 增加进程工作集       已禁用",
            ]));
        }
        if printed.is_empty() { lines(&[r"nt service\mssqlserver"]) } else { printed }
    }

    pub(super) fn net(&mut self, arguments: &[&str]) -> Vec<String> {
        let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let of_domain = words.iter().any(|word| matches!(*word, "/domain" | "/dom" | "/do"));
        match words.as_slice() {
            ["user" | "localgroup" | "group" | "accounts" | "view", ..] if of_domain => {
                self.domain_unreachable()
            }
            ["user", rest @ ..] if rest.len() > 1 || rest.iter().any(|word| word.starts_with('/')) => {
                denied()
            }
            ["user", name] => self.user(name),
            ["user"] => self.all_users(),
            ["localgroup"] => self.all_groups(),
            ["localgroup", _, rest @ ..] if !rest.is_empty() => denied(),
            ["localgroup", group] => self.group(group),
            ["group", ..] => lines(&[
                "这项命令只能在 Windows 域控制器上使用。",
                "",
                "请键入 NET HELPMSG 3515 以获得更多的帮助。",
                "",
            ]),
            ["share"] => self.shares(),
            ["share", ..] => denied(),
            ["view"] => self.neighbours(),
            ["view", target, ..] => self.unreachable_share(target),
            ["use"] => lines(&["会记录新的网络连接。", "", "列表是空的。", ""]),
            ["use", rest @ ..] => match rest.iter().find(|word| word.starts_with(r"\\")) {
                Some(target) => self.unreachable_share(target),
                None => lines(&["找不到网络连接。", "", "请键入 NET HELPMSG 2250 以获得更多的帮助。", ""]),
            },
            ["start"] => self.started_services(),
            ["start" | "stop" | "pause" | "continue", ..] => denied(),
            ["accounts"] => lines(&[
                "强制用户在时间到期之后多久必须注销?:     从不",
                "密码最短使用期限(天):                    0",
                "密码最长使用期限(天):                    42",
                "密码长度最小值:                          0",
                "保持的密码历史记录长度:                  None",
                "锁定阈值:                                从不",
                "锁定持续时间(分):                        30",
                "锁定观测窗口(分):                        30",
                "计算机角色:                              SERVER",
                DONE,
                "",
            ]),
            ["time", ..] => {
                let now = self.facts.now();
                vec![
                    format!(
                        r"\\{} 的当前时间是 {}",
                        self.facts.catalog.machine.computer(),
                        now.strftime("%Y/%-m/%-d %H:%M:%S")
                    ),
                    String::new(),
                    DONE.to_owned(),
                    String::new(),
                ]
            }
            ["session" | "file", ..] => denied(),
            ["config", ..] => {
                lines(&["下列正在运行的服务可以被控制:", "", "   Server", "   Workstation", "", DONE, ""])
            }
            _ => lines(&[
                "此命令的语法是:",
                "",
                "NET",
                "    [ ACCOUNTS | COMPUTER | CONFIG | CONTINUE | FILE | GROUP | HELP |",
                "      HELPMSG | LOCALGROUP | PAUSE | SESSION | SHARE | START |",
                "      STATISTICS | STOP | TIME | USE | USER | VIEW ]",
            ]),
        }
    }

    /// Accounts of the machine: those that every Windows has, and the persona's.
    fn names(&self) -> Vec<String> {
        let own = self.facts.catalog.machine.users().into_iter().map(|account| account.name.clone());
        let mut names: Vec<String> =
            ["Administrator", "Guest"].map(str::to_owned).into_iter().chain(own).collect();
        names.sort_by_key(|name| name.to_lowercase());
        names.dedup_by_key(|name| name.to_lowercase());
        names
    }

    fn all_users(&self) -> Vec<String> {
        let mut printed = vec![
            String::new(),
            format!(r"\\{} 的用户帐户", self.facts.catalog.machine.computer()),
            String::new(),
            RULE.to_owned(),
        ];
        printed.extend(in_columns(&self.names()));
        printed.extend(lines(&[DONE, ""]));
        printed
    }

    fn user(&self, name: &str) -> Vec<String> {
        let Some(known) = self.names().into_iter().find(|known| known.eq_ignore_ascii_case(name)) else {
            return lines(&["找不到用户名。", "", "请键入 NET HELPMSG 2221 以获得更多的帮助。", ""]);
        };
        let machine = &self.facts.catalog.machine;
        let account = machine.users().into_iter().find(|account| account.name == known);
        let full = account.map_or("", |account| account.full_name.as_str());
        let (note, active) = match known.as_str() {
            "Administrator" => ("管理计算机(域)的内置帐户", "Yes"),
            "Guest" => ("供来宾访问计算机或访问域的内置帐户", "No"),
            _ => ("", "Yes"),
        };
        let days = i64::try_from(machine.number(&format!("user/{known}"), 300)).unwrap_or(0);
        let set = machine.installed().saturating_add((days + 1).days());
        let last = self.facts.now().saturating_sub((days % 23 * 24 + 5).hours());
        let logged = if active == "Yes" {
            last.strftime("%Y/%-m/%-d %H:%M:%S").to_string()
        } else {
            "从不".to_owned()
        };
        let group = if known == "Guest" { "*Guests" } else { "*Administrators" };
        let field = |name: &str, value: &str| {
            let width: usize = name.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum();
            format!("{name}{}{value}", " ".repeat(29usize.saturating_sub(width)))
        };
        vec![
            field("用户名", &known),
            field("全名", full),
            field("注释", note),
            field("用户的注释", ""),
            field("国家/地区代码", "000 (系统默认值)"),
            field("帐户启用", active),
            field("帐户到期", "从不"),
            String::new(),
            field("上次设置密码", &set.strftime("%Y/%-m/%-d %H:%M:%S").to_string()),
            field("密码到期", "从不"),
            field("密码可更改", &set.strftime("%Y/%-m/%-d %H:%M:%S").to_string()),
            field("需要密码", active),
            field("用户可以更改密码", "Yes"),
            String::new(),
            field("允许的工作站", "All"),
            field("登录脚本", ""),
            field("用户配置文件", ""),
            field("主目录", ""),
            field("上次登录", &logged),
            String::new(),
            field("可允许的登录小时数", "All"),
            String::new(),
            field("本地组成员", group),
            field("全局组成员", "*None"),
            DONE.to_owned(),
            String::new(),
        ]
    }

    fn all_groups(&self) -> Vec<String> {
        let mut printed = vec![
            String::new(),
            format!(r"\\{} 的别名", self.facts.catalog.machine.computer()),
            String::new(),
            RULE.to_owned(),
        ];
        printed.extend(lines(&[
            "*Access Control Assistance Operators",
            "*Administrators",
            "*Backup Operators",
            "*Certificate Service DCOM Access",
            "*Cryptographic Operators",
            "*Distributed COM Users",
            "*Event Log Readers",
            "*Guests",
            "*Hyper-V Administrators",
            "*IIS_IUSRS",
            "*Network Configuration Operators",
            "*Performance Log Users",
            "*Performance Monitor Users",
            "*Power Users",
            "*Print Operators",
            "*RDS Endpoint Servers",
            "*RDS Management Servers",
            "*RDS Remote Access Servers",
            "*Remote Desktop Users",
            "*Remote Management Users",
            "*Replicator",
            "*SQLServer2005SQLBrowserUser$",
            "*Users",
            "*WinRMRemoteWMIUsers__",
            DONE,
            "",
        ]));
        printed
    }

    fn group(&self, group: &str) -> Vec<String> {
        let domain = self.facts.catalog.machine.domain().to_owned();
        let in_domain = |name: &str| if domain.is_empty() { None } else { Some(format!(r"{domain}\{name}")) };
        let own = || self.facts.catalog.machine.users().into_iter().map(|account| account.name.clone());
        let (title, note, members): (&str, &str, Vec<String>) = match group {
            "administrators" => (
                "administrators",
                "管理员对计算机/域有不受限制的完全访问权",
                std::iter::once("Administrator".to_owned())
                    .chain(in_domain("Domain Admins"))
                    .chain(own())
                    .collect(),
            ),
            "remote desktop users" => {
                ("Remote Desktop Users", "此组中的成员被授予远程登录的权限", Vec::new())
            }
            "users" => (
                "users",
                "防止用户进行有意或无意的系统范围的更改，但是可以运行大部分应用程序",
                in_domain("Domain Users")
                    .into_iter()
                    .chain([
                        r"NT AUTHORITY\Authenticated Users".to_owned(),
                        r"NT AUTHORITY\INTERACTIVE".to_owned(),
                    ])
                    .collect(),
            ),
            "guests" => (
                "guests",
                "按默认值，来宾跟用户组的成员有同等访问权，但来宾帐户的限制更多",
                vec!["Guest".to_owned()],
            ),
            _ => return lines(&["发生系统错误 1376。", "", "指定的本地组不存在。", ""]),
        };
        let mut printed = vec![
            format!("别名     {title}"),
            format!("注释     {note}"),
            String::new(),
            "成员".to_owned(),
            String::new(),
            RULE.to_owned(),
        ];
        printed.extend(members);
        printed.extend(lines(&[DONE, ""]));
        printed
    }

    fn domain_unreachable(&self) -> Vec<String> {
        let machine = &self.facts.catalog.machine;
        if machine.domain().is_empty() {
            return lines(&["发生系统错误 1355。", "", "指定的域不存在，或无法联系。", ""]);
        }
        // The server's account is known to its own machine alone.
        self.facts.wait(2.0);
        vec![
            format!("这项请求将在域 {} 的域控制器处理。", machine.hospital.domain),
            String::new(),
            "发生系统错误 5。".to_owned(),
            String::new(),
            "拒绝访问。".to_owned(),
            String::new(),
        ]
    }

    fn shares(&self) -> Vec<String> {
        let mut printed = lines(&["", "共享名       资源                            注解", "", RULE]);
        let drives = &self.facts.catalog.machine.drives;
        let row = |name: &str, path: &str, remark: &str| format!("{name:<13}{path:<32}{remark}");
        let own = drives
            .all
            .iter()
            .map(|drive| row(&format!("{}$", drive.letter), &format!("{}:\\", drive.letter), "默认共享"));
        printed.extend(own);
        printed.extend(lines(&[
            "IPC$                                         远程 IPC",
            r"ADMIN$       C:\Windows                      远程管理",
        ]));
        printed.extend(drives.shares.iter().map(|(name, path, remark)| row(name, path, remark)));
        printed.extend(lines(&[DONE, ""]));
        printed
    }

    /// `net view`: members of the domain that the browser knows.
    fn neighbours(&mut self) -> Vec<String> {
        let machine = &self.facts.catalog.machine;
        let mut names: Vec<String> = machine
            .neighbours
            .iter()
            .filter(|host| host.windows && host.member)
            .map(|host| host.hostname.to_uppercase())
            .chain([machine.computer()])
            .collect();
        names.sort();
        let mut printed = lines(&["服务器名称            注解", "", RULE]);
        printed.extend(names.into_iter().map(|name| format!(r"\\{name:<20}")));
        printed.extend(lines(&[DONE, ""]));
        printed
    }

    fn unreachable_share(&mut self, target: &str) -> Vec<String> {
        self.seen.deeds.push(crate::database::Deed::Reach { means: "net use", target: target.to_owned() });
        self.facts.wait(4.0);
        lines(&["发生系统错误 53。", "", "找不到网络路径。", ""])
    }

    /// `query user`, `quser`: an administrator who went away without logging off.
    pub(super) fn users(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        let what = arguments.first().map(|word| word.to_lowercase()).unwrap_or_default();
        let sessions = name == "qwinsta" || matches!(what.as_str(), "session" | "winsta");
        if name == "query" && !matches!(what.as_str(), "user" | "session" | "winsta") {
            return lines(&["QUERY { PROCESS | SESSION | TERMSERVER | USER }"]);
        }
        let machine = &self.facts.catalog.machine;
        let hours = i64::try_from(machine.number("session", 70)).unwrap_or(0) + 3;
        let now = self.facts.now();
        let since = now.saturating_sub(hours.hours()).saturating_sub((hours * 7 % 60).minutes());
        if sessions {
            return lines(&[
                " 会话名            用户名                   ID  状态    类型        设备 ",
                ">services                                    0  断开                        ",
                " console                                     1  已连接                      ",
                "                   administrator             2  断开                        ",
                " rdp-tcp                                 65536  侦听                        ",
            ]);
        }
        let idle = if hours >= 24 {
            format!("{}+{:02}:{:02}", hours / 24, hours % 24, hours * 7 % 60)
        } else {
            format!("{hours}:{:02}", hours * 7 % 60)
        };
        vec![
            " 用户名                会话名             ID  状态    空闲时间   登录时间".to_owned(),
            format!(
                " administrator                             2  断开    {idle:>8}   {}",
                since.strftime("%Y/%-m/%-d %H:%M")
            ),
        ]
    }
}

fn groups() -> Vec<String> {
    lines(&[
        "",
        "组信息",
        "-----------------",
        "",
        "组名                                 类型   SID          属性                          ",
        "==================================== ====== ============ ==============================",
        "Everyone                             已知组 S-1-1-0      必需的组, 启用于默认, 启用的组",
        r"BUILTIN\Performance Monitor Users    别名   S-1-5-32-558 必需的组, 启用于默认, 启用的组",
        r"BUILTIN\Users                        别名   S-1-5-32-545 必需的组, 启用于默认, 启用的组",
        r"NT AUTHORITY\SERVICE                 已知组 S-1-5-6      必需的组, 启用于默认, 启用的组",
        r"CONSOLE LOGON                        已知组 S-1-2-1      必需的组, 启用于默认, 启用的组",
        r"NT AUTHORITY\Authenticated Users     已知组 S-1-5-11     必需的组, 启用于默认, 启用的组",
        r"NT AUTHORITY\This Organization       已知组 S-1-5-15     必需的组, 启用于默认, 启用的组",
        r"LOCAL                                已知组 S-1-2-0      必需的组, 启用于默认, 启用的组",
        r"NT SERVICE\ALL SERVICES              已知组 S-1-5-80-0   必需的组, 启用于默认, 启用的组",
    ])
}
