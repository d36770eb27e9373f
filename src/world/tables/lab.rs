//! What the laboratory measures: names, LOINC, units, reference ranges and usual spread.
//!
//! Adult ranges follow WS/T 404 and 405 where these exist.

use crate::world::LabItem;

/// How healthy people's values lie.
#[derive(Debug, Clone, Copy)]
pub(in crate::world) enum Shape {
    /// Even about the middle of the range.
    Even,
    /// Even on a logarithmic scale.
    Skewed,
    /// Only an upper limit matters: the median of the healthy and the spread of its logarithm.
    Below(f64, f64),
    /// Negative in the healthy; positive in this many of a thousand.
    Negative(u32),
    /// Positive or negative at will (antibodies): positive in this many of a thousand, and neither
    /// is flagged.
    Either(u32),
}

/// An item with its ranges.
#[derive(Debug)]
pub(in crate::world) struct Item {
    /// What others see.
    pub item: LabItem,
    /// Reference range of men.
    pub male: (f64, f64),
    /// Reference range of women.
    pub female: (f64, f64),
    /// Reference range before the 14th birthday, where it differs.
    pub child: Option<(f64, f64)>,
    /// How values lie.
    pub shape: Shape,
}

macro_rules! items {
    ($($id:ident $code:literal $name:literal $loinc:literal $unit:literal $dec:literal
       $ml:literal $mh:literal $fl:literal $fh:literal $child:expr, $shape:expr;)*) => {
        $(
            #[doc = $name]
            pub(in crate::world) static $id: Item = Item {
                item: LabItem { code: $code, name: $name, loinc: $loinc, unit: $unit, decimals: $dec },
                male: ($ml, $mh), female: ($fl, $fh), child: $child, shape: $shape,
            };
        )*
    };
}

use Shape::{Below, Either, Even, Negative, Skewed};

