//! The interfaces of a host, the processes that they are in, and where each can be reached.

use super::call::Operation;
use super::pdu::Syntax;
use super::setting::Setting;
use super::uuid::Uuid;
use super::{dcom, epm, eventlog, lsarpc, mgmt, samr, spoolss, srvsvc, svcctl, tasks, winreg, wkssvc};

/// An interface that hosts answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interface {
    /// The endpoint mapper.
    Epm,
    /// IObjectExporter: MS-DCOM.
    ObjectExporter,
    /// IRemoteSCMActivator: MS-DCOM.
    Activator,
    /// IActivation: MS-DCOM.
    Activation,
    /// What every server says of itself.
    Mgmt,
    /// Shares, sessions, the server: MS-SRVS.
    Srvsvc,
    /// The workstation: MS-WKST.
    Wkssvc,
    /// Accounts: MS-SAMR.
    Samr,
    /// Policy, names and SIDs: MS-LSAD, MS-LSAT.
    Lsarpc,
    /// Role in a domain: MS-DSSP.
    Dssetup,
    /// Encrypted files, in the process of the logons: MS-EFSR.
    EfsLsa,
    /// Encrypted files, by its own pipe: MS-EFSR.
    Efs,
    /// Services: MS-SCMR.
    Svcctl,
    /// Tasks: MS-TSCH.
    Tasks,
    /// Tasks by `at`: MS-TSCH.
    Atsvc,
    /// The registry: MS-RRP.
    Winreg,
    /// The event log: MS-EVEN.
    Eventlog,
    /// The event log since Windows Vista: MS-EVEN6.
    Eventlog6,
    /// Printing: MS-RPRN.
    Spoolss,
    /// Shutting down: MS-RSP.
    Shutdown,
}

/// Where a caller is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A named pipe, in lower case.
    Pipe(String),
    /// A TCP port.
    Tcp(u16),
}

/// What is known of one operation.
pub(super) struct Entry {
    pub(super) opnum: u16,
    pub(super) name: &'static str,
    pub(super) run: Operation,
}

