//! What the pieces of a body are made of, and how each kind of device sees it.

/// Tissues, contents and lesions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tissue {
    Air,
    Table,
    Skin,
    Fat,
    Muscle,
    Lung,
    Vessel,
    Blood,
    Heart,
    Gland,
    Liver,
    Spleen,
    Kidney,
    Pancreas,
    Bowel,
    Stool,
    Fluid,
    Grey,
    White,
    Dura,
    Cord,
    Cortical,
    Spongy,
    Skull,
    Diploe,
    Disc,
    DryDisc,
    Cartilage,
    Lens,
    Nodule,
    GroundGlass,
    Consolidation,
    Effusion,
    Infarct,
    Haematoma,
    Oedema,
    Cyst,
    Stone,
    Gap,
}

/// A value and how much it varies within the tissue.
pub(crate) type Look = (f32, f32);

impl Tissue {
    /// Hounsfield units at 120 kV without contrast medium.
    pub(crate) fn hounsfield(self) -> Look {
        match self {
            Tissue::Air => (-1000.0, 0.0),
            Tissue::Table => (-720.0, 10.0),
            Tissue::Skin => (5.0, 6.0),
            Tissue::Fat => (-104.0, 7.0),
            Tissue::Muscle => (53.0, 9.0),
            Tissue::Lung => (-858.0, 48.0),
            Tissue::Vessel | Tissue::Cord => (38.0, 3.0),
            Tissue::Blood => (41.0, 2.0),
            Tissue::Heart => (43.0, 5.0),
            Tissue::Gland => (20.0, 35.0),
            Tissue::Liver => (59.0, 4.0),
            Tissue::Spleen => (49.0, 3.0),
            Tissue::Kidney => (33.0, 3.0),
            Tissue::Pancreas => (36.0, 16.0),
            Tissue::Bowel => (32.0, 14.0),
            Tissue::Stool => (-60.0, 190.0),
            Tissue::Fluid => (6.0, 2.0),
            Tissue::Grey => (38.0, 1.5),
            Tissue::White => (28.0, 1.5),
            Tissue::Dura => (58.0, 2.0),
            Tissue::Cortical => (980.0, 60.0),
            Tissue::Spongy => (190.0, 85.0),
            Tissue::Skull => (1420.0, 90.0),
            Tissue::Diploe => (560.0, 230.0),
            Tissue::Disc => (82.0, 8.0),
            Tissue::DryDisc => (70.0, 8.0),
            Tissue::Cartilage => (110.0, 35.0),
            Tissue::Lens => (75.0, 2.0),
            Tissue::Nodule => (32.0, 18.0),
            Tissue::GroundGlass => (-610.0, 70.0),
            Tissue::Consolidation => (18.0, 60.0),
            Tissue::Effusion => (9.0, 3.0),
            Tissue::Infarct => (17.0, 2.5),
            Tissue::Haematoma => (67.0, 5.0),
            Tissue::Oedema => (19.0, 2.0),
            Tissue::Cyst => (4.0, 1.5),
            Tissue::Stone => (980.0, 120.0),
            Tissue::Gap => (60.0, 10.0),
        }
    }

    /// Bone, which projections draw at full sharpness.
    pub(crate) fn is_bone(self) -> bool {
        matches!(self, Tissue::Cortical | Tissue::Spongy | Tissue::Skull | Tissue::Diploe | Tissue::Gap)
    }
}
