//! Bodies: anatomy from a seed, a build and a finding. Nothing comes from a picture of a person;
//! every measure below is a textbook proportion, varied by the seed.

mod abdomen;
mod abdomen_finding;
mod builder;
mod chest;
mod chest_finding;
mod head;
mod lesion;
mod limb;
mod lungs;
mod spine;
mod turn;

use std::sync::Arc;

use super::noise::{Rng, mix};
use super::solid::Solid;
use crate::world::{Finding, Region, Sex};
use builder::Builder;
pub(crate) use lesion::Lesion;
pub(crate) use limb::Joint;

/// A body part to be imaged.
#[derive(Debug, Clone)]
pub(crate) struct Body {
    pub(crate) seed: u64,
    pub(crate) solids: Arc<[Solid]>,
    /// How far it is bent away from exact shapes, mm.
    pub(crate) warp: f32,
    /// Highest and lowest z of an ordinary scan.
    pub(crate) top: f32,
    pub(crate) bottom: f32,
}

/// A person's size and age: the same for all studies of one patient.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Build {
    pub(crate) seed: u64,
    pub(crate) sex: Sex,
    pub(crate) age: f32,
}

impl Build {
    /// Thickness of the fat under the skin, 0..1 of what is usual to see.
    pub(crate) fn fat(&self) -> f32 {
        let unit = (mix(self.seed ^ 0xFA7) >> 40) as f32 / (1u64 << 24) as f32;
        (0.15 + 0.7 * unit + if self.age > 40.0 { 0.1 } else { 0.0 }).min(1.0)
    }

    /// Size in proportion to a grown man.
    pub(crate) fn scale(&self) -> f32 {
        let grown = (0.42 + self.age / 17.0 * 0.58).min(1.0);
        let unit = (mix(self.seed ^ 0x512E) >> 40) as f32 / (1u64 << 24) as f32;
        let sex = match self.sex {
            Sex::M => 1.0,
            Sex::F => 0.93,
        };
        grown * sex * (0.96 + 0.08 * unit)
    }
}

/// What to build.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) build: Build,
    pub(crate) region: Region,
    pub(crate) finding: Finding,
    /// What the report says of the finding.
    pub(crate) lesion: Lesion,
    /// Which limb, when it is one.
    pub(crate) joint: Joint,
    /// Lying on a table with raised arms, as for CT.
    pub(crate) lying: bool,
}

/// Builds the body of a study.
pub(crate) fn body(plan: &Plan) -> Body {
    let mut builder = Builder::new(Rng::new(plan.seed, "anatomy"), plan.build, plan.lying);
    let (warp, top, bottom) = match plan.region {
        Region::Chest => chest::build(&mut builder, plan),
        Region::Abdomen | Region::LumbarSpine => abdomen::build(&mut builder, plan),
        Region::Head => head::build(&mut builder, plan),
        Region::Limb => limb::build(&mut builder, plan),
    };
    let solids = builder.finish();
    Body { seed: mix(plan.seed), solids: solids.into(), warp, top, bottom }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::solid::{P3, Shape};
    use crate::imaging::tissue::Tissue;
    use crate::world::Wording;

    fn drawn(region: Region, finding: Finding, findings: &str, words: &[(&'static str, &str)]) -> Body {
        let words = words.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let wording = Wording { findings: findings.to_owned(), words };
        let build = Build { seed: 11, sex: Sex::F, age: 54.0 };
        let lesion = Lesion::of(&wording);
        body(&Plan { seed: 5, build, region, finding, lesion, joint: Joint::Hand, lying: true })
    }

    fn of_tissue(body: &Body, tissue: Tissue) -> (P3, P3) {
        let found = body.solids.iter().find(|solid| solid.tissue == tissue).map(|solid| &solid.shape);
        let Some(Shape::Ellipsoid { centre, radii, .. }) = found else { panic!("no {tissue:?}") };
        (*centre, *radii)
    }

    #[test]
    fn a_finding_lies_on_its_side_and_is_as_large_as_reported() {
        let words =
            [("lobe", "左肺上叶"), ("segment", "胸膜下"), ("density", "实性"), ("mm", "12"), ("mn", "8")];
        let chest = drawn(Region::Chest, Finding::PulmonaryNodule, "大小约12mm×8mm", &words);
        let (at, radii) = of_tissue(&chest, Tissue::Nodule);
        assert!(at[0] > 60.0 && at[2] > 20.0, "left and high: {at:?}");
        assert_eq!(radii, [6.0, 4.0, 4.0]);
        let words = [("segl", "S7"), ("mm", "14"), ("mn", "9")];
        let liver = drawn(Region::Abdomen, Finding::HepaticCyst, "大小约14mm×9mm", &words);
        let (at, radii) = of_tissue(&liver, Tissue::Cyst);
        assert!(at[0] < -50.0 && at[1] > 0.0 && radii[0] == 7.0, "right and behind: {at:?} {radii:?}");
        let words = [("side", "右"), ("basal", "丘脑"), ("big", "40"), ("mid", "22")];
        let head = drawn(Region::Head, Finding::CerebralHaemorrhage, "范围约40mm×22mm", &words);
        let (at, radii) = of_tissue(&head, Tissue::Haematoma);
        assert!(at[0] < 0.0 && radii[1] == 20.0, "{at:?} {radii:?}");
    }

    #[test]
    fn what_is_well_is_the_same_with_and_without_a_finding() {
        let well = drawn(Region::Abdomen, Finding::Normal, "", &[]);
        let ill = drawn(Region::Abdomen, Finding::HepaticCyst, "", &[("segl", "S5"), ("mm", "9")]);
        assert_eq!(ill.solids.len(), well.solids.len() + 1);
    }
}
