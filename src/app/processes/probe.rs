//! Tries what an intruder who runs code in the sensor would try, behind the same walls, and says what
//! went through.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{sandbox, sensor};
use crate::app::Layout;
use crate::app::exit::Exit;
use crate::app::launch::Launch;
use crate::app::output::say;
use crate::sys::attempts;

/// An address that no machine has (RFC 5737).
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Ports of what an intruder would call: the web, and a shell that waits for him.
const STRANGERS: [u16; 4] = [443, 4444, 8443, 31_337];

/// A connection that nothing refuses would be tried for so long.
const PATIENCE: Duration = Duration::from_millis(1500);

/// Puts up the sensor's walls, tries, and prints a line for each attempt: `held` or `broken`, and what
/// was tried.
pub(super) fn run(launch: &Launch) -> Exit {
    let layout = Layout::new(launch.data.clone());
    let parent = std::os::unix::process::parent_id();
    if let Err(error) = sensor::confine(launch, &layout) {
        return Exit::Could(error);
    }
    let mut broken = false;
    for (what, tried) in connections(launch).into_iter().chain(attempts(&layout, parent)) {
        match tried {
            Err(error) if sandbox::is_refusal(&error) => say(&format!("held {what}")),
            Err(error) => {
                broken = true;
                say(&format!("broken {what}: nothing refused it ({error})"));
            }
            Ok(()) => {
                broken = true;
                say(&format!("broken {what}"));
            }
        }
    }
    if broken { Exit::Finding } else { Exit::Done }
}

type Tried = io::Result<()>;

/// Connections to where no machine is. In a network of its own the sensor reaches nobody at any port.
/// Without one only the port decides, and the ports of decoys are not tried: such a packet would leave.
fn connections(launch: &Launch) -> Vec<(&'static str, Tried)> {
    let connect = |port| TcpStream::connect_timeout(&SocketAddr::new(NOBODY, port), PATIENCE).map(|_| ());
    let decoys: Vec<u16> = launch.services.iter().map(|service| service.address.port()).collect();
    let apart = launch.network.is_some();
    let stranger = STRANGERS.into_iter().find(|port| apart || !decoys.contains(port));
    let mut tried: Vec<_> =
        stranger.map(|port| ("connect to a stranger over TCP", connect(port))).into_iter().collect();
    if apart {
        tried.push(("connect to the router's pages over TCP", connect(80)));
    }
    tried
}

fn attempts(layout: &Layout, parent: u32) -> Vec<(&'static str, Tried)> {
    let socket = |family, kind, protocol| attempts::socket(family, kind, protocol).map(|_| ());
    vec![
        ("send a datagram over UDP", socket(libc::AF_INET, libc::SOCK_DGRAM, 0)),
        ("send an echo request over ICMP", socket(libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP)),
        ("send a raw IP packet", socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_RAW)),
        ("send a raw frame", socket(libc::AF_PACKET, libc::SOCK_RAW, 0)),
        ("change the network by netlink", socket(libc::AF_NETLINK, libc::SOCK_RAW, 0)),
        ("read the installation's secret", read(&layout.secret())),
        ("read the store", read(&store(layout))),
        ("list the console's accounts", list(&layout.console())),
        ("list the packets", list(&layout.packets())),
        ("read what core has in its spool", list(&layout.forward())),
        ("read the system's passwords", read(Path::new("/etc/shadow"))),
        ("write into the data directory", write(&layout.root().join("probe"))),
        ("write another process's status", write(&layout.status("core"))),
        ("write into /tmp", write(&std::env::temp_dir().join("honeyward-probe"))),
        ("see other processes", list(Path::new("/proc"))),
        ("read another process's command line", read(Path::new("/proc/1/cmdline"))),
        ("signal another process", attempts::reach(parent)),
        ("trace another process", attempts::trace(parent)),
        ("mount a file system", attempts::mount()),
        ("load a kernel module", attempts::load_module()),
        ("make namespaces", attempts::leave()),
        ("start a program", Command::new("/bin/true").spawn().map(|_| ())),
        ("start a copy of this program", Command::new("/proc/self/exe").spawn().map(|_| ())),
    ]
}

/// What is there of the store: its database, or what says on which server it is.
fn store(layout: &Layout) -> PathBuf {
    if layout.server().exists() { layout.server() } else { layout.database() }
}

fn read(path: &Path) -> Tried {
    fs::File::open(path).map(|_| ())
}

fn list(path: &Path) -> Tried {
    fs::read_dir(path).map(|_| ())
}

fn write(path: &Path) -> Tried {
    fs::write(path, b"probe")?;
    fs::remove_file(path)
}
