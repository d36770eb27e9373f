//! A TLS client's first words and the fingerprint that they make: JA4, of which this is the client's part
//! alone.

use sha2::{Digest, Sha256};

/// Longest ClientHello that is looked at: keys for post-quantum exchanges take 2 KiB.
const MAX_HELLO: usize = 16 << 10;

/// TLS: a handshake record, and the first message in it.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// Numbers of extensions.
mod extension {
    pub(super) const SERVER_NAME: u16 = 0x0000;
    pub(super) const ALPN: u16 = 0x0010;
    pub(super) const SIGNATURES: u16 = 0x000d;
    pub(super) const VERSIONS: u16 = 0x002b;
}

/// Collects what a peer sends until its ClientHello is whole.
#[derive(Debug, Default)]
pub struct Listener {
    heard: Vec<u8>,
    done: bool,
}

impl Listener {
    /// Takes what came; gives JA4 once, when the hello is whole.
    pub fn hear(&mut self, bytes: &[u8]) -> Option<String> {
        if self.done {
            return None;
        }
        self.heard.extend(bytes.iter().take(MAX_HELLO));
        let found = match message(&self.heard) {
            Found::Whole(hello) => Hello::parse(&hello).map(|hello| hello.ja4()),
            Found::More if self.heard.len() < MAX_HELLO => return None,
            Found::More | Found::Nothing => None,
        };
        self.done = true;
        self.heard = Vec::new();
        found
    }
}

enum Found {
    Whole(Vec<u8>),
    More,
    Nothing,
}

/// The body of the first handshake message, which may lie in several records.
fn message(mut bytes: &[u8]) -> Found {
    let mut handshake: Vec<u8> = Vec::new();
    loop {
        if let [CLIENT_HELLO, a, b, c, rest @ ..] = handshake.as_slice() {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if let Some(body) = rest.get(..length) {
                return Found::Whole(body.to_vec());
            }
        } else if handshake.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
            return Found::Nothing;
        }
        let [kind, _, _, high, low, rest @ ..] = bytes else {
            return if bytes.first().is_none_or(|kind| *kind == HANDSHAKE) {
                Found::More
            } else {
                Found::Nothing
            };
        };
        if *kind != HANDSHAKE {
            return Found::Nothing;
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((record, next)) = rest.split_at_checked(length) else { return Found::More };
        handshake.extend(record);
        bytes = next;
    }
}

/// What a hello says.
#[derive(Debug, Default)]
struct Hello {
    version: u16,
    ciphers: Vec<u16>,
    extensions: Vec<u16>,
    versions: Vec<u16>,
    signatures: Vec<u16>,
    protocol: Vec<u8>,
}

impl Hello {
    fn parse(body: &[u8]) -> Option<Self> {
        let mut rest = Rest(body);
        let version = rest.u16()?;
        rest.take(32)?;
        let session = usize::from(rest.u8()?);
        rest.take(session)?;
        let ciphers = rest.block16()?;
        let methods = usize::from(rest.u8()?);
        rest.take(methods)?;
        let mut hello = Hello { version, ciphers: numbers(ciphers), ..Hello::default() };
        // A hello without extensions ends here.
        let mut extensions = Rest(rest.block16().unwrap_or_default());
        while let (Some(number), Some(content)) = (extensions.u16(), extensions.block16()) {
            hello.extension(number, content);
        }
        Some(hello)
    }

    fn extension(&mut self, number: u16, content: &[u8]) {
        if is_grease(number) {
            return;
        }
        self.extensions.push(number);
        match number {
            extension::VERSIONS => self.versions = numbers(content.get(1..).unwrap_or_default()),
            extension::SIGNATURES => self.signatures = numbers(content.get(2..).unwrap_or_default()),
            extension::ALPN => {
                let mut names = Rest(content.get(2..).unwrap_or_default());
                let length = usize::from(names.u8().unwrap_or(0));
                self.protocol = names.take(length).unwrap_or_default().to_vec();
            }
            _ => {}
        }
    }

    fn ja4(&self) -> String {
        let named = if self.extensions.contains(&extension::SERVER_NAME) { 'd' } else { 'i' };
        let (ciphers, extensions) = (self.ciphers.len().min(99), self.extensions.len().min(99));
        let first =
            format!("t{}{named}{ciphers:02}{extensions:02}{}", self.newest(), protocol(&self.protocol));
        let mut sorted = self.ciphers.clone();
        sorted.sort_unstable();
        let hidden = [extension::SERVER_NAME, extension::ALPN];
        let mut shown: Vec<u16> = self.extensions.iter().copied().filter(|e| !hidden.contains(e)).collect();
        shown.sort_unstable();
        let mut last = list(&shown);
        if !self.signatures.is_empty() {
            last = format!("{last}_{}", list(&self.signatures));
        }
        let last = if self.extensions.is_empty() { String::new() } else { last };
        format!("{first}_{}_{}", digest(&list(&sorted)), digest(&last))
    }

    /// The newest version that is offered.
    fn newest(&self) -> &'static str {
        match self.versions.iter().copied().max().unwrap_or(self.version) {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        }
    }
}

