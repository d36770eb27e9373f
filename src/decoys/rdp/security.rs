//! Standard RDP security: keys, checksums and encryption of MS-RDPBCGR 5.3, and the server's own
//! certificate (2.2.1.4.3.1.1).

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, ConcatenatingMul, NonZero, Odd, Resize};
use crypto_primes::{Flavor, random_prime};
use md5::Md5;
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha1::{Digest, Sha1};

use crate::wire::ntlm::Rc4;

/// Ways of encrypting, 2.2.1.4.3: RC4 with 40, 128 and 56 bits, and FIPS 140-1.
pub mod method {
    /// RC4, 40 bits.
    pub const BITS_40: u32 = 0x01;
    /// RC4, 128 bits.
    pub const BITS_128: u32 = 0x02;
    /// RC4, 56 bits.
    pub const BITS_56: u32 = 0x08;
    /// Triple DES.
    pub const FIPS: u32 = 0x10;
}

/// Length of the randoms of both sides.
pub const RANDOM: usize = 32;
/// Length of a checksum.
pub const MAC: usize = 8;
/// The public exponent.
const PUBLIC_EXPONENT: u32 = 65_537;
/// Every second or third pair of primes does.
const MAX_PAIRS: usize = 64;
/// Keys are renewed after so many packets, 5.3.7.
const RENEWAL: u32 = 4096;

/// The strongest way that a client knows, as an encryption level of "client compatible" chooses.
pub fn choose(known: u32) -> u32 {
    [method::BITS_128, method::FIPS, method::BITS_56, method::BITS_40]
        .into_iter()
        .find(|method| known & method != 0)
        .unwrap_or(method::BITS_128)
}

/// The server's key for this kind of security.
pub struct HostKey {
    modulus: BoxedUint,
    exponent: BoxedUint,
    bytes: usize,
    /// The certificate around it.
    pub certificate: Vec<u8>,
}

impl HostKey {
    /// Makes the key from a seed; 512 bits take some milliseconds, 2048 some hundred.
    ///
    /// # Errors
    /// In words, when none can be made.
    pub fn make(seed: [u8; 32], bits: usize) -> Result<Self, String> {
        // 512 bits are what old Windows has: too few for whatever makes keys that are to be trusted.
        let half = u32::try_from(bits / 2).map_err(|e| e.to_string())?;
        let mut rng = StdRng::from_seed(seed);
        let (modulus, exponent) =
            (0..MAX_PAIRS).find_map(|_| pair(&mut rng, half)).ok_or("no pair of primes was found")?;
        let bytes = bits / 8;
        let certificate = certificate(&little(&modulus, bytes)).ok_or("the signing key can't be used")?;
        Ok(HostKey { modulus, exponent, bytes, certificate })
    }

    /// Decrypts a client's random: little-endian, with eight zeroes behind it.
    pub fn random(&self, encrypted: &[u8]) -> Option<[u8; RANDOM]> {
        let number = encrypted.get(..self.bytes)?;
        let opened = power(number, &self.exponent, &self.modulus)?;
        opened.first_chunk().copied()
    }
}

#[cfg(test)]
impl HostKey {
    /// What a client sends of its random.
    pub(super) fn encrypted(&self, random: &[u8; RANDOM]) -> Vec<u8> {
        let mut sent = power(random, &BoxedUint::from(PUBLIC_EXPONENT), &self.modulus).unwrap();
        sent.extend([0; 8]);
        sent
    }
}

/// A modulus of two primes of `half` bits, and the exponent for 65537; `None` where these do not do.
fn pair(rng: &mut StdRng, half: u32) -> Option<(BoxedUint, BoxedUint)> {
    let [p, q]: [BoxedUint; 2] = std::array::from_fn(|_| random_prime(rng, Flavor::Any, half));
    let one = BoxedUint::one();
    let modulus = p.concatenating_mul(&q);
    let order = p.wrapping_sub(&one).concatenating_mul(&q.wrapping_sub(&one));
    let public = BoxedUint::from(PUBLIC_EXPONENT).resize(order.bits_precision());
    let exponent = Option::from(public.invert_mod(&Option::from(NonZero::new(order))?))?;
    (modulus.bits() == half * 2).then_some((modulus, exponent))
}

/// `base` to the power of `exponent`, all little-endian.
fn power(base: &[u8], exponent: &BoxedUint, modulus: &BoxedUint) -> Option<Vec<u8>> {
    let bits = modulus.bits_precision();
    let base = BoxedUint::from_le_slice(base, bits).ok()?;
    let odd = Option::<Odd<BoxedUint>>::from(Odd::new(modulus.clone()))?;
    let base = base.rem_vartime(&Option::from(NonZero::new(modulus.clone()))?);
    let form = BoxedMontyForm::new(base, &BoxedMontyParams::new_vartime(odd));
    let length = usize::try_from(bits).ok()? / 8;
    Some(little(&form.pow(exponent).retrieve(), length))
}

