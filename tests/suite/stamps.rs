//! Time stamps of an authority made from `openssl ts`: asked for over HTTP, kept in the chain, carried in
//! bundles, and checked by OpenSSL itself.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use honeyward::event::{Root, Stamp};
use honeyward::store::stamp::{self, Token};
use honeyward::store::{Known, Reader, Signer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use tempfile::TempDir;

use crate::honeynet::{Honeynet, text, within};

/// An authority: a root, and a certificate of its for time stamps.
struct Authority {
    folder: TempDir,
}

const CONFIG: &str = "[tsa]\ndefault_tsa = one\n[one]\nserial = ./serial\nsigner_cert = ./tsa.pem\n\
    certs = ./ca.pem\nsigner_key = ./tsa.key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\n\
    digests = sha256, sha384, sha512\naccuracy = secs:1\nordering = yes\ntsa_name = yes\n";

impl Authority {
    fn new(key: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let here = folder.path();
        fs::write(here.join("tsa.cnf"), CONFIG).unwrap();
        fs::write(here.join("serial"), "01\n").unwrap();
        fs::write(here.join("tsa.ext"), "extendedKeyUsage = critical, timeStamping\n").unwrap();
        let new = |name: &str, more: &[&str]| {
            let subject = format!("/CN={name}");
            let (out, pem) = (format!("{name}.key"), format!("{name}.pem"));
            let head = ["req", "-nodes", "-keyout", &out, "-subj", &subject, "-out", &pem, "-newkey"];
            openssl(here, &[&head[..], key, more].concat());
        };
        new("ca", &["-x509", "-days", "2"]);
        new("tsa", &[]);
        fs::rename(here.join("tsa.pem"), here.join("tsa.csr")).unwrap();
        let sign = ["x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
        openssl(here, &[&sign[..], &["-days", "2", "-extfile", "tsa.ext", "-out", "tsa.pem"]].concat());
        Authority { folder }
    }

    fn rsa() -> Self {
        Authority::new(&["rsa:2048"])
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn certificates(&self) -> Vec<CertificateDer<'static>> {
        let pem = fs::read(self.path("ca.pem")).unwrap();
        CertificateDer::pem_slice_iter(&pem).map(Result::unwrap).collect()
    }

    fn answer(&self, query: &[u8]) -> Vec<u8> {
        answer(self.folder.path(), query)
    }

    /// Answers over HTTP for as long as the test runs.
    fn serve(&self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = self.folder.path().to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(query) = posted(&mut stream) else { continue };
                let body = answer(&folder, &query);
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
            }
        });
        port
    }
}

