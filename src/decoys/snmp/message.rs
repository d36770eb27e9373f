//! Messages of SNMP: versions 1 and 2c with a community (RFC 1157, RFC 1901), version 3 with its
//! security parameters (RFC 3412, RFC 3414).

use super::ber::{self, tag};

/// Most variables of one request; managers ask for some dozens.
pub const MAX_VARIABLES: usize = 128;
/// Longest community that is taken.
pub const MAX_COMMUNITY: usize = 256;

/// PDU tags, RFC 3416 3.
pub mod pdu {
    /// GetRequest.
    pub const GET: u8 = 0xa0;
    /// GetNextRequest.
    pub const NEXT: u8 = 0xa1;
    /// Response.
    pub const RESPONSE: u8 = 0xa2;
    /// SetRequest.
    pub const SET: u8 = 0xa3;
    /// GetBulkRequest.
    pub const BULK: u8 = 0xa5;
    /// Report.
    pub const REPORT: u8 = 0xa8;
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// 0 for version 1, 1 for version 2c.
    pub version: i32,
    /// The community.
    pub community: Vec<u8>,
    /// What is asked, of [`pdu`].
    pub kind: u8,
    /// The client's number for it.
    pub id: i32,
    /// Variables of a GetBulkRequest that are asked for once.
    pub once: usize,
    /// How often the others are.
    pub repeat: usize,
    /// Names asked for, with the value as it came.
    pub variables: Vec<(Vec<u32>, Vec<u8>)>,
}

/// What can be read of a message of version 3 without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secured {
    /// The client's number for it.
    pub id: i32,
    /// msgFlags: 1 authenticated, 2 encrypted, 4 a report is wanted.
    pub flags: u8,
    /// The engine asked; empty to learn it.
    pub engine: Vec<u8>,
    /// The user.
    pub user: Vec<u8>,
    /// The request id, where the request is in the clear.
    pub request: Option<i32>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// With a community.
    Community(Request),
    /// With a user.
    User(Secured),
}

impl Message {
    /// Reads one; `None` when it is none.
    pub fn parse(mut datagram: &[u8]) -> Option<Self> {
        let mut body = ber::expect(&mut datagram, tag::SEQUENCE)?;
        match ber::integer(&mut body)? {
            version @ (0 | 1) => request(version, body).map(Message::Community),
            3 => secured(body).map(Message::User),
            _ => None,
        }
    }
}

fn request(version: i32, mut body: &[u8]) -> Option<Request> {
    let community = ber::expect(&mut body, tag::OCTETS).filter(|text| text.len() <= MAX_COMMUNITY)?;
    let (kind, mut fields) = ber::take(&mut body)?;
    if !matches!(kind, pdu::GET | pdu::NEXT | pdu::SET | pdu::BULK) || (version == 0 && kind == pdu::BULK) {
        return None;
    }
    let id = ber::integer(&mut fields)?;
    let (once, repeat) = (ber::integer(&mut fields)?, ber::integer(&mut fields)?);
    let mut list = ber::expect(&mut fields, tag::SEQUENCE)?;
    let mut variables = Vec::new();
    while !list.is_empty() {
        let mut pair = ber::expect(&mut list, tag::SEQUENCE)?;
        let name = ber::oid(ber::expect(&mut pair, tag::OID)?)?;
        let (_, value) = ber::take(&mut pair)?;
        if variables.len() >= MAX_VARIABLES {
            return None;
        }
        variables.push((name, value.to_vec()));
    }
    let count = |number: i32| usize::try_from(number).unwrap_or(0);
    Some(Request {
        version,
        community: community.to_vec(),
        kind,
        id,
        once: count(once),
        repeat: count(repeat),
        variables,
    })
}

fn secured(mut body: &[u8]) -> Option<Secured> {
    let mut global = ber::expect(&mut body, tag::SEQUENCE)?;
    let id = ber::integer(&mut global)?;
    let _largest = ber::integer(&mut global)?;
    let flags = *ber::expect(&mut global, tag::OCTETS)?.first()?;
    let mut parameters = ber::expect(&mut body, tag::OCTETS)?;
    let mut parameters = ber::expect(&mut parameters, tag::SEQUENCE)?;
    let engine = ber::expect(&mut parameters, tag::OCTETS)?.to_vec();
    let (_boots, _time) = (ber::integer(&mut parameters)?, ber::integer(&mut parameters)?);
    let user = ber::expect(&mut parameters, tag::OCTETS)?.to_vec();
    let mut scoped = ber::expect(&mut body, tag::SEQUENCE).unwrap_or_default();
    let request = ber::expect(&mut scoped, tag::OCTETS)
        .and_then(|_| ber::expect(&mut scoped, tag::OCTETS))
        .and_then(|_| ber::take(&mut scoped))
        .and_then(|(_, mut fields)| ber::integer(&mut fields));
    Some(Secured { id, flags, engine, user, request })
}
