//! `ip`, `ifconfig`, `route` and `arp`.

use crate::decoys::ssh::shell::commands::Call;
use crate::decoys::ssh::shell::proc;

/// `ip`
pub(crate) fn ip(call: &mut Call) -> i32 {
    let brief = call.rest().iter().any(|a| a == "-br" || a == "-brief");
    let words: Vec<&str> = call.rest().iter().map(String::as_str).filter(|a| !a.starts_with('-')).collect();
    let object = words.first().copied().unwrap_or_default();
    let known = |names: &[&str]| !object.is_empty() && names.iter().any(|n| n.starts_with(object));
    let text = if object.is_empty() {
        call.error("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n");
        return 255;
    } else if object == "r" || known(&["route"]) {
        if let Some(target) = words.iter().position(|w| *w == "get").and_then(|n| words.get(n + 1)) {
            let text = route_to(call, target);
            call.out(&text);
            return 0;
        }
        if call.rest().iter().any(|a| a == "-6") {
            let interface = call.shell.site.behaviour.machine.interface.clone();
            call.out(&format!("::1 dev lo proto kernel metric 256 pref medium\nfe80::/64 dev {interface} proto kernel metric 256 pref medium\n"));
            return 0;
        }
        route_text(call)
    } else if known(&["address"]) {
        let four = call.rest().iter().any(|a| a == "-4");
        let whole = address_text(call, brief, true);
        only(&whole, &words, four, &call.shell.site.behaviour.machine.interface)
    } else if object == "rule" || object == "ru" {
        "0:\tfrom all lookup local\n32766:\tfrom all lookup main\n32767:\tfrom all lookup default\n"
            .to_owned()
    } else if object == "help" {
        call.error("Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\n");
        return 255;
    } else if matches!(
        object,
        "netns" | "tunnel" | "tun" | "xfrm" | "mroute" | "vrf" | "tuntap" | "monitor" | "maddress" | "maddr"
    ) {
        String::new()
    } else if known(&["link"]) {
        if words.get(1) == Some(&"set") {
            call.error("RTNETLINK answers: Operation not permitted\n");
            return 2;
        }
        let whole = address_text(call, brief, false);
        let statistics = call.rest().iter().any(|a| a.starts_with("-s"));
        let whole = only(&whole, &words, false, &call.shell.site.behaviour.machine.interface);
        if statistics { with_traffic(call, &whole) } else { whole }
    } else if known(&["neighbour", "neighbor"]) {
        format!(
            "{} dev {} lladdr {} REACHABLE\n",
            call.shell.site.gateway(),
            call.shell.site.behaviour.machine.interface,
            proc::gateway_mac(&call.shell.site)
        )
    } else {
        call.error(&format!("Object \"{object}\" is unknown, try \"ip help\".\n"));
        return 1;
    };
    call.out(&text);
    0
}

fn route_text(call: &Call) -> String {
    let site = &call.shell.site;
    let interface = &site.behaviour.machine.interface;
    format!(
        "default via {} dev {interface} onlink \n{}/{} dev {interface} proto kernel scope link src {} \n",
        site.gateway(),
        site.neighbour(0),
        site.behaviour.machine.prefix,
        site.host.address
    )
}

fn address_text(call: &Call, brief: bool, addresses: bool) -> String {
    let site = &call.shell.site;
    let machine = &site.behaviour.machine;
    let link_local = link_local(&site.mac);
    if brief {
        let (lo, own) = if addresses {
            (
                "127.0.0.1/8 ::1/128 ".to_owned(),
                format!("{}/{} {link_local}/64 ", site.host.address, machine.prefix),
            )
        } else {
            (
                "00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> ".to_owned(),
                format!("{} <BROADCAST,MULTICAST,UP,LOWER_UP> ", site.mac),
            )
        };
        return format!(
            "lo               UNKNOWN        {lo}\n{:<16} UP             {own}\n",
            machine.interface
        );
    }
    let mut text = String::from(
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n",
    );
    if addresses {
        text.push_str("    inet 127.0.0.1/8 scope host lo\n       valid_lft forever preferred_lft forever\n    inet6 ::1/128 scope host noprefixroute \n       valid_lft forever preferred_lft forever\n");
    }
    text.push_str(&format!("2: {}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP group default qlen 1000\n    link/ether {} brd ff:ff:ff:ff:ff:ff\n    altname enp11s0\n", machine.interface, site.mac));
    if addresses {
        text.push_str(&format!(
            "    inet {}/{} brd {} scope global {}\n       valid_lft forever preferred_lft forever\n    inet6 {link_local}/64 scope link \n       valid_lft forever preferred_lft forever\n",
            site.host.address, machine.prefix, site.neighbour(255), machine.interface
        ));
    }
    text
}

/// The link-local address of a MAC address, RFC 4291 appendix A.
fn link_local(mac: &str) -> String {
    let bytes: Vec<u8> = mac.split(':').map(|b| u8::from_str_radix(b, 16).unwrap_or(0)).collect();
    let at = |n: usize| bytes.get(n).copied().unwrap_or(0);
    format!(
        "fe80::{:x}:{:x}:{:x}:{:x}",
        u32::from(at(0) ^ 2) << 8 | u32::from(at(1)),
        u32::from(at(2)) << 8 | 0xff,
        0xfe00 | u32::from(at(3)),
        u32::from(at(4)) << 8 | u32::from(at(5))
    )
}

