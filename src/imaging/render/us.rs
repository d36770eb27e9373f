//! Ultrasound: echoes along the lines of a convex probe on the skin, then put on a screen.

use super::us_screen;
pub(crate) use super::us_screen::probe as transducer;
use crate::imaging::anatomy::Body;
use crate::imaging::header::Subject;
use crate::imaging::maths::{atan, exp, ln};
use crate::imaging::noise::{Rng, blur, mix};
use crate::imaging::plane::{Plane, paint_flat, paint_two};
use crate::imaging::tissue::Tissue;
use crate::world::{Region, Study};

/// Size of the screen.
pub(crate) const WIDTH: usize = 800;
/// Size of the screen.
pub(crate) const HEIGHT: usize = 600;
/// Depth that is shown, mm.
pub(crate) const DEPTH: f32 = 160.0;
/// Upper edge of the sector on the screen, pixels.
pub(crate) const HEAD: f32 = 52.0;
/// Lower edge of the sector on the screen, pixels.
const FOOT: f32 = 584.0;
/// Radius of the probe's face, mm.
const FACE: f32 = 58.0;
/// Half of the opening angle, radians.
const OPENING: f32 = 0.56;

const LINES: usize = 256;
const SAMPLES: usize = 640;

/// Millimetres per pixel.
pub(crate) fn pixel() -> f32 {
    DEPTH / (FOOT - HEAD)
}

/// Columns and rows of the sector on the screen: left, top, right, bottom.
pub(crate) fn sector() -> [u32; 4] {
    let half = (FACE + DEPTH) * OPENING.sin() / pixel();
    let middle = WIDTH as f32 / 2.0;
    [
        (middle - half).max(0.0) as u32,
        HEAD as u32,
        (middle + half).min(WIDTH as f32 - 1.0) as u32,
        FOOT as u32,
    ]
}

/// The screen of one still image; the probe moves from image to image.
pub(crate) fn still(body: &Body, s: &Subject<'_>) -> Vec<u8> {
    let mut rng = Rng::new(mix(body.seed ^ u64::from(s.instance.number)), "probe");
    let echoes = echoes(body, s.study, s.instance.number, &mut rng);
    let mut screen = convert(&echoes, &Pulse::still());
    us_screen::dress(&mut screen, s, 0);
    screen
}

/// Frames of a clip, one after the other.
pub(crate) struct Clip {
    pub(crate) bytes: Vec<u8>,
}

/// Milliseconds from frame to frame of a clip.
pub(crate) const FRAME_TIME: f64 = 60.0;

/// Frames of a clip: a second, about one beat of the heart.
pub(crate) const FRAMES: usize = 16;

/// A clip: the same section while the heart beats and the patient breathes.
pub(crate) fn clip(body: &Body, s: &Subject<'_>) -> Clip {
    let mut rng = Rng::new(mix(body.seed ^ u64::from(s.instance.number)), "probe");
    let echoes = echoes(body, s.study, s.instance.number, &mut rng);
    let strong = if s.study.region == Region::Chest { 1.0 } else { 0.3 };
    let mut bytes = Vec::with_capacity(FRAMES * WIDTH * HEIGHT * 3);
    for frame in 0..FRAMES {
        let mut screen = convert(&echoes, &Pulse::at(frame as f32 / FRAMES as f32, strong));
        us_screen::dress(&mut screen, s, frame);
        screen.iter().for_each(|grey| bytes.extend_from_slice(&[*grey; 3]));
    }
    Clip { bytes }
}

/// How far what is seen has moved.
struct Pulse {
    /// Along the lines and across them, as shares.
    squeeze: f32,
    slide: f32,
}

impl Pulse {
    fn still() -> Self {
        Pulse { squeeze: 0.0, slide: 0.0 }
    }

    fn at(phase: f32, strong: f32) -> Self {
        let turn = phase * std::f32::consts::TAU;
        // Quick contraction, slow filling.
        let squeeze = 0.055 * strong * (turn.sin() + 0.35 * (2.0 * turn).sin()).max(-0.6);
        Pulse { squeeze, slide: 2.2 * strong * turn.cos() }
    }
}

