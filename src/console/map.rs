//! The map of segments: which decoys stand where, who touched them, and from where he came.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::{DecoyHost, DecoySegment};
use crate::event::{Severity, line};
use crate::store::Touched;

/// Sources drawn; the list of sessions has all.
const SOURCES: usize = 12;

/// Length of the networks that addresses are put into where nobody named segments, bits.
const GUESSED: u8 = 24;

/// Height of a row of the drawing.
const ROW: i64 = 34;

/// Above the first row.
const TOP: i64 = 20;

/// Where lines leave the sources and reach the segments.
const ENDS: [i64; 2] = [170, 480];

/// Widest line.
const THICKEST: u32 = 7;

/// The whole map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Map {
    /// Segments, in the operator's order.
    segments: Vec<Place>,
    /// The worst sources.
    sources: Vec<Source>,
    /// Sources that are not drawn.
    more: usize,
    /// Who went where.
    lines: Vec<Line>,
    /// Height of the drawing.
    height: i64,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Place {
    name: String,
    vlan: Option<u16>,
    network: String,
    y: i64,
    /// How many decoys were touched.
    touched: usize,
    severity: String,
    hosts: Vec<Stand>,
}

/// A decoy on its segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Stand {
    name: String,
    title: String,
    system: String,
    address: Option<IpAddr>,
    /// How it stands on the wire (`serving`, `yielded` …), where that is known.
    state: Option<String>,
    sources: usize,
    sessions: u64,
    severity: String,
    last: Option<Timestamp>,
}

/// Who touched decoys.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Source {
    address: IpAddr,
    /// The segment that his address belongs to; none when he comes from elsewhere.
    segment: Option<String>,
    hosts: usize,
    sessions: u64,
    severity: String,
    y: i64,
}

/// What one source did on one segment.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    from: [i64; 2],
    to: [i64; 2],
    width: u32,
    severity: String,
    label: String,
}

/// Draws the map; `states` tells how hosts stand on the wire.
pub(super) fn draw(
    decoys: &[DecoyHost],
    segments: &[DecoySegment],
    touched: &[Touched],
    states: &BTreeMap<String, String>,
) -> Map {
    let guessed = if segments.is_empty() { guess(decoys) } else { Vec::new() };
    let segments = if segments.is_empty() { &guessed } else { segments };
    let (sources, more) = sources(segments, touched);
    let rows = i64::try_from(sources.len().max(segments.len())).unwrap_or(1);
    let places: Vec<Place> = segments
        .iter()
        .enumerate()
        .map(|(at, segment)| Place {
            name: segment.name.clone(),
            vlan: segment.vlan,
            network: format!("{}/{}", segment.network, segment.prefix),
            y: row(at, segments.len(), rows),
            touched: hosts_touched(segment, touched),
            severity: line::word(&worst(touched.iter().filter(|t| segment.hosts.contains(&t.host)))),
            hosts: segment.hosts.iter().map(|host| stand(host, decoys, touched, states)).collect(),
        })
        .collect();
    let drawn = sources.len();
    let sources: Vec<Source> = sources
        .into_iter()
        .enumerate()
        .map(|(at, source)| Source { y: row(at, drawn, rows), ..source })
        .collect();
    let lines = sources.iter().flat_map(|source| lines(source, segments, &places, touched)).collect();
    Map { segments: places, sources, more, lines, height: TOP * 2 + ROW * rows }
}

/// The middle of a row, where `count` things share the height of all rows.
fn row(at: usize, count: usize, rows: i64) -> i64 {
    let (at, count) = (i64::try_from(at).unwrap_or(0), i64::try_from(count.max(1)).unwrap_or(1));
    TOP + rows * ROW * (2 * at + 1) / (2 * count)
}

