//! What a client is answered, however its bytes come.

use super::*;
use crate::event::Observation;
use crate::persona::{Protocol, Transport};
use crate::session::bench::{Bench, play};

/// A bind to IObjectExporter in NDR and a call of ServerAlive2, as impacket sends them.
const SERVER_ALIVE_2: &str = "05000b03100000004800000001000000b810b8100000000001000000000001\
    00c4fefc9960521b10bbcb00aa0021347a00000000045d888aeb1cc9119fe808002b1048600200000005000003\
    100000001800000001000000000000000000050000";

fn talk(bytes: &[u8], size: usize) -> (Vec<u8>, Vec<Observation>) {
    let bench = Bench::new();
    let host = bench.pack.host("hisdb").unwrap();
    let setting = Arc::new(Setting::of(&bench.pack, host));
    let mut line = machine::Line::new(&setting, MAPPER, bench.session("hisdb", "rpc"));
    let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
    (play(&mut line, &pieces), bench.told())
}

#[test]
fn the_host_says_its_names_and_addresses_however_the_bytes_come() {
    let bytes = hex::decode(SERVER_ALIVE_2.replace(char::is_whitespace, "")).unwrap();
    let whole = talk(&bytes, bytes.len()).0;
    let has = |text: &str| {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        whole.windows(wide.len()).any(|window| window == wide)
    };
    assert!(has("CLZX-HISDB01") && has("127.0.10.18"));
    for size in 1..bytes.len() {
        assert_eq!(talk(&bytes, size).0, whole, "in pieces of {size}");
    }
}

#[test]
fn what_is_no_rpc_is_taken_for_another_version_and_told() {
    // nmap's SMB negotiation, by whose answer it knows Windows' RPC.
    let (answer, told) = talk(b"\0\0\0\xa4\xffSMBr\0\0\0\0\x08\x01\x40\0\0\0\0\0\0", 100);
    assert_eq!(answer, b"\x05\0\r\x03\x10\0\0\0\x18\0\0\0\0\x08\x01\x40\x04\0\x01\x05\0\0\0\0");
    assert!(told.iter().any(|told| matches!(told, Observation::Malformed { .. })), "{told:?}");
}

#[test]
fn every_port_that_the_mapper_names_is_one_of_the_host() {
    let bench = Bench::new();
    for host in &bench.pack.hosts {
        for endpoint in Setting::of(&bench.pack, host).endpoints {
            let service = bench.pack.service_at(&host.name, Transport::Tcp, endpoint.port);
            let protocol = service.map(|(_, service)| service.protocol);
            assert_eq!(protocol, Some(Protocol::Rpc), "{}: {}", host.name, endpoint.port);
        }
    }
}
