//! What SMB signs and encrypts with (MS-SMB2 3.1.4): keys, signatures, sealed messages.

mod ccm;
mod cmac;
mod keys;
mod seal;

pub use keys::{Keys, preauth};
pub use seal::{Cipher, open, seal, session_of};
