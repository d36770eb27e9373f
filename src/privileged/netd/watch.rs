//! Claims the hosts' addresses, yields them, and takes the hosts off the wire.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rand::RngExt;

use super::arp;
use super::build::STATION;
use super::netlink::Netlink;
use super::plan::{HostPlan, Plan};
use crate::event::SystemEvent;
use crate::sys::network;

/// Probes before an address is used, and the pauses around them (RFC 5227, 1.1).
const PROBES: u32 = 3;
const PROBE_MIN: Duration = Duration::from_secs(1);
const PROBE_MAX: Duration = Duration::from_secs(2);
const ANNOUNCE_WAIT: Duration = Duration::from_secs(2);

/// An address that another uses is tried again after this: machines that were moved, or an intruder
/// who claims addresses, may be gone.
const YIELDED: Duration = Duration::from_secs(300);

/// How long one look for conflicts waits (ms).
const LOOK: i32 = 100;

/// How often it is looked who has spoken with the hosts.
const NEIGHBOURS: Duration = Duration::from_secs(5);

/// A neighbour that is still there is told again after this: core may have been started anew.
const TOLD_AGAIN: Duration = Duration::from_secs(3600);

/// Neighbours remembered; who invents more is told of again and again, and no memory grows.
const MAX_NEIGHBOURS: usize = 4096;

/// All hosts, as they stand on the wire.
pub struct Watch {
    stations: Vec<Station>,
    told: Option<usize>,
    neighbours: BTreeMap<IpAddr, (String, Instant)>,
    looked: Option<Instant>,
}

/// How many hosts stand and how many don't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Hosts that answer.
    pub serving: usize,
    /// Hosts whose address is being claimed.
    pub claiming: usize,
    /// Hosts whose address another uses.
    pub yielded: usize,
    /// Hosts that are off the wire.
    pub down: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Down,
    Claiming { sent: u32, due: Instant },
    Serving,
    Yielded { until: Instant },
}

struct Station {
    host: HostPlan,
    prefix: u8,
    gateway: Option<Ipv4Addr>,
    netlink: Netlink,
    index: u32,
    ears: OwnedFd,
    state: State,
}

impl Watch {
    /// Takes the hosts over; their links are down.
    ///
    /// # Errors
    /// What could not be had, in plain words.
    pub fn new(plan: &Plan, namespaces: &[OwnedFd]) -> Result<Self, String> {
        let stations = std::thread::scope(|scope| {
            let taken = scope.spawn(|| {
                let each = plan.hosts.iter().zip(namespaces);
                each.map(|(host, namespace)| {
                    Station::take(plan, host, namespace).map_err(|e| format!("host {}: {e}", host.name))
                })
                .collect::<Result<Vec<_>, _>>()
            });
            taken.join().unwrap_or_else(|_| Err("the thread that enters namespaces panicked".to_owned()))
        })?;
        Ok(Watch { stations, told: None, neighbours: BTreeMap::new(), looked: None })
    }

    /// Looks for conflicts and does what is due. Hosts stand while `serve`, and are off the wire
    /// otherwise. To be called again and again; waits a tenth of a second.
    pub fn step(&mut self, serve: bool, mut report: impl FnMut(SystemEvent)) {
        let ears: Vec<_> = self.stations.iter().map(|s| s.ears.as_fd()).collect();
        let heard = network::readable(&ears, LOOK).unwrap_or_default();
        for place in heard {
            if let Some(station) = self.stations.get_mut(place)
                && let Some(event) = station.conflict()
            {
                report(event);
            }
        }
        let now = Instant::now();
        for station in &mut self.stations {
            if let Err(error) = station.step(serve, now) {
                tracing::warn!(host = station.host.name, %error, "a host's network fails");
                station.down();
            }
        }
        self.look_around(now, &mut report);
        self.tell(serve, report);
    }

    /// Tells whose card speaks for an address that has spoken with a host: by it a machine is known again
    /// when its address changes.
    fn look_around(&mut self, now: Instant, report: &mut impl FnMut(SystemEvent)) {
        if self.looked.is_some_and(|looked| now.duration_since(looked) < NEIGHBOURS) {
            return;
        }
        self.looked = Some(now);
        let serving = self.stations.iter().filter(|station| station.state == State::Serving);
        let found: BTreeMap<_, _> = serving.flat_map(Station::neighbours).collect();
        for (address, card) in found {
            let known = self.neighbours.get(&address);
            let is_known =
                known.is_some_and(|(known, told)| *known == card && now.duration_since(*told) < TOLD_AGAIN);
            if is_known || self.is_ours(address) {
                continue;
            }
            if self.neighbours.len() >= MAX_NEIGHBOURS {
                self.neighbours.clear();
            }
            self.neighbours.insert(address, (card.clone(), now));
            report(SystemEvent::Neighbour { address, card });
        }
    }

    /// Whether an address is a host's of ours, or a gateway's.
    fn is_ours(&self, address: IpAddr) -> bool {
        let ours =
            |station: &Station| [Some(station.host.address), station.gateway].map(|a| a.map(IpAddr::V4));
        self.stations.iter().any(|station| ours(station).contains(&Some(address)))
    }

    /// Takes all hosts off the wire.
    pub fn withdraw(&mut self) {
        self.stations.iter_mut().for_each(Station::down);
    }

