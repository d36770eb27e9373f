//! What each deception host claims to be.
//!
//! A pack is a folder: `hospital.toml` and, per host, `<host>/persona.toml` with one behaviour file
//! per service beside it. The default pack is embedded in the binary. A pack is loaded whole or
//! refused with every [`Fault`] located; nothing half loaded leaves this room. What must differ per
//! installation is derived from the installation's secret ([`Installation`]), never shipped.

mod certificate;
pub mod device;
mod fault;
mod files;
mod installation;
mod load;
mod model;
mod running;
mod self_signed;

pub use crate::event::Transport;
pub use certificate::{CertifiedHost, certificate};
pub use fault::{Fault, Faults};
pub use files::{DEFAULT_PACK, PackFiles};
pub use installation::Installation;
pub use load::load;
pub use model::{Account, Behaviour, Hospital, Host, OperatingSystem, Pack, Protocol, Service};
pub use running::Running;
pub use self_signed::{SelfSigned, self_signed};
