//! Programs on the network: they show the machine's own, and reach nothing.

pub(super) mod address;
pub(super) mod reach;
