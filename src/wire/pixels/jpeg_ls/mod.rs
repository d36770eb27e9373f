//! JPEG-LS (ITU-T T.87), lossless and near-lossless, components one after another or by line.

pub mod model;

use super::bits::BitReader;
use super::{Shape, packed};
use model::{CONTEXTS, Context, Interruption, RESET, RUN_ORDERS, thresholds};

/// Start of a JPEG-LS frame, preset parameters, start of a scan, start of the image (C.1.1).
const SOF55: u8 = 0xF7;
const LSE: u8 = 0xF8;
const SOS: u8 = 0xDA;
const SOI: u8 = 0xD8;

/// Most marker segments before and between scans: real streams have a handful.
const MAX_SEGMENTS: usize = 64;

/// Longest memory of a context that is read: the standard's largest for 8 bits is 255.
const MAX_RESET: i32 = 4096;

/// A frame.
pub(super) fn decode(stream: &[u8], shape: Shape) -> Option<Vec<u8>> {
    let mut segments = Segments { rest: stream };
    let mut preset = Preset::default();
    let components = usize::from(shape.components);
    let mut planes: Vec<Vec<u16>> = Vec::new();
    let mut bits = None;
    for _ in 0..MAX_SEGMENTS {
        if planes.len() >= components {
            break;
        }
        match segments.next()? {
            (SOF55, head) => bits = Some(frame_bits(head, shape)?),
            (LSE, head) => preset.read(head)?,
            (SOS, head) => {
                let parameters = Parameters::of(head, bits?, preset)?;
                let scan = Scan::new(&parameters, segments.rest);
                planes.extend(scan.planes(shape)?);
                segments.skip_data();
            }
            _ => {}
        }
    }
    (planes.len() == components).then(|| {
        let samples = (0..shape.pixels()).flat_map(|at| planes.iter().filter_map(move |plane| plane.get(at)));
        packed(samples.copied(), shape)
    })
}

/// Precision of a frame of this shape (C.2.2).
fn frame_bits(head: &[u8], shape: Shape) -> Option<u32> {
    let (bits, rest) = head.split_first()?;
    let (rows, rest) = rest.split_first_chunk::<2>()?;
    let (columns, rest) = rest.split_first_chunk::<2>()?;
    let said = (u16::from_be_bytes(*rows), u16::from_be_bytes(*columns), u16::from(*rest.first()?));
    let fits = said == (shape.rows, shape.columns, shape.components);
    let known = (2..=16).contains(bits) && u16::from(*bits) <= shape.allocated;
    (fits && known).then(|| u32::from(*bits))
}

/// Marker segments of a stream.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    /// The next marker and what its segment holds after the length.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        loop {
            let ([prefix, marker], rest) = self.rest.split_first_chunk::<2>()?;
            if *prefix != 0xFF {
                return None;
            }
            self.rest = rest;
            if *marker == SOI {
                continue;
            }
            let (length, _) = rest.split_first_chunk::<2>()?;
            let (segment, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
            self.rest = rest;
            return Some((*marker, segment.get(2..)?));
        }
    }

    /// Skips coded data up to the next marker.
    fn skip_data(&mut self) {
        let marker = self.rest.windows(2).position(|pair| matches!(pair, [0xFF, 0x80..=0xFF]));
        self.rest = self.rest.get(marker.unwrap_or(self.rest.len())..).unwrap_or_default();
    }
}

/// Preset coding parameters; 0 is the default (C.2.4.1.1).
#[derive(Clone, Copy, Default)]
struct Preset {
    most: i32,
    thresholds: [i32; 3],
    reset: i32,
}

impl Preset {
    fn read(&mut self, head: &[u8]) -> Option<()> {
        if head.first() != Some(&1) {
            return Some(());
        }
        let number = |at: usize| Some(i32::from(u16::from_be_bytes(*head.get(at..)?.first_chunk()?)));
        self.most = number(1)?;
        self.thresholds = [number(3)?, number(5)?, number(7)?];
        self.reset = number(9)?;
        Some(())
    }
}

/// What a scan is coded with.
struct Parameters {
    /// Components that alternate by line.
    lines: usize,
    near: i32,
    most: i32,
    range: i32,
    /// Bits of an error, and the longest code.
    error_bits: u32,
    limit: u32,
    thresholds: [i32; 3],
    reset: i32,
}

