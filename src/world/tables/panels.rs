//! What can be ordered from the laboratory.

use super::lab as i;
use super::lab::Item;

/// A panel.
#[derive(Debug)]
pub(in crate::world) struct Panel {
    /// Catalogue code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Specimen type in Chinese.
    pub specimen: &'static str,
    /// Items in report order.
    pub items: &'static [&'static Item],
    /// Minutes from collection to the last result, at an ordinary hour.
    pub minutes: i64,
}

macro_rules! panels {
    ($($id:ident $code:literal $name:literal $specimen:literal $minutes:literal [$($item:ident)*];)*) => {
        $(
            #[doc = $name]
            pub(in crate::world) static $id: Panel = Panel {
                code: $code, name: $name, specimen: $specimen, minutes: $minutes,
                items: &[$(&i::$item),*],
            };
        )*
        /// All panels.
        pub(in crate::world) static PANELS: &[&Panel] = &[$(&$id),*];
    };
}

panels! {
    CBC "L1001" "血常规" "全血" 24 [WBC NEUT_P LYM_P MONO_P EO_P BASO_P NEUT LYM MONO EO BASO RBC HGB HCT MCV MCH MCHC RDW PLT MPV];
    LIVER "L2001" "肝功能" "血清" 95 [ALT AST TP ALB GLB TBIL DBIL ALP GGT];
    RENAL "L2002" "肾功能" "血清" 90 [UREA CREA UA CYSC];
    ELECTROLYTES "L2003" "电解质" "血清" 70 [K NA CL CA P MG];
    GLUCOSE "L2004" "血糖" "血浆" 60 [GLU];
    LIPIDS "L2005" "血脂" "血清" 95 [TC TG HDL LDL];
    CARDIAC "L2006" "心肌标志物" "血清" 50 [TNI CKMB MYO];
    BNP "L2007" "N末端B型钠尿肽前体" "血清" 55 [BNP];
    AMYLASE "L2008" "淀粉酶" "血清" 60 [AMY];
    GLYCATED "L2009" "糖化血红蛋白" "全血" 110 [HBA1C];
    COAGULATION "L3001" "凝血功能+D-二聚体" "枸橼酸血浆" 55 [PT INR APTT TT FIB DD];
    CRP "L4001" "C反应蛋白" "全血" 28 [CRP];
    PCT "L4002" "降钙素原" "血清" 60 [PCT];
    THYROID "L5001" "甲状腺功能" "血清" 190 [TSH FT3 FT4];
    HBV "L5002" "乙肝两对半" "血清" 210 [HBSAG HBSAB HBEAG HBEAB HBCAB];
    HCG "L5003" "β-HCG" "血清" 120 [HCG];
    TUMOUR "L5004" "肿瘤标志物" "血清" 220 [AFP CEA CA125 CA199];
    BLOOD_GAS "L7001" "血气分析" "动脉血" 7 [PH PCO2 PO2 HCO3 BE SO2 LAC GAS_K GAS_NA ICA];
    URINE "L6001" "尿常规" "尿液" 30 [U_SG U_PH U_PRO U_GLU U_KET U_BLD U_LEU U_NIT U_BIL];
}
