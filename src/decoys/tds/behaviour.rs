//! The persona's table: which SQL Server this is, and what it says.

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use serde::Deserialize;

use super::packet::MAX_PACKET;
use crate::database::Language;
use crate::persona::{Fault, Service};

/// `tds.toml` of a host.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The product that the table was taken from, for people.
    pub product: String,
    /// The build: major, minor, build, revision.
    pub version: [u16; 4],
    /// The instance's name; `MSSQLSERVER` is the default one.
    pub instance: String,
    /// The five bytes of the server's collation (MS-TDS 2.2.5.1.2), hex: locale, flags, sort order.
    pub collation: String,
    /// The collation's code page, by its name in the Encoding Standard.
    pub code_page: String,
    /// The language of logins that ask for none: `zh` or `en`.
    pub language: String,
    /// The browser service.
    pub browser: Browsing,
    /// What comes before the login.
    pub prelogin: BeforeLogin,
    /// Encryption.
    pub tls: Encrypting,
    /// The login.
    pub login: LoggingIn,
    /// What it says, by number.
    pub message: Vec<Text>,
}

/// `[browser]`: what the browser service tells.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Browsing {
    /// Whether the instance is on a failover cluster.
    pub clustered: bool,
    /// The port of the dedicated administrator connection, where it is open to the network.
    #[serde(default)]
    pub admin_port: Option<u16>,
}

/// `[prelogin]`: options that the build knows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BeforeLogin {
    /// TRACEID.
    pub trace_id: bool,
    /// FEDAUTHREQUIRED.
    pub federated: bool,
}

/// Whether a server encrypts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encryption {
    /// As the client wishes; at least the login, if it can.
    Offered,
    /// Always.
    Forced,
    /// It has no certificate.
    Unavailable,
}

/// `[tls]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encrypting {
    /// Whether it encrypts.
    pub encryption: Encryption,
    /// Name in the certificate that the server made for itself; empty: it has the host's own.
    pub common_name: String,
    /// How long that is valid, days.
    pub days: u32,
    /// Within so many days from the start of this year it was made.
    pub made: (i32, u64),
}

/// `[login]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoggingIn {
    /// The program's name in LOGINACK.
    pub program: String,
    /// The packet size where the client asks for none.
    pub packet_size: usize,
    /// A login that takes longer, seconds, is ended.
    pub seconds: u64,
    /// Shortest and longest time of a login that is accepted, milliseconds.
    pub accept_ms: [u64; 2],
    /// The same of one that is refused.
    pub refuse_ms: [u64; 2],
    /// Refused passwords in a row after which a login is locked; 0: never, as where the policy of
    /// Windows is not enforced.
    pub lock_after: u32,
    /// Minutes until it is open again.
    pub lock_minutes: u32,
    /// Features it acknowledges (MS-TDS 2.2.7.11): number, and data in hex.
    #[serde(default)]
    pub features: BTreeMap<String, String>,
}

/// `[[message]]`: one message in the server's languages; `{0}` and so on are filled in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Its number.
    pub number: u32,
    /// Its class (severity); above 10 it is an error.
    pub class: u8,
    /// Its state.
    pub state: u8,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// Messages that the wire itself has.
pub(super) mod number {
    /// Login failed for a user.
    pub(in crate::decoys::tds) const LOGIN_FAILED: u32 = 18_456;
    /// The login is locked.
    pub(in crate::decoys::tds) const LOGIN_LOCKED: u32 = 18_486;
    /// A Windows login from a domain that is not trusted.
    pub(in crate::decoys::tds) const UNTRUSTED_DOMAIN: u32 = 18_452;
    /// The database that was asked for can't be opened.
    pub(in crate::decoys::tds) const NO_DATABASE: u32 = 4060;
    /// The database was changed.
    pub(in crate::decoys::tds) const DATABASE_CHANGED: u32 = 5701;
    /// The language was changed.
    pub(in crate::decoys::tds) const LANGUAGE_CHANGED: u32 = 5703;
    /// Bulk load is not allowed.
    pub(in crate::decoys::tds) const NO_BULK_LOAD: u32 = 4834;
    /// No prepared statement with this handle.
    pub(in crate::decoys::tds) const NO_HANDLE: u32 = 8179;
    /// No cursor with this handle.
    pub(in crate::decoys::tds) const NO_CURSOR: u32 = 16_909;
    /// A cursor that can't be written through.
    pub(in crate::decoys::tds) const READ_ONLY: u32 = 16_929;
    /// A parameter of an unknown type.
    pub(in crate::decoys::tds) const UNKNOWN_TYPE: u32 = 8009;
    /// All that the wire needs.
    pub(super) const ALL: [u32; 11] = [
        LOGIN_FAILED,
        LOGIN_LOCKED,
        UNTRUSTED_DOMAIN,
        NO_DATABASE,
        DATABASE_CHANGED,
        LANGUAGE_CHANGED,
        NO_BULK_LOAD,
        NO_HANDLE,
        NO_CURSOR,
        READ_ONLY,
        UNKNOWN_TYPE,
    ];
}

