//! Takes alerts to the SIEM: each destination joins one format to one transport.
//!
//! The store is the spool: alerts are durable there before anybody is told, and each destination
//! keeps its own cursor over them on disk. So a dead SIEM delays no other, nothing is lost, and
//! what may have been lost on the way is sent again under the same id (at least once). This room
//! never decides what is an alert.

mod aside;
mod cursor;
mod deliver;
pub mod format;
mod notice;
mod settings;
mod state;
mod transport;

pub use deliver::{AlertSource, Courier, send_tests};
pub use notice::Notice;
pub use settings::{Api, Carriage, Destination, Encoding, Format, Header, OcsfVersion, Sasl, Transport};
pub use state::DestinationState;
pub use transport::{Asking, ask, fetch};
