//! In which transfer syntax an object goes out: as it is kept where the peer takes that, else as the
//! product converts (PS3.4 C.4.2.2.1 leaves it to the product).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Entry, InstanceEntry};
use crate::imaging::codec::LOSSLESS;
use crate::imaging::has_pixels;
use crate::wire::dicom::dataset::TransferSyntax;

/// How a product keeps objects and sends them: `[retrieve.sending]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SendingTable {
    /// What it does when the peer doesn't take an object as it is kept.
    #[serde(default)]
    conversion: Conversion,
    /// For `decode`: the syntaxes that it decodes to, most wanted first.
    #[serde(default)]
    decoded: Vec<String>,
    /// What it can't decode, for want of a codec.
    #[serde(default)]
    undecoded: Vec<String>,
    /// Transfer syntax in which images are kept, by modality; others are in explicit little endian.
    #[serde(default)]
    stored_syntax: BTreeMap<String, String>,
}

/// What a product does when the peer doesn't take an object as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// It sends over the first context of the class, and changes no more than the layout of
    /// uncompressed objects: DCMTK.
    #[default]
    Layout,
    /// It decodes: Orthanc, dcm4chee.
    Decode,
    /// It codes as the first context of the class asks that needs no loss: fo-dicom.
    Any,
}

/// What a product does with the transfer syntaxes of what it sends.
pub struct Sending {
    conversion: Conversion,
    decoded: Vec<TransferSyntax>,
    undecoded: Vec<TransferSyntax>,
    kept: BTreeMap<String, TransferSyntax>,
}

impl Sending {
    /// Reads a table.
    ///
    /// # Errors
    /// The UID that is no transfer syntax.
    pub fn read(table: &SendingTable) -> Result<Self, String> {
        let syntax = |uid: &String| TransferSyntax::from_uid(uid).ok_or_else(|| uid.clone());
        let kept = table.stored_syntax.iter().map(|(modality, uid)| Ok((modality.clone(), syntax(uid)?)));
        Ok(Sending {
            conversion: table.conversion,
            decoded: table.decoded.iter().map(syntax).collect::<Result<_, _>>()?,
            undecoded: table.undecoded.iter().map(syntax).collect::<Result<_, _>>()?,
            kept: kept.collect::<Result<_, String>>()?,
        })
    }

    /// How the product keeps an instance; what the peer stored is kept as it came.
    pub fn kept_form(&self, entry: &Entry, instance: &InstanceEntry) -> TransferSyntax {
        if let Some(own) = instance.own() {
            return TransferSyntax::from_uid(&own.syntax).unwrap_or(TransferSyntax::ExplicitLittle);
        }
        match entry.world().filter(|_| has_pixels(instance.sop_class())) {
            Some((study, _)) => self.kept(study.modality.as_str()),
            None => TransferSyntax::ExplicitLittle,
        }
    }

    /// How the product keeps images of a modality.
    fn kept(&self, modality: &str) -> TransferSyntax {
        self.kept.get(modality).copied().unwrap_or(TransferSyntax::ExplicitLittle)
    }

    /// The context over which an object goes that is kept so: one of those that the peer accepted for
    /// its class, in the order of the answer. `None` when the product can't send it.
    pub fn choose<C: Copy>(
        &self,
        kept: TransferSyntax,
        accepted: &[(C, TransferSyntax)],
    ) -> Option<(C, TransferSyntax)> {
        let with = |wanted: TransferSyntax| accepted.iter().find(|(_, syntax)| *syntax == wanted);
        match self.conversion {
            Conversion::Decode | Conversion::Any if self.undecoded.contains(&kept) => with(kept),
            Conversion::Layout => {
                let fits = |syntax: TransferSyntax| syntax == kept || (syntax.is_plain() && kept.is_plain());
                accepted.first().filter(|(_, syntax)| fits(*syntax))
            }
            Conversion::Decode => with(kept).or_else(|| self.decoded.iter().find_map(|syntax| with(*syntax))),
            Conversion::Any => with(kept).or_else(|| accepted.iter().find(|(_, syntax)| written(*syntax))),
        }
        .copied()
    }

