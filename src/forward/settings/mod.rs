//! `[[destination]]` of the config.

mod faults;
mod kinds;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use self::kinds::{Api, Carriage, Encoding, Format, Header, OcsfVersion, Sasl, Transport};
use crate::event::Severity;

/// One SIEM, as the operator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Its name, for messages and for `honeyward siem test`.
    pub name: String,
    /// Host and port of a syslog receiver, a mail server, or a broker: `siem.example:6514`. Several brokers with
    /// commas.
    #[serde(default)]
    pub address: String,
    /// Where alerts are posted, `https://siem.example/path` (HTTP).
    #[serde(default)]
    pub url: Option<String>,
    /// How alerts are written.
    pub format: Format,
    /// How they travel.
    pub transport: Transport,
    /// Whose interface is posted to (HTTP).
    #[serde(default)]
    pub api: Api,
    /// Least severity that is sent.
    #[serde(default = "high")]
    pub min_severity: Severity,
    /// Whether it is also told how the appliance itself stands: heartbeats, decoys, disk, clock.
    #[serde(default)]
    pub health: bool,
    /// Syslog facility, 0 to 23; 13 is log audit.
    #[serde(default = "log_audit")]
    pub facility: u8,
    /// HOSTNAME of the syslog header, and the host in what Splunk gets.
    #[serde(default = "hostname")]
    pub hostname: String,
    /// Which syslog header.
    #[serde(default)]
    pub header: Header,
    /// Characters of a syslog message.
    #[serde(default)]
    pub encoding: Encoding,
    /// Time zone of what carries local time: the header of RFC 3164 and the flat format.
    #[serde(default = "zone")]
    pub timezone: String,
    /// Whether MSG starts with a UTF-8 byte order mark: some receivers want it, most parsers of
    /// CEF and JSON break on it.
    #[serde(default)]
    pub bom: bool,
    /// Version of OCSF.
    #[serde(default)]
    pub ocsf_version: OcsfVersion,
    /// Whom mail is from.
    #[serde(default)]
    pub from: Option<String>,
    /// Whom mail goes to, with commas.
    #[serde(default)]
    pub to: Option<String>,
    /// Account to log in with (mail, Kafka).
    #[serde(default)]
    pub account: Option<String>,
    /// File that holds its password (mail, Kafka).
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Topic that is written to (Kafka).
    #[serde(default)]
    pub topic: Option<String>,
    /// How the password is proven (Kafka).
    #[serde(default)]
    pub sasl: Sasl,
    /// Index of Splunk, data stream of Elasticsearch.
    #[serde(default)]
    pub index: Option<String>,
    /// Whether Splunk must confirm that an alert is indexed.
    #[serde(default)]
    pub acknowledge: bool,
    /// File that holds the token (HTTP).
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// File that holds the secret that posts are signed with (HTTP).
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Link to the console in what a chat robot is told.
    #[serde(default)]
    pub console: Option<String>,
    /// Proxy that HTTPS goes through, `http://proxy.example:3128`.
    #[serde(default)]
    pub proxy: Option<String>,
    /// PEM file of the authorities that may sign the receiver's certificate (TLS, HTTPS).
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// PEM file of our certificate chain (client certificates).
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Name that the receiver's certificate must have; the host of `address` or `url` without it.
    #[serde(default)]
    pub server_name: Option<String>,
}

impl Destination {
    /// Where it is, for people: without what a robot's URL must not show.
    pub fn place(&self) -> &str {
        let Some(url) = &self.url else { return &self.address };
        if self.api.is_robot() { url.split('?').next().unwrap_or(url) } else { url }
    }

    /// Whom mail goes to.
    pub(super) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.to.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|to| !to.is_empty())
    }

    /// Kafka's brokers.
    pub(super) fn brokers(&self) -> impl Iterator<Item = &str> {
        self.address.split(',').map(str::trim)
    }
}

fn high() -> Severity {
    Severity::High
}

fn log_audit() -> u8 {
    13
}

fn hostname() -> String {
    "honeyward".into()
}

fn zone() -> String {
    "Asia/Shanghai".into()
}
