//! Diagnoses: who gets them, where and when, and what they lead to.

use super::departments::Dept;
use super::exams::{self as e, Exam};
use super::panels::{self as p, Panel};
use crate::world::Finding::{self, *};
use crate::world::Sex;

/// What a disease does to laboratory values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Effect {
    None,
    Bacterial,
    Viral,
    Diabetes,
    Renal,
    Hepatic,
    Hepatitis,
    Biliary,
    Anaemia,
    Bleeding,
    Infarction,
    HeartFailure,
    Thrombosis,
    Lipids,
    Tumour,
    Hyperthyroid,
    Pancreatitis,
    Gout,
    UrinaryInfection,
    Stone,
    Pregnancy,
    Enteritis,
}

/// When a disease is frequent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::world) enum Season {
    Any,
    Winter,
    Summer,
    Spring,
}

/// A diagnosis. Weights are relative, per class of visit.
#[derive(Debug)]
pub(in crate::world) struct Dx {
    pub icd10: &'static str,
    pub name: &'static str,
    pub dept: Dept,
    pub ages: (i32, i32),
    pub sex: Option<Sex>,
    pub season: Season,
    /// Outpatient, emergency, inpatient.
    pub weight: [u32; 3],
    /// A condition that stays for life, from this age on.
    pub chronic: Option<i32>,
    /// Exams that it leads to, what they then show, and how often (per mille).
    pub exams: &'static [(&'static Exam, Finding, u32)],
    /// Panels that it leads to, first ones first.
    pub panels: &'static [&'static Panel],
    pub effect: Effect,
}

impl Dx {
    const fn new(
        icd10: &'static str,
        name: &'static str,
        dept: Dept,
        ages: (i32, i32),
        weight: [u32; 3],
    ) -> Dx {
        Dx {
            icd10,
            name,
            dept,
            ages,
            weight,
            sex: None,
            season: Season::Any,
            chronic: None,
            exams: &[],
            panels: &[],
            effect: Effect::None,
        }
    }

    const fn women(mut self) -> Dx {
        self.sex = Some(Sex::F);
        self
    }

    const fn men(mut self) -> Dx {
        self.sex = Some(Sex::M);
        self
    }

    const fn season(mut self, season: Season) -> Dx {
        self.season = season;
        self
    }

    const fn chronic(mut self, from: i32) -> Dx {
        self.chronic = Some(from);
        self
    }

    const fn exams(mut self, exams: &'static [(&'static Exam, Finding, u32)]) -> Dx {
        self.exams = exams;
        self
    }

    const fn labs(mut self, panels: &'static [&'static Panel], effect: Effect) -> Dx {
        self.panels = panels;
        self.effect = effect;
        self
    }
}

use Dept::*;
use Season::{Spring, Summer, Winter};