impl Behaviour {
    /// Reads and checks a service's file.
    ///
    /// # Errors
    /// A located [`Fault`].
    pub(super) fn read(service: &Service) -> Result<Self, Fault> {
        let behaviour: Behaviour = service.behaviour.parse()?;
        behaviour.check().map_err(|problem| Fault::of_file(&service.behaviour.file, problem))?;
        Ok(behaviour)
    }

    /// The build as texts show it: `11.0.7001.0`.
    pub(super) fn build(&self) -> String {
        self.version.map(|part| part.to_string()).join(".")
    }

    /// The build as PRELOGIN and LOGINACK have it: major, minor, build.
    pub(super) fn build_bytes(&self) -> [u8; 4] {
        let [major, minor, build, _] = self.version;
        let byte = |part: u16| u8::try_from(part).unwrap_or(u8::MAX);
        let [high, low] = build.to_be_bytes();
        [byte(major), byte(minor), high, low]
    }

    /// The collation's bytes.
    pub(super) fn collation(&self) -> [u8; 5] {
        let mut bytes = [0; 5];
        // Checked when it was read.
        let _ = hex::decode_to_slice(&self.collation, &mut bytes);
        bytes
    }

    /// The code page.
    pub(super) fn page(&self) -> &'static Encoding {
        Encoding::for_label(self.code_page.as_bytes()).unwrap_or(encoding_rs::GBK)
    }

    /// The language of logins that ask for none.
    pub(super) fn language(&self) -> Language {
        if self.language == "en" { Language::English } else { Language::Chinese }
    }

    /// A message, filled in.
    pub(super) fn text(&self, number: u32, language: Language, words: &[&str]) -> (Text, String) {
        let found = self.message.iter().find(|text| text.number == number).cloned();
        let text =
            found.unwrap_or(Text { number, class: 16, state: 1, zh: String::new(), en: String::new() });
        let pattern = match language {
            Language::Chinese => &text.zh,
            Language::English => &text.en,
        };
        let mut filled = String::new();
        let mut rest = pattern.as_str();
        // In one pass: what is filled in may itself look like a place.
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let place = after.split_once('}').and_then(|(digit, tail)| {
                digit.parse::<usize>().ok().and_then(|index| words.get(index)).map(|word| (*word, tail))
            });
            let Some((word, tail)) = place else {
                filled.push('{');
                rest = after;
                continue;
            };
            filled.push_str(word);
            rest = tail;
        }
        filled.push_str(rest);
        (text, filled)
    }

    /// Features that are acknowledged: number and data.
    pub(super) fn features(&self) -> impl Iterator<Item = (u8, Vec<u8>)> {
        let read = |(id, data): (&String, &String)| Some((id.parse().ok()?, hex::decode(data).ok()?));
        self.login.features.iter().filter_map(read)
    }

    /// Checks what types can't say.
    fn check(&self) -> Result<(), String> {
        let [major, minor, ..] = self.version;
        if major > 255 || minor > 255 {
            return Err(format!("version = {:?}: expected major and minor below 256", self.version));
        }
        // MC-SQLR 2.2.5 and the product's own rule for names.
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '#');
        if self.instance.is_empty() || self.instance.len() > 16 || !self.instance.chars().all(name) {
            return Err(format!("instance = \"{}\": expected 1 to 16 letters and digits", self.instance));
        }
        if hex::decode(&self.collation).ok().is_none_or(|bytes| bytes.len() != 5) {
            return Err(format!("collation = \"{}\": expected ten hex digits", self.collation));
        }
        if Encoding::for_label(self.code_page.as_bytes()).is_none() {
            return Err(format!("code_page = \"{}\": expected one such as gbk", self.code_page));
        }
        if !["zh", "en"].contains(&self.language.as_str()) {
            return Err(format!("language = \"{}\": expected zh or en", self.language));
        }
        self.check_login()?;
        match number::ALL.into_iter().find(|number| self.message.iter().all(|text| text.number != *number)) {
            Some(missing) => Err(format!("expected [[message]] with number = {missing}")),
            None => Ok(()),
        }
    }

    fn check_login(&self) -> Result<(), String> {
        let login = &self.login;
        if !(512..=MAX_PACKET).contains(&login.packet_size) {
            return Err(format!("packet_size = {}: expected 512 to {MAX_PACKET}", login.packet_size));
        }
        for [shortest, longest] in [login.accept_ms, login.refuse_ms] {
            if shortest > longest {
                return Err(format!("[{shortest}, {longest}]: expected the shorter time first"));
            }
        }
        if !(1..=3600).contains(&login.seconds) {
            return Err(format!("seconds = {}: expected 1 to 3600", login.seconds));
        }
        let broken =
            login.features.iter().find(|(id, data)| id.parse::<u8>().is_err() || hex::decode(data).is_err());
        match broken {
            Some((id, _)) => Err(format!("features: \"{id}\": expected a number and data in hex")),
            None => Ok(()),
        }
    }
}
