//! A client for the tests: it signs, and keeps what it sent.

use std::sync::Arc;

use bytes::BytesMut;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use md5::Md5;

use crate::decoys::Making;
use crate::decoys::smb::crypto::{Cipher, Keys, open, preauth, seal};
use crate::decoys::smb::dialect::Dialect;
use crate::decoys::smb::packet::{HEADER, Header, Message, chain, flags, wide};
use crate::decoys::smb::server::Server;
use crate::decoys::smb::{Behaviour, SmbMachine};
use crate::imaging::Imaging;
use crate::session::bench::{Bench, NOW};
use crate::session::{Machine, Next, Outbox};
use crate::wire::ntlm::{flags as ntlm, nt_hash, spnego};

pub(super) fn server(bench: &Bench, host: &str) -> Arc<Server> {
    let host = Arc::clone(bench.pack.host(host).unwrap());
    let service = host.services.iter().find(|s| s.port == 445).unwrap();
    let behaviour = Behaviour::read(service).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(&host),
        world: Arc::clone(&bench.world),
        imaging: Arc::new(Imaging::default()),
    };
    Server::new(behaviour, &making).unwrap()
}

pub(super) fn machine(bench: &Bench, host: &str) -> SmbMachine {
    SmbMachine::new(server(bench, host), bench.session(host, "smb"), false)
}

/// One client.
pub(super) struct Client {
    pub(super) machine: SmbMachine,
    /// All that was sent.
    pub(super) sent: Vec<u8>,
    /// All that came.
    pub(super) got: Vec<u8>,
    pub(super) next: Next,
    message: u64,
    pub(super) session: u64,
    pub(super) tree: u32,
    keys: Option<Keys>,
    dialect: Dialect,
    hash: [u8; 64],
    pub(super) cipher: Option<Cipher>,
    sealed: u64,
}

/// An answer.
pub(super) struct Came {
    pub(super) header: Header,
    pub(super) body: Vec<u8>,
}

impl Came {
    pub(super) fn status(&self) -> u32 {
        self.header.status
    }
}

impl Client {
    pub(super) fn new(machine: SmbMachine) -> Self {
        Client {
            machine,
            sent: Vec::new(),
            got: Vec::new(),
            next: Next::More,
            message: 0,
            session: 0,
            tree: 0,
            keys: None,
            dialect: Dialect::Smb202,
            hash: [0; 64],
            cipher: None,
            sealed: 0,
        }
    }

    /// Sends a frame's payload; gives those that came.
    pub(super) fn frame(&mut self, payload: &[u8]) -> Vec<Vec<u8>> {
        let now: Timestamp = NOW.parse().unwrap();
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let framed = [&length[..], payload].concat();
        self.sent.extend(&framed);
        let mut input = BytesMut::from(&framed[..]);
        let mut out = Outbox::default();
        self.next = self.machine.receive(now, &mut input, &mut out);
        let mut got = out.joined();
        self.got.extend(&got);
        let mut frames = Vec::new();
        while got.len() >= 4 {
            let length = usize::try_from(u32::from_be_bytes(got[..4].try_into().unwrap())).unwrap();
            let rest = got.split_off(4 + length);
            frames.push(got.split_off(4));
            got = rest;
        }
        frames
    }

    pub(super) fn header(&mut self, command: u16) -> Header {
        let header = Header {
            charge: 1,
            command,
            credits: 32,
            message: self.message,
            process: 0xfeff,
            tree: self.tree,
            session: self.session,
            ..Header::default()
        };
        self.message += 1;
        header
    }