/// All diagnoses.
pub(in crate::world) static DIAGNOSES: &[Dx] = &[
    // Chest.
    Dx::new("J06.900", "急性上呼吸道感染", Respiratory, (14, 100), [150, 190, 0])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::Viral),
    Dx::new("J20.900", "急性支气管炎", Respiratory, (14, 100), [110, 70, 20])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, Pneumonia, 60)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT], Effect::Viral),
    Dx::new("J18.900", "肺炎", Respiratory, (14, 105), [70, 110, 110])
        .season(Winter)
        .exams(&[
            (&e::CT_CHEST, Pneumonia, 930),
            (&e::DX_CHEST_LAT, Pneumonia, 850),
            (&e::US_PLEURA, PleuralEffusion, 350),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::PCT, &p::LIVER, &p::RENAL, &p::COAGULATION], Effect::Bacterial),
    Dx::new("J44.100", "慢性阻塞性肺病伴有急性加重", Respiratory, (50, 100), [50, 70, 90])
        .season(Winter)
        .chronic(52)
        .exams(&[(&e::CT_CHEST, Pneumonia, 430), (&e::DX_CHEST, Pneumonia, 250), (&e::US_HEART, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT, &p::BNP, &p::ELECTROLYTES], Effect::Bacterial),
    Dx::new("J45.900", "支气管哮喘", Respiratory, (6, 80), [40, 45, 15])
        .season(Spring)
        .chronic(10)
        .exams(&[(&e::CT_CHEST, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("R91.x00", "肺部结节", Thoracic, (30, 88), [75, 0, 25])
        .exams(&[
            (&e::CT_CHEST, PulmonaryNodule, 960),
            (&e::CT_LUNG_LOW, PulmonaryNodule, 950),
            (&e::CT_CHEST_CE, PulmonaryNodule, 960),
            (&e::DX_CHEST_LAT, PulmonaryNodule, 420),
            (&e::US_LIVER, HepaticCyst, 160),
        ])
        .labs(&[&p::TUMOUR, &p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("J90.x00", "胸腔积液", Respiratory, (18, 100), [14, 16, 26])
        .exams(&[
            (&e::CT_CHEST, PleuralEffusion, 970),
            (&e::DX_CHEST_LAT, PleuralEffusion, 920),
            (&e::US_PLEURA, PleuralEffusion, 970),
        ])
        .labs(&[&p::CBC, &p::LIVER, &p::CRP, &p::TUMOUR], Effect::Bacterial),
    Dx::new("C34.900", "支气管或肺恶性肿瘤", Oncology, (38, 90), [35, 6, 70])
        .chronic(45)
        .exams(&[
            (&e::CT_CHEST_CE, PulmonaryNodule, 930),
            (&e::CT_CHEST, PulmonaryNodule, 900),
            (&e::MR_HEAD, Normal, 0),
            (&e::US_LIVER, HepaticCyst, 150),
            (&e::DX_CHEST, PulmonaryNodule, 600),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER, &p::RENAL, &p::COAGULATION], Effect::Tumour),
    // Head.
    Dx::new("I63.900", "脑梗死", Neurology, (42, 100), [60, 90, 150])
        .chronic(58)
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 860),
            (&e::MR_HEAD_DWI, CerebralInfarction, 960),
            (&e::US_HEART, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
        ])
        .labs(
            &[&p::GLUCOSE, &p::LIPIDS, &p::COAGULATION, &p::CBC, &p::RENAL, &p::ELECTROLYTES],
            Effect::Lipids,
        ),
    Dx::new("I61.900", "脑内出血", Neurosurgery, (32, 92), [3, 42, 52])
        .season(Winter)
        .exams(&[
            (&e::CT_HEAD, CerebralHaemorrhage, 980),
            (&e::MR_HEAD, CerebralHaemorrhage, 900),
            (&e::DX_CHEST, Pneumonia, 200),
        ])
        .labs(&[&p::CBC, &p::COAGULATION, &p::ELECTROLYTES, &p::RENAL, &p::GLUCOSE], Effect::Bacterial),
    Dx::new("G45.900", "短暂性脑缺血发作", Neurology, (42, 95), [30, 26, 22])
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 220),
            (&e::MR_HEAD_DWI, CerebralInfarction, 260),
            (&e::US_HEART, Normal, 0),
        ])
        .labs(&[&p::LIPIDS, &p::GLUCOSE, &p::COAGULATION], Effect::Lipids),
    Dx::new("R42.x00", "头晕和眩晕", Neurology, (16, 95), [110, 90, 24])
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 90),
            (&e::MR_HEAD_DWI, CerebralInfarction, 140),
            (&e::US_HEART, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::ELECTROLYTES, &p::GLUCOSE, &p::LIPIDS], Effect::None),
    Dx::new("R51.x00", "头痛", Neurology, (8, 90), [80, 46, 10])
        .exams(&[(&e::CT_HEAD, Normal, 0), (&e::MR_HEAD, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("S06.000", "脑震荡", Neurosurgery, (1, 90), [10, 95, 18])
        .exams(&[(&e::CT_HEAD, CerebralHaemorrhage, 70), (&e::MR_HEAD, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("G40.900", "癫痫", Neurology, (2, 80), [26, 20, 10])
        .chronic(12)
        .exams(&[(&e::MR_HEAD, Normal, 0), (&e::CT_HEAD, Normal, 0)])
        .labs(&[&p::CBC, &p::LIVER, &p::ELECTROLYTES], Effect::None),
    Dx::new("G47.000", "睡眠障碍", Psychology, (18, 88), [60, 0, 0])
        .labs(&[&p::THYROID, &p::CBC], Effect::None),
    Dx::new("F41.900", "焦虑状态", Psychology, (15, 78), [50, 4, 0])
        .labs(&[&p::THYROID, &p::LIVER], Effect::None),
    // Heart and vessels.
    Dx::new("I10.x00", "高血压病", Cardiology, (30, 98), [210, 40, 46])
        .chronic(42)
        .exams(&[
            (&e::US_HEART, Normal, 0),
            (&e::CT_HEAD, CerebralInfarction, 110),
            (&e::DX_CHEST, Normal, 0),
            (&e::US_URINARY, Normal, 0),
            (&e::MR_HEAD, CerebralInfarction, 200),
        ])
        .labs(&[&p::LIPIDS, &p::RENAL, &p::GLUCOSE, &p::ELECTROLYTES, &p::URINE], Effect::Lipids),
    Dx::new("I25.103", "冠状动脉粥样硬化性心脏病", Cardiology, (42, 98), [100, 46, 110])
        .chronic(55)
        .exams(&[(&e::US_HEART, Normal, 0), (&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, PulmonaryNodule, 200)])
        .labs(&[&p::CARDIAC, &p::LIPIDS, &p::BNP, &p::COAGULATION, &p::RENAL], Effect::Lipids),
    Dx::new("I21.900", "急性心肌梗死", Cardiology, (36, 95), [0, 32, 30])
        .season(Winter)
        .exams(&[(&e::US_HEART, Normal, 0), (&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, Normal, 0)])
        .labs(&[&p::CARDIAC, &p::BNP, &p::CBC, &p::COAGULATION, &p::ELECTROLYTES], Effect::Infarction),
    Dx::new("I50.900", "心力衰竭", Cardiology, (48, 100), [26, 46, 52])
        .season(Winter)
        .exams(&[
            (&e::US_HEART, PleuralEffusion, 180),
            (&e::DX_CHEST, PleuralEffusion, 520),
            (&e::CT_CHEST, PleuralEffusion, 620),
            (&e::US_PLEURA, PleuralEffusion, 700),
        ])
        .labs(&[&p::BNP, &p::CARDIAC, &p::ELECTROLYTES, &p::RENAL, &p::LIVER], Effect::HeartFailure),
    Dx::new("I48.x01", "心房颤动", Cardiology, (45, 98), [34, 20, 18])
        .chronic(60)
        .exams(&[
            (&e::US_HEART, Normal, 0),
            (&e::CT_HEAD, CerebralInfarction, 180),
            (&e::DX_CHEST, Normal, 0),
        ])
        .labs(&[&p::COAGULATION, &p::THYROID, &p::ELECTROLYTES, &p::BNP], Effect::None),
    Dx::new("I80.200", "下肢深静脉血栓形成", Surgery, (28, 92), [16, 16, 20])
        .exams(&[(&e::US_LEG_VEINS, Normal, 0), (&e::CT_CHEST, Normal, 0)])
        .labs(&[&p::COAGULATION, &p::CBC, &p::LIVER], Effect::Thrombosis),
    Dx::new("I83.900", "下肢静脉曲张", Surgery, (32, 82), [28, 0, 14])
        .exams(&[(&e::US_LEG_VEINS, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::COAGULATION, &p::CBC, &p::HBV], Effect::None),
    // Digestion.
    Dx::new("K29.500", "慢性胃炎", Gastro, (16, 90), [170, 60, 16])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 110),
            (&e::CT_UPPER, HepaticCyst, 130),
            (&e::DX_ABDOMEN, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::LIVER, &p::AMYLASE], Effect::None),
    Dx::new("K76.807", "肝囊肿", Surgery, (32, 88), [34, 0, 6])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 980),
            (&e::CT_UPPER, HepaticCyst, 980),
            (&e::CT_UPPER_CE, HepaticCyst, 980),
            (&e::MR_UPPER, HepaticCyst, 980),
        ])
        .labs(&[&p::LIVER, &p::TUMOUR, &p::HBV], Effect::None),
    Dx::new("K76.000", "脂肪肝", Gastro, (24, 78), [60, 0, 4])
        .exams(&[(&e::US_LIVER, HepaticCyst, 100), (&e::CT_UPPER, HepaticCyst, 120)])
        .labs(&[&p::LIVER, &p::LIPIDS, &p::GLUCOSE], Effect::Lipids),
    Dx::new("B18.100", "慢性乙型病毒性肝炎", Infectious, (20, 78), [52, 3, 16])
        .chronic(25)
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 140),
            (&e::CT_UPPER_CE, HepaticCyst, 160),
            (&e::MR_UPPER, HepaticCyst, 200),
        ])
        .labs(&[&p::LIVER, &p::HBV, &p::TUMOUR, &p::CBC], Effect::Hepatitis),
    Dx::new("K74.600", "肝硬化", Gastro, (38, 88), [20, 12, 30])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 150),
            (&e::CT_UPPER_CE, HepaticCyst, 160),
            (&e::CT_CHEST, PleuralEffusion, 320),
        ])
        .labs(&[&p::LIVER, &p::COAGULATION, &p::CBC, &p::HBV, &p::ELECTROLYTES], Effect::Hepatic),
    Dx::new("K80.100", "胆囊结石伴慢性胆囊炎", Surgery, (26, 90), [46, 50, 60])
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 120),
            (&e::CT_UPPER, HepaticCyst, 120),
            (&e::DX_CHEST, Normal, 0),
            (&e::MR_UPPER, HepaticCyst, 120),
        ])
        .labs(&[&p::LIVER, &p::CBC, &p::AMYLASE, &p::COAGULATION, &p::HBV], Effect::Biliary),
    Dx::new("K35.800", "急性阑尾炎", Surgery, (7, 78), [12, 90, 66])
        .season(Summer)
        .exams(&[
            (&e::CT_ABDOMEN, Normal, 0),
            (&e::US_URINARY, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
            (&e::DX_ABDOMEN, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::COAGULATION, &p::HBV, &p::AMYLASE], Effect::Bacterial),
    Dx::new("K85.900", "急性胰腺炎", Gastro, (24, 82), [2, 34, 34])
        .exams(&[(&e::CT_UPPER, Normal, 0), (&e::US_LIVER, Normal, 0), (&e::CT_CHEST, PleuralEffusion, 420)])
        .labs(&[&p::AMYLASE, &p::CBC, &p::LIPIDS, &p::ELECTROLYTES, &p::LIVER], Effect::Pancreatitis),
    Dx::new("K92.200", "消化道出血", Gastro, (24, 92), [6, 44, 42])
        .exams(&[(&e::CT_ABDOMEN, HepaticCyst, 120), (&e::US_LIVER, HepaticCyst, 120)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::LIVER, &p::RENAL], Effect::Bleeding),
    Dx::new("K52.900", "急性胃肠炎", Gastro, (14, 92), [70, 170, 14])
        .season(Summer)
        .exams(&[(&e::DX_ABDOMEN, Normal, 0), (&e::US_LIVER, Normal, 0), (&e::CT_ABDOMEN, Normal, 0)])
        .labs(&[&p::CBC, &p::ELECTROLYTES, &p::CRP], Effect::Enteritis),
    Dx::new("C18.900", "结肠恶性肿瘤", Oncology, (38, 88), [16, 3, 38])
        .chronic(50)
        .exams(&[
            (&e::CT_UPPER_CE, HepaticCyst, 150),
            (&e::CT_CHEST, PulmonaryNodule, 260),
            (&e::US_LIVER, HepaticCyst, 150),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER, &p::RENAL], Effect::Tumour),
    Dx::new("C16.900", "胃恶性肿瘤", Oncology, (38, 88), [14, 3, 32])
        .exams(&[
            (&e::CT_UPPER_CE, HepaticCyst, 150),
            (&e::CT_CHEST, PulmonaryNodule, 220),
            (&e::US_LIVER, HepaticCyst, 150),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER], Effect::Tumour),
    // Kidney and urine.
    Dx::new("N20.000", "肾结石", Urology, (20, 82), [60, 40, 40])
        .season(Summer)
        .exams(&[
            (&e::US_URINARY, RenalStone, 950),
            (&e::CT_URINARY, RenalStone, 980),
            (&e::DX_ABDOMEN, RenalStone, 700),
        ])
        .labs(&[&p::URINE, &p::RENAL, &p::CBC, &p::COAGULATION], Effect::Stone),
    Dx::new("N23.x00", "肾绞痛", Emergency, (20, 70), [4, 90, 3])
        .season(Summer)
        .exams(&[
            (&e::US_URINARY, RenalStone, 860),
            (&e::CT_URINARY, RenalStone, 930),
            (&e::DX_ABDOMEN, RenalStone, 560),
        ])
        .labs(&[&p::URINE, &p::CBC, &p::RENAL], Effect::Stone),
    Dx::new("N18.900", "慢性肾脏病", Nephrology, (28, 90), [54, 12, 44])
        .chronic(40)
        .exams(&[
            (&e::US_URINARY, RenalStone, 140),
            (&e::US_HEART, Normal, 0),
            (&e::DX_CHEST, PleuralEffusion, 260),
            (&e::CT_CHEST, PleuralEffusion, 340),
        ])
        .labs(&[&p::RENAL, &p::ELECTROLYTES, &p::CBC, &p::URINE, &p::LIVER], Effect::Renal),
    Dx::new("N39.000", "泌尿道感染", Urology, (16, 92), [52, 34, 14])
        .exams(&[(&e::US_URINARY, RenalStone, 130), (&e::CT_URINARY, RenalStone, 160)])
        .labs(&[&p::URINE, &p::CBC, &p::CRP], Effect::UrinaryInfection),
    Dx::new("N40.x00", "前列腺增生", Urology, (50, 98), [52, 12, 32])
        .men()
        .chronic(62)
        .exams(&[
            (&e::US_PROSTATE, RenalStone, 120),
            (&e::CT_URINARY, RenalStone, 140),
            (&e::DX_CHEST, Normal, 0),
        ])
        .labs(&[&p::URINE, &p::RENAL, &p::CBC, &p::COAGULATION], Effect::None),
    // Metabolism.
    Dx::new("E11.900", "2型糖尿病", Endocrine, (30, 96), [150, 18, 84])
        .chronic(46)
        .exams(&[
            (&e::US_LIVER, HepaticCyst, 130),
            (&e::US_LEG_VEINS, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
            (&e::CT_CHEST, PulmonaryNodule, 180),
            (&e::US_HEART, Normal, 0),
        ])
        .labs(&[&p::GLUCOSE, &p::GLYCATED, &p::LIPIDS, &p::RENAL, &p::URINE, &p::LIVER], Effect::Diabetes),
    Dx::new("E05.900", "甲状腺功能亢进症", Endocrine, (16, 72), [34, 3, 6])
        .chronic(24)
        .exams(&[(&e::US_HEART, Normal, 0)])
        .labs(&[&p::THYROID, &p::CBC, &p::LIVER], Effect::Hyperthyroid),
    Dx::new("E78.500", "高脂血症", Endocrine, (30, 88), [50, 0, 0])
        .exams(&[(&e::US_LIVER, HepaticCyst, 130)])
        .labs(&[&p::LIPIDS, &p::LIVER, &p::GLUCOSE], Effect::Lipids),
    Dx::new("M10.900", "痛风", Rheumatology, (26, 86), [36, 14, 10])
        .men()
        .chronic(34)
        .exams(&[
            (&e::DX_ANKLE, Degeneration, 280),
            (&e::US_URINARY, RenalStone, 260),
            (&e::DX_KNEE, Degeneration, 420),
        ])
        .labs(&[&p::RENAL, &p::CBC, &p::CRP, &p::LIVER], Effect::Gout),
    Dx::new("M06.900", "类风湿关节炎", Rheumatology, (28, 84), [34, 0, 22])
        .chronic(38)
        .exams(&[(&e::DX_HAND, Degeneration, 640), (&e::CT_CHEST, Pneumonia, 180)])
        .labs(&[&p::CRP, &p::CBC, &p::LIVER], Effect::Viral),
    Dx::new("D50.900", "缺铁性贫血", Haematology, (14, 88), [28, 8, 14])
        .exams(&[(&e::US_LIVER, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::LIVER, &p::URINE], Effect::Anaemia),
    // Bones.
    Dx::new("M51.202", "腰椎间盘突出", Orthopaedics, (20, 86), [110, 20, 56])
        .chronic(34)
        .exams(&[
            (&e::MR_LUMBAR, Degeneration, 960),
            (&e::CT_LUMBAR, Degeneration, 930),
            (&e::DX_LUMBAR, Degeneration, 800),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::COAGULATION], Effect::None),
    Dx::new("M54.500", "下背痛", Rehabilitation, (18, 88), [70, 16, 14])
        .exams(&[
            (&e::DX_LUMBAR, Degeneration, 560),
            (&e::MR_LUMBAR, Degeneration, 700),
            (&e::CT_LUMBAR, Degeneration, 620),
        ])
        .labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("M17.900", "膝关节骨性关节炎", Orthopaedics, (46, 92), [80, 4, 30])
        .chronic(55)
        .exams(&[
            (&e::DX_KNEE, Degeneration, 940),
            (&e::MR_KNEE, Degeneration, 950),
            (&e::CT_KNEE, Degeneration, 900),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::COAGULATION, &p::LIVER], Effect::None),
    Dx::new("S52.500", "桡骨下端骨折", Orthopaedics, (4, 92), [20, 66, 24])
        .exams(&[(&e::DX_WRIST, Fracture, 970), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV], Effect::None),
    Dx::new("S82.600", "外踝骨折", Orthopaedics, (12, 86), [22, 56, 30])
        .exams(&[(&e::DX_ANKLE, Fracture, 960), (&e::CT_ANKLE, Fracture, 980)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV, &p::LIVER], Effect::None),
    Dx::new("S32.000", "腰椎骨折", Orthopaedics, (40, 94), [10, 26, 36])
        .exams(&[
            (&e::CT_LUMBAR, Fracture, 970),
            (&e::DX_LUMBAR, Fracture, 880),
            (&e::MR_LUMBAR, Fracture, 970),
        ])
        .labs(&[&p::CBC, &p::COAGULATION, &p::ELECTROLYTES, &p::LIVER], Effect::None),
    Dx::new("S62.600", "手指骨折", Orthopaedics, (4, 80), [14, 44, 14])
        .exams(&[(&e::DX_HAND, Fracture, 950)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("S93.400", "踝关节扭伤", Emergency, (8, 76), [26, 90, 0])
        .exams(&[(&e::DX_ANKLE, Normal, 0), (&e::CT_ANKLE, Fracture, 120)]),
    Dx::new("S80.000", "膝部挫伤", Orthopaedics, (5, 86), [24, 60, 4]).exams(&[
        (&e::DX_KNEE, Normal, 0),
        (&e::MR_KNEE, Degeneration, 300),
        (&e::CT_KNEE, Fracture, 220),
    ]),
    Dx::new("T14.100", "开放性伤口", Emergency, (2, 88), [10, 140, 6])
        .exams(&[(&e::DX_HAND, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    // Women.
    Dx::new("Z34.900", "正常妊娠监督", Obstetrics, (20, 43), [150, 12, 0])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(&[&p::CBC, &p::URINE, &p::LIVER, &p::HBV, &p::THYROID, &p::GLUCOSE], Effect::Pregnancy),
    Dx::new("O80.000", "头位顺产", Obstetrics, (20, 42), [0, 0, 100])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(
            &[&p::CBC, &p::COAGULATION, &p::URINE, &p::LIVER, &p::HBV, &p::ELECTROLYTES],
            Effect::Pregnancy,
        ),
    Dx::new("O20.000", "先兆流产", Obstetrics, (20, 43), [26, 36, 16])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(&[&p::HCG, &p::CBC, &p::COAGULATION, &p::THYROID], Effect::Pregnancy),
    Dx::new("N76.000", "急性阴道炎", Gynaecology, (18, 68), [110, 3, 0])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0)])
        .labs(&[&p::URINE, &p::CBC], Effect::None),
    Dx::new("D25.900", "子宫平滑肌瘤", Gynaecology, (28, 58), [46, 6, 42])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::TUMOUR, &p::COAGULATION, &p::HBV], Effect::Anaemia),
    Dx::new("N92.000", "月经过多伴周期规则", Gynaecology, (16, 54), [52, 14, 14])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0)])
        .labs(&[&p::CBC, &p::HCG, &p::THYROID, &p::COAGULATION], Effect::Anaemia),
    Dx::new("C50.900", "乳腺恶性肿瘤", Breast, (30, 84), [28, 0, 42])
        .women()
        .chronic(42)
        .exams(&[
            (&e::CT_CHEST, PulmonaryNodule, 260),
            (&e::US_LIVER, HepaticCyst, 140),
            (&e::US_HEART, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER, &p::RENAL], Effect::Tumour),
    Dx::new("E04.101", "甲状腺结节", Breast, (22, 80), [60, 0, 20])
        .exams(&[(&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, PulmonaryNodule, 160)])
        .labs(&[&p::THYROID, &p::CBC, &p::COAGULATION], Effect::None),
    // Children.
    Dx::new("J06.900", "急性上呼吸道感染", Paediatrics, (0, 13), [420, 460, 10])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::Viral),
    Dx::new("J18.000", "支气管肺炎", Paediatrics, (0, 13), [170, 180, 420])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Pneumonia, 830), (&e::CT_CHEST, Pneumonia, 930), (&e::US_HEART, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT, &p::LIVER, &p::CARDIAC], Effect::Bacterial),
    Dx::new("A09.901", "小儿腹泻", Paediatrics, (0, 13), [130, 150, 130])
        .season(Summer)
        .exams(&[(&e::US_LIVER, Normal, 0), (&e::DX_ABDOMEN, Normal, 0)])
        .labs(&[&p::CBC, &p::ELECTROLYTES, &p::CRP], Effect::Enteritis),
    Dx::new("B08.401", "手足口病", Paediatrics, (0, 8), [70, 60, 40])
        .season(Summer)
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP, &p::CARDIAC], Effect::Viral),
    Dx::new("R10.400", "腹痛", Paediatrics, (2, 13), [80, 90, 30])
        .exams(&[
            (&e::US_LIVER, Normal, 0),
            (&e::US_URINARY, Normal, 0),
            (&e::DX_ABDOMEN, Normal, 0),
            (&e::CT_ABDOMEN, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::AMYLASE], Effect::None),
    Dx::new("S00.900", "头部浅表损伤", Paediatrics, (0, 13), [16, 90, 20])
        .exams(&[(&e::CT_HEAD, Normal, 0), (&e::MR_HEAD, Normal, 0)]),
    Dx::new("S42.400", "肱骨下端骨折", Orthopaedics, (3, 13), [20, 60, 60])
        .exams(&[(&e::DX_HAND, Fracture, 400), (&e::DX_WRIST, Fracture, 420)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV], Effect::None),
    Dx::new("Z00.100", "儿童常规健康检查", Paediatrics, (0, 13), [150, 0, 0])
        .exams(&[
            (&e::DX_HAND, Normal, 0),
            (&e::US_URINARY, Normal, 0),
            (&e::US_HEART, Normal, 0),
            (&e::MR_HEAD, Normal, 0),
        ])
        .labs(&[&p::CBC, &p::THYROID, &p::LIVER], Effect::None),
    // Eyes, ears, teeth, skin.
    Dx::new("H25.900", "老年性白内障", Ophthalmology, (55, 96), [56, 0, 44])
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::GLUCOSE, &p::COAGULATION, &p::CBC], Effect::None),
    Dx::new("H10.900", "结膜炎", Ophthalmology, (1, 88), [70, 16, 0]).season(Spring),
    Dx::new("J32.900", "慢性鼻窦炎", Ent, (6, 80), [60, 3, 14])
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV], Effect::None),
    Dx::new("J03.900", "急性扁桃体炎", Ent, (3, 60), [70, 60, 16])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::Bacterial),
    Dx::new("H66.900", "中耳炎", Ent, (1, 70), [40, 14, 4]).labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("K04.000", "牙髓炎", Stomatology, (5, 86), [130, 16, 0])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("L30.900", "湿疹", Dermatology, (1, 90), [100, 6, 3])
        .season(Summer)
        .labs(&[&p::CBC], Effect::None),
    Dx::new("L50.900", "荨麻疹", Dermatology, (2, 82), [56, 56, 3])
        .season(Spring)
        .labs(&[&p::CBC, &p::CRP], Effect::None),
    Dx::new("B02.900", "带状疱疹", Dermatology, (26, 94), [28, 8, 16])
        .exams(&[(&e::CT_CHEST, PulmonaryNodule, 160)])
        .labs(&[&p::CBC, &p::LIVER, &p::RENAL], Effect::Viral),
    // The well.
    Dx::new("Z00.000", "健康查体", CheckUp, (18, 84), [190, 0, 0])
        .exams(&[
            (&e::DX_CHEST, PulmonaryNodule, 22),
            (&e::US_LIVER, HepaticCyst, 110),
            (&e::CT_LUNG_LOW, PulmonaryNodule, 260),
            (&e::US_URINARY, RenalStone, 80),
            (&e::CT_CHEST, PulmonaryNodule, 240),
            (&e::MR_HEAD, Normal, 0),
        ])
        .labs(
            &[&p::CBC, &p::LIVER, &p::RENAL, &p::LIPIDS, &p::GLUCOSE, &p::TUMOUR, &p::URINE, &p::THYROID],
            Effect::None,
        ),
    Dx::new("M81.900", "骨质疏松", Geriatrics, (58, 98), [50, 0, 26])
        .exams(&[
            (&e::DX_LUMBAR, Degeneration, 820),
            (&e::CT_LUMBAR, Fracture, 300),
            (&e::MR_LUMBAR, Fracture, 350),
        ])
        .labs(&[&p::ELECTROLYTES, &p::LIVER, &p::RENAL, &p::CBC], Effect::None),
    Dx::new("I69.300", "脑梗死后遗症", Rehabilitation, (50, 98), [24, 0, 50])
        .exams(&[
            (&e::CT_HEAD, CerebralInfarction, 940),
            (&e::MR_HEAD, CerebralInfarction, 960),
            (&e::DX_CHEST, Pneumonia, 160),
            (&e::US_LEG_VEINS, Normal, 0),
        ])
        .labs(&[&p::LIPIDS, &p::GLUCOSE, &p::CBC, &p::COAGULATION], Effect::Lipids),
    Dx::new("R50.900", "发热", Emergency, (14, 92), [16, 120, 10])
        .season(Winter)
        .exams(&[(&e::CT_CHEST, Pneumonia, 330), (&e::DX_CHEST, Pneumonia, 220), (&e::US_LIVER, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT, &p::URINE, &p::LIVER], Effect::Viral),
    Dx::new("R10.400", "腹痛", Emergency, (14, 92), [20, 150, 8])
        .exams(&[
            (&e::CT_ABDOMEN, RenalStone, 120),
            (&e::US_LIVER, HepaticCyst, 110),
            (&e::DX_ABDOMEN, RenalStone, 90),
            (&e::US_URINARY, RenalStone, 240),
        ])
        .labs(&[&p::CBC, &p::AMYLASE, &p::CRP, &p::LIVER, &p::ELECTROLYTES], Effect::None),
    Dx::new("R07.400", "胸痛", Emergency, (22, 92), [24, 110, 8])
        .exams(&[(&e::CT_CHEST, PulmonaryNodule, 200), (&e::DX_CHEST, Normal, 0), (&e::US_HEART, Normal, 0)])
        .labs(&[&p::CARDIAC, &p::CBC, &p::COAGULATION, &p::BNP, &p::ELECTROLYTES], Effect::None),
];
