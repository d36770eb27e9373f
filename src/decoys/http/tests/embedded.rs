//! The servers of the PACS products: one connection over the default pack's hosts.

use std::sync::Arc;

use bytes::BytesMut;
use jiff::Timestamp;

use crate::archive::Archive;
use crate::decoys::{Making, http};
use crate::event::Observation;
use crate::persona::{Protocol, Service};
use crate::session::bench::{Bench, NOW};
use crate::session::{Conversation, Decoy, Machine, Next, Outbox, Wake};
use crate::world::overlay::Overlay;

/// A host's web face.
pub(super) struct Face {
    pub(super) bench: Bench,
    decoy: Arc<dyn Decoy>,
    host: &'static str,
}

impl Face {
    /// Of a host of the default pack.
    pub(super) fn of(host: &'static str) -> Self {
        Face::with(host, |service| service.protocol == Protocol::Http)
    }

    /// The one at a port.
    pub(super) fn at(host: &'static str, port: u16) -> Self {
        Face::with(host, |service| service.port == port)
    }

    /// The one over TLS.
    pub(super) fn secure(host: &'static str) -> Self {
        Face::with(host, |service| service.protocol == Protocol::Https)
    }

    fn with(host: &'static str, wanted: impl Fn(&Service) -> bool) -> Self {
        let bench = Bench::new();
        let (pack, world) = (Arc::clone(&bench.pack), Arc::clone(&bench.world));
        let making =
            Making { host: Arc::clone(pack.host(host).unwrap()), pack, world, imaging: Arc::default() };
        let service = making.host.services.iter().find(|service| wanted(service)).unwrap();
        let decoy = http::decoy(&making, service).unwrap();
        Face { bench, decoy, host }
    }

    /// Sends a request in pieces; what came back, and whether the server closed.
    pub(super) fn send(&self, pieces: &[&[u8]]) -> (Vec<u8>, bool) {
        let session = self.bench.session(self.host, "http");
        let Conversation::Machine(mut machine) = self.decoy.converse(session) else { panic!("no machine") };
        let now: Timestamp = NOW.parse().unwrap();
        let (mut out, mut input) = (Outbox::default(), BytesMut::new());
        let mut next = machine.open(now, &mut out);
        for piece in pieces {
            if ended(&next) {
                break;
            }
            input.extend_from_slice(piece);
            next = machine.receive(now, &mut input, &mut out);
            next = settled(machine.as_mut(), next, &mut out);
        }
        (out.joined(), ended(&next))
    }

    /// One request's answer: head and body.
    pub(super) fn ask(&self, request: &str) -> (String, Vec<u8>) {
        self.ask_bytes(request.as_bytes())
    }

    /// The same with bytes.
    pub(super) fn ask_bytes(&self, request: &[u8]) -> (String, Vec<u8>) {
        let (answer, _) = self.send(&[request]);
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
        let head = String::from_utf8_lossy(&answer[..split]).into_owned();
        let body = &answer[split..];
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        (head, if chunked { unchunked(body) } else { body.to_vec() })
    }

    pub(super) fn events(&self) -> Vec<Observation> {
        self.bench.told()
    }
}

fn unchunked(body: &[u8]) -> Vec<u8> {
    use super::super::body::{BodyReader, Progress};
    let (mut input, mut plain) = (BytesMut::from(body), Vec::new());
    assert_eq!(BodyReader::chunked().advance(&mut input, &mut plain, 1 << 30), Progress::Ended);
    plain
}

fn ended(next: &Next) -> bool {
    matches!(next, Next::Close | Next::Reset)
}

fn settled(machine: &mut dyn Machine, mut next: Next, out: &mut Outbox) -> Next {
    let now: Timestamp = NOW.parse().unwrap();
    while matches!(next, Next::Think(_) | Next::More) {
        let cause = if next == Next::More { Wake::More } else { Wake::Thought };
        next = machine.wake(now, cause, out);
    }
    next
}

/// A study of yesterday that the archive of this reach and share has.
pub(super) fn a_study(bench: &Bench, one_in: u32, modality: &str) -> crate::world::Study {
    let view = bench.world.at(NOW.parse().unwrap());
    let holdings = Arc::new(Archive::new("test", 30).sampled(one_in)).seen(view, &Overlay::default());
    let (first, last) = holdings.dates();
    let mut date = last.yesterday().unwrap();
    while date > first {
        let day = holdings.day(date);
        let studies = day.iter().filter_map(|entry| entry.world().map(|(study, _)| study.clone()));
        if let Some(study) = studies.into_iter().find(|study| study.modality.as_str() == modality) {
            return study;
        }
        date = date.yesterday().unwrap();
    }
    panic!("no study")
}
