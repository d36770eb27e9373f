//! SFTP and scp at every split of their bytes.

use std::sync::Arc;

use super::stand_in::{Kept, making, session};
use crate::decoys::ssh::behaviour::SshBehaviour;
use crate::decoys::ssh::scp::Scp;
use crate::decoys::ssh::sftp::Sftp;
use crate::decoys::ssh::shell::Site;
use crate::decoys::ssh::shell::fs::{Fs, Who};
use crate::event::Observation;
use crate::persona::Protocol;
use crate::session::Session;
use crate::world::overlay::Overlay;

fn machine() -> (Fs, Session, Arc<Kept>) {
    let (making, host) = making("pacs");
    let service = host.services.iter().find(|s| s.protocol == Protocol::Ssh).unwrap();
    let behaviour = SshBehaviour::read(&service.behaviour).unwrap();
    let site = Arc::new(Site::new(Arc::clone(&making.pack), host, behaviour));
    let kept = Arc::new(Kept::default());
    let session = session(&making, &Arc::new(Overlay::default()), &kept);
    (Fs::new(site, session.clone(), Who { uid: 1000, gid: 1000 }), session, kept)
}

fn packet(kind: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let mut out = u32::try_from(body.len() + 1).unwrap().to_be_bytes().to_vec();
    out.push(kind);
    out.extend(body);
    out
}

fn text(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// INIT, an upload, its STAT, a directory, a path that is not there.
fn dialogue() -> Vec<u8> {
    let id = |n: u32| n.to_be_bytes();
    [
        packet(1, &[&id(3)]),
        packet(3, &[&id(1), &text("up.txt"), &id(0x1a), &id(0)]),
        packet(6, &[&id(2), &text("\0\0\0\0"), &[0; 8], &text("hello")]),
        packet(4, &[&id(3), &text("\0\0\0\0")]),
        packet(17, &[&id(4), &text("up.txt")]),
        packet(11, &[&id(5), &text("/opt/pacs")]),
        packet(12, &[&id(6), &text("\0\0\0\0")]),
        packet(17, &[&id(7), &text("/nope")]),
        packet(250, &[&id(8)]),
    ]
    .concat()
}

#[test]
fn sftp_answers_alike_at_every_split() {
    let bytes = dialogue();
    let whole = {
        let (fs, session, kept) = machine();
        let out = Sftp::new(fs.clone(), session, "/home/pacsop").receive(&bytes);
        assert_eq!(fs.read("/home/pacsop/up.txt").unwrap(), b"hello");
        let events = kept.events.lock().unwrap();
        assert!(events.iter().any(|o| matches!(o, Observation::Transfer { size: 5, .. })));
        out
    };
    for cut in 0..=bytes.len() {
        let (fs, session, _) = machine();
        let mut sftp = Sftp::new(fs, session, "/home/pacsop");
        let mut out = sftp.receive(&bytes[..cut]);
        out.extend(sftp.receive(&bytes[cut..]));
        assert_eq!(out, whole, "cut at {cut}");
    }
}

#[test]
fn sftp_takes_any_bytes() {
    let (fs, session, kept) = machine();
    let mut sftp = Sftp::new(fs, session, "/home/pacsop");
    assert_eq!(sftp.receive(&[0xff; 64]), b"");
    assert!(kept.events.lock().unwrap().iter().any(|o| matches!(o, Observation::Malformed { .. })));
    for kind in 0..=255 {
        let (fs, session, _) = machine();
        let _ = Sftp::new(fs, session, "/home/pacsop").receive(&packet(kind, &[&[0; 3]]));
    }
}

#[test]
fn scp_takes_a_file_at_every_split() {
    let bytes = b"T1 0 1 0\nC0755 5 x.sh\nhello\0E\n";
    for cut in 0..=bytes.len() {
        let (fs, session, _) = machine();
        let mut scp = Scp::start("scp -t /tmp", fs.clone(), session, "/home/pacsop").unwrap();
        assert_eq!(scp.hello(), [0]);
        let mut out = scp.receive(&bytes[..cut]);
        out.extend(scp.receive(&bytes[cut..]));
        assert_eq!(out, [0; 4], "cut at {cut}");
        assert_eq!(fs.read("/tmp/x.sh").unwrap(), b"hello");
    }
}

#[test]
fn scp_refuses_names_that_lead_elsewhere() {
    let (fs, session, _) = machine();
    let mut scp = Scp::start("scp -r -t /tmp", fs, session, "/home/pacsop").unwrap();
    assert_eq!(scp.receive(b"C0644 1 ../x\n")[0], 1);
    assert_eq!(scp.receive(b"garbage\n")[0], 2);
    assert!(scp.is_done());
}
