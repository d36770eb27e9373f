//! Host keys: derived from the installation, so they stay over restarts and differ everywhere.

use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;
use russh::keys::ssh_key::private::{Ed25519Keypair, KeypairData, RsaKeypair};
use russh::keys::{Algorithm, EcdsaCurve, PrivateKey};
use tokio::sync::OnceCell;

use crate::persona::Installation;

/// Size of the RSA key, as `ssh-keygen -A` makes it on Debian 12.
const RSA_BITS: usize = 3072;

/// The keys of one host; an RSA key takes some 300 ms, so they are made beside the rest.
pub(super) struct HostKeys {
    seeds: [[u8; 32]; 3],
    keys: OnceCell<Vec<PrivateKey>>,
}

impl HostKeys {
    /// The keys of `host`; where a runtime is at hand the work begins at once.
    pub(super) fn start(installation: &Installation, host: &str) -> Arc<Self> {
        let seed = |kind: &str| installation.derive(&format!("ssh/{host}/host-key/{kind}"));
        let seeds = [seed("ed25519"), seed("ecdsa"), seed("rsa")];
        let keys = Arc::new(HostKeys { seeds, keys: OnceCell::new() });
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let early = Arc::clone(&keys);
            runtime.spawn(async move {
                early.get().await;
            });
        }
        keys
    }

    /// The keys, once they are made.
    pub(super) async fn get(&self) -> &[PrivateKey] {
        let seeds = self.seeds;
        let making =
            || async move { tokio::task::spawn_blocking(move || make(seeds)).await.unwrap_or_default() };
        self.keys.get_or_init(making).await
    }
}

fn make([ed25519, ecdsa, rsa]: [[u8; 32]; 3]) -> Vec<PrivateKey> {
    let mut keys = Vec::new();
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&ed25519));
    keys.extend(PrivateKey::new(pair, ""));
    let curve = Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 };
    keys.extend(PrivateKey::random(&mut StdRng::from_seed(ecdsa), curve));
    let pair = RsaKeypair::random(&mut StdRng::from_seed(rsa), RSA_BITS);
    keys.extend(pair.and_then(|pair| PrivateKey::new(KeypairData::from(pair), "")));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stable_and_differ_per_installation() {
        let prints = |seed: u8| -> Vec<String> {
            make([[seed; 32], [seed.wrapping_add(1); 32], [seed.wrapping_add(2); 32]])
                .iter()
                .map(|k| k.fingerprint(russh::keys::HashAlg::Sha256).to_string())
                .collect()
        };
        assert_eq!(prints(1).len(), 3);
        assert_eq!(prints(1), prints(1));
        assert!(prints(1).iter().zip(prints(9)).all(|(a, b)| *a != b));
    }
}