    /// One request, signed where there are keys; all that came.
    pub(super) fn asks(&mut self, header: Header, body: &[u8]) -> Vec<Came> {
        let mut message = [&header.write()[..], body].concat();
        if let (Some(keys), None) = (&self.keys, self.cipher) {
            keys.sign(&mut message);
        }
        let payload = match (self.cipher, &self.keys) {
            (Some(cipher), Some(keys)) => {
                self.sealed += 1;
                seal(cipher, &keys.client, self.session, self.sealed, &message)
            }
            _ => message,
        };
        let frames = self.frame(&payload);
        let plain: Vec<Vec<u8>> = frames.into_iter().map(|frame| self.opened(frame)).collect();
        let parts = plain.iter().flat_map(|frame| chain(frame).unwrap());
        parts.map(|(header, message)| Came { header, body: message[HEADER..].to_vec() }).collect()
    }

    fn opened(&self, frame: Vec<u8>) -> Vec<u8> {
        match (self.cipher, &self.keys) {
            (Some(cipher), Some(keys)) => {
                // What the server sends was sealed with its key.
                open(cipher, &keys.server, &frame).expect("a sealed answer")
            }
            (None, Some(keys)) => {
                for (header, message) in chain(&frame).unwrap() {
                    let pending = [0x103, 0xc000_0203].contains(&header.status);
                    assert!(pending || keys.verify(message), "a signed answer");
                }
                frame
            }
            _ => frame,
        }
    }

    pub(super) fn ask(&mut self, command: u16, body: &[u8]) -> Came {
        let header = self.header(command);
        let mut came = self.asks(header, body);
        assert_eq!(came.len(), 1);
        came.remove(0)
    }

    /// Agrees on a dialect.
    pub(super) fn negotiate(&mut self, dialect: Dialect) -> Came {
        self.dialect = dialect;
        let (header, body) = (self.header(0), negotiate(dialect));
        let message = [&header.write()[..], &body].concat();
        let came = self.frame(&message).remove(0);
        self.hash = preauth(&preauth(&self.hash, &message), &came);
        Came { header: Header::read(&came).unwrap(), body: came[HEADER..].to_vec() }
    }

    /// Logs on.
    pub(super) fn logon(&mut self, user: &str, password: &str) -> Came {
        self.session = 0;
        let asked = ntlm::UNICODE
            | ntlm::NTLM
            | ntlm::SIGN
            | ntlm::EXTENDED_SESSION_SECURITY
            | ntlm::KEY_128
            | ntlm::REQUEST_TARGET;
        let first = [b"NTLMSSP\0", &1u32.to_le_bytes()[..], &asked.to_le_bytes(), &[0; 16]].concat();
        let (came, _) = self.setup(&spnego_of(&first));
        assert_eq!(came.status(), 0xc000_0016);
        self.session = came.header.session;
        let token = &came.body[8..];
        let Some(spnego::Token::Wrapped(challenge)) = spnego::unwrap(token) else { panic!("a challenge") };
        let nonce: [u8; 8] = challenge[24..32].try_into().unwrap();
        let (message, key) = proof(user, password, asked, &nonce);
        let hash = self.hash;
        let (came, request) = self.setup(&spnego::wrap(&message));
        if came.status() == 0 && !user.is_empty() {
            let keys = Keys::new(self.dialect, &key, &preauth(&hash, &request));
            self.keys = (came.body[2] & 1 == 0).then_some(keys);
        }
        came
    }

    fn setup(&mut self, token: &[u8]) -> (Came, Vec<u8>) {
        let header = self.header(1);
        let mut body = vec![25, 0, 0, 1];
        body.extend([0; 8]);
        body.extend(88u16.to_le_bytes());
        body.extend(u16::try_from(token.len()).unwrap().to_le_bytes());
        body.extend([0; 8]);
        body.extend(token);
        let message = [&header.write()[..], &body].concat();
        let came = self.frame(&message).remove(0);
        self.hash = preauth(&preauth(&self.hash, &message), &came);
        (Came { header: Header::read(&came).unwrap(), body: came[HEADER..].to_vec() }, message)
    }

