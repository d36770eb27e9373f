//! `[[destination]]` of the config.

mod faults;

use std::path::PathBuf;

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

/// How an alert is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Elastic Common Schema, one JSON object.
    Ecs,
    /// ArcSight Common Event Format, version 0.
    Cef,
    /// QRadar Log Event Extended Format, version 2.0.
    Leef,
    /// Open Cybersecurity Schema Framework, Detection Finding, one JSON object.
    Ocsf,
    /// One flat JSON object with the keys that Chinese platforms know.
    Flat,
    /// A few lines for people, without addresses, accounts or names: for chat robots.
    Brief,
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
    /// RELP: each message is answered.
    Relp,
    /// RELP over TLS.
    RelpTls,
    /// Posted, unprotected: for a receiver on this machine or a trusted wire.
    Http,
    /// Posted over TLS.
    Https,
}

/// Whose interface is posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// Any receiver: one object a POST.
    #[default]
    Json,
    /// Splunk's HTTP Event Collector.
    Splunk,
    /// The bulk interface of Elasticsearch and OpenSearch.
    Elastic,
    /// A group robot of 企业微信 (WeCom).
    Wecom,
    /// A group robot of 钉钉 (DingTalk).
    Dingtalk,
    /// A group robot of 飞书 (Feishu, Lark).
    Feishu,
}

impl Api {
    /// Whether people read it, in a chat.
    pub fn is_robot(self) -> bool {
        match self {
            Api::Json | Api::Splunk | Api::Elastic => false,
            Api::Wecom | Api::Dingtalk | Api::Feishu => true,
        }
    }
}

/// The header before a syslog message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// RFC 5424.
    #[default]
    Rfc5424,
    /// RFC 3164: local time without a year or a zone.
    Rfc3164,
}

/// Characters of a syslog message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB18030, of which GBK is a part.
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// A published version of OCSF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum OcsfVersion {
    /// 1.5.0.
    #[default]
    #[serde(rename = "1.5.0")]
    V1_5,
    /// 1.6.0.
    #[serde(rename = "1.6.0")]
    V1_6,
    /// 1.8.0.
    #[serde(rename = "1.8.0")]
    V1_8,
}

impl OcsfVersion {
    /// As it stands in a record.
    pub fn name(self) -> &'static str {
        match self {
            OcsfVersion::V1_5 => "1.5.0",
            OcsfVersion::V1_6 => "1.6.0",
            OcsfVersion::V1_8 => "1.8.0",
        }
    }
}

impl Transport {
    /// Whether alerts are posted to a URL, without a syslog header.
    pub fn posts(self) -> bool {
        match self {
            Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Relp | Transport::RelpTls => false,
            Transport::Http | Transport::Https => true,
        }
    }

    /// Whether both sides prove who they are.
    fn is_proven(self) -> bool {
        match self {
            Transport::Udp | Transport::Tcp | Transport::Relp | Transport::Http => false,
            Transport::Tls | Transport::RelpTls | Transport::Https => true,
        }
    }
}

impl Destination {
    /// Where it is, for people: without what a robot's URL must not show.
    pub fn place(&self) -> &str {
        let Some(url) = &self.url else { return &self.address };
        if self.api.is_robot() { url.split('?').next().unwrap_or(url) } else { url }
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
