//! One file per command.

mod alerts;
mod allowances;
mod baits;
pub(crate) mod check;
pub(crate) mod export;
mod init;
mod lure;
mod neighbourhood;
mod pcap;
mod proposals;
mod replay;
mod sessions;
mod settings;
mod show;
pub(crate) mod siem;
mod status;
mod store;
mod terminal;
mod update;
mod verify;
mod world;

use super::cli::{
    AllowancesCommand, Cli, Command, LureCommand, SettingsCommand, SiemCommand, StoreCommand, UpdateCommand,
};
use super::config::Config;
use super::exit::Exit;
use super::layout::Layout;
use super::{processes, supervisor};
use crate::event::line::word;

/// Runs the command that was asked for.
pub(crate) fn dispatch(cli: Cli) -> Exit {
    let layout = Layout::new(cli.data);
    match cli.command {
        Command::Run(args) => match Config::load(args.config.config.as_deref()) {
            Ok(mut config) => {
                config.console.address = args.console.unwrap_or(config.console.address);
                supervisor::run(config, layout)
            }
            Err(faults) => Exit::Usage(faults.to_string()),
        },
        Command::Init => init::run(),
        Command::Check(args) => check::run(args.config.as_deref()),
        Command::Neighbourhood(args) => neighbourhood::run(&args),
        Command::Status(args) => status::run(&args, &layout),
        Command::Lure(LureCommand::List(args)) => lure::list(&args, &layout),
        Command::Lure(LureCommand::Mint(args)) => baits::mint(&args, &layout),
        Command::Lure(LureCommand::Revoke(args)) => baits::revoke(&args, &layout),
        Command::Lure(LureCommand::Package(args)) => baits::package(&args, &layout),
        Command::Allowances(AllowancesCommand::List(args)) => allowances::list(&args, &layout),
        Command::Allowances(AllowancesCommand::Proposed(args)) => proposals::list(&args, &layout),
        Command::Allowances(AllowancesCommand::Try(args)) => allowances::dry_run(&args, &layout),
        Command::Siem(SiemCommand::Test(args)) => siem::test(&args, &layout),
        Command::Export(args) => export::run(&args, &layout),
        Command::Pcap(args) => pcap::run(&args, &layout),
        Command::Replay(args) => replay::run(&args, &layout),
        Command::Sessions(args) => sessions::run(&args, &layout),
        Command::Show(args) => show::run(&args, &layout),
        Command::Alerts(args) => alerts::run(&args, &layout),
        Command::Store(StoreCommand::Move(args)) => store::relocate(&args, &layout),
        Command::Settings(SettingsCommand::Backup(args)) => settings::backup(&args, &layout),
        Command::Settings(SettingsCommand::Restore(args)) => settings::restore(&args, &layout),
        Command::Verify(args) => verify::run(&args, &layout),
        Command::Update(UpdateCommand::Check(args)) => update::check(&args.file, &args.key),
        Command::Process(args) => processes::run(args.role),
        Command::World(args) => world::run(&args, &layout),
    }
}
