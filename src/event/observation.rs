//! What a decoy can see a peer do: a closed set, shared by all protocols.

use serde::{Deserialize, Serialize};

use super::{Detail, Tainted};

/// One thing a peer did. What only one protocol knows is in [`Detail`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Observation {
    /// A connection was accepted. First event of a session.
    Opened {
        /// Whether the service speaks TLS from the first byte.
        tls: bool,
    },
    /// The session ended. Last event of a session.
    Closed {
        /// Who ended it, and how.
        reason: CloseReason,
        /// Bytes received from the peer, before decryption.
        bytes_in: u64,
        /// Bytes sent to the peer, after encryption.
        bytes_out: u64,
        /// From accept to close, in milliseconds.
        duration_ms: u64,
        /// The transcript's file, if there was anything to keep: the chain vouches for it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        transcript: Option<FileDigest>,
    },
    /// A mark of the peer's software.
    Fingerprint {
        /// Which mark.
        mark: Mark,
        /// Its value.
        value: Tainted,
    },
    /// Somebody tried to prove who he is.
    AuthAttempt {
        /// How.
        method: AuthMethod,
        /// The account named.
        account: Tainted,
        /// The password, key fingerprint or token given; absent where the protocol shows none.
        secret: Option<Tainted>,
        /// Whether the decoy let him in.
        accepted: bool,
    },
    /// A valid protocol request that is none of the more special kinds below.
    Request {
        /// The request's name in its protocol: `GET`, `A-ASSOCIATE`, `C-ECHO`, `subsystem`.
        verb: Tainted,
        /// What it was asked of: a path, an AE title, a file.
        target: Tainted,
        /// The status that the decoy answered, in the protocol's own numbers.
        status: u32,
        /// What only this protocol knows.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<Detail>,
    },
    /// A command typed or sent to a shell.
    Command {
        /// The line as sent.
        line: Tainted,
        /// Its exit status, once known.
        exit: Option<i32>,
    },
    /// A search in the hospital's records.
    Query {
        /// What was searched.
        subject: RecordKind,
        /// The filter, in the protocol's own words.
        filter: Tainted,
        /// How many answers went out.
        answers: u32,
        /// Whether the filter would match everything (a wildcard, an empty key).
        unbounded: bool,
        /// What only this protocol knows.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<Detail>,
    },
    /// Hospital records went out to the peer.
    RecordRead {
        /// Which kind of record.
        subject: RecordKind,
        /// How many.
        count: u32,
        /// The world's ids of the records, at most [`MAX_IDS`].
        ids: Vec<String>,
    },
    /// The peer wrote, changed or deleted a record.
    RecordWrite {
        /// Which kind of record.
        subject: RecordKind,
        /// How many.
        count: u32,
        /// Ids as the peer gave them, at most [`MAX_IDS`].
        ids: Vec<Tainted>,
    },
    /// A message of a messaging protocol (HL7 v2, ASTM) was received and answered.
    Message {
        /// Its type: `ADT^A01`, `R`.
        message_type: Tainted,
        /// Its control or message id.
        control_id: Tainted,
        /// The acknowledgement given: `AA`, `AE`, `AR`, `ACK`, `NAK`.
        answer: String,
        /// What only this protocol knows.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detail: Option<Detail>,
    },
    /// A file or object went in or out.
    Transfer {
        /// In (upload) or out (download).
        direction: Direction,
        /// Its name or id as the protocol gives it.
        name: Tainted,
        /// Size in bytes.
        size: u64,
        /// SHA-256, lower-case hex. For uploads the artefact is kept under it.
        sha256: String,
    },
    /// The peer asked the decoy to reach somewhere else.
    Tunnel {
        /// How it asked: `direct-tcpip`, `C-MOVE`, `wget`.
        means: String,
        /// Where to.
        target: Tainted,
        /// Whether it was relayed (only ever inside the honeynet).
        relayed: bool,
    },
    /// Bytes that are not the protocol.
    Malformed {
        /// Which rule they broke, in a few words of ours.
        rule: String,
        /// The first bytes, lower-case hex, at most [`MAX_SAMPLE`] bytes of input.
        sample: String,
        /// How many bytes were there.
        length: u64,
    },
    /// A known attack on the product that the decoy claims to be.
    ExploitAttempt {
        /// The weakness: a CVE id or a short name of ours.
        weakness: String,
        /// What was sent.
        payload: Tainted,
    },
    /// What a file that was handed over is, by its own bytes.
    Content {
        /// SHA-256 of the file as it came, lower-case hex.
        sha256: String,
        /// Its kind as a media type (`application/dicom`).
        media: String,
        /// What it carries that its kind has no need of, in a few words of ours; at most
        /// [`MAX_FOUND`].
        found: Vec<String>,
    },
    /// The peer tried to overwrite a record that the hospital holds.
    Tampering {
        /// Which kind of record.
        subject: RecordKind,
        /// The world's id of the record.
        id: String,
        /// What he tried to change, at most [`MAX_CHANGES`].
        changes: Vec<Change>,
    },
    /// Data of a real patient, or work of a real device, that came by mistake. It names nobody.
    RealData {
        /// Why it is taken for real, in a few words of ours.
        signs: Vec<String>,
        /// Whether a real device sent it: a registered one, or one with a modality vendor's toolkit.
        /// Data can be real and its sender an intruder.
        device: bool,
        /// A keyed digest of the patient's identifier, lower-case hex: the same patient gives the
        /// same digest on one appliance. Empty when there was none.
        patient: String,
        /// SHA-256 of what was kept, lower-case hex: the sealed or reduced file. Empty when there
        /// was none.
        sha256: String,
        /// What was done with it.
        handling: Handling,
    },
    /// A bait was used: it exists nowhere but in our lures.
    LureTouched {
        /// The lure's id, as `honeyward lure list` shows it.
        lure: String,
        /// How it was used.
        how: String,
    },
    /// Bytes that show a scanner's interest and no more.
    Probe {
        /// What was tried: `tls-hello`, `http-get`, `banner-grab`.
        means: String,
    },
}

