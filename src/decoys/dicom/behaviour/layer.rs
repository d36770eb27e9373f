//! The upper layer of a table: how a product names itself, negotiates, cuts, waits and breaks off.

use std::time::Duration;

use serde::Deserialize;

/// A product that never closes by itself is heard this long: more than any peer of worth is silent,
/// and a bound for a connection that nobody holds any more.
const LONGEST_SILENCE: Duration = Duration::from_secs(4 * 3600);

/// Implementation class UID and version name (PS3.7 D.3.3.2).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Implementation {
    /// Class UID.
    pub(crate) uid: String,
    /// Version name; empty when the product sends none.
    pub(crate) version: String,
}

/// How it uses its connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    /// Nagle's algorithm stays on.
    pub(crate) nagle: bool,
    /// How it cuts P-DATA into writes.
    pub(crate) segmentation: Segmentation,
    /// Whether it takes the six bytes of a PDU's header for a part of the peer's maximum.
    #[serde(default = "yes")]
    pub(crate) counts_header: bool,
    /// Largest PDU that it takes, bytes, as it announces.
    pub(crate) max_pdu: u32,
    /// Largest P-DATA-TF that it reads, bytes; what it announces when absent.
    pub(crate) largest_data: Option<u32>,
    /// Largest PDU that it sends whatever the peer takes, bytes.
    pub(crate) max_send_pdu: u32,
    /// Largest A-ASSOCIATE-RQ that it reads, bytes.
    pub(crate) largest_request: u32,
    /// Bytes that it reads before it looks at a PDU's type: 6, or all 10 of the shortest PDU.
    #[serde(default = "six")]
    pub(crate) looks_after: usize,
    /// Whether it shuts its side down before it closes, so that the peer sees an end, not a reset.
    #[serde(default)]
    pub(crate) shuts_down_first: bool,
    /// Whether it leaves the closing to the peer after a refusal and after a release.
    #[serde(default)]
    pub(crate) peer_closes: bool,
}

fn yes() -> bool {
    true
}

fn six() -> usize {
    6
}

/// How P-DATA becomes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Segmentation {
    /// The 12 bytes of PDU and PDV header, then the rest; no element's header is cut: DCMTK.
    HeaderApart,
    /// Each PDU by one write, command and data set in PDUs of their own: dcm4che.
    Whole,
    /// Each PDU by one write, a data set begins in the PDU of its command: fo-dicom.
    Packed,
}

/// How long it waits, in milliseconds; 0 is for ever.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Timers {
    /// From accept to the first byte (ARTIM, PS3.8 9.1.5).
    pub(crate) first_pdu_ms: u64,
    /// From the first byte to a whole header.
    pub(crate) header_ms: u64,
    /// Between two pieces of a PDU's body.
    pub(crate) body_ms: u64,
    /// For the next PDU of an association.
    pub(crate) idle_ms: u64,
    /// The three before vary by up to this much more.
    pub(crate) spread_ms: u64,
    /// For the peer's close after an A-ASSOCIATE-RJ; 0 closes at once.
    pub(crate) after_refusal_ms: u64,
    /// For the peer's close after an A-ABORT; 0 closes at once.
    pub(crate) after_abort_ms: u64,
    /// For the peer's close after an A-RELEASE-RP; 0 closes at once.
    pub(crate) after_release_ms: u64,
    /// Whether the three before are waited out without listening.
    #[serde(default)]
    pub(crate) deaf: bool,
}

impl Timers {
    /// A time of the table that may be for ever.
    pub(crate) fn of(ms: u64) -> Duration {
        if ms == 0 { LONGEST_SILENCE } else { Duration::from_millis(ms) }
    }
}

