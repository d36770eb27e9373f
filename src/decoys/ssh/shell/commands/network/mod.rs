//! Programs that show the machine's own network, and `ping`.

pub(super) mod address;
pub(super) mod reach;
pub(super) mod sockets;
