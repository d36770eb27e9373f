//! Composition only: the processes, the command line, and the config that joins each room's own.

mod cli;
mod commands;
mod exit;
mod layout;

pub use layout::Layout;

use clap::Parser;

/// Runs the command line to its exit status.
#[must_use]
pub fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    commands::dispatch(cli).into()
}
