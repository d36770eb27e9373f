//! A loaded pack.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::civil::DateTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Fault, Installation, PackFiles};
use crate::event::Transport;

/// One hospital and its deception hosts, checked, with the installation's own values filled in.
#[derive(Debug)]
pub struct Pack {
    /// The pack's name: its folder.
    pub name: String,
    /// The hospital that all hosts belong to.
    pub hospital: Arc<Hospital>,
    /// The hosts that stand here, in the pack's order.
    pub hosts: Vec<Arc<Host>>,
    /// The pack's other hosts: others may name them, nobody reaches them.
    pub absent: Vec<Arc<Host>>,
    /// All files of the pack.
    pub files: PackFiles,
    /// What makes this installation differ.
    pub installation: Installation,
}

impl Pack {
    /// A host that stands here, by its name.
    pub fn host(&self, name: &str) -> Option<&Arc<Host>> {
        self.hosts.iter().find(|h| h.name == name)
    }

    /// A host by its name, whether it stands here or not.
    pub fn known(&self, name: &str) -> Option<&Arc<Host>> {
        self.hosts.iter().chain(&self.absent).find(|h| h.name == name)
    }

    /// The first service with this protocol of a host, which need not stand here.
    pub fn service(&self, host: &str, protocol: Protocol) -> Option<(&Arc<Host>, &Service)> {
        let host = self.known(host)?;
        host.services.iter().find(|s| s.protocol == protocol).map(|s| (host, s))
    }

    /// The service of a host at this port of its persona; the host need not stand here.
    pub fn service_at(&self, host: &str, transport: Transport, port: u16) -> Option<(&Arc<Host>, &Service)> {
        let host = self.known(host)?;
        let service = host.services.iter().find(|s| s.port == port && s.protocol.transport() == transport);
        service.map(|s| (host, s))
    }
}

/// `hospital.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hospital {
    /// Name in Chinese.
    pub name: String,
    /// Name in English.
    pub name_en: String,
    /// Short upper-case code used in identifiers (`CLZX`).
    pub code: String,
    /// City in Chinese; it does not exist.
    pub city: String,
    /// Province in Chinese.
    pub province: String,
    /// Offset of local time from UTC in minutes (480 for China).
    pub utc_offset_minutes: i32,
    /// Six-digit area codes of resident ids: `xxxx99`, which were never assigned.
    pub area_codes: Vec<String>,
    /// Landline area code, with its leading zero.
    pub phone_area: String,
    /// Beds.
    pub beds: u32,
    /// Size of the patient master index.
    pub patients: u32,
    /// Internal DNS domain.
    pub domain: String,
}

/// `<host>/persona.toml`: one deception host.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name (`his`): its folder's in the pack, or its own where several hosts have one persona.
    pub name: String,
    /// Its folder in the pack.
    pub folder: String,
    /// What it is, in a few words, for people.
    pub title: String,
    /// Its address.
    pub address: IpAddr,
    /// Its host name on the network.
    pub hostname: String,
    /// Its hardware address, of the maker's own block.
    pub mac: [u8; 6],
    /// The pattern that it was made by.
    pub mac_pattern: String,
    /// The operating system it claims.
    pub os: OperatingSystem,
    /// Its services.
    pub services: Vec<Service>,
    /// Accounts that get in: lures, with the installation's own passwords.
    pub accounts: Vec<Account>,
}

/// The operating system a host claims to run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingSystem {
    /// `linux` or `windows`.
    pub family: String,
    /// As `PRETTY_NAME` or the product name gives it.
    pub name: String,
    /// Kernel or build.
    pub kernel: String,
    /// Time zone, IANA name.
    pub timezone: String,
    /// The Windows domain it is a member of, by its NetBIOS name; empty: none.
    #[serde(default)]
    pub domain: String,
    /// When it was installed, local time; a day of the installation's own where none is given.
    #[serde(default)]
    pub installed: Option<DateTime>,
    /// Days between two starts of it; 0: a number of the installation's own.
    #[serde(default)]
    pub restart_days: u32,
}

/// Protocols that a decoy exists for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// DICOM upper layer and DIMSE.
    Dicom,
    /// HL7 v2 over MLLP.
    Mllp,
    /// ASTM E1381/E1394.
    Astm,
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SSH.
    Ssh,
    /// MySQL's client/server protocol.
    Mysql,
    /// PostgreSQL's frontend/backend protocol.
    Postgres,
    /// Oracle's transparent network substrate, to a listener.
    Tns,
    /// POCT1-A: point-of-care devices, XML over TCP.
    Poct1a,
    /// A console over telnet.
    Telnet,
    /// SQL Server's protocol (MS-TDS).
    Tds,
    /// The search by which a maker's tools find its serial device servers, over UDP.
    DeviceSearch,
    /// SQL Server's browser service over UDP (MC-SQLR).
    SqlBrowser,
    /// Remote Desktop (MS-RDPBCGR).
    Rdp,
    /// Windows file sharing over TCP (MS-SMB2).
    Smb,
    /// The same by the NetBIOS session service (RFC 1002).
    Netbios,
    /// Remote procedure calls over TCP (C706, MS-RPCE).
    Rpc,
    /// The NetBIOS name service over UDP (RFC 1002).
    NetbiosNs,
    /// SNMP over UDP (RFC 3416).
    Snmp,
    /// Redis' protocol (RESP2).
    Redis,
    /// FTP's control connection (RFC 959).
    Ftp,
    /// A port for FTP's data connections.
    FtpData,
    /// Remote framebuffer (RFC 6143).
    Vnc,
    /// Windows' remote management (MS-WSMV) over HTTP.
    Winrm,
    /// A printer's port: jobs, and the printer job language.
    Pjl,
}

