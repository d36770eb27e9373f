//! What goes before the logon: native network services, protocol and data types.

use super::behaviour::Behaviour;
use super::ttc::Marshal;

/// First bytes of a request for native network services.
pub(super) const SERVICES: [u8; 4] = [0xde, 0xad, 0xbe, 0xef];

/// Version of native network services that the server has (11.2.0.0.0).
const SERVICES_VERSION: u32 = 0x0b20_0000;

/// The answer to a request for native network services: there are some, and none is used.
pub(super) fn services() -> Vec<u8> {
    const SUPERVISOR: u16 = 4;
    const AUTHENTICATION: u16 = 1;
    const ENCRYPTION: u16 = 2;
    const INTEGRITY: u16 = 3;
    let version = part(5, &SERVICES_VERSION.to_be_bytes());
    let list = [&SERVICES[..], &[0, 3, 0, 0, 0, 2, 0, 4, 0, 1]].concat();
    let found = [
        service(SUPERVISOR, &[version.clone(), part(6, &[0, 0x1f]), part(1, &list)]),
        service(AUTHENTICATION, &[version.clone(), part(6, &[0xfb, 0xff])]),
        service(ENCRYPTION, &[version.clone(), part(2, &[0])]),
        service(INTEGRITY, &[version, part(2, &[0])]),
    ];
    let body = found.concat();
    let length = u16::try_from(body.len() + 13).unwrap_or_default();
    [&SERVICES[..], &length.to_be_bytes(), &SERVICES_VERSION.to_be_bytes(), &[0, 4, 0], &body].concat()
}

fn service(kind: u16, parts: &[Vec<u8>]) -> Vec<u8> {
    let count = u16::try_from(parts.len()).unwrap_or_default();
    [&kind.to_be_bytes()[..], &count.to_be_bytes(), &[0; 4], &parts.concat()].concat()
}

fn part(kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or_default();
    [&length.to_be_bytes()[..], &kind.to_be_bytes(), data].concat()
}

/// Capabilities of the server's compilation, by place: version 6 of fields is 11.2.
const COMPILED: [u8; 37] = [
    6, 1, 1, 1, 0x0d, 1, 1, 6, 1, 1, 1, 1, 1, 1, 1, 0x7f, 0xff, 3, 0x0b, 3, 3, 1, 1, 0xff, 1, 0xff, 0xff, 1,
    0x0b, 1, 1, 0xff, 1, 6, 8, 0xf6, 1,
];

/// Capabilities of the running server.
const RUNNING: [u8; 7] = [2, 1, 0, 0, 0, 0, 0];

/// Character sets that are converted to and from 0x366, with flags, by pairs.
const CONVERSIONS: [(u16, u8); 5] = [(0x340, 1), (0x348, 1), (0x352, 1), (0x361, 1), (0x31f, 8)];

/// Formats of the server's machine: two counted lists, whose lengths are bytes 5 and 6.
const FORMATS: [u8; 58] = [
    0, 0, 0, 0x60, 1, 0x24, 0x0f, 5, 0x0b, 0x0c, 3, 0x0c, 0x0c, 5, 4, 5, 0x0d, 6, 9, 7, 8, 5, 5, 5, 5, 5,
    0x0f, 5, 5, 5, 5, 5, 0x0a, 5, 5, 5, 5, 5, 4, 5, 6, 7, 8, 8, 0x23, 0x47, 0x23, 0x47, 8, 0x11, 0x23, 8,
    0x11, 0x41, 0xb0, 0x47, 0, 0x83,
];

/// The national character set, AL16UTF16.
const NATIONAL: u16 = 2000;

/// Length of the formats with what is left empty.
const FORMATS_LENGTH: u16 = 100;