/// Networks of the decoys' addresses.
fn guess(decoys: &[DecoyHost]) -> Vec<DecoySegment> {
    let mut found: BTreeMap<IpAddr, Vec<String>> = BTreeMap::new();
    for decoy in decoys {
        if let Some(address) = address(decoy) {
            found.entry(network(address, GUESSED)).or_default().push(decoy.name.clone());
        }
    }
    let segment = |(network, hosts): (IpAddr, Vec<String>)| DecoySegment {
        name: format!("{network}/{GUESSED}"),
        vlan: None,
        network,
        prefix: GUESSED,
        hosts,
    };
    found.into_iter().map(segment).collect()
}

fn address(decoy: &DecoyHost) -> Option<IpAddr> {
    decoy.services.first().map(|service| service.address.ip())
}

/// The first address of the network that an address is in.
fn network(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

fn holds(segment: &DecoySegment, address: IpAddr) -> bool {
    segment.network.is_ipv4() == address.is_ipv4()
        && network(address, segment.prefix) == network(segment.network, segment.prefix)
}

fn worst<'t>(touched: impl Iterator<Item = &'t Touched>) -> Severity {
    touched.map(|t| t.severity).max().unwrap_or(Severity::Info)
}

fn hosts_touched(segment: &DecoySegment, touched: &[Touched]) -> usize {
    let hosts: BTreeSet<&str> = touched.iter().map(|t| t.host.as_str()).collect();
    segment.hosts.iter().filter(|host| hosts.contains(host.as_str())).count()
}

fn stand(name: &str, decoys: &[DecoyHost], touched: &[Touched], states: &BTreeMap<String, String>) -> Stand {
    let decoy = decoys.iter().find(|decoy| decoy.name == name);
    let met = || touched.iter().filter(|t| t.host == name);
    Stand {
        name: name.to_owned(),
        title: decoy.map(|decoy| decoy.title.clone()).unwrap_or_default(),
        system: decoy.map(|decoy| decoy.system.clone()).unwrap_or_default(),
        address: decoy.and_then(address),
        state: states.get(name).cloned(),
        sources: met().count(),
        sessions: met().map(|t| t.sessions).sum(),
        severity: line::word(&worst(met())),
        last: met().map(|t| t.last).max(),
    }
}

/// The worst sources, and how many others there are; `touched` has the worst first.
fn sources(segments: &[DecoySegment], touched: &[Touched]) -> (Vec<Source>, usize) {
    let mut order: Vec<IpAddr> = Vec::new();
    let mut seen = BTreeSet::new();
    order.extend(touched.iter().map(|t| t.source).filter(|source| seen.insert(*source)));
    let more = order.len().saturating_sub(SOURCES);
    let source = |address: IpAddr| {
        let met = || touched.iter().filter(|t| t.source == address);
        Source {
            address,
            segment: segments.iter().find(|segment| holds(segment, address)).map(|s| s.name.clone()),
            hosts: met().count(),
            sessions: met().map(|t| t.sessions).sum(),
            severity: line::word(&worst(met())),
            y: 0,
        }
    };
    (order.into_iter().take(SOURCES).map(source).collect(), more)
}

