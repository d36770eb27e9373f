//! Security identifiers (MS-DTYP 2.4.2), and those of a host, which differ between installations.

use std::fmt;

use super::ndr::{BadStub, Reader, Writer};
use crate::persona::Installation;

/// Most parts of a SID, MS-DTYP 2.4.2.2.
pub const MAX_PARTS: usize = 15;

/// A security identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    /// The authority; 5 is Windows NT's.
    pub authority: u64,
    /// Its parts.
    pub parts: Vec<u32>,
}

impl Sid {
    /// Of Windows NT's authority.
    pub fn nt(parts: &[u32]) -> Self {
        Sid { authority: 5, parts: parts.to_vec() }
    }

    /// `S-1-5-32`: what is the same on all hosts.
    pub fn builtin() -> Self {
        Sid::nt(&[32])
    }

    /// That of a computer or a domain of this installation, by its name: three random parts, as setup
    /// makes them.
    pub fn of(installation: &Installation, owner: &str) -> Self {
        let bytes = installation.derive(&format!("sid/{}", owner.to_lowercase()));
        let (parts, _) = bytes.as_chunks::<4>();
        let mut sid = Sid::nt(&[21]);
        sid.parts.extend(parts.iter().take(3).map(|part| u32::from_le_bytes(*part)));
        sid
    }

    /// An account of it.
    pub fn with(&self, rid: u32) -> Self {
        let mut sid = self.clone();
        sid.parts.push(rid);
        sid
    }

    /// Its owner and its last part.
    pub fn split(&self) -> Option<(Sid, u32)> {
        let (last, rest) = self.parts.split_last()?;
        Some((Sid { authority: self.authority, parts: rest.to_vec() }, *last))
    }

    /// Reads an RPC_SID, MS-DTYP 2.4.2.3.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, BadStub> {
        let room = reader.count(MAX_PARTS)?;
        let revision = reader.u8()?;
        let count = usize::from(reader.u8()?);
        let [a, b, c, d, e, f] = <[u8; 6]>::try_from(reader.take(6)?).map_err(|_| BadStub)?;
        if revision != 1 || count != room {
            return Err(BadStub);
        }
        let parts = (0..count).map(|_| reader.u32()).collect::<Result<_, _>>()?;
        Ok(Sid { authority: u64::from_be_bytes([0, 0, a, b, c, d, e, f]), parts })
    }

    /// Writes an RPC_SID.
    pub fn write(&self, writer: &mut Writer) {
        writer.count(self.parts.len());
        writer.raw(&self.head());
        for part in &self.parts {
            writer.u32(*part);
        }
    }

    /// As it stands in security descriptors and tokens, MS-DTYP 2.4.2.2.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = self.parts.iter().flat_map(|part| part.to_le_bytes());
        self.head().into_iter().chain(parts).collect()
    }

    fn head(&self) -> [u8; 8] {
        let [_, _, a, b, c, d, e, f] = self.authority.to_be_bytes();
        [1, u8::try_from(self.parts.len()).unwrap_or(0), a, b, c, d, e, f]
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installations_have_their_own() {
        let a = Sid::of(&Installation::new([1; 32]), "CLZX-HISDB01");
        let b = Sid::of(&Installation::new([2; 32]), "CLZX-HISDB01");
        assert_ne!(a, b);
        assert!(a.to_string().starts_with("S-1-5-21-") && a.parts.len() == 4);
        assert_eq!(a.with(500).split(), Some((a.clone(), 500)));
    }

    #[test]
    fn it_is_written_and_read() {
        let sid = Sid::nt(&[32, 544]);
        let mut writer = Writer::new();
        sid.write(&mut writer);
        let stub = writer.finish();
        assert_eq!(hex::encode(&stub), "0200000001020000000000052000000020020000");
        assert_eq!(Sid::read(&mut Reader::new(&stub, false)), Ok(sid.clone()));
        assert_eq!(sid.to_bytes(), &stub[4..]);
    }
}
