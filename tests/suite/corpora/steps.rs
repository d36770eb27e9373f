//! One step of a session: what the decoys tell of it.

use honeyward::event::detail::{Astm, DicomAssociation, Dimse, Hl7, Rpc, Smb, SmbFile};
use honeyward::event::observation::{AuthMethod, Change, Direction, Handling, Mark, RecordKind};
use honeyward::event::{Detail, Observation, Tainted};

use super::machines;

/// What a step tells; none when it is none of the typed ones.
pub(super) fn step(host: &str, text: &str) -> Option<Vec<Observation>> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let words: Vec<&str> = rest.split_whitespace().collect();
    let word = |n: usize| words.get(n).copied().unwrap_or_default();
    let number = |n: usize| words.get(n).and_then(|word| word.parse().ok()).unwrap_or(1_u32);
    let status =
        |n: usize, otherwise: u32| words.get(n).and_then(|word| word.parse().ok()).unwrap_or(otherwise);
    Some(match verb {
        "ssh" => vec![mark(Mark::SshClient, rest)],
        "hassh" => vec![mark(Mark::Hassh, rest)],
        "ja4" => vec![mark(Mark::Ja4, rest)],
        "ua" => vec![mark(Mark::UserAgent, rest)],
        "tool" => vec![mark(Mark::Tool, rest)],
        "scanner" => vec![mark(Mark::Scanner, rest)],
        "program" => vec![mark(Mark::DatabaseClient, rest)],
        "smb" => vec![mark(Mark::SmbClient, rest)],
        "ntlm" => vec![mark(Mark::NtlmClient, rest)],
        "rdp" => vec![mark(Mark::RdpClient, rest)],
        "probe" => vec![Observation::Probe { means: rest.to_owned() }],
        "bad" => vec![Observation::malformed(rest, b"\x16\x03\x01")],
        "get" => vec![request("GET", word(0), status(1, 200))],
        "head" => vec![request("HEAD", word(0), status(1, 200))],
        "post" => vec![request("POST", word(0), status(1, 200))],
        "req" => vec![request(word(0), word(1), status(2, 0))],
        "ae" => associate(word(0), word(1)),
        "refused" => vec![request("A-ASSOCIATE", word(0), 0x01_01_07)],
        "echo" => vec![request("C-ECHO", word(0), 0)],
        "store" => store(word(0)),
        "find" => find(word(0), number(1), word(2) == "all"),
        "mwl" => find("worklist", number(0), false),
        "cget" => retrieve("C-GET", number(0), ""),
        "cmove" => retrieve("C-MOVE", number(0), word(1)),
        "fail" => vec![login(AuthMethod::Password, word(0), word(1), false)],
        "form" => vec![login(AuthMethod::Form, word(0), word(1), false)],
        "basic" => vec![login(AuthMethod::Basic, word(0), word(1), false)],
        "hash" => {
            vec![login(AuthMethod::ChallengeResponse, word(0), &format!("NTLMv2:{}", words.len()), false)]
        }
        "sshkey" => vec![mark(Mark::SshKey, rest)],
        "key" => vec![login(AuthMethod::PublicKey, word(0), "SHA256:9a", false)],
        "community" => vec![login(AuthMethod::Password, "", word(0), word(1) == "known")],
        "identity" => vec![login(AuthMethod::DicomUserIdentity, word(0), word(1), true)],
        "guess" => (0..number(1))
            .map(|n| login(AuthMethod::Password, word(0), &format!("{}{n}", word(2)), false))
            .collect(),
        "users" => (0..number(0))
            .map(|n| login(AuthMethod::Password, &format!("{}{n}", word(1)), "a", false))
            .collect(),
        "in" => enter(host, word(0), AuthMethod::Password),
        "inform" => enter(host, word(0), AuthMethod::Form),
        "inhash" => enter(host, word(0), AuthMethod::ChallengeResponse),
        "$" => vec![Observation::Command { line: rest.into(), exit: Some(0) }],
        "query" => vec![query(word(0), number(1), word(2) == "all")],
        "read" => vec![Observation::RecordRead { subject: kind(word(0)), count: number(1), ids: vec![] }],
        "write" => vec![Observation::RecordWrite { subject: kind(word(0)), count: number(1), ids: vec![] }],
        "msg" => message(word(0), word(1), if word(2).is_empty() { "AA" } else { word(2) }),
        "astm" => astm(word(0), word(1)),
        "down" => vec![transfer(Direction::Download, word(0), number(1))],
        "up" => vec![transfer(Direction::Upload, word(0), number(1))],
        "tunnel" => {
            vec![Observation::Tunnel { means: word(0).into(), target: word(1).into(), relayed: false }]
        }
        "exploit" => vec![Observation::ExploitAttempt { weakness: rest.into(), payload: Tainted::default() }],
        "lure" => vec![Observation::LureTouched { lure: word(0).into(), how: "it was used".into() }],
        "tamper" => vec![tampering(word(0), word(1))],
        "real" => vec![real(word(0) == "device")],
        "content" => {
            vec![Observation::Content { sha256: "0".repeat(64), media: word(0).into(), found: vec![] }]
        }
        "rpc" => vec![rpc(word(0), number(1))],
        "share" => vec![share(word(0), status(1, 0))],
        "encrypt" => (0..number(0)).map(|n| encrypted(&format!("检查\\scan{n}.pdf"))).collect(),
        "rename" => (0..number(0)).map(|n| renamed(&format!("报告\\r{n}.docx"), word(1))).collect(),
        _ => return None,
    })
}