items! {
    WBC "WBC" "白细胞计数" "6690-2" "10^9/L" 2 3.5 9.5 3.5 9.5 Some((4.4, 11.9)), Skewed;
    RBC "RBC" "红细胞计数" "789-8" "10^12/L" 2 4.3 5.8 3.8 5.1 Some((4.0, 5.5)), Even;
    HGB "HGB" "血红蛋白" "718-7" "g/L" 0 130.0 175.0 115.0 150.0 Some((112.0, 149.0)), Even;
    HCT "HCT" "红细胞压积" "4544-3" "%" 1 40.0 50.0 35.0 45.0 Some((34.0, 43.0)), Even;
    MCV "MCV" "平均红细胞体积" "787-2" "fL" 1 82.0 100.0 82.0 100.0 Some((76.0, 91.0)), Even;
    MCH "MCH" "平均红细胞血红蛋白量" "785-6" "pg" 1 27.0 34.0 27.0 34.0 Some((25.0, 31.0)), Even;
    MCHC "MCHC" "平均红细胞血红蛋白浓度" "786-4" "g/L" 0 316.0 354.0 316.0 354.0 None, Even;
    RDW "RDW-CV" "红细胞分布宽度" "788-0" "%" 1 11.0 15.0 11.0 15.0 None, Even;
    PLT "PLT" "血小板计数" "777-3" "10^9/L" 0 125.0 350.0 125.0 350.0 Some((188.0, 472.0)), Skewed;
    MPV "MPV" "平均血小板体积" "32623-1" "fL" 1 7.6 13.2 7.6 13.2 None, Even;
    NEUT_P "NEUT%" "中性粒细胞百分数" "770-8" "%" 1 40.0 75.0 40.0 75.0 Some((28.0, 65.0)), Even;
    LYM_P "LYM%" "淋巴细胞百分数" "736-9" "%" 1 20.0 50.0 20.0 50.0 Some((23.0, 60.0)), Even;
    MONO_P "MONO%" "单核细胞百分数" "5905-5" "%" 1 3.0 10.0 3.0 10.0 None, Even;
    EO_P "EO%" "嗜酸性粒细胞百分数" "713-8" "%" 1 0.4 8.0 0.4 8.0 None, Skewed;
    BASO_P "BASO%" "嗜碱性粒细胞百分数" "706-2" "%" 1 0.0 1.0 0.0 1.0 None, Even;
    NEUT "NEUT#" "中性粒细胞绝对值" "751-8" "10^9/L" 2 1.8 6.3 1.8 6.3 Some((1.2, 7.0)), Even;
    LYM "LYM#" "淋巴细胞绝对值" "731-0" "10^9/L" 2 1.1 3.2 1.1 3.2 Some((1.8, 6.3)), Even;
    MONO "MONO#" "单核细胞绝对值" "742-7" "10^9/L" 2 0.1 0.6 0.1 0.6 Some((0.12, 0.93)), Even;
    EO "EO#" "嗜酸性粒细胞绝对值" "711-2" "10^9/L" 2 0.02 0.52 0.02 0.52 Some((0.0, 0.68)), Even;
    BASO "BASO#" "嗜碱性粒细胞绝对值" "704-7" "10^9/L" 2 0.0 0.06 0.0 0.06 None, Even;
    ALT "ALT" "丙氨酸氨基转移酶" "1742-6" "U/L" 0 9.0 50.0 7.0 40.0 Some((7.0, 30.0)), Skewed;
    AST "AST" "天门冬氨酸氨基转移酶" "1920-8" "U/L" 0 15.0 40.0 13.0 35.0 Some((14.0, 44.0)), Skewed;
    TP "TP" "总蛋白" "2885-2" "g/L" 1 65.0 85.0 65.0 85.0 Some((58.0, 80.0)), Even;
    ALB "ALB" "白蛋白" "1751-7" "g/L" 1 40.0 55.0 40.0 55.0 None, Even;
    GLB "GLB" "球蛋白" "10834-0" "g/L" 1 20.0 40.0 20.0 40.0 Some((16.0, 34.0)), Even;
    TBIL "TBIL" "总胆红素" "14631-6" "μmol/L" 1 0.0 26.0 0.0 23.0 None, Below(11.0, 0.33);
    DBIL "DBIL" "直接胆红素" "14629-0" "μmol/L" 1 0.0 8.0 0.0 8.0 None, Below(3.4, 0.3);
    ALP "ALP" "碱性磷酸酶" "6768-6" "U/L" 0 45.0 125.0 35.0 100.0 Some((143.0, 406.0)), Skewed;
    GGT "GGT" "γ-谷氨酰转移酶" "2324-2" "U/L" 0 10.0 60.0 7.0 45.0 Some((5.0, 19.0)), Skewed;
    UREA "UREA" "尿素" "22664-7" "mmol/L" 2 3.1 8.0 2.6 7.5 Some((2.5, 6.5)), Even;
    CREA "CREA" "肌酐" "14682-9" "μmol/L" 0 57.0 97.0 41.0 73.0 Some((19.0, 57.0)), Even;
    UA "UA" "尿酸" "14933-6" "μmol/L" 0 208.0 428.0 155.0 357.0 None, Even;
    CYSC "CysC" "胱抑素C" "33863-2" "mg/L" 2 0.59 1.03 0.59 1.03 None, Even;
    K "K" "钾" "2823-3" "mmol/L" 2 3.5 5.3 3.5 5.3 None, Even;
    NA "Na" "钠" "2951-2" "mmol/L" 1 137.0 147.0 137.0 147.0 None, Even;
    CL "Cl" "氯" "2075-0" "mmol/L" 1 99.0 110.0 99.0 110.0 None, Even;
    CA "Ca" "钙" "2000-8" "mmol/L" 2 2.11 2.52 2.11 2.52 None, Even;
    P "P" "无机磷" "14879-1" "mmol/L" 2 0.85 1.51 0.85 1.51 Some((1.25, 1.93)), Even;
    MG "Mg" "镁" "2601-3" "mmol/L" 2 0.75 1.02 0.75 1.02 None, Even;
    GLU "GLU" "葡萄糖" "14749-6" "mmol/L" 2 3.9 6.1 3.9 6.1 None, Even;
    HBA1C "HbA1c" "糖化血红蛋白" "4548-4" "%" 1 4.0 6.0 4.0 6.0 None, Even;
    TC "TC" "总胆固醇" "14647-2" "mmol/L" 2 0.0 5.18 0.0 5.18 None, Below(4.45, 0.16);
    TG "TG" "甘油三酯" "14927-8" "mmol/L" 2 0.0 1.70 0.0 1.70 None, Below(1.15, 0.36);
    HDL "HDL-C" "高密度脂蛋白胆固醇" "14646-4" "mmol/L" 2 1.04 1.90 1.04 1.90 None, Even;
    LDL "LDL-C" "低密度脂蛋白胆固醇" "39469-2" "mmol/L" 2 0.0 3.37 0.0 3.37 None, Below(2.45, 0.18);
    PT "PT" "凝血酶原时间" "5902-2" "s" 1 9.4 12.5 9.4 12.5 None, Even;
    INR "INR" "国际标准化比值" "6301-6" "" 2 0.80 1.20 0.80 1.20 None, Even;
    APTT "APTT" "活化部分凝血活酶时间" "14979-9" "s" 1 25.1 36.5 25.1 36.5 None, Even;
    TT "TT" "凝血酶时间" "3243-3" "s" 1 10.3 16.6 10.3 16.6 None, Even;
    FIB "FIB" "纤维蛋白原" "3255-7" "g/L" 2 2.0 4.0 2.0 4.0 None, Even;
    DD "D-D" "D-二聚体" "48065-7" "mg/L FEU" 2 0.0 0.55 0.0 0.55 None, Below(0.24, 0.4);
    CRP "CRP" "C反应蛋白" "1988-5" "mg/L" 2 0.0 10.0 0.0 10.0 None, Below(1.8, 0.7);
    PCT "PCT" "降钙素原" "33959-8" "ng/mL" 3 0.0 0.05 0.0 0.05 None, Below(0.026, 0.3);
    TSH "TSH" "促甲状腺激素" "3016-3" "mIU/L" 3 0.27 4.2 0.27 4.2 None, Skewed;
    FT3 "FT3" "游离三碘甲状腺原氨酸" "14928-6" "pmol/L" 2 3.1 6.8 3.1 6.8 None, Even;
    FT4 "FT4" "游离甲状腺素" "14920-3" "pmol/L" 2 12.0 22.0 12.0 22.0 None, Even;
    HBSAG "HBsAg" "乙肝表面抗原" "5196-1" "" 0 0.0 0.0 0.0 0.0 None, Negative(58);
    HBSAB "HBsAb" "乙肝表面抗体" "22322-2" "" 0 0.0 0.0 0.0 0.0 None, Either(560);
    HBEAG "HBeAg" "乙肝e抗原" "13954-3" "" 0 0.0 0.0 0.0 0.0 None, Negative(0);
    HBEAB "HBeAb" "乙肝e抗体" "22320-6" "" 0 0.0 0.0 0.0 0.0 None, Negative(0);
    HBCAB "HBcAb" "乙肝核心抗体" "13952-7" "" 0 0.0 0.0 0.0 0.0 None, Negative(0);
    TNI "cTnI" "肌钙蛋白I" "10839-9" "ng/mL" 3 0.0 0.034 0.0 0.034 None, Below(0.006, 0.5);
    CKMB "CK-MB" "肌酸激酶同工酶" "13969-1" "ng/mL" 2 0.0 5.0 0.0 5.0 None, Below(1.6, 0.4);
    MYO "MYO" "肌红蛋白" "2639-3" "ng/mL" 1 0.0 70.0 0.0 58.0 None, Below(28.0, 0.3);
    BNP "NT-proBNP" "N末端B型钠尿肽前体" "33762-6" "pg/mL" 0 0.0 300.0 0.0 300.0 None, Below(72.0, 0.55);
    AMY "AMY" "淀粉酶" "1798-8" "U/L" 0 35.0 135.0 35.0 135.0 None, Even;
    HCG "β-HCG" "β-人绒毛膜促性腺激素" "21198-7" "mIU/mL" 2 0.0 5.0 0.0 5.0 None, Below(1.0, 0.4);
    AFP "AFP" "甲胎蛋白" "1834-1" "ng/mL" 2 0.0 7.0 0.0 7.0 None, Below(2.7, 0.38);
    CEA "CEA" "癌胚抗原" "2039-6" "ng/mL" 2 0.0 5.0 0.0 5.0 None, Below(1.9, 0.38);
    CA125 "CA125" "糖类抗原125" "10334-1" "U/mL" 1 0.0 35.0 0.0 35.0 None, Below(12.0, 0.38);
    CA199 "CA19-9" "糖类抗原19-9" "24108-3" "U/mL" 1 0.0 27.0 0.0 27.0 None, Below(9.0, 0.42);
    PH "pH" "酸碱度" "2744-1" "" 3 7.35 7.45 7.35 7.45 None, Even;
    PCO2 "pCO2" "二氧化碳分压" "2019-8" "mmHg" 1 35.0 45.0 35.0 45.0 None, Even;
    PO2 "pO2" "氧分压" "2703-7" "mmHg" 1 80.0 108.0 80.0 108.0 None, Even;
    HCO3 "HCO3-" "碳酸氢根" "1959-6" "mmol/L" 1 21.4 27.3 21.4 27.3 None, Even;
    BE "BE" "剩余碱" "1925-7" "mmol/L" 1 -3.0 3.0 -3.0 3.0 None, Even;
    SO2 "sO2" "氧饱和度" "2708-6" "%" 1 93.0 98.0 93.0 98.0 None, Even;
    LAC "Lac" "乳酸" "2518-9" "mmol/L" 1 0.5 1.6 0.5 1.6 None, Skewed;
    GAS_K "K+" "血气钾" "6298-4" "mmol/L" 1 3.4 4.5 3.4 4.5 None, Even;
    GAS_NA "Na+" "血气钠" "2947-0" "mmol/L" 0 136.0 146.0 136.0 146.0 None, Even;
    ICA "Ca++" "离子钙" "1995-0" "mmol/L" 2 1.15 1.29 1.15 1.29 None, Even;
    U_GLU "U-GLU" "尿葡萄糖" "25428-4" "" 0 0.0 0.0 0.0 0.0 None, Negative(18);
    U_PRO "U-PRO" "尿蛋白" "20454-5" "" 0 0.0 0.0 0.0 0.0 None, Negative(50);
    U_KET "U-KET" "尿酮体" "2514-8" "" 0 0.0 0.0 0.0 0.0 None, Negative(26);
    U_BLD "U-BLD" "尿隐血" "5794-3" "" 0 0.0 0.0 0.0 0.0 None, Negative(70);
    U_LEU "U-LEU" "尿白细胞酯酶" "5799-2" "" 0 0.0 0.0 0.0 0.0 None, Negative(80);
    U_NIT "U-NIT" "尿亚硝酸盐" "5802-4" "" 0 0.0 0.0 0.0 0.0 None, Negative(14);
    U_BIL "U-BIL" "尿胆红素" "5770-3" "" 0 0.0 0.0 0.0 0.0 None, Negative(5);
    U_SG "U-SG" "尿比重" "5811-5" "" 3 1.003 1.030 1.003 1.030 None, Even;
    U_PH "U-pH" "尿酸碱度" "5803-2" "" 1 4.5 8.0 4.5 8.0 None, Even;
}