/// How it negotiates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Association {
    /// Which called AE titles it takes.
    pub(crate) called: Called,
    /// Its other AE titles, beside `ae_title`.
    #[serde(default)]
    pub(crate) other_titles: Vec<String>,
    /// Which calling AE titles it takes; any when empty.
    #[serde(default)]
    pub(crate) calling: Vec<String>,
    /// Whether it takes blanks off both ends of an AE title, also in its answer.
    #[serde(default)]
    pub(crate) trims_titles: bool,
    /// Whether it takes titles that are only blanks; else it says nothing.
    #[serde(default)]
    pub(crate) blank_titles: bool,
    /// Whether a proposal without an application context is taken.
    #[serde(default)]
    pub(crate) no_application_context: bool,
    /// Whether a proposal without presentation contexts is taken; else it says nothing.
    #[serde(default)]
    pub(crate) no_contexts: bool,
    /// Whether a context without transfer syntaxes is only refused; else it says nothing.
    #[serde(default)]
    pub(crate) no_syntaxes: bool,
    /// Whether the second of two contexts with one id is only left out; else it says nothing.
    #[serde(default = "yes")]
    pub(crate) repeated_ids: bool,
    /// Whether UIDs and names above 64 bytes are taken; else it says nothing.
    #[serde(default)]
    pub(crate) long_names: bool,
    /// Whether a second proposal in an open association is answered like the first.
    #[serde(default)]
    pub(crate) proposes_again: bool,
    /// In which order its answer lists presentation contexts.
    pub(crate) order: Order,
    /// Which proposed roles it grants.
    pub(crate) roles: Roles,
    /// Transfer syntaxes that it takes, most wanted first.
    pub(crate) transfer_syntaxes: Vec<String>,
    /// Which of several transfer syntaxes it picks.
    #[serde(default)]
    pub(crate) preference: Preference,
    /// Classes with transfer syntaxes of their own.
    #[serde(default)]
    pub(crate) group: Vec<Group>,
    /// Result for a storage class that it knows in syntaxes that it doesn't.
    pub(crate) unsupported_storage: u8,
    /// Which transfer syntax it writes into a refused context.
    #[serde(default)]
    pub(crate) refused_syntax: RefusedSyntax,
    /// Most operations at a time that it grants either side (PS3.7 D.3.3.3), 0 for as many as asked;
    /// absent: the item is ignored.
    pub(crate) operations: Option<u16>,
    /// What it says to a user identity.
    #[serde(default)]
    pub(crate) identity: IdentityAnswer,
    /// What it grants of SOP class extended negotiation (PS3.4 C.5.1.1): for queries and, in the
    /// first byte only, for retrievals; absent: the item is ignored.
    pub(crate) extended: Option<Vec<u8>>,
    /// Most associations at a time; absent: no limit.
    pub(crate) limit: Option<usize>,
    /// How it says no.
    pub(crate) refusals: Refusals,
}

/// Which called AE titles are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Called {
    /// Its own.
    Own,
    /// Any.
    Any,
}

/// Order of presentation contexts in an A-ASSOCIATE-AC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// As proposed.
    Proposed,
    /// Accepted storage classes before all others.
    StorageFirst,
}

/// Which of several transfer syntaxes is picked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Preference {
    /// The first of the table.
    #[default]
    Own,
    /// The first of the proposal.
    Proposed,
}

/// Which roles are granted (PS3.7 D.3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Roles {
    /// The item is ignored.
    Ignored,
    /// As asked for accepted storage classes, equal bits being both: DCMTK for C-GET.
    Storage,
    /// What it can do; a context of which it can do nothing is refused: dcm4che.
    Able,
    /// As asked, for every class of a context: fo-dicom.
    Echoed,
}

/// Classes with transfer syntaxes of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Group {
    /// SOP classes, whole or below 1.2.840.10008.5.1.4.
    pub(crate) classes: Vec<String>,
    /// Their transfer syntaxes, most wanted first.
    pub(crate) transfer_syntaxes: Vec<String>,
}

/// Transfer syntax of a refused context.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RefusedSyntax {
    /// Implicit VR Little Endian.
    #[default]
    Implicit,
    /// The first that was proposed.
    Proposed,
}

/// What is said to a user identity (PS3.7 D.3.3.7.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdentityAnswer {
    /// Nothing.
    #[default]
    None,
    /// An empty response when one was asked for.
    WhenAsked,
    /// An empty response.
    Always,
}

/// Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21).
pub(crate) type Refusal = [u8; 3];

/// How it says no; what is absent it does not refuse.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusals {
    /// Called AE title not recognised.
    pub(crate) called: Refusal,
    /// Calling AE title not recognised.
    pub(crate) calling: Option<Refusal>,
    /// Application context not supported.
    pub(crate) application_context: Option<Refusal>,
    /// Protocol version not supported.
    pub(crate) version: Option<Refusal>,
    /// Too many associations.
    pub(crate) limit: Option<Refusal>,
}