    pub(super) fn connect(&mut self, share: &str) -> Came {
        let path = wide(&format!("\\\\server\\{share}"));
        let mut body = vec![9, 0, 0, 0, 72, 0];
        body.extend(u16::try_from(path.len()).unwrap().to_le_bytes());
        body.extend(path);
        let came = self.ask(3, &body);
        if came.status() == 0 {
            self.tree = came.header.tree;
        }
        came
    }

    pub(super) fn create(&mut self, name: &str, access: u32, disposition: u32, options: u32) -> Came {
        let body = create(name, access, disposition, options);
        self.ask(5, &body)
    }

    /// Opens something that must open.
    pub(super) fn open(&mut self, name: &str, access: u32, disposition: u32, options: u32) -> [u8; 16] {
        let came = self.create(name, access, disposition, options);
        assert_eq!(came.status(), 0, "{name}");
        came.body[64..80].try_into().unwrap()
    }

    pub(super) fn close(&mut self, file: [u8; 16]) -> Came {
        self.ask(6, &close(file))
    }

    pub(super) fn read(&mut self, file: [u8; 16], from: u64, length: u32) -> Came {
        let mut body = vec![49, 0, 0x50, 0];
        body.extend(length.to_le_bytes());
        body.extend(from.to_le_bytes());
        body.extend(file);
        body.extend([0; 17]);
        let mut came = self.ask(8, &body);
        came.body.drain(..16.min(came.body.len()));
        came
    }

    pub(super) fn write(&mut self, file: [u8; 16], at: u64, bytes: &[u8]) -> Came {
        let mut body = vec![49, 0, 112, 0];
        body.extend(u32::try_from(bytes.len()).unwrap().to_le_bytes());
        body.extend(at.to_le_bytes());
        body.extend(file);
        body.extend([0; 16]);
        body.extend(bytes);
        self.ask(9, &body)
    }

    pub(super) fn set(&mut self, file: [u8; 16], class: u8, data: &[u8]) -> Came {
        let mut body = vec![33, 0, 1, class];
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend([96, 0, 0, 0, 0, 0, 0, 0]);
        body.extend(file);
        body.extend(data);
        self.ask(17, &body)
    }

    pub(super) fn rename(&mut self, file: [u8; 16], to: &str) -> Came {
        let name = wide(to);
        let mut data = vec![0; 16];
        data.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        data.extend(name);
        self.set(file, 10, &data)
    }

    /// Names in a folder.
    pub(super) fn list(&mut self, folder: &str, pattern: &str) -> Vec<(String, u64)> {
        let file = self.open(folder, 0x81, 1, 1);
        let mut found = Vec::new();
        loop {
            let name = wide(pattern);
            let mut body = vec![33, 0, 1, 0, 0, 0, 0, 0];
            body.extend(file);
            body.extend([96, 0]);
            body.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
            body.extend(65_536u32.to_le_bytes());
            body.extend(name);
            let came = self.ask(14, &body);
            if came.status() != 0 {
                assert!([0x8000_0006, 0xc000_000f].contains(&came.status()));
                break;
            }
            let entries = Message(&came.body[8..]);
            let mut at = 0;
            loop {
                let length = usize::try_from(entries.u32(at + 60).unwrap()).unwrap();
                let name = crate::decoys::smb::packet::text(entries.part(at + 64, length).unwrap());
                found.push((name, entries.u64(at + 40).unwrap()));
                match entries.u32(at).unwrap() {
                    0 => break,
                    next => at += usize::try_from(next).unwrap(),
                }
            }
        }
        self.close(file);
        found
    }
}

pub(super) fn create(name: &str, access: u32, disposition: u32, options: u32) -> Vec<u8> {
    let name = wide(name);
    let mut body = vec![57, 0, 0, 0];
    body.extend(2u32.to_le_bytes());
    body.extend([0; 16]);
    body.extend(access.to_le_bytes());
    body.extend(0x80u32.to_le_bytes());
    body.extend(7u32.to_le_bytes());
    body.extend(disposition.to_le_bytes());
    body.extend(options.to_le_bytes());
    body.extend(120u16.to_le_bytes());
    body.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    body.extend([0; 8]);
    body.extend(name);
    body.push(0);
    body
}

