//! How far a destination has surely got, on disk.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The sequence number up to which everything has surely arrived.
#[derive(Debug)]
pub(super) struct Cursor {
    path: PathBuf,
    settled: u64,
}

impl Cursor {
    /// Reads a destination's cursor, or starts before the first alert.
    pub(super) fn open(folder: &Path, destination: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(format!("{destination}.cursor"));
        let settled = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().unwrap_or(0),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Cursor { path, settled })
    }

    pub(super) fn settled(&self) -> u64 {
        self.settled
    }

    /// Moves on, durably: a crash before it only sends again.
    pub(super) fn settle(&mut self, sequence: u64) -> io::Result<()> {
        if sequence <= self.settled {
            return Ok(());
        }
        let fresh = self.path.with_extension("new");
        let mut file = fs::File::create(&fresh)?;
        write!(file, "{sequence}")?;
        file.sync_all()?;
        fs::rename(fresh, &self.path)?;
        self.settled = sequence;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_and_never_goes_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut cursor = Cursor::open(dir.path(), "siem").unwrap();
        assert_eq!(cursor.settled(), 0);
        cursor.settle(7).unwrap();
        cursor.settle(3).unwrap();
        assert_eq!(Cursor::open(dir.path(), "siem").unwrap().settled(), 7);
    }
}
