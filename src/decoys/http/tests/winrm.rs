//! Windows' remote management: before a login, a logon by NTLM, and what an administrator is refused.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::BytesMut;
use jiff::Timestamp;

use super::super::winrm::{self, sealed::Sealed};
use crate::decoys::Making;
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::bench::{Bench, NOW};
use crate::session::{Conversation, Decoy, Machine, Outbox};
use crate::wire::ntlm;
use std::sync::Arc;

struct Client {
    machine: Box<dyn Machine>,
    input: BytesMut,
}

fn client(bench: &Bench, host: &str) -> Client {
    let (host, service) = bench.pack.service(host, Protocol::Winrm).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(host),
        world: Arc::clone(&bench.world),
        imaging: Arc::default(),
    };
    let decoy: Arc<dyn Decoy> = winrm::build(&making, service).unwrap();
    let Conversation::Machine(mut machine) = decoy.converse(bench.session(&host.name, "winrm")) else {
        panic!("a machine")
    };
    machine.open(now(), &mut Outbox::default());
    Client { machine, input: BytesMut::new() }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

impl Client {
    fn send(&mut self, bytes: &[u8]) -> (String, Vec<u8>) {
        let mut out = Outbox::default();
        self.input.extend_from_slice(bytes);
        self.machine.receive(now(), &mut self.input, &mut out);
        let answer = out.joined();
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
        (String::from_utf8_lossy(&answer[..split]).into_owned(), answer[split..].to_vec())
    }

    fn post(&mut self, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
        let head =
            format!("POST /wsman HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.send(&[head.as_bytes(), body].concat())
    }
}

const IDENTIFY: &str = "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:i=\"http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd\"><s:Header/><s:Body><i:Identify/></s:Body></s:Envelope>";

/// Lengths and order of headers as recordings of the product show them.
#[test]
fn before_a_login_it_answers_as_the_product() {
    let bench = Bench::new();
    let (head, body) = client(&bench, "hisdb").send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(
        head.starts_with("HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=us-ascii\r\nServer: Microsoft-HTTPAPI/2.0\r\nDate: "),
        "{head}"
    );
    assert!(head.ends_with("\r\nConnection: close\r\nContent-Length: 315\r\n\r\n"), "{head}");
    assert_eq!(body.len(), 315);
    let (head, _) = client(&bench, "hisdb").send(b"GET /wsman HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 405 \r\nAllow: POST\r\nServer: "), "{head}");
    let (head, _) = client(&bench, "hisdb").post("", b"");
    assert!(
        head.starts_with("HTTP/1.1 401 \r\nServer: Microsoft-HTTPAPI/2.0\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\nDate: "),
        "{head}"
    );
    let (head, body) = client(&bench, "lis").post("WSMANIDENTIFY: unauthenticated\r\n", IDENTIFY.as_bytes());
    assert!(
        head.starts_with("HTTP/1.1 200 \r\nContent-Type: application/soap+xml;charset=UTF-8\r\n"),
        "{head}"
    );
    assert!(String::from_utf8(body).unwrap().contains("OS: 0.0.0 SP: 0.0 Stack: 3.0"));
    client(&bench, "hisdb").post("Authorization: Basic YTpi\r\n", b"");
    let told = bench.told();
    assert!(told.iter().any(|o| matches!(o, Observation::AuthAttempt { accepted: false, .. })), "{told:?}");
}

/// A message of NEGOTIATE, with all that a client of Windows asks for.
fn negotiate() -> String {
    let message =
        [&b"NTLMSSP\0\x01\0\0\0"[..], &0xe208_82b7u32.to_le_bytes(), &[0; 16], b"\x06\x03\x80\x25\0\0\0\x0f"];
    BASE64_STANDARD.encode(message.concat())
}

#[test]
fn a_challenge_has_the_hosts_names_and_a_wrong_proof_is_kept_for_crackers() {
    let bench = Bench::new();
    let mut client = client(&bench, "hisdb");
    let (head, _) = client.post(&format!("Authorization: Negotiate {}\r\n", negotiate()), b"");
    assert!(head.starts_with("HTTP/1.1 401 \r\nWWW-Authenticate: Negotiate TlRMTVNTUAACAAAA"), "{head}");
    assert!(head.ends_with("Content-Length: 0\r\n\r\n") && !head.contains("Connection"), "{head}");
    let token = head.split("Negotiate ").nth(1).unwrap().split("\r\n").next().unwrap();
    let challenge = BASE64_STANDARD.decode(token).unwrap();
    let names: Vec<u8> = "CLZX-HISDB01".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(challenge.windows(names.len()).any(|w| w == names), "the name that SMB says");
    let proof = BASE64_STANDARD.encode(ntlm::tests_proof());
    let (head, _) = client.post(&format!("Authorization: Negotiate {proof}\r\n"), b"");
    assert!(head.contains("\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Kerberos\r\n"), "{head}");
    let told = bench.told();
    let secret = told.iter().find_map(|o| match o {
        Observation::AuthAttempt { secret: Some(secret), accepted: false, .. } => {
            Some(secret.as_untrusted().to_owned())
        }
        _ => None,
    });
    assert!(secret.unwrap().contains("::"), "{told:?}");
}

#[test]
fn bodies_that_are_none_and_every_split() {
    let bench = Bench::new();
    let sealed = Sealed { signature: [1; 16], text: vec![2; 40] };
    let body = sealed.write("application/HTTP-SPNEGO-session-encrypted");
    let head = format!(
        "POST /wsman HTTP/1.1\r\nHost: h\r\nAuthorization: Negotiate {}\r\nContent-Type: multipart/encrypted\r\nContent-Length: {}\r\n\r\n",
        negotiate(),
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    let whole = client(&bench, "hisdb").send(&request);
    assert!(whole.0.starts_with("HTTP/1.1 401 \r\n"), "{whole:?}");
    for at in 1..request.len() {
        let mut client = client(&bench, "hisdb");
        let (first, _) = client.send(&request[..at]);
        assert_eq!((first.as_str(), client.send(&request[at..])), ("", whole.clone()), "split at {at}");
    }
}
