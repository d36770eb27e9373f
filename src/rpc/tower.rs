//! Protocol towers: an interface and where it is reached, as the endpoint mapper writes it (C706
//! appendix L).

use std::net::IpAddr;

use super::ndr::{BadStub, Reader};
use super::pdu::{NDR, Syntax};
use super::uuid::Uuid;

/// Longest tower that is taken; real ones have below 200 bytes.
pub const MAX_TOWER: usize = 2000;

/// Protocol identifiers of floors.
const UUID: u8 = 0x0d;
const CONNECTION: u8 = 0x0b;
const TCP: u8 = 0x07;
const IP: u8 = 0x09;
const PIPE: u8 = 0x0f;
const NETBIOS: u8 = 0x11;

/// Where an interface is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binding {
    /// A TCP port of an address.
    Tcp(IpAddr, u16),
    /// A named pipe of a host by its NetBIOS name.
    Pipe(String, String),
}

fn floor(out: &mut Vec<u8>, left: &[u8], right: &[u8]) {
    for part in [left, right] {
        out.extend(u16::try_from(part.len()).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(part);
    }
}

fn syntax_floor(out: &mut Vec<u8>, syntax: &Syntax) {
    let mut left = vec![UUID];
    left.extend(syntax.uuid.to_le());
    left.extend(syntax.major.to_le_bytes());
    floor(out, &left, &syntax.minor.to_le_bytes());
}

/// Writes the tower of an interface.
pub fn write(interface: &Syntax, binding: &Binding) -> Vec<u8> {
    let mut out = vec![5, 0];
    syntax_floor(&mut out, interface);
    syntax_floor(&mut out, &NDR);
    floor(&mut out, &[CONNECTION], &[0, 0]);
    match binding {
        Binding::Tcp(address, port) => {
            floor(&mut out, &[TCP], &port.to_be_bytes());
            let octets = match address {
                IpAddr::V4(address) => address.octets(),
                IpAddr::V6(_) => [0; 4],
            };
            floor(&mut out, &[IP], &octets);
        }
        Binding::Pipe(host, pipe) => {
            floor(&mut out, &[PIPE], &[pipe.as_bytes(), &[0]].concat());
            floor(&mut out, &[NETBIOS], &[b"\\\\", host.as_bytes(), &[0]].concat());
        }
    }
    out
}

/// What a tower asks for: the interface, and whether over TCP or a named pipe.
///
/// # Errors
/// When it is no tower, or one of another transport.
pub fn read(bytes: &[u8]) -> Result<(Syntax, bool), BadStub> {
    let mut reader = Reader::new(bytes, false);
    let floors = u16::from_le_bytes(take(&mut reader)?);
    if !(4..=6).contains(&floors) {
        return Err(BadStub);
    }
    let (left, right) = parts(&mut reader)?;
    let interface = syntax(left, right)?;
    parts(&mut reader)?;
    let (connection, _) = parts(&mut reader)?;
    let (carrier, _) = parts(&mut reader)?;
    match (connection, carrier) {
        ([CONNECTION], [TCP]) => Ok((interface, true)),
        ([CONNECTION], [PIPE]) => Ok((interface, false)),
        _ => Err(BadStub),
    }
}

fn take<const N: usize>(reader: &mut Reader<'_>) -> Result<[u8; N], BadStub> {
    reader.take(N)?.try_into().map_err(|_| BadStub)
}

fn parts<'a>(reader: &mut Reader<'a>) -> Result<(&'a [u8], &'a [u8]), BadStub> {
    let mut part = || {
        let length = usize::from(u16::from_le_bytes(take(reader)?));
        reader.take(length)
    };
    Ok((part()?, part()?))
}

fn syntax(left: &[u8], right: &[u8]) -> Result<Syntax, BadStub> {
    let mut reader = Reader::new(left, false);
    let [kind] = take(&mut reader)?;
    let uuid = Uuid::from_le(take(&mut reader)?);
    let major = u16::from_le_bytes(take(&mut reader)?);
    let minor = u16::from_le_bytes(right.try_into().map_err(|_| BadStub)?);
    if kind == UUID { Ok(Syntax { uuid, major, minor }) } else { Err(BadStub) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let tower = write(&NDR, &Binding::Tcp("127.0.10.18".parse().unwrap(), 49_154));
        assert_eq!(tower.len(), 75);
        assert_eq!(read(&tower), Ok((NDR, true)));
        let pipe = write(&NDR, &Binding::Pipe("HISDB".into(), "\\pipe\\lsass".into()));
        assert_eq!(read(&pipe), Ok((NDR, false)));
        for end in 0..60 {
            assert_eq!(read(&tower[..end]), Err(BadStub));
        }
    }
}