pub(super) fn close(file: [u8; 16]) -> Vec<u8> {
    [&[24, 0, 1, 0, 0, 0, 0, 0], &file[..]].concat()
}

pub(super) fn negotiate(dialect: Dialect) -> Vec<u8> {
    let dialects: Vec<u16> =
        Dialect::ALL.into_iter().filter(|known| *known <= dialect).map(Dialect::number).collect();
    let mut body = vec![36, 0];
    body.extend(u16::try_from(dialects.len()).unwrap().to_le_bytes());
    body.extend([1, 0, 0, 0]);
    body.extend(0x7fu32.to_le_bytes());
    body.extend([7; 16]);
    let listed: Vec<u8> = dialects.into_iter().flat_map(u16::to_le_bytes).collect();
    let at = (HEADER + 36 + listed.len()).next_multiple_of(8);
    let contexts = if dialect == Dialect::Smb311 { 2u16 } else { 0 };
    body.extend(if contexts == 0 { 0 } else { u32::try_from(at).unwrap() }.to_le_bytes());
    body.extend(contexts.to_le_bytes());
    body.extend([0; 2]);
    body.extend(listed);
    if contexts > 0 {
        body.resize(at - HEADER, 0);
        body.extend([1, 0, 38, 0, 0, 0, 0, 0, 1, 0, 32, 0, 1, 0]);
        body.extend([9; 32]);
        body.resize(body.len().next_multiple_of(8), 0);
        body.extend([2, 0, 6, 0, 0, 0, 0, 0, 2, 0, 1, 0, 2, 0]);
    }
    body
}

/// A client's first token.
fn spnego_of(message: &[u8]) -> Vec<u8> {
    let der = |tag: u8, value: &[u8]| [&[tag, u8::try_from(value.len()).unwrap()], value].concat();
    let oid = [6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
    let fields = [der(0xa0, &der(0x30, &oid)), der(0xa2, &der(4, message))].concat();
    let inner = der(0xa0, &der(0x30, &fields));
    der(0x60, &[&[6, 6, 0x2b, 6, 1, 5, 5, 2], &inner[..]].concat())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    let mut mac = Hmac::<Md5>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// An AUTHENTICATE_MESSAGE of NTLM version 2, and the session's key.
fn proof(user: &str, password: &str, flags: u32, nonce: &[u8; 8]) -> (Vec<u8>, [u8; 16]) {
    let key = hmac(&nt_hash(password), &[&wide(&user.to_uppercase())]);
    let blob = [&[1, 1, 0, 0, 0, 0, 0, 0][..], &[0; 8], &[5; 8], &[0; 8]].concat();
    let code = hmac(&key, &[nonce, &blob]);
    let nt = if user.is_empty() { Vec::new() } else { [&code[..], &blob].concat() };
    let parts = [Vec::new(), nt, Vec::new(), wide(user), wide("TEST"), Vec::new()];
    let mut message = [b"NTLMSSP\0", &3u32.to_le_bytes()[..]].concat();
    let mut at = 64u32;
    let mut payload = Vec::new();
    for part in parts {
        let length = u16::try_from(part.len()).unwrap();
        message.extend(length.to_le_bytes());
        message.extend(length.to_le_bytes());
        message.extend(at.to_le_bytes());
        at += u32::from(length);
        payload.extend(part);
    }
    message.extend(flags.to_le_bytes());
    message.extend(payload);
    (message, hmac(&key, &[&code]))
}

/// The password of an account.
pub(super) fn password(bench: &Bench, lure: &str) -> String {
    let accounts = bench.pack.hosts.iter().flat_map(|host| &host.accounts);
    accounts.into_iter().find(|account| account.lure == lure).unwrap().password.clone()
}

/// Flags of a chain's later messages.
pub(super) const RELATED: u32 = flags::RELATED;
