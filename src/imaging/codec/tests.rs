//! Frames of every kind for the codecs' own tests.

use proptest::prelude::*;

use super::{LOSSLESS, Raster, encode};
use crate::wire::dicom::dataset::{Coding, TransferSyntax};
use crate::wire::pixels::{Shape, frame};

/// Small frames of all depths, with flat stretches, noise and extremes.
pub(super) fn raster() -> impl Strategy<Value = Raster> {
    let shape = (1usize..24, 1usize..24, prop_oneof![Just(1usize), Just(3)]);
    let depth = prop_oneof![Just((8u32, 8u32)), Just((10, 16)), Just((12, 16)), Just((16, 16))];
    (shape, depth, any::<bool>()).prop_flat_map(|((columns, rows, components), (bits, allocated), signed)| {
        let sample = prop_oneof![4 => Just(0u16), 2 => Just(u16::MAX), 3 => any::<u16>()];
        prop::collection::vec(sample, columns * rows * components).prop_map(move |drawn| {
            let samples = drawn.into_iter().map(|sample| stored(sample, bits, allocated, signed)).collect();
            Raster { columns, rows, components, bits, allocated, signed, samples }
        })
    })
}

/// A number of so many bits as it lies in its allocated bits: sign-extended when it has a sign.
fn stored(sample: u16, bits: u32, allocated: u32, signed: bool) -> u16 {
    let low = sample & (u16::MAX >> (16 - bits));
    if !signed {
        return low;
    }
    let extended = ((low << (16 - bits)).cast_signed() >> (16 - bits)).cast_unsigned();
    extended & (u16::MAX >> (16 - allocated))
}

#[test]
fn values_are_what_samples_mean() {
    let mut raster = Raster {
        columns: 1,
        rows: 1,
        components: 1,
        bits: 12,
        allocated: 16,
        signed: true,
        samples: vec![0],
    };
    assert_eq!(raster.value(0xFFFF), -1);
    assert_eq!(raster.value(0x0800), -2048);
    raster.signed = false;
    assert_eq!(raster.value(0xF801), 0x801);
}

#[test]
fn what_is_said_to_be_written_is_written() {
    let samples = vec![1, 2, 3, 4];
    let raster = Raster { columns: 2, rows: 2, components: 1, bits: 8, allocated: 8, signed: false, samples };
    for coding in TransferSyntax::all().filter_map(TransferSyntax::coding) {
        assert_eq!(encode(&raster, coding).is_some(), LOSSLESS.contains(&coding), "{coding:?}");
    }
}

fn shape(raster: &Raster) -> Shape {
    let number = |number: usize| u16::try_from(number).unwrap();
    Shape {
        columns: number(raster.columns),
        rows: number(raster.rows),
        components: number(raster.components),
        allocated: u16::try_from(raster.allocated).unwrap(),
        stored: u16::try_from(raster.bits).unwrap(),
    }
}

fn plain(raster: &Raster) -> Vec<u8> {
    let bytes = raster.allocated as usize / 8;
    raster.samples.iter().flat_map(|sample| sample.to_le_bytes().into_iter().take(bytes)).collect()
}

proptest! {
    #[test]
    fn what_is_written_here_is_read_as_a_peer_s(raster in raster()) {
        for coding in LOSSLESS {
            let jpeg = matches!(coding, Coding::JpegLossless | Coding::JpegLosslessFirstOrder);
            let stream = encode(&raster, coding).unwrap();
            match frame(coding, &stream, shape(&raster)) {
                Ok(read) => prop_assert_eq!(read, plain(&raster), "{:?}", coding),
                // Lossless JPEG in colours of more than 8 bits is not read.
                Err(_) => prop_assert!(jpeg && raster.components == 3 && raster.allocated == 16, "{:?}", coding),
            }
        }
    }

    #[test]
    fn baseline_is_read_nearly_as_it_was_meant(raster in raster()) {
        if let Some(lossy) = super::jpeg_baseline::encode(&raster, 90) {
            let read = frame(Coding::JpegBaseline, &lossy.stream, shape(&raster)).unwrap();
            let meant = plain(&lossy.shown);
            let far = read.iter().zip(&meant).map(|(a, b)| a.abs_diff(*b)).max();
            prop_assert!(raster.components == 3 || far <= Some(3), "{:?}", far);
            prop_assert_eq!(read.len(), meant.len());
        }
    }
}
