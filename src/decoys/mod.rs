//! One folder per protocol; never another decoy. To add one: a folder and one line in [`build`].

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions
    )
)]

pub mod astm;
pub mod dicom;
pub mod ftp;
pub mod http;
pub mod mllp;
pub mod mysql;
pub mod nbns;
pub mod pjl;
pub mod poct;
pub mod postgres;
pub mod rdp;
pub mod redis;
pub mod rpc;
pub mod smb;
pub mod snmp;
pub mod ssh;
pub mod tds;
pub mod telnet;
pub mod tns;
pub mod vnc;

use std::sync::Arc;

use crate::imaging::Imaging;
use crate::persona::{Fault, Host, Pack, Protocol, Service};
use crate::session::Decoy;
use crate::world::World;

/// What a decoy may use while it is made: before any connection.
pub struct Making {
    /// The pack.
    pub pack: Arc<Pack>,
    /// The host it stands on.
    pub host: Arc<Host>,
    /// The hospital.
    pub world: Arc<World>,
    /// Its images: one store of drawn pixels for all decoys.
    pub imaging: Arc<Imaging>,
}

/// Makes the decoy of one service; checks its behaviour file whole.
///
/// # Errors
/// A located [`Fault`] of the behaviour file.
pub fn build(making: &Making, service: &Service) -> Result<Arc<dyn Decoy>, Fault> {
    match service.protocol {
        Protocol::Astm => astm::build(making, service),
        Protocol::Dicom => dicom::build(making, service),
        Protocol::Http | Protocol::Https => http::decoy(making, service),
        Protocol::Mllp => mllp::build(making, service),
        Protocol::Poct1a => poct::build(making, service),
        Protocol::Rdp => rdp::build(making, service),
        Protocol::Smb | Protocol::Netbios => smb::build(making, service),
        Protocol::Ssh => ssh::build(making, service),
        Protocol::Mysql => mysql::build(making, service),
        Protocol::Postgres => postgres::build(making, service),
        Protocol::Tns => tns::build(service),
        Protocol::Rpc => rpc::build(making, service),
        Protocol::NetbiosNs => nbns::build(making, service),
        Protocol::Snmp => snmp::build(making, service),
        Protocol::Vnc => vnc::build(service),
        Protocol::Winrm => http::winrm::build(making, service),
        Protocol::Pjl => pjl::build(making, service),
        Protocol::Ftp => ftp::build(making, service),
        Protocol::FtpData => Ok(ftp::data_port()),
        Protocol::Redis => redis::build(making, service),
        Protocol::Telnet => telnet::build(making, service),
        Protocol::DeviceSearch => telnet::search(making, service),
        Protocol::SqlBrowser => tds::browser(making, service),
        Protocol::Tds => tds::build(making, service),
    }
}