fn mark(mark: Mark, value: &str) -> Observation {
    Observation::Fingerprint { mark, value: value.into() }
}

fn request(verb: &str, target: &str, status: u32) -> Observation {
    Observation::Request { verb: verb.into(), target: target.into(), status, detail: None }
}

fn associate(calling: &str, called: &str) -> Vec<Observation> {
    let detail = DicomAssociation {
        calling_ae: calling.into(),
        called_ae: called.into(),
        implementation_uid: Tainted::default(),
        implementation_version: Tainted::default(),
        max_pdu: 16_384,
        abstract_syntaxes: Vec::new(),
    };
    let detail = Some(Detail::DicomAssociation(detail));
    let (verb, target) = ("A-ASSOCIATE".into(), called.into());
    vec![mark(Mark::CallingAe, calling), Observation::Request { verb, target, status: 0, detail }]
}

/// Storage SOP classes, PS3.4 B.5, by what they are called here.
fn store(object: &str) -> Vec<Observation> {
    let class = match object {
        "ct" => "2",
        "mr" => "4",
        "cr" => "1",
        "dx" => "1.1",
        "us" => "6.1",
        "mg" => "1.2",
        "nm" => "20",
        "pt" => "128",
        "sc" => "7",
        "xa" => "12.1",
        "pdf" => "104.1",
        "sr" => "88.11",
        "raw" => "66",
        other => panic!("store {other}"),
    };
    let detail = Dimse {
        operation: "C-STORE".into(),
        sop_class: format!("1.2.840.10008.5.1.4.1.1.{class}").into(),
        level: Tainted::default(),
        destination: Tainted::default(),
    };
    let detail = Some(Detail::Dimse(detail));
    vec![
        Observation::Request { verb: "C-STORE".into(), target: "1.2.3".into(), status: 0, detail },
        transfer(Direction::Upload, "1.2.3", 524_288),
        Observation::RecordWrite { subject: RecordKind::Instance, count: 1, ids: vec![] },
    ]
}

fn find(level: &str, answers: u32, unbounded: bool) -> Vec<Observation> {
    let subject = kind(level);
    let query = Observation::Query { subject, filter: "*".into(), answers, unbounded, detail: None };
    let read = Observation::RecordRead { subject, count: answers, ids: vec![] };
    if answers > 0 { vec![query, read] } else { vec![query] }
}

fn retrieve(operation: &str, images: u32, to: &str) -> Vec<Observation> {
    let detail = Dimse {
        operation: operation.into(),
        sop_class: Tainted::default(),
        level: "STUDY".into(),
        destination: to.into(),
    };
    let (subject, detail) = (RecordKind::Study, Some(Detail::Dimse(detail)));
    let query =
        Observation::Query { subject, filter: "1.2".into(), answers: images, unbounded: false, detail };
    if to.is_empty() {
        return vec![
            query,
            Observation::RecordRead { subject: RecordKind::Instance, count: images, ids: vec![] },
        ];
    }
    vec![query, Observation::Tunnel { means: "C-MOVE".into(), target: to.into(), relayed: false }]
}

