//! Grey pictures as PNG files.

use crate::imaging::GrayImage;
use crate::imaging::codec::Picture;

/// The file of a picture.
pub(crate) fn encode(image: &GrayImage) -> Vec<u8> {
    Picture::from(image.clone()).png()
}