impl Interface {
    /// Its name, as tools have it.
    pub fn name(self) -> &'static str {
        match self {
            Interface::Epm => "epm",
            Interface::ObjectExporter => "IObjectExporter",
            Interface::Activator => "IRemoteSCMActivator",
            Interface::Activation => "IActivation",
            Interface::Mgmt => "mgmt",
            Interface::Srvsvc => "srvsvc",
            Interface::Wkssvc => "wkssvc",
            Interface::Samr => "samr",
            Interface::Lsarpc => "lsarpc",
            Interface::Dssetup => "dssetup",
            Interface::EfsLsa | Interface::Efs => "efsrpc",
            Interface::Svcctl => "svcctl",
            Interface::Tasks => "ITaskSchedulerService",
            Interface::Atsvc => "atsvc",
            Interface::Winreg => "winreg",
            Interface::Eventlog => "eventlog",
            Interface::Eventlog6 => "IEventService",
            Interface::Spoolss => "spoolss",
            Interface::Shutdown => "InitShutdown",
        }
    }

    /// Its UUID and version.
    pub fn syntax(self) -> Syntax {
        let (uuid, major) = match self {
            Interface::Epm => (Uuid::new(0xe1af_8308, 0x5d1f, 0x11c9, 0x91a4_0800_2b14_a0fa), 3),
            Interface::ObjectExporter => (Uuid::new(0x99fc_fec4, 0x5260, 0x101b, 0xbbcb_00aa_0021_347a), 0),
            Interface::Activator => (Uuid::new(0x0000_01a0, 0, 0, 0xc000_0000_0000_0046), 0),
            Interface::Activation => (Uuid::new(0x4d9f_4ab8, 0x7d1c, 0x11cf, 0x861e_0020_af6e_7c57), 0),
            Interface::Mgmt => (Uuid::new(0xafa8_bd80, 0x7d8a, 0x11c9, 0xbef4_0800_2b10_2989), 1),
            Interface::Srvsvc => (Uuid::new(0x4b32_4fc8, 0x1670, 0x01d3, 0x1278_5a47_bf6e_e188), 3),
            Interface::Wkssvc => (Uuid::new(0x6bff_d098, 0xa112, 0x3610, 0x9833_46c3_f87e_345a), 1),
            Interface::Samr => (Uuid::new(0x1234_5778, 0x1234, 0xabcd, 0xef00_0123_4567_89ac), 1),
            Interface::Lsarpc => (Uuid::new(0x1234_5778, 0x1234, 0xabcd, 0xef00_0123_4567_89ab), 0),
            Interface::Dssetup => (Uuid::new(0x3919_286a, 0xb10c, 0x11d0, 0x9ba8_00c0_4fd9_2ef5), 0),
            Interface::EfsLsa => (Uuid::new(0xc681_d488, 0xd850, 0x11d0, 0x8c52_00c0_4fd9_0f7e), 1),
            Interface::Efs => (Uuid::new(0xdf19_41c5, 0xfe89, 0x4e79, 0xbf10_4636_57ac_f44d), 1),
            Interface::Svcctl => (Uuid::new(0x367a_bb81, 0x9844, 0x35f1, 0xad32_98f0_3800_1003), 2),
            Interface::Tasks => (Uuid::new(0x86d3_5949, 0x83c9, 0x4044, 0xb424_db36_3231_fd0c), 1),
            Interface::Atsvc => (Uuid::new(0x1ff7_0682, 0x0a51, 0x30e8, 0x076d_740b_e8ce_e98b), 1),
            Interface::Winreg => (Uuid::new(0x338c_d001, 0x2244, 0x31f1, 0xaaaa_9000_3800_1003), 1),
            Interface::Eventlog => (Uuid::new(0x8227_3fdc, 0xe32a, 0x18c3, 0x3f78_8279_29dc_23ea), 0),
            Interface::Eventlog6 => (Uuid::new(0xf6be_aff7, 0x1e19, 0x4fbb, 0x9f8f_b89e_2018_337c), 1),
            Interface::Spoolss => (Uuid::new(0x1234_5678, 0x1234, 0xabcd, 0xef00_0123_4567_89ab), 1),
            Interface::Shutdown => (Uuid::new(0xd95a_fe70, 0xa6d5, 0x4259, 0x822e_2c84_da1d_db0d), 1),
        };
        Syntax { uuid, major, minor: 0 }
    }

    /// How many operations it has, and those that are answered; what the others are refused with is
    /// the association's.
    pub(super) fn operations(self) -> (u16, &'static [Entry]) {
        match self {
            Interface::Epm => (8, epm::OPERATIONS),
            Interface::ObjectExporter => (6, dcom::EXPORTER),
            Interface::Activator => (5, dcom::ACTIVATOR),
            Interface::Activation => (1, dcom::ACTIVATION),
            Interface::Mgmt => (5, mgmt::OPERATIONS),
            Interface::Srvsvc => (58, srvsvc::OPERATIONS),
            Interface::Wkssvc => (32, wkssvc::OPERATIONS),
            Interface::Samr => (74, samr::OPERATIONS),
            Interface::Lsarpc => (95, lsarpc::OPERATIONS),
            Interface::Dssetup => (11, lsarpc::SETUP_OPERATIONS),
            Interface::EfsLsa | Interface::Efs => (45, lsarpc::EFS_OPERATIONS),
            Interface::Svcctl => (64, svcctl::OPERATIONS),
            Interface::Tasks => (20, tasks::OPERATIONS),
            Interface::Atsvc => (4, tasks::AT_OPERATIONS),
            Interface::Winreg => (36, winreg::OPERATIONS),
            Interface::Eventlog => (25, eventlog::OPERATIONS),
            Interface::Eventlog6 => (30, &[]),
            Interface::Spoolss => (104, spoolss::OPERATIONS),
            Interface::Shutdown => (4, &[]),
        }
    }

    /// What the endpoint mapper says of it.
    pub(super) fn annotation(self) -> &'static str {
        const ANNOTATIONS: &[(Interface, &str)] = &[
            (Interface::Eventlog6, "Event log TCPIP"),
            (Interface::EfsLsa, "EFSRPC Interface"),
            (Interface::Efs, "EFSRPC Interface"),
        ];
        ANNOTATIONS.iter().find(|(interface, _)| *interface == self).map_or("", |(_, text)| text)
    }
}

