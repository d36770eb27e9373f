//! `ss` of iproute2 6.1 and `netstat` of net-tools 2.10.

use super::address::route;
use crate::decoys::ssh::shell::commands::{Call, Options};
use crate::decoys::ssh::shell::proc;
use crate::persona::{Protocol, Transport};

/// One socket: protocol, state, own end, peer's end.
type Socket = (&'static str, &'static str, String, String);

/// The machine's sockets, as far as the options ask for them.
fn wanted(call: &Call, options: &Options) -> Vec<Socket> {
    let site = &call.shell.site;
    let (listening, every) = (options.has('l'), options.has('a'));
    let both = !options.has('t') && !options.has('u');
    let (tcp, udp) = (options.has('t') || both, options.has('u') || both);
    if options.has('x') && !options.has('t') && !options.has('u') {
        return Vec::new();
    }
    let mut ports: Vec<(u16, bool)> =
        site.host.services.iter().map(|s| (s.port, s.protocol.transport() == Transport::Tcp)).collect();
    ports.sort_unstable();
    ports.dedup();
    let mut rows: Vec<Socket> = Vec::new();
    if listening || every {
        let udp_rows = ports.iter().filter(|(_, is_tcp)| udp && !is_tcp);
        rows.extend(
            udp_rows.map(|(port, _)| ("udp", "UNCONN", format!("0.0.0.0:{port}"), "0.0.0.0:*".to_owned())),
        );
        let tcp_rows = ports.iter().filter(|(_, is_tcp)| tcp && *is_tcp);
        rows.extend(
            tcp_rows.map(|(port, _)| ("tcp", "LISTEN", format!("0.0.0.0:{port}"), "0.0.0.0:*".to_owned())),
        );
        let v6 = tcp && !options.has('4') && ports.iter().any(|(port, _)| *port == ssh_port(call));
        rows.extend(v6.then(|| ("tcp6", "LISTEN", format!("[::]:{}", ssh_port(call)), "[::]:*".to_owned())));
    }
    if !listening && tcp {
        let own = format!("{}:{}", site.host.address, ssh_port(call));
        rows.push(("tcp", "ESTAB", own, call.shell.session.peer().to_string()));
    }
    rows
}

fn ssh_port(call: &Call) -> u16 {
    let services = &call.shell.site.host.services;
    services.iter().find(|s| s.protocol == Protocol::Ssh).map_or(22, |s| s.port)
}

/// `ss` and `netstat`
pub(crate) fn sockets(call: &mut Call) -> i32 {
    if call.name() == "ss" { ss(call) } else { netstat(call) }
}

fn cut(address: &str) -> (String, String) {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
    (host.to_owned(), port.to_owned())
}

fn ss(call: &mut Call) -> i32 {
    let rest = call.rest().to_vec();
    let options = Options::new(&rest, "fA");
    if let Some(bad) = options.unknown("tulnapeoisxwd460rmHOZEKVhbBDfAN") {
        return call.bad_option(&bad, 255);
    }
    if options.has('V') {
        call.out("ss utility, iproute2-6.1.0, libbpf 1.1.2\n");
        return 0;
    }
    if options.has('s') {
        let listening = call.shell.site.host.services.len();
        let text = format!(
            "Total: {}\nTCP:   {} (estab 1, closed 0, orphaned 0, timewait 0)\n\nTransport Total     IP        IPv6\nRAW	  0         0         0        \nUDP	  0         0         0        \nTCP	  {:<9} {:<9} 1        \nINET	  {:<9} {:<9} 1        \nFRAG	  0         0         0        \n\n",
            118 + listening,
            listening + 2,
            listening + 2,
            listening + 1,
            listening + 2,
            listening + 1
        );
        call.out(&text);
        return 0;
    }
    if options.has('x') && !options.has('t') && !options.has('u') {
        call.out("Netid State  Recv-Q Send-Q                    Local Address:Port  Peer Address:Port Process\nu_str ESTAB  0      0      /run/systemd/journal/stdout 16410           * 16409          \nu_str ESTAB  0      0      /run/dbus/system_bus_socket 16933           * 16921          \nu_str ESTAB  0      0                                * 16921           * 16933          \nu_str ESTAB  0      0                                * 16409           * 16410          \n");
        return 0;
    }
    let rows = wanted(call, &options);
    let one = options.has('t') != options.has('u');
    let mut table: Vec<[String; 8]> = Vec::new();
    for (kind, state, own, peer) in rows {
        let queue = if state == "LISTEN" { "128" } else { "0" };
        let ((own, port), (peer, peer_port)) = (cut(&own), cut(&peer));
        let kind = if kind == "tcp6" { "tcp" } else { kind };
        table.push([kind.into(), state.into(), "0".into(), queue.into(), own, port, peer, peer_port]);
    }
    if !options.has('H') {
        let head = ["Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port"];
        table.insert(0, head.map(str::to_owned));
    }
    let wide = |c: usize| table.iter().filter_map(|r| r.get(c)).map(String::len).max().unwrap_or(0);
    let [z, a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6, 7].map(wide);
    let mut text = String::new();
    for [kind, state, received, sent, own, port, peer, peer_port] in &table {
        let last = if kind == "Netid" { "Process" } else { "       " };
        let kind = if one { String::new() } else { format!("{kind:<z$} ") };
        text.push_str(&format!("{kind}{state:<a$} {received:<b$} {sent:<c$} {own:>d$}:{port:<e$} {peer:>f$}:{peer_port:<g$}{last}\n"));
    }
    call.out(&text);
    0
}