/// Most ids listed in one event; the count says how many there were.
pub const MAX_IDS: usize = 64;

/// Most findings of one [`Observation::Content`].
pub const MAX_FOUND: usize = 16;

/// Most changes of one [`Observation::Tampering`].
pub const MAX_CHANGES: usize = 16;

/// Most bytes of a malformed input that an event carries; the transcript keeps the rest.
pub const MAX_SAMPLE: usize = 256;

impl Observation {
    /// Malformed input with its sample cut to [`MAX_SAMPLE`].
    pub fn malformed(rule: impl Into<String>, input: &[u8]) -> Self {
        let sample = input.get(..MAX_SAMPLE.min(input.len())).unwrap_or_default();
        Observation::Malformed {
            rule: rule.into(),
            sample: hex::encode(sample),
            length: u64::try_from(input.len()).unwrap_or(u64::MAX),
        }
    }
}

/// A file of evidence as the chain knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDigest {
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Its size in bytes.
    pub size: u64,
}

/// One value that a peer tried to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What it is: a DICOM keyword, `pixels`.
    pub field: String,
    /// What the hospital holds.
    pub from: String,
    /// What the peer sent.
    pub to: Tainted,
}

/// What was done with real data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Encrypted for the hospital's key: the appliance can't open it.
    Sealed,
    /// Pixel data dropped, identifiers replaced by digests.
    PixelsDropped,
    /// Kept as it came.
    Kept,
    /// None of it was kept.
    NotKept,
}

/// Who ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// The peer closed in order.
    Peer,
    /// The peer reset the connection or vanished.
    PeerReset,
    /// The decoy closed, as its product would.
    Decoy,
    /// The decoy reset the connection, as its product would.
    DecoyReset,
    /// A timer of the product ran out.
    Timeout,
    /// A limit of ours was reached.
    Limit,
    /// The sensor was stopped.
    Shutdown,
    /// The sensor died; written when it came back.
    SensorLost,
}

/// Marks by which clients are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// SSH client identification line.
    SshClient,
    /// HASSH of the client's KEXINIT.
    Hassh,
    /// SSH public key fingerprint (`SHA256:…`).
    SshKey,
    /// JA4 of a TLS ClientHello.
    Ja4,
    /// How a peer's TCP opens a connection, in the form of p0f 3.
    TcpSyn,
    /// DICOM implementation class UID and version name.
    DicomImplementation,
    /// DICOM calling AE title.
    CallingAe,
    /// HTTP User-Agent.
    UserAgent,
    /// HL7 sending application and facility (MSH-3, MSH-4).
    HlSender,
    /// ASTM sender name (H-5).
    AstmSender,
    /// Program, library and machine that a client of a database names.
    DatabaseClient,
    /// Name, build, keyboard layout and product id that a client of Remote Desktop gives.
    RdpClient,
    /// What a client of SMB offers: dialects, capabilities, its GUID, its Windows.
    SmbClient,
    /// Computer name and Windows version that a client of NTLM gives.
    NtlmClient,
    /// The client program or toolkit, named by what it sends.
    Tool,
    /// The same, of a scanner or a program made for attacks.
    Scanner,
    /// How a client behaves, whatever it says it is.
    ClientHabits,
}

/// How a peer authenticates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A password in clear or inside an encrypted channel.
    Password,
    /// A public key.
    PublicKey,
    /// A web form.
    Form,
    /// HTTP Basic.
    Basic,
    /// SSH keyboard-interactive.
    KeyboardInteractive,
    /// DICOM user identity item.
    DicomUserIdentity,
    /// A challenge of the protocol's own; the secret is challenge and response in the form that
    /// password crackers read.
    ChallengeResponse,
}

/// The hospital's records, as all protocols name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A patient's master record.
    Patient,
    /// A visit or stay.
    Encounter,
    /// An order.
    Order,
    /// An imaging study.
    Study,
    /// A series of a study.
    Series,
    /// One image or object.
    Instance,
    /// A scheduled procedure step (worklist entry).
    Worklist,
    /// A laboratory specimen.
    Specimen,
    /// A laboratory result.
    LabResult,
    /// An imaging report.
    Report,
    /// A member of staff.
    Staff,
    /// A file.
    File,
    /// A prescription.
    Prescription,
    /// A charge, a bill or a deposit.
    Charge,
    /// A row of a dictionary: a drug, its stock, or a price.
    Catalogue,
}

/// Which way a file went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the peer to the decoy.
    Upload,
    /// From the decoy to the peer.
    Download,
}
