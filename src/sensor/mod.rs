//! Holds the decoys on the wire: listeners, drivers, TLS, limits, pacing, relays inside the honeynet.
//!
//! It stamps the identity of each session, records its bytes, and hands events to the outlet. It
//! has no secret of the appliance and opens no connection but to the honeynet's own services.

mod bind;
mod carrier;
mod datagrams;
mod driver;
mod lead;
mod life;
mod limits;
mod recorder;
mod relay;
mod serve;
mod settings;
mod shop;
mod side_doors;
mod tap;
mod tls;
mod wired;

pub use bind::{BindError, Bound, Claim, Socket, bind, claims};
pub use serve::{Sensor, SensorParts};
pub use settings::{PrivacySettings, Settings};
pub use shop::ServiceState;
