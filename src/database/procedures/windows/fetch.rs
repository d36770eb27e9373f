//! Programs that intruders fetch files with: no file comes, and the network's own error says so.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Shell, lines};

/// Seconds after which a connection that nobody answers is given up: three SYNs of this Windows.
const CONNECT: f64 = 21.0;

/// Longest encoded command that is looked into.
const MAX_ENCODED: usize = 64 << 10;

/// Where a text names a file of another machine.
fn source(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let at = ["http://", "https://", "ftp://", r"\\"].iter().filter_map(|scheme| lower.find(scheme)).min()?;
    let rest = text.get(at..)?;
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"' | ')' | ';' | ','))
        .unwrap_or(rest.len());
    rest.get(..end)
}

impl Shell<'_> {
    pub(super) fn certutil(&mut self, arguments: &[&str]) -> Vec<String> {
        let text = arguments.join(" ");
        let lower = text.to_lowercase();
        if let Some(source) = source(&text) {
            self.fetched("certutil", source);
            self.facts.wait(CONNECT);
            return lines(&[
                "****  联机  ****",
                "CertUtil: -URLCache 失败: 0x80072efd (WIN32: 12029)",
                "CertUtil: 无法与服务器建立连接",
            ]);
        }
        if lower.contains("decode") || lower.contains("encode") || lower.contains("hashfile") {
            let verb = arguments.first().map(|word| word.trim_start_matches(['-', '/'])).unwrap_or("decode");
            return vec![
                format!("CertUtil: -{verb} 失败: 0x80070002 (WIN32: 2)"),
                "CertUtil: 系统找不到指定的文件。".to_owned(),
            ];
        }
        lines(&["CertUtil: -dump 命令成功完成。"])
    }

    pub(super) fn bitsadmin(&mut self, arguments: &[&str]) -> Vec<String> {
        let text = arguments.join(" ");
        if let Some(source) = source(&text) {
            self.fetched("bitsadmin", source);
        }
        lines(&[
            "",
            "BITSADMIN version 3.0 [ 7.7.9600 ]",
            "BITS administration utility.",
            "(C) Copyright 2000-2006 Microsoft Corp.",
            "",
            "BITSAdmin is deprecated and is not guaranteed to be available in future versions of Windows.",
            "Administrative tools for the BITS service are now provided by BITS PowerShell cmdlets.",
            "",
            "Unable to create job - 0x800704dd",
            "由于用户尚未登录到网络，要求的操作没有执行。指定的服务不存在。",
            "",
        ])
    }

    pub(super) fn powershell(&mut self, rest: &str, arguments: &[&str]) -> Vec<String> {
        let script = script(rest, arguments);
        if let Some(source) = source(&script) {
            self.fetched("powershell", source);
            self.facts.wait(CONNECT + 0.4);
            return self.unreachable(&script);
        }
        self.facts.wait(0.4);
        let bare = script.trim().trim_matches(['"', '\'']).trim();
        let lower = bare.to_lowercase();
        if lower.contains("sockets.tcpclient") {
            self.fetched("powershell", bare.get(..bare.len().min(200)).unwrap_or_default());
            self.facts.wait(CONNECT);
            return self.exception("New-Object", "使用“2”个参数调用“.ctor”时发生异常:“由于连接方在一段时间后没有正确答复或连接的主机没有反应，连接尝试失败。”", bare, "MethodInvocationException", "ConstructorInvokedThrowException,Microsoft.PowerShell.Commands.NewObjectCommand");
        }
        match lower.as_str() {
            "" => {
                lines(&["Windows PowerShell ", "版权所有 (C) 2013 Microsoft Corporation。保留所有权利。", ""])
            }
            "$psversiontable.psversion" | "$psversiontable" => lines(&[
                "",
                "Major  Minor  Build  Revision",
                "-----  -----  -----  --------",
                "4      0      -1     -1      ",
                "",
                "",
            ]),
            "$env:computername" => vec![self.facts.catalog.machine.computer()],
            "$env:username" => vec!["MSSQLSERVER".to_owned()],
            "get-location" | "pwd" => {
                lines(&["", "Path               ", "----               ", super::HERE, "", ""])
            }
            "get-executionpolicy" => lines(&["RemoteSigned"]),
            _ if lower.starts_with("set-")
                || lower.starts_with("add-mppreference")
                || lower.starts_with("new-localuser") =>
            {
                self.exception(
                    bare.split_whitespace().next().unwrap_or_default(),
                    "拒绝访问。",
                    bare,
                    "PermissionDenied",
                    "UnauthorizedAccess",
                )
            }
            _ if lower.starts_with("get-") || lower.starts_with('$') => Vec::new(),
            _ => self.run(bare),
        }
    }

    fn unreachable(&self, script: &str) -> Vec<String> {
        let lower = script.to_lowercase();
        let web = ["invoke-webrequest", "iwr ", "wget ", "curl "].iter().any(|name| lower.contains(name));
        if web {
            return self.exception("Invoke-WebRequest", "无法连接到远程服务器", script, "InvalidOperation: (System.Net.HttpWebRequest:HttpWebRequest) [Invoke-WebRequest], WebException", "WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand");
        }
        let (method, count) =
            if lower.contains("downloadfile") { ("DownloadFile", 2) } else { ("DownloadString", 1) };
        let text = format!("使用“{count}”个参数调用“{method}”时发生异常:“无法连接到远程服务器”");
        self.exception("", &text, script, "NotSpecified: (:) [], MethodInvocationException", "WebException")
    }

    /// An error as PowerShell prints it, 79 characters to a line.
    fn exception(&self, command: &str, text: &str, script: &str, category: &str, id: &str) -> Vec<String> {
        let first = if command.is_empty() { text.to_owned() } else { format!("{command} : {text}") };
        let shown: String = script.trim().trim_matches('"').chars().take(74).collect();
        vec![
            first,
            "所在位置 行:1 字符: 1".to_owned(),
            format!("+ {shown}"),
            format!("+ {}", "~".repeat(shown.chars().count())),
            format!("    + CategoryInfo          : {category}"),
            format!("    + FullyQualifiedErrorId : {id}"),
            " ".to_owned(),
        ]
    }

    /// Programs that run what they are given and print nothing.
    pub(super) fn hidden(&mut self, name: &str, rest: &str) -> Vec<String> {
        if let Some(source) = source(rest) {
            let means = match name {
                "mshta" => "mshta",
                "regsvr32" => "regsvr32",
                "rundll32" => "rundll32",
                "msiexec" => "msiexec",
                _ => "script host",
            };
            self.fetched(means, source);
        }
        match name {
            "cscript" | "wscript" => lines(&[
                "Microsoft (R) Windows Script Host Version 5.812",
                "版权所有(C) Microsoft Corporation。保留所有权利。",
                "",
                "输入错误: 没有找到脚本文件。",
            ]),
            _ => Vec::new(),
        }
    }
}

