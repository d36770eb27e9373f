//! Commands that show, copy, delete and write files.

use super::files::{HOSTS, exists, file, full, hosts, list, shown};
use super::{HERE, Shell, lines};

/// Folders that the server's account may write to.
const WRITABLE: &[&str] = &[
    r"c:\windows\temp",
    r"c:\users\public",
    r"c:\users\public\documents",
    r"c:\users\public\downloads",
    r"c:\users\mssqlserver\appdata\local\temp",
    r"c:\program files\microsoft sql server\mssql11.mssqlserver\mssql\data",
    r"c:\program files\microsoft sql server\mssql11.mssqlserver\mssql\backup",
    r"c:\program files\microsoft sql server\mssql11.mssqlserver\mssql\log",
    "d:\\",
    r"d:\tools",
    r"d:\hissoft",
    "e:\\",
    r"e:\hisbak",
];

/// Most files of a connection's own, and bytes of each: he writes line by line.
const MAX_FILES: usize = 64;
const MAX_FILE: usize = 64 << 10;

impl Shell<'_> {
    /// `type path`.
    pub(super) fn show(&mut self, arguments: &[&str]) -> Vec<String> {
        let Some(path) = arguments.iter().find(|word| !word.starts_with('/')) else {
            return lines(&["命令语法不正确。"]);
        };
        self.seen.deeds.push(crate::database::Deed::Files { means: "xp_cmdshell", path: (*path).to_owned() });
        let path = full(path);
        let lower = path.to_lowercase();
        if lower == HOSTS {
            return hosts(self.facts);
        }
        if lower == r"c:\windows\win.ini" {
            return lines(&[
                "; for 16-bit app support",
                "[fonts]",
                "[extensions]",
                "[mci extensions]",
                "[files]",
                "[Mail]",
                "MAPI=1",
            ]);
        }
        let own = self
            .facts
            .state()
            .files
            .iter()
            .find(|(known, _)| known.to_lowercase() == lower)
            .map(|(_, file)| file.1.clone());
        if let Some(text) = own {
            return text.lines().map(str::to_owned).collect();
        }
        match (file(&path, self.facts), list(&path, self.facts)) {
            (Some(_), _)
                if lower.ends_with(".mdf") || lower.ends_with(".ldf") || lower.ends_with("errorlog") =>
            {
                lines(&["另一个程序正在使用此文件，进程无法访问。"])
            }
            (Some(_), _) | (None, Some(_)) => lines(&["拒绝访问。"]),
            (None, None)
                if lower.starts_with(r"c:\windows\system32\config")
                    || lower.starts_with(r"c:\users\administrator") =>
            {
                lines(&["拒绝访问。"])
            }
            (None, None) => lines(&["系统找不到指定的文件。"]),
        }
    }

    /// `copy a b`: the server's account may write nowhere but into its own folders.
    pub(super) fn copied(&self, arguments: &[&str]) -> Vec<String> {
        let from =
            arguments.iter().find(|word| !word.starts_with('/')).map(|path| full(path)).unwrap_or_default();
        match file(&from, self.facts) {
            Some(_) => lines(&["拒绝访问。", "已复制         0 个文件。"]),
            None => lines(&["系统找不到指定的文件。"]),
        }
    }

    /// `del path`.
    pub(super) fn deleted(&self, arguments: &[&str]) -> Vec<String> {
        let Some(path) = arguments.iter().find(|word| !word.starts_with('/')).map(|path| full(path)) else {
            return lines(&["命令语法不正确。"]);
        };
        let own = self.facts.state().files.keys().find(|known| known.eq_ignore_ascii_case(&path)).cloned();
        if let Some(own) = own {
            self.facts.state().files.remove(&own);
            return Vec::new();
        }
        match (file(&path, self.facts), list(&path, self.facts)) {
            (None, None) => vec![format!("找不到 {}", shown(&path))],
            _ => vec![shown(&path), "拒绝访问。".to_owned()],
        }
    }

    /// `mkdir path`.
    pub(super) fn made(&self, arguments: &[&str]) -> Vec<String> {
        match arguments.first() {
            None => lines(&["命令语法不正确。"]),
            Some(path) if list(&full(path), self.facts).is_some() => {
                vec![format!("子目录或文件 {path} 已经存在。")]
            }
            Some(path) if full(path).chars().next().is_some_and(|letter| self.drive(letter).is_some()) => {
                lines(&["拒绝访问。"])
            }
            Some(_) => lines(&["系统找不到指定的路径。"]),
        }
    }

    /// What becomes of an answer that goes into a file: it is there for this connection.
    pub(super) fn written(&mut self, path: &str, printed: &[String]) -> Vec<String> {
        if path.eq_ignore_ascii_case("nul") {
            return Vec::new();
        }
        self.seen.deeds.push(crate::database::Deed::Files { means: "xp_cmdshell", path: path.to_owned() });
        let path = full(path);
        let folder = path.rsplit_once('\\').map(|(folder, _)| folder.to_lowercase()).unwrap_or_default();
        let folder = if folder.len() == 2 { format!("{folder}\\") } else { folder };
        if list(&folder, self.facts).is_none() {
            return lines(&["系统找不到指定的路径。"]);
        }
        let data = self.facts.catalog.server.data_folder.to_lowercase();
        if !WRITABLE.contains(&folder.as_str()) && folder != data {
            return lines(&["拒绝访问。"]);
        }
        let changed = self.facts.now();
        let mut state = self.facts.state();
        let room = state.files.len() < MAX_FILES || state.files.contains_key(&path);
        if room {
            let file = state.files.entry(path).or_insert((changed, String::new()));
            for line in printed {
                if file.1.len() < MAX_FILE {
                    file.1.push_str(line);
                    file.1.push_str("\r\n");
                }
            }
        }
        Vec::new()
    }

    /// `icacls path` and its like.
    pub(super) fn rights(&self, arguments: &[&str]) -> Vec<String> {
        let path = arguments.first().map(|path| full(path)).unwrap_or_default();
        match exists(&path, self.facts) {
            (false, false) => vec![format!("{}: 系统找不到指定的文件。", shown(&path))],
            _ if arguments.len() > 1 => vec![
                format!("{}: 拒绝访问。", shown(&path)),
                "已成功处理 0 个文件; 处理 1 个文件时失败".to_owned(),
            ],
            _ => vec![
                format!(r"{} NT AUTHORITY\SYSTEM:(I)(F)", shown(&path)),
                r"        BUILTIN\Administrators:(I)(F)".to_owned(),
                r"        BUILTIN\Users:(I)(RX)".to_owned(),
                String::new(),
                "已成功处理 1 个文件; 处理 0 个文件时失败".to_owned(),
            ],
        }
    }

    /// `findstr x path`, `where x`.
    pub(super) fn found(&self, name: &str, arguments: &[&str]) -> Vec<String> {
        match name {
            "where" => {
                match arguments.last().map(|sought| format!("{HERE}\\{}", sought.trim_end_matches(".exe"))) {
                    Some(path) if exists(&format!("{path}.exe"), self.facts).0 => vec![format!("{path}.exe")],
                    _ => lines(&["信息: 用提供的模式无法找到文件。"]),
                }
            }
            "sort" => Vec::new(),
            _ => match arguments.last() {
                Some(path) if arguments.len() > 1 => vec![format!("FINDSTR: 无法打开 {path}")],
                _ => lines(&["FINDSTR: 命令行错误"]),
            },
        }
    }
}
