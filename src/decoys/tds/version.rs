//! Versions of TDS, MS-TDS 2.2.7.14 (LOGINACK).

/// A version that is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 7.0: SQL Server 7.0.
    V70,
    /// 7.1: SQL Server 2000.
    V71,
    /// 7.1 revision 1: SQL Server 2000 with Service Pack 1.
    V71Rev1,
    /// 7.2: SQL Server 2005.
    V72,
    /// 7.3.A: SQL Server 2008.
    V73A,
    /// 7.3.B: SQL Server 2008 R2, which knows rows with a null bitmap.
    V73B,
    /// 7.4: SQL Server 2012 and later.
    V74,
}

impl Version {
    /// What a client's number means; numbers between versions mean the lower one.
    pub fn of_client(number: u32) -> Self {
        match number {
            // 7.0 and 7.1 have their number in the lowest byte.
            0..=0x70 | 0x7000_0000..=0x70ff_ffff => Version::V70,
            0x71 | 0x7100_0000 => Version::V71,
            0x7100_0001..=0x71ff_ffff => Version::V71Rev1,
            0x7200_0000..=0x72ff_ffff => Version::V72,
            0x7300_0000..=0x730a_ffff => Version::V73A,
            0x730b_0000..=0x73ff_ffff => Version::V73B,
            0x7400_0000.. => Version::V74,
            _ => Version::V70,
        }
    }

    /// The number that LOGINACK has, most significant byte first.
    pub fn acknowledged(self) -> u32 {
        match self {
            Version::V70 => 0x0700_0000,
            Version::V71 => 0x0701_0000,
            Version::V71Rev1 => 0x7100_0001,
            Version::V72 => 0x7209_0002,
            Version::V73A => 0x730a_0003,
            Version::V73B => 0x730b_0003,
            Version::V74 => 0x7400_0004,
        }
    }

    /// As people write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::V70 => "7.0",
            Version::V71 => "7.1",
            Version::V71Rev1 => "7.1.1",
            Version::V72 => "7.2",
            Version::V73A => "7.3.A",
            Version::V73B => "7.3.B",
            Version::V74 => "7.4",
        }
    }
}
