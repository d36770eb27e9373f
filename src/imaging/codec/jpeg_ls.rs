//! JPEG-LS lossless (ITU-T T.87): a sample is predicted from four neighbours, the prediction is
//! corrected by what its surroundings taught, and the rest is told by a Golomb code.

use super::Raster;
use super::bits::{BitWriter, Stuffing};
use super::jpeg::{end, frame_header, scan_header, start};
use crate::wire::pixels::jpeg_ls::model::{
    CONTEXTS, Context, Interruption, RESET, RUN_ORDERS, expected, quantized, thresholds,
};

/// Start of a JPEG-LS frame (C.2.2).
const SOF55: u8 = 0xF7;

/// How components lie in a scan (C.2.3): one alone, or line by line.
const NOT_INTERLEAVED: u8 = 0;
const BY_LINE: u8 = 1;

/// A frame as a JPEG-LS stream, colours interleaved by line.
pub(super) fn encode(raster: &Raster) -> Vec<u8> {
    let bits = raster.unsigned_bits().max(2);
    let mut out = start();
    frame_header(raster, SOF55, bits, &vec![(1, 1, 0); raster.components], &mut out);
    let interleave = if raster.components > 1 { BY_LINE } else { NOT_INTERLEAVED };
    scan_header(&vec![0; raster.components], [0, interleave, 0], &mut out);
    let mut scan = Scan::new(bits, BitWriter::new(out, Stuffing::Bit));
    let mut lines: Vec<Lines> = (0..raster.components).map(|_| Lines::new(raster.columns)).collect();
    let mask = ((1u32 << raster.unsigned_bits()) - 1) as u16;
    for row in raster.samples.chunks_exact(raster.columns * raster.components) {
        for (component, lines) in lines.iter_mut().enumerate() {
            let samples = row.iter().skip(component).step_by(raster.components);
            lines.advance(samples.map(|sample| i32::from(sample & mask)));
            scan.line(lines);
        }
    }
    end(scan.bits.finish(false))
}

/// The line being coded and the one above, each with a sample before its first and after its last.
struct Lines {
    above: Vec<i32>,
    here: Vec<i32>,
    run_index: usize,
}

impl Lines {
    fn new(columns: usize) -> Self {
        Lines { above: vec![0; columns + 2], here: vec![0; columns + 2], run_index: 0 }
    }

    fn advance(&mut self, samples: impl Iterator<Item = i32>) {
        std::mem::swap(&mut self.above, &mut self.here);
        let last = self.above.len() - 1;
        self.above[last] = self.above[last - 1];
        self.here[0] = self.above[1];
        self.here[1..].iter_mut().zip(samples).for_each(|(slot, sample)| *slot = sample);
    }
}

struct Scan {
    bits: BitWriter,
    sample_bits: u32,
    most: i32,
    limit: u32,
    thresholds: [i32; 3],
    contexts: [Context; CONTEXTS],
    interruptions: [Interruption; 2],
}

impl Scan {
    fn new(sample_bits: u32, bits: BitWriter) -> Self {
        let most = (1i32 << sample_bits) - 1;
        Scan {
            bits,
            sample_bits,
            most,
            limit: 2 * (sample_bits + sample_bits.max(8)),
            thresholds: thresholds(most, 0),
            contexts: [Context::new(most + 1); CONTEXTS],
            interruptions: [Interruption::new(most + 1); 2],
        }
    }

    fn line(&mut self, lines: &mut Lines) {
        let mut at = 1;
        let end = lines.here.len() - 1;
        while at < end {
            let (left, above) = (lines.here[at - 1], lines.above[at]);
            let (corner, next) = (lines.above[at - 1], lines.above[at + 1]);
            let gradients = [next - above, above - corner, corner - left];
            if gradients == [0, 0, 0] {
                at += self.run(lines, at, end);
            } else {
                self.regular(lines.here[at], [left, above, corner], gradients);
                at += 1;
            }
        }
    }

    /// A sample whose surroundings are not flat (A.3 to A.6).
    fn regular(&mut self, sample: i32, [left, above, corner]: [i32; 3], gradients: [i32; 3]) {
        let [a, b, c] = gradients.map(|gradient| quantized(gradient, 0, self.thresholds));
        let number = 81 * a + 9 * b + c;
        let sign = number.signum();
        let slot = number.unsigned_abs() as usize % CONTEXTS;
        let context = self.contexts[slot];
        let expected = (expected(left, above, corner) + sign * context.correction).clamp(0, self.most);
        let error = self.reduced(sign * (sample - expected));
        let order = context.order().unwrap_or(0);
        let skewed = context.is_skewed(0, order);
        let mapped = match (error >= 0, skewed) {
            (true, false) => 2 * error,
            (false, false) => -2 * error - 1,
            (true, true) => 2 * error + 1,
            (false, true) => -2 * (error + 1),
        };
        self.golomb(mapped, order, self.limit);
        self.contexts[slot] = context.taught(error, 0, RESET);
    }

    /// Samples that are like the one to the left, and the one that ends them (A.7). Gives how many.
    fn run(&mut self, lines: &mut Lines, start: usize, end: usize) -> usize {
        let left = lines.here[start - 1];
        let length = lines.here[start..end].iter().take_while(|sample| **sample == left).count();
        let mut rest = length;
        while rest >= 1 << RUN_ORDERS[lines.run_index] {
            self.bits.put(1, 1);
            rest -= 1 << RUN_ORDERS[lines.run_index];
            lines.run_index = (lines.run_index + 1).min(RUN_ORDERS.len() - 1);
        }
        if start + length == end {
            if rest > 0 {
                self.bits.put(1, 1);
            }
            return length;
        }
        let order = RUN_ORDERS[lines.run_index];
        self.bits.put(0, 1);
        self.bits.put(rest as u32, order);
        self.interruption(lines.here[start + length], left, lines.above[start + length], order);
        lines.run_index = lines.run_index.saturating_sub(1);
        length + 1
    }

    fn interruption(&mut self, sample: i32, left: i32, above: i32, run_order: u32) {
        let alike = left == above;
        let sign = if !alike && left > above { -1 } else { 1 };
        let error = self.reduced(sign * (sample - if alike { left } else { above }));
        let context = self.interruptions[usize::from(alike)];
        let order = context.order(alike).unwrap_or(0);
        let map = match error.signum() {
            1 => order == 0 && !context.is_mostly_negative(),
            -1 => order != 0 || context.is_mostly_negative(),
            _ => false,
        };
        let mapped = 2 * error.abs() - i32::from(alike) - i32::from(map);
        self.interruptions[usize::from(alike)] = context.taught(error, mapped, alike, RESET);
        self.golomb(mapped, order, self.limit - run_order - 1);
    }

    /// Modulo the range of samples (A.4.5).
    fn reduced(&self, error: i32) -> i32 {
        let range = self.most + 1;
        let error = if error < 0 { error + range } else { error };
        if error >= (range + 1) / 2 { error - range } else { error }
    }

    /// Limited-length Golomb code (A.5.3).
    fn golomb(&mut self, mapped: i32, order: u32, limit: u32) {
        let value = mapped.cast_unsigned();
        let (upper, escape) = (value >> order, limit - self.sample_bits - 1);
        if upper < escape {
            self.zeros(upper);
            self.bits.put(1, 1);
            self.bits.put(value, order);
        } else {
            self.zeros(escape);
            self.bits.put(1, 1);
            self.bits.put(value.wrapping_sub(1), self.sample_bits);
        }
    }

    fn zeros(&mut self, count: u32) {
        self.bits.put(0, count.min(32));
        self.bits.put(0, count.saturating_sub(32));
    }
}
