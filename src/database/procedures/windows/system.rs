//! `systeminfo` and `tasklist`.

use super::{Shell, grouped, lines};

/// Processes in the order in which they start: name, what tells two of a name apart, session, KiB.
const PROCESSES: &[(&str, &str, u32, u64)] = &[
    ("smss.exe", "", 0, 1_124),
    ("csrss.exe", "", 0, 4_912),
    ("csrss.exe", "1", 1, 9_840),
    ("wininit.exe", "", 0, 4_388),
    ("winlogon.exe", "", 1, 6_204),
    ("services.exe", "", 0, 10_220),
    ("lsass.exe", "", 0, 18_404),
    ("svchost.exe", "DcomLaunch", 0, 14_036),
    ("svchost.exe", "RpcEptMapper", 0, 10_552),
    ("LogonUI.exe", "", 1, 33_180),
    ("dwm.exe", "", 1, 27_912),
    ("svchost.exe", "EventLog", 0, 21_640),
    ("svchost.exe", "netsvcs", 0, 41_288),
    ("svchost.exe", "W32Time", 0, 17_420),
    ("svchost.exe", "Dnscache", 0, 22_904),
    ("svchost.exe", "TermService", 0, 19_116),
    ("spoolsv.exe", "", 0, 12_680),
    ("svchost.exe", "DPS", 0, 16_208),
    ("sqlwriter.exe", "", 0, 7_632),
    ("sqlbrowser.exe", "", 0, 6_104),
    ("sqlservr.exe", "", 0, 58_240_112),
    ("SQLAGENT.EXE", "", 0, 18_220),
    ("fdlauncher.exe", "", 0, 5_204),
    ("fdhost.exe", "", 0, 7_316),
    ("msdtc.exe", "", 0, 8_012),
    ("ZhuDongFangYu.exe", "", 0, 38_904),
    ("360rps.exe", "", 0, 22_140),
    ("WmiPrvSE.exe", "", 0, 12_936),
    ("cmd.exe", "", 0, 3_188),
    ("conhost.exe", "", 0, 3_460),
    ("tasklist.exe", "", 0, 6_012),
];

