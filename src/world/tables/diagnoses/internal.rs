//! Of chest, heart, kidneys and metabolism.

use super::{Dx, Effect};
use super::{
    Season::{Spring, Summer, Winter},
    e, p,
};
use crate::world::Finding::*;
use crate::world::tables::departments::Dept::*;

pub(super) static ALL: &[Dx] = &[
    // Chest.
    Dx::new("J06.900", "急性上呼吸道感染", Respiratory, (14, 100), [150, 190, 0])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::Viral),
    Dx::new("J20.900", "急性支气管炎", Respiratory, (14, 100), [110, 70, 20])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, Pneumonia, 60)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT], Effect::Viral),
    Dx::new("J18.900", "肺炎", Respiratory, (14, 105), [70, 110, 84])
        .season(Winter)
        .exams(&[
            (&e::CT_CHEST, Pneumonia, 930),
            (&e::DX_CHEST_LAT, Pneumonia, 850),
            (&e::US_PLEURA, PleuralEffusion, 350),
        ])
        .labs(
            &[&p::CBC, &p::CRP, &p::BLOOD_GAS, &p::PCT, &p::LIVER, &p::RENAL, &p::COAGULATION],
            Effect::Bacterial,
        ),
    Dx::new("J44.100", "慢性阻塞性肺病伴有急性加重", Respiratory, (50, 100), [50, 70, 70])
        .season(Winter)
        .chronic(52)
        .exams(&[(&e::CT_CHEST, Pneumonia, 430), (&e::DX_CHEST, Pneumonia, 250), (&e::US_HEART, Normal, 0)])
        .labs(&[&p::BLOOD_GAS, &p::CBC, &p::CRP, &p::PCT, &p::BNP, &p::ELECTROLYTES], Effect::Bacterial),
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
    // Heart and vessels.
    Dx::new("I10.x00", "高血压病", Cardiology, (30, 98), [210, 40, 46])
        .chronic(42)
        .exams(&[
            (&e::US_HEART, Normal, 0),
            (&e::CT_HEAD, CerebralInfarction, 110),
            (&e::DX_CHEST, Normal, 0),
            (&e::US_URINARY, Normal, 0),
        ])
        .labs(&[&p::LIPIDS, &p::RENAL, &p::GLUCOSE, &p::ELECTROLYTES, &p::URINE], Effect::Lipids),
    Dx::new("I25.103", "冠状动脉粥样硬化性心脏病", Cardiology, (42, 98), [100, 46, 110])
        .chronic(55)
        .exams(&[(&e::US_HEART, Normal, 0), (&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, PulmonaryNodule, 200)])
        .labs(&[&p::CARDIAC, &p::LIPIDS, &p::BNP, &p::COAGULATION, &p::RENAL], Effect::Lipids),
    Dx::new("I21.900", "急性心肌梗死", Cardiology, (36, 95), [0, 32, 30])
        .season(Winter)
        .exams(&[(&e::US_HEART, Normal, 0), (&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, Normal, 0)])
        .labs(
            &[&p::CARDIAC, &p::BNP, &p::CBC, &p::BLOOD_GAS, &p::COAGULATION, &p::ELECTROLYTES],
            Effect::Infarction,
        ),
    Dx::new("I50.900", "心力衰竭", Cardiology, (48, 100), [26, 46, 52])
        .season(Winter)
        .exams(&[
            (&e::US_HEART, PleuralEffusion, 180),
            (&e::DX_CHEST, PleuralEffusion, 520),
            (&e::CT_CHEST, PleuralEffusion, 620),
            (&e::US_PLEURA, PleuralEffusion, 700),
        ])
        .labs(
            &[&p::BNP, &p::BLOOD_GAS, &p::CARDIAC, &p::ELECTROLYTES, &p::RENAL, &p::LIVER],
            Effect::HeartFailure,
        ),
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
];