    /// How many stand.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for station in &self.stations {
            match station.state {
                State::Down => counts.down += 1,
                State::Claiming { .. } => counts.claiming += 1,
                State::Serving => counts.serving += 1,
                State::Yielded { .. } => counts.yielded += 1,
            }
        }
        counts
    }

    /// Hosts by name and how each stands, for the status page.
    pub fn states(&self) -> Vec<(String, &'static str)> {
        let word = |state| match state {
            State::Down => "down",
            State::Claiming { .. } => "claiming",
            State::Serving => "serving",
            State::Yielded { .. } => "yielded",
        };
        self.stations.iter().map(|s| (s.host.name.clone(), word(s.state))).collect()
    }

    /// Tells once that all hosts that can stand do, and once that they were withdrawn.
    fn tell(&mut self, serve: bool, mut report: impl FnMut(SystemEvent)) {
        let counts = self.counts();
        if serve && counts.claiming == 0 && counts.down == 0 && self.told != Some(counts.serving) {
            self.told = Some(counts.serving);
            report(SystemEvent::HostsStand {
                serving: counts.serving as u64,
                yielded: counts.yielded as u64,
            });
        }
        if !serve && self.told.take().is_some() {
            report(SystemEvent::HostsWithdrawn { hosts: self.stations.len() as u64 });
        }
    }
}

impl Station {
    fn take(plan: &Plan, host: &HostPlan, namespace: &OwnedFd) -> io::Result<Self> {
        let segment = plan.segments.get(host.segment).ok_or(io::ErrorKind::NotFound)?;
        network::enter_network(namespace.as_fd())?;
        let netlink = Netlink::open()?;
        let index = netlink.index_of(STATION)?;
        // One that a watch before this one left up starts anew.
        netlink.set_up(index, false)?;
        let _ = netlink.remove_address(index, host.address, segment.prefix);
        let ears = network::arp_socket(index, &arp::conflict_filter(host.mac, host.address, true))?;
        let (prefix, gateway) = (segment.prefix, segment.gateway);
        Ok(Station { host: host.clone(), prefix, gateway, netlink, index, ears, state: State::Down })
    }

    fn step(&mut self, serve: bool, now: Instant) -> io::Result<()> {
        match self.state {
            _ if !serve => {
                if self.state != State::Down {
                    self.down();
                }
            }
            State::Down => self.claim(now)?,
            State::Yielded { until } if now >= until => self.claim(now)?,
            State::Claiming { sent, due } if now >= due => self.claim_on(sent, now)?,
            State::Claiming { .. } | State::Serving | State::Yielded { .. } => {}
        }
        Ok(())
    }

    /// Begins to claim the address: the link comes up without it.
    fn claim(&mut self, now: Instant) -> io::Result<()> {
        network::set_filter(
            self.ears.as_fd(),
            &arp::conflict_filter(self.host.mac, self.host.address, true),
        )?;
        self.netlink.set_up(self.index, true)?;
        network::discard(self.ears.as_fd());
        self.state = State::Claiming { sent: 0, due: now + PROBE_MIN.mul_f64(rand::rng().random()) };
        Ok(())
    }

    /// Sends the next probe; after the last, and a pause, the address is the host's.
    fn claim_on(&mut self, sent: u32, now: Instant) -> io::Result<()> {
        if sent == PROBES {
            return self.serve();
        }
        network::send_frame(self.ears.as_fd(), &arp::probe(self.host.mac, self.host.address))?;
        let pause = PROBE_MIN + (PROBE_MAX - PROBE_MIN).mul_f64(rand::rng().random());
        let pause = if sent + 1 == PROBES { ANNOUNCE_WAIT } else { pause };
        self.state = State::Claiming { sent: sent + 1, due: now + pause };
        Ok(())
    }

    fn serve(&mut self) -> io::Result<()> {
        network::set_filter(
            self.ears.as_fd(),
            &arp::conflict_filter(self.host.mac, self.host.address, false),
        )?;
        self.netlink.add_address(self.index, self.host.address, self.prefix)?;
        if let Some(gateway) = self.gateway {
            self.netlink.add_default_route(self.index, gateway)?;
        }
        self.state = State::Serving;
        Ok(())
    }

    /// Another uses the address: it is given up at once.
    fn conflict(&mut self) -> Option<SystemEvent> {
        network::discard(self.ears.as_fd());
        let in_use = match self.state {
            State::Claiming { .. } => false,
            State::Serving => true,
            State::Down | State::Yielded { .. } => return None,
        };
        self.down();
        self.state = State::Yielded { until: Instant::now() + YIELDED };
        let (host, address) = (self.host.name.clone(), self.host.address.into());
        Some(SystemEvent::AddressConflict { host, address, in_use })
    }

    fn neighbours(&self) -> Vec<(IpAddr, String)> {
        self.netlink.neighbours().unwrap_or_else(|error| {
            tracing::warn!(host = self.host.name, %error, "neighbours can't be asked for");
            Vec::new()
        })
    }

    /// Off the wire: no link, no address.
    fn down(&mut self) {
        if self.state == State::Serving {
            let _ = self.netlink.remove_address(self.index, self.host.address, self.prefix);
        }
        if let Err(error) = self.netlink.set_up(self.index, false) {
            tracing::error!(host = self.host.name, %error, "a host can't be taken off the wire");
        }
        self.state = State::Down;
    }
}