impl Parameters {
    fn of(head: &[u8], bits: u32, preset: Preset) -> Option<Self> {
        let count = usize::from(*head.first()?);
        let near = i32::from(*head.get(1 + 2 * count)?);
        let interleave = *head.get(2 + 2 * count)?;
        let whole = (1i32 << bits) - 1;
        let most = if preset.most == 0 { whole } else { preset.most };
        let fits = (1..=whole).contains(&most) && near <= 255.min(most / 2);
        // By line where there are several; by sample is seldom and not read.
        let known = matches!((count, interleave), (1, _) | (3, 1));
        if !fits || !known {
            return None;
        }
        let range = (most + 2 * near) / (2 * near + 1) + 1;
        let log = |number: i32| 32 - (number - 1).leading_zeros();
        let sample_bits = log(most + 1).max(2);
        let defaults = thresholds(most, near);
        let threshold = |preset: i32, default: i32| if preset == 0 { default } else { preset };
        let [one, two, three] = preset.thresholds;
        Some(Parameters {
            lines: count,
            near,
            most,
            range,
            error_bits: log(range),
            limit: 2 * (sample_bits + sample_bits.max(8)),
            thresholds: [
                threshold(one, defaults[0]),
                threshold(two, defaults[1]),
                threshold(three, defaults[2]),
            ],
            reset: if preset.reset == 0 { RESET } else { preset.reset.clamp(3, MAX_RESET) },
        })
    }
}

/// The line being read and the one above, each with a sample before its first and after its last.
struct Lines {
    above: Vec<i32>,
    here: Vec<i32>,
    run_index: usize,
}

struct Scan<'a> {
    parameters: &'a Parameters,
    bits: BitReader<'a>,
    contexts: Vec<Context>,
    interruptions: [Interruption; 2],
}

impl<'a> Scan<'a> {
    fn new(parameters: &'a Parameters, data: &'a [u8]) -> Self {
        Scan {
            parameters,
            bits: BitReader::new(data),
            contexts: vec![Context::new(parameters.range); CONTEXTS],
            interruptions: [Interruption::new(parameters.range); 2],
        }
    }

    /// All samples of each component.
    fn planes(mut self, shape: Shape) -> Option<Vec<Vec<u16>>> {
        let columns = usize::from(shape.columns);
        let line = || vec![0; columns + 2];
        let mut lines: Vec<Lines> =
            (0..self.parameters.lines).map(|_| Lines { above: line(), here: line(), run_index: 0 }).collect();
        let mut planes = vec![Vec::new(); lines.len()];
        for _ in 0..shape.rows {
            for (lines, plane) in lines.iter_mut().zip(&mut planes) {
                lines.advance();
                self.line(lines)?;
                let samples = lines.here.iter().skip(1).take(columns);
                plane.extend(samples.map(|sample| u16::try_from(*sample).unwrap_or(0)));
            }
        }
        Some(planes)
    }

    fn line(&mut self, lines: &mut Lines) -> Option<()> {
        let end = lines.here.len() - 1;
        let mut at = 1;
        while at < end {
            let (left, above) = (*lines.here.get(at - 1)?, *lines.above.get(at)?);
            let (corner, next) = (*lines.above.get(at - 1)?, *lines.above.get(at + 1)?);
            let gradients = [next - above, above - corner, corner - left];
            if gradients.iter().all(|gradient| gradient.abs() <= self.parameters.near) {
                at += self.run(lines, at, end)?;
            } else {
                *lines.here.get_mut(at)? = self.regular([left, above, corner], gradients)?;
                at += 1;
            }
        }
        Some(())
    }

    /// A sample whose surroundings are not flat (A.3 to A.6).
    fn regular(&mut self, [left, above, corner]: [i32; 3], gradients: [i32; 3]) -> Option<i32> {
        let Parameters { near, thresholds, reset, .. } = *self.parameters;
        let [a, b, c] = gradients.map(|gradient| model::quantized(gradient, near, thresholds));
        let number = 81 * a + 9 * b + c;
        let sign = if number < 0 { -1 } else { 1 };
        let slot = usize::try_from(number.unsigned_abs()).ok()?;
        let context = *self.contexts.get(slot)?;
        let expected =
            (model::expected(left, above, corner) + sign * context.correction).clamp(0, self.parameters.most);
        let order = context.order()?;
        let mapped = self.golomb(order, self.parameters.limit)?;
        let skewed = context.is_skewed(near, order);
        let error = match (mapped % 2 == 0, skewed) {
            (true, false) => mapped / 2,
            (false, false) => -(mapped / 2) - 1,
            (true, true) => -(mapped / 2) - 1,
            (false, true) => mapped / 2,
        };
        *self.contexts.get_mut(slot)? = context.taught(error, near, reset);
        Some(self.restored(expected, sign * error))
    }

