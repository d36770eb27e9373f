//! The words of a destination: formats, transports, interfaces.

use serde::{Deserialize, Serialize};

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
    /// A few lines for people, without addresses, accounts or names: for chat robots and mail.
    Brief,
    /// Everything in words, for people inside the hospital: mail.
    Full,
    /// STIX 2.1 objects: TAXII.
    Stix,
    /// An event of MISP's core format.
    Misp,
}

impl Format {
    /// Whether people read it.
    pub fn is_for_people(self) -> bool {
        match self {
            Format::Brief | Format::Full => true,
            Format::Ecs
            | Format::Cef
            | Format::Leef
            | Format::Ocsf
            | Format::Flat
            | Format::Stix
            | Format::Misp => false,
        }
    }
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
    /// Mail, unprotected: to a relay on this machine or a trusted wire.
    Smtp,
    /// Mail, over TLS from the command STARTTLS on.
    SmtpStarttls,
    /// Mail over TLS from the first byte.
    SmtpTls,
    /// A topic of Kafka.
    Kafka,
    /// A topic of Kafka over TLS.
    KafkaTls,
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
    /// A collection of a TAXII 2.1 server.
    Taxii,
    /// The events of a MISP instance.
    Misp,
}

impl Api {
    /// Whether people read it, in a chat.
    pub fn is_robot(self) -> bool {
        match self {
            Api::Json | Api::Splunk | Api::Elastic | Api::Taxii | Api::Misp => false,
            Api::Wecom | Api::Dingtalk | Api::Feishu => true,
        }
    }

    /// Whether indicators are exchanged by it.
    pub fn shares(self) -> bool {
        match self {
            Api::Taxii | Api::Misp => true,
            Api::Json | Api::Splunk | Api::Elastic | Api::Wecom | Api::Dingtalk | Api::Feishu => false,
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

/// How a password is proven to Kafka.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sasl {
    /// PLAIN (RFC 4616): the password itself.
    #[default]
    #[serde(rename = "plain")]
    Plain,
    /// SCRAM-SHA-256 (RFC 7677).
    #[serde(rename = "scram_sha_256")]
    ScramSha256,
    /// SCRAM-SHA-512.
    #[serde(rename = "scram_sha_512")]
    ScramSha512,
}

/// What a transport makes of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carriage {
    /// A message with a syslog header.
    Syslog,
    /// The body of a POST.
    Post,
    /// A letter.
    Mail,
    /// A record of a topic.
    Record,
}

impl Transport {
    /// What it makes of an alert.
    pub fn carriage(self) -> Carriage {
        match self {
            Transport::Udp | Transport::Tcp | Transport::Tls | Transport::Relp | Transport::RelpTls => {
                Carriage::Syslog
            }
            Transport::Http | Transport::Https => Carriage::Post,
            Transport::Smtp | Transport::SmtpStarttls | Transport::SmtpTls => Carriage::Mail,
            Transport::Kafka | Transport::KafkaTls => Carriage::Record,
        }
    }

    /// Whether both sides prove who they are.
    pub(super) fn is_proven(self) -> bool {
        match self {
            Transport::Udp
            | Transport::Tcp
            | Transport::Relp
            | Transport::Http
            | Transport::Smtp
            | Transport::Kafka => false,
            Transport::Tls
            | Transport::RelpTls
            | Transport::Https
            | Transport::SmtpStarttls
            | Transport::SmtpTls
            | Transport::KafkaTls => true,
        }
    }
}
