//! Composition only: the processes, the command line, and the config that joins each room's own.

mod allowances;
mod cli;
mod commands;
mod config;
mod exit;
mod find;
mod installation;
mod launch;
mod layout;
mod lures;
mod managed;
mod network;
mod output;
mod processes;
mod replace;
mod settings_file;
mod status;
mod storing;
mod supervisor;
mod table;
mod when;
mod wishes;

pub use layout::Layout;

use clap::Parser;

/// Runs the command line to its exit status.
#[must_use]
pub fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    commands::dispatch(cli).into()
}