    /// Samples that are like the one to the left, and the one that ends them (A.7). Gives how many.
    fn run(&mut self, lines: &mut Lines, start: usize, end: usize) -> Option<usize> {
        let left = *lines.here.get(start - 1)?;
        let mut length = 0;
        while start + length < end && self.bits.bit()? == 1 {
            let whole = 1usize << *RUN_ORDERS.get(lines.run_index)?;
            if whole <= end - start - length {
                lines.run_index = (lines.run_index + 1).min(RUN_ORDERS.len() - 1);
            }
            length += whole.min(end - start - length);
            if start + length == end {
                lines.here.get_mut(start..end)?.fill(left);
                return Some(length);
            }
        }
        let order = *RUN_ORDERS.get(lines.run_index)?;
        length += usize::try_from(self.bits.bits(order)?).ok()?;
        if start + length >= end {
            return None;
        }
        lines.here.get_mut(start..start + length)?.fill(left);
        let above = *lines.above.get(start + length)?;
        *lines.here.get_mut(start + length)? = self.interruption(left, above, order)?;
        lines.run_index = lines.run_index.saturating_sub(1);
        Some(length + 1)
    }

    fn interruption(&mut self, left: i32, above: i32, run_order: u32) -> Option<i32> {
        let alike = (left - above).abs() <= self.parameters.near;
        let sign = if !alike && left > above { -1 } else { 1 };
        let kind = i32::from(alike);
        let context = *self.interruptions.get(usize::from(alike))?;
        let order = context.order(alike)?;
        let mapped = self.golomb(order, self.parameters.limit.checked_sub(run_order + 1)?)?;
        // A.7.2.2 read backwards: whether the mapping was shifted by one tells the sign.
        let shifted = mapped + kind;
        let odd = shifted % 2 == 1;
        let size = (shifted + i32::from(odd)) / 2;
        let error = if odd == (order != 0 || context.is_mostly_negative()) { -size } else { size };
        *self.interruptions.get_mut(usize::from(alike))? =
            context.taught(error, mapped, alike, self.parameters.reset);
        Some(self.restored(if alike { left } else { above }, sign * error))
    }

    /// A sample from its prediction and its error (A.4.5, A.5.2).
    fn restored(&self, expected: i32, error: i32) -> i32 {
        let Parameters { near, most, range, .. } = *self.parameters;
        let step = 2 * near + 1;
        let sample = expected + error * step;
        let sample = if sample < -near {
            sample + range * step
        } else if sample > most + near {
            sample - range * step
        } else {
            sample
        };
        sample.clamp(0, most)
    }

    /// Limited-length Golomb code (A.5.3).
    fn golomb(&mut self, order: u32, limit: u32) -> Option<i32> {
        let escape = limit.checked_sub(self.parameters.error_bits + 1)?;
        let mut upper = 0;
        while self.bits.bit()? == 0 {
            upper += 1;
            if upper > escape {
                return None;
            }
        }
        let mapped = if upper < escape {
            upper.checked_shl(order)? | self.bits.bits(order)?
        } else {
            self.bits.bits(self.parameters.error_bits)? + 1
        };
        i32::try_from(mapped).ok().filter(|mapped| *mapped <= 2 * self.parameters.range)
    }
}

impl Lines {
    fn advance(&mut self) {
        std::mem::swap(&mut self.above, &mut self.here);
        let last = self.above.len() - 1;
        let end = self.above.get(last - 1).copied().unwrap_or(0);
        if let Some(slot) = self.above.get_mut(last) {
            *slot = end;
        }
        let first = self.above.get(1).copied().unwrap_or(0);
        if let Some(slot) = self.here.first_mut() {
            *slot = first;
        }
    }
}
