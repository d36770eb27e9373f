//! What a report says of its finding, in numbers: what is drawn is what was reported.

use crate::imaging::noise::Rng;
use crate::world::Wording;

/// The patient's right (-1) or left (1), as the sign of x.
pub(crate) type Side = f32;

/// How high in a lung or an organ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Height {
    Upper,
    Middle,
    Lower,
}

/// How dense a nodule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Density {
    Solid,
    Mixed,
    GroundGlass,
}

/// A finding's measures; `None` where the report does not say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Lesion {
    pub(crate) side: Option<Side>,
    /// Both sides are ill, the named one more.
    pub(crate) both: bool,
    pub(crate) height: Option<Height>,
    /// Longest and shorter diameter, mm.
    pub(crate) size: Option<[f32; 2]>,
    /// How many there are.
    pub(crate) count: Option<usize>,
    /// Depth of fluid, mm.
    pub(crate) depth: Option<f32>,
    /// Near the pleura.
    pub(crate) outer: Option<bool>,
    pub(crate) density: Option<Density>,
    /// Number of a segment of the liver.
    pub(crate) segment: Option<u32>,
    /// Which disc or vertebra, counted from the twelfth thoracic one.
    pub(crate) level: Option<usize>,
    /// Which finger, from the thumb on.
    pub(crate) finger: Option<usize>,
    /// Where in the brain: basal ganglia, thalamus, semioval centre, beside the ventricle.
    pub(crate) nucleus: Option<usize>,
    /// There is little of it.
    pub(crate) small: bool,
    /// Urine is held back.
    pub(crate) dammed: bool,
}

/// Names of places in the order of [`Lesion::nucleus`].
const NUCLEI: [&str; 4] = ["基底节", "丘脑", "半卵圆", "侧脑室"];
/// Levels from above; a disc has the name of the vertebra above it.
const LEVELS: [&str; 6] = ["T12", "L1", "L2", "L3", "L4", "L5"];
const FINGERS: [&str; 5] = ["一", "二", "三", "四", "五"];

impl Lesion {
    /// What the words of a report say.
    pub(crate) fn of(wording: &Wording) -> Self {
        let word = |name: &str| wording.get(name);
        let place = |names: &[&str], of: Option<&str>| {
            names.iter().position(|n| of.is_some_and(|o| o.starts_with(n)))
        };
        let says = |text: &str| wording.findings.contains(text);
        let lobe = word("lobe").unwrap_or_default();
        // That there is no fluid is said as 积液 too.
        let fluid = says("液性") || says("液体密度");
        Lesion {
            side: word("side").or(word("lobe")).and_then(side),
            both: says("双肺下叶") || says("双侧胸腔") || says("双肺见散在"),
            height: height(lobe).or(word("field").and_then(height)).or(word("pole").and_then(height)),
            size: size(wording).filter(|_| !fluid),
            count: word("count").and_then(|n| n.parse().ok()),
            depth: word("mid").and_then(|mm| mm.parse().ok()).filter(|_| fluid),
            outer: word("segment").map(|place| place != "内带"),
            density: word("density").map(|of| match of {
                "磨玻璃密度" => Density::GroundGlass,
                "混合磨玻璃密度" => Density::Mixed,
                _ => Density::Solid,
            }),
            segment: word("segl").and_then(|name| name.strip_prefix('S')?.parse().ok()),
            level: place(&LEVELS, word("level").or(word("vertebra"))),
            finger: place(&FINGERS, word("finger")),
            nucleus: place(&NUCLEI, word("basal")),
            small: says("变钝"),
            dammed: says("轻度扩张") || says("轻度积水") || says("集合系统分离"),
        }
    }

    /// The side, or one that is drawn.
    pub(crate) fn side_or(&self, rng: &mut Rng) -> Side {
        let drawn = if rng.unit() < 0.5 { -1.0 } else { 1.0 };
        self.side.unwrap_or(drawn)
    }

    /// Half of the diameters, or drawn ones.
    pub(crate) fn radii_or(&self, rng: &mut Rng, low: f32, high: f32) -> [f32; 2] {
        let drawn = rng.range(low, high);
        self.size.map_or([drawn, drawn * 0.9], |[long, short]| [long / 2.0, short / 2.0])
    }
}

fn side(text: &str) -> Option<Side> {
    match text.chars().next()? {
        '右' => Some(-1.0),
        '左' => Some(1.0),
        _ => None,
    }
}

fn height(text: &str) -> Option<Height> {
    let found = text.chars().find(|c| "上中下".contains(*c))?;
    Some(match found {
        '上' => Height::Upper,
        '中' => Height::Middle,
        _ => Height::Lower,
    })
}

/// The first two measures of the report; of a single one, the other follows.
fn size(wording: &Wording) -> Option<[f32; 2]> {
    let named = wording.words.iter().filter(|(name, _)| ["big", "mid", "mm", "mn"].contains(name));
    let mut values = Vec::new();
    for (_, value) in named {
        let value: f32 = value.parse().ok()?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let (first, second) = (*values.first()?, values.get(1).copied());
    let second = second.filter(|_| wording.findings.contains('×')).unwrap_or(first * 0.85);
    Some([first.max(second), first.min(second)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(findings: &str, words: &[(&'static str, &str)]) -> Lesion {
        let words = words.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Lesion::of(&Wording { findings: findings.to_owned(), words })
    }

    #[test]
    fn words_become_measures() {
        let nodule = said(
            "右肺上叶胸膜下见一类圆形磨玻璃密度结节影，大小约9mm×7mm",
            &[
                ("lobe", "右肺上叶"),
                ("segment", "胸膜下"),
                ("density", "磨玻璃密度"),
                ("mm", "9"),
                ("mn", "7"),
            ],
        );
        assert_eq!((nodule.side, nodule.height), (Some(-1.0), Some(Height::Upper)));
        assert_eq!((nodule.size, nodule.outer), (Some([9.0, 7.0]), Some(true)));
        assert_eq!(nodule.density, Some(Density::GroundGlass));
        let fluid = said("左侧胸腔见弧形液体密度影，最大深度约21mm", &[("side", "左"), ("mid", "21")]);
        assert_eq!((fluid.side, fluid.depth, fluid.size), (Some(1.0), Some(21.0), None));
        let disc = said("L4/5椎间盘向后突出", &[("level", "L4/5")]);
        assert_eq!(disc.level, Some(4));
        assert_eq!(said("", &[("vertebra", "T12")]).level, Some(0));
        assert_eq!(said("", &[("basal", "丘脑"), ("finger", "三")]).nucleus, Some(1));
        assert_eq!(said("", &[]), Lesion::default());
    }
}
