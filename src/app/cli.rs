//! The command line as people see it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::store::Anchor;

/// Deception honeynet appliance for hospitals.
#[derive(Parser)]
#[command(name = "honeyward", version, about, long_about = LONG_ABOUT, max_term_width = 100)]
pub(crate) struct Cli {
    /// Data directory.
    #[arg(long, global = true, env = "HONEYWARD_DATA", default_value = "./honeyward-data")]
    pub data: PathBuf,
    #[command(subcommand)]
    pub command: Command,
}

const LONG_ABOUT: &str = "Answers as a hospital's HIS, PACS and LIS, records every interaction with its \
packets, and forwards only high-confidence alerts to the SIEM.

Start with `honeyward run`, attack a decoy from another terminal, then look: `honeyward sessions`, \
`honeyward show SESSION`, `honeyward pcap SESSION -o x.pcapng`, `honeyward alerts`.

Exit status: 0 done, 1 a finding, 2 wrong usage or config, 3 could not (with the reason).";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start everything; without a config: the demo hospital on loopback.
    Run(RunArgs),
    /// Check config and personas; one located message per fault.
    Check(ConfigArgs),
    /// Show each process, decoy host, service, bound address, state and counters.
    Status(Json),
    /// Listen to a segment and propose addresses, names and makers that blend in; sends nothing.
    Neighbourhood(NeighbourhoodArgs),
    /// List sessions, newest first.
    Sessions(SessionsArgs),
    /// Show one session: origin, observations, files, packets.
    Show(ShowArgs),
    /// Replay a terminal session as it was typed.
    Replay(ReplayArgs),
    /// Write a session's packets as pcapng.
    Pcap(PcapArgs),
    /// Take out a session or an incident as an evidence bundle.
    Export(ExportArgs),
    /// List alerts, newest first.
    Alerts(AlertsArgs),
    /// Re-compute the hash chain and check the files, of the store or of a bundle; exit 1 when one is
    /// broken.
    Verify(VerifyArgs),
    /// The persona's own lure accounts and baits.
    #[command(subcommand)]
    Lure(LureCommand),
    /// What the hospital's own machines may do: declared scanners.
    #[command(subcommand)]
    Allowances(AllowancesCommand),
    /// SIEM destinations.
    #[command(subcommand)]
    Siem(SiemCommand),
    /// Where the evidence is kept.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Keep the settings in a file, or put them back.
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Update files of the appliance.
    #[command(subcommand)]
    Update(UpdateCommand),
    /// What the hospital holds.
    World(WorldArgs),
    /// One process of `run`; started by it, not by people.
    #[command(hide = true)]
    Process(ProcessArgs),
    /// The first process of the appliance's image; started by its kernel, not by people.
    #[command(hide = true)]
    Init,
}

#[derive(Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Where the console is, in place of the config's address.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub console: Option<SocketAddr>,
}

#[derive(Args)]
pub(crate) struct ConfigArgs {
    /// Config file (honeynet.toml).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Json {
    /// Print JSON with stable field names.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct NeighbourhoodArgs {
    /// The network card, or a VLAN of it.
    pub interface: String,
    /// How long.
    #[arg(long, default_value_t = 60, value_name = "N")]
    pub seconds: u64,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Args)]
pub(crate) struct SessionsArgs {
    #[command(flatten)]
    pub json: Json,
    /// Only sessions with an event since then: RFC 3339, or a span back from now (`90s`, `2h`, `1d`).
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// Only from this source address.
    #[arg(long, value_name = "IP")]
    pub source: Option<IpAddr>,
    /// Only on this decoy: a host (`pacs`) or a service (`ssh`).
    #[arg(long, value_name = "NAME")]
    pub decoy: Option<String>,
    /// Also those that the honeynet's own consoles made.
    #[arg(long)]
    pub own: bool,
    /// At most this many.
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub limit: usize,
}

#[derive(Args)]
pub(crate) struct ShowArgs {
    /// Session id, or the first characters of one.
    pub session: String,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// Session id, or the first characters of one.
    pub session: String,
    /// How many times faster than it was typed; 0 prints at once.
    #[arg(long, default_value_t = 1.0, value_name = "N")]
    pub speed: f64,
}

#[derive(Args)]
pub(crate) struct PcapArgs {
    /// Session id, or the first characters of one.
    pub session: String,
    /// Where to; standard output without it.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Session or incident: its id, or the first characters of one.
    pub subject: String,
    /// Where to: a folder that is not there yet, or a file whose name ends in `.zip`.
    #[arg(long, short = 'o', alias = "output", value_name = "DIR|FILE.zip")]
    pub to: PathBuf,
    /// Who takes it out; the login name without it.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Who looks on.
    #[arg(long, value_name = "NAME")]
    pub witness: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Whose evidence it is: the hospital's name.
    #[arg(long, value_name = "NAME")]
    pub organisation: Option<String>,
}

#[derive(Args)]
pub(crate) struct VerifyArgs {
    /// An evidence bundle, folder or ZIP file; the store without it.
    pub bundle: Option<PathBuf>,
    /// What an alert or a heartbeat said of the chain, `chain_sequence:chain_head`; may be repeated.
    #[arg(long, value_name = "SEQ:HEAD")]
    pub anchor: Vec<Anchor>,
    /// The public key that must have signed, as it was written down; this installation's own for its
    /// store.
    #[arg(long, value_name = "HEX")]
    pub key: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Args)]
