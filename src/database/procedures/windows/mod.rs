//! What commands print on the Windows under a server, in the words of its Chinese edition: nothing is
//! run. All of it comes from the persona, the honeynet's hosts and the installation's secret.

mod accounts;
mod disk;
mod fetch;
mod files;
mod handling;
mod network;
mod reach;
mod registry;
mod services;
mod system;
mod wmic;

pub(super) use disk::free_megabytes;
pub(super) use files::{entries, exists};
pub(super) use registry::value as registry;

use crate::database::facts::Facts;
use crate::database::{Deed, Seen};

/// Most commands of one line.
const MAX_COMMANDS: usize = 16;

/// Most lines of an answer.
const MAX_LINES: usize = 4_000;

/// Where the server's commands run.
const HERE: &str = r"C:\Windows\system32";

/// A command on its way: what it knows, and what is told of it.
pub(super) struct Shell<'a> {
    facts: &'a Facts,
    seen: &'a mut Seen,
}

/// Lines that a command prints.
pub(super) fn run(line: &str, facts: &Facts, seen: &mut Seen) -> Vec<String> {
    let mut shell = Shell { facts, seen };
    let mut lines = Vec::new();
    let mut succeeded = true;
    for (joint, command) in commands(line) {
        let runs = match joint {
            Joint::Always => true,
            Joint::After => succeeded,
            Joint::Otherwise => !succeeded,
        };
        if runs && lines.len() < MAX_LINES {
            let printed = shell.one(command.trim());
            succeeded = !failed(&printed);
            lines.extend(printed);
        }
    }
    lines.truncate(MAX_LINES);
    lines
}

/// How a command follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    Always,
    After,
    Otherwise,
}

/// The commands of a line, parted at `&`, `&&` and `||` outside of quotes.
fn commands(line: &str) -> Vec<(Joint, &str)> {
    let (mut found, mut start, mut quoted, mut joint) = (Vec::new(), 0, false, Joint::Always);
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        quoted ^= c == '"';
        let twice = chars.peek().is_some_and(|(_, next)| *next == c);
        let next = match (c, twice) {
            _ if quoted => continue,
            ('&', true) => Joint::After,
            ('&', false) => Joint::Always,
            ('|', true) => Joint::Otherwise,
            _ => continue,
        };
        found.push((joint, line.get(start..at).unwrap_or_default()));
        if twice {
            chars.next();
        }
        start = at + 1 + usize::from(twice);
        joint = next;
        if found.len() >= MAX_COMMANDS {
            return found;
        }
    }
    found.push((joint, line.get(start..).unwrap_or_default()));
    found
}

/// Whether what was printed is an error, as a command that follows would see it.
fn failed(lines: &[String]) -> bool {
    let marks = ["错误", "拒绝访问", "找不到", "不是内部或外部命令", "失败"];
    lines.iter().any(|line| marks.iter().any(|mark| line.contains(mark)))
}

/// Lines of text.
fn lines(all: &[&str]) -> Vec<String> {
    all.iter().map(|line| (*line).to_owned()).collect()
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Words of a command line; what stands in quotes is one.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
            }
            c => word.push(c),
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
}