/// A TimeStampQuery as RFC 3161 3.4 has it posted.
fn posted(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(head.starts_with("post /tsr http/1.1\r\n"), "{head}");
    assert!(head.contains("content-type: application/timestamp-query\r\n"), "{head}");
    let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

fn answer(folder: &Path, query: &[u8]) -> Vec<u8> {
    fs::write(folder.join("query"), query).unwrap();
    openssl(folder, &["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]);
    fs::read(folder.join("reply")).unwrap()
}

fn openssl(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("openssl").args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "openssl {args:?}: {}", text(&output));
    text(&output)
}

fn root(signed: &str) -> Root {
    let mut root = Root {
        from: 1,
        to: 9,
        before: "0".repeat(64),
        head: "1".repeat(64),
        merkle: "2".repeat(64),
        sm3: None,
        signed: signed.parse().unwrap(),
        key: String::new(),
        signature: String::new(),
    };
    let signer = Signer::new(&[7; 32]).unwrap();
    root.key = signer.key();
    root.signature = signer.sign(root.statement().as_bytes());
    root
}

fn stamped(authority: &Authority, root: &Root) -> Stamp {
    let digest = stamp::digest(root);
    let response = authority.answer(&stamp::query(&digest, 0x8000_0000_0000_0001));
    let token = Token::read(&response).unwrap();
    assert!(token.answers(0x8000_0000_0000_0001) && !token.answers(1));
    let response = STANDARD.encode(response);
    Stamp { to: root.to, digest: hex::encode(digest), at: token.at, authority: "x".into(), response }
}

#[test]
fn a_stamp_holds_for_its_root_and_its_authority_alone() {
    let elliptic = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    for authority in [Authority::rsa(), Authority::new(&elliptic)] {
        let root = root("2026-03-01T00:00:00Z");
        let good = stamped(&authority, &root);
        let token = stamp::check(&good, &root).unwrap();
        token.vouched_by(&authority.certificates()).unwrap();
        token.vouched_by(&Authority::rsa().certificates()).unwrap_err();
        assert!(good.at.duration_since(jiff::Timestamp::now()).abs() < jiff::SignedDuration::from_mins(1));

        let other = self::root("2026-03-01T00:00:01Z");
        assert_eq!(stamp::check(&good, &other).unwrap_err(), "it is a stamp of something else");
        let later = Stamp { at: good.at + jiff::SignedDuration::from_secs(1), ..good.clone() };
        assert_eq!(stamp::check(&later, &root).unwrap_err(), "its time was changed beside it");
        let bytes = STANDARD.decode(&good.response).unwrap();
        let time = bytes.windows(4).position(|four| four == b"2026" || four == b"2027").unwrap_or(40);
        for at in [time + 3, bytes.len() - 1] {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            assert!(Token::read(&forged).is_err(), "byte {at}");
        }
        for length in 0..bytes.len() {
            assert!(Token::read(&bytes[..length]).is_err(), "cut at {length}");
        }
    }
}

#[test]
fn a_root_is_stamped_and_the_stamp_goes_with_the_bundle() {
    let authority = Authority::rsa();
    let config = format!(
        "[evidence.timestamp]\nurl = \"http://127.0.0.1:{}/tsr\"\nca = \"{}\"\n",
        authority.serve(),
        authority.path("ca.pem").display()
    );
    let net = Honeynet::with(&config);
    let mut reader = Reader::open(&net.data().join("store/honeyward.db")).unwrap();
    within(Duration::from_secs(40), "a stamped root", || {
        reader.records_after(0, "system/chain_stamp").unwrap().pop()
    });
    let checked = net.json(&["verify", "--json"]);
    assert_eq!(
        (&checked[0]["ok"], &checked[0]["stamps"]),
        (&Value::Bool(true), &Value::from(1)),
        "{checked:?}"
    );

    let address = net.address("his", "ssh");
    drop(TcpStream::connect(address).unwrap());
    let session = net.sessions(1, |row| row["service"] == "ssh" && !row["closed"].is_null()).remove(0);
    let bag = net.scratch("case");
    let arguments = ["export", session["id"].as_str().unwrap(), "--to", bag.to_str().unwrap(), "--by", "x"];
    let told = net.honeyward(&[&arguments[..], &["--reason", "test"]].concat());
    assert!(told.status.success(), "{}", text(&told));
    let good = net.honeyward(&["verify", bag.to_str().unwrap()]);
    assert!(good.status.success(), "{}", text(&good));
    let stamps = bag.join("data/chain/stamps");
    let names: Vec<String> =
        fs::read_dir(&stamps).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    let name = names.iter().find_map(|name| name.strip_suffix(".tsr")).unwrap();
    let (data, reply) = (format!("{name}.txt"), format!("{name}.tsr"));
    let ca = authority.path("ca.pem");
    let verify = ["ts", "-verify", "-data", &data, "-in", &reply, "-CAfile", ca.to_str().unwrap()];
    assert!(openssl(&stamps, &verify).contains("Verification: OK"));

    let list = bag.join("data/chain/stamps.json");
    let forged = fs::read_to_string(&list).unwrap().replace("\"at\": \"20", "\"at\": \"19");
    fs::write(&list, forged).unwrap();
    let found = text(&net.honeyward(&["verify", bag.to_str().unwrap()]));
    assert!(found.contains("time stamp") && found.contains("its time was changed beside it"), "{found}");
    assert!(reader.verify(&Known::default(), |_, _| {}).unwrap().stamp.is_some());
}
