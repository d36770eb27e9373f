//! How long sshd takes to say no or yes.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// PAM's delay after a failure: two seconds, spread by a quarter (pam_fail_delay(3)).
const PAM_MILLISECONDS: std::ops::Range<u64> = 1_500..2_500;

/// What a password check with yescrypt and the start of a session take.
const LOGIN_MILLISECONDS: std::ops::Range<u64> = 112..138;

/// The least time sshd lets a refusal last, before doubling, microseconds: 5 ms and up to 4.29 ms
/// more that belong to the account's name (`user_specific_delay` of auth2.c).
fn floor_of(user: &str, secret: &[u8; 32]) -> u64 {
    let hash = Sha256::new().chain_update(secret).chain_update(user.as_bytes()).finalize();
    let mut word = [0; 4];
    for (slot, byte) in word.iter_mut().zip(hash) {
        *slot = byte;
    }
    5_000 + u64::from(u32::from_be_bytes(word)) / 1_000_000
}

/// `ensure_minimum_time_since`: the floor, doubled until it is past what has gone by.
fn lasts(floor: u64, elapsed: u64) -> Duration {
    let mut total = floor;
    while total <= elapsed {
        total *= 2;
    }
    Duration::from_micros(total)
}

/// How long the refusal of a password lasts.
pub(super) fn refusal(user: &str, secret: &[u8; 32], rng: &mut StdRng) -> Duration {
    lasts(floor_of(user, secret), rng.random_range(PAM_MILLISECONDS) * 1_000)
}

/// How long the refusal of anything that PAM is not asked about lasts.
pub(super) fn quick_refusal(user: &str, secret: &[u8; 32]) -> Duration {
    lasts(floor_of(user, secret), 900)
}

/// How long a login lasts.
pub(super) fn login(rng: &mut StdRng) -> Duration {
    Duration::from_millis(rng.random_range(LOGIN_MILLISECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn refusals_come_in_the_steps_of_sshd() {
        let mut rng = StdRng::from_seed([7; 32]);
        let secret = [3; 32];
        let floor = floor_of("root", &secret);
        let steps: std::collections::BTreeSet<u128> =
            (0..200).map(|_| refusal("root", &secret, &mut rng).as_micros()).collect();
        assert!((1..=2).contains(&steps.len()), "{steps:?}");
        for step in steps {
            assert!((1_500_000..5_000_000).contains(&step));
            assert!((step / u128::from(floor)).is_power_of_two());
        }
        assert!(quick_refusal("x", &secret) < Duration::from_millis(10));
    }
}
