//! What a host's agent knows: made anew for each request, since clocks and counters go on.

use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;

use super::behaviour::{Behaviour, Fact};
use super::value::Value;
use crate::persona::device::Printer;
use crate::persona::{Host, Pack, Running, Transport};
use crate::rpc::Setting;

/// All variables, in order.
pub(super) type Mib = BTreeMap<Vec<u32>, Value>;

/// iso.org.dod.internet.mgmt.mib-2.
const MIB_2: [u32; 6] = [1, 3, 6, 1, 2, 1];
/// LAN Manager's MIB, which Windows' agent brings.
const LAN_MANAGER: [u32; 9] = [1, 3, 6, 1, 4, 1, 77, 1, 2];

/// The host that is asked.
pub(super) struct Agent {
    pub(super) behaviour: Behaviour,
    pub(super) name: String,
    address: [u8; 4],
    mac: [u8; 6],
    pub(super) running: Running,
    pages: Printer,
    /// TCP ports that are open.
    ports: Vec<u16>,
    /// What Windows' agents tell: accounts, shares, services.
    windows: Option<Setting>,
}

/// Puts values under a prefix.
struct Under<'a> {
    mib: &'a mut Mib,
    prefix: Vec<u32>,
}

impl Under<'_> {
    fn put(&mut self, rest: &[u32], value: Value) {
        self.mib.insert([&self.prefix, rest].concat(), value);
    }
}

fn under<'a>(mib: &'a mut Mib, prefix: &[u32], rest: &[u32]) -> Under<'a> {
    Under { mib, prefix: [prefix, rest].concat() }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

impl Agent {
    pub(super) fn new(behaviour: Behaviour, pack: &Pack, host: &Host) -> Self {
        let address = match host.address {
            IpAddr::V4(address) => address.octets(),
            IpAddr::V6(_) => [0; 4],
        };
        let tcp = host.services.iter().filter(|service| service.protocol.transport() == Transport::Tcp);
        Agent {
            name: host.hostname.clone(),
            address,
            mac: host.mac,
            running: Running::of(pack, host),
            pages: Printer::of(pack, host),
            ports: tcp.map(|service| service.port).collect(),
            windows: (host.os.family == "windows").then(|| Setting::of(pack, host)),
            behaviour,
        }
    }

    /// Seconds since it was started.
    pub(super) fn up(&self, now: Timestamp) -> u64 {
        now.duration_since(self.running.booted(now)).unsigned_abs().as_secs()
    }

    pub(super) fn mib(&self, now: Timestamp) -> Mib {
        let mut mib = Mib::new();
        self.system(&mut mib, now);
        self.interfaces(&mut mib, now);
        self.addresses(&mut mib);
        self.connections(&mut mib);
        if self.behaviour.host_resources {
            self.resources(&mut mib, now);
        }
        if let Some(setting) = &self.windows {
            lan_manager(&mut mib, setting);
        }
        for extra in &self.behaviour.values {
            let value = extra.fact.map_or_else(|| extra.value(), |fact| self.fact(fact, now));
            mib.insert(extra.name(), value);
        }
        mib
    }

    /// A cartridge is put in when the one before is empty.
    fn fact(&self, fact: Fact, now: Timestamp) -> Value {
        const CARTRIDGE: i64 = 12_500;
        let pages = self.pages.printed(now);
        match fact {
            Fact::Serial => Value::text(&self.pages.serial),
            Fact::Pages => Value::Counter(u32::try_from(pages).unwrap_or(0)),
            Fact::Toner => Value::Number(CARTRIDGE - pages.rem_euclid(CARTRIDGE)),
        }
    }

    fn ticks(&self, now: Timestamp) -> u32 {
        let hundredths = now.duration_since(self.running.booted(now)).unsigned_abs().as_millis() / 10;
        u32::try_from(hundredths % (1 << 32)).unwrap_or(0)
    }

    /// RFC 3418 section 2.
    fn system(&self, mib: &mut Mib, now: Timestamp) {
        let behaviour = &self.behaviour;
        let mut system = under(mib, &MIB_2, &[1]);
        system.put(&[1, 0], Value::text(&behaviour.description));
        system.put(&[2, 0], Value::Object(super::behaviour::parts(&behaviour.object)));
        system.put(&[3, 0], Value::Ticks(self.ticks(now)));
        system.put(&[4, 0], Value::text(&behaviour.contact));
        system.put(&[5, 0], Value::text(&self.name));
        system.put(&[6, 0], Value::text(&behaviour.location));
        system.put(&[7, 0], Value::Number(behaviour.layers.into()));
    }