fn lines(source: &Source, segments: &[DecoySegment], places: &[Place], touched: &[Touched]) -> Vec<Line> {
    let line = |(segment, place): (&DecoySegment, &Place)| {
        let met: Vec<&Touched> = touched
            .iter()
            .filter(|t| t.source == source.address && segment.hosts.contains(&t.host))
            .collect();
        let sessions: u64 = met.iter().map(|t| t.sessions).sum();
        let hosts: Vec<&str> = met.iter().map(|t| t.host.as_str()).collect();
        (sessions > 0).then(|| Line {
            from: [ENDS[0], source.y],
            to: [ENDS[1], place.y],
            width: (1 + sessions.ilog2()).min(THICKEST),
            severity: line::word(&worst(met.iter().copied())),
            label: format!("{} → {}: {} ({sessions})", source.address, place.name, hosts.join(", ")),
        })
    };
    segments.iter().zip(places).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::DecoyService;

    fn decoy(name: &str, address: &str) -> DecoyHost {
        let services = vec![DecoyService { protocol: "ssh".into(), address: address.parse().unwrap() }];
        let (title, system) = (name.to_uppercase(), "Debian".into());
        DecoyHost { name: name.into(), title, system, services, lures: Vec::new() }
    }

    fn touch(source: &str, host: &str, sessions: u64, severity: Severity) -> Touched {
        let last = Timestamp::from_second(i64::try_from(sessions).unwrap()).unwrap();
        Touched { host: host.into(), source: source.parse().unwrap(), sessions, severity, last }
    }

    fn segment(name: &str, network: &str, hosts: &[&str]) -> DecoySegment {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        DecoySegment {
            name: name.into(),
            vlan: Some(110),
            network: network.parse().unwrap(),
            prefix: 24,
            hosts,
        }
    }

    #[test]
    fn segments_show_who_touched_what_and_from_where() {
        let decoys = [decoy("his", "10.20.1.11:22"), decoy("pacs", "10.20.2.12:22")];
        let segments = [segment("ward", "10.20.1.0", &["his"]), segment("imaging", "10.20.2.0", &["pacs"])];
        let touched = [
            touch("10.20.1.66", "his", 9, Severity::High),
            touch("10.20.1.66", "pacs", 1, Severity::Low),
            touch("172.16.0.9", "his", 2, Severity::Info),
        ];
        let states = BTreeMap::from([("his".to_owned(), "serving".to_owned())]);
        let map = draw(&decoys, &segments, &touched, &states);
        let [ward, imaging] = map.segments.as_slice() else { panic!("two segments") };
        assert_eq!((ward.touched, ward.severity.as_str(), ward.hosts[0].sessions), (1, "high", 11));
        assert_eq!((ward.hosts[0].sources, ward.hosts[0].state.as_deref()), (2, Some("serving")));
        assert_eq!((imaging.severity.as_str(), imaging.hosts[0].state.as_deref()), ("low", None));
        let from: Vec<Option<&str>> = map.sources.iter().map(|s| s.segment.as_deref()).collect();
        assert_eq!(from, [Some("ward"), None], "one is inside, one comes from elsewhere");
        let lines: Vec<(u32, &str)> = map.lines.iter().map(|l| (l.width, l.severity.as_str())).collect();
        assert_eq!(lines, [(4, "high"), (1, "low"), (2, "info")]);
        assert!(map.segments.iter().all(|s| s.y > 0 && s.y < map.height));
    }

    #[test]
    fn without_segments_addresses_are_put_into_networks() {
        let decoys = [decoy("his", "127.0.10.11:22"), decoy("ct01", "127.0.20.21:104")];
        let map = draw(&decoys, &[], &[], &BTreeMap::new());
        let names: Vec<&str> = map.segments.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["127.0.10.0/24", "127.0.20.0/24"]);
        assert!(map.lines.is_empty() && map.sources.is_empty() && map.more == 0);
    }

    #[test]
    fn only_the_worst_sources_are_drawn_and_the_rest_is_counted() {
        let touched: Vec<Touched> =
            (0..40).map(|n| touch(&format!("10.9.0.{n}"), "his", 1, Severity::Low)).collect();
        let map = draw(&[decoy("his", "10.20.1.11:22")], &[], &touched, &BTreeMap::new());
        assert_eq!((map.sources.len(), map.more, map.segments[0].hosts[0].sources), (SOURCES, 28, 40));
    }

    #[test]
    fn an_address_is_in_its_own_network_only() {
        let ward = segment("ward", "10.20.1.0", &[]);
        assert!(holds(&ward, "10.20.1.255".parse().unwrap()));
        assert!(!holds(&ward, "10.20.2.1".parse().unwrap()) && !holds(&ward, "fe80::1".parse().unwrap()));
        assert_eq!(network("2001:db8::1".parse().unwrap(), 64), "2001:db8::".parse::<IpAddr>().unwrap());
        assert_eq!(network("1.2.3.4".parse().unwrap(), 0), "0.0.0.0".parse::<IpAddr>().unwrap());
    }
}
