//! `[[destination]]` of the config.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::event::Severity;

/// One SIEM, as the operator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Its name, for messages and for `honeyward siem test`.
    pub name: String,
    /// Host and port, `siem.example:6514`.
    pub address: String,
    /// How alerts are written.
    pub format: Format,
    /// How they travel.
    pub transport: Transport,
    /// Least severity that is sent.
    #[serde(default = "high")]
    pub min_severity: Severity,
    /// Syslog facility, 0 to 23; 13 is log audit.
    #[serde(default = "log_audit")]
    pub facility: u8,
    /// HOSTNAME of the syslog header.
    #[serde(default = "hostname")]
    pub hostname: String,
    /// Whether MSG starts with a UTF-8 byte order mark: some receivers want it, most parsers of
    /// CEF and JSON break on it.
    #[serde(default)]
    pub bom: bool,
    /// PEM file of the authorities that may sign the receiver's certificate (TLS).
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// PEM file of our certificate chain (TLS with client certificates).
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// Name that the receiver's certificate must have; the host of `address` without it.
    #[serde(default)]
    pub server_name: Option<String>,
}

/// How an alert is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Elastic Common Schema, one JSON object.
    Ecs,
    /// ArcSight Common Event Format, version 0.
    Cef,
}

/// How an alert travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// RFC 5426.
    Udp,
    /// RFC 6587 with octet counting.
    Tcp,
    /// RFC 5425.
    Tls,
}

impl Destination {
    /// What is wrong with it, by key; empty when nothing is.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut fault = |key, problem: &str| faults.push((key, format!("{}: {problem}", self.name)));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || !self.name.chars().all(plain) {
            fault("name", "expected letters, digits, '-', '_' or '.'");
        }
        if self.address.rsplit_once(':').is_none_or(|(h, p)| h.is_empty() || p.parse::<u16>().is_err()) {
            fault("address", "expected HOST:PORT");
        }
        if self.facility > 23 {
            fault("facility", "expected 0 to 23");
        }
        if self.hostname.is_empty() || !self.hostname.chars().all(|c| c.is_ascii_graphic()) {
            fault("hostname", "expected printable ASCII without spaces");
        }
        if self.transport == Transport::Tls && self.ca.is_none() {
            fault("transport", "tls needs ca = \"FILE\": the authorities that may sign the receiver");
        }
        if self.certificate.is_some() != self.key.is_some() {
            fault("certificate", "certificate and key go together");
        }
        faults
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
