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
