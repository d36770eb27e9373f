//! `[[destination]]` of the config.

use std::net::IpAddr;
use std::path::PathBuf;

use hyper::Uri;
use hyper::http::uri::Authority;
use serde::{Deserialize, Serialize};

use crate::event::Severity;

/// One SIEM, as the operator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Destination {
    /// Its name, for messages and for `honeyward siem test`.
    pub name: String,
    /// Host and port of a syslog receiver, `siem.example:6514`.
    #[serde(default)]
    pub address: String,
    /// Where alerts are posted, `https://siem.example/path` (HTTP).
    #[serde(default)]
    pub url: Option<String>,
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
    /// File that holds the bearer token (HTTP).
    #[serde(default)]
    pub token_file: Option<PathBuf>,
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
    /// One POST per alert, unprotected: for a receiver on this machine or a trusted wire.
    Http,
    /// One POST per alert over TLS.
    Https,
}

impl Transport {
    /// Whether alerts are posted to a URL, without a syslog header.
    pub fn posts(self) -> bool {
        match self {
            Transport::Udp | Transport::Tcp | Transport::Tls => false,
            Transport::Http | Transport::Https => true,
        }
    }

    /// Whether both sides prove who they are.
    fn is_proven(self) -> bool {
        match self {
            Transport::Udp | Transport::Tcp | Transport::Http => false,
            Transport::Tls | Transport::Https => true,
        }
    }
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
        let place = if self.transport.posts() { self.url_faults() } else { self.address_faults() };
        for (key, problem) in place {
            fault(key, problem);
        }
        if self.facility > 23 {
            fault("facility", "expected 0 to 23");
        }
        if self.hostname.is_empty() || !self.hostname.chars().all(|c| c.is_ascii_graphic()) {
            fault("hostname", "expected printable ASCII without spaces");
        }
        if self.transport.is_proven() && self.ca.is_none() {
            fault("transport", "it needs ca = \"FILE\": the authorities that may sign the receiver");
        }
        if self.certificate.is_some() != self.key.is_some() {
            fault("certificate", "certificate and key go together");
        }
        faults
    }

    /// Where it is, for people.
    pub fn place(&self) -> &str {
        self.url.as_deref().unwrap_or(&self.address)
    }

    fn address_faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if self.address.rsplit_once(':').is_none_or(|(h, p)| h.is_empty() || p.parse::<u16>().is_err()) {
            faults.push(("address", "expected HOST:PORT"));
        }
        if self.url.is_some() {
            faults.push(("url", "only the transports http and https have one"));
        }
        if self.token_file.is_some() {
            faults.push(("token_file", "only the transports http and https send one"));
        }
        faults
    }

    fn url_faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        let (scheme, expected) = if self.transport.is_proven() {
            ("https", "expected https://HOST[:PORT]/PATH")
        } else {
            ("http", "expected http://HOST[:PORT]/PATH")
        };
        let url = self.url.as_deref().and_then(|url| url.parse::<Uri>().ok());
        let url = url.filter(|url| url.scheme_str() == Some(scheme));
        let host = url.as_ref().and_then(Uri::authority).filter(|a| !a.as_str().contains('@'));
        if host.is_none() {
            faults.push(("url", expected));
        }
        if !self.address.is_empty() {
            faults.push(("address", "http and https have url = \"…\" in its place"));
        }
        if self.format == Format::Cef {
            faults.push(("format", "http and https carry ecs only: CEF is made for syslog"));
        }
        if self.token_file.is_some() && !self.transport.is_proven() && !host.is_some_and(is_loopback) {
            faults.push(("token_file", "a token travels over https, or stays on this machine"));
        }
        faults
    }
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
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