impl Shell<'_> {
    /// The processes with their numbers, which grow with the order of their start.
    pub(super) fn processes(&self) -> Vec<(String, u32, u32, u64)> {
        let machine = &self.facts.catalog.machine;
        let mut number = 200 + u32::try_from(machine.number("process", 40)).unwrap_or(0) * 4;
        let mut all = vec![("System Idle Process".to_owned(), 0, 0, 24), ("System".to_owned(), 4, 0, 288)];
        for (name, told, session, kib) in PROCESSES.iter() {
            let label = format!("process/{name}/{told}");
            number += 4 * (7 + u32::try_from(machine.number(&label, 38)).unwrap_or(0));
            all.push((
                (*name).to_owned(),
                number,
                *session,
                kib + machine.number(&format!("{label}/size"), kib / 9 + 1),
            ));
        }
        all
    }

    /// Number of a process, by its name as `svchost.exe (Dnscache)`.
    pub(super) fn process(&self, wanted: &str) -> u32 {
        let (name, told) =
            wanted.split_once(" (").map_or((wanted, ""), |(name, told)| (name, told.trim_end_matches(')')));
        let known = PROCESSES.iter().position(|(of, by, ..)| *of == name && *by == told);
        known.and_then(|at| Some(self.processes().get(at + 2)?.1)).unwrap_or(0)
    }

    pub(super) fn tasklist(&self, arguments: &[&str]) -> Vec<String> {
        let switches: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        if switches.iter().any(|word| word == "/svc") {
            return self.with_services();
        }
        let csv = switches.iter().any(|word| word == "csv");
        let session = |number: u32| if number == 0 { "Services" } else { "Console" };
        if csv {
            let mut printed = lines(&["\"映像名称\",\"PID\",\"会话名      \",\"会话#   \",\"内存使用 \""]);
            printed.extend(self.processes().into_iter().map(|(name, id, of, kib)| {
                format!("\"{name}\",\"{id}\",\"{}\",\"{of}\",\"{} K\"", session(of), grouped(kib))
            }));
            return printed;
        }
        let mut printed = lines(&[
            "",
            "映像名称                       PID 会话名              会话#       内存使用 ",
            "========================= ======== ================ =========== ============",
        ]);
        printed.extend(self.processes().into_iter().map(|(name, id, of, kib)| {
            format!(
                "{:<25} {id:>8} {:<16} {of:>11} {:>10} K",
                name.chars().take(25).collect::<String>(),
                session(of),
                grouped(kib)
            )
        }));
        printed
    }

    fn with_services(&self) -> Vec<String> {
        let mut printed = lines(&[
            "",
            "映像名称                       PID 服务                                        ",
            "========================= ======== ============================================",
        ]);
        let told = PROCESSES.iter().map(|(name, told, ..)| match (*name, *told) {
            ("lsass.exe", _) => "Netlogon, SamSs",
            ("sqlservr.exe", _) => "MSSQLSERVER",
            ("SQLAGENT.EXE", _) => "SQLSERVERAGENT",
            ("sqlbrowser.exe", _) => "SQLBrowser",
            ("sqlwriter.exe", _) => "SQLWriter",
            ("spoolsv.exe", _) => "Spooler",
            ("msdtc.exe", _) => "MSDTC",
            ("fdlauncher.exe", _) => "MSSQLFDLauncher",
            ("ZhuDongFangYu.exe", _) => "ZhuDongFangYu",
            ("svchost.exe", "DcomLaunch") => {
                "BrokerInfrastructure, DcomLaunch, LSM, PlugPlay, Power, SystemEventsBroker"
            }
            ("svchost.exe", "netsvcs") => {
                "gpsvc, IKEEXT, iphlpsvc, LanmanServer, ProfSvc, Schedule, SENS, Winmgmt"
            }
            ("svchost.exe", told) => told,
            _ => "暂缺",
        });
        let all = self.processes();
        let told = ["暂缺", "暂缺"].into_iter().chain(told);
        printed.extend(all.iter().zip(told).map(|((name, id, ..), told)| {
            format!("{:<25} {id:>8} {told:<44}", name.chars().take(25).collect::<String>())
        }));
        printed
    }

    pub(super) fn systeminfo(&self) -> Vec<String> {
        self.facts.wait(4.2);
        let machine = &self.facts.catalog.machine;
        let (name, build) = machine.system();
        let view = self.facts.state().view.clone();
        let booted = machine.booted(view.now());
        let domain = if machine.domain().is_empty() { "WORKGROUP" } else { machine.hospital.domain.as_str() };
        let role = if machine.domain().is_empty() { "独立服务器" } else { "成员服务器" };
        let free = 3_200 + machine.number("memory", 2_400);
        let [a, b, c, d, e, ..] = machine.derive("product");
        let last = |a: u8, b: u8, c: u8| u32::from_be_bytes([0, a, b, c]) % 1_000;
        let product = format!(
            "00252-{:02}{:03}-{:05}-AA{:03}",
            d % 90 + 10,
            last(a, b, c),
            last(b, c, d) * 100 + u32::from(e) % 100,
            last(c, d, e)
        );
        let when = |at: jiff::civil::DateTime| at.strftime("%Y/%-m/%-d, %-H:%M:%S").to_string();
        let mut printed = vec![
            String::new(),
            format!("主机名:           {}", machine.computer()),
            format!("OS 名称:          Microsoft {name}"),
            format!("OS 版本:          {build} 暂缺 Build {}", build.rsplit('.').next().unwrap_or(build)),
            "OS 制造商:        Microsoft Corporation".to_owned(),
            format!("OS 配置:          {role}"),
            "OS 构件类型:      Multiprocessor Free".to_owned(),
            "注册的所有人:     Windows 用户".to_owned(),
            "注册的组织:       ".to_owned(),
            format!("产品 ID:          {product}"),
            format!("初始安装日期:     {}", when(machine.installed())),
            format!("系统启动时间:     {}", when(booted)),
            "系统制造商:       HP".to_owned(),
            "系统型号:         ProLiant DL380 Gen9".to_owned(),
            "系统类型:         x64-based PC".to_owned(),
            "处理器:           安装了 2 个处理器。".to_owned(),
            "                  [01]: Intel64 Family 6 Model 63 Stepping 2 GenuineIntel ~2400 Mhz".to_owned(),
            "                  [02]: Intel64 Family 6 Model 63 Stepping 2 GenuineIntel ~2400 Mhz".to_owned(),
            "BIOS 版本:        HP P89, 2015/7/20".to_owned(),
            r"Windows 目录:     C:\Windows".to_owned(),
            r"系统目录:         C:\Windows\system32".to_owned(),
            r"启动设备:         \Device\HarddiskVolume1".to_owned(),
            "系统区域设置:     zh-cn;中文(中国)".to_owned(),
            "输入法区域设置:   zh-cn;中文(中国)".to_owned(),
            "时区:             (UTC+08:00)北京，重庆，香港特别行政区，乌鲁木齐".to_owned(),
            "物理内存总量:     65,431 MB".to_owned(),
            format!("可用的物理内存:   {} MB", grouped(free)),
            "虚拟内存: 最大值: 75,159 MB".to_owned(),
            format!("虚拟内存: 可用:   {} MB", grouped(free + 8_812)),
            format!("虚拟内存: 使用中: {} MB", grouped(75_159 - free - 8_812)),
            r"页面文件位置:     C:\pagefile.sys".to_owned(),
            format!("域:               {domain}"),
            "登录服务器:       暂缺".to_owned(),
        ];
        printed.push(format!("修补程序:         安装了 {} 个修补程序。", PATCHES.len()));
        printed.extend(
            PATCHES.iter().zip(1..).map(|(patch, at)| format!("                  [{at:02}]: {patch}")),
        );
        printed.extend([
            "网卡:             安装了 1 个 NIC。".to_owned(),
            "                  [01]: HP Ethernet 1Gb 4-port 331i Adapter".to_owned(),
            "                      连接名:      以太网".to_owned(),
            "                      启用 DHCP:   否".to_owned(),
            "                      IP 地址".to_owned(),
            format!("                        [01]: {}", machine.address()),
            "Hyper-V 要求:     虚拟机监视器模式扩展: 是".to_owned(),
            "                  固件中已启用虚拟化: 是".to_owned(),
            "                  二级地址转换: 是".to_owned(),
            "                  数据执行保护可用: 是".to_owned(),
        ]);
        printed
    }
}

/// Updates that setup and the first year brought; later ones nobody put in.
pub(super) const PATCHES: &[&str] = &[
    "KB2919355",
    "KB2919442",
    "KB2932046",
    "KB2934018",
    "KB2937220",
    "KB2938439",
    "KB2939471",
    "KB2949621",
    "KB2954879",
    "KB2961072",
    "KB2966826",
    "KB2968296",
    "KB2972103",
    "KB2973201",
    "KB2975061",
    "KB2993651",
];
