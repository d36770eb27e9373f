//! Which program is at the other end: told by its proposal and by how it behaves.
//!
//! A name in a proposal is easily borrowed, so what a program can't help doing counts too: DCMTK
//! writes FFH where a context's result would stand, nmap's scripts write a digit into a reserved
//! field and never release.

use crate::event::observation::Mark;
use crate::event::{Observation, Tainted};
use crate::session::Session;
use crate::wire::dicom::pdu::{Associate, DATA_HEAD};

/// Where the 32 reserved bytes of an A-ASSOCIATE-RQ's body lie (PS3.8 9.3.2).
const RESERVED: std::ops::Range<usize> = 36..68;

/// Type of a P-DATA-TF.
const P_DATA: u8 = 4;

/// What DCMTK writes into the reserved byte of a proposed context where an answer has its result.
const DCMTK_RESULT: u8 = 0xFF;

const DCMTK_UID: &str = "1.2.276.0.7230010.3.0.3.";
const WORKLIST_FIND: &[u8] = b"1.2.840.10008.5.1.4.31";

/// One program. What is `None` is not looked at; the first sign that fits names it.
struct Sign {
    name: &'static str,
    mark: Mark,
    /// Start of the implementation class UID.
    uid: Option<&'static str>,
    /// Start of the implementation version name.
    version: Option<&'static str>,
    calling: Option<&'static str>,
    called: Option<&'static str>,
    /// Reserved byte of the first context.
    result: Option<u8>,
    /// Abstract syntax of the first context.
    first: Option<&'static [u8]>,
}

const ANY: Sign = Sign {
    name: "",
    mark: Mark::Tool,
    uid: None,
    version: None,
    calling: None,
    called: None,
    result: None,
    first: None,
};

const SCANNER: Sign = Sign { mark: Mark::Scanner, ..ANY };

/// nmap's library speaks as DCMTK 3.6.2 but writes no FFH.
const NMAP: Sign = Sign { uid: Some("1.2.276.0.7230010.3.0.3.6.2"), result: Some(0), ..SCANNER };

const SIGNS: [Sign; 22] = [
    Sign { name: "nmap dicom-ping", called: Some("ANY-SCP"), ..NMAP },
    Sign { name: "nmap dicom-brute", ..NMAP },
    Sign {
        name: "Shodan",
        version: Some("OFFIS_DCMTK_360"),
        calling: Some("FINDSCU"),
        called: Some("ANY-SCP"),
        first: Some(WORKLIST_FIND),
        ..SCANNER
    },
    Sign { name: "nmap_dicom", uid: Some("2.25.205477355541376756296906656564391676347"), ..SCANNER },
    Sign { name: "nmap_dicom", version: Some("NMAP_NSE"), ..SCANNER },
    Sign { name: "nmap dicom-info suite", calling: Some("NMAP-INFO"), ..SCANNER },
    Sign { name: "DIMScern", uid: Some("1.2.826.0.1.3680043.10.1510."), ..SCANNER },
    Sign { name: "dicompot checker", calling: Some("MYSCU"), called: Some("MYSCP"), ..SCANNER },
    Sign { name: "DCMTK echoscu", calling: Some("ECHOSCU"), ..DCMTK },
    Sign { name: "DCMTK findscu", calling: Some("FINDSCU"), ..DCMTK },
    Sign { name: "DCMTK movescu", calling: Some("MOVESCU"), ..DCMTK },
    Sign { name: "DCMTK getscu", calling: Some("GETSCU"), ..DCMTK },
    Sign { name: "DCMTK storescu", calling: Some("STORESCU"), ..DCMTK },
    Sign { name: "Orthanc", calling: Some("ORTHANC"), ..DCMTK },
    Sign { name: "DCMTK", ..DCMTK },
    Sign { name: "says DCMTK and is not", uid: Some(DCMTK_UID), ..ANY },
    Sign { name: "pynetdicom", uid: Some("1.2.826.0.1.3680043.9.3811."), ..ANY },
    Sign { name: "dcm4che", uid: Some("1.2.40.0.13.1."), ..ANY },
    Sign { name: "fo-dicom", uid: Some("1.3.6.1.4.1.30071.8"), ..ANY },
    Sign { name: "go-netdicom", uid: Some("1.2.826.0.1.3680043.9.7133"), ..ANY },
    Sign { name: "DICOM-rs", version: Some("DICOM-rs"), ..ANY },
    Sign { name: "ConQuest", uid: Some("1.2.826.0.1.3680043.2.135.1066."), ..ANY },
];

const DCMTK: Sign = Sign { uid: Some(DCMTK_UID), result: Some(DCMTK_RESULT), ..ANY };

impl Sign {
    fn fits(&self, asked: &Associate) -> bool {
        let starts = |wanted: Option<&str>, found: &[u8]| {
            wanted.is_none_or(|wanted| found.starts_with(wanted.as_bytes()))
        };
        let is = |wanted: Option<&str>, found: &[u8]| wanted.is_none_or(|wanted| found == wanted.as_bytes());
        let first = asked.contexts.first();
        starts(self.uid, &asked.implementation_uid)
            && starts(self.version, &asked.implementation_version)
            && is(self.calling, &asked.calling)
            && is(self.called, &asked.called)
            && self.result.is_none_or(|result| first.is_some_and(|context| context.result == result))
            && self.first.is_none_or(|class| first.is_some_and(|context| context.abstract_syntax == class))
    }
}

