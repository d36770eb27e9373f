//! How a host's TCP/IP looks, by the operating system that it claims.

use serde::{Deserialize, Serialize};

/// The systems whose TCP/IP differs in what is seen on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum System {
    /// Linux 5.4 and later.
    #[default]
    Linux,
    /// Linux 3.x to 5.3.
    Linux3,
    /// Linux 2.6.
    Linux26,
    /// Windows 2000, XP, Server 2003.
    WindowsXp,
    /// Windows 7, Server 2008 R2, Server 2012 and 2012 R2.
    Windows7,
    /// Windows 10 before version 1703, Server 2016.
    Windows2016,
    /// Windows 10 since then, Server 2019 and later.
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
        let mut numbers = kernel.split(['.', '-']).map(|n| n.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let system = match (family, next(), next(), next()) {
            ("windows", 10.., _, ..15_063) => System::Windows2016,
            ("windows", 10.., _, _) => System::Windows10,
            ("windows", 6, _, _) => System::Windows7,
            ("windows", ..6, _, _) => System::WindowsXp,
            ("linux", ..=2, _, _) => System::Linux26,
            ("linux", 3 | 4, _, _) | ("linux", 5, ..4, _) => System::Linux3,
            ("linux", _, _, _) => System::Linux,
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
            System::Linux3 | System::Linux26 => Traits { buffer: 87_380, ..linux },
            System::WindowsXp => Traits {
                ttl: 128,
                timestamps: 0,
                scaling: false,
                buffer_most: 131_072,
                ecn: 0,
                answers_again: 2,
                ..linux
            },
            // The scale that these offer is 8: that of 8 MiB.
            System::Windows7 | System::Windows2016 => {
                Traits { ttl: 128, buffer_most: 8_388_608, ecn: 0, answers_again: 2, ..linux }
            }
            System::Windows10 => {
                Traits { ttl: 128, timestamps: 0, buffer_most: 8_388_608, ecn: 0, answers_again: 2, ..linux }
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

/// What no setting of the kernel gives and the packet filter writes into a host's own packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Looks {
    /// Window of the answer to a connection's first packet, bytes.
    pub(super) window: Option<u16>,
    /// Options of that answer in Windows' order: the scale before the permission for selective
    /// acknowledgements.
    pub(super) windows_order: bool,
    /// Identifications of packets count up, over all packets of the host.
    pub(super) counted: bool,
    /// Echo replies have code 0, whatever was asked; odd packets to open ports are reset; resets that
    /// acknowledge nothing have a number there all the same.
    pub(super) windows_errors: bool,
}

impl Stack {
    pub(super) fn looks(&self) -> Looks {
        let linux = Looks { window: None, windows_order: false, counted: false, windows_errors: false };
        let windows = Looks { window: Some(8192), windows_order: true, counted: true, windows_errors: true };
        match self.system {
            System::Linux => linux,
            System::Linux3 => Looks { window: Some(28_960), ..linux },
            System::Linux26 => Looks { window: Some(14_480), ..linux },
            System::WindowsXp => Looks { window: Some(65_535), windows_order: false, ..windows },
            System::Windows7 | System::Windows2016 => windows,
            System::Windows10 => Looks { window: Some(65_535), ..windows },
            System::Device => Looks { window: Some(4096), counted: true, ..linux },
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
            ("linux", "5.15.0-139-generic", System::Linux),
            ("linux", "3.10.0-1160.el7.x86_64", System::Linux3),
            ("windows", "10.0.14393", System::Windows2016),
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
