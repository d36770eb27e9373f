//! Faces of databases: what clients send before and after they are in.

use std::sync::{Arc, OnceLock};

use bytes::BytesMut;
use honeyward::database::{Catalog, ClientLogin, Connection, Item, MAX_TOLD, Request};
use honeyward::decoys::mysql::handshake::{self, Response};
use honeyward::decoys::mysql::packet::{Heard, Packets};
use honeyward::decoys::postgres::{frontend, scram};
use honeyward::decoys::redis::resp;
use honeyward::decoys::tds::version::Version;
use honeyward::decoys::tds::{login7, prelogin, requests};
use honeyward::decoys::tns;
use honeyward::persona::{DEFAULT_PACK, Installation, PackFiles, load};
use honeyward::wire::ntlm::{Authenticate, Negotiate, spnego};
use honeyward::world::World;

/// The bodies of TDS messages in every version, and the security tokens in them.
pub(super) fn tds(input: &[u8]) {
    let _ = prelogin::Prelogin::parse(input);
    if let Some(login) = login7::Login::parse(input) {
        assert!(login.user.chars().count() <= 128 && login.features.len() <= 32);
    }
    for version in [Version::V70, Version::V71, Version::V72, Version::V74] {
        let _ = requests::batch(input, version);
        let _ = requests::transaction(input, version);
        if let Ok(calls) = requests::calls(input, version, encoding_rs::GBK) {
            let parameters: usize = calls.iter().map(|call| call.parameters.len()).sum();
            assert!(parameters <= input.len());
        }
    }
    if let Some(spnego::Token::Bare(message) | spnego::Token::Wrapped(message)) = spnego::unwrap(input) {
        let _ = Negotiate::parse(message);
        if let Some(proof) = Authenticate::parse(message) {
            let _ = proof.crackable(&[0; 8]);
        }
    }
}

/// Requests of Redis, with and without its password given.
pub(super) fn redis(input: &[u8]) {
    for known in [true, false] {
        let mut rest = BytesMut::from(input);
        loop {
            let before = rest.len();
            match resp::take(&mut rest, known) {
                resp::Taken::More | resp::Taken::Fault(_) => break,
                resp::Taken::Nothing => assert!(rest.len() < before),
                resp::Taken::Request(words) => assert!(!words.is_empty() && rest.len() < before),
            }
        }
    }
}

/// Packets as they come, then each as a connect packet, a descriptor and a call of the logon.
pub(super) fn tns(input: &[u8]) {
    let mut rest = BytesMut::from(input);
    while let Some(Ok(packet)) = tns::packet::take(&mut rest) {
        assert!(packet.body.len() + tns::packet::HEADER <= input.len());
        if let Some(connect) = tns::packet::Connect::read(&packet.body) {
            assert!(connect.accept(314, 8192, "").len() == 32);
        }
    }
    let text = String::from_utf8_lossy(input);
    if let Some(found) = tns::descriptor::Descriptor::parse(&text) {
        let _ = (found.get("SID"), found.get("SERVICE_NAME"));
    }
    for marshal in [tns::ttc::Marshal::Universal, tns::ttc::Marshal::Native] {
        if let Some(message) = tns::Message::read(input, marshal) {
            assert!(message.user.len() <= input.len());
        }
    }
}

/// Packets as they come, each as a handshake response.
pub(super) fn mysql(input: &[u8]) {
    const LONGEST: usize = 4096;
    let mut packets = Packets::new(LONGEST);
    let mut rest = BytesMut::from(input);
    while let Some(Heard::Payload(payload)) = packets.next(&mut rest) {
        assert!(payload.len() <= LONGEST);
        let _ = Response::read(&payload);
    }
    if let Some(Response::Answer(answer)) = Response::read(input) {
        let whole = handshake::capability::CONNECT_WITH_DB
            | handshake::capability::PLUGIN_AUTH
            | handshake::capability::CONNECT_ATTRS
            | handshake::capability::PLUGIN_AUTH_LENENC;
        if answer.capabilities & whole == whole {
            let again = Response::read(&handshake::write(&answer));
            assert_eq!(again, Some(Response::Answer(answer)), "what was written can be read");
        }
    }
}

/// A startup packet, messages behind it, and all of it as both messages of SCRAM.
pub(super) fn postgres(input: &[u8]) {
    let mut rest = BytesMut::from(input);
    let _ = frontend::startup(&mut rest);
    while let Some(frontend::Heard::Message(_, body)) = frontend::message(&mut rest, frontend::MAX_TOKEN) {
        let mut fields = frontend::Body(&body);
        while fields.text().is_some() || fields.value().is_some() {}
    }
    for bound in [false, true] {
        let binding = bound.then_some(&b"hash"[..]);
        if let Ok(exchange) =
            scram::Exchange::begin(input, &[0; scram::SALT], &[0; scram::NONCE], bound, binding)
        {
            assert!(exchange.server_first.starts_with("r="));
            let _ = exchange.finish(input);
        }
    }
}

/// The first byte chooses the server; the rest is a batch for it, which is answered in bounded pieces.
pub(super) fn sql(input: &[u8]) {
    let Some((choice, text)) = input.split_first() else { return };
    let (servers, world) = servers();
    let (catalog, login) = &servers[usize::from(*choice) % servers.len()];
    let client =
        ClientLogin { name: (*login).into(), server: "fuzz".into(), session: 99, ..ClientLogin::default() };
    let now = "2026-03-02T02:00:00Z".parse().expect("a time");
    let opened = Connection::open(catalog.clone(), world.clone(), Arc::default(), client, now);
    let mut connection = opened.expect("the login enters");
    // Nobody waits: what works long stops.
    connection.stop_when(Arc::new(|| true));
    connection.begin(Request::batch(String::from_utf8_lossy(text)), now);
    for _ in 0..4 {
        let pulled = connection.pull(16);
        for item in &pulled.items {
            if let Item::Seen(seen) = item {
                assert!(seen.text.len() <= MAX_TOLD && seen.objects.len() <= 5_000);
            }
        }
        if !pulled.more {
            break;
        }
    }
    let _ = connection.cancel();
}

type Servers = (Vec<(Arc<Catalog>, &'static str)>, Arc<World>);

fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let installation = Installation::new([7; 32]);
        let files = PackFiles::embedded(DEFAULT_PACK).expect("the default pack");
        let pack = load(DEFAULT_PACK, files, installation.clone()).expect("it loads");
        let world = Arc::new(World::new(Arc::clone(&pack.hospital), &installation));
        let server = |(host, login): (&str, &'static str)| {
            let schema = format!("{host}/database.toml");
            let host = pack.host(host).expect("the host stands");
            (Arc::new(Catalog::load(&pack, host, &schema).expect("its schema is sound")), login)
        };
        (vec![server(("hisdb", "sa")), server(("phis", "phis")), server(("cdr", "cdr_app"))], world)
    })
}
