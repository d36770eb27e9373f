//! Electrocardiograms: each beat is a sum of bell curves along the heart's axis, as twelve electrodes
//! see it, with breathing, mains hum and muscle noise.

use crate::imaging::noise::{Rng, mix};
use crate::world::{Finding, Study, Wording};

/// Channels: I, II, III, aVR, aVL, aVF, V1 to V6.
pub(crate) const LEADS: usize = 12;

/// Samples of a channel in a second.
pub(crate) const SAMPLING: u32 = 500;

const SECONDS: u32 = 10;

/// Ten seconds of twelve leads.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    /// Sample by sample, all leads of each; in the steps of the header.
    pub(crate) samples: Vec<i16>,
    /// Beats per minute.
    pub(crate) rate: f32,
    /// Milliseconds; none without P waves.
    pub(crate) pr: Option<f32>,
    /// Milliseconds.
    pub(crate) qrs: f32,
    /// Milliseconds.
    pub(crate) qt: f32,
    /// Degrees in the frontal plane.
    pub(crate) axis: f32,
    /// The device's own reading, in English as it prints it.
    pub(crate) statements: Vec<&'static str>,
}

/// Draws the recording that a report describes.
pub(crate) fn record(study: &Study, wording: &Wording, step: f64) -> Recording {
    let mut rng = Rng::new(study.seed, "heart");
    let said = |word: &str| wording.get(word).and_then(|text| text.parse::<f32>().ok());
    let fibrillates = study.finding == Finding::AtrialFibrillation;
    let drawn = rng.range(64.0, 88.0);
    let rate = said("bpm").or(said("bpmaf")).unwrap_or(drawn);
    let mut recording = Recording {
        samples: Vec::new(),
        rate,
        pr: (!fibrillates).then(|| said("prms").unwrap_or(158.0)),
        qrs: said("qrs").unwrap_or(92.0),
        qt: said("qt").unwrap_or(388.0).min(60_000.0 / rate * 0.62),
        axis: said("axis").unwrap_or(48.0),
        statements: statements(study.finding),
    };
    let beats = beats(&recording, fibrillates, &mut rng);
    let heart = Heart::of(&recording, study.finding, &mut rng);
    let mut noise = Noise::new(study.seed);
    for i in 0..SECONDS * SAMPLING {
        let at = i as f32 / SAMPLING as f32;
        let mut measured = heart.measured(at, &beats, fibrillates);
        measured.iter_mut().enumerate().for_each(|(channel, value)| *value += noise.of(channel, at));
        for value in leads(measured) {
            let volts = f64::from(value);
            recording.samples.push((volts / step).round().clamp(-32_000.0, 32_000.0) as i16);
        }
    }
    recording
}

fn statements(finding: Finding) -> Vec<&'static str> {
    match finding {
        Finding::AtrialFibrillation => vec!["Atrial fibrillation", "Abnormal ECG"],
        Finding::Ischaemia => {
            vec!["Normal sinus rhythm", "ST & T wave abnormality, consider lateral ischemia", "Abnormal ECG"]
        }
        Finding::Normal
        | Finding::PulmonaryNodule
        | Finding::Pneumonia
        | Finding::PleuralEffusion
        | Finding::CerebralInfarction
        | Finding::CerebralHaemorrhage
        | Finding::HepaticCyst
        | Finding::RenalStone
        | Finding::Fracture
        | Finding::Degeneration
        | Finding::BreastMass => vec!["Normal sinus rhythm", "Normal ECG"],
    }
}

/// Times of the R waves, from before the first second to after the last one.
fn beats(recording: &Recording, irregular: bool, rng: &mut Rng) -> Vec<f32> {
    let mean = 60.0 / recording.rate;
    let spread = if irregular { 0.24 } else { 0.018 };
    let mut at = -mean * rng.unit();
    let mut beats = Vec::new();
    while at < SECONDS as f32 + mean {
        beats.push(at);
        at += mean * (1.0 + spread * rng.normal()).clamp(0.55, 1.7);
    }
    // What was drawn must beat as often as the report says.
    let last = beats.len().saturating_sub(1);
    let drawn = (beats[last] - beats[0]) / last.max(1) as f32;
    let first = beats[0];
    beats.iter().map(|beat| first + (beat - first) * mean / drawn).collect()
}

/// One bell of a beat: when, how wide (both in seconds), how high in microvolts.
type Bell = (f32, f32, f32);

struct Heart {
    /// P, Q, R, S, T along the frontal axis.
    bells: Vec<Bell>,
    /// Share of each lead in the frontal vector.
    limbs: [f32; 2],
    /// R and S, T of the chest leads, microvolts.
    chest: [(f32, f32, f32); 6],
    /// P waves of the chest leads.
    small: f32,
    /// Where segments are lowered, microvolts.
    lowered: f32,
    fibrils: [f32; 3],
    timing: Timing,
}

struct Timing {
    p: f32,
    half: f32,
    t: f32,
}

