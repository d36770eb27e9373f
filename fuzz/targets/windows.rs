//! What Windows hosts and devices speak beside the hospital's protocols.

use honeyward::decoys::nbns::packet::{self, Query};
use honeyward::decoys::snmp::ber;
use honeyward::decoys::snmp::message::{MAX_VARIABLES, Message};
use honeyward::rpc::ndr::Reader;
use honeyward::rpc::pdu::{self, Bind, HEADER, Header, Request};
use honeyward::rpc::sid::Sid;
use honeyward::rpc::tower;

/// One fragment of RPC, its body as a bind and as a request, and its stub as all that stubs hold.
pub(super) fn rpc(input: &[u8]) {
    let Some(header) = Header::parse(input) else { return };
    if let Some((body, auth)) = pdu::split(&header, input) {
        let token = auth.map_or(0, |auth| auth.token.len());
        assert!(body.len() + token + HEADER <= input.len());
        let _ = Bind::parse(body, header.big);
        let _ = Request::parse(&header, body);
    }
    let stub = &input[HEADER..];
    let _ = tower::read(stub);
    let reader = || Reader::new(stub, header.big);
    if let Ok(text) = reader().wide() {
        assert!(text.encode_utf16().count() <= stub.len());
    }
    let _ = (reader().unicode(), reader().narrow(), reader().handle(), Sid::read(&mut reader()));
    if let Ok(bytes) = reader().bytes() {
        assert!(bytes.len() <= stub.len());
    }
}

pub(super) fn netbios_ns(input: &[u8]) {
    if let Some(query) = Query::parse(input) {
        assert!(!packet::is_other(input));
        assert!(query.name.trimmed().len() <= 15);
    }
}

pub(super) fn snmp(input: &[u8]) {
    if let Some(Message::Community(request)) = Message::parse(input) {
        assert!(request.variables.len() <= MAX_VARIABLES);
        for (name, _) in request.variables {
            let mut again = Vec::new();
            ber::put_oid(&mut again, &name);
            let contents = ber::expect(&mut &again[..], ber::tag::OID);
            assert_eq!(contents.and_then(ber::oid), Some(name));
        }
    }
}
