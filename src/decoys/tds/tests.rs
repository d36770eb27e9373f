//! The machine, played as a client does.

mod cursors;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::BytesMut;
use jiff::Timestamp;

use super::behaviour::Behaviour;
use super::engine::{Ask, Engine};
use super::established::Established;
use super::packet::{Assembler, Framer, HEADER, Message, kind};
use super::read::utf16;
use super::server::Server;
use super::version::Version;
use super::{TdsMachine, prelogin, requests};
use crate::database::{
    Catalog, Column, Decimal, Done, Item, Language, Parameter, Pulled, SqlType, Value, Verb,
};
use crate::decoys::Making;
use crate::event::observation::AuthMethod;
use crate::event::{Detail, Observation};
use crate::imaging::Imaging;
use crate::session::bench::{Bench, NOW, play};
use crate::session::{Next, Outbox, Wake};

pub(super) fn server(bench: &Bench) -> Arc<Server> {
    let host = Arc::clone(bench.pack.host("hisdb").unwrap());
    let service = host.services.iter().find(|s| s.port == 1433).unwrap();
    let behaviour = Behaviour::read(service).unwrap();
    let making = Making {
        pack: Arc::clone(&bench.pack),
        host: Arc::clone(&host),
        world: Arc::clone(&bench.world),
        imaging: Arc::new(Imaging::default()),
    };
    let catalog = Catalog::load(&bench.pack, &host, "hisdb/database.toml").unwrap();
    Server::new(behaviour, Arc::new(catalog), &making)
}

fn machine(bench: &Bench) -> TdsMachine {
    TdsMachine::new(server(bench), bench.session("hisdb", "tds"))
}

/// One packet that is a whole message.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + body.len()).unwrap().to_be_bytes();
    [&[kind, 1], &length[..], &[0, 0, 1, 0], body].concat()
}

/// What nmap and Impacket send first: encryption off.
const NMAP: &str =
    "0000150006010 01b000102001c000c0300280004ff080001550000004d5353514c5365727665720048 0f0000";

fn prelogin_of(encryption: u8) -> Vec<u8> {
    let mut body = hex::decode(NMAP.replace(' ', "")).unwrap();
    body[27] = encryption;
    packet(kind::PRELOGIN, &body)
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A LOGIN7 of TDS 7.4.
fn login(user: &str, password: &str, language: &str, token: &[u8]) -> Vec<u8> {
    let secret: Vec<u8> = wide(password).iter().map(|b| b.rotate_left(4) ^ 0xa5).collect();
    let texts = [
        wide("PC-07"),
        wide(user),
        secret,
        wide("HisClient"),
        wide("hisdb"),
        Vec::new(),
        wide("ODBC"),
        wide(language),
        wide("THIS4"),
    ];
    let mut body = vec![0u8; 94];
    body[4..8].copy_from_slice(&0x7400_0004u32.to_le_bytes());
    body[8..12].copy_from_slice(&4096u32.to_le_bytes());
    body[25] = if token.is_empty() { 0x03 } else { 0x83 };
    let mut data: Vec<u8> = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let at = 36 + index * 4;
        let place = u16::try_from(94 + data.len()).unwrap();
        body[at..at + 2].copy_from_slice(&place.to_le_bytes());
        let length = u16::try_from(text.len() / 2).unwrap();
        body[at + 2..at + 4].copy_from_slice(&length.to_le_bytes());
        data.extend(text);
    }
    let place = u16::try_from(94 + data.len()).unwrap();
    body[78..80].copy_from_slice(&place.to_le_bytes());
    body[80..82].copy_from_slice(&u16::try_from(token.len()).unwrap().to_le_bytes());
    data.extend(token);
    body.extend(data);
    let length = u32::try_from(body.len()).unwrap();
    body[0..4].copy_from_slice(&length.to_le_bytes());
    packet(kind::LOGIN, &body)
}

#[test]
fn a_prelogin_is_answered_with_the_build() {
    let bench = Bench::new();
    let sent = play(&mut machine(&bench), &[&prelogin_of(prelogin::ENCRYPT_NOT_SUP)]);
    // What nmap knows SQL Server 2012 with Service Pack 4 by.
    let known = "0401002500000100000015000601001b000102001c000103001d0000ff0b001b5900000200";
    assert_eq!(hex::encode(&sent), known);
}

