//! Departments and how many people they have.

/// A department's row.
#[derive(Debug)]
pub(in crate::world) struct Row {
    /// Code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// Physicians.
    pub physicians: u16,
    /// Technicians (医技) and nurses.
    pub others: u16,
    /// What those who are no physicians are called.
    pub kind: Kind,
}

/// What those who are no physicians do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Kind {
    /// Nurses.
    Ward,
    /// Technicians of imaging or the laboratory.
    Technical,
    /// Pharmacists.
    Pharmacy,
    /// Engineers.
    Engineering,
    /// Cashiers and accountants.
    Finance,
}

macro_rules! departments {
    ($($id:ident $code:literal $name:literal $en:literal $physicians:literal $others:literal $kind:ident;)*) => {
        /// A department, as the tables name it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(dead_code, reason = "some have staff and no patients")]
        pub(in crate::world) enum Dept { $($id),* }
        /// All departments by `Dept`.
        pub(in crate::world) static DEPARTMENTS: &[Row] = &[$(Row {
            code: $code, name: $name, name_en: $en,
            physicians: $physicians, others: $others, kind: Kind::$kind,
        }),*];
    };
}

departments! {
    Respiratory "0101" "呼吸与危重症医学科" "Respiratory Medicine" 14 6 Ward;
    Gastro "0102" "消化内科" "Gastroenterology" 14 6 Ward;
    Neurology "0103" "神经内科" "Neurology" 15 6 Ward;
    Cardiology "0104" "心血管内科" "Cardiology" 16 7 Ward;
    Haematology "0105" "血液内科" "Haematology" 8 4 Ward;
    Nephrology "0106" "肾内科" "Nephrology" 10 6 Ward;
    Endocrine "0107" "内分泌科" "Endocrinology" 10 4 Ward;
    Rheumatology "0108" "风湿免疫科" "Rheumatology" 6 3 Ward;
    Infectious "0109" "感染科" "Infectious Diseases" 8 5 Ward;
    Geriatrics "0110" "老年医学科" "Geriatrics" 8 5 Ward;
    Surgery "0201" "普通外科" "General Surgery" 18 7 Ward;
    Neurosurgery "0202" "神经外科" "Neurosurgery" 10 5 Ward;
    Orthopaedics "0203" "骨科" "Orthopaedics" 18 7 Ward;
    Urology "0204" "泌尿外科" "Urology" 10 5 Ward;
    Thoracic "0205" "胸心外科" "Thoracic and Cardiac Surgery" 8 4 Ward;
    Breast "0206" "甲状腺乳腺外科" "Thyroid and Breast Surgery" 8 4 Ward;
    Gynaecology "0301" "妇科" "Gynaecology" 12 5 Ward;
    Obstetrics "0302" "产科" "Obstetrics" 12 8 Ward;
    Paediatrics "0401" "儿科" "Paediatrics" 16 9 Ward;
    Ophthalmology "0501" "眼科" "Ophthalmology" 9 4 Ward;
    Ent "0502" "耳鼻咽喉头颈外科" "Otorhinolaryngology" 9 4 Ward;
    Stomatology "0503" "口腔科" "Stomatology" 10 5 Ward;
    Dermatology "0601" "皮肤科" "Dermatology" 7 3 Ward;
    Psychology "0602" "精神心理科" "Psychology" 5 2 Ward;
    Rehabilitation "0603" "康复医学科" "Rehabilitation" 7 6 Ward;
    Oncology "0701" "肿瘤科" "Oncology" 12 6 Ward;
    Emergency "0801" "急诊医学科" "Emergency Medicine" 18 14 Ward;
    CheckUp "0803" "健康管理中心" "Health Management Centre" 8 6 Ward;
    Radiology "0901" "放射科" "Radiology" 30 26 Technical;
    Ultrasound "0902" "超声医学科" "Ultrasound" 22 6 Technical;
    Laboratory "0903" "检验科" "Clinical Laboratory" 6 34 Technical;
    Pharmacy "0904" "药学部" "Pharmacy" 0 24 Pharmacy;
    Electrocardiography "0905" "心电图室" "Electrocardiography" 6 4 Technical;
    It "0990" "信息科" "Information Technology" 0 9 Engineering;
    Finance "0991" "财务科" "Finance" 0 18 Finance;
}

impl Dept {
    /// Its row.
    pub(in crate::world) fn row(self) -> &'static Row {
        &DEPARTMENTS[self as usize]
    }
}