/// The answer to the protocol negotiation: version, port string, character sets and capabilities.
pub(super) fn protocol(behaviour: &Behaviour) -> Vec<u8> {
    const OTHER: u16 = 0x366;
    let mut out = vec![1, 6, 0];
    out.extend_from_slice(behaviour.port_string.as_bytes());
    out.push(0);
    out.extend_from_slice(&behaviour.charset.to_le_bytes());
    out.extend_from_slice(&[1, 10, 0]);
    for (set, flags) in CONVERSIONS {
        for (from, to) in [(OTHER, set), (set, OTHER)] {
            out.extend_from_slice(&from.to_le_bytes());
            out.extend_from_slice(&to.to_le_bytes());
            out.push(flags);
        }
    }
    out.extend_from_slice(&FORMATS_LENGTH.to_be_bytes());
    let end = out.len() + usize::from(FORMATS_LENGTH);
    out.extend_from_slice(&FORMATS);
    out.extend_from_slice(&behaviour.charset.to_be_bytes());
    out.extend_from_slice(&NATIONAL.to_be_bytes());
    out.resize(end, 0);
    for list in [&COMPILED[..], &RUNNING[..]] {
        out.push(u8::try_from(list.len()).unwrap_or_default());
        out.extend_from_slice(list);
    }
    out
}

/// How a client that names itself so writes.
pub(super) fn marshal_of(client: &[u8]) -> Marshal {
    const NATIVE: [&[u8]; 3] = [b"Linuxi386", b"x86_64", b"IBMPC"];
    if NATIVE.iter().any(|name| client.starts_with(name)) { Marshal::Native } else { Marshal::Universal }
}

/// The client's name in its protocol negotiation: behind the versions, which a zero byte ends.
pub(super) fn client_name(payload: &[u8]) -> &[u8] {
    let rest = payload.splitn(2, |byte| *byte == 0).nth(1).unwrap_or_default();
    rest.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Data types that the server has, each with the representation it is sent in.
const TYPES: [u16; 46] = [
    1, 2, 8, 12, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 10, 11, 40, 41, 117, 120, 290, 291, 292, 293,
    294, 298, 299, 300, 301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313, 96, 100, 101, 180,
];

/// The answer to the data types: the server's own list. `zoned` asks for its time zone before it.
pub(super) fn types(zoned: bool) -> Vec<u8> {
    /// Universal time, as the server's clock has it.
    const ZONE: [u8; 11] = [0x80, 0, 0, 0, 0x3c, 0x3c, 0x3c, 0x80, 0, 0, 0];
    let mut out = vec![2];
    if zoned {
        out.extend_from_slice(&ZONE);
    }
    for kind in TYPES {
        // Numbers and dates have a form of their own, all else is sent as it is.
        let form: u16 = if matches!(kind, 2 | 12) { 10 } else { 1 };
        for number in [kind, kind, form, 0] {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0, 0]);
    out
}

/// Whether a client's data types ask for the server's time zone: bit 0 of its second running
/// capability.
pub(super) fn wants_zone(payload: &[u8]) -> bool {
    // Type, two character sets, flags; then both lists of capabilities after their lengths.
    const LISTS: usize = 6;
    let Some(compiled) = payload.get(LISTS).copied().map(usize::from) else { return false };
    payload.get(LISTS + 1 + compiled + 2).is_some_and(|second| second & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_where_drivers_look() {
        // Drivers look for the national character set behind both lists, two bytes on.
        assert_eq!(6 + usize::from(FORMATS[5]) + usize::from(FORMATS[6]) + 1, FORMATS.len());
        assert_eq!(client_name(b"\x01\x06\x05\x04\x03\x02\x01\0Java_TTC-8.2.0\0"), b"Java_TTC-8.2.0");
        assert_eq!(marshal_of(b"Linuxi386/Linux-2.0.34-8.1.0"), Marshal::Native);
        assert_eq!(marshal_of(b"Java_TTC-8.2.0"), Marshal::Universal);
        assert!(wants_zone(&[2, 0, 0, 0, 0, 1, 2, 9, 9, 3, 2, 1, 0]));
        assert!(!wants_zone(&[2, 0, 0]));
    }
}
