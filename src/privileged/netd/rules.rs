//! The packet filter, in nft(8)'s own language. It is loaded by the `nft` program: what stands in the
//! kernel is then exactly what an operator reads here and in `nft list ruleset`.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use super::plan::{Carrier, HostPlan, Plan, in_colons};

/// A host's own table: nothing leaves but answers. Odd packets to closed ports are refused without a
/// connection that the kernel tracks, hence the resets.
pub(super) const HOST: &str = "\
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
