//! One file per command.

use super::cli::{Cli, Command};
use super::exit::Exit;
use super::layout::Layout;

/// Runs the command that was asked for.
pub(crate) fn dispatch(cli: Cli) -> Exit {
    let layout = Layout::new(cli.data);
    let _ = &layout;
    match cli.command {
        Command::Run(_)
        | Command::Check(_)
        | Command::Status(_)
        | Command::Sessions(_)
        | Command::Show(_)
        | Command::Replay(_)
        | Command::Pcap(_)
        | Command::Alerts(_)
        | Command::Verify(_)
        | Command::Lure(_)
        | Command::Siem(_)
        | Command::World(_)
        | Command::Process(_) => Exit::Could("not built yet".into()),
    }
}