/// Brightness along each line, 0..255, from the face of the probe downwards.
fn echoes(body: &Body, study: &Study, number: u32, rng: &mut Rng) -> Vec<f32> {
    let step = 0.5;
    let width = (2.0 * (FACE + DEPTH) * OPENING.sin() / step) as usize;
    let height = (DEPTH / step) as usize + 40;
    let (x, z) = probe(study, number, rng);
    let skin = skin(body, x, z);
    let plane = Plane {
        origin: [x - width as f32 * step / 2.0, skin, z],
        across: [step, 0.0, 0.0],
        down: [0.0, step, 0.0],
        width,
        height,
    };
    let [scatter, loss] = paint_two(body, &plane, 0.9, |tissue| {
        let (strength, loss, texture) = echogenicity(tissue);
        ([strength, loss], texture)
    });
    let speckle = speckle(rng);
    let (mut strengths, mut losses) = (vec![0.0; SAMPLES], vec![0.0; SAMPLES]);
    let mut out = vec![0.0; LINES * SAMPLES];
    for (line, (out, speckle)) in out.chunks_exact_mut(SAMPLES).zip(speckle.chunks_exact(SAMPLES)).enumerate()
    {
        let angle = OPENING * (2.0 * line as f32 / (LINES - 1) as f32 - 1.0);
        let (across, down, face) = (angle.sin() / step, angle.cos() / step, FACE * OPENING.cos() / step);
        let (mut lost, mut before) = (0.0, None);
        for (sample, (strength, lost_here)) in strengths.iter_mut().zip(&mut losses).enumerate() {
            let deep = FACE + DEPTH * sample as i32 as f32 / SAMPLES as f32;
            let column = (width as f32 / 2.0 + deep * across).max(0.0) as i32 as usize;
            let row = (deep * down - face).max(0.0) as i32 as usize;
            let at = row.min(height - 1) * width + column.min(width - 1);
            let here = scatter[at].max(0.0);
            let jump = before.map_or(0.0, |b: f32| (here - b).abs()) * 0.55;
            before = Some(here);
            lost += loss[at] * DEPTH / SAMPLES as f32;
            (*strength, *lost_here) = (here + jump * jump * 0.02, lost);
        }
        for (((slot, strength), lost), speckle) in out.iter_mut().zip(&strengths).zip(&losses).zip(speckle) {
            *slot = 44.0 * ln(1.0 + speckle * (strength * exp(-lost) + 0.35));
        }
    }
    out
}

/// Where the probe is held: x and z.
fn probe(study: &Study, number: u32, rng: &mut Rng) -> (f32, f32) {
    const UPPER: [(f32, f32); 6] =
        [(-58.0, 40.0), (-48.0, 8.0), (-30.0, 24.0), (6.0, 18.0), (-66.0, 64.0), (62.0, -4.0)];
    const URINARY: [(f32, f32); 4] = [(-62.0, 0.0), (64.0, 4.0), (-58.0, -14.0), (0.0, -172.0)];
    const PELVIS: [(f32, f32); 3] = [(0.0, -166.0), (-12.0, -156.0), (14.0, -178.0)];
    let says = |words: &[&str]| words.iter().any(|word| study.description.contains(word));
    let places: &[(f32, f32)] = match study.region {
        Region::Abdomen | Region::LumbarSpine if says(&["妇科", "产科"]) => &PELVIS,
        Region::Abdomen | Region::LumbarSpine if says(&["泌尿"]) => &URINARY,
        Region::Abdomen | Region::LumbarSpine => &UPPER,
        Region::Chest => &[(24.0, -70.0), (32.0, -84.0)],
        Region::Head | Region::Limb => &[(0.0, 20.0), (4.0, 60.0), (-3.0, -50.0)],
    };
    let (x, z) = places.get(number as usize % places.len()).copied().unwrap_or_default();
    (x + rng.range(-6.0, 6.0), z + rng.range(-8.0, 8.0))
}

/// y of the skin under the probe.
fn skin(body: &Body, x: f32, z: f32) -> f32 {
    let plane = Plane {
        origin: [x, -240.0, z],
        across: [1.0, 0.0, 0.0],
        down: [0.0, 1.0, 0.0],
        width: 1,
        height: 300,
    };
    let line = paint_flat(body, &plane, 1.0, |tissue| if tissue == Tissue::Air { 0.0 } else { 1.0 });
    line.iter().position(|v| *v > 0.5).map_or(-100.0, |row| row as f32 - 240.0)
}

