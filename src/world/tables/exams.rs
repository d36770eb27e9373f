//! The catalogue of imaging exams.

use crate::world::{Modality, Region, Sex};

/// An exam that can be ordered.
#[derive(Debug)]
pub(in crate::world) struct Exam {
    /// Catalogue code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Modality.
    pub modality: Modality,
    /// Region.
    pub region: Region,
    /// Youngest and oldest age in years, both included.
    pub ages: (i32, i32),
    /// Only for this sex.
    pub sex: Option<Sex>,
    /// Contrast medium: further series.
    pub contrast: bool,
}

macro_rules! exams {
    ($($id:ident $code:literal $name:literal $modality:ident $region:ident $low:literal..=$high:literal $sex:expr, $contrast:literal;)*) => {
        $(
            #[doc = $name]
            pub(in crate::world) static $id: Exam = Exam {
                code: $code, name: $name, modality: Modality::$modality, region: Region::$region,
                ages: ($low, $high), sex: $sex, contrast: $contrast,
            };
        )*
        /// All exams.
        pub(in crate::world) static EXAMS: &[&Exam] = &[$(&$id),*];
    };
}

exams! {
    CT_HEAD "CT0101" "头颅CT平扫" CT Head 0..=110 None, false;
    CT_CHEST "CT0201" "胸部CT平扫" CT Chest 0..=110 None, false;
    CT_CHEST_CE "CT0202" "胸部CT增强" CT Chest 18..=88 None, true;
    CT_LUNG_LOW "CT0203" "肺部低剂量CT筛查" CT Chest 40..=90 None, false;
    CT_UPPER "CT0301" "上腹部CT平扫" CT Abdomen 8..=110 None, false;
    CT_UPPER_CE "CT0302" "上腹部CT增强" CT Abdomen 16..=88 None, true;
    CT_ABDOMEN "CT0303" "全腹部CT平扫" CT Abdomen 6..=110 None, false;
    CT_URINARY "CT0304" "泌尿系CT平扫" CT Abdomen 14..=110 None, false;
    CT_LUMBAR "CT0401" "腰椎CT平扫" CT LumbarSpine 16..=110 None, false;
    CT_KNEE "CT0501" "膝关节CT平扫" CT Limb 12..=110 None, false;
    CT_ANKLE "CT0502" "踝关节CT平扫" CT Limb 10..=110 None, false;
    DX_CHEST "DR0201" "胸部正位DR" DX Chest 0..=110 None, false;
    DX_CHEST_LAT "DR0202" "胸部正侧位DR" DX Chest 5..=110 None, false;
    DX_ABDOMEN "DR0301" "腹部立位DR" DX Abdomen 1..=110 None, false;
    DX_LUMBAR "DR0401" "腰椎正侧位DR" DX LumbarSpine 12..=110 None, false;
    DX_KNEE "DR0501" "膝关节正侧位DR" DX Limb 4..=110 None, false;
    DX_HAND "DR0502" "手正斜位DR" DX Limb 1..=110 None, false;
    DX_WRIST "DR0503" "腕关节正侧位DR" DX Limb 3..=110 None, false;
    DX_ANKLE "DR0504" "踝关节正侧位DR" DX Limb 4..=110 None, false;
    MR_HEAD "MR0101" "头颅MR平扫" MR Head 0..=110 None, false;
    MR_HEAD_DWI "MR0102" "头颅MR平扫+DWI" MR Head 18..=110 None, false;
    MR_UPPER "MR0301" "上腹部MR平扫" MR Abdomen 16..=95 None, false;
    MR_LUMBAR "MR0401" "腰椎MR平扫" MR LumbarSpine 14..=100 None, false;
    MR_KNEE "MR0501" "膝关节MR平扫" MR Limb 12..=95 None, false;
    US_LIVER "US0301" "肝胆胰脾彩超" US Abdomen 0..=110 None, false;
    US_URINARY "US0302" "泌尿系彩超" US Abdomen 0..=110 None, false;
    US_PROSTATE "US0303" "泌尿系+前列腺彩超" US Abdomen 40..=110 Some(Sex::M), false;
    US_GYNAE "US0304" "妇科彩超(经腹)" US Abdomen 13..=85 Some(Sex::F), false;
    US_OBSTETRIC "US0305" "产科彩超" US Abdomen 19..=44 Some(Sex::F), false;
    US_HEART "US0201" "心脏彩超" US Chest 0..=110 None, false;
    US_PLEURA "US0202" "胸腔彩超" US Chest 1..=110 None, false;
    US_LEG_VEINS "US0501" "双下肢静脉彩超" US Limb 18..=110 None, false;
    MG_BOTH "MG0101" "双乳钼靶摄影" MG Chest 30..=78 Some(Sex::F), false;
    CR_BEDSIDE "CR0201" "床旁胸部正位CR" CR Chest 0..=110 None, false;
    ECG_TWELVE "EC0101" "常规十二导联心电图" ECG Chest 0..=110 None, false;
}

impl Exam {
    /// Whether it is done at this age and for this sex.
    pub(in crate::world) fn fits(&self, age: i32, sex: Sex) -> bool {
        (self.ages.0..=self.ages.1).contains(&age) && self.sex.is_none_or(|s| s == sex)
    }
}
