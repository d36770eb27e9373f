//! Finding the packets of a 5-tuple in a span of time, over all segments.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::net::IpAddr;
use std::path::Path;

use super::Interface;
use super::cut::{Wanted, candidate};
use super::flow::{FlowKey, Tcp};
use super::index::{Index, Sample, Span};
use super::pcapng::{Blocks, Statistics};
use super::segment::{Segment, list};

/// A packet's time may lie this far before the time in its segment's name: it waited in the ring.
const LATE: u64 = 10_000_000_000;

/// A packet of the 5-tuple.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Place of its segment in [`Piece::files`].
    pub file: usize,
    pub offset: u64,
    pub length: usize,
    /// Place of its interface in [`Piece::interfaces`].
    pub interface: usize,
    pub at: u64,
    pub source: (IpAddr, u16),
    pub tcp: Option<Tcp>,
    pub fragment: Option<u32>,
    /// Whether it carries the ports; a later fragment does not.
    pub is_own: bool,
}

/// An interface over all segments, with its counters.
pub(super) struct Seen {
    pub description: Interface,
    pub samples: Samples,
}

/// All that was found.
#[derive(Default)]
pub(super) struct Piece {
    pub files: Vec<File>,
    /// Where each file is.
    pub segments: Vec<Segment>,
    pub interfaces: Vec<Seen>,
    pub found: Vec<Found>,
}

/// What is looked for.
pub(super) struct Search<'a> {
    packets: &'a Path,
    pub key: FlowKey,
    /// ns since 1970, both ends included.
    pub span: (u64, u64),
}

impl<'a> Search<'a> {
    pub(super) fn new(packets: &'a Path, wanted: &Wanted, span: (u64, u64)) -> Self {
        Search { packets, key: FlowKey::between(wanted.carrier.number(), wanted.source, wanted.target), span }
    }

