//! In which transfer syntax a client takes objects (PS3.18 8.7.3.5), as the archive reads it.

use crate::decoys::http::dicomweb::multipart::parameter;
use crate::decoys::http::dicomweb::qido::Parameters;
use crate::decoys::http::engine::Ask;
use crate::decoys::http::uri::split_target;
use crate::wire::dicom::dataset::TransferSyntax;

/// What a client of WADO-RS takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    /// Everything as it is kept: a wildcard, or no wish at all.
    AsKept,
    /// One that it names; else explicit little endian where it takes that, else implicit.
    Else {
        /// What it names, as far as it is one of PS3.5: the first.
        named: Option<TransferSyntax>,
        /// Whether it takes explicit little endian.
        explicit: bool,
    },
}

impl Accepted {
    /// Of a request; `None` when it takes no objects.
    pub(super) fn of(ask: &Ask<'_>) -> Option<Self> {
        let (_, query) = split_target(ask.head.target());
        let parameters = Parameters::read(query);
        let header = String::from_utf8_lossy(ask.head.header("Accept").unwrap_or_default());
        Accepted::read(parameters.get("accept").unwrap_or(&header))
    }

    fn read(accept: &str) -> Option<Self> {
        let mut named = Vec::new();
        for kind in accept.split(',') {
            let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            let part = parameter(kind.as_bytes(), "type");
            match (name.as_str(), part) {
                ("" | "*/*", _) | ("multipart/related" | "multipart/*", None) => {
                    return Some(Accepted::AsKept);
                }
                ("multipart/related", Some(part)) if part.eq_ignore_ascii_case(b"application/dicom") => {
                    let wish = parameter(kind.as_bytes(), "transfer-syntax");
                    named.push(String::from_utf8_lossy(wish.unwrap_or_default()).into_owned());
                }
                _ => {}
            }
        }
        if named.iter().any(|uid| uid == "*") {
            return Some(Accepted::AsKept);
        }
        let plain = TransferSyntax::ExplicitLittle;
        let explicit = named.iter().any(|uid| uid.is_empty() || uid == plain.uid());
        let wish = named.iter().find_map(|uid| TransferSyntax::from_uid(uid).filter(|uid| *uid != plain));
        (!named.is_empty()).then_some(Accepted::Else { named: wish, explicit })
    }

    /// The syntax in which an object goes out that is kept so: it compresses for nobody.
    pub(super) fn choose(self, kept: TransferSyntax) -> TransferSyntax {
        match self {
            Accepted::AsKept => kept,
            Accepted::Else { named: Some(named), .. } if named == kept => kept,
            Accepted::Else { explicit: true, .. } => TransferSyntax::ExplicitLittle,
            Accepted::Else { explicit: false, .. } => TransferSyntax::ImplicitLittle,
        }
    }
}

/// The syntax of WADO-URI's `transferSyntax`: the first that an object can be had in.
pub(super) fn transfer_syntax(asked: Option<&str>, kept: TransferSyntax) -> Option<TransferSyntax> {
    let Some(asked) = asked else { return Some(TransferSyntax::ExplicitLittle) };
    asked.split(',').find_map(|uid| match uid {
        "*" => Some(kept),
        uid => TransferSyntax::from_uid(uid).filter(|syntax| syntax.is_plain() || *syntax == kept),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::Coding;

    const KEPT: TransferSyntax = TransferSyntax::Encapsulated(Coding::Jpeg2000Lossless);

    #[test]
    fn what_is_accepted_is_chosen() {
        let chosen = |accept: &str| Accepted::read(accept).map(|accepted| accepted.choose(KEPT));
        let dicom = "multipart/related; type=\"application/dicom\"";
        let of = |uid: &str| chosen(&format!("{dicom}; transfer-syntax={uid}"));
        for accept in ["", "*/*", "multipart/related", "text/html, */*;q=0.1"] {
            assert_eq!(chosen(accept), Some(KEPT), "{accept}");
        }
        assert_eq!((of("*"), of(KEPT.uid())), (Some(KEPT), Some(KEPT)));
        assert_eq!(chosen(dicom), Some(TransferSyntax::ExplicitLittle));
        assert_eq!(of("1.2.840.10008.1.2.4.50"), Some(TransferSyntax::ImplicitLittle));
        assert_eq!(chosen("multipart/related; type=\"application/octet-stream\""), None);
    }

    #[test]
    fn a_syntax_is_taken_from_the_list() {
        assert_eq!(transfer_syntax(None, KEPT), Some(TransferSyntax::ExplicitLittle));
        assert_eq!(transfer_syntax(Some("1.2.840.10008.1.2.4.50,*"), KEPT), Some(KEPT));
        assert_eq!(transfer_syntax(Some("1.2.840.10008.1.2"), KEPT), Some(TransferSyntax::ImplicitLittle));
        assert_eq!(transfer_syntax(Some("1.2.840.10008.1.2.4.50"), KEPT), None);
    }
}