impl Protocol {
    /// What carries it.
    pub fn transport(self) -> Transport {
        match self {
            Protocol::Dicom
            | Protocol::Mllp
            | Protocol::Astm
            | Protocol::Http
            | Protocol::Https
            | Protocol::Ssh
            | Protocol::Mysql
            | Protocol::Postgres
            | Protocol::Tns
            | Protocol::Poct1a
            | Protocol::Telnet
            | Protocol::Tds
            | Protocol::Redis
            | Protocol::Ftp
            | Protocol::FtpData
            | Protocol::Vnc
            | Protocol::Winrm
            | Protocol::Pjl
            | Protocol::Rdp
            | Protocol::Smb
            | Protocol::Netbios
            | Protocol::Rpc => Transport::Tcp,
            Protocol::SqlBrowser | Protocol::DeviceSearch | Protocol::NetbiosNs | Protocol::Snmp => {
                Transport::Udp
            }
        }
    }

    /// The name in events, status and personas.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Dicom => "dicom",
            Protocol::Mllp => "mllp",
            Protocol::Astm => "astm",
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Ssh => "ssh",
            Protocol::Mysql => "mysql",
            Protocol::Postgres => "postgres",
            Protocol::Tns => "tns",
            Protocol::Poct1a => "poct1a",
            Protocol::Telnet => "telnet",
            Protocol::Tds => "tds",
            Protocol::SqlBrowser => "sql_browser",
            Protocol::DeviceSearch => "device_search",
            Protocol::Rdp => "rdp",
            Protocol::Smb => "smb",
            Protocol::Netbios => "netbios",
            Protocol::Rpc => "rpc",
            Protocol::NetbiosNs => "netbios_ns",
            Protocol::Snmp => "snmp",
            Protocol::Redis => "redis",
            Protocol::Ftp => "ftp",
            Protocol::FtpData => "ftp_data",
            Protocol::Vnc => "vnc",
            Protocol::Winrm => "winrm",
            Protocol::Pjl => "pjl",
        }
    }
}

/// One port of a host.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its protocol.
    pub protocol: Protocol,
    /// Its port, of the protocol's [`Transport`].
    pub port: u16,
    /// Spoken over TLS, with the host's certificate; always so for [`Protocol::Https`].
    pub tls: bool,
    /// Over TLS a peer must show a certificate of the hospital's authority.
    pub client_certificate: bool,
    /// How it behaves: read by the decoy of its protocol.
    pub behaviour: Behaviour,
}

/// A behaviour file: TOML that the decoy of the protocol understands.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Path for messages.
    pub file: String,
    /// Its text.
    pub text: Arc<str>,
}

impl Behaviour {
    /// Reads the behaviour into the decoy's own struct (which should refuse unknown fields).
    ///
    /// # Errors
    /// A [`Fault`] with the line and what was expected.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        toml::from_str(&self.text).map_err(|e| Fault::of_toml(&self.file, &self.text, &e))
    }
}

/// An account that gets into a host: bait, since nobody real has it.
#[derive(Debug, Clone)]
pub struct Account {
    /// The lure's id: `<host>/<name>`.
    pub lure: String,
    /// Login name.
    pub name: String,
    /// The installation's own password.
    pub password: String,
    /// Services it opens.
    pub services: Vec<Protocol>,
    /// Name of the person or duty behind it, as pages show it.
    pub full_name: String,
    /// Where the bait was put, for the alert and the operator.
    pub place: String,
}

impl Host {
    /// Another host with this persona: all that must be its own differs.
    #[must_use]
    pub fn another(
        &self,
        name: &str,
        hostname: String,
        address: IpAddr,
        installation: &Installation,
    ) -> Self {
        let mac = super::load::hardware_address(installation, name, &self.mac_pattern).unwrap_or(self.mac);
        Host { name: name.to_owned(), hostname, address, mac, ..self.clone() }
    }

    /// The lure account with this name for this service.
    pub fn account(&self, protocol: Protocol, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|a| a.name == name && a.services.contains(&protocol))
    }

    /// Its full name: host name and the hospital's domain.
    pub fn fqdn(&self, hospital: &Hospital) -> String {
        format!("{}.{}", self.hostname, hospital.domain)
    }
}
