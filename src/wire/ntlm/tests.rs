//! Messages as the specification prints them (MS-NLMP 4.2.4), and broken ones.

use super::spnego::{Token, unwrap, wrap};
use super::*;

pub(super) const NONCE: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];

/// The NTLMv2 exchange of 4.2.4.3: User, Domain, COMPUTER.
const AUTHENTICATE: &str = "4e544c4d5353500003000000180018006c00000054005400840000000c000c004800000008000800540000001000\
10005c00000010001000d8000000358288e20501280a0000000f44006f006d00610069006e005500730065007200\
43004f004d005000550054004500520086c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa68cd0ab851e5\
1c96aabc927bebef6a1c01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f00\
6d00610069006e0001000c005300650072007600650072000000000000000000c5dad2544fc9799094ce1ce90bc9\
d03e";

pub(super) fn authenticate() -> Vec<u8> {
    hex::decode(AUTHENTICATE).unwrap()
}

fn challenge() -> Challenge {
    Challenge { nonce: NONCE, version: (6, 3, 9600), time: 0x01d7_0e2a_7c00_0000 }
}

#[test]
fn a_proof_becomes_the_line_that_crackers_read() {
    let read = Authenticate::parse(&authenticate()).unwrap();
    assert_eq!((read.account().as_str(), read.workstation.as_str()), ("Domain\\User", "COMPUTER"));
    assert_eq!(read.version, Some((5, 1, 2600)));
    let line = read.crackable(&NONCE).unwrap();
    let begins = "User::Domain:0123456789abcdef:68cd0ab851e51c96aabc927bebef6a1c:0101000000000000";
    assert!(line.starts_with(begins), "{line}");
    let v1 = Authenticate { response: Response::V1 { lm: vec![1; 24], nt: vec![2; 24] }, ..read };
    assert_eq!(v1.crackable(&NONCE).unwrap().split(':').count(), 6);
}

#[test]
fn nobody_proves_nothing() {
    let mut message = authenticate();
    // No NT response and no LM response.
    for at in [12, 20] {
        message[at] = 0;
        message[at + 1] = 0;
    }
    let read = Authenticate::parse(&message).unwrap();
    assert_eq!((&read.response, read.crackable(&NONCE)), (&Response::Anonymous, None));
}

#[test]
fn a_challenge_carries_the_host_s_names() {
    let names = Names::member("clzx-hisdb01", "CLZX", "clzx.local");
    let asked = flags::UNICODE | flags::OEM | flags::NTLM | flags::KEY_128;
    let message = challenge().write(asked, &names);
    assert_eq!(kind(&message), Some(2));
    let flags = u32_at(&message, 20).unwrap();
    assert_eq!(flags & (flags::UNICODE | flags::OEM), flags::UNICODE);
    assert_eq!(flags & flags::TARGET_TYPE_DOMAIN, flags::TARGET_TYPE_DOMAIN);
    assert_eq!(&message[24..32], &NONCE);
    assert_eq!(&message[48..56], &[6, 3, 0x80, 0x25, 0, 0, 0, 15]);
    let text = utf16(&message[56..]);
    for name in ["CLZX", "CLZX-HISDB01", "clzx.local", "clzx-hisdb01.clzx.local"] {
        assert!(text.contains(name), "{name}");
    }
    // The parts end where the message does.
    let (length, at) = (u16_at(&message, 40).unwrap(), u32_at(&message, 44).unwrap());
    assert_eq!(usize::from(length) + usize::try_from(at).unwrap(), message.len());
    let alone = challenge().write(flags::OEM, &Names::alone("clzx-hisdb01"));
    assert_eq!(&alone[56..68], b"CLZX-HISDB01");
}

#[test]
fn wrapping_is_undone() {
    let message = authenticate();
    let long = [&message[..], &[0; 300]].concat();
    for message in [&message[..], &long] {
        assert_eq!(unwrap(message), Some(Token::Bare(message)));
        assert_eq!(unwrap(&wrap(message)), Some(Token::Wrapped(message)));
    }
    assert_eq!(unwrap(&spnego::prefer_ntlm()), Some(Token::Other));
    // A client's first token: OID, then mechTypes and the message.
    let first = "604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a0428\
                 4e544c4d5353500001000000978208e2000000000000000000000000000000000a00614a0000000f";
    let first = hex::decode(first).unwrap();
    let Some(Token::Wrapped(inner)) = unwrap(&first) else { panic!("{:?}", unwrap(&first)) };
    let read = Negotiate::parse(inner).unwrap();
    assert_eq!((read.flags, read.version), (0xe208_8297, Some((10, 0, 19041))));
}

#[test]
fn broken_messages_are_none() {
    let message = authenticate();
    for length in 0..message.len() {
        let _ = unwrap(&message[..length]);
        let _ = Negotiate::parse(&message[..length]);
        // Whatever lies outside is refused; the last part is the session key, which is not read.
        assert_eq!(Authenticate::parse(&message[..length]).is_some(), length >= 0xd8, "{length}");
    }
    for token in [&b""[..], b"GET /", &[0x60, 0x82], &[0xa1, 0x84, 1, 1, 1, 1], &[0; 20_000]] {
        assert_eq!(unwrap(token), None);
    }
}

#[test]
fn a_server_s_offer_is_as_windows_sends_it() {
    let member = "607606062b0601050502a06c306aa03c303a060a2b06010401823702021e06092a864882f71201020206092a864886f712\
                  010202060a2a864886f71201020203060a2b06010401823702020aa32a3028a0261b246e6f745f646566696e65645f\
                  696e5f5246433431373840706c656173655f69676e6f7265";
    assert_eq!(hex::encode(spnego::offer(spnego::Offer::Member)), member);
    let alone = spnego::offer(spnego::Offer::Alone);
    assert_eq!((alone.len(), &alone[..2]), (74, &[0x60, 0x48][..]));
    assert_eq!(hex::encode(spnego::accept(None)), "a1073005a0030a0100");
    assert_eq!(spnego::integrity(&spnego::accept(Some(&[7; 16]))), Some(&[7; 16][..]));
    assert_eq!(spnego::integrity(&spnego::accept(None)), None);
    let list = spnego::mechanisms(&alone).unwrap();
    assert_eq!(hex::encode(list), "300c060a2b06010401823702020a");
}
