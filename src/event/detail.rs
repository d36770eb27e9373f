//! What only one protocol knows of a request, as typed structs.

use serde::{Deserialize, Serialize};

use super::Tainted;

/// Protocol facts beside an observation; formats place them under one vendor namespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "snake_case", deny_unknown_fields)]
pub enum Detail {
    /// A DICOM association, PS3.8.
    DicomAssociation(DicomAssociation),
    /// A DIMSE operation, PS3.7.
    Dimse(Dimse),
    /// An HTTP exchange.
    Http(Http),
    /// An HL7 v2 message.
    Hl7(Hl7),
    /// An ASTM E1394 message.
    Astm(Astm),
    /// A login over TDS.
    Tds(Tds),
    /// A call over DCE/RPC.
    Rpc(Rpc),
    /// The first packet of Remote Desktop.
    RdpNegotiation(RdpNegotiation),
    /// What a client of Remote Desktop says of itself.
    RdpClient(RdpClient),
    /// A session or a share of SMB.
    Smb(Smb),
    /// Something that was done with a file over SMB.
    SmbFile(SmbFile),
}

/// An A-ASSOCIATE-RQ, PS3.8 9.3.2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DicomAssociation {
    /// Calling AE title, trimmed.
    pub calling_ae: Tainted,
    /// Called AE title, trimmed.
    pub called_ae: Tainted,
    /// Implementation class UID (52H), if sent.
    pub implementation_uid: Tainted,
    /// Implementation version name (55H), if sent.
    pub implementation_version: Tainted,
    /// Maximum PDU length (51H) offered, bytes.
    pub max_pdu: u32,
    /// Abstract syntaxes proposed, at most 32.
    pub abstract_syntaxes: Vec<Tainted>,
}

/// One DIMSE operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimse {
    /// `C-FIND`, `C-GET` …
    pub operation: String,
    /// Affected SOP class UID.
    pub sop_class: Tainted,
    /// Query/retrieve level, if any.
    pub level: Tainted,
    /// Move destination, if any.
    pub destination: Tainted,
}

/// One HTTP exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// `Host` header.
    pub host: Tainted,
    /// `User-Agent` header.
    pub user_agent: Tainted,
    /// Bytes of the request body.
    pub request_bytes: u64,
    /// Bytes of the answer's body.
    pub response_bytes: u64,
}

/// Header facts of an HL7 v2 message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hl7 {
    /// MSH-3.
    pub sending_application: Tainted,
    /// MSH-4.
    pub sending_facility: Tainted,
    /// MSH-12.
    pub version: Tainted,
    /// MSH-18.
    pub charset: Tainted,
}

/// Facts of an ASTM E1394 message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Astm {
    /// Sender name, H-5.
    pub sender: Tainted,
    /// Record letters in order, `HPORL`.
    pub records: Tainted,
}

/// What a TDS login says of the client, MS-TDS 2.2.6.4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tds {
    /// Version of TDS (`7.4`).
    pub version: String,
    /// The client's program.
    pub program: Tainted,
    /// Its library.
    pub library: Tainted,
    /// The library's version, as its number has it.
    pub library_version: String,
    /// The client's host name.
    pub client_host: Tainted,
    /// The client's process id.
    pub client_process: u32,
    /// The client's network card, lower-case hex.
    pub client_card: String,
    /// The server as the client calls it.
    pub server: Tainted,
    /// The language wanted.
    pub language: Tainted,
    /// The packet size wanted.
    pub packet_size: u32,
    /// What is encrypted: `nothing`, `login`, `all`.
    pub encryption: String,
}

/// A remote procedure call, C706.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rpc {
    /// The interface by the name that tools use (`svcctl`).
    pub interface: String,
    /// Number of the operation.
    pub opnum: u16,
    /// What carried it: `pipe svcctl`, `port 135`.
    pub over: String,
    /// Who was logged on; empty for nobody.
    pub account: Tainted,
}

/// An X.224 connection request of Remote Desktop and its answer, MS-RDPBCGR 2.2.1.1 and 2.2.1.2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdpNegotiation {
    /// The account in the cookie (`mstshash`); clients cut it at nine characters.
    pub cookie: Tainted,
    /// The routing token of a load balancer.
    pub token: Tainted,
    /// Protocols asked for: `rdp`, `ssl`, `hybrid`, `rdstls`, `hybrid_ex`, `aad`; empty when no word
    /// was said of them.
    pub requested: Vec<String>,
    /// The protocol agreed on; empty when there is none.
    pub selected: String,
    /// The id of this connection in the client's own logs, lower-case hex.
    pub correlation: String,
}

/// What a client of Remote Desktop says of itself before it logs on, MS-RDPBCGR 2.2.1.3.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdpClient {
    /// Its computer's name.
    pub name: Tainted,
    /// Version of RDP: major number above, minor number below 65536.
    pub version: u32,
    /// Its build (`2600`, `19041`).
    pub build: u32,
    /// Keyboard layout, the number that Windows has for it (1033: English, United States).
    pub keyboard: u32,
    /// The product's digital id.
    pub product: Tainted,
    /// Width, height and bits per pixel of the screen.
    pub screen: [u16; 3],
    /// Ways of encrypting that it knows (2.2.1.3.3).
    pub encryption: u32,
    /// Virtual channels asked for, at most 32.
    pub channels: Vec<Tainted>,
}

/// A session or a share of SMB, MS-SMB2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smb {
    /// The dialect that was agreed on (`3.1.1`).
    pub dialect: String,
    /// Who was logged on: an account, `Guest` or `ANONYMOUS LOGON`.
    pub account: Tainted,
    /// The share; empty where none is meant.
    pub share: Tainted,
    /// What the request was encrypted with; empty: nothing.
    pub cipher: String,
}

/// Something that was done with a file over SMB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmbFile {
    /// Who was logged on.
    pub account: Tainted,
    /// The share.
    pub share: Tainted,
    /// Bytes that were read, or the size that the file has now.
    pub bytes: u64,
    /// Its new path, where it was renamed.
    pub renamed_to: Tainted,
    /// Whether the intruder made it.
    pub is_new: bool,
    /// What it was by its beginning before it was written, as a media type; empty where it held nothing.
    pub kind_before: String,
    /// The same after; empty where it was not written.
    pub kind_after: String,
    /// Entropy of its beginning before it was written, hundredths of a bit per byte (0 to 800).
    pub entropy_before: Option<u16>,
    /// The same after.
    pub entropy_after: Option<u16>,
}
