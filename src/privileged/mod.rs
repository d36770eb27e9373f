//! What needs a right that the rest of the house must not have.
//!
//! `capd` takes packets off the wire (CAP_NET_RAW) and writes them to segments. It never looks
//! deeper into a packet than the flow key, and nothing it reads makes it act.
//!
//! `netd` makes the decoys' network (CAP_NET_ADMIN) and opens their sockets. It never reads what a
//! peer sent.

pub mod capd;
pub mod neighbourhood;
pub mod netd;

mod interfaces;