fn little(number: &BoxedUint, length: usize) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.resize(length, 0);
    bytes
}

/// The certificate: the public key, signed with a key that Microsoft published (5.3.3.1.2), so that the
/// signature says nothing.
fn certificate(modulus: &[u8]) -> Option<Vec<u8>> {
    const MODULUS: &str = "3d3a5ebd72433ec94dbbc11e4aba5fcb3e882087eff5c1e2d7b76b9af2524595\
                           ce63656b583afeef7ce7bffe3df65c7d6c5e06091af561bb2093095f056dea87";
    const EXPONENT: &str = "87a71932da11875558001616256568f8243ee6fae9674994cf92cc3399e80860\
                            179a129f24ddb12499c73ab80a7b0ddd350779170b519bb3c7100113e73ff35f";
    let number = |text: &str| {
        let bytes = hex::decode(text.replace(' ', "")).ok()?;
        BoxedUint::from_le_slice(&bytes, 512).ok()
    };
    let length = u32::try_from(modulus.len()).ok()?;
    let mut key = b"RSA1".to_vec();
    for word in [length + 8, length * 8, length - 1, PUBLIC_EXPONENT] {
        key.extend(word.to_le_bytes());
    }
    key.extend(modulus);
    key.extend([0; 8]);
    // Version 1, signed with RSA, a key of RSA; then the key and its signature as blobs.
    let mut out = [1u32, 1, 1].map(u32::to_le_bytes).concat();
    out.extend(6u16.to_le_bytes());
    out.extend(u16::try_from(key.len()).ok()?.to_le_bytes());
    out.extend(key);
    let digest = Md5::digest(&out);
    let padded = [&digest[..], &[0], &[0xff; 45], &[1]].concat();
    let signature = power(&padded, &number(EXPONENT)?, &number(MODULUS)?)?;
    out.extend(8u16.to_le_bytes());
    out.extend(72u16.to_le_bytes());
    out.extend(signature);
    out.extend([0; 8]);
    Some(out)
}

/// Both directions of one connection.
pub struct Ciphers {
    sends: Way,
    receives: Way,
}

/// One direction.
struct Way {
    mac_key: Vec<u8>,
    first: [u8; 16],
    current: [u8; 16],
    cipher: Rc4,
    method: u32,
    packets: u32,
}

impl Ciphers {
    /// The server's side, 5.3.5.1; `method` is one of RC4.
    pub fn server(client: &[u8; RANDOM], server: &[u8; RANDOM], method: u32) -> Self {
        let half = |random: &[u8; RANDOM]| random.first_chunk::<24>().copied().unwrap_or([0; 24]);
        let pre_master = [half(client), half(server)].concat();
        let salted = |secret: &[u8], input: &str| -> [u8; 16] {
            let inner = Sha1::new()
                .chain_update(input)
                .chain_update(secret)
                .chain_update(client)
                .chain_update(server)
                .finalize();
            Md5::new().chain_update(secret).chain_update(inner).finalize().into()
        };
        let master = ["A", "BB", "CCC"].map(|input| salted(&pre_master, input)).concat();
        let [mac, second, third] = ["X", "YY", "ZZZ"].map(|input| salted(&master, input));
        let last = |key: &[u8; 16]| -> [u8; 16] {
            Md5::new().chain_update(key).chain_update(client).chain_update(server).finalize().into()
        };
        Ciphers {
            sends: Way::new(&mac, last(&second), method),
            receives: Way::new(&mac, last(&third), method),
        }
    }

    /// The client's side.
    #[cfg(test)]
    pub(super) fn client(client: &[u8; RANDOM], server: &[u8; RANDOM], method: u32) -> Self {
        let Ciphers { sends, receives } = Self::server(client, server, method);
        Ciphers { sends: receives, receives: sends }
    }

    /// Encrypts; gives the checksum.
    pub fn seal(&mut self, data: &mut [u8]) -> [u8; MAC] {
        let mac = self.sends.mac(data, None);
        self.sends.apply(data);
        mac
    }

    /// Decrypts; whether the checksum is right. `salted` when it counts packets, too (5.3.6.1.1).
    pub fn open(&mut self, data: &mut [u8], mac: &[u8], salted: bool) -> bool {
        let count = salted.then_some(self.receives.packets);
        self.receives.apply(data);
        self.receives.mac(data, count) == mac
    }
}

impl Way {
    fn new(mac: &[u8; 16], key: [u8; 16], method: u32) -> Self {
        let first = weakened(key, method);
        let mac_key = weakened(*mac, method);
        let length = length(method);
        Way {
            mac_key: mac_key.into_iter().take(length).collect(),
            cipher: Rc4::new(first.get(..length).unwrap_or(&first)),
            first,
            current: first,
            method,
            packets: 0,
        }
    }

