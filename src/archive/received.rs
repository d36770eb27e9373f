//! Objects that come in, whichever service takes them: what they carry, what they would overwrite, and
//! whether they show a real patient.

use bytes::Bytes;

use super::{real, tampering};
use crate::event::Tainted;
use crate::imaging::Imaging;
use crate::session::{Artefact, Session};
use crate::wire::dicom::dataset::TransferSyntax;

/// An object as it came in.
pub struct Received<'a> {
    /// The beginning of its data set, inflated.
    pub head: &'a Bytes,
    /// Its transfer syntax.
    pub syntax: TransferSyntax,
    /// Where its data set begins in the artefact.
    pub offset: usize,
    /// What was kept, a file of PS3.10.
    pub kept: &'a Artefact,
}

/// The toolkit behind an object, by its implementation class UID (PS3.7 D.3.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toolkit<'a> {
    /// The one that speaks to us.
    Speaks(&'a [u8]),
    /// The one that wrote the file, which anybody may send on.
    Wrote(&'a [u8]),
}

/// Who sends an object, as far as he says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The AE title that he calls himself by: the association's, else the one in the file's meta
    /// information; empty when there is none.
    pub calling: &'a [u8],
    /// The toolkit.
    pub toolkit: Toolkit<'a>,
}

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// It is of a real patient: it is never at hand.
    pub real: bool,
    /// The file that stays.
    pub stays: Option<Artefact>,
}

impl Received<'_> {
    /// Looks at the object and tells what there is to tell, by the `name` that it was sent under; to
    /// be called before its transfer is told.
    pub fn judge(&self, session: &Session, imaging: &Imaging, sender: Sender<'_>, name: &Tainted) -> Judged {
        let as_it_came = Judged { real: false, stays: Some(self.kept.clone()) };
        // One host sending to another is the honeynet at work.
        if session.pack().hosts.iter().any(|host| host.address == session.source()) {
            return as_it_came;
        }
        if tampering::look(session, imaging, self) || session.examine(name, self.kept) {
            return as_it_came;
        }
        match real::care(session, sender, self) {
            None => as_it_came,
            Some(stays) => Judged { real: true, stays },
        }
    }
}
