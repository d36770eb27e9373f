//! The decoys' own network: joins the config and the pack to a plan, and has netd make it.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use super::config::Config;
use super::exit::Exit;
use super::launch::{MadeNetwork, NetworkOrder};
use crate::persona::{Host, Pack, Transport};
use crate::privileged::netd::{Carrier, HostPlan, Plan, Port, Stack};
use crate::sensor::{Bound, Claim, Socket};
use crate::sys::{self, network};

/// The network as long as it stands: the namespaces live as long as this.
pub(super) struct Network {
    plan: Plan,
    pub(super) namespaces: Vec<OwnedFd>,
    pub(super) inside: OwnedFd,
}

impl Network {
    /// What children are told of it.
    pub(super) fn handed(&self) -> MadeNetwork {
        MadeNetwork {
            plan: self.plan.clone(),
            namespaces: self.namespaces.iter().map(AsRawFd::as_raw_fd).collect(),
            inside: self.inside.as_raw_fd(),
        }
    }
}

/// A hardware address that a host may have, as people write it.
pub(super) fn hardware_address(text: &str) -> Option<[u8; 6]> {
    let bytes = text.split(':').map(|byte| u8::from_str_radix(byte, 16).ok()).collect::<Option<Vec<u8>>>()?;
    <[u8; 6]>::try_from(bytes).ok().filter(|mac| mac[0] & 1 == 0)
}

/// The plan for a pack's hosts.
///
/// # Errors
/// Everything that is wrong, in plain words.
pub(super) fn plan(config: &Config, pack: &Pack) -> Result<Plan, Vec<String>> {
    let mut plan = Plan::of(&config.network).map_err(|problem| vec![problem])?;
    let mut problems = Vec::new();
    for host in &pack.hosts {
        let change = config.host.get(&host.name);
        let segment = change.and_then(|change| change.segment.as_deref());
        let placed = plan.segment_for(segment, host.address);
        let added = placed.and_then(|(segment, address)| plan.add(host_plan(host, segment, address)));
        problems.extend(added.err().map(|problem| format!("[host.{}]: {problem}", host.name)));
    }
    if problems.is_empty() { Ok(plan) } else { Err(problems) }
}

fn host_plan(host: &Host, segment: usize, address: std::net::Ipv4Addr) -> HostPlan {
    let port = |service: &crate::persona::Service| Port {
        carrier: match service.protocol.transport() {
            Transport::Tcp => Carrier::Tcp,
            Transport::Udp => Carrier::Udp,
        },
        number: service.port,
    };
    HostPlan {
        name: host.name.clone(),
        address,
        mac: host.mac,
        segment,
        stack: Stack::of(&host.os.family, &host.os.kernel),
        ports: host.services.iter().map(port).collect(),
    }
}

/// Has netd make the network and takes what it hands over; nothing without segments in the config.
pub(super) fn make(config: &Config, pack: &Pack) -> Result<Option<(Network, Vec<Bound>)>, Exit> {
    if !config.network.is_used() {
        return Ok(None);
    }
    let plan = plan(config, pack).map_err(|problems| Exit::Usage(problems.join("\n")))?;
    let mut handed =
        hand_over(&plan).map_err(|reason| Exit::Could(format!("network: {reason}")))?.into_iter();
    let mut next = || handed.next().ok_or_else(|| Exit::Could("network: netd handed too little over".into()));
    let inside = next()?;
    let (mut namespaces, mut bound) = (Vec::new(), Vec::new());
    for host in &pack.hosts {
        namespaces.push(next()?);
        for service in &host.services {
            let address = SocketAddr::new(host.address, service.port);
            let claim = Claim { host: host.name.clone(), protocol: service.protocol, wanted: address };
            let (socket, inner) = match service.protocol.transport() {
                Transport::Tcp => (Socket::Listener(next()?.into()), Some(TcpListener::from(next()?))),
                Transport::Udp => (Socket::Datagrams(next()?.into()), None),
            };
            bound.push(Bound { claim, address, socket, inner });
        }
    }
    Ok(Some((Network { plan, namespaces, inside }, bound)))
}

/// Runs netd once; what it made, in the order in which it was made.
fn hand_over(plan: &Plan) -> Result<Vec<OwnedFd>, String> {
    let (ours, theirs) = UnixStream::pair().map_err(|e| e.to_string())?;
    let order = NetworkOrder { plan: plan.clone(), handover: theirs.as_raw_fd() };
    let mut line = serde_json::to_vec(&order).map_err(|e| e.to_string())?;
    line.push(b'\n');
    let mut netd = start(theirs.as_raw_fd()).map_err(|e| e.to_string())?;
    drop(theirs);
    if let Some(mut input) = netd.stdin.take() {
        input.write_all(&line).map_err(|e| e.to_string())?;
    }
    let mut all = Vec::new();
    loop {
        let some = network::receive_descriptors(&ours).map_err(|e| e.to_string())?;
        if some.is_empty() {
            break;
        }
        all.extend(some);
    }
    let output = netd.wait_with_output().map_err(|e| e.to_string())?;
    if output.status.success() {
        return Ok(all);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

fn start(handover: RawFd) -> std::io::Result<std::process::Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["process", "netd-build"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    sys::inherit(&mut command, vec![handover]);
    command.spawn()
}
