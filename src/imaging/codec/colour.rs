//! Colours as JPEG has them (ITU-T T.871 7, as JFIF): brightness, and two differences that are told
//! half as finely across (PS3.3 C.7.6.3.1.2, YBR_FULL_422).

use super::Raster;

/// One component.
pub(super) struct Plane {
    pub(super) columns: usize,
    pub(super) rows: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    /// A sample; beyond the edge the nearest one.
    pub(super) fn at(&self, column: usize, row: usize) -> f32 {
        self.values[row.min(self.rows - 1) * self.columns + column.min(self.columns - 1)]
    }
}

/// The planes of a frame: one, or brightness and colours.
pub(super) fn split(raster: &Raster) -> Vec<Plane> {
    let plane = |values| Plane { columns: raster.columns, rows: raster.rows, values };
    if raster.components == 1 {
        return vec![plane(raster.samples.iter().map(|sample| f32::from(*sample)).collect())];
    }
    let mut values = [Vec::new(), Vec::new(), Vec::new()];
    for pixel in raster.samples.chunks_exact(3) {
        let [red, green, blue] = [0, 1, 2].map(|component| f32::from(pixel[component]));
        let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
        let colours = [128.0 + (blue - brightness) / 1.772, 128.0 + (red - brightness) / 1.402];
        values[0].push(brightness.round());
        values[1].push(colours[0].round().clamp(0.0, 255.0));
        values[2].push(colours[1].round().clamp(0.0, 255.0));
    }
    let [brightness, blue, red] = values.map(plane);
    vec![brightness, halved(&blue), halved(&red)]
}

/// A frame from its planes.
pub(super) fn join(planes: &[Plane], like: &Raster) -> Raster {
    let samples = match planes {
        [brightness, blue, red] => {
            let (blue, red) = (doubled(blue, like.columns), doubled(red, like.columns));
            let pixels = brightness.values.iter().zip(blue.iter().zip(&red));
            pixels.flat_map(|(brightness, (blue, red))| rgb(*brightness, *blue, *red)).collect()
        }
        _ => planes.iter().flat_map(|plane| &plane.values).map(|value| *value as u16).collect(),
    };
    Raster { samples, ..like.clone() }
}

fn rgb(brightness: f32, blue: f32, red: f32) -> [u16; 3] {
    let (blue, red) = (blue - 128.0, red - 128.0);
    let green = 0.344_136 * blue + 0.714_136 * red;
    [brightness + 1.402 * red, brightness - green, brightness + 1.772 * blue]
        .map(|value| value.round().clamp(0.0, 255.0) as u16)
}

fn halved(plane: &Plane) -> Plane {
    let columns = plane.columns.div_ceil(2);
    let pair = |at: usize| {
        let (column, row) = (at % columns * 2, at / columns);
        ((plane.at(column, row) + plane.at(column + 1, row)) / 2.0).floor()
    };
    Plane { columns, rows: plane.rows, values: (0..columns * plane.rows).map(pair).collect() }
}

/// As decoders smooth it: three parts of the nearest sample, one of the next.
fn doubled(plane: &Plane, columns: usize) -> Vec<f32> {
    let sample = |at: usize| {
        let (column, row) = (at % columns, at / columns);
        let near = column / 2;
        let (next, bias) = if column % 2 == 0 { (near.saturating_sub(1), 1.0) } else { (near + 1, 2.0) };
        ((3.0 * plane.at(near, row) + plane.at(next, row) + bias) / 4.0).floor()
    };
    (0..columns * plane.rows).map(sample).collect()
}