    /// The compressed syntaxes in which it keeps objects: a sender proposes each in a context of its
    /// own, beside one with all that are not compressed.
    pub fn compressed(&self) -> impl Iterator<Item = TransferSyntax> {
        let mut compressed: Vec<_> =
            self.kept.values().copied().filter(|syntax| !syntax.is_plain()).collect();
        compressed.sort();
        compressed.dedup();
        compressed.into_iter()
    }
}

/// What can be coded without loss: a lossy copy would need a UID of its own (PS3.3 C.7.6.1.1.5).
fn written(syntax: TransferSyntax) -> bool {
    syntax.coding().is_none_or(|coding| LOSSLESS.contains(&coding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dicom::dataset::Coding;

    const IMPLICIT: TransferSyntax = TransferSyntax::ImplicitLittle;
    const EXPLICIT: TransferSyntax = TransferSyntax::ExplicitLittle;
    const LOSSLESS: TransferSyntax = TransferSyntax::Encapsulated(Coding::JpegLosslessFirstOrder);
    const RLE: TransferSyntax = TransferSyntax::Encapsulated(Coding::Rle);

    fn sending(conversion: Conversion) -> Sending {
        let table = SendingTable {
            conversion,
            decoded: vec![EXPLICIT.uid().into(), IMPLICIT.uid().into()],
            undecoded: vec![RLE.uid().into()],
            stored_syntax: [("CT".to_owned(), LOSSLESS.uid().to_owned())].into(),
        };
        Sending::read(&table).unwrap()
    }

    fn chosen(conversion: Conversion, kept: TransferSyntax, accepted: &[TransferSyntax]) -> Option<usize> {
        let accepted: Vec<_> = accepted.iter().copied().enumerate().collect();
        sending(conversion).choose(kept, &accepted).map(|(at, _)| at)
    }

    #[test]
    fn modalities_are_kept_as_the_table_says() {
        let sending = sending(Conversion::Decode);
        assert_eq!((sending.kept("CT"), sending.kept("MR")), (LOSSLESS, EXPLICIT));
        assert_eq!(sending.compressed().collect::<Vec<_>>(), [LOSSLESS]);
        let wrong = SendingTable { decoded: vec!["1.2.3".into()], ..SendingTable::default() };
        assert_eq!(Sending::read(&wrong).err(), Some("1.2.3".to_owned()));
    }

    #[test]
    fn dcmtk_takes_the_first_context_and_codes_nothing() {
        assert_eq!(chosen(Conversion::Layout, EXPLICIT, &[IMPLICIT, EXPLICIT]), Some(0));
        assert_eq!(chosen(Conversion::Layout, EXPLICIT, &[RLE, EXPLICIT]), None);
        assert_eq!(chosen(Conversion::Layout, LOSSLESS, &[EXPLICIT]), None);
        assert_eq!(chosen(Conversion::Layout, LOSSLESS, &[LOSSLESS]), Some(0));
    }

    #[test]
    fn others_send_what_they_keep_or_decode() {
        assert_eq!(chosen(Conversion::Decode, LOSSLESS, &[IMPLICIT, EXPLICIT, LOSSLESS]), Some(2));
        assert_eq!(chosen(Conversion::Decode, LOSSLESS, &[IMPLICIT, EXPLICIT]), Some(1));
        assert_eq!(chosen(Conversion::Decode, EXPLICIT, &[RLE]), None);
        assert_eq!(chosen(Conversion::Decode, RLE, &[EXPLICIT]), None, "no codec");
        assert_eq!(chosen(Conversion::Decode, RLE, &[EXPLICIT, RLE]), Some(1));
        assert_eq!(chosen(Conversion::Any, EXPLICIT, &[RLE, IMPLICIT]), Some(0));
        let lossy = TransferSyntax::Encapsulated(Coding::JpegBaseline);
        assert_eq!(chosen(Conversion::Any, EXPLICIT, &[lossy, RLE]), Some(1));
        assert_eq!(chosen(Conversion::Any, EXPLICIT, &[]), None);
    }
}