/// The endpoint mapper's TCP port.
pub const MAPPER: u16 = 135;

/// Whether a process of this name answers calls.
pub fn is_process(name: &str) -> bool {
    PROCESSES.iter().any(|process| process.name == name)
}

/// Whether a server registers an interface with the endpoint mapper; the rest are found by a pipe's
/// well-known name.
pub(super) fn is_shown(interface: Interface) -> bool {
    use Interface::{Efs, EfsLsa, Eventlog6, Samr, Shutdown, Spoolss, Svcctl, Tasks};
    matches!(interface, Samr | Svcctl | Tasks | Eventlog6 | Spoolss | Shutdown | Efs | EfsLsa)
}

/// A process of the host: its pipes by all of their names, the address that it tells for them, and
/// its interfaces.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) name: &'static str,
    pub(super) pipes: &'static [&'static str],
    pub(super) address: &'static str,
    pub(super) interfaces: &'static [Interface],
    /// Whether this host runs it.
    pub(super) runs: fn(&Setting) -> bool,
}

const fn process(
    name: &'static str,
    pipes: &'static [&'static str],
    address: &'static str,
    interfaces: &'static [Interface],
) -> Process {
    Process { name, pipes, address, interfaces, runs: |_| true }
}

const PROCESSES: &[Process] = &[
    process(
        "rpcss",
        &["epmapper"],
        "\\pipe\\epmapper",
        &[
            Interface::Epm,
            Interface::ObjectExporter,
            Interface::Activator,
            Interface::Activation,
            Interface::Mgmt,
        ],
    ),
    process("wininit", &["initshutdown"], "\\PIPE\\InitShutdown", &[Interface::Shutdown, Interface::Mgmt]),
    process(
        "eventlog",
        &["eventlog"],
        "\\pipe\\eventlog",
        &[Interface::Eventlog6, Interface::Eventlog, Interface::Mgmt],
    ),
    process("schedule", &["atsvc"], "\\PIPE\\atsvc", &[Interface::Tasks, Interface::Atsvc, Interface::Mgmt]),
    process(
        "lsass",
        &["lsass", "lsarpc", "samr", "protected_storage", "netlogon"],
        "\\pipe\\lsass",
        &[Interface::Samr, Interface::Lsarpc, Interface::Dssetup, Interface::EfsLsa, Interface::Mgmt],
    ),
    process("services", &["svcctl", "ntsvcs"], "\\PIPE\\ntsvcs", &[Interface::Svcctl, Interface::Mgmt]),
    process("spooler", &["spoolss"], "\\pipe\\spoolss", &[Interface::Spoolss, Interface::Mgmt]),
    process("server", &["srvsvc"], "\\PIPE\\srvsvc", &[Interface::Srvsvc, Interface::Mgmt]),
    process("workstation", &["wkssvc"], "\\PIPE\\wkssvc", &[Interface::Wkssvc, Interface::Mgmt]),
    process("efs", &["efsrpc"], "\\pipe\\efsrpc", &[Interface::Efs, Interface::Mgmt]),
    Process {
        name: "winreg",
        pipes: &["winreg"],
        address: "\\PIPE\\winreg",
        interfaces: &[Interface::Winreg, Interface::Mgmt],
        runs: |setting| setting.windows.is_server || !setting.windows.since(10_240),
    },
];

impl Process {
    /// All that a host may run.
    pub(super) fn all() -> &'static [Process] {
        PROCESSES
    }

    /// The one behind a TCP port.
    pub(super) fn at_port(port: u16, setting: &Setting) -> Option<&'static Process> {
        let endpoint = setting.endpoints.iter().find(|endpoint| endpoint.port == port);
        let name = if port == MAPPER { "rpcss" } else { endpoint?.process.as_str() };
        PROCESSES.iter().find(|process| process.name == name)
    }

    /// The one behind a pipe.
    pub(super) fn of_pipe(name: &str) -> Option<&'static Process> {
        PROCESSES.iter().find(|process| process.pipes.contains(&name))
    }
}