/// Tells which program proposes an association, if it is known.
pub(crate) fn tell(session: &Session, asked: &Associate) {
    if let Some(sign) = SIGNS.iter().find(|sign| sign.fits(asked)) {
        session.emit(Observation::Fingerprint { mark: sign.mark, value: sign.name.into() });
    }
}

/// How a peer behaves on one association, whatever it says it is.
#[derive(Debug, Default)]
pub(crate) struct Habits {
    /// Reserved field of the proposal, if it is not zero.
    reserved: Option<String>,
    /// Reserved byte of the first context.
    result: u8,
    data: Cut,
}

/// How the first P-DATA-TF came.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cut {
    #[default]
    None,
    /// Its headers by themselves: two writes with Nagle's algorithm between them.
    HeaderApart,
    Whole,
}

impl Habits {
    /// Notes a proposal.
    pub(crate) fn proposed(&mut self, body: &[u8], asked: &Associate) {
        let reserved = body.get(RESERVED).unwrap_or_default();
        let end = reserved.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.reserved = (end > 0).then(|| hex::encode(reserved.get(..end).unwrap_or_default()));
        self.result = asked.contexts.first().map_or(0, |context| context.result);
    }

    /// Notes what lay there when the first P-DATA-TF began to come.
    pub(crate) fn data(&mut self, arrived: &[u8]) {
        if self.data == Cut::None && arrived.first() == Some(&P_DATA) {
            self.data = if arrived.len() == DATA_HEAD { Cut::HeaderApart } else { Cut::Whole };
        }
    }

    /// Tells of them when the association is over: `end` is how.
    pub(crate) fn tell(&self, session: &Session, end: &str) {
        let reserved = self.reserved.as_deref().unwrap_or("00");
        let data = match self.data {
            Cut::None => "none",
            Cut::HeaderApart => "header-apart",
            Cut::Whole => "whole",
        };
        let value = format!("reserved={reserved} context={:02x} data={data} end={end}", self.result);
        session.emit(Observation::Fingerprint { mark: Mark::ClientHabits, value: Tainted::from(value) });
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::session::bench::Bench;

    /// nmap 7.93 `dicom-ping` and `dicom-brute`, DCMTK 3.6.7 `echoscu`, as they came over the wire; the
    /// called title of the second was a guess.
    const PROPOSALS: [(&str, &str); 3] = [
        ("nmap dicom-ping", include_str!("../../../tests/transcripts/dicom/tools/nmap-dicom-ping.hex")),
        ("nmap dicom-brute", include_str!("../../../tests/transcripts/dicom/tools/nmap-dicom-brute.hex")),
        ("DCMTK echoscu", include_str!("../../../tests/transcripts/dicom/tools/echoscu.hex")),
    ];

    fn named(asked: &Associate) -> Option<&'static str> {
        SIGNS.iter().find(|sign| sign.fits(asked)).map(|sign| sign.name)
    }

    #[test]
    fn recorded_proposals_are_named() {
        for (name, text) in PROPOSALS {
            let pdu = Bytes::from(hex::decode(text.trim()).unwrap());
            assert_eq!(named(&Associate::read(&pdu.slice(6..)).unwrap()), Some(name));
        }
    }

    #[test]
    fn the_reserved_field_betrays_nmap() {
        let bench = Bench::new();
        let session = bench.session("pacs", "dicom");
        for (text, wanted) in
            [(PROPOSALS[0].1, "reserved=30 context=00"), (PROPOSALS[2].1, "reserved=00 context=ff")]
        {
            let pdu = Bytes::from(hex::decode(text.trim()).unwrap());
            let body = pdu.slice(6..);
            let mut habits = Habits::default();
            habits.proposed(&body, &Associate::read(&body).unwrap());
            habits.data(&[4; 12]);
            habits.tell(&session, "close");
            let told = bench.told();
            let Observation::Fingerprint { mark: Mark::ClientHabits, value } = &told[0] else {
                panic!("{told:?}")
            };
            assert_eq!(value.as_untrusted(), format!("{wanted} data=header-apart end=close"));
        }
    }

    #[test]
    fn borrowed_names_and_published_scanners_are_told_apart() {
        let asked = |uid: &'static str, version: &'static str, calling: &'static str, result| Associate {
            implementation_uid: Bytes::from_static(uid.as_bytes()),
            implementation_version: Bytes::from_static(version.as_bytes()),
            calling: Bytes::from_static(calling.as_bytes()),
            called: Bytes::from_static(b"ANY-SCP"),
            contexts: vec![crate::wire::dicom::pdu::Context {
                id: 1,
                result,
                abstract_syntax: Bytes::from_static(WORKLIST_FIND),
                transfer_syntaxes: Vec::new(),
            }],
            ..Associate::default()
        };
        let cases = [
            (asked("1.2.276.0.7230010.3.0.3.6.0", "OFFIS_DCMTK_360", "FINDSCU", 0xFF), Some("Shodan")),
            (asked("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367", "FINDSCU", 0xFF), Some("DCMTK findscu")),
            (asked("1.2.276.0.7230010.3.0.3.6.7", "OFFIS_DCMTK_367", "X", 0), Some("says DCMTK and is not")),
            (asked("1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304", "X", 0), Some("pynetdicom")),
            (asked("1.2.826.0.1.3680043.10.1510.1.1.0", "DIMScern", "X", 0), Some("DIMScern")),
            (asked("1.3.12.2.1107.5.2", "MR_VB19A", "NMAP-INFO", 0), Some("nmap dicom-info suite")),
            (asked("1.3.12.2.1107.5.2", "MR_VB19A", "MR01", 0), None),
        ];
        for (proposal, name) in cases {
            assert_eq!(named(&proposal), name);
        }
    }
}
