//! Windows' remote procedure calls (DCE/RPC, C706 and MS-RPCE): what a host's interfaces answer,
//! whatever carries them.
//!
//! A [`Pipe`] is one association: bytes in, bytes out, each answer a message of its own. The SMB decoy
//! carries it as a named pipe, the decoy of RPC over TCP as a connection. What the interfaces say
//! comes from one [`Setting`]: names, accounts, shares and SIDs agree over all of them.
//!
//! Calls that run something (a service, a task, a process) are led as far as the host would lead its
//! caller, end as they would where protection stops the program, and run nothing. What was to be run
//! is told.

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

mod association;
mod call;
mod dcom;
mod epm;
mod eventlog;
mod groups;
mod handles;
mod interface;
mod logon;
mod lookup;
mod lsarpc;
mod mgmt;
pub mod ndr;
pub mod pdu;
mod pipe;
mod registry;
mod samr;
mod samr_info;
mod services;
mod setting;
pub mod sid;
mod spoolss;
mod srvsvc;
mod svcctl;
mod svcctl_query;
mod tasks;
#[cfg(test)]
mod tests;
pub mod tower;
pub mod uuid;
mod winreg;
mod wkssvc;

pub use interface::{Interface, MAPPER, Place, is_process};
pub use pipe::{Pipe, Read};
pub use setting::{AccountInfo, Behaviour, Caller, Endpoint, Rights, Setting, ShareInfo, ShareKind, Windows};