impl Shell<'_> {
    fn one(&mut self, command: &str) -> Vec<String> {
        let command = self.expanded(command.trim_start_matches('@'));
        let (command, filter) = piped(&command);
        let (command, target) = redirected(command);
        let printed = self.run(command.trim());
        let printed = match filter {
            Some(filter) => filtered(printed, filter),
            None => printed,
        };
        match target {
            Some(path) => self.written(&path, &printed),
            None => printed,
        }
    }

    fn run(&mut self, command: &str) -> Vec<String> {
        let words = words(command);
        let Some(first) = words.first() else { return Vec::new() };
        let name = first.rsplit(['\\', '/']).next().unwrap_or(first).to_lowercase();
        let name = name.trim_end_matches(".exe").trim_end_matches(".com").to_owned();
        let rest = command.get(command.find(first.as_str()).unwrap_or(0) + first.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches('"').trim();
        let arguments: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        // `dir/b`: switches may follow at once.
        if let Some((name, switches)) = name.split_once('/') {
            return self.run(&format!("{name} /{switches} {rest}"));
        }
        self.plain(&name, rest, &arguments).or_else(|| self.known(&name, rest, &arguments)).unwrap_or_else(
            || vec![format!("'{first}' 不是内部或外部命令，也不是可运行的程序"), "或批处理文件。".to_owned()],
        )
    }

    /// Commands of the interpreter itself.
    fn plain(&mut self, name: &str, rest: &str, arguments: &[&str]) -> Option<Vec<String>> {
        Some(match name {
            "cmd" => {
                let inner = arguments.iter().position(|word| word.eq_ignore_ascii_case("/c"));
                let at = inner.and_then(|_| rest.to_lowercase().find("/c")).map(|at| at + 2);
                match at {
                    Some(at) => self.one(rest.get(at..).unwrap_or_default().trim().trim_matches('"')),
                    None => lines(&[
                        "Microsoft Windows [版本 6.3.9600]",
                        "(c) 2013 Microsoft Corporation。保留所有权利。",
                        "",
                        HERE,
                    ]),
                }
            }
            "echo" if rest.is_empty() => lines(&["ECHO 处于打开状态。"]),
            "echo" => vec![rest.to_owned()],
            "ver" => lines(&["", "Microsoft Windows [版本 6.3.9600]"]),
            "cd" | "chdir" if rest.is_empty() => lines(&[HERE]),
            "cd" | "chdir" => match exists(rest.trim_start_matches("/d ").trim_matches('"'), self.facts).1 {
                true => Vec::new(),
                false => lines(&["系统找不到指定的路径。"]),
            },
            "chcp" => lines(&["活动代码页: 936"]),
            "date" => vec![self.facts.now().strftime("%Y/%m/%d 周").to_string() + self.weekday()],
            "time" => vec![self.facts.now().strftime("%H:%M").to_string()],
            "set" => self.variables(rest),
            "vol" => self.volume(rest.chars().next().unwrap_or('C')),
            "path" => vec![format!("PATH={}", self.variable("path").unwrap_or_default())],
            "rem" | "title" | "color" | "cls" | "setlocal" | "call" | "exit" | "pushd" | "popd" | "if"
            | "for" => Vec::new(),
            "timeout" | "pause" | "choice" => lines(&["错误: 不支持输入重新定向，立即退出此进程。"]),
            _ => return None,
        })
    }

    /// Programs that the machine has.
    fn known(&mut self, name: &str, rest: &str, arguments: &[&str]) -> Option<Vec<String>> {
        Some(match name {
            "whoami" => self.whoami(arguments),
            "hostname" => vec![self.facts.catalog.machine.hostname().to_owned()],
            "dir" => self.dir(arguments),
            "tree" | "attrib" | "cacls" | "icacls" | "takeown" => self.rights(arguments),
            "type" | "more" => self.show(arguments),
            "copy" | "move" | "xcopy" | "robocopy" | "ren" | "rename" => self.copied(arguments),
            "del" | "erase" | "rd" | "rmdir" => self.deleted(arguments),
            "mkdir" | "md" => self.made(arguments),
            "net" | "net1" => self.net(arguments),
            "query" | "quser" | "qwinsta" => self.users(name, arguments),
            "ipconfig" => self.ipconfig(arguments),
            "netstat" => self.netstat(arguments),
            "arp" => self.arp(),
            "route" => self.route(arguments),
            "ping" => self.ping(arguments),
            "nslookup" => self.nslookup(arguments),
            "nbtstat" | "tracert" | "pathping" | "telnet" | "ftp" => return self.reach(name, arguments),
            "netsh" => self.netsh(arguments),
            "systeminfo" => self.systeminfo(),
            "tasklist" => self.tasklist(arguments),
            "taskkill" => lines(&["错误: 无法终止进程。", "原因: 拒绝访问。"]),
            "sc" => self.sc(arguments),
            "schtasks" | "at" => self.tasks(arguments),
            "reg" => self.reg(arguments),
            "wmic" => self.wmic(arguments),
            "wevtutil" | "vssadmin" | "bcdedit" | "wbadmin" | "fsutil" | "diskpart" => self.refused(name),
            "certutil" => self.certutil(arguments),
            "bitsadmin" => self.bitsadmin(arguments),
            "powershell" => self.powershell(rest, arguments),
            "mshta" | "regsvr32" | "rundll32" | "msiexec" | "cscript" | "wscript" | "start" => {
                self.hidden(name, rest)
            }
            "find" | "findstr" | "sort" | "where" => self.found(name, arguments),
            _ => return None,
        })
    }

    fn weekday(&self) -> &'static str {
        use jiff::civil::Weekday;
        match self.facts.now().weekday() {
            Weekday::Monday => "一",
            Weekday::Tuesday => "二",
            Weekday::Wednesday => "三",
            Weekday::Thursday => "四",
            Weekday::Friday => "五",
            Weekday::Saturday => "六",
            Weekday::Sunday => "日",
        }
    }

    /// Puts in the values of `%NAME%`.
    fn expanded(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            match after.split_once('%').and_then(|(name, tail)| Some((self.variable(name)?, tail))) {
                Some((value, tail)) => {
                    out.push_str(&value);
                    rest = tail;
                }
                None => {
                    out.push('%');
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        out
    }

    fn variable(&self, name: &str) -> Option<String> {
        let all = self.environment();
        all.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn variables(&self, prefix: &str) -> Vec<String> {
        let prefix = prefix.to_lowercase();
        let all = self.environment().into_iter();
        let found: Vec<String> = all
            .filter(|(name, _)| name.to_lowercase().starts_with(&prefix))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if found.is_empty() { vec![format!("环境变量 {prefix} 没有定义")] } else { found }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let machine = &self.facts.catalog.machine;
        let home = r"C:\Users\MSSQLSERVER";
        let of = |name: &'static str, value: &str| (name, value.to_owned());
        vec![
            of("ALLUSERSPROFILE", r"C:\ProgramData"),
            ("APPDATA", format!(r"{home}\AppData\Roaming")),
            of("CommonProgramFiles", r"C:\Program Files\Common Files"),
            ("COMPUTERNAME", machine.computer()),
            of("ComSpec", r"C:\Windows\system32\cmd.exe"),
            ("LOCALAPPDATA", format!(r"{home}\AppData\Local")),
            of("NUMBER_OF_PROCESSORS", "16"),
            of("OS", "Windows_NT"),
            of(
                "Path",
                r"C:\Windows\system32;C:\Windows;C:\Windows\System32\Wbem;C:\Windows\System32\WindowsPowerShell\v1.0\;C:\Program Files\Microsoft SQL Server\110\Tools\Binn\;C:\Program Files\Microsoft SQL Server\110\DTS\Binn\",
            ),
            of("PATHEXT", ".COM;.EXE;.BAT;.CMD;.VBS;.VBE;.JS;.JSE;.WSF;.WSH;.MSC"),
            of("PROCESSOR_ARCHITECTURE", "AMD64"),
            of("PROCESSOR_IDENTIFIER", "Intel64 Family 6 Model 63 Stepping 2, GenuineIntel"),
            of("PROCESSOR_LEVEL", "6"),
            of("PROCESSOR_REVISION", "3f02"),
            of("ProgramData", r"C:\ProgramData"),
            of("ProgramFiles", r"C:\Program Files"),
            of("PROMPT", "$P$G"),
            of("PUBLIC", r"C:\Users\Public"),
            of("SystemDrive", "C:"),
            of("SystemRoot", r"C:\Windows"),
            ("TEMP", format!(r"{home}\AppData\Local\Temp")),
            ("TMP", format!(r"{home}\AppData\Local\Temp")),
            of("USERDOMAIN", "NT Service"),
            of("USERNAME", "MSSQLSERVER"),
            ("USERPROFILE", home.to_owned()),
            of("windir", r"C:\Windows"),
        ]
    }

    /// The server was made to reach out for a file.
    fn fetched(&mut self, means: &'static str, source: &str) {
        self.seen.deeds.push(Deed::Fetch { means, source: source.to_owned() });
    }

    fn refused(&self, name: &str) -> Vec<String> {
        match name {
            "vssadmin" => lines(&[
                "vssadmin 1.1 - 卷影复制服务管理命令行工具",
                "(C) 版权所有 2001-2013 Microsoft Corp.",
                "",
                "错误:  您没有运行此命令的正确权限。请从提升的命令窗口运行此实用程序。",
            ]),
            "bcdedit" => lines(&["启动配置数据存储无法打开。", "拒绝访问。"]),
            "wbadmin" => lines(&[
                "wbadmin 1.0 - 备份命令行工具",
                "(C) 版权所有 2013 Microsoft Corporation。保留所有权利。",
                "",
                "错误 - 拒绝访问。您必须是 Administrators 组或 Backup Operators 组的成员。",
            ]),
            "fsutil" => lines(&["FSUTIL 实用程序要求您具有管理员权限。"]),
            "diskpart" => lines(&["请求的操作需要提升。"]),
            _ => lines(&["拒绝访问。"]),
        }
    }
}

/// `a | findstr b`: the command and what filters it.
fn piped(command: &str) -> (&str, Option<&str>) {
    match command.split_once('|') {
        Some((command, filter)) => (command, Some(filter.trim())),
        None => (command, None),
    }
}

/// `a > b`: the command and where it writes.
fn redirected(command: &str) -> (&str, Option<String>) {
    // `2>&1` and `>nul` hide nothing that is shown here.
    let quoted = |at: usize| command.get(..at).is_some_and(|before| before.matches('"').count() % 2 == 1);
    let at = command.char_indices().find(|(at, c)| *c == '>' && !quoted(*at)).map(|(at, _)| at);
    let Some(at) = at else { return (command, None) };
    let (before, after) = (command.get(..at).unwrap_or_default(), command.get(at..).unwrap_or_default());
    let before = before.trim_end_matches(['1', '2']);
    let path = after.trim_start_matches(['>', ' ']).split_whitespace().next().unwrap_or_default();
    if path.starts_with('&') { (before, None) } else { (before, Some(path.trim_matches('"').to_owned())) }
}

/// Lines that `find` or `findstr` lets through.
fn filtered(printed: Vec<String>, filter: &str) -> Vec<String> {
    let words = words(filter);
    let name = words.first().map(|word| word.to_lowercase()).unwrap_or_default();
    if !matches!(name.trim_end_matches(".exe"), "find" | "findstr") {
        return printed;
    }
    let switch = |wanted: &str| words.iter().any(|word| word.eq_ignore_ascii_case(wanted));
    let sought: Vec<String> =
        words.iter().skip(1).filter(|word| !word.starts_with('/')).map(|word| word.to_lowercase()).collect();
    let spaced = name.starts_with("findstr");
    let meets = |line: &String| {
        let line = line.to_lowercase();
        let mut parts = sought
            .iter()
            .flat_map(|text| if spaced { text.split(' ').collect() } else { vec![text.as_str()] });
        parts.any(|part| line.contains(part.trim_start_matches("c:")))
    };
    printed.into_iter().filter(|line| meets(line) != switch("/v")).collect()
}
