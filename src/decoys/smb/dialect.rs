//! Dialects, and what each of them can do.

/// Capabilities, 2.2.4.
pub mod capability {
    /// Distributed file system.
    pub const DFS: u32 = 0x01;
    /// Leases.
    pub const LEASING: u32 = 0x02;
    /// Messages that cost more than one credit.
    pub const LARGE_MTU: u32 = 0x04;
    /// Several connections for one session.
    pub const MULTI_CHANNEL: u32 = 0x08;
    /// Leases on folders.
    pub const DIRECTORY_LEASING: u32 = 0x20;
    /// Encryption.
    pub const ENCRYPTION: u32 = 0x40;
}

/// A dialect of SMB2 or SMB3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// 2.0.2: Vista, Server 2008.
    Smb202,
    /// 2.1: Windows 7, Server 2008 R2.
    Smb21,
    /// 3.0: Windows 8, Server 2012.
    Smb30,
    /// 3.0.2: Windows 8.1, Server 2012 R2.
    Smb302,
    /// 3.1.1: Windows 10, Server 2016.
    Smb311,
}

impl Dialect {
    /// All, oldest first.
    pub const ALL: [Dialect; 5] =
        [Dialect::Smb202, Dialect::Smb21, Dialect::Smb30, Dialect::Smb302, Dialect::Smb311];

    /// Its number.
    pub fn number(self) -> u16 {
        match self {
            Dialect::Smb202 => 0x0202,
            Dialect::Smb21 => 0x0210,
            Dialect::Smb30 => 0x0300,
            Dialect::Smb302 => 0x0302,
            Dialect::Smb311 => 0x0311,
        }
    }

    /// Its name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Dialect::Smb202 => "2.0.2",
            Dialect::Smb21 => "2.1",
            Dialect::Smb30 => "3.0",
            Dialect::Smb302 => "3.0.2",
            Dialect::Smb311 => "3.1.1",
        }
    }

    /// The newest that a build of Windows has; `None` where it has SMB1 alone.
    pub fn newest(version: (u8, u8, u16)) -> Option<Self> {
        match version {
            (0..=5, ..) => None,
            (6, 0, _) => Some(Dialect::Smb202),
            (6, 1, _) => Some(Dialect::Smb21),
            (6, 2, _) => Some(Dialect::Smb30),
            (6, ..) => Some(Dialect::Smb302),
            _ => Some(Dialect::Smb311),
        }
    }

    /// What a server says that it can, to a client that can this.
    pub fn capabilities(self, client: u32) -> u32 {
        let base = capability::DFS | capability::LEASING | capability::LARGE_MTU;
        // These only to a client that has them too, 3.3.5.4.
        let three = base | client & (capability::MULTI_CHANNEL | capability::DIRECTORY_LEASING);
        match self {
            Dialect::Smb202 => capability::DFS,
            Dialect::Smb21 => base,
            Dialect::Smb30 | Dialect::Smb302 => three | (client & capability::ENCRYPTION),
            Dialect::Smb311 => three,
        }
    }

    /// Most bytes of one read, write or transaction, for a server whose newest dialect is `newest`.
    pub fn largest(self, newest: Dialect) -> u32 {
        match (self, newest) {
            (Dialect::Smb202, _) => 64 << 10,
            (_, Dialect::Smb202 | Dialect::Smb21) => 1 << 20,
            _ => 8 << 20,
        }
    }

    /// Whether it is of SMB3.
    pub fn is_three(self) -> bool {
        self >= Dialect::Smb30
    }
}
