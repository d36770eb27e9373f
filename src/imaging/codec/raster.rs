//! Pixels of one frame on their way into a codec.

/// One frame of an image, uncompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    /// Columns.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Samples of a pixel: 1, or 3 for colours.
    pub components: usize,
    /// Bits of a sample that mean something, 1 to 16.
    pub bits: u32,
    /// Bits that a sample occupies uncompressed: 8 or 16.
    pub allocated: u32,
    /// Samples are two's complement numbers.
    pub signed: bool,
    /// Rows from the top, pixels from the left, samples of a pixel together; each as it lies in its
    /// allocated bits.
    pub samples: Vec<u16>,
}

impl Raster {
    /// Bits that a codec without signs has to keep: all that are allocated when there is a sign,
    /// since it fills the upper ones.
    pub(super) fn unsigned_bits(&self) -> u32 {
        if self.signed { self.allocated } else { self.bits }
    }

    /// A sample as the number that it means.
    pub(super) fn value(&self, sample: u16) -> i32 {
        let unused = 32 - self.bits;
        let raised = u32::from(sample) << unused;
        if self.signed { raised.cast_signed() >> unused } else { (raised >> unused).cast_signed() }
    }
}