fn netstat(call: &mut Call) -> i32 {
    let rest = call.rest().to_vec();
    let options = Options::new(&rest, "AI");
    if options.has('r') {
        return route(call);
    }
    if options.has('i') {
        let [received, packets_in, _, packets_out] =
            proc::traffic(&call.shell.site, call.shell.session.now());
        let interface = call.shell.site.behaviour.machine.interface.clone();
        let local = received / 9 / 500;
        call.out(&format!("Kernel Interface table\nIface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n{interface:<16} 1500 {packets_in:>8}      0      0 0      {packets_out:>8}      0      0      0 BMRU\n{:<16}65536 {local:>8}      0      0 0      {local:>8}      0      0      0 LRU\n", "lo"));
        return 0;
    }
    if options.has('s') {
        let [_, packets_in, _, packets_out] = proc::traffic(&call.shell.site, call.shell.session.now());
        call.out(&format!("Ip:\n    Forwarding: 2\n    {packets_in} total packets received\n    0 forwarded\n    0 incoming packets discarded\n    {packets_in} incoming packets delivered\n    {packets_out} requests sent out\n    20 outgoing packets dropped\nIcmp:\n    1204 ICMP messages received\n    3 input ICMP message failed\n    ICMP input histogram:\n        destination unreachable: 41\n        echo requests: 1152\n        echo replies: 11\nTcp:\n    {} active connection openings\n    {} passive connection openings\n    214 failed connection attempts\n    1811 connection resets received\n    1 connections established\n    {packets_in} segments received\n    {packets_out} segments sent out\n    {} segments retransmitted\n    0 bad segments received\n    5106 resets sent\nUdp:\n    88214 packets received\n    41 packets to unknown port received\n    0 packet receive errors\n    88310 packets sent\n", packets_out / 900, packets_in / 700, packets_out / 40_000));
        return 0;
    }
    let rows = wanted(call, &options);
    if options.has('p') {
        call.error("(Not all processes could be identified, non-owned process info\n will not be shown, you would have to be root to see it all.)\n");
    }
    let head = match (options.has('l'), options.has('a')) {
        (true, _) => "(only servers)",
        (_, true) => "(servers and established)",
        _ => "(w/o servers)",
    };
    let extra = if options.has('e') { " User       Inode     " } else { "" };
    let program = if options.has('p') { " PID/Program name    " } else { "" };
    let mut text = format!(
        "Active Internet connections {head}\nProto Recv-Q Send-Q Local Address           Foreign Address         State      {extra}{program}\n"
    );
    for (n, (kind, state, local, remote)) in rows.into_iter().enumerate() {
        let state = match state {
            "ESTAB" => "ESTABLISHED",
            "UNCONN" => "",
            other => other,
        };
        let (local, remote) = (local.replace("[::]", "::"), remote.replace("[::]", "::"));
        let inode = 18_000 + call.shell.site.trait_number(&format!("inode{n}"), 9_000);
        let extra = if options.has('e') { format!(" 0          {inode:<10}") } else { String::new() };
        let program = if options.has('p') { " -                   " } else { "" };
        text.push_str(&format!(
            "{kind:<5}      0      0 {local:<23} {remote:<23} {state:<11}{extra}{program}\n"
        ));
    }
    if !options.has('t') && !options.has('u') && !options.has('l') {
        text.push_str("Active UNIX domain sockets (w/o servers)\nProto RefCnt Flags       Type       State         I-Node   Path\nunix  3      [ ]         STREAM     CONNECTED     16933    /run/dbus/system_bus_socket\nunix  3      [ ]         STREAM     CONNECTED     16410    /run/systemd/journal/stdout\n");
    }
    call.out(&text);
    0
}
