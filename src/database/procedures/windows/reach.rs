//! Commands that reach for other machines: what is known is named, and nobody answers.

use std::net::{IpAddr, Ipv4Addr};

use super::{Shell, lines};

impl Shell<'_> {
    /// The address of a machine that is known by a name or an address.
    fn resolved(&self, target: &str) -> Option<(String, IpAddr)> {
        let machine = &self.facts.catalog.machine;
        let bare = target.split('.').next().unwrap_or(target);
        if target.eq_ignore_ascii_case("localhost") || target == "127.0.0.1" {
            return Some((machine.hostname().to_owned(), IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        if bare.eq_ignore_ascii_case(machine.hostname()) || target == self.address().to_string() {
            return Some((machine.hostname().to_owned(), IpAddr::V4(self.address())));
        }
        let known = machine
            .neighbours
            .iter()
            .find(|host| host.hostname.eq_ignore_ascii_case(bare) || host.address.to_string() == target);
        known.map(|host| (host.hostname.clone(), host.address))
    }

    pub(super) fn ping(&mut self, arguments: &[&str]) -> Vec<String> {
        let after = |switch: &str| {
            let at = arguments.iter().position(|word| word.eq_ignore_ascii_case(switch))?;
            arguments.get(at + 1)?.parse::<u32>().ok()
        };
        let count = after("-n").or_else(|| after("/n")).unwrap_or(4).clamp(1, 3_600);
        let taken: Vec<&str> = ["-n", "-w", "-l", "-i", "/n", "/w", "/l"].to_vec();
        let target = arguments.iter().enumerate().find(|(at, word)| {
            let value = at
                .checked_sub(1)
                .and_then(|before| arguments.get(before))
                .is_some_and(|before| taken.contains(&before.to_lowercase().as_str()));
            !word.starts_with(['-', '/']) && !value
        });
        let Some((_, target)) = target else { return lines(&["必须指定 IP 地址。"]) };
        let size = after("-l").unwrap_or(32);
        let (name, address, answers) = match (self.resolved(target), target.parse::<IpAddr>()) {
            (Some((name, address)), _) => (name, address, true),
            (None, Ok(address)) => (String::new(), address, false),
            (None, Err(_)) => {
                self.facts.wait(2.3);
                return vec![format!("Ping 请求找不到主机 {target}。请检查该名称，然后重试。")];
            }
        };
        if !address.is_loopback() {
            self.seen
                .deeds
                .push(crate::database::Deed::Reach { means: "ping", target: (*target).to_owned() });
        }
        let shown = if target.parse::<IpAddr>().is_ok() {
            address.to_string()
        } else {
            format!("{name} [{address}]")
        };
        let mut printed = vec![String::new(), format!("正在 Ping {shown} 具有 {size} 字节的数据:")];
        let lasting = after("-w").map_or(4.0, |millis| f64::from(millis) / 1_000.0);
        let own = address.is_loopback() || address == IpAddr::V4(self.address());
        let hops = if own || self.is_windows(&name) { 128 } else { 64 };
        for _ in 0..count {
            printed.push(match answers {
                true => format!("来自 {address} 的回复: 字节={size} 时间<1ms TTL={hops}"),
                false => "请求超时。".to_owned(),
            });
        }
        self.facts.wait(f64::from(count - 1) + if answers { 0.0 } else { lasting * f64::from(count) });
        let (came, lost) = if answers { (count, 0) } else { (0, count) };
        printed.extend([
            String::new(),
            format!("{address} 的 Ping 统计信息:"),
            format!(
                "    数据包: 已发送 = {count}，已接收 = {came}，丢失 = {lost} ({}% 丢失)，",
                lost * 100 / count
            ),
        ]);
        if answers {
            printed.extend(lines(&[
                "往返行程的估计时间(以毫秒为单位):",
                "    最短 = 0ms，最长 = 0ms，平均 = 0ms",
            ]));
        }
        printed
    }

    fn is_windows(&self, name: &str) -> bool {
        self.facts.catalog.machine.neighbours.iter().any(|host| host.hostname == name && host.windows)
    }

    pub(super) fn nslookup(&mut self, arguments: &[&str]) -> Vec<String> {
        if let Some(target) = arguments.first() {
            self.seen
                .deeds
                .push(crate::database::Deed::Reach { means: "nslookup", target: (*target).to_owned() });
        }
        let server =
            arguments.get(1).map_or_else(|| self.resolver().to_string(), |server| (*server).to_owned());
        self.facts.wait(10.0);
        let late = ["DNS request timed out.", "    timeout was 2 seconds."];
        let mut printed = lines(&late);
        printed.extend(["服务器:  UnKnown".to_owned(), format!("Address:  {server}"), String::new()]);
        for _ in 0..4 {
            printed.extend(lines(&late));
        }
        printed.push("*** 请求 UnKnown 超时".to_owned());
        printed
    }

    /// Programs that reach another machine and find nobody.
    pub(super) fn reach(&mut self, name: &str, arguments: &[&str]) -> Option<Vec<String>> {
        if matches!(name, "telnet") {
            return None;
        }
        let target = arguments.iter().find(|word| !word.starts_with(['-', '/'])).copied().unwrap_or_default();
        self.seen.deeds.push(crate::database::Deed::Reach { means: "command", target: target.to_owned() });
        Some(match name {
            "nbtstat" => vec![
                String::new(),
                "以太网:".to_owned(),
                format!("节点 IP 址址: [{}] 范围 ID: []", self.address()),
                String::new(),
                "    找不到主机。".to_owned(),
            ],
            "ftp" => {
                self.facts.wait(21.0);
                lines(&["> ftp: connect :连接超时"])
            }
            _ => {
                self.facts.wait(12.0);
                vec![
                    String::new(),
                    format!("通过最多 30 个跃点跟踪到 {target} 的路由"),
                    String::new(),
                    "  1     *        *        *     请求超时。".to_owned(),
                ]
            }
        })
    }

    pub(super) fn netsh(&self, arguments: &[&str]) -> Vec<String> {
        let words: Vec<String> = arguments.iter().map(|word| word.to_lowercase()).collect();
        let text = words.join(" ");
        if text.contains(" show ") && text.starts_with("advfirewall") {
            return lines(&[
                "",
                "域配置文件 设置: ",
                "----------------------------------------------------------------------",
                "状态                                  关闭",
                "",
                "专用配置文件 设置: ",
                "----------------------------------------------------------------------",
                "状态                                  关闭",
                "",
                "公用配置文件 设置: ",
                "----------------------------------------------------------------------",
                "状态                                  关闭",
                "确定。",
                "",
            ]);
        }
        lines(&["请求的操作需要提升(作为管理员运行)。", ""])
    }
}
