//! The packet filter, in nft(8)'s own language. It is loaded by the `nft` program: what stands in the
//! kernel is then exactly what an operator reads here and in `nft list ruleset`.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use super::plan::{Carrier, HostPlan, Plan, in_colons};
use super::stack::Looks;

/// A host's own table: nothing leaves but answers. Odd packets to closed ports are refused without a
/// connection that the kernel tracks, hence the resets.
const HOST: &str = "\
table inet honeyward {
  counter refused { }
  chain outward {
    type filter hook output priority filter; policy drop;
    oifname \"lo\" accept
    ct state established,related ct direction reply accept
    tcp flags & (rst|syn|fin) == rst accept
    counter name refused
  }
  chain onward {
    type filter hook forward priority filter; policy drop;
  }
}
";

/// The options of a SYN-ACK (after its maximum segment size) from Linux' order into Windows': without
/// timestamps; with them; with them and without selective acknowledgement. The same 16-bit words stand
/// there in another order: the checksum stays as it is.
const WINDOWS_ORDER: &str = "    \
    tcp flags & (syn|ack|rst|fin) == syn|ack @th,160,16 0x0204 @th,192,64 0x0101040201030308 \
      @th,192,64 set 0x0103030801010402
    tcp flags & (syn|ack|rst|fin) == syn|ack @th,160,16 0x0204 @th,192,32 0x0402080a @th,288,32 0x01030308 \
      @th,288,32 set @th,256,32 @th,256,32 set @th,224,32 @th,192,64 set 0x010303080402080a
    tcp flags & (syn|ack|rst|fin) == syn|ack @th,160,16 0x0204 @th,192,32 0x0101080a @th,288,32 0x01030308 \
      @th,288,32 set @th,256,32 @th,256,32 set @th,224,32 @th,192,64 set 0x010303080101080a
";

/// A host's tables: the wall, and what of its system's looks the kernel has no setting for. `first` is
/// where its packets' identifications begin.
pub(super) fn of_host(looks: Looks, first: u16) -> String {
    let mut text = HOST.to_owned();
    text.push_str("table ip honeyward_looks {\n");
    text.push_str("  chain leave {\n    type filter hook postrouting priority mangle; policy accept;\n");
    text.push_str("    oifname \"lo\" accept\n");
    if looks.windows_order {
        text.push_str(WINDOWS_ORDER);
    }
    if let Some(window) = looks.window {
        let _ = writeln!(text, "    tcp flags & (syn|ack|rst|fin) == syn|ack tcp window set {window}");
    }
    if looks.windows_errors {
        text.push_str("    icmp type echo-reply icmp code set 0\n");
        text.push_str("    tcp flags & (rst|ack) == rst tcp ackseq set numgen random mod 4294967295\n");
    }
    if looks.counted {
        let _ = writeln!(text, "    ip id set numgen inc mod 65536 offset {first} << 16");
    }
    text.push_str("  }\n");
    if looks.windows_errors {
        text.push_str(
            "  chain enter {\n    type filter hook input priority filter; policy accept;\n    \
             tcp flags == 0x0 reject with tcp reset\n    \
             tcp flags & (syn|fin|urg|psh) == syn|fin|urg|psh reject with tcp reset\n  }\n",
        );
    }
    text.push_str("}\n");
    text
}

/// The sensor's namespace: nothing but its own loopback.
pub(super) const INSIDE: &str = "\
table inet honeyward {
  counter refused { }
  chain outward {
    type filter hook output priority filter; policy drop;
    oifname \"lo\" accept
    counter name refused
  }
  chain onward {
    type filter hook forward priority filter; policy drop;
  }
}
";

/// The second wall, outside of the hosts' namespaces: what leaves a segment with a host's hardware
/// address is an answer by its form, or it does not leave. And the machine's own addresses are not to
/// be reached over a decoys' segment.
pub(super) fn of_machine(plan: &Plan) -> String {
    let mut text = String::from("table inet honeyward_net\ndelete table inet honeyward_net\n");
    text.push_str("table netdev honeyward_net\ndelete table netdev honeyward_net\n");
    let _ = write!(
        text,
        "table inet honeyward_net {{\n  chain strangers {{\n    type filter hook prerouting priority raw; policy accept;\n    iifname {{ {} }} drop\n  }}\n}}\n",
        links(plan, true)
    );
    text.push_str("table netdev honeyward_net {\n");
    let macs: Vec<String> = plan.hosts.iter().map(|host| in_colons(host.mac)).collect();
    let _ = writeln!(text, "  set hosts {{ type ether_addr; elements = {{ {} }} }}", macs.join(", "));
    text.push_str("  counter refused { }\n  chain host {\n");
    text.push_str("    meta protocol arp accept\n    meta protocol != ip counter name refused drop\n");
    text.push_str("    ip protocol tcp tcp flags & (syn|ack) == syn counter name refused drop\n");
    text.push_str("    ip protocol tcp accept\n");
    let ports = udp_ports(&plan.hosts);
    if !ports.is_empty() {
        let _ = writeln!(text, "    ip protocol udp udp sport {{ {ports} }} accept");
    }
    text.push_str(
        "    ip protocol icmp icmp type { echo-reply, destination-unreachable, time-exceeded, \
         parameter-problem, timestamp-reply } accept\n    counter name refused drop\n  }\n",
    );
    for (place, link) in unique(plan.segments.iter().map(|s| s.link.as_str())).iter().enumerate() {
        let _ = write!(
            text,
            "  chain leave{place} {{\n    type filter hook egress device \"{link}\" priority filter; policy accept;\n    ether saddr @hosts jump host\n  }}\n"
        );
    }
    text.push_str("}\n");
    text
}

fn links(plan: &Plan, quoted: bool) -> String {
    let names = unique(plan.segments.iter().map(|s| s.link.as_str()));
    names
        .iter()
        .map(|n| if quoted { format!("\"{n}\"") } else { (*n).to_owned() })
        .collect::<Vec<_>>()
        .join(", ")
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn udp_ports(hosts: &[HostPlan]) -> String {
    let ports = hosts.iter().flat_map(|host| &host.ports).filter(|port| port.carrier == Carrier::Udp);
    let mut numbers: Vec<u16> = ports.map(|port| port.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}

/// Loads rules into the calling thread's namespace, all or none.
///
/// # Errors
/// When there is no `nft`, or what it says of the rules.
pub(super) fn load(rules: &str) -> io::Result<()> {
    let mut nft = Command::new("nft")
        .args(["-f", "-"])
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| io::Error::new(e.kind(), format!("nft (package nftables): {e}")))?;
    if let Some(mut input) = nft.stdin.take() {
        input.write_all(rules.as_bytes())?;
    }
    let output = nft.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("nft: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