/// The script of a call: behind `-c`, decoded behind `-enc`, or all that is no switch.
fn script(rest: &str, arguments: &[&str]) -> String {
    let lower: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
    let encoded = lower.iter().position(|word| {
        word.len() > 1
            && "-encodedcommand".starts_with(word.as_str())
            && word.starts_with("-e")
            && !word.starts_with("-ex")
    });
    if let Some(text) = encoded.and_then(|at| arguments.get(at + 1)).filter(|text| text.len() <= MAX_ENCODED)
        && let Ok(bytes) = STANDARD.decode(text)
    {
        let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        return String::from_utf16_lossy(&units);
    }
    let behind = |switch: &str| {
        let at = rest.to_lowercase().find(switch)?;
        rest.get(at + switch.len()..)
    };
    if let Some(script) = behind("-command ").or_else(|| behind("-c ")) {
        return script.to_owned();
    }
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.peek() {
        let valued = ["-exec", "-ep", "-executionpolicy", "-w", "-windowstyle", "-version", "-file", "-f"];
        match word.to_lowercase() {
            word if valued.contains(&word.as_str()) => {
                words.next();
                words.next();
            }
            word if word.starts_with('-') => {
                words.next();
            }
            _ => break,
        }
    }
    words.copied().collect::<Vec<_>>().join(" ")
}
