//! CHALLENGE_MESSAGE, MS-NLMP 2.2.1.2.

use super::{SIGNATURE, flags, to_utf16};

/// AvId of target information, 2.2.2.1.
const END: u16 = 0;
const NETBIOS_COMPUTER: u16 = 1;
const NETBIOS_DOMAIN: u16 = 2;
const DNS_COMPUTER: u16 = 3;
const DNS_DOMAIN: u16 = 4;
const DNS_TREE: u16 = 5;
const TIMESTAMP: u16 = 7;

/// NTLMSSP_REVISION_W2K3, 2.2.2.10.
const REVISION: u8 = 15;
/// Where the payload of a message with a version begins.
const PAYLOAD: u32 = 56;
/// What a client asks for and a Windows server agrees to.
const AGREED: u32 = flags::UNICODE
    | flags::OEM
    | flags::SIGN
    | flags::SEAL
    | flags::ALWAYS_SIGN
    | flags::EXTENDED_SESSION_SECURITY
    | flags::KEY_128
    | flags::KEY_EXCHANGE
    | flags::KEY_56;

/// The names by which a host is known, which all its services must agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// NetBIOS name of the domain; the computer's own where it is a member of none.
    pub netbios_domain: String,
    /// NetBIOS name of the computer.
    pub netbios_computer: String,
    /// DNS name of the domain; the computer's host name where it is a member of none.
    pub dns_domain: String,
    /// Full DNS name of the computer.
    pub dns_computer: String,
    /// DNS name of the forest, of members.
    pub dns_tree: Option<String>,
}

impl Names {
    /// A computer that is a member of no domain.
    pub fn alone(hostname: &str) -> Self {
        let netbios: String = hostname.chars().take(15).flat_map(char::to_uppercase).collect();
        Names {
            netbios_domain: netbios.clone(),
            netbios_computer: netbios,
            dns_domain: hostname.to_owned(),
            dns_computer: hostname.to_owned(),
            dns_tree: None,
        }
    }

    /// A member of a domain, by its NetBIOS and DNS names.
    pub fn member(hostname: &str, netbios_domain: &str, dns_domain: &str) -> Self {
        Names {
            netbios_domain: netbios_domain.to_owned(),
            dns_domain: dns_domain.to_owned(),
            dns_computer: format!("{hostname}.{dns_domain}"),
            dns_tree: Some(dns_domain.to_owned()),
            ..Names::alone(hostname)
        }
    }
}

/// What a server answers a NEGOTIATE_MESSAGE with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// The server's nonce.
    pub nonce: [u8; 8],
    /// Windows version: major, minor, build.
    pub version: (u8, u8, u16),
    /// The server's clock as a FILETIME: 100 ns since 1601.
    pub time: u64,
}

impl Challenge {
    /// Writes the message for a client with these flags.
    pub fn write(&self, asked: u32, names: &Names) -> Vec<u8> {
        let flags = self.agree(asked, names);
        let target = match flags & flags::UNICODE {
            0 => names.netbios_domain.clone().into_bytes(),
            _ => to_utf16(&names.netbios_domain),
        };
        let info = self.target_information(names);
        let (major, minor, build) = self.version;
        let mut out = SIGNATURE.to_vec();
        out.extend(2u32.to_le_bytes());
        field(&mut out, &target, PAYLOAD);
        out.extend(flags.to_le_bytes());
        out.extend(self.nonce);
        out.extend([0; 8]);
        field(&mut out, &info, PAYLOAD.saturating_add(u32::try_from(target.len()).unwrap_or(0)));
        out.extend([major, minor]);
        out.extend(build.to_le_bytes());
        out.extend([0, 0, 0, REVISION]);
        out.extend(target);
        out.extend(info);
        out
    }

    fn agree(&self, asked: u32, names: &Names) -> u32 {
        let kind = match names.dns_tree {
            Some(_) => flags::TARGET_TYPE_DOMAIN,
            None => flags::TARGET_TYPE_SERVER,
        };
        let mut agreed = asked & AGREED;
        if agreed & flags::UNICODE != 0 {
            agreed &= !flags::OEM;
        }
        agreed | flags::REQUEST_TARGET | flags::NTLM | flags::TARGET_INFO | flags::VERSION | kind
    }

    fn target_information(&self, names: &Names) -> Vec<u8> {
        let mut out = Vec::new();
        let mut pair = |id: u16, value: &[u8]| {
            out.extend(id.to_le_bytes());
            out.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
            out.extend(value);
        };
        pair(NETBIOS_DOMAIN, &to_utf16(&names.netbios_domain));
        pair(NETBIOS_COMPUTER, &to_utf16(&names.netbios_computer));
        pair(DNS_DOMAIN, &to_utf16(&names.dns_domain));
        pair(DNS_COMPUTER, &to_utf16(&names.dns_computer));
        if let Some(tree) = &names.dns_tree {
            pair(DNS_TREE, &to_utf16(tree));
        }
        pair(TIMESTAMP, &self.time.to_le_bytes());
        pair(END, &[]);
        out
    }
}

/// Length, room and place of a part of the payload, 2.2.1.
fn field(out: &mut Vec<u8>, value: &[u8], at: u32) {
    let length = u16::try_from(value.len()).unwrap_or(0).to_le_bytes();
    out.extend(length);
    out.extend(length);
    out.extend(at.to_le_bytes());
}