/// How it breaks off.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Abort {
    /// The first PDU is a known one but no A-ASSOCIATE-RQ.
    pub(crate) first: Breaking,
    /// A PDU that has no place in an open association.
    pub(crate) unexpected: Breaking,
    /// Anything else that it can't go on with, and what is absent below.
    pub(crate) violation: Breaking,
    /// A P-DATA-TF above its maximum length.
    pub(crate) oversized: Breaking,
    /// A PDU of a type that the standard doesn't have, in an open association.
    pub(crate) unknown_type: Option<Breaking>,
    /// A PDU whose length its type can't have, or whose items don't fill it.
    pub(crate) bad_length: Option<Breaking>,
    /// Presentation data values whose lengths don't add up.
    pub(crate) bad_values: Option<Breaking>,
    /// A piece of a data set where one of a command belongs, or the other way round.
    pub(crate) wrong_value: Option<Breaking>,
    /// A command set that can't be read, or lacks what the product reads without asking.
    pub(crate) unreadable_command: Option<Breaking>,
    /// A command that it doesn't serve.
    pub(crate) not_served: Option<Breaking>,
    /// A response that nothing was asked for.
    pub(crate) stray_response: Option<Breaking>,
    /// An object that can't be read.
    pub(crate) unreadable_object: Option<Breaking>,
    /// The peer takes no PDU that something fits into.
    pub(crate) small_peer: Option<Breaking>,
    /// Nothing came for longer than an association may be idle.
    pub(crate) idle: Option<Breaking>,
    /// A PDU began and did not end in time.
    pub(crate) stuck: Option<Breaking>,
}

/// What makes it break off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Break {
    /// [`Abort::first`].
    First,
    /// [`Abort::unexpected`].
    Unexpected,
    /// [`Abort::violation`].
    Violation,
    /// [`Abort::oversized`].
    Oversized,
    /// [`Abort::unknown_type`].
    UnknownType,
    /// [`Abort::bad_length`].
    BadLength,
    /// [`Abort::bad_values`].
    BadValues,
    /// [`Abort::wrong_value`].
    WrongValue,
    /// [`Abort::unreadable_command`].
    UnreadableCommand,
    /// [`Abort::not_served`].
    NotServed,
    /// [`Abort::stray_response`].
    StrayResponse,
    /// [`Abort::unreadable_object`].
    UnreadableObject,
    /// [`Abort::small_peer`].
    SmallPeer,
    /// [`Abort::idle`].
    Idle,
    /// [`Abort::stuck`].
    Stuck,
}

impl Abort {
    /// What the product does then.
    pub(crate) fn on(&self, what: Break) -> &Breaking {
        let own = match what {
            Break::First => Some(&self.first),
            Break::Unexpected => Some(&self.unexpected),
            Break::Violation => None,
            Break::Oversized => Some(&self.oversized),
            Break::UnknownType => self.unknown_type.as_ref(),
            Break::BadLength => self.bad_length.as_ref(),
            Break::BadValues => self.bad_values.as_ref(),
            Break::WrongValue => self.wrong_value.as_ref(),
            Break::UnreadableCommand => self.unreadable_command.as_ref(),
            Break::NotServed => self.not_served.as_ref(),
            Break::StrayResponse => self.stray_response.as_ref(),
            Break::UnreadableObject => self.unreadable_object.as_ref(),
            Break::SmallPeer => self.small_peer.as_ref(),
            Break::Idle => self.idle.as_ref(),
            Break::Stuck => self.stuck.as_ref(),
        };
        own.unwrap_or(&self.violation)
    }
}

/// One way to break off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Breaking {
    /// Source and reason of each A-ABORT that is sent, one after another (PS3.8 table 9-26).
    pub(crate) send: Vec<[u8; 2]>,
    /// What comes then.
    pub(crate) then: After,
}

/// What comes after an A-ABORT, or instead of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum After {
    /// It closes.
    Close,
    /// It reads on until the peer closes or the time is over (Sta13).
    Drain,
    /// It goes on as if nothing had been.
    GoOn,
}
