//! The installation's secret: made once, kept in the data directory, readable by its owner only.

use std::fs;
use std::io;

use rand::Rng;

use super::Layout;
use super::replace::replace;
use crate::persona::Installation;
use crate::store::Signer;

/// What the decoys derive their differences from: all that the sensor is given of the secret.
pub(crate) fn decoy_secret(layout: &Layout) -> io::Result<[u8; 32]> {
    Ok(Installation::new(read_or_make(layout)?).derive("decoys/1"))
}

/// What another part of the appliance derives its differences from.
pub(crate) fn own_secret(layout: &Layout, label: &str) -> io::Result<Installation> {
    Ok(Installation::new(Installation::new(read_or_make(layout)?).derive(label)))
}

/// The same as an [`Installation`].
pub(crate) fn decoys(layout: &Layout) -> io::Result<Installation> {
    decoy_secret(layout).map(Installation::new)
}

/// What signs the chain's roots and evidence bundles. The sensor is never given it.
pub(crate) fn evidence_seed(layout: &Layout) -> io::Result<[u8; 32]> {
    Ok(Installation::new(read_or_make(layout)?).derive("evidence/1"))
}

/// The same as a [`Signer`].
pub(crate) fn signer(layout: &Layout) -> io::Result<Signer> {
    Signer::new(&evidence_seed(layout)?).ok_or_else(|| io::Error::other("the signing key can't be made"))
}

fn read_or_make(layout: &Layout) -> io::Result<[u8; 32]> {
    let path = layout.secret();
    match fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: expected 32 bytes", path.display()))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(layout),
        Err(error) => Err(error),
    }
}

fn make(layout: &Layout) -> io::Result<[u8; 32]> {
    fs::create_dir_all(layout.root())?;
    let mut secret = [0; 32];
    rand::rng().fill_bytes(&mut secret);
    replace(&layout.secret(), &secret)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path().join("data"));
        let first = decoy_secret(&layout).unwrap();
        assert_eq!(decoy_secret(&layout).unwrap(), first);
        let mode = fs::metadata(layout.secret()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(layout.secret(), b"short").unwrap();
        assert!(decoy_secret(&layout).is_err());
    }
}
