//! Pixel codecs: a drawn image in the transfer syntax that a peer or an archive wants (PS3.5 annex
//! A.4).
//!
//! For whoever hands out the world's images. It only ever codes what was drawn here: no byte of a
//! peer is decoded, and a frame comes in whole. The formats are ITU-T T.81 (JPEG), T.87 (JPEG-LS),
//! T.800 (JPEG 2000) and PS3.5 annex G (RLE).

mod bits;
mod colour;
mod dct;
mod frames;
mod huffman;
mod jpeg;
mod jpeg2000;
mod jpeg_baseline;
mod jpeg_lossless;
mod jpeg_ls;
mod picture;
mod png;
mod raster;
mod rle;
mod transcode;

use crate::wire::dicom::dataset::Coding;
use jpeg_lossless::Predictor;
pub use picture::{Picture, Window, shade};
pub use png::grey16 as png16;
pub use raster::Raster;
pub use transcode::{NotCoded, in_form, transcode};

/// What is written here without loss, beside the plain syntaxes and the deflated one.
pub const LOSSLESS: [Coding; 5] = [
    Coding::JpegLossless,
    Coding::JpegLosslessFirstOrder,
    Coding::JpegLsLossless,
    Coding::Jpeg2000Lossless,
    Coding::Rle,
];

/// A frame as one stream, without loss; `None` for a coding that is not written here or loses.
pub fn encode(raster: &Raster, coding: Coding) -> Option<Vec<u8>> {
    match coding {
        Coding::JpegLossless => Some(jpeg_lossless::encode(raster, Predictor::AboveAndHalf)),
        Coding::JpegLosslessFirstOrder => Some(jpeg_lossless::encode(raster, Predictor::Left)),
        Coding::JpegLsLossless => Some(jpeg_ls::encode(raster)),
        Coding::Jpeg2000Lossless => {
            let fits = raster.columns.max(raster.rows) <= jpeg2000::LARGEST_SIDE;
            fits.then(|| jpeg2000::encode(raster))
        }
        Coding::Rle => Some(rle::encode(raster)),
        Coding::JpegBaseline
        | Coding::JpegExtended
        | Coding::JpegLsNearLossless
        | Coding::Jpeg2000
        | Coding::Jpeg2000MultiLossless
        | Coding::Jpeg2000Multi
        | Coding::Mpeg2Main
        | Coding::Mpeg2High
        | Coding::Mpeg4High41
        | Coding::Mpeg4BluRay41
        | Coding::Mpeg4High42Flat
        | Coding::Mpeg4High42Deep
        | Coding::Mpeg4Stereo42
        | Coding::HevcMain51
        | Coding::HevcMain10
        | Coding::HtJpeg2000Lossless
        | Coding::HtJpeg2000LosslessRpcl
        | Coding::HtJpeg2000 => None,
    }
}

#[cfg(test)]
mod tests;