/// Interference of many small echoes: the length of a random walk (Rayleigh), finer along the line
/// than across it.
fn speckle(rng: &mut Rng) -> Vec<f32> {
    let mut channel = || {
        let mut plane = vec![0.0; LINES * SAMPLES];
        rng.fill_normal(&mut plane);
        blur(&mut plane, SAMPLES, LINES, 1);
        plane
    };
    let (re, im) = (channel(), channel());
    re.iter().zip(&im).map(|(a, b)| 2.6 * (a * a + b * b).sqrt()).collect()
}

/// Echo strength, loss per mm and texture.
fn echogenicity(tissue: Tissue) -> (f32, f32, f32) {
    match tissue {
        Tissue::Air | Tissue::Lung => (60.0, 0.5, 30.0),
        Tissue::Table => (0.0, 1.0, 0.0),
        Tissue::Skin => (70.0, 0.004, 10.0),
        Tissue::Fat => (17.0, 0.006, 13.0),
        Tissue::Muscle | Tissue::Heart => (11.0, 0.007, 9.0),
        Tissue::Liver => (24.0, 0.0055, 5.0),
        Tissue::Spleen => (22.0, 0.005, 3.0),
        Tissue::Kidney => (13.0, 0.005, 4.0),
        Tissue::Pancreas | Tissue::Gland => (30.0, 0.005, 9.0),
        Tissue::Bowel | Tissue::Consolidation | Tissue::GroundGlass => (20.0, 0.01, 14.0),
        Tissue::Stool => (45.0, 0.06, 30.0),
        Tissue::Blood | Tissue::Vessel | Tissue::Fluid | Tissue::Cyst | Tissue::Effusion => {
            (0.4, 0.0012, 0.3)
        }
        Tissue::Cortical | Tissue::Skull | Tissue::Stone => (190.0, 0.9, 20.0),
        Tissue::Spongy | Tissue::Diploe | Tissue::Gap => (60.0, 0.5, 10.0),
        Tissue::Grey | Tissue::White | Tissue::Cord | Tissue::Infarct | Tissue::Oedema => (14.0, 0.006, 5.0),
        Tissue::Dura | Tissue::Lens | Tissue::Cartilage | Tissue::Disc | Tissue::DryDisc => (40.0, 0.02, 8.0),
        Tissue::Nodule | Tissue::Haematoma => (28.0, 0.008, 12.0),
    }
}

/// Lines of the probe onto the screen.
fn convert(echoes: &[f32], pulse: &Pulse) -> Vec<u8> {
    let mut screen = vec![0; WIDTH * HEIGHT];
    let middle = WIDTH as f32 / 2.0;
    let apex = HEAD - FACE * OPENING.cos() / pixel();
    let (wide, per_line) = (OPENING.tan(), (LINES - 1) as f32 / 2.0);
    let mut spots = [(0.0, 0.0); WIDTH];
    for (row, out) in screen.chunks_exact_mut(WIDTH).enumerate().skip(HEAD as usize) {
        let dy = row as f32 - apex;
        // Columns between the outer lines.
        let half = (dy * wide).min(middle);
        let (left, right) = ((middle - half).ceil() as usize, (middle + half) as usize);
        // On which line a pixel lies, and at which share of the depth.
        for (i, (line, share)) in spots[..right - left].iter_mut().enumerate() {
            let dx = (left + i) as i32 as f32 - middle;
            *share = ((dx * dx + dy * dy).sqrt() * pixel() - FACE) / DEPTH;
            *line = (atan(dx / dy) / OPENING + 1.0) * per_line;
        }
        for (slot, &(line, share)) in out[left..right].iter_mut().zip(&spots) {
            if (0.0..1.0).contains(&share) {
                // What lies in the middle moves most; skin and edges stay.
                let bulge = share * (1.0 - share) * 4.0;
                let sample = (share - pulse.squeeze * bulge * share) * SAMPLES as f32;
                *slot = between(echoes, line + pulse.slide * bulge, sample).clamp(0.0, 255.0) as i32 as u8;
            }
        }
    }
    screen
}

fn between(echoes: &[f32], line: f32, sample: f32) -> f32 {
    let l = (line.max(0.0) as i32 as usize).min(LINES - 2);
    let s = (sample.max(0.0) as i32 as usize).min(SAMPLES - 2);
    let (u, v) = (line - l as i32 as f32, sample - s as i32 as f32);
    let along = |line: usize| {
        let pair = &echoes[line * SAMPLES + s..][..2];
        pair[0] + (pair[1] - pair[0]) * v
    };
    let (one, other) = (along(l), along(l + 1));
    one + (other - one) * u
}