    fn mac(&self, data: &[u8], count: Option<u32>) -> [u8; MAC] {
        let bytes = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut inner = Sha1::new()
            .chain_update(&self.mac_key)
            .chain_update([0x36; 40])
            .chain_update(bytes)
            .chain_update(data);
        if let Some(count) = count {
            inner.update(count.to_le_bytes());
        }
        let outer =
            Md5::new().chain_update(&self.mac_key).chain_update([0x5c; 48]).chain_update(inner.finalize());
        let digest: [u8; 16] = outer.finalize().into();
        digest.first_chunk().copied().unwrap_or_default()
    }

    fn apply(&mut self, data: &mut [u8]) {
        if self.packets > 0 && self.packets.is_multiple_of(RENEWAL) {
            self.renew();
        }
        self.cipher.apply(data);
        self.packets = self.packets.wrapping_add(1);
    }

    /// 5.3.7.
    fn renew(&mut self) {
        let length = length(self.method);
        let part = |key: &[u8; 16]| key.iter().copied().take(length).collect::<Vec<u8>>();
        let inner = Sha1::new()
            .chain_update(part(&self.first))
            .chain_update([0x36; 40])
            .chain_update(part(&self.current))
            .finalize();
        let outer = Md5::new().chain_update(part(&self.first)).chain_update([0x5c; 48]).chain_update(inner);
        let mut key: [u8; 16] = outer.finalize().into();
        let with = part(&key);
        if let Some(used) = key.get_mut(..length) {
            Rc4::new(&with).apply(used);
        }
        self.current = weakened(key, self.method);
        self.cipher = Rc4::new(&part(&self.current));
    }
}

/// Bytes of a key that are used.
fn length(method: u32) -> usize {
    if method == method::BITS_128 { 16 } else { 8 }
}

/// Keys of 40 and 56 bits have known bytes in front.
fn weakened(mut key: [u8; 16], method: u32) -> [u8; 16] {
    let known: &[u8] = match method {
        method::BITS_40 => &[0xd1, 0x26, 0x9e],
        method::BITS_56 => &[0xd1],
        _ => &[],
    };
    key.iter_mut().zip(known).for_each(|(slot, byte)| *slot = *byte);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_way_is_chosen() {
        assert_eq!(choose(0x1b), method::BITS_128);
        assert_eq!(choose(method::BITS_40), method::BITS_40);
        assert_eq!(choose(method::FIPS), method::FIPS);
        assert_eq!(choose(0), method::BITS_128);
    }

    #[test]
    fn a_client_s_random_is_opened() {
        let key = HostKey::make([7; 32], 512).unwrap();
        let again = HostKey::make([7; 32], 512).unwrap();
        assert_eq!(key.certificate, again.certificate);
        let random: [u8; RANDOM] = std::array::from_fn(|i| u8::try_from(i * 5).unwrap());
        let sent = key.encrypted(&random);
        assert_eq!(key.random(&sent), Some(random));
        assert_eq!(key.random(&sent[..20]), None);
    }

    #[test]
    fn the_signature_is_the_published_key_s() {
        let made = HostKey::make([9; 32], 512).unwrap().certificate;
        let (signed, signature) = made.split_at(made.len() - 76);
        let modulus = hex::decode(
            "3d3a5ebd72433ec94dbbc11e4aba5fcb3e882087eff5c1e2d7b76b9af2524595\
             ce63656b583afeef7ce7bffe3df65c7d6c5e06091af561bb2093095f056dea87",
        );
        let modulus = BoxedUint::from_le_slice(&modulus.unwrap(), 512).unwrap();
        let opened = power(&signature[4..68], &BoxedUint::from(0xc088_7b5bu32), &modulus).unwrap();
        assert_eq!(&opened[..16], &Md5::digest(signed)[..]);
        assert_eq!(&opened[61..], &[0xff, 1, 0]);
    }

    #[test]
    fn both_sides_agree_beyond_the_renewal_of_keys() {
        for method in [method::BITS_40, method::BITS_56, method::BITS_128] {
            let mut server = Ciphers::server(&[1; 32], &[2; 32], method);
            let mut client = Ciphers::client(&[1; 32], &[2; 32], method);
            for round in 0..5000u32 {
                let mut message = round.to_le_bytes().to_vec();
                let mac = server.seal(&mut message);
                assert!(client.open(&mut message, &mac, false), "{round}");
                assert_eq!(message, round.to_le_bytes());
            }
            let mut message = vec![3; 20];
            let mac = server.seal(&mut message);
            message[4] ^= 1;
            assert!(!client.open(&mut message, &mac, false));
        }
    }
}
