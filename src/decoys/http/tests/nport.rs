//! The web console of the serial device server, against its telnet console and what scanners look for.

use md5::{Digest, Md5};

use super::embedded::Face;
use crate::event::Observation;
use crate::persona::device;
use crate::session::bench::NOW;

fn get(face: &Face, path: &str) -> (String, String) {
    let (head, body) = face.ask(&format!("GET {path} HTTP/1.1\r\nHost: np\r\n\r\n"));
    (head, String::from_utf8(body).unwrap())
}

/// The name by which version scans know it.
#[test]
fn the_first_page_is_the_one_that_scanners_know() {
    let face = Face::of("nport01");
    let (head, body) = get(&face, "/");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\nServer: MoxaHttp/1.0\r\n"), "{head}");
    assert!(body.starts_with("<HTML><HEAD><TITLE>NPort Web Console</TITLE> <SCRIPT language="), "{body}");
    for path in ["/main.htm", "/Net.htm", "/etc/passwd"] {
        let (_, body) = get(&face, path);
        assert!(body.contains("name=FakeChallenge"), "{path} before the password: {body}");
    }
}

#[test]
fn the_makers_password_opens_it_in_each_form_and_the_pages_are_the_other_consoles() {
    let face = Face::of("nport01");
    let (_, body) = get(&face, "/home.htm?Password=1234&Submit=Submit&FakeChallenge=AA");
    assert!(body.contains("Password error !"));
    let hidden: Vec<u8> =
        Md5::digest(b"AA").iter().zip(b"moxa\0\0\0\0\0\0\0\0\0\0\0\0").map(|(a, b)| a ^ b).collect();
    for given in ["moxa".to_owned(), hex::encode(hidden), hex::encode(Md5::digest(b"moxa"))] {
        let face = Face::of("nport01");
        let (_, body) = get(&face, &format!("/home.htm?Password={given}&Submit=Submit&FakeChallenge=AA"));
        assert!(body.contains("FRAME name=main src=main.htm"), "{given}: {body}");
        let told = face.events();
        assert!(told.iter().any(|o| matches!(o, Observation::AuthAttempt { accepted: true, .. })));
        assert!(
            told.iter()
                .any(|o| matches!(o, Observation::LureTouched { lure, .. } if lure == "nport01/admin"))
        );
        let (_, main) = get(&face, "/main.htm");
        let host = face.bench.pack.host("nport01").unwrap();
        let up = device::uptime(&face.bench.pack, host, NOW.parse().unwrap());
        for shown in [device::mac(host), device::serial(&face.bench.pack.installation, host), up] {
            assert!(
                main.contains(&format!("(\"{shown}\")")) || main.contains(&format!(", \"{shown}\")")),
                "{main}"
            );
        }
        assert!(get(&face, "/Op.htm").1.contains("value=\"4001\""));
        get(&face, "/Set.htm?IP=10.0.0.1");
        assert!(face.events().iter().any(|o| matches!(o, Observation::Command { .. })));
    }
}

#[test]
fn heads_that_are_none_are_refused_at_every_split() {
    let face = Face::of("nport01");
    for request in [
        &b"GET /\r\n\r\n"[..],
        b"POST /home.htm HTTP/1.1\r\nContent-Length: 9\r\n\r\nPassword=",
        b"\x16\x03\x01\x00\xa5\r\n\r\n",
    ] {
        let whole = face.send(&[request]);
        assert!(whole.0.starts_with(b"HTTP/1.1 "), "{whole:?}");
        // The challenge hangs on the moment alone, which stands still here.
        for at in 1..request.len() {
            assert_eq!(face.send(&[&request[..at], &request[at..]]), whole, "split at {at}");
        }
    }
}
