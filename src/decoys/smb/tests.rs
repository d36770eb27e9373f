//! The machine, played as a client does.