/// Values that clients put in so that servers learn to pass over what they do not know (RFC 8701).
fn is_grease(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let pairs = bytes.as_chunks().0.iter();
    pairs.map(|pair: &[u8; 2]| u16::from_be_bytes(*pair)).filter(|number| !is_grease(*number)).collect()
}

fn list(numbers: &[u16]) -> String {
    numbers.iter().map(|number| format!("{number:04x}")).collect::<Vec<_>>().join(",")
}

/// The first and the last character of a protocol's name; of its hexadecimal form where they are none.
fn protocol(name: &[u8]) -> String {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".into() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [*first, *last].map(char::from).iter().collect();
    }
    let (first, last) = (format!("{first:02x}"), format!("{last:02x}"));
    first.chars().take(1).chain(last.chars().skip(1)).collect()
}

fn digest(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    hex::encode(Sha256::digest(text)).chars().take(12).collect()
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    fn block16(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hello with these ciphers and extensions, in records of at most `size` bytes.
    fn hello(ciphers: &[u16], extensions: &[(u16, &[u8])], size: usize) -> Vec<u8> {
        let block =
            |bytes: Vec<u8>| [&u16::try_from(bytes.len()).unwrap().to_be_bytes()[..], &bytes].concat();
        let mut body = [&[3, 3][..], &[7; 32], &[0]].concat();
        body.extend(block(ciphers.iter().flat_map(|c| c.to_be_bytes()).collect()));
        body.extend([1, 0]);
        let extensions = extensions
            .iter()
            .flat_map(|(number, content)| [number.to_be_bytes().to_vec(), block(content.to_vec())].concat());
        body.extend(block(extensions.collect()));
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        let message = [&[CLIENT_HELLO, length[1], length[2], length[3]][..], &body].concat();
        message.chunks(size).flat_map(|part| [vec![HANDSHAKE, 3, 1], block(part.to_vec())].concat()).collect()
    }

    fn example(size: usize) -> Vec<u8> {
        let extensions: [(u16, &[u8]); 6] = [
            (0x2a2a, &[]),
            (0x0000, b"\0\x08\0\0\x05clzxy"),
            (0x0010, b"\0\x0c\x02h2\x08http/1.1"),
            (0x002b, &[6, 0x3a, 0x3a, 3, 4, 3, 3]),
            (0x000d, &[0, 4, 4, 3, 8, 4]),
            (0xff01, &[0]),
        ];
        hello(&[0x1a1a, 0xc02f, 0x1301], &extensions, size)
    }

    #[test]
    fn a_hello_gives_its_fingerprint_however_it_comes() {
        let list = digest("1301,c02f");
        let extensions = digest("000d,002b,ff01_0403,0804");
        let known = format!("t13d0205h2_{list}_{extensions}");
        for (records, pieces) in [(16_000, 16_000), (16_000, 1), (50, 7), (3, 4)] {
            let mut listener = Listener::default();
            let wire = example(records);
            let found: Vec<_> = wire.chunks(pieces).filter_map(|piece| listener.hear(piece)).collect();
            assert_eq!(found, [known.as_str()]);
            assert_eq!(listener.hear(&wire), None);
        }
    }

    /// The example of the specification: a browser's hello.
    #[test]
    fn a_browser_s_fingerprint_is_that_of_the_specification() {
        let ciphers = [
            0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ];
        let signatures = hex::decode("001004030804040105030805050108060601").unwrap();
        let empty: &[u8] = &[];
        let numbers =
            [0x1b, 0, 0x33, 0x10, 0x4469, 0x17, 0x2d, 0xd, 5, 0x23, 0x12, 0x2b, 0xff01, 0xb, 0xa, 0x15];
        let extensions = numbers.map(|number: u16| match number {
            0x10 => (number, &b"\0\x0c\x02h2\x08http/1.1"[..]),
            0x2b => (number, &[6, 0x3a, 0x3a, 3, 4, 3, 3][..]),
            0x0d => (number, &signatures[..]),
            _ => (number, empty),
        });
        let found = Listener::default().hear(&hello(&ciphers, &extensions, 16_000));
        assert_eq!(found.as_deref(), Some("t13d1516h2_8daaf6152771_e5627efa2ab1"));
    }

    #[test]
    fn old_hellos_and_noise() {
        let mut listener = Listener::default();
        let found = listener.hear(&hello(&[0x0005], &[], 100)).unwrap();
        assert_eq!(found, format!("t12i010000_{}_000000000000", digest("0005")));
        for noise in
            [&b"GET / HTTP/1.0\r\n"[..], &[HANDSHAKE, 3, 1, 0, 4, 2, 0, 0, 0], &[0x80, 0x2e, 1, 3, 1]]
        {
            let mut listener = Listener::default();
            assert_eq!(listener.hear(noise), None);
            assert!(listener.done);
        }
        for name in [&b"\xab"[..], b"\x30\xab"] {
            assert_eq!(protocol(name).len(), 2);
        }
        assert_eq!((protocol(b"\xab").as_str(), protocol(b"\x30\xab").as_str()), ("ab", "3b"));
    }
}
