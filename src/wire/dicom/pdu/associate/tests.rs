//! What is written is read, and what lies is refused.

use proptest::prelude::*;

use super::*;

fn sample() -> Associate {
    Associate {
        version: 1,
        called: Bytes::from_static(b"PACS"),
        calling: Bytes::from_static(b"CT01"),
        application_context: Bytes::from_static(b"1.2.840.10008.3.1.1.1"),
        contexts: vec![Context {
            id: 1,
            result: 0,
            abstract_syntax: Bytes::from_static(b"1.2.840.10008.1.1"),
            transfer_syntaxes: vec![Bytes::from_static(b"1.2.840.10008.1.2")],
        }],
        max_pdu: Some(16384),
        implementation_uid: Bytes::from_static(b"1.2.3"),
        implementation_version: Bytes::from_static(b"V1"),
        operations: Some((1, 5)),
        roles: vec![Role { sop_class: Bytes::from_static(b"1.2"), scu: false, scp: true }],
        extended: vec![Extended {
            sop_class: Bytes::from_static(b"1.2"),
            information: Bytes::from_static(b"\x01"),
        }],
        ..Associate::default()
    }
}

#[test]
fn what_is_written_is_read() {
    let bytes = sample().request();
    assert_eq!(Associate::read(&bytes.slice(super::super::HEADER..)), Ok(sample()));
}

#[test]
fn every_cut_is_refused_or_shorter() {
    let bytes = sample().request();
    for cut in super::super::HEADER..bytes.len() {
        let read = Associate::read(&bytes.slice(super::super::HEADER..cut));
        assert_ne!(read, Ok(sample()), "cut at {cut}");
    }
}

#[test]
fn titles_and_uids_end_at_nul_and_padding() {
    let mut asked = sample();
    asked.called = Bytes::from_static(b"AB\0junk");
    asked.contexts[0].abstract_syntax = Bytes::from_static(b"1.2\0");
    let read = Associate::read(&asked.request().slice(super::super::HEADER..)).unwrap();
    assert_eq!(read.called, "AB");
    assert_eq!(read.contexts[0].abstract_syntax, "1.2");
}

#[test]
fn a_long_uid_is_refused_and_identity_is_read() {
    let mut asked = sample();
    asked.implementation_uid = Bytes::from(vec![b'1'; 65]);
    assert_eq!(Associate::read(&asked.request().slice(super::super::HEADER..)), Err(PduError::TooLong(0x52)));
    let identity = user_identity(&Bytes::from_static(b"\x02\x00\x00\x05admin\x00\x06secret")).unwrap();
    assert_eq!(identity.kind, 2);
    assert_eq!((&identity.primary[..], &identity.secondary[..]), (&b"admin"[..], &b"secret"[..]));
}

#[test]
fn items_are_counted() {
    let flood = [0x40, 0, 0, 0].repeat(MAX_ITEMS + 1);
    let mut value = vec![1, 0, 0, 0];
    value.extend_from_slice(&flood);
    assert_eq!(context(item::CONTEXT_RQ, &Bytes::from(value)), Err(PduError::TooMany));
}

proptest! {
    #[test]
    fn hostile_bodies_never_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Associate::read(&Bytes::from(body));
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0usize..200, to in any::<u8>()) {
        let mut bytes = sample().request().to_vec();
        let at = at % bytes.len();
        bytes[at] = to;
        let _ = Associate::read(&Bytes::from(bytes).slice(super::super::HEADER..));
    }
}