pub(crate) struct AlertsArgs {
    #[command(flatten)]
    pub json: Json,
    /// Only since then: RFC 3339, or a span back from now (`90s`, `2h`, `1d`).
    #[arg(long, value_name = "T")]
    pub since: Option<String>,
    /// Only this severe or more: info, low, medium, high.
    #[arg(long, value_name = "S")]
    pub min_severity: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum LureCommand {
    /// List lure accounts and baits with the places they were put.
    List(LureListArgs),
    /// Make a bait for one place on one of the hospital's own machines.
    Mint(LureMintArgs),
    /// Withdraw a bait: its use is no alarm from then on.
    Revoke(LureRevokeArgs),
    /// Write all baits of a machine with a manifest, for roll-out and withdrawal by your own tools.
    Package(LurePackageArgs),
}

#[derive(Args)]
pub(crate) struct LureMintArgs {
    /// What it is: database, rdp, script, browser, ssh_key, docx, xlsx, pdf, row, study, patient, account,
    /// url, kubeconfig.
    pub kind: String,
    /// The machine that it is put on.
    #[arg(long, value_name = "NAME")]
    pub endpoint: String,
    /// Where on that machine: a path, a table, a page of paper.
    #[arg(long, value_name = "PLACE")]
    pub path: String,
    /// The deception host that it leads to; the first that fits without it.
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Whatever you want to remember of it.
    #[arg(long, default_value = "", value_name = "TEXT")]
    pub note: String,
    /// Write its file here; a folder, or a file's name.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Args)]
pub(crate) struct LureRevokeArgs {
    /// Its id.
    pub lure: String,
}

#[derive(Args)]
pub(crate) struct LurePackageArgs {
    /// The machine.
    pub endpoint: String,
    /// The folder that is made.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Args)]
pub(crate) struct LureListArgs {
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Subcommand)]
pub(crate) enum AllowancesCommand {
    /// List the allowances of the config: how each stands and what it covered.
    List(AllowancesListArgs),
    /// Propose allowances for sources that come back and never did what none covers.
    Proposed(AllowancesListArgs),
    /// Judge the past once more with the allowances of a file instead; exit 1 when a High incident would
    /// not have been told.
    Try(AllowancesTryArgs),
}

#[derive(Args)]
pub(crate) struct AllowancesListArgs {
    /// Count what was covered within so many days.
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=400))]
    pub days: u16,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Args)]
pub(crate) struct AllowancesTryArgs {
    /// A file with `[[detection.allowance]]` tables, as in the config; they stand for all of its.
    pub file: PathBuf,
    /// Judge so many days.
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=400))]
    pub days: u16,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Subcommand)]
pub(crate) enum SiemCommand {
    /// Send marked test alerts and report delivery.
    Test(SiemTestArgs),
}

#[derive(Args)]
pub(crate) struct SiemTestArgs {
    /// Destination, by its name in the config.
    pub destination: String,
    /// How many (some SIEMs need 25 to recognise a source).
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub count: u32,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Subcommand)]
pub(crate) enum StoreCommand {
    /// Move the store to another engine while `run` is stopped: both chains are verified, the old store
    /// stays as it is. Begun again after an interruption, it goes on.
    Move(StoreMoveArgs),
}

#[derive(Args)]
pub(crate) struct StoreMoveArgs {
    /// Where to: the data directory, or the server of the config's `[store]`.
    #[arg(long, value_enum, value_name = "ENGINE")]
    pub to: StoreTarget,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum StoreTarget {
    /// SQLite in the data directory.
    Embedded,
    /// A PostgreSQL server.
    Postgres,
}

#[derive(Subcommand)]
pub(crate) enum SettingsCommand {
    /// Write the config and what the console made of it to a file, without any secret.
    Backup(SettingsBackupArgs),
    /// Put the settings of such a file in place while `run` is stopped: checked first, all or none.
    Restore(SettingsRestoreArgs),
}

#[derive(Args)]
pub(crate) struct SettingsBackupArgs {
    /// The file that is made.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Args)]
pub(crate) struct SettingsRestoreArgs {
    /// The file.
    pub file: PathBuf,
    /// Who puts them back, for the list of versions.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Subcommand)]
pub(crate) enum UpdateCommand {
    /// Say whether an update file is whole and signed; exit 1 when it is not.
    Check(UpdateCheckArgs),
}

#[derive(Args)]
pub(crate) struct UpdateCheckArgs {
    /// The update file (.hwu).
    pub file: PathBuf,
    /// The maker's public key: 32 bytes (Ed25519), as `update.pub` beside the images.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
}

#[derive(Args)]
pub(crate) struct WorldArgs {
    /// What to list.
    #[arg(value_enum)]
    pub subject: WorldSubject,
    /// The moment: RFC 3339; now without it.
    #[arg(long, value_name = "T")]
    pub at: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub limit: usize,
    #[command(flatten)]
    pub json: Json,
    #[command(flatten)]
    pub config: ConfigArgs,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum WorldSubject {
    /// Patients of the last visits.
    Patients,
    /// Imaging studies, newest first.
    Studies,
    /// Orders, newest first.
    Orders,
    /// Laboratory results, newest first.
    Results,
}

#[derive(Args)]
pub(crate) struct ProcessArgs {
    /// Which process.
    #[arg(value_enum)]
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub(crate) enum Role {
    /// The decoys.
    Sensor,
    /// Store, detection, forwarding.
    Core,
    /// Packet capture.
    Capd,
    /// The analysts' pages.
    Console,
    /// The decoys' network while it stands.
    Netd,
    /// The decoys' network as it is made.
    NetdBuild,
    /// What an intruder in the sensor would try, behind the sensor's walls.
    Probe,
}
