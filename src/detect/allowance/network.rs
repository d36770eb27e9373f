//! An address, or a block of them.

use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Addresses that an allowance speaks of: `10.3.0.5`, `10.3.0.0/28`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    length: u8,
}

/// Widest block of IPv4: a scanner has a handful of addresses; more would allow the hospital's own
/// machines, which are what intruders come from.
const WIDEST_V4: u8 = 28;
/// Widest block of IPv6: one subnet's prefix, within which a host chooses its own addresses.
const WIDEST_V6: u8 = 64;

impl Network {
    /// Whether an address lies in it. IPv4 addresses mapped into IPv6 are IPv4 addresses.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same(u128::from(own.to_bits()), u128::from(other.to_bits()), 32 - self.length)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), 128 - self.length),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Whether two addresses agree but for their last bits.
fn same(a: u128, b: u128, free: u8) -> bool {
    free >= 128 || (a ^ b) >> free == 0
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("{text}: expected an address or a block such as 10.3.0.0/28");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse().map_err(|_| expected())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| expected())?;
        let (whole, widest) = if address.is_ipv4() { (32, WIDEST_V4) } else { (128, WIDEST_V6) };
        let length = length.unwrap_or(whole);
        if length > whole {
            return Err(expected());
        }
        if length < widest {
            return Err(format!("{text}: wider than /{widest}: name the scanner's own addresses"));
        }
        Ok(Network { address, length })
    }
}

impl TryFrom<String> for Network {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> String {
        network.to_string()
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.address, self.length) {
            (IpAddr::V4(address), 32) => address.fmt(f),
            (IpAddr::V6(address), 128) => address.fmt(f),
            (address, length) => write!(f, "{address}/{length}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_their_addresses_and_no_other() {
        let holds = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(holds("10.3.0.5", "10.3.0.5") && holds("10.3.0.5", "::ffff:10.3.0.5"));
        assert!(!holds("10.3.0.5", "10.3.0.6") && !holds("10.3.0.5", "fe80::5"));
        assert!(holds("10.3.0.16/28", "10.3.0.31") && !holds("10.3.0.16/28", "10.3.0.32"));
        assert!(holds("2001:db8:0:1::/64", "2001:db8:0:1::9") && !holds("2001:db8:0:1::/64", "2001:db8::9"));
    }

    #[test]
    fn wide_and_wrong_ones_are_refused() {
        for wrong in ["0.0.0.0/0", "10.0.0.0/8", "10.3.0.0/33", "scanner", "10.3.0.0/x", "2001:db8::/32"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
        assert_eq!("10.3.0.16/28".parse::<Network>().unwrap().to_string(), "10.3.0.16/28");
    }
}