    /// RFC 2863 section 6: the loopback where the system has one, and the card.
    fn interfaces(&self, mib: &mut Mib, now: Timestamp) {
        let all = &self.behaviour.interfaces;
        let mut group = under(mib, &MIB_2, &[2]);
        group.put(&[1, 0], Value::Number(number(all.len()).into()));
        let up = self.up(now);
        for (index, interface) in (1..).zip(all) {
            let is_card = interface.kind == 6;
            let moved = |rate: u64| {
                let count = if is_card { up.wrapping_mul(rate) } else { 0 };
                Value::Counter(u32::try_from(count & 0xffff_ffff).unwrap_or(0))
            };
            let mac = if is_card { self.mac.to_vec() } else { Vec::new() };
            let columns = [
                (1, Value::Number(i64::from(index))),
                (2, Value::text(&interface.name)),
                (3, Value::Number(interface.kind.into())),
                (4, Value::Number(1500)),
                (5, Value::Gauge(interface.speed)),
                (6, Value::Text(mac)),
                (7, Value::Number(1)),
                (8, Value::Number(1)),
                (9, Value::Ticks(0)),
                (10, moved(interface.bytes_in)),
                (11, moved(interface.bytes_in / 400 + 1)),
                (13, Value::Counter(0)),
                (14, Value::Counter(0)),
                (16, moved(interface.bytes_out)),
                (17, moved(interface.bytes_out / 500 + 1)),
                (19, Value::Counter(0)),
                (20, Value::Counter(0)),
            ];
            for (column, value) in columns {
                group.put(&[2, 1, column, index], value);
            }
        }
    }

    /// ipAddrTable, RFC 4293.
    fn addresses(&self, mib: &mut Mib) {
        let index: Vec<u32> = self.address.iter().map(|octet| u32::from(*octet)).collect();
        let card = self.behaviour.interfaces.iter().position(|interface| interface.kind == 6).unwrap_or(0);
        let columns = [
            (1, Value::Address(self.address)),
            (2, Value::Number(i64::from(number(card)) + 1)),
            (3, Value::Address([255, 255, 255, 0])),
            (4, Value::Number(1)),
        ];
        let mut table = under(mib, &MIB_2, &[4, 20, 1]);
        for (column, value) in columns {
            table.put(&[&[column][..], &index].concat(), value);
        }
    }

    /// tcpConnTable, RFC 4022: the ports that are open.
    fn connections(&self, mib: &mut Mib) {
        const LISTEN: i64 = 2;
        let mut table = under(mib, &MIB_2, &[6, 13, 1]);
        for port in &self.ports {
            let index = [0, 0, 0, 0, u32::from(*port), 0, 0, 0, 0, 0];
            let columns = [
                (1, Value::Number(LISTEN)),
                (2, Value::Address([0; 4])),
                (3, Value::Number((*port).into())),
                (4, Value::Address([0; 4])),
                (5, Value::Number(0)),
            ];
            for (column, value) in columns {
                table.put(&[&[column][..], &index].concat(), value);
            }
        }
    }

    /// The host resources MIB, RFC 2790: uptime, memory, disks, programs that run.
    fn resources(&self, mib: &mut Mib, now: Timestamp) {
        let programs = &self.behaviour.programs;
        let mut host = under(mib, &MIB_2, &[25]);
        host.put(&[1, 1, 0], Value::Ticks(self.ticks(now)));
        host.put(&[1, 5, 0], Value::Gauge(2));
        host.put(&[1, 6, 0], Value::Gauge(number(programs.len())));
        host.put(&[2, 2, 0], Value::Number(self.behaviour.memory_kilobytes.into()));
        for (index, disk) in (1..).zip(&self.behaviour.disks) {
            let columns = [
                (1, Value::Number(i64::from(index))),
                (2, Value::Object(vec![1, 3, 6, 1, 2, 1, 25, 2, 1, 4])),
                (3, Value::text(&disk.name)),
                (4, Value::Number(4096)),
                (5, Value::Number(disk.units.into())),
                (6, Value::Number(disk.used.into())),
            ];
            for (column, value) in columns {
                host.put(&[2, 3, 1, column, index], value);
            }
        }
        for program in programs {
            let columns = [
                (1, Value::Number(program.id.into())),
                (2, Value::text(&program.name)),
                (3, Value::Object(vec![0, 0])),
                (4, Value::text(&program.path)),
                (5, Value::text(&program.parameters)),
                (6, Value::Number(4)),
                (7, Value::Number(1)),
            ];
            for (column, value) in columns {
                host.put(&[4, 2, 1, column, program.id], value);
            }
        }
    }
}

/// Names index their rows, by length and letters.
fn by_text(text: &str) -> Vec<u32> {
    std::iter::once(number(text.len())).chain(text.bytes().map(u32::from)).collect()
}

/// LAN Manager's MIB as Windows' agent fills it: services, accounts.
fn lan_manager(mib: &mut Mib, setting: &Setting) {
    let mut table = under(mib, &LAN_MANAGER, &[3, 1]);
    for service in setting.running_services() {
        let index = by_text(&service);
        table.put(&[&[1][..], &index].concat(), Value::text(&service));
        for (column, state) in [(2, 4), (3, 1), (4, 2), (5, 1)] {
            table.put(&[&[column][..], &index].concat(), Value::Number(state));
        }
    }
    let mut users = under(mib, &LAN_MANAGER, &[25, 1, 1]);
    for account in &setting.accounts {
        users.put(&by_text(&account.name), Value::text(&account.name));
    }
    let mut domain = under(mib, &[1, 3, 6, 1, 4, 1, 77, 1, 4], &[]);
    domain.put(&[1, 0], Value::text(&setting.group()));
}
