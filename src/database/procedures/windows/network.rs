//! The machine's network, as its commands show it.

use std::net::{IpAddr, Ipv4Addr};

use super::{Shell, lines};
use crate::persona::Protocol;

/// Ports of a member server beside those of the persona.
const OWN_PORTS: &[u16] = &[135, 139, 445];

const ADAPTER: &str = "HP Ethernet 1Gb 4-port 331i Adapter";

impl Shell<'_> {
    pub(super) fn address(&self) -> Ipv4Addr {
        self.facts.catalog.machine.address()
    }

    pub(super) fn in_subnet(&self, last: u8) -> Ipv4Addr {
        let [a, b, c, _] = self.address().octets();
        Ipv4Addr::new(a, b, c, last)
    }

    /// The hardware address of the host or of a neighbour: one of the maker's, drawn here.
    fn hardware(&self, of: &str) -> [u8; 6] {
        if of == "own" {
            return self.facts.catalog.machine.hardware();
        }
        let [a, b, c, ..] = self.facts.catalog.machine.derive(&format!("mac/{of}"));
        [0x3c, 0xa8, 0x2a, a, b, c]
    }

    /// Where names are asked: the first machine that is surely no one else's.
    pub(super) fn resolver(&self) -> IpAddr {
        let neighbours = &self.facts.catalog.machine.neighbours;
        neighbours.iter().map(|host| host.address).next().unwrap_or(IpAddr::V4(self.in_subnet(254)))
    }

    fn link_local(&self) -> String {
        let [a, b, c, d, e, f, g, h, ..] = self.facts.catalog.machine.derive("ipv6");
        let pair = |high: u8, low: u8| format!("{:x}", u16::from_be_bytes([high, low]));
        format!("fe80::{}:{}:{}:{}%12", pair(a, b), pair(c, d), pair(e, f), pair(g, h))
    }

    pub(super) fn ipconfig(&self, arguments: &[&str]) -> Vec<String> {
        let switch = arguments.first().map(|word| word.to_lowercase()).unwrap_or_default();
        match switch.trim_start_matches(['/', '-']) {
            "" => {
                let mut printed = lines(&[
                    "",
                    "Windows IP 配置",
                    "",
                    "",
                    "以太网适配器 以太网:",
                    "",
                    "   连接特定的 DNS 后缀 . . . . . . . : ",
                ]);
                printed.extend([
                    format!("   本地链接 IPv6 地址. . . . . . . . : {}", self.link_local()),
                    format!("   IPv4 地址 . . . . . . . . . . . . : {}", self.address()),
                    "   子网掩码  . . . . . . . . . . . . : 255.255.255.0".to_owned(),
                    format!("   默认网关. . . . . . . . . . . . . : {}", self.in_subnet(254)),
                    String::new(),
                    format!("隧道适配器 isatap.{{{}}}:", self.interface()),
                ]);
                printed.extend(lines(&[
                    "",
                    "   媒体状态  . . . . . . . . . . . . : 媒体已断开",
                    "   连接特定的 DNS 后缀 . . . . . . . : ",
                ]));
                printed
            }
            "all" => self.ipconfig_all(),
            "displaydns" => self.cache(),
            "flushdns" | "release" | "renew" | "registerdns" => lines(&["请求的操作需要提升。"]),
            _ => lines(&["", "错误: 无法识别或不完整的命令行。"]),
        }
    }

    fn interface(&self) -> String {
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(self.facts.catalog.machine.derive("interface")) {
            *to = from;
        }
        crate::database::value::guid(&id)
    }

    fn ipconfig_all(&self) -> Vec<String> {
        let machine = &self.facts.catalog.machine;
        let domain = if machine.domain().is_empty() { "" } else { machine.hospital.domain.as_str() };
        let mac = self.hardware("own");
        let dashed: Vec<String> = mac.iter().map(|byte| format!("{byte:02X}")).collect();
        let [a, b, c, d, ..] = machine.derive("duid");
        vec![
            String::new(),
            "Windows IP 配置".to_owned(),
            String::new(),
            format!("   主机名  . . . . . . . . . . . . . : {}", machine.hostname()),
            format!("   主 DNS 后缀 . . . . . . . . . . . : {domain}"),
            "   节点类型  . . . . . . . . . . . . : 混合".to_owned(),
            "   IP 路由已启用 . . . . . . . . . . : 否".to_owned(),
            "   WINS 代理已启用 . . . . . . . . . : 否".to_owned(),
            format!("   DNS 后缀搜索列表  . . . . . . . . : {domain}"),
            String::new(),
            "以太网适配器 以太网:".to_owned(),
            String::new(),
            "   连接特定的 DNS 后缀 . . . . . . . : ".to_owned(),
            format!("   描述. . . . . . . . . . . . . . . : {ADAPTER}"),
            format!("   物理地址. . . . . . . . . . . . . : {}", dashed.join("-")),
            "   DHCP 已启用 . . . . . . . . . . . : 否".to_owned(),
            "   自动配置已启用. . . . . . . . . . : 是".to_owned(),
            format!("   本地链接 IPv6 地址. . . . . . . . : {}(首选) ", self.link_local()),
            format!("   IPv4 地址 . . . . . . . . . . . . : {}(首选) ", self.address()),
            "   子网掩码  . . . . . . . . . . . . : 255.255.255.0".to_owned(),
            format!("   默认网关. . . . . . . . . . . . . : {}", self.in_subnet(254)),
            "   DHCPv6 IAID . . . . . . . . . . . : 305963050".to_owned(),
            format!(
                "   DHCPv6 客户端 DUID  . . . . . . . : 00-01-00-01-{a:02X}-{b:02X}-{c:02X}-{d:02X}-{}",
                dashed.join("-")
            ),
            format!("   DNS 服务器  . . . . . . . . . . . : {}", self.resolver()),
            "   TCPIP 上的 NetBIOS  . . . . . . . : 已启用".to_owned(),
            String::new(),
            format!("隧道适配器 isatap.{{{}}}:", self.interface()),
            String::new(),
            "   媒体状态  . . . . . . . . . . . . : 媒体已断开".to_owned(),
            "   连接特定的 DNS 后缀 . . . . . . . : ".to_owned(),
            "   描述. . . . . . . . . . . . . . . : Microsoft ISATAP Adapter".to_owned(),
            "   物理地址. . . . . . . . . . . . . : 00-00-00-00-00-00-00-E0".to_owned(),
            "   DHCP 已启用 . . . . . . . . . . . : 否".to_owned(),
            "   自动配置已启用. . . . . . . . . . : 是".to_owned(),
        ]
    }

    fn cache(&self) -> Vec<String> {
        let mut printed = lines(&["", "Windows IP 配置", ""]);
        for host in self.facts.catalog.machine.neighbours.iter().filter(|host| host.member).take(6) {
            let name = host.hostname.to_lowercase();
            printed.extend([
                format!("    {name}"),
                "    ----------------------------------------".to_owned(),
                format!("    记录名称. . . . . . . : {name}"),
                "    记录类型. . . . . . . : 1".to_owned(),
                "    生存时间. . . . . . . : 86400".to_owned(),
                "    数据长度. . . . . . . : 4".to_owned(),
                "    部分. . . . . . . . . : 答案".to_owned(),
                format!("    A (主机)记录  . . . . : {}", host.address),
                String::new(),
                String::new(),
            ]);
        }
        printed
    }

    pub(super) fn netstat(&self, arguments: &[&str]) -> Vec<String> {
        let switches: String = arguments.iter().map(|word| word.to_lowercase()).collect();
        let (all, ids) = (switches.contains('a'), switches.contains('o'));
        let mut printed = lines(&["", "活动连接", ""]);
        let head = "  协议  本地地址          外部地址        状态";
        printed.push(if ids { format!("{head}           PID") } else { head.to_owned() });
        for (protocol, local, remote, state, id) in self.sockets(all) {
            let row = format!("  {protocol:<6} {local:<22} {remote:<22} {state:<15}");
            printed.push(if ids { format!("{row} {id}") } else { row.trim_end().to_owned() });
        }
        printed
    }

    fn sockets(&self, all: bool) -> Vec<(&'static str, String, String, &'static str, u32)> {
        let machine = &self.facts.catalog.machine;
        let id = |name: &str| self.process(name);
        let owner = |port: u16, protocol: Option<Protocol>| match (protocol, port) {
            (Some(Protocol::Tds), _) => id("sqlservr.exe"),
            (_, 135) => id("svchost.exe (RpcEptMapper)"),
            (_, 139 | 445) => 4,
            _ => id("svchost.exe (TermService)"),
        };
        let mut ports: Vec<(u16, Option<Protocol>)> =
            machine.ports().into_iter().map(|(p, port)| (port, Some(p))).collect();
        ports.extend(
            OWN_PORTS
                .iter()
                .filter(|own| !ports.iter().any(|(port, _)| port == *own))
                .map(|port| (*port, None))
                .collect::<Vec<_>>(),
        );
        ports.sort_unstable_by_key(|(port, _)| *port);
        let (own, none) = (self.address(), "0.0.0.0:0");
        let mut rows = Vec::new();
        if all {
            for (port, protocol) in &ports {
                let local = if *port == 139 { format!("{own}:139") } else { format!("0.0.0.0:{port}") };
                rows.push(("TCP", local, none.to_owned(), "LISTENING", owner(*port, *protocol)));
            }
            for (port, name) in [
                (49152, "wininit.exe"),
                (49153, "svchost.exe (EventLog)"),
                (49154, "svchost.exe (netsvcs)"),
                (49155, "lsass.exe"),
                (49156, "services.exe"),
            ] {
                rows.push(("TCP", format!("0.0.0.0:{port}"), none.to_owned(), "LISTENING", id(name)));
            }
            rows.push(("TCP", "127.0.0.1:1434".to_owned(), none.to_owned(), "LISTENING", id("sqlservr.exe")));
        }
        let server = machine
            .ports()
            .into_iter()
            .find(|(protocol, _)| *protocol == Protocol::Tds)
            .map_or(1433, |(_, port)| port);
        for (number, present) in self.facts.catalog.presence.all() {
            let Some(peer) = present.address else { continue };
            let port = 49_300 + (number.wrapping_mul(7_919) % 15_000);
            rows.push((
                "TCP",
                format!("{own}:{server}"),
                format!("{peer}:{port}"),
                "ESTABLISHED",
                id("sqlservr.exe"),
            ));
        }
        for host in
            machine.neighbours.iter().filter(|host| host.hostname.to_lowercase().contains("his")).take(3)
        {
            let port = 49_300 + machine.number(&host.hostname, 15_000);
            rows.push((
                "TCP",
                format!("{own}:{server}"),
                format!("{}:{port}", host.address),
                "ESTABLISHED",
                id("sqlservr.exe"),
            ));
        }
        if all {
            for (port, name) in [
                (123, "svchost.exe (W32Time)"),
                (500, "svchost.exe (netsvcs)"),
                (1434, "sqlbrowser.exe"),
                (4500, "svchost.exe (netsvcs)"),
                (5355, "svchost.exe (Dnscache)"),
            ] {
                rows.push(("UDP", format!("0.0.0.0:{port}"), "*:*".to_owned(), "", id(name)));
            }
            rows.push(("UDP", format!("{own}:137"), "*:*".to_owned(), "", 4));
            rows.push(("UDP", format!("{own}:138"), "*:*".to_owned(), "", 4));
        }
        rows
    }

    pub(super) fn arp(&self) -> Vec<String> {
        let mut printed = vec![
            String::new(),
            format!("接口: {} --- 0xc", self.address()),
            "  Internet 地址         物理地址              类型".to_owned(),
        ];
        let [a, b, c, _] = self.address().octets();
        let near = |address: &IpAddr| matches!(address, IpAddr::V4(v4) if { let [x, y, z, _] = v4.octets(); (x, y, z) == (a, b, c) });
        let neighbours =
            self.facts.catalog.machine.neighbours.iter().filter(|host| near(&host.address)).take(12);
        let row =
            |address: String, mac: String, kind: &str| format!("  {address:<21} {mac:<21} {kind}        ");
        let dashed =
            |mac: [u8; 6]| mac.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join("-");
        printed.extend(
            neighbours
                .map(|host| row(host.address.to_string(), dashed(self.hardware(&host.hostname)), "动态")),
        );
        printed.push(row(self.in_subnet(254).to_string(), dashed(self.hardware("gateway")), "动态"));
        printed.push(row(self.in_subnet(255).to_string(), "ff-ff-ff-ff-ff-ff".to_owned(), "静态"));
        for (address, mac) in [("224.0.0.22", "01-00-5e-00-00-16"), ("224.0.0.252", "01-00-5e-00-00-fc")] {
            printed.push(row(address.to_owned(), mac.to_owned(), "静态"));
        }
        printed
    }

    pub(super) fn route(&self, arguments: &[&str]) -> Vec<String> {
        if arguments.first().is_none_or(|word| !word.eq_ignore_ascii_case("print")) {
            return lines(&["请求的操作需要提升。"]);
        }
        let rule = "===========================================================================";
        let (own, gate, net, wide) =
            (self.address(), self.in_subnet(254), self.in_subnet(0), self.in_subnet(255));
        let row = |target: String, mask: &str, gate: String, over: String, cost: u32| {
            format!("{target:>17}{mask:>17}{gate:>16}{over:>16}{cost:>7}")
        };
        let linked = || "在链路上".to_owned();
        let mac: Vec<String> = self.hardware("own").iter().map(|byte| format!("{byte:02x}")).collect();
        let all = "255.255.255.255";
        let mut printed = vec![
            rule.to_owned(),
            "接口列表".to_owned(),
            format!(" 12...{} ......{ADAPTER}", mac.join(" ")),
            "  1...........................Software Loopback Interface 1".to_owned(),
            " 13...00 00 00 00 00 00 00 e0 Microsoft ISATAP Adapter".to_owned(),
            rule.to_owned(),
            String::new(),
            "IPv4 路由表".to_owned(),
            rule.to_owned(),
            "活动路由:".to_owned(),
            "网络目标        网络掩码          网关       接口   跃点数".to_owned(),
            row("0.0.0.0".into(), "0.0.0.0", gate.to_string(), own.to_string(), 266),
            row(net.to_string(), "255.255.255.0", linked(), own.to_string(), 266),
            row(own.to_string(), all, linked(), own.to_string(), 266),
            row(wide.to_string(), all, linked(), own.to_string(), 266),
        ];
        for (target, mask) in [
            ("127.0.0.0", "255.0.0.0"),
            ("127.0.0.1", all),
            ("127.255.255.255", all),
            ("224.0.0.0", "240.0.0.0"),
            (all, all),
        ] {
            printed.push(row(target.into(), mask, linked(), "127.0.0.1".into(), 306));
        }
        printed.extend([
            rule.to_owned(),
            "永久路由:".to_owned(),
            "  网络地址          网络掩码  网关地址  跃点数".to_owned(),
            format!("{:>17}{:>17}{:>16}    默认 ", "0.0.0.0", "0.0.0.0", gate),
            rule.to_owned(),
            String::new(),
            "IPv6 路由表".to_owned(),
            rule.to_owned(),
            "活动路由:".to_owned(),
            " 如果跃点数网络目标      网关".to_owned(),
            "  1    306 ::1/128                  在链路上".to_owned(),
            " 12    266 fe80::/64                在链路上".to_owned(),
            rule.to_owned(),
            "永久路由:".to_owned(),
            "  无".to_owned(),
        ]);
        printed
    }
}
