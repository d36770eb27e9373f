//! How a host's TCP/IP looks, by the operating system that it claims.

use serde::{Deserialize, Serialize};

/// The systems whose TCP/IP differs in what is seen on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum System {
    /// Linux 3.x and later.
    #[default]
    Linux,
    /// Linux 2.6.
    Linux26,
    /// Windows 2000, XP, Server 2003.
    WindowsXp,
    /// Windows 7, Server 2008 R2, Server 2012 and 2012 R2.
    Windows7,
    /// Windows 10 and later, Server 2016 and later.
    Windows10,
    /// Small devices: lwIP and its like.
    Device,
}

/// What of it is set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stack {
    /// The system.
    pub system: System,
}

impl Stack {
    /// The TCP/IP of an operating system, by the words of its persona.
    #[must_use]
    pub fn of(family: &str, kernel: &str) -> Self {
        let major: u32 = kernel.split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
        let system = match (family, major) {
            ("windows", 10..) => System::Windows10,
            ("windows", 6) => System::Windows7,
            ("windows", _) => System::WindowsXp,
            ("linux", ..=2) => System::Linux26,
            ("linux", _) => System::Linux,
            _ => System::Device,
        };
        Stack { system }
    }

    /// Settings of the kernel, below /proc/sys/net, for a namespace with this stack.
    #[must_use]
    pub fn sysctls(&self) -> Vec<(&'static str, String)> {
        let traits = self.traits();
        let number = |n: u32| n.to_string();
        let switch = |on: bool| number(u32::from(on));
        vec![
            ("ipv4/ip_default_ttl", number(traits.ttl)),
            ("ipv4/tcp_timestamps", number(traits.timestamps)),
            ("ipv4/tcp_window_scaling", switch(traits.scaling)),
            ("ipv4/tcp_sack", switch(traits.sack)),
            // Receive buffers: least, at the start, most. The start decides the window of the first
            // answer, the most decides the scale that is offered.
            ("ipv4/tcp_rmem", format!("4096 {} {}", traits.buffer, traits.buffer_most)),
            ("ipv4/tcp_ecn", number(traits.ecn)),
            ("ipv4/tcp_synack_retries", number(traits.answers_again)),
            ("ipv4/icmp_echo_ignore_broadcasts", switch(true)),
        ]
    }

    fn traits(&self) -> Traits {
        let linux = Traits {
            ttl: 64,
            timestamps: 1,
            scaling: true,
            sack: true,
            buffer: 131_072,
            buffer_most: 6_291_456,
            ecn: 2,
            answers_again: 5,
        };
        match self.system {
            System::Linux => linux,
            // 14,480 bytes of window, and the scale for at most 4 MiB.
            System::Linux26 => Traits { buffer: 87_380, buffer_most: 4_194_304, ..linux },
            System::WindowsXp => {
                Traits { ttl: 128, buffer: 131_072, buffer_most: 131_072, ecn: 0, answers_again: 2, ..linux }
            }
            System::Windows7 | System::Windows10 => {
                Traits { ttl: 128, buffer_most: 16_777_216, ecn: 0, answers_again: 2, ..linux }
            }
            System::Device => Traits {
                ttl: 255,
                timestamps: 0,
                scaling: false,
                sack: false,
                buffer: 8192,
                buffer_most: 16_384,
                ecn: 0,
                answers_again: 3,
            },
        }
    }
}

struct Traits {
    /// Hops that a packet may make at first.
    ttl: u32,
    /// As the kernel counts: 0 none, 1 with an offset of each connection's own.
    timestamps: u32,
    scaling: bool,
    sack: bool,
    buffer: u32,
    buffer_most: u32,
    /// 0 never, 2 when asked.
    ecn: u32,
    answers_again: u32,
}

/// Settings that every host's namespace has, whatever it claims: it forwards nothing, answers ARP for
/// its own address only, announces a new address, and has no IPv6.
pub(super) const COMMON: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "0"),
    ("ipv4/conf/all/arp_ignore", "1"),
    ("ipv4/conf/default/arp_ignore", "1"),
    ("ipv4/conf/all/arp_announce", "2"),
    ("ipv4/conf/default/arp_announce", "2"),
    ("ipv4/conf/default/arp_notify", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/accept_redirects", "0"),
    ("ipv4/conf/default/accept_redirects", "0"),
    ("ipv4/conf/all/send_redirects", "0"),
    ("ipv4/conf/default/send_redirects", "0"),
    ("ipv4/conf/all/accept_source_route", "0"),
    ("ipv4/conf/default/accept_source_route", "0"),
    ("ipv6/conf/all/disable_ipv6", "1"),
    ("ipv6/conf/default/disable_ipv6", "1"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persona_s_words_find_its_stack() {
        for (family, kernel, system) in [
            ("linux", "6.1.0-41-amd64", System::Linux),
            ("linux", "3.10.0-1160.el7.x86_64", System::Linux),
            ("linux", "2.6.32-431.el6.x86_64", System::Linux26),
            ("windows", "6.3.9600", System::Windows7),
            ("windows", "10.0.17763", System::Windows10),
            ("windows", "5.1.2600", System::WindowsXp),
            ("embedded", "NPort 5110", System::Device),
        ] {
            assert_eq!(Stack::of(family, kernel).system, system, "{family} {kernel}");
        }
    }
}
