//! GRUB's environment block: 1024 bytes that GRUB reads and writes in place, so the file never moves.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

const SIZE: usize = 1024;
const HEAD: &str = "# GRUB Environment Block\n";

/// The variables, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// Reads a block.
    ///
    /// # Errors
    /// When it can't be read or is none.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let body = text.strip_prefix(HEAD).ok_or_else(|| io::Error::other("not GRUB's environment block"))?;
        let pairs =
            body.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        Ok(Environment(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()))
    }

    /// A variable's value; empty when it is not there.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.0.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value)
    }

    /// Sets a variable; an empty value takes it away.
    pub fn set(&mut self, key: &str, value: &str) {
        self.0.retain(|(name, _)| name != key);
        if !value.is_empty() {
            self.0.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Writes the block over the old one.
    ///
    /// # Errors
    /// When it can't, or the variables do not fit.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let lines: String = self.0.iter().map(|(key, value)| format!("{key}={value}\n")).collect();
        let mut block = format!("{HEAD}{lines}").into_bytes();
        if block.len() > SIZE {
            return Err(io::Error::other("too much for GRUB's environment block"));
        }
        block.resize(SIZE, b'#');
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(&block)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_changed_and_written_in_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("grubenv");
        let mut block = format!("{HEAD}good=1.0.0\ntrial=1.1.0\ntries=2\n").into_bytes();
        block.resize(SIZE, b'#');
        fs::write(&path, block).unwrap();
        let mut environment = Environment::read(&path).unwrap();
        assert_eq!((environment.get("good"), environment.get("tries")), ("1.0.0", "2"));
        environment.set("good", "1.1.0");
        environment.set("trial", "");
        environment.write(&path).unwrap();
        let again = Environment::read(&path).unwrap();
        assert_eq!((again.get("good"), again.get("trial"), again.get("tries")), ("1.1.0", "", "2"));
        assert_eq!(fs::metadata(&path).unwrap().len(), 1024);
    }
}
