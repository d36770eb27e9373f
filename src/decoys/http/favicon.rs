//! The site's icon: a cross in the installation's colour, so that no two installations share one.

use crate::persona::Installation;

/// Width and height in pixels.
const SIZE: u8 = 16;

/// An ICO file with one image of 16 by 16 pixels, 32 bits each (`BITMAPINFOHEADER`, bottom up).
pub(crate) fn ico(installation: &Installation, accent: &str) -> Vec<u8> {
    let [red, green, blue] = colour(accent);
    let shades = installation.derive("http/favicon");
    let mut pixels = Vec::new();
    for y in (0..SIZE).rev() {
        for x in 0..SIZE {
            let shade = shades.get(usize::from((x / 4) * 4 + y / 4)).map_or(0, |s| s % 24);
            let lift = |c: u8| c.saturating_add(shade);
            let pixel = if on_cross(x, y) {
                [255, 255, 255, 255]
            } else if in_corner(x, y) {
                [0, 0, 0, 0]
            } else {
                [lift(blue), lift(green), lift(red), 255]
            };
            pixels.extend_from_slice(&pixel);
        }
    }
    // The AND mask is empty: alpha says what is seen. Its rows are padded to 32 bits.
    let mask = vec![0; usize::from(SIZE) * 4];
    let image = 40 + u32::try_from(pixels.len() + mask.len()).unwrap_or(0);
    let mut out = vec![0, 0, 1, 0, 1, 0, SIZE, SIZE, 0, 0, 1, 0, 32, 0];
    out.extend(image.to_le_bytes());
    out.extend(22u32.to_le_bytes());
    out.extend(40u32.to_le_bytes());
    out.extend(u32::from(SIZE).to_le_bytes());
    out.extend((u32::from(SIZE) * 2).to_le_bytes());
    out.extend([1, 0, 32, 0]);
    out.extend([0; 24]);
    out.extend(pixels);
    out.extend(mask);
    out
}

fn on_cross(x: u8, y: u8) -> bool {
    let (arm, reach) = (6..10, 3..13);
    (arm.contains(&x) && reach.contains(&y)) || (arm.contains(&y) && reach.contains(&x))
}

fn in_corner(x: u8, y: u8) -> bool {
    let edge = |v: u8| v == 0 || v == SIZE - 1;
    edge(x) && edge(y)
}

fn colour(accent: &str) -> [u8; 3] {
    let bytes = hex::decode(accent.trim_start_matches('#')).unwrap_or_default();
    bytes.try_into().unwrap_or([0x1a, 0x73, 0xb8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn icons_are_whole_and_differ() {
        let icon = ico(&Installation::new([1; 32]), "#1a73b8");
        assert_eq!(icon.len(), 22 + 40 + 16 * 16 * 4 + 16 * 4);
        assert_ne!(icon, ico(&Installation::new([2; 32]), "#1a73b8"));
    }
}
