//! What an ultrasound machine writes around its picture: hospital, patient, time, preset, probe, the
//! settings, a body mark and what the examiner typed.

use super::us::{DEPTH, HEAD, HEIGHT, WIDTH, pixel};
use crate::imaging::glyphs::Canvas;
use crate::imaging::header::{Maker, Subject};
use crate::imaging::noise::mix;
use crate::world::{Finding, Region, Sex};

const BRIGHT: u8 = 220;
const FAINT: u8 = 160;

/// Writes on a screen; `frame` counts within a clip.
pub(crate) fn dress(screen: &mut [u8], s: &Subject<'_>, frame: usize) {
    grey_bar(screen);
    let mut canvas = Canvas::new(screen, WIDTH);
    heading(&mut canvas, s);
    settings(&mut canvas, s, frame);
    canvas.write(label(s), 96, HEIGHT - 40, BRIGHT);
    body_mark(&mut canvas, s.study.region);
}

/// Hospital, patient and time in the top lines.
fn heading(canvas: &mut Canvas<'_>, s: &Subject<'_>) {
    let at = s.view.local(s.series.started);
    canvas.write(&s.view.hospital().name, 8, 2, BRIGHT);
    let who = s.patient.map(|patient| {
        let sex = match patient.sex {
            Sex::M => "男",
            Sex::F => "女",
        };
        let years = at.date().year() - patient.born.year();
        format!("{} {sex} {years}岁  ID:{}", patient.name.chinese(), patient.mrn)
    });
    canvas.write(&who.unwrap_or_default(), 8, 20, BRIGHT);
    canvas.write(&at.strftime("%Y-%m-%d").to_string(), WIDTH - 170, 2, BRIGHT);
    canvas.write(&at.strftime("%H:%M:%S").to_string(), WIDTH - 80, 2, BRIGHT);
    canvas.write(&s.study.device.model, WIDTH - 170, 20, FAINT);
}

/// Indices and settings, in the order that each maker has.
fn settings(canvas: &mut Canvas<'_>, s: &Subject<'_>, frame: usize) {
    let draw = mix(s.study.seed ^ u64::from(s.instance.number));
    let gain = 46 + draw % 18;
    let dynamic = 60 + 5 * (draw >> 8) % 4;
    let deep = DEPTH / 10.0;
    let probe = probe(s.maker());
    let preset = match s.study.region {
        Region::Chest => ["Cardiac", "心脏"],
        Region::Limb => ["LE Ven", "下肢静脉"],
        Region::Head | Region::Abdomen | Region::LumbarSpine => ["Abd", "腹部"],
    };
    let lines: [String; 7] = match s.maker() {
        Maker::Ge => [
            "MI 1.2  TIs 0.6".into(),
            probe.into(),
            preset[0].into(),
            "CHI".into(),
            format!("Frq Gen  Gn {gain}"),
            format!("D {deep:.1}  DR {dynamic}"),
            format!("FR {}", 34 + draw % 6),
        ],
        _ => [
            "MI 1.1  TIs 0.5".into(),
            probe.into(),
            preset[1].into(),
            "2D  THI".into(),
            format!("增益 {gain}"),
            format!("DR {dynamic}"),
            format!("深度 {deep:.1}cm"),
        ],
    };
    let left = WIDTH - 150;
    for (line, row) in lines.iter().zip(0..) {
        canvas.write(line, left, 64 + 18 * row, FAINT);
    }
    if frame > 0 {
        canvas.write(&format!("{frame:>3}"), left, 200, FAINT);
    }
}

/// (0018,5010): the convex probe that the maker sells.
pub(crate) fn probe(maker: Maker) -> &'static str {
    match maker {
        Maker::Ge => "C1-5",
        Maker::Samsung => "CA1-7A",
        Maker::Canon => "PVT-375BT",
        Maker::Philips => "C5-1",
        Maker::Siemens | Maker::UnitedImaging | Maker::Agfa | Maker::Other => "C5-2",
    }
}

/// What the examiner types: the organ that is in view, and what was found.
fn label(s: &Subject<'_>) -> &'static str {
    let says = |word: &str| s.study.description.contains(word);
    let turn = |names: &'static [&'static str]| names[s.instance.number as usize % names.len()];
    match (s.study.region, s.study.finding) {
        (Region::Abdomen, Finding::HepaticCyst) if s.instance.number % 3 == 1 => "肝囊肿",
        (Region::Abdomen, Finding::RenalStone) if s.instance.number % 3 == 1 => "肾结石",
        (Region::Abdomen, _) if says("妇科") => turn(&["子宫", "左侧附件", "右侧附件"]),
        (Region::Abdomen, _) if says("产科") => turn(&["胎儿", "胎盘", "羊水"]),
        (Region::Abdomen, _) if says("泌尿") => turn(&["右肾", "左肾", "右肾", "膀胱"]),
        (Region::Abdomen | Region::LumbarSpine, _) => {
            turn(&["肝右叶", "胆囊", "门静脉", "胰腺", "肝右叶", "脾脏"])
        }
        (Region::Chest, _) if says("胸腔") => turn(&["右侧胸腔", "左侧胸腔"]),
        (Region::Chest, _) => turn(&["心尖四腔", "左室长轴"]),
        (Region::Limb, _) => turn(&["左股总静脉", "右股总静脉", "左腘静脉", "右腘静脉"]),
        (Region::Head, _) => "甲状腺",
    }
}

/// A small outline of a trunk with the place of the probe.
fn body_mark(canvas: &mut Canvas<'_>, region: Region) {
    let (left, top) = (24usize, HEIGHT - 110);
    for i in 0..70 {
        let waist = (10.0 - 8.0 * (i as f32 / 70.0 * std::f32::consts::PI).sin()) / 2.0;
        for x in [left + waist as usize, left + 48 - waist as usize] {
            canvas.dot(x, top + i, FAINT);
        }
    }
    for x in left + 5..left + 44 {
        canvas.dot(x, top + 70, FAINT);
    }
    let (x, y) = match region {
        Region::Chest => (left + 30, top + 14),
        Region::Abdomen | Region::LumbarSpine => (left + 15, top + 34),
        Region::Head | Region::Limb => (left + 24, top + 62),
    };
    for i in 0..11 {
        for wide in 0..3 {
            canvas.dot(x + i, y + wide, BRIGHT);
        }
    }
}

/// The grey scale at the edge and the depth marks that every machine shows.
fn grey_bar(screen: &mut [u8]) {
    for row in 60..260 {
        for column in 24..34 {
            screen[row * WIDTH + column] = (255 - (row - 60) * 255 / 199) as u8;
        }
    }
    let centimetre = 10.0 / pixel();
    for mark in 0..=(DEPTH / 10.0) as usize {
        let row = (HEAD + mark as f32 * centimetre) as usize;
        let long = if mark % 5 == 0 { 9 } else { 5 };
        for column in WIDTH - 20 - long..WIDTH - 20 {
            screen[row.min(HEIGHT - 1) * WIDTH + column] = 190;
        }
    }
}