    pub(super) fn run(&self) -> io::Result<Piece> {
        let mut piece = Piece::default();
        for segment in in_span(&list(self.packets)?, self.span) {
            match self.look(segment, &mut piece) {
                // The quota took it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        Ok(piece)
    }

    fn look(&self, segment: &Segment, piece: &mut Piece) -> io::Result<()> {
        let mut file = File::open(&segment.path)?;
        let index = Index::load(&segment.index());
        let Some((first, last)) = self.part(index.as_ref()) else {
            return Ok(());
        };
        let (interfaces, body) = head(&file)?;
        let places: Vec<_> = interfaces.iter().map(|interface| piece.place(interface)).collect();
        let links: Vec<_> = interfaces.iter().map(|interface| interface.link).collect();
        let mut samples = index.map(|index| index.samples).unwrap_or_default();
        let start = first.max(body);
        file.seek(SeekFrom::Start(start))?;
        let mut blocks = Blocks::new(&file, start);
        let before = piece.found.len();
        while let Some(block) = blocks.next_block()?
            && block.offset <= last
        {
            if let Some((interface, at, counters)) = block.statistics() {
                samples.push(Sample { interface, at, counters });
            } else if let Some(found) = candidate(&block, &links, self) {
                let interface = places.get(found.interface).copied().unwrap_or_default();
                piece.found.push(Found { file: piece.files.len(), interface, ..found });
            }
        }
        piece.note(&samples, &places);
        if piece.found.len() > before {
            piece.files.push(file);
            piece.segments.push(segment.clone());
        }
        Ok(())
    }

    /// From which to which block the segment must be read; all of it while it has no index.
    fn part(&self, index: Option<&Index>) -> Option<(u64, u64)> {
        let Some(index) = index else {
            return Some((0, u64::MAX));
        };
        let spans = [self.key, self.key.of_fragments()].map(|key| index.flows.get(&key));
        let touched = |span: &&Span| span.first_at <= self.span.1 && span.last_at >= self.span.0;
        spans
            .into_iter()
            .flatten()
            .filter(touched)
            .map(|span| (span.first, span.last))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}

impl Piece {
    fn place(&mut self, interface: &Interface) -> usize {
        let known = self.interfaces.iter().position(|seen| seen.description == *interface);
        known.unwrap_or_else(|| {
            self.interfaces.push(Seen { description: interface.clone(), samples: Samples::default() });
            self.interfaces.len() - 1
        })
    }

    fn note(&mut self, samples: &[Sample], places: &[usize]) {
        for sample in samples {
            let place = usize::try_from(sample.interface).ok().and_then(|id| places.get(id));
            if let Some(seen) = place.and_then(|place| self.interfaces.get_mut(*place)) {
                seen.samples.0.push((sample.at, sample.counters));
            }
        }
    }
}

/// Segments that may hold packets of a span: each ends about where the next begins.
fn in_span(segments: &[Segment], span: (u64, u64)) -> impl Iterator<Item = &Segment> {
    segments.iter().enumerate().filter_map(move |(place, segment)| {
        let next = segments.get(place + 1).map_or(u64::MAX, |next| next.begun.saturating_add(LATE));
        (segment.begun.saturating_sub(LATE) <= span.1 && next >= span.0).then_some(segment)
    })
}

/// The interfaces that a segment names, and where its packets begin.
fn head(file: &File) -> io::Result<(Vec<Interface>, u64)> {
    let mut blocks = Blocks::new(file, 0);
    let (mut interfaces, mut end) = (Vec::new(), 0);
    while let Some(block) = blocks.next_block()? {
        if block.kind != super::pcapng::SECTION {
            let Some(interface) = block.interface() else {
                break;
            };
            interfaces.push(interface);
        }
        end = block.offset + crate::record::appender::to_u64(block.bytes.len());
    }
    Ok((interfaces, end))
}

/// Counters of an interface at several moments.
#[derive(Debug, Default)]
pub(super) struct Samples(Vec<(u64, Statistics)>);

impl Samples {
    /// What was counted between the last sample before a span and the first after it.
    pub(super) fn during(mut self, (first, last): (u64, u64)) -> Statistics {
        self.0.sort_unstable_by_key(|(at, _)| *at);
        let before = self.0.iter().rev().find(|(at, _)| *at <= first).or(self.0.first());
        let after = self.0.iter().find(|(at, _)| *at >= last).or(self.0.last());
        let (Some((_, before)), Some((_, after))) = (before, after) else {
            return Statistics::default();
        };
        // A new capture counts from 0 again: then what it counted is all that is known.
        if after.received < before.received { *after } else { difference(after, before) }
    }
}

fn difference(a: &Statistics, b: &Statistics) -> Statistics {
    Statistics {
        received: a.received.saturating_sub(b.received),
        interface_dropped: a.interface_dropped.saturating_sub(b.interface_dropped),
        kernel_dropped: a.kernel_dropped.saturating_sub(b.kernel_dropped),
        writer_dropped: a.writer_dropped.saturating_sub(b.writer_dropped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(received: u64, kernel_dropped: u64) -> Statistics {
        Statistics { received, kernel_dropped, ..Statistics::default() }
    }

    #[test]
    fn drops_are_those_around_the_session() {
        let samples =
            || Samples(vec![(10, counters(100, 1)), (20, counters(200, 4)), (30, counters(300, 9))]);
        assert_eq!(samples().during((12, 18)), counters(100, 3));
        assert_eq!(samples().during((22, 50)), counters(100, 5));
        assert_eq!(samples().during((21, 22)).kernel_dropped, 5);
        assert_eq!(Samples::default().during((1, 2)), Statistics::default());
        let restarted = Samples(vec![(10, counters(100, 1)), (20, counters(5, 2))]);
        assert_eq!(restarted.during((12, 18)), counters(5, 2));
    }

    #[test]
    fn segments_outside_the_span_are_not_read() {
        let second = 1_000_000_000;
        let segments: Vec<_> =
            (1..=5).map(|n| Segment { path: format!("{n}").into(), begun: n * 100 * second }).collect();
        let names = |span| in_span(&segments, span).map(Segment::name).collect::<Vec<_>>();
        assert_eq!(names((250 * second, 260 * second)), ["2"]);
        assert_eq!(names((305 * second, 395 * second)), ["2", "3", "4"]);
        assert_eq!(names((900 * second, u64::MAX)), ["5"]);
    }
}