#[test]
fn encryption_is_agreed_on_by_the_table() {
    let bench = Bench::new();
    let offered = server(&bench).behaviour.clone();
    let agreed = |asked: u8, own| {
        let mut behaviour = offered.clone();
        behaviour.tls.encryption = own;
        let asked = prelogin::Prelogin { encryption: Some(asked), options: vec![0, 1], ..Default::default() };
        let (answer, agreed) = asked.answer(&behaviour);
        (*answer.last().unwrap(), agreed)
    };
    use super::behaviour::Encryption::{Forced, Offered, Unavailable};
    use super::prelogin::Agreed;
    assert_eq!(agreed(0, Offered), (0, Agreed::Login));
    assert_eq!(agreed(1, Offered), (1, Agreed::All));
    assert_eq!(agreed(2, Offered), (2, Agreed::Plain));
    assert_eq!(agreed(0, Forced), (3, Agreed::All));
    assert_eq!(agreed(2, Forced), (3, Agreed::Nothing));
    assert_eq!(agreed(0, Unavailable), (2, Agreed::Plain));
    assert_eq!(agreed(1, Unavailable), (2, Agreed::Nothing));
}

#[test]
fn a_wrong_password_is_refused_in_the_server_s_words_and_told() {
    for (language, words) in [("", "用户 'sa' 登录失败。"), ("us_english", "Login failed for user 'sa'.")]
    {
        let bench = Bench::new();
        let wire = [prelogin_of(prelogin::ENCRYPT_NOT_SUP), login("sa", "P@ss张1", language, &[])].concat();
        let sent = play(&mut machine(&bench), &[&wire]);
        assert!(utf16(&sent[45..]).contains(words) || utf16(&sent[46..]).contains(words), "{words}");
        // Number 18456, state 1, class 14; at the end a DONE with an error.
        let error = [0x18, 0x48, 0, 0, 1, 14];
        assert!(sent.windows(6).any(|window| window == error));
        assert!(sent.ends_with(&[0xfd, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        let told = bench.told();
        assert!(told.iter().any(|o| matches!(o, Observation::AuthAttempt { method: AuthMethod::Password,
            account, secret: Some(secret), accepted: false }
            if account.as_untrusted() == "sa" && secret.as_untrusted() == "P@ss张1")));
        assert!(told.iter().any(|o| matches!(o, Observation::Request { detail: Some(Detail::Tds(tds)), .. }
            if tds.version == "7.4" && tds.client_host.as_untrusted() == "PC-07")));
        // The same however the bytes come.
        for at in 1..wire.len() {
            let bench = Bench::new();
            assert_eq!(play(&mut machine(&bench), &[&wire[..at], &wire[at..]]), sent, "{at}");
        }
    }
}

#[test]
fn a_windows_login_is_led_to_its_proof() {
    let bench = Bench::new();
    let negotiate =
        hex::decode("4e544c4d5353500001000000978208e20000000000000000000000000000000000000000").unwrap();
    let mut machine = machine(&bench);
    let wire = [prelogin_of(prelogin::ENCRYPT_NOT_SUP), login("", "", "", &negotiate)].concat();
    let mut out = Outbox::default();
    let now: Timestamp = NOW.parse().unwrap();
    let mut input = BytesMut::from(&wire[..]);
    crate::session::Machine::receive(&mut machine, now, &mut input, &mut out);
    let sent = out.joined();
    let at = sent.windows(8).position(|window| window == b"NTLMSSP\0").unwrap();
    assert_eq!(sent[at - 3], 0xed);
    assert_eq!(&sent[at + 48..at + 52], &[6, 3, 0x80, 0x25]);
    let proof = crate::wire::ntlm::tests_proof();
    let mut out = Outbox::default();
    let mut input = BytesMut::from(&packet(kind::SSPI, &proof)[..]);
    let next = crate::session::Machine::receive(&mut machine, now, &mut input, &mut out);
    assert_eq!(next, Next::Think(std::time::Duration::ZERO));
    let next = crate::session::Machine::wake(&mut machine, now, Wake::Thought, &mut out);
    assert_eq!(next, Next::Close);
    let nonce = hex::encode(&sent[at + 24..at + 32]);
    assert!(
        bench
            .told()
            .iter()
            .any(|o| matches!(o, Observation::AuthAttempt { method: AuthMethod::ChallengeResponse,
        secret: Some(secret), .. } if secret.as_untrusted().starts_with(&format!("User::Domain:{nonce}:"))))
    );
}

#[test]
fn what_is_no_tds_ends_in_silence() {
    for noise in [&b"GET / HTTP/1.0\r\n\r\n"[..], b"\x16\x03\x01\x00\x05hello", b"\x12\x01\x00\x04\0\0\0\0"] {
        let bench = Bench::new();
        assert!(play(&mut machine(&bench), &[noise]).is_empty());
        assert!(matches!(&bench.told()[..], [Observation::Malformed { .. } | Observation::Probe { .. }]));
    }
}

/// An engine that says what it was told to.
struct Scripted(VecDeque<Vec<Item>>, Arc<std::sync::Mutex<Vec<Ask>>>);

impl Engine for Scripted {
    fn begin(&mut self, ask: Ask, _: Timestamp) {
        self.1.lock().unwrap().push(ask);
    }
    fn pull(&mut self, _: usize) -> Pulled {
        let items = self.0.pop_front().unwrap_or_default();
        Pulled { items, more: !self.0.is_empty() }
    }
    fn cancel(&mut self) -> Option<Box<crate::database::Seen>> {
        self.0.clear();
        None
    }
    fn reset(&mut self) -> Option<Box<crate::database::Seen>> {
        None
    }
    fn is_ended(&self) -> bool {
        false
    }
    fn database(&self) -> String {
        "THIS4".into()
    }
}

struct Talk {
    established: Established,
    framer: Framer,
    asked: Arc<std::sync::Mutex<Vec<Ask>>>,
}

fn talk(version: Version, answers: Vec<Vec<Item>>) -> Talk {
    let bench = Bench::new();
    let asked = Arc::default();
    let engine = Scripted(answers.into(), Arc::clone(&asked));
    let session = bench.session("hisdb", "tds");
    let established =
        Established::new(&server(&bench), &session, Language::Chinese, version, Box::new(engine));
    Talk { established, framer: Framer::new(4096, 51), asked }
}

impl Talk {
    fn send(&mut self, kind: u8, body: &[u8]) -> Next {
        let message = Message { kind, reset: false, ignore: false, body: body.to_vec().into() };
        self.established.message(NOW.parse().unwrap(), &message, &mut self.framer)
    }

    /// All that is said, without packets' headers.
    fn rest(&mut self) -> Vec<u8> {
        while self.established.go_on(NOW.parse().unwrap(), &mut self.framer) == Next::More {}
        let packets: Vec<u8> = self.established.packets().concat();
        let (mut assembler, mut input) = (Assembler::default(), BytesMut::from(&packets[..]));
        // A server's packets are of a type that clients never send.
        let mut said = Vec::new();
        while input.len() > HEADER {
            let length = usize::from(u16::from_be_bytes([input[2], input[3]]));
            said.extend_from_slice(&input.split_to(length)[HEADER..]);
        }
        assert!(assembler.next(&mut input, 4096).unwrap().is_none());
        said
    }
}

fn column(name: &str, ty: &str, nullable: bool) -> Column {
    Column { name: name.into(), ty: SqlType::parse(ty).unwrap(), nullable, origin: None }
}

fn done(verb: Verb, rows: Option<u64>) -> Item {
    Item::Done(Done { verb, rows, failed: false, nested: false, in_transaction: false })
}

fn batch(text: &str) -> Vec<u8> {
    let headers = [22u32.to_le_bytes().to_vec(), vec![18, 0, 0, 0, 2, 0], vec![0; 12]].concat();
    [headers, wide(text)].concat()
}

#[test]
fn a_batch_is_answered_in_tokens() {
    let columns: Vec<Column> = vec![column("id", "int", false), column("name", "varchar(10)", true)];
    let answer = vec![
        Item::Columns(columns.into()),
        Item::Row(vec![Value::Int(7), Value::text("张三")]),
        Item::Row(vec![Value::Int(8), Value::Null]),
        done(Verb::Select, Some(2)),
    ];
    let mut talk = talk(Version::V74, vec![answer]);
    assert_eq!(talk.send(kind::BATCH, &batch("select 1")), Next::More);
    let said = talk.rest();
    let expected = [
        "810200000000002000380269006400",
        "000000002100a70a000408d00000046e0061006d006500",
        "d1070000000400d5c5c8fd",
        "d20208000000",
        "fd1000c1000200000000000000",
    ]
    .concat();
    assert_eq!(hex::encode(said), expected);
    assert_eq!(talk.asked.lock().unwrap()[0], Ask::Batch("select 1".into()));
}

#[test]
fn old_clients_get_old_forms() {
    let columns: Vec<Column> = vec![column("d", "date", true), column("t", "varchar(max)", true)];
    let day = jiff::civil::date(2026, 3, 2);
    let row = Item::Row(vec![Value::Date(day), Value::text("x")]);
    let answer = vec![Item::Columns(columns.into()), row, done(Verb::Select, Some(1))];
    let mut talk = talk(Version::V70, vec![answer]);
    talk.send(kind::BATCH, &wide("select 1"));
    let said = hex::encode(talk.rest());
    // nvarchar without a collation, text behind a pointer, counts of four bytes.
    assert!(said.starts_with("8102000000210 0e71400".replace(' ', "").as_str()), "{said}");
    assert!(said.contains(&hex::encode(wide("2026-03-02"))));
    assert!(said.contains(&hex::encode(b"\x10dummy textptr\0\0\0dummyTS\0\x01\0\0\0x")));
    assert!(said.ends_with("fd1000c10001000000"));
}

#[test]
fn an_attention_stops_the_rows() {
    let columns: Vec<Column> = vec![column("n", "bigint", false)];
    let row = || Item::Row(vec![Value::Int(1)]);
    let answers =
        vec![vec![Item::Columns(columns.into())], vec![row()], vec![row()], vec![done(Verb::Select, None)]];
    let mut talk = talk(Version::V72, answers);
    talk.send(kind::BATCH, &batch("select n from big"));
    talk.established.go_on(NOW.parse().unwrap(), &mut talk.framer);
    talk.established.go_on(NOW.parse().unwrap(), &mut talk.framer);
    assert_eq!(talk.send(kind::ATTENTION, &[]), Next::Read(None));
    let said = hex::encode(talk.rest());
    assert_eq!(said.matches("d10100000000000000").count(), 1);
    assert!(said.ends_with("fd2000000000000000000000 00".replace(' ', "").as_str()), "{said}");
}

/// An nvarchar parameter of an RPC.
fn parameter(name: &str, text: &str) -> Vec<u8> {
    let value = wide(text);
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    let name = [vec![u8::try_from(name.chars().count()).unwrap()], wide(name)].concat();
    [&name[..], &[0, 0xe7, 0x40, 0x1f, 4, 8, 0xd0, 0, 0], &length, &value].concat()
}

fn int_parameter(value: Option<i32>, output: bool) -> Vec<u8> {
    let value = value.map_or(vec![0], |v| [&[4][..], &v.to_le_bytes()].concat());
    [&[0, u8::from(output), 0x26, 4][..], &value].concat()
}

fn call(number: u16, parameters: &[Vec<u8>]) -> Vec<u8> {
    let name = [0xffffu16.to_le_bytes(), number.to_le_bytes(), [0, 0]].concat();
    [batch(""), name, parameters.concat()].concat()
}

#[test]
fn a_text_with_parameters_runs_in_a_procedure() {
    let answer = vec![
        Item::Columns(vec![column("n", "int", true)].into()),
        Item::Row(vec![Value::Int(5)]),
        done(Verb::Select, Some(1)),
    ];
    let mut talk = talk(Version::V74, vec![answer]);
    let given = [parameter("", "select @P0"), parameter("", "@P0 nvarchar(20)"), parameter("", "王")];
    talk.send(kind::RPC, &call(10, &given));
    let said = hex::encode(talk.rest());
    // DONEINPROC, the return status, DONEPROC.
    let end = "ff1100c100010000000000000079 00000000fe0000e0000000000000000000".replace(' ', "");
    assert!(said.ends_with(&end), "{said}");
    let asked = talk.asked.lock().unwrap();
    let Ask::Prepared(text, parameters) = &asked[0] else { panic!("{asked:?}") };
    assert_eq!((text.as_str(), parameters[0].name.as_str()), ("select @P0", "@P0"));
    assert_eq!(parameters[0].value, Value::text("王"));
}

#[test]
fn statements_are_prepared_run_and_forgotten() {
    let mut talk = talk(Version::V74, vec![Vec::new(), Vec::new()]);
    let prepare = [int_parameter(None, true), parameter("", "@P0 int"), parameter("", "select @P0")];
    talk.send(kind::RPC, &call(11, &prepare));
    // The handle comes back as an int: 1.
    let said = hex::encode(talk.rest());
    assert!(said.contains("ac00000001000000000000260404 01000000".replace(' ', "").as_str()), "{said}");
    talk.send(kind::RPC, &call(12, &[int_parameter(Some(1), false), int_parameter(Some(9), false)]));
    talk.rest();
    assert!(matches!(&talk.asked.lock().unwrap()[0], Ask::Prepared(text, given)
        if text == "select @P0" && given[0].value == Value::Int(9) && given[0].name == "@P0"));
    talk.send(kind::RPC, &call(15, &[int_parameter(Some(1), false)]));
    assert!(!utf16(&talk.rest()).contains("句柄"));
    talk.send(kind::RPC, &call(15, &[int_parameter(Some(1), false)]));
    let said = talk.rest();
    let text = "找不到句柄为 1 的预定义语句。";
    assert!(utf16(&said).contains(text) || utf16(&said[1..]).contains(text));
}