fn login(method: AuthMethod, account: &str, secret: &str, accepted: bool) -> Observation {
    Observation::AuthAttempt { method, account: account.into(), secret: Some(secret.into()), accepted }
}

/// A login with a lure account of the pack.
fn enter(host: &str, account: &str, method: AuthMethod) -> Vec<Observation> {
    let password = machines::password(host, account);
    let lure = Observation::LureTouched { lure: format!("{host}/{account}"), how: "login".into() };
    vec![login(method, account, &password, true), lure]
}

fn query(subject: &str, answers: u32, unbounded: bool) -> Observation {
    Observation::Query { subject: kind(subject), filter: "x".into(), answers, unbounded, detail: None }
}

fn kind(name: &str) -> RecordKind {
    serde_json::from_value(name.into()).unwrap_or_else(|_| panic!("{name}: no kind of record"))
}

fn message(kind: &str, sender: &str, answer: &str) -> Vec<Observation> {
    let (application, facility) = sender.split_once('|').unwrap_or((sender, "HOSP"));
    let detail = Hl7 {
        sending_application: application.into(),
        sending_facility: facility.into(),
        version: "2.4".into(),
        charset: Tainted::default(),
    };
    let message = Observation::Message {
        message_type: kind.into(),
        control_id: "1".into(),
        answer: answer.into(),
        detail: Some(Detail::Hl7(detail)),
    };
    vec![mark(Mark::HlSender, &format!("{application}|{facility}")), message]
}

fn astm(sender: &str, kind: &str) -> Vec<Observation> {
    let detail = Detail::Astm(Astm { sender: sender.into(), records: "HPORL".into() });
    let message = Observation::Message {
        message_type: kind.into(),
        control_id: Tainted::default(),
        answer: "ACK".into(),
        detail: Some(detail),
    };
    vec![mark(Mark::AstmSender, sender), message]
}

fn transfer(direction: Direction, name: &str, size: u32) -> Observation {
    Observation::Transfer { direction, name: name.into(), size: size.into(), sha256: "0".repeat(64) }
}

fn tampering(subject: &str, field: &str) -> Observation {
    let change = Change { field: field.into(), from: "a".into(), to: "b".into() };
    Observation::Tampering { subject: kind(subject), id: "1.2.3".into(), changes: vec![change] }
}

fn real(device: bool) -> Observation {
    Observation::RealData {
        signs: vec!["a toolkit of a vendor".into()],
        device,
        patient: "ab12".into(),
        sha256: String::new(),
        handling: Handling::NotKept,
    }
}

fn rpc(interface: &str, opnum: u32) -> Observation {
    let detail = Rpc {
        interface: interface.into(),
        opnum: u16::try_from(opnum).unwrap(),
        over: "pipe".into(),
        account: Tainted::default(),
    };
    let (verb, target) = ("call".into(), interface.into());
    Observation::Request { verb, target, status: 0, detail: Some(Detail::Rpc(detail)) }
}

fn share(name: &str, status: u32) -> Observation {
    let detail = Smb {
        dialect: "3.1.1".into(),
        account: Tainted::default(),
        share: name.into(),
        cipher: String::new(),
    };
    let (verb, target) = ("TREE_CONNECT".into(), name.into());
    Observation::Request { verb, target, status, detail: Some(Detail::Smb(detail)) }
}

fn encrypted(path: &str) -> Observation {
    let mut file = file();
    (file.bytes, file.kind_before, file.kind_after) =
        (65_536, "application/pdf".into(), "application/octet-stream".into());
    (file.entropy_before, file.entropy_after) = (Some(640), Some(799));
    on_share("WRITE", path, file)
}

fn renamed(path: &str, ending: &str) -> Observation {
    on_share("RENAME", path, SmbFile { renamed_to: format!("{path}.{ending}").into(), ..file() })
}

fn on_share(verb: &str, path: &str, file: SmbFile) -> Observation {
    let detail = Some(Detail::SmbFile(file));
    Observation::Request { verb: verb.into(), target: path.into(), status: 0, detail }
}

fn file() -> SmbFile {
    SmbFile {
        account: Tainted::default(),
        share: "数据".into(),
        bytes: 0,
        renamed_to: Tainted::default(),
        is_new: false,
        kind_before: String::new(),
        kind_after: String::new(),
        entropy_before: None,
        entropy_after: None,
    }
}
