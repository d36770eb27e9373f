//! Of bones, women, children, small specialities, and the well.

use super::{Dx, Effect};
use super::{
    Season::{Spring, Summer, Winter},
    e, p,
};
use crate::world::Finding::*;
use crate::world::tables::departments::Dept::*;

pub(super) static ALL: &[Dx] = &[
    // Bones.
    Dx::new("M51.202", "腰椎间盘突出", Orthopaedics, (20, 86), [130, 24, 90])
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
    Dx::new("M17.900", "膝关节骨性关节炎", Orthopaedics, (46, 92), [100, 4, 60])
        .chronic(55)
        .exams(&[
            (&e::DX_KNEE, Degeneration, 940),
            (&e::MR_KNEE, Degeneration, 950),
            (&e::CT_KNEE, Degeneration, 900),
        ])
        .labs(&[&p::CBC, &p::CRP, &p::COAGULATION, &p::LIVER], Effect::None),
    Dx::new("S52.500", "桡骨下端骨折", Orthopaedics, (4, 92), [30, 110, 44])
        .exams(&[(&e::DX_WRIST, Fracture, 970), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV], Effect::None),
    Dx::new("S82.600", "外踝骨折", Orthopaedics, (12, 86), [34, 100, 56])
        .exams(&[(&e::DX_ANKLE, Fracture, 960), (&e::CT_ANKLE, Fracture, 980)])
        .labs(&[&p::CBC, &p::COAGULATION, &p::HBV, &p::LIVER], Effect::None),
    Dx::new("S32.000", "腰椎骨折", Orthopaedics, (40, 94), [14, 44, 60])
        .exams(&[
            (&e::CT_LUMBAR, Fracture, 970),
            (&e::DX_LUMBAR, Fracture, 880),
            (&e::MR_LUMBAR, Fracture, 970),
        ])
        .labs(&[&p::CBC, &p::COAGULATION, &p::ELECTROLYTES, &p::LIVER], Effect::None),
    Dx::new("S62.600", "手指骨折", Orthopaedics, (4, 80), [24, 90, 26])
        .exams(&[(&e::DX_HAND, Fracture, 950)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    Dx::new("S93.400", "踝关节扭伤", Emergency, (8, 76), [40, 150, 0])
        .exams(&[(&e::DX_ANKLE, Normal, 0), (&e::CT_ANKLE, Fracture, 120)]),
    Dx::new("S80.000", "膝部挫伤", Orthopaedics, (5, 86), [40, 110, 4]).exams(&[
        (&e::DX_KNEE, Normal, 0),
        (&e::MR_KNEE, Degeneration, 300),
        (&e::CT_KNEE, Fracture, 220),
    ]),
    Dx::new("T14.100", "开放性伤口", Emergency, (2, 88), [10, 150, 6])
        .exams(&[(&e::DX_HAND, Normal, 0)])
        .labs(&[&p::CBC, &p::COAGULATION], Effect::None),
    // Women.
    Dx::new("Z34.900", "正常妊娠监督", Obstetrics, (20, 43), [640, 30, 0])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(&[&p::CBC, &p::URINE, &p::LIVER, &p::HBV, &p::THYROID, &p::GLUCOSE], Effect::Pregnancy),
    Dx::new("O80.000", "头位顺产", Obstetrics, (20, 42), [0, 0, 520])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(
            &[&p::CBC, &p::COAGULATION, &p::URINE, &p::LIVER, &p::HBV, &p::ELECTROLYTES],
            Effect::Pregnancy,
        ),
    Dx::new("O20.000", "先兆流产", Obstetrics, (20, 43), [70, 70, 40])
        .women()
        .exams(&[(&e::US_OBSTETRIC, Normal, 0)])
        .labs(&[&p::HCG, &p::CBC, &p::COAGULATION, &p::THYROID], Effect::Pregnancy),
    Dx::new("N76.000", "急性阴道炎", Gynaecology, (18, 68), [330, 4, 0])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0)])
        .labs(&[&p::URINE, &p::CBC], Effect::None),
    Dx::new("D25.900", "子宫平滑肌瘤", Gynaecology, (28, 58), [100, 8, 130])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0), (&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::TUMOUR, &p::COAGULATION, &p::HBV], Effect::Anaemia),
    Dx::new("N92.000", "月经过多伴周期规则", Gynaecology, (16, 54), [130, 24, 30])
        .women()
        .exams(&[(&e::US_GYNAE, Normal, 0)])
        .labs(&[&p::CBC, &p::HCG, &p::THYROID, &p::COAGULATION], Effect::Anaemia),
    Dx::new("C50.900", "乳腺恶性肿瘤", Breast, (30, 84), [44, 0, 70])
        .women()
        .chronic(42)
        .exams(&[
            (&e::CT_CHEST, PulmonaryNodule, 260),
            (&e::US_LIVER, HepaticCyst, 140),
            (&e::US_HEART, Normal, 0),
            (&e::DX_CHEST, Normal, 0),
            (&e::MG_BOTH, BreastMass, 520),
        ])
        .labs(&[&p::CBC, &p::TUMOUR, &p::LIVER, &p::RENAL], Effect::Tumour),
    Dx::new("N60.100", "乳腺囊性增生病", Breast, (30, 60), [110, 0, 8])
        .women()
        .exams(&[(&e::MG_BOTH, Normal, 0), (&e::US_LIVER, Normal, 0)])
        .labs(&[&p::CBC, &p::TUMOUR], Effect::None),
    Dx::new("Z12.300", "乳腺肿瘤特殊筛查", CheckUp, (35, 72), [150, 0, 0])
        .women()
        .exams(&[(&e::MG_BOTH, BreastMass, 45), (&e::DX_CHEST, Normal, 0), (&e::CT_LUNG_LOW, Normal, 0)])
        .labs(&[&p::CBC, &p::TUMOUR], Effect::None),
    Dx::new("E04.101", "甲状腺结节", Breast, (22, 80), [80, 0, 50])
        .exams(&[(&e::DX_CHEST, Normal, 0), (&e::CT_CHEST, PulmonaryNodule, 160)])
        .labs(&[&p::THYROID, &p::CBC, &p::COAGULATION], Effect::None),
    // Children.
    Dx::new("J06.900", "急性上呼吸道感染", Paediatrics, (0, 13), [420, 460, 10])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP], Effect::Viral),
    Dx::new("J18.000", "支气管肺炎", Paediatrics, (0, 13), [170, 180, 260])
        .season(Winter)
        .exams(&[(&e::DX_CHEST, Pneumonia, 830), (&e::CT_CHEST, Pneumonia, 930), (&e::US_HEART, Normal, 0)])
        .labs(&[&p::CBC, &p::CRP, &p::PCT, &p::LIVER, &p::CARDIAC], Effect::Bacterial),
    Dx::new("A09.901", "小儿腹泻", Paediatrics, (0, 13), [130, 150, 90])
        .season(Summer)
        .exams(&[(&e::US_LIVER, Normal, 0)])
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
