//! What the supervisor tells a child on its standard input: one line of JSON. The input stays open;
//! its end is the order to stop, so no child outlives its supervisor.

use std::net::SocketAddr;
use std::os::fd::RawFd;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::config::Config;
use crate::console::DecoyHost;
use crate::persona::Protocol;
use crate::privileged::netd::Plan;

/// All that a child is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The config, checked.
    pub(crate) config: Config,
    /// Where the decoys are.
    pub(crate) services: Vec<BoundService>,
    /// The console's socket; only the console gets it.
    pub(crate) console: Option<BoundConsole>,
    /// What the decoys are, for the console.
    pub(crate) decoys: Vec<DecoyHost>,
    /// The decoys' own network, where they have one.
    pub(crate) network: Option<MadeNetwork>,
    /// What the decoys derive their differences from; only the sensor gets it.
    pub(crate) decoy_secret: Option<String>,
    /// What the chain's roots are signed with; only core gets it.
    pub(crate) evidence_seed: Option<String>,
}

/// A socket that is bound and, for the sensor, handed down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BoundService {
    /// Deception host.
    pub(crate) host: String,
    /// Protocol.
    pub(crate) protocol: Protocol,
    /// Where the persona has it.
    pub(crate) wanted: SocketAddr,
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The inherited descriptor.
    pub(crate) fd: RawFd,
    /// The inherited descriptor for other decoys, on a network of its own.
    pub(crate) inner: Option<RawFd>,
}

/// The decoys' own network, made and handed down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MadeNetwork {
    /// What was made.
    pub(crate) plan: Plan,
    /// The hosts' namespaces, inherited by netd.
    pub(crate) namespaces: Vec<RawFd>,
    /// The sensor's namespace, inherited by it.
    pub(crate) inside: RawFd,
}

/// What netd is told to make, and where it hands it over.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NetworkOrder {
    /// What.
    pub(crate) plan: Plan,
    /// The inherited descriptor of a socket.
    pub(crate) handover: RawFd,
}

/// The console's socket, bound and handed down.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct BoundConsole {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The inherited descriptor.
    pub(crate) fd: RawFd,
}
