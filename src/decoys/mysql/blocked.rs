//! The host cache: who broke off too many handshakes is not greeted any more.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// Hosts that are remembered (`host_cache_size`); the one with the fewest errors gives way.
const MAX_HOSTS: usize = 279;

/// Handshakes that each host broke off since its last login.
#[derive(Debug, Default)]
pub(super) struct Blocked(BTreeMap<IpAddr, u32>);

impl Blocked {
    /// Whether a host is not greeted any more.
    pub(super) fn is(&self, host: IpAddr, most: u32) -> bool {
        self.0.get(&host).is_some_and(|errors| *errors >= most)
    }

    /// A handshake was broken off.
    pub(super) fn failed(&mut self, host: IpAddr) {
        if self.0.len() >= MAX_HOSTS && !self.0.contains_key(&host) {
            let fewest = self.0.iter().min_by_key(|(_, errors)| **errors).map(|(host, _)| *host);
            fewest.map(|host| self.0.remove(&host));
        }
        let errors = self.0.entry(host).or_default();
        *errors = errors.saturating_add(1);
    }

    /// A login went well: the host's errors are forgotten.
    pub(super) fn succeeded(&mut self, host: IpAddr) {
        self.0.remove(&host);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_blocked_until_it_logs_in_and_the_cache_is_bounded() {
        let mut blocked = Blocked::default();
        let host = IpAddr::from([127, 0, 0, 9]);
        (0..100).for_each(|_| blocked.failed(host));
        assert!(blocked.is(host, 100) && !blocked.is(host, 101));
        (0..1000_u32).for_each(|n| blocked.failed(IpAddr::from(n.to_be_bytes())));
        assert!(blocked.is(host, 100) && blocked.0.len() == MAX_HOSTS);
        blocked.succeeded(host);
        assert!(!blocked.is(host, 100));
    }
}