impl Heart {
    fn of(recording: &Recording, finding: Finding, rng: &mut Rng) -> Self {
        let half = recording.qrs / 2000.0;
        let ill = finding == Finding::Ischaemia;
        let timing = Timing {
            p: -(recording.pr.unwrap_or(160.0) / 1000.0) + 0.05 - half,
            half,
            t: recording.qt / 1000.0 - half - 0.085,
        };
        let (p, r) = (rng.range(90.0, 150.0), rng.range(900.0, 1400.0));
        let t = rng.range(220.0, 330.0) * if ill { 0.2 } else { 1.0 };
        let shown = if recording.pr.is_some() { p } else { 0.0 };
        let bells = vec![
            (timing.p, 0.022, shown),
            (-half * 0.62, half * 0.24, -r * rng.range(0.05, 0.11)),
            (0.0, half * 0.30, r),
            (half * 0.66, half * 0.26, -r * rng.range(0.10, 0.22)),
            (timing.t, 0.046, t),
        ];
        let axis = recording.axis.to_radians();
        let build = rng.range(0.85, 1.15);
        let tw = if ill { [1.0, 0.9, 0.5, -0.3, -0.4, -0.3] } else { [0.2, 1.3, 1.3, 1.1, 0.9, 0.7] };
        let rs = [
            (220.0, 950.0),
            (480.0, 1400.0),
            (800.0, 1000.0),
            (1400.0, 620.0),
            (1300.0, 300.0),
            (1050.0, 140.0),
        ];
        let chest = std::array::from_fn(|i| {
            let (r, s) = rs[i];
            (r * build, s * build, tw[i] * 270.0)
        });
        Heart {
            bells,
            limbs: [axis.cos(), axis.sin()],
            chest,
            small: shown * 0.6,
            lowered: if ill { -105.0 } else { 0.0 },
            fibrils: [rng.range(5.0, 6.2), rng.range(6.4, 7.6), rng.range(0.0, 6.0)],
            timing,
        }
    }

    /// I, II and the six chest leads.
    fn measured(&self, at: f32, beats: &[f32], fibrillates: bool) -> [f32; MEASURED] {
        let near = |beat: &&f32| (-0.45..0.75).contains(&(at - **beat));
        let (mut x, mut y) = (0.0, 0.0);
        let mut chest = [0.0; 6];
        for beat in beats.iter().filter(near) {
            let t = at - beat;
            let along: f32 = self.bells.iter().map(|bell| height(t, *bell)).sum();
            x += along * self.limbs[0];
            y += along * self.limbs[1];
            for (lead, value) in chest.iter_mut().enumerate() {
                *value += self.chest_lead(t, lead);
            }
        }
        if fibrillates {
            let f = |k: f32| (at * std::f32::consts::TAU * k + self.fibrils[2]).sin();
            let waves = 38.0 * f(self.fibrils[0]) + 30.0 * f(self.fibrils[1]);
            y += waves;
            chest[0] += waves * 1.6;
            chest[1] += waves;
        }
        // The axis of I is 0 degrees, of II 60.
        let [a, b, c, d, e, f] = chest;
        [x, x / 2.0 + y * 0.866, a, b, c, d, e, f]
    }

    fn chest_lead(&self, t: f32, lead: usize) -> f32 {
        let (r, s, tw) = self.chest[lead];
        let half = self.timing.half;
        let side = if lead >= 3 { self.lowered } else { 0.0 };
        height(t, (self.timing.p, 0.022, self.small * if lead == 0 { 0.4 } else { 1.0 }))
            + height(t, (-half * 0.12, half * 0.28, r))
            + height(t, (half * 0.42, half * 0.28, -s))
            + height(t, (self.timing.t, 0.05, tw))
            + side * plateau(t, half + 0.012, self.timing.t - 0.02)
    }
}

/// Channels that electrodes measure; the others follow from the first two.
const MEASURED: usize = 8;

/// All leads: II is I and III together (Einthoven), and the augmented ones lie between.
fn leads([one, two, a, b, c, d, e, f]: [f32; MEASURED]) -> [f32; LEADS] {
    let (right, left, leg) = (-(one + two) / 2.0, one - two / 2.0, two - one / 2.0);
    [one, two, two - one, right, left, leg, a, b, c, d, e, f]
}

fn height(t: f32, (at, width, top): Bell) -> f32 {
    let d = (t - at) / width;
    if d.abs() > 5.0 { 0.0 } else { top * (-0.5 * d * d).exp() }
}

/// 1 between two moments, with soft ends.
fn plateau(t: f32, from: f32, to: f32) -> f32 {
    let rise = ((t - from) / 0.02).clamp(0.0, 1.0);
    let fall = ((to + 0.06 - t) / 0.08).clamp(0.0, 1.0);
    rise * fall
}

/// What electrodes pick up besides the heart.
struct Noise {
    rng: Rng,
    seed: u64,
    last: [f32; MEASURED],
}

impl Noise {
    fn new(seed: u64) -> Self {
        Noise { rng: Rng::new(seed, "electrodes"), seed, last: [0.0; MEASURED] }
    }

    fn of(&mut self, lead: usize, at: f32) -> f32 {
        let own = mix(self.seed ^ lead as u64);
        let phase = (own & 0xff) as f32 / 40.0;
        let breath = 22.0 * (at * 1.6 + phase).sin() + 12.0 * (at * 0.55 + phase * 2.0).sin();
        let hum = 1.6 * (at * std::f32::consts::TAU * 50.0 + phase).sin();
        self.last[lead] = 0.72 * self.last[lead] + 3.4 * self.rng.normal();
        breath + hum + self.last[lead]
    }
}
