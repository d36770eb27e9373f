//! The client's info packet, MS-RDPBCGR 2.2.1.11.1.1: with whom and how it wants to log on.

use super::cursor::{Cursor, text};

/// Longest text that is kept, characters.
const MAX_TEXT: usize = 512;

/// What a client says about its logon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// Flags (INFO_*).
    pub flags: u32,
    /// Domain.
    pub domain: String,
    /// Account.
    pub user: String,
    /// Password, in clear.
    pub password: String,
    /// A program to run in place of the desktop.
    pub shell: String,
    /// Its folder.
    pub folder: String,
    /// The client's own address.
    pub address: String,
    /// The folder of the client's program.
    pub client_folder: String,
}

impl Info {
    /// Reads one; `None` when it is none.
    pub fn parse(body: &[u8]) -> Option<Self> {
        const UNICODE: u32 = 0x10;
        let mut cursor = Cursor::new(body);
        cursor.u32()?;
        let flags = cursor.u32()?;
        let wide = flags & UNICODE != 0;
        let lengths: [Option<u16>; 5] = std::array::from_fn(|_| cursor.u16());
        let mut texts: [String; 5] = Default::default();
        for (slot, length) in texts.iter_mut().zip(lengths) {
            // The length leaves out the NUL behind the text.
            let bytes = cursor.take(usize::from(length?))?;
            cursor.take(if wide { 2 } else { 1 })?;
            *slot = cut(if wide { text(bytes) } else { narrow(bytes) });
        }
        let [domain, user, password, shell, folder] = texts;
        let mut info = Info { flags, domain, user, password, shell, folder, ..Info::default() };
        // What follows came with version 5.
        info.extended(cursor);
        Some(info)
    }

    fn extended(&mut self, mut cursor: Cursor<'_>) -> Option<()> {
        cursor.u16()?;
        let length = cursor.u16()?;
        self.address = cut(text(cursor.take(usize::from(length))?));
        let length = cursor.u16()?;
        self.client_folder = cut(text(cursor.take(usize::from(length))?));
        Some(())
    }

    /// Whether it asks to be logged on at once.
    pub fn is_automatic(&self) -> bool {
        const AUTOMATIC: u32 = 0x08;
        self.flags & AUTOMATIC != 0
    }
}

fn narrow(bytes: &[u8]) -> String {
    let shown = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    encoding_rs::GBK.decode_without_bom_handling(shown).0.into_owned()
}

fn cut(text: String) -> String {
    if text.len() <= MAX_TEXT { text } else { text.chars().take(MAX_TEXT).collect() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An info packet of a logon.
    pub(in crate::decoys::rdp) fn packet(domain: &str, user: &str, password: &str, flags: u32) -> Vec<u8> {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let texts = [domain, user, password, "", ""].map(wide);
        let mut out = 0u32.to_le_bytes().to_vec();
        out.extend((flags | 0x10).to_le_bytes());
        texts.iter().for_each(|text| out.extend(u16::try_from(text.len()).unwrap().to_le_bytes()));
        texts.iter().for_each(|text| out.extend([&text[..], &[0, 0]].concat()));
        let address = wide("192.168.3.7\0");
        out.extend([2, 0, u8::try_from(address.len()).unwrap(), 0]);
        out.extend(address);
        let folder = wide("C:\\\0");
        out.extend([u8::try_from(folder.len()).unwrap(), 0]);
        out.extend(folder);
        out
    }

    #[test]
    fn a_logon_is_read() {
        let read = Info::parse(&packet("CLZXYY", "admin", "密码", 8)).unwrap();
        let texts = [&read.domain, &read.user, &read.password, &read.address, &read.client_folder];
        assert_eq!(texts.map(String::as_str), ["CLZXYY", "admin", "密码", "192.168.3.7", "C:\\"]);
        assert!(read.is_automatic());
        assert_eq!(Info::parse(&packet("", "a", "b", 0)[..20]), None);
        // In one byte a character, without what came later.
        let narrow = [&[0; 8][..], &[0, 0, 4, 0, 2, 0, 0, 0, 0, 0], b"\0root\0pw\0\0\0"].concat();
        let read = Info::parse(&narrow).unwrap();
        assert_eq!((read.user.as_str(), read.password.as_str()), ("root", "pw"));
    }
}