/// `ifconfig`
pub(crate) fn ifconfig(call: &mut Call) -> i32 {
    let site = call.shell.site.clone();
    let machine = &site.behaviour.machine;
    let [received, packets_in, sent, packets_out] = proc::traffic(&site, call.shell.session.now());
    let unit = |n: u64| match n {
        0..1_000 => format!("{n} ({n}.0 B)"),
        1_000..1_048_576 => format!("{n} ({}.{} KiB)", n / 1024, n % 1024 * 10 / 1024),
        1_048_576..1_073_741_824 => format!("{n} ({}.{} MiB)", n >> 20, (n >> 10) % 1024 * 10 / 1024),
        _ => format!("{n} ({}.{} GiB)", n >> 30, (n >> 20) % 1024 * 10 / 1024),
    };
    let counters = |r: u64, rp: u64, s: u64, sp: u64| {
        format!(
            "        RX packets {rp}  bytes {}\n        RX errors 0  dropped 0  overruns 0  frame 0\n        TX packets {sp}  bytes {}\n        TX errors 0  dropped 0 overruns 0  carrier 0  collisions 0\n\n",
            unit(r),
            unit(s)
        )
    };
    let text = format!(
        "{}: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500\n        inet {}  netmask {}  broadcast {}\n        inet6 {}  prefixlen 64  scopeid 0x20<link>\n        ether {}  txqueuelen 1000  (Ethernet)\n{}lo: flags=73<UP,LOOPBACK,RUNNING>  mtu 65536\n        inet 127.0.0.1  netmask 255.0.0.0\n        inet6 ::1  prefixlen 128  scopeid 0x10<host>\n        loop  txqueuelen 1000  (Local Loopback)\n{}",
        machine.interface,
        site.host.address,
        proc::mask(machine.prefix),
        site.neighbour(255),
        link_local(&site.mac),
        site.mac,
        counters(received, packets_in, sent, packets_out),
        counters(received / 9, received / 4_500, received / 9, received / 4_500)
    );
    call.out(&text);
    0
}

/// `route`
pub(crate) fn route(call: &mut Call) -> i32 {
    let site = call.shell.site.clone();
    let (interface, mask) = (&site.behaviour.machine.interface, proc::mask(site.behaviour.machine.prefix));
    let text = format!(
        "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n{:<15} {:<15} {:<15} UG    0      0        0 {interface}\n{:<15} {:<15} {mask:<15} U     0      0        0 {interface}\n",
        if call.rest().iter().any(|a| a.contains('n')) { "0.0.0.0" } else { "default" },
        site.gateway(),
        "0.0.0.0",
        site.neighbour(0),
        "0.0.0.0"
    );
    call.out(&text);
    0
}

/// `arp`
pub(crate) fn arp(call: &mut Call) -> i32 {
    let site = call.shell.site.clone();
    let (mac, interface) = (proc::gateway_mac(&site), &site.behaviour.machine.interface);
    let text = if call.rest().iter().any(|a| a == "-a") {
        format!("? ({}) at {mac} [ether] on {interface}\n", site.gateway())
    } else {
        format!(
            "Address                  HWtype  HWaddress           Flags Mask            Iface\n{:<24} ether   {mac}   C                     {interface}\n",
            site.gateway()
        )
    };
    call.out(&text);
    0
}

/// One interface's part, or only what is of IPv4.
fn only(whole: &str, words: &[&str], four: bool, interface: &str) -> String {
    let asked = words.iter().skip(1).find(|w| **w == interface || **w == "lo");
    let mut inside = true;
    let mut six = false;
    let mut out = String::new();
    for line in whole.lines() {
        if !line.starts_with(' ') {
            inside = asked.is_none_or(|name| {
                line.contains(&format!(" {name}: ")) || line.starts_with(&format!("{name} "))
            });
        }
        six = line.trim_start().starts_with("inet6") || (six && line.trim_start().starts_with("valid_lft"));
        let hidden = four && (six || line.trim_start().starts_with("link/"));
        if inside && !hidden {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// What was carried, below each interface.
fn with_traffic(call: &Call, whole: &str) -> String {
    let [received, packets_in, sent, packets_out] = proc::traffic(&call.shell.site, call.shell.session.now());
    let mut out = String::new();
    let mut local = true;
    for line in whole.lines() {
        if !line.starts_with(' ') {
            local = line.contains(" lo: ");
        }
        out.push_str(line);
        out.push('\n');
        if line.trim_start().starts_with("link/") {
            let [r, rp, s, sp] = if local {
                [received / 9, received / 4_500, received / 9, received / 4_500]
            } else {
                [received, packets_in, sent, packets_out]
            };
            out.push_str(&format!("    RX:  bytes packets errors dropped  missed   mcast           \n    {r:>10} {rp:>7}      0       0       0       0 \n    TX:  bytes packets errors dropped carrier collsns           \n    {s:>10} {sp:>7}      0       0       0       0 \n"));
        }
    }
    out
}

/// `ip route get`
fn route_to(call: &Call, target: &str) -> String {
    let site = &call.shell.site;
    let (interface, own, uid) =
        (&site.behaviour.machine.interface, &site.host.address, call.shell.account.uid);
    if target.starts_with("127.0.0.") || *target == own.to_string() {
        return format!("local {target} dev lo src {target} uid {uid} \n    cache <local> \n");
    }
    let near = target.starts_with(site.neighbour(0).trim_end_matches('0'));
    let via = if near { String::new() } else { format!(" via {}", site.gateway()) };
    format!("{target}{via} dev {interface} src {own} uid {uid} \n    cache \n")
}
