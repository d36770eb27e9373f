//! The console: where the security team reads what the honeynet has seen.
//!
//! A process of its own on the management address. It reads the store and the session files, never
//! writes them; what its users look at and do is told as events, so that it stands in the same chain.
//! All text of intruders passes the templates' escaping and [`Tainted`](crate::event::Tainted)'s own.

mod accounts;
mod answer;
mod api;
mod certificate;
mod charts;
pub mod desk;
pub mod gallery;
mod logins;
mod map;
pub mod oidc;
mod pages;
mod path;
mod plain;
mod qr;
mod request;
mod router;
mod saved;
mod sealed;
mod serve;
mod settings;
mod site;
mod tokens;
mod told;
mod totp;
mod views;
mod words;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::accounts::SETUP;
pub use self::settings::Settings;
use crate::event::{SystemEvent, Transport};
use crate::runtime::Shutdown;
use crate::store::Place;

/// Where the console finds what it shows.
#[derive(Debug, Clone)]
pub struct Places {
    /// The store.
    pub store: Place,
    /// Session folders: transcripts and terminals.
    pub sessions: PathBuf,
    /// Files that intruders left, by SHA-256.
    pub artefacts: PathBuf,
    /// Packet segments.
    pub packets: PathBuf,
    /// The console's own folder: accounts, certificate, the one-time secret.
    pub own: PathBuf,
}

/// A deception host as the console lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecoyHost {
    /// Its name in the pack.
    pub name: String,
    /// What it pretends to be.
    pub title: String,
    /// Its operating system.
    pub system: String,
    /// Its services.
    pub services: Vec<DecoyService>,
    /// Its bait accounts.
    #[serde(default)]
    pub lures: Vec<DecoyLure>,
}

/// Where decoys stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecoySegment {
    /// What the operator calls it.
    pub name: String,
    /// The VLAN's number, if it is one.
    pub vlan: Option<u16>,
    /// Its network's first address.
    pub network: IpAddr,
    /// Length of the network's prefix in bits.
    pub prefix: u8,
    /// The decoys there, by name.
    pub hosts: Vec<String>,
}

/// A bait account: nobody real has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecoyLure {
    /// Its id: `<host>/<name>`.
    pub id: String,
    /// The account's name.
    pub account: String,
    /// Services that it opens.
    pub services: Vec<String>,
    /// Where the bait was put.
    pub place: String,
}

/// One of its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecoyService {
    /// Protocol.
    pub protocol: String,
    /// Where it is.
    pub address: SocketAddr,
}

/// How one of the appliance's processes stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Process {
    /// Which.
    pub name: String,
    /// Whether it lives.
    pub up: bool,
    /// What it says of itself.
    pub detail: serde_json::Value,
}

/// What the rest of the appliance gives the console.
pub struct Given {
    /// Its part of the config.
    pub settings: Settings,
    /// Where things are.
    pub places: Places,
    /// The decoys.
    pub decoys: Vec<DecoyHost>,
    /// Where they stand; none when they are addresses of the machine's own.
    pub segments: Vec<DecoySegment>,
    /// How the processes stand now.
    pub processes: Box<dyn Fn() -> Vec<Process> + Send + Sync>,
    /// What carries a service: its packets are found by that.
    pub carrier: fn(&str) -> Transport,
    /// The settings, to be shown, checked and tried.
    pub desk: desk::Desk,
    /// Draws images that went out.
    pub gallery: gallery::Gallery,
    /// Asks the provider of logins.
    pub ask: oidc::Ask,
    /// Takes what users do, for the chain.
    pub tell: Box<dyn Fn(SystemEvent) + Send + Sync>,
}

/// Whether a configured certificate can be used.
///
/// # Errors
/// Which file can't, and why.
pub fn check(settings: &Settings) -> Result<(), String> {
    certificate::check(settings)
}

/// Serves on a bound socket until told to stop.
///
/// # Errors
/// The console's own folder, certificate or templates can't be used, in words.
pub async fn run(given: Given, listener: std::net::TcpListener, ear: Shutdown) -> Result<(), String> {
    let acceptor = certificate::acceptor(&given.settings, &given.places.own, listener.local_addr().ok())?;
    let console = Arc::new(router::Console::new(given)?);
    serve::run(console, acceptor, listener, ear).await
}
